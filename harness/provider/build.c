/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the checked tree of a provider file to struct provider. Nothing is judged here any more:
 * the schema has seen every node.
 */
#include "provider/parts.h"

static const char *const credential_slugs[CREDENTIAL_COUNT] = {"none", "password", "app_password",
                                                               "oauth2"};

const char *credential_slug(enum credential_kind kind)
{
    must((unsigned)kind < CREDENTIAL_COUNT);
    return credential_slugs[kind];
}

bool credential_from_slug(struct slice slug, enum credential_kind *out)
{
    for (unsigned i = 0; i < CREDENTIAL_COUNT; i++) {
        if (slice_eq_text(slug, credential_slugs[i])) {
            *out = (enum credential_kind)i;
            return true;
        }
    }
    return false;
}

struct build {
    struct arena *arena;
    const struct provider_files *files;
};

static const char *text_of(const struct build *b, const struct node *map, const char *key)
{
    const struct node *n = node_get(map, key);
    return n == NULL ? "" : arena_text(b->arena, n->text);
}

static bool flag_of(const struct node *map, const char *key, bool otherwise)
{
    const struct node *n = node_get(map, key);
    return n == NULL ? otherwise : node_is_text(n, "yes") || node_is_text(n, "true");
}

/* A short name stands for an entry under `sources:` of the file that the node was written in. */
static const char *source_of(const struct build *b, const struct node *map)
{
    const struct node *n = node_get(map, "source");
    for (size_t i = 0; n != NULL && i < b->files->count; i++) {
        const struct provider_file *f = &b->files->list[i];
        for (size_t k = 0; f->root != NULL && f->root->source == n->source && f->sources != NULL &&
                           k < f->sources->count;
             k++) {
            if (slice_eq(f->sources->keys[k]->text, n->text)) {
                return arena_text(b->arena, f->sources->items[k]->text);
            }
        }
    }
    return text_of(b, map, "source");
}

static const char *const *texts_of(const struct build *b, const struct node *list)
{
    size_t count = list == NULL ? 0 : list->count;
    const char **out = arena_array(b->arena, count + 1, sizeof *out);
    for (size_t i = 0; i < count; i++) {
        out[i] = arena_text(b->arena, list->items[i]->text);
    }
    return out;
}

static const struct node *list_of(const struct node *root, const char *key, size_t *count)
{
    const struct node *list = node_get(root, key);
    *count = list == NULL ? 0 : list->count;
    return list;
}

static void build_endpoint(const struct build *b, const struct node *n, struct provider_endpoint *out)
{
    uint64_t port = 0;
    must(slice_to_u64(node_text(node_get(n, "port")), &port));
    must(security_from_slug(node_text(node_get(n, "security")), &out->security));
    out->host = text_of(b, n, "host");
    out->port = (unsigned)port;
    out->source = source_of(b, n);
}

static void build_endpoints(const struct build *b, const struct node *root, struct provider *out)
{
    const struct node *list = list_of(root, "endpoints", &out->endpoint_count);
    struct provider_endpoint *e = arena_array(b->arena, out->endpoint_count + 1, sizeof *e);
    for (size_t i = 0; i < out->endpoint_count; i++) {
        build_endpoint(b, list->items[i], &e[i]);
    }
    out->endpoints = e;
}

static void build_imap(const struct build *b, const struct node *root, struct provider *out)
{
    const struct node *n = node_get(root, "imap");
    if (n != NULL) {
        struct provider_endpoint *e = arena_alloc(b->arena, sizeof *e);
        build_endpoint(b, n, e);
        out->imap = e;
    }
}

static void build_username(const struct build *b, const struct node *root, struct provider *out)
{
    static const char *const rules[] = {
        [USERNAME_ANY] = "any",
        [USERNAME_FULL_ADDRESS] = "full_address",
        [USERNAME_LOCAL_PART] = "local_part",
        [USERNAME_LITERAL] = "literal",
    };
    const struct node *username = node_get(root, "username");
    const struct node *rule = node_get(username, "rule");
    for (unsigned i = 0; i < USERNAME_RULE_COUNT; i++) {
        if (rule != NULL && node_is_text(rule, rules[i])) {
            out->username_rule = (enum username_rule)i;
        }
    }
    out->username_literal = text_of(b, username, "literal");
    out->username_source = source_of(b, username);
}

