/* SPDX-License-Identifier: Apache-2.0 */
/* See check_config.h. What stands in the target itself goes before its entries. */
#include "cli/check_config.h"

#include <string.h>

#include "doc/node.h"
#include "net/tls.h"

enum { CA_FILE_MAX = 4 * 1024 * 1024 };

/* ---- the target ---- */

/* A target in its parts, none of them looked at closely: check_target_read does that. */
struct given {
    struct slice front; /* "smtp://user@" of a URL, else empty */
    struct slice name;  /* what an entry may be called: a provider, a host, a domain */
    struct slice port;
    bool is_address;
    struct slice text;            /* all of it */
    const struct provider *named; /* by its name, or by a domain of its; NULL: none */
};

struct server {
    const char *host, *port; /* port: "" for the usual one */
    const char *said_by;     /* file and line */
};

static void split_port(struct given *g)
{
    struct slice text = g->name;
    size_t colon = slice_find_char(text, ':'), end = slice_find_char(text, ']');
    if (slice_has_prefix(text, SLICE("[")) && end != SIZE_MAX) {
        g->name = slice_sub(text, 1, end - 1);
        g->port = slice_from(text, end + 2);
    } else if (colon != SIZE_MAX && slice_find_char(slice_from(text, colon + 1), ':') == SIZE_MAX) {
        g->name = slice_sub(text, 0, colon);
        g->port = slice_from(text, colon + 1);
    }
}

static struct given split(struct slice text)
{
    struct given g = {.name = text, .text = text};
    size_t scheme = slice_find(text, SLICE("://")), at = SIZE_MAX;
    size_t from = scheme != SIZE_MAX ? scheme + 3 : 0;
    for (size_t i = from; i < text.n && text.p[i] != '/'; i++) {
        at = text.p[i] == '@' ? i : at;
    }
    size_t begin = at != SIZE_MAX ? at + 1 : from;
    g.front = scheme != SIZE_MAX ? slice_sub(text, 0, begin) : SLICE("");
    g.is_address = scheme == SIZE_MAX && at != SIZE_MAX;
    g.name = slice_from(text, begin);
    if (scheme != SIZE_MAX) {
        g.name = slice_sub(g.name, 0, slice_find_char(g.name, '/'));
    }
    if (!g.is_address) {
        split_port(&g);
    }
    return g;
}

/* The target, with the host and the port that the entries say in their places. */
static enum err read_configured(const struct registry *providers, const struct given *g,
                                const struct server *server, struct arena *arena,
                                struct check_target *out, struct why *why)
{
    bool is_ipv6 = strchr(server->host, ':') != NULL;
    /* a host without a dot or port would be taken for a provider */
    bool is_bare = !is_ipv6 && strchr(server->host, '.') == NULL && server->port[0] == '\0';
    const char *port = is_bare && g->front.n == 0 ? "587" : server->port;
    const char *text =
        arena_printf(arena, SLICE_FMT "%s%s%s%s%s", SLICE_ARG(g->front), is_ipv6 ? "[" : "",
                     server->host, is_ipv6 ? "]" : "", port[0] != '\0' ? ":" : "", port);
    return check_target_read(providers, slice_of(text), arena, out, why);
}

/* Of the provider that the target itself names, the first server. */
static const char *usual_host(const struct provider *p, struct slice name, struct arena *arena)
{
    return p != NULL && p->endpoint_count != 0 ? p->endpoints[0].host : arena_text(arena, name);
}

void configured_security(const struct config_for *entries, struct check_target *out)
{
    struct slice security = slice_of(config_of_entries(entries, SETTING_SECURITY).text);
    bool is_known = security.n == 0 || security_from_slug(security, &out->security);
    must(is_known);
}

/* The host and the port that the entries say, as far as the target does not; false: they say none.
 */
static bool find_server_in(const struct given *g, const struct config_for *entries,
                           struct arena *arena, struct server *out)
{
    struct config_value host = config_of_entries(entries, SETTING_HOST);
    struct config_value port = config_of_entries(entries, SETTING_PORT);
    bool has_port = g->port.n == 0 && port.text != NULL && (g->named != NULL || !g->is_address);
    if (host.text == NULL && !has_port) {
        return false;
    }
    out->host = host.text != NULL ? host.text : usual_host(g->named, g->name, arena);
    out->port = g->port.n != 0 ? arena_text(arena, g->port) : port.text != NULL ? port.text : "";
    out->said_by = host.text != NULL ? host.where : port.where;
    return true;
}

