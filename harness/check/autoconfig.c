/* SPDX-License-Identifier: Apache-2.0 */
/* See autoconfig.h. libxml2 without network, entities or DTDs; what is not understood is passed
 * over. */
#include "check/autoconfig.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <string.h>

#include "base/buf.h"

struct look {
    struct slice address, local, domain;
    struct arena *arena;
};

static bool is_named(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

static const xmlNode *child(const xmlNode *parent, const char *name)
{
    for (const xmlNode *n = parent != NULL ? parent->children : NULL; n != NULL; n = n->next) {
        if (is_named(n, name)) {
            return n;
        }
    }
    return NULL;
}

/* Its text without the blanks around it; "" when it is not there, or too long for what it is. */
static const char *text_of(const struct look *l, const xmlNode *node)
{
    xmlChar *content = node != NULL ? xmlNodeGetContent(node) : NULL;
    struct slice text = slice_trim(slice_of((const char *)content));
    const char *copy = text.n < 1024 ? arena_text(l->arena, text) : "";
    xmlFree(content);
    return copy;
}

static bool take_mark(struct slice *rest, const char *mark)
{
    bool is_there = slice_has_prefix(*rest, slice_of(mark));
    *rest = is_there ? slice_from(*rest, strlen(mark)) : *rest;
    return is_there;
}

static const char *filled(const struct look *l, const char *template)
{
    struct slice rest = slice_of(template);
    struct buf out;
    buf_init(&out, 4096);
    while (rest.n != 0) {
        if (take_mark(&rest, "%EMAILADDRESS%")) {
            buf_add(&out, l->address);
        } else if (take_mark(&rest, "%EMAILLOCALPART%")) {
            buf_add(&out, l->local);
        } else if (take_mark(&rest, "%EMAILDOMAIN%")) {
            buf_add(&out, l->domain);
        } else {
            buf_add_char(&out, rest.p[0]);
            rest = slice_from(rest, 1);
        }
    }
    const char *text = arena_text(l->arena, buf_slice(&out));
    buf_release(&out);
    return text;
}

/* A name that can be dialled and put into a line: no blanks, no control characters. */
static bool is_host(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c <= ' ' || *c == 0x7f || strchr("/@:[]%", *c) != NULL) {
            return false;
        }
    }
    return text[0] != '\0' && strlen(text) <= 253;
}

static bool read_server(const struct look *l, const xmlNode *node, struct autoconfig_server *out)
{
    uint64_t port = 0;
    const char *mode = text_of(l, child(node, "socketType"));
    bool is_implicit = strcmp(mode, "SSL") == 0, is_starttls = strcmp(mode, "STARTTLS") == 0;
    *out =
        (struct autoconfig_server){.host = filled(l, text_of(l, child(node, "hostname"))),
                                   .user = filled(l, text_of(l, child(node, "username"))),
                                   .security = is_implicit ? SECURITY_IMPLICIT : SECURITY_STARTTLS};
    out->wants_oauth2 = strcmp(text_of(l, child(node, "authentication")), "OAuth2") == 0;
    bool has_port = slice_to_u64(slice_of(text_of(l, child(node, "port"))), &port) && port >= 1 &&
                    port <= 65535;
    out->port = (unsigned)port;
    return has_port && (is_implicit || is_starttls) && is_host(out->host);
}

static bool is_smtp(const xmlNode *node)
{
    xmlChar *type = xmlGetProp(node, (const xmlChar *)"type");
    bool is = type != NULL && strcmp((const char *)type, "smtp") == 0;
    xmlFree(type);
    return is;
}

static size_t read_provider(const struct look *l, const xmlNode *provider,
                            struct autoconfig_server out[AUTOCONFIG_SERVERS_MAX])
{
    size_t count = 0;
    const xmlNode *n = provider != NULL ? provider->children : NULL;
    for (; n != NULL && count < AUTOCONFIG_SERVERS_MAX; n = n->next) {
        count += is_named(n, "outgoingServer") && is_smtp(n) && read_server(l, n, &out[count]);
    }
    return count;
}

static void say_nothing(void *context, const char *format, ...)
{
    (void)context;
    (void)format;
}

size_t autoconfig_read(struct slice document, struct slice address, struct arena *arena,
                       struct autoconfig_server out[AUTOCONFIG_SERVERS_MAX])
{
    const int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING;
    size_t at = slice_find_char(address, '@');
    struct look l = {.address = address,
                     .local = slice_sub(address, 0, at),
                     .domain = at != SIZE_MAX ? slice_from(address, at + 1) : SLICE(""),
                     .arena = arena};
    if (document.n == 0 || document.n > AUTOCONFIG_MAX) {
        return 0;
    }
    xmlSetGenericErrorFunc(NULL, say_nothing);
    xmlDoc *doc = xmlReadMemory(document.p, (int)document.n, "autoconfig", NULL, options);
    /* the format has no DTD; one could only bring entities, which grow when they are read */
    bool is_plain = doc != NULL && doc->intSubset == NULL;
    const xmlNode *root = is_plain ? xmlDocGetRootElement(doc) : NULL;
    size_t count = root != NULL && is_named(root, "clientConfig")
                       ? read_provider(&l, child(root, "emailProvider"), out)
                       : 0;
    xmlFreeDoc(doc);
    return count;
}