static void build_credentials(const struct build *b, const struct node *root, struct provider *out)
{
    const struct node *list = list_of(root, "credentials", &out->credential_count);
    struct provider_credential *c = arena_array(b->arena, out->credential_count + 1, sizeof *c);
    for (size_t i = 0; i < out->credential_count; i++) {
        const struct node *n = list->items[i];
        must(credential_from_slug(node_text(node_get(n, "kind")), &c[i].kind));
        c[i].is_accepted = flag_of(n, "accepted", true);
        c[i].mechanisms = texts_of(b, node_get(n, "mechanisms"));
        c[i].form = text_of(b, n, "form");
        c[i].cause = text_of(b, n, "cause");
        c[i].because = text_of(b, n, "because");
        c[i].source = source_of(b, n);
    }
    out->credentials = c;
}

static const char *joined_of(const struct build *b, const struct node *list)
{
    struct buf words;
    buf_init(&words, 4096);
    for (size_t i = 0; list != NULL && i < list->count; i++) {
        buf_add_text(&words, i != 0 ? " " : "");
        buf_add(&words, list->items[i]->text);
    }
    const char *text = arena_text(b->arena, buf_slice(&words));
    buf_release(&words);
    return text;
}

static void build_reply(const struct build *b, const struct node *n, struct provider_reply *r)
{
    struct slice text = slice_trim(node_text(node_get(n, "text")));
    struct reply_head head = reply_head_of(text);
    must(stage_from_slug(node_text(node_get(n, "stage")), &r->stage));
    r->cause = text_of(b, n, "cause");
    r->variant = text_of(b, n, "variant");
    r->text = arena_text(b->arena, text);
    r->sure = node_get(n, "sure") == NULL ? "certain" : text_of(b, n, "sure");
    r->source = source_of(b, n);
    r->seen = text_of(b, n, "seen");
    r->code = head.code;
    r->enhanced = arena_text(b->arena, head.enhanced);
    r->alternatives = joined_of(b, node_get(n, "alternatives"));
    r->closes = flag_of(n, "closes", false);
    r->is_mx = flag_of(n, "mx", false);
    r->may_play = flag_of(n, "play", true) && head.code != 0 && head.text.n != 0 &&
                  slice_find(text, SLICE("{any}")) == SIZE_MAX;
    r->file = n->source->name;
    r->line = n->line;
}

static void build_replies(const struct build *b, const struct node *root, struct provider *out)
{
    const struct node *list = list_of(root, "replies", &out->reply_count);
    struct provider_reply *r = arena_array(b->arena, out->reply_count + 1, sizeof *r);
    for (size_t i = 0; i < out->reply_count; i++) {
        build_reply(b, list->items[i], &r[i]);
    }
    out->replies = r;
}

static void build_advice(const struct build *b, const struct node *root, struct provider *out)
{
    const struct node *list = list_of(root, "advice", &out->advice_count);
    struct provider_advice *a = arena_array(b->arena, out->advice_count + 1, sizeof *a);
    for (size_t i = 0; i < out->advice_count; i++) {
        const struct node *n = list->items[i];
        a[i].cause = text_of(b, n, "cause");
        a[i].who = text_of(b, n, "who");
        a[i].retry = text_of(b, n, "retry");
        a[i].text = text_of(b, n, "text");
        a[i].link = text_of(b, n, "link");
    }
    out->advice = a;
}

void provider_build(const struct provider_files *files, const struct provider_file *file,
                    struct provider *out)
{
    const struct build b = {files->arena, files};
    const struct node *root = file->merged;
    *out = (struct provider){.name = file->name, .file = file->path, .root = root};
    out->title = text_of(&b, root, "title");
    out->family = text_of(&b, root, "family");
    out->extends = text_of(&b, file->root, "extends");
    out->domains = texts_of(&b, node_path(root, "domains.names"));
    out->host_globs = texts_of(&b, node_path(root, "hosts.names"));
    out->greeting = text_of(&b, node_get(root, "greeting"), "text");
    out->hello = text_of(&b, node_get(root, "hello"), "text");
    out->clear = texts_of(&b, node_path(root, "capabilities.clear"));
    out->tls = texts_of(&b, node_path(root, "capabilities.tls"));
    out->polite = node_path(root, "polite.replies");
    out->limits = node_get(root, "limits");
    out->oauth2 = node_get(root, "oauth2");
    build_endpoints(&b, root, out);
    build_imap(&b, root, out);
    build_username(&b, root, out);
    build_credentials(&b, root, out);
    build_replies(&b, root, out);
    build_advice(&b, root, out);
}