/* The entry's mode is that of the entry's port, and a URL says its own. */
static bool may_take_security(const struct given *g, const struct config_for *entries)
{
    const char *port = config_of_entries(entries, SETTING_PORT).text;
    bool is_other = g->port.n != 0 && port != NULL && !slice_eq_text(g->port, port);
    return g->front.n == 0 && !is_other;
}

static enum err read_server(const struct registry *providers, const struct given *g,
                            const struct config_for *entries, struct arena *arena,
                            struct check_target *out, bool *is_found, struct why *why)
{
    struct server server;
    bool is_said = find_server_in(g, entries, arena, &server);
    *is_found = is_said || !g->is_address;
    if (is_said) {
        TRY(read_configured(providers, g, &server, arena, out, why));
        out->found_by = server.said_by;
        out->provider = g->named != NULL ? g->named : out->provider;
        out->user = g->is_address ? arena_copy(arena, g->text) : out->user;
    } else if (*is_found) {
        TRY(check_target_read(providers, g->text, arena, out, why));
    }
    if (*is_found && may_take_security(g, entries)) {
        configured_security(entries, out);
    }
    return ERR_OK;
}

enum err configured_target(const struct config *config, const struct registry *providers,
                           struct slice given, struct arena *arena, struct check_target *out,
                           struct config_for *entries, bool *is_found, struct why *why)
{
    struct given g = split(given);
    g.named =
        g.is_address ? registry_by_address(providers, given) : registry_find(providers, given);
    entries->count = 0;
    config_for_add(config, g.name, entries);
    if (g.named != NULL) {
        config_for_add(config, slice_of(g.named->name), entries);
    }
    TRY(read_server(providers, &g, entries, arena, out, is_found, why));
    if (*is_found && out->provider != NULL) {
        config_for_add(config, slice_of(out->provider->name), entries);
    }
    return ERR_OK;
}

/* ---- how it is looked at ---- */

static enum address_family family_of(const char *word)
{
    return slice_eq_text(slice_of(word), "ipv4")   ? FAMILY_IPV4
           : slice_eq_text(slice_of(word), "ipv6") ? FAMILY_IPV6
                                                   : FAMILY_ANY;
}

void configured_params(const struct config *config, const struct config_for *entries,
                       struct check_params *out)
{
    const char *purpose = config_text(config, entries, SETTING_PURPOSE);
    const char *helo = config_text(config, entries, SETTING_HELO);
    bool is_known = purpose == NULL || purpose_from_slug(slice_of(purpose), &out->purpose);
    must(is_known && setting_info(SETTING_RETRIES)->most < CHECK_ATTEMPTS_MAX);
    out->timeout.connect = config_time_us(config, entries, SETTING_CONNECT_TIMEOUT);
    out->timeout.total = config_time_us(config, entries, SETTING_TIMEOUT);
    out->retry.max = (unsigned)config_number(config, entries, SETTING_RETRIES);
    out->retry.base_us = config_time_us(config, entries, SETTING_BACKOFF);
    out->warn_cert_days = (int)config_number(config, entries, SETTING_WARN_CERT_DAYS);
    out->warn_token_days = (int)config_number(config, entries, SETTING_WARN_TOKEN_DAYS);
    out->is_strict = config_flag(config, entries, SETTING_STRICT);
    out->family = family_of(config_text(config, entries, SETTING_FAMILY));
    out->proxy = config_text(config, entries, SETTING_PROXY);
    out->connect_to = config_text(config, entries, SETTING_CONNECT_TO);
    out->mechanism = slice_of(config_text(config, entries, SETTING_MECHANISM));
    out->helo = helo != NULL ? slice_of(helo) : out->helo;
}

enum err configured_tls(const char *ca_file, struct arena *arena, struct slice *pem,
                        struct tls_setup **out, struct why *why)
{
    struct tls_params params = {.min = TLS_VERSION_1_2};
    if (ca_file != NULL) {
        TRY(doc_read_file(ca_file, CA_FILE_MAX, arena, &params.trust_pem, why));
    }
    *pem = params.trust_pem;
    enum err err = tls_setup_new(&params, out, why);
    return err == ERR_LIBRARY && ca_file != NULL
               ? why_set(why, err, "%s: there is no certificate in PEM form that OpenSSL can read",
                         ca_file)
               : err;
}
