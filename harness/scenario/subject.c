/* SPDX-License-Identifier: Apache-2.0 */
/* The probe with its steps, endpoints and classify: what the tables alone cannot check. */
#include "scenario/capture.h"

#include <string.h>

#include "doc/json.h"

enum { PORT_SUBMISSION = 587, PORT_SUBMISSIONS = 465 };

void probe_init(struct spec_probe *p)
{
    *p = (struct spec_probe){.purpose = ""};
}

/* `expect: 250` is short for {reply: {code: 250}}. */
static const struct node *step_expect(struct bind *b, const struct node *n)
{
    if (n->kind != NODE_SCALAR) {
        return n;
    }
    const struct node *code = node_new_scalar(b->arena, n, slice_of("code"));
    const struct node *reply = node_new_scalar(b->arena, n, slice_of("reply"));
    const struct node *inner = node_new_map(b->arena, n, &code, &n, 1);
    return node_new_map(b->arena, n, &reply, &inner, 1);
}

/* Keys that stand beside a verb. */
static bool is_no_verb(const struct field *f)
{
    return strcmp(f->key, "expect") == 0 || strcmp(f->key, "last") == 0;
}

static const struct field *step_verb(struct bind *b, const struct node *item,
                                     const struct node **value)
{
    const struct field *found = NULL;
    for (size_t i = 0; i < item->count; i++) {
        const struct field *f = shape_find(&shape_step, item->keys[i]->text);
        if (f == NULL || is_no_verb(f)) {
            continue;
        }
        if (found != NULL) {
            doc_error_at(b->errors, item->keys[i],
                         "a step has one verb: put '%s' into a step of "
                         "its own",
                         f->key);
        }
        found = f;
        *value = item->items[i];
    }
    return found;
}

static void read_step(struct bind *b, const struct node *item, struct spec_step *out)
{
    const struct node *value = NULL;
    const struct field *f = NULL;
    out->at = item;
    const struct node *expect = node_get(item, "expect");
    if (expect != NULL) {
        out->expect = step_expect(b, expect);
        match_check_shape(&shape_step_expect, out->expect, b->errors);
    }
    if (item->kind == NODE_SCALAR) {
        f = shape_find(&shape_step, item->text);
        const char *nearest = shape_nearest(&shape_step, item->text);
        if (f == NULL || is_no_verb(f)) {
            doc_error_at(b->errors, item, "'" SLICE_FMT "' is no step%s%s%s",
                         SLICE_ARG(slice_sub(item->text, 0, 60)),
                         nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "",
                         nearest != NULL ? "'?)" : "");
            return;
        }
    } else {
        size_t before = b->errors->errors;
        bind_check_keys(b, &shape_step, item);
        f = item->kind == NODE_MAP ? step_verb(b, item, &value) : NULL;
        if (f == NULL && b->errors->errors == before) {
            doc_error_at(b->errors, item, "a step needs a verb: {ehlo: name}");
        }
        if (f == NULL) {
            return;
        }
    }
    out->verb = f->key;
    const struct node *last = node_get(item, "last");
    if (last != NULL && strcmp(f->key, "bdat") != 0) {
        doc_error_at(b->errors, last, "'last' stands beside 'bdat' only");
    } else if (last != NULL) {
        bind_field(b, shape_find(&shape_step, SLICE("last")), last, out);
    }
    bool is_empty = value != NULL && value->kind == NODE_SCALAR && value->is_plain &&
                    value->text.n == 0; /* `{quit: , expect: 221}` */
    if (value != NULL && !is_empty) {
        b->may_capture = true;
        bind_field(b, f, value, out);
        b->may_capture = false;
    } else if (f->type == FIELD_DURATION) {
        doc_error_at(b->errors, item, "'%s' needs a duration", f->key);
    }
}

void read_steps(struct bind *b, const struct field *f, const struct node *value, void *out)
{
    struct spec_probe *p = out;
    if (value->kind != NODE_LIST || value->count == 0) {
        doc_error_at(b->errors, value, "'%s' is a list of steps: - ehlo: name", f->key);
        return;
    }
    struct spec_step *list = arena_array(b->arena, value->count, sizeof *list);
    for (size_t i = 0; i < value->count; i++) {
        read_step(b, value->items[i], &list[i]);
    }
    p->steps = list;
    p->step_count = value->count;
}

static bool is_literal(const struct spec_text *t)
{
    for (size_t i = 0; i < t->count; i++) {
        if (t->parts[i].kind == SPEC_SECRET) {
            return false;
        }
    }
    return t->count != 0;
}

static void check_auth(struct bind *b, struct spec_probe *p, bool is_live)
{
    if (p->password.count != 0 && p->token.count != 0) {
        doc_error_at(b->errors, p->token.at, "a probe has a password or a token, not both");
    }
    const struct spec_text *literal = is_literal(&p->password) ? &p->password
                                      : is_literal(&p->token)  ? &p->token
                                                               : NULL;
    if (literal != NULL && is_live) {
        doc_error_at(b->errors, literal->at,
                     "a real credential does not stand in a file: declare it under secrets "
                     "({env: NAME}) and write \"${secret:name}\"");
    }
    if (p->credential == CREDENTIAL_NONE && (p->password.count != 0 || p->token.count != 0)) {
        p->credential = p->token.count != 0 ? CREDENTIAL_OAUTH2 : CREDENTIAL_PASSWORD;
    }
}

void probe_finish(struct bind *b, struct spec_probe *p, bool is_live)
{
    check_auth(b, p, is_live);
    capture_check_order(b, p);
    if (p->step_count != 0 && p->has_until) {
        doc_error_at(b->errors, p->at, "a probe has steps or until, not both");
    }
    if (p->has_until && p->until == STAGE_BODY && !p->send) {
        doc_error_at(b->errors, p->at, "until: body delivers a message: write send: true");
    }
    if (is_live && p->has_until && p->until > STAGE_AUTH && !p->send) {
        doc_error_at(b->errors, p->at,
                     "against a real server the probe stops after AUTH: write send: true to go on");
    }
    if (p->has_until && p->until == STAGE_AUTH && !p->has_auth) {
        doc_error_at(b->errors, p->at, "until: auth needs auth: {user, password or token}");
    }
}

void endpoint_init(struct spec_endpoint *e)
{
    *e = (struct spec_endpoint){
        .name = "", .ca_file = "", .connect_to = "", .proxy = "", .group = NULL};
}

void endpoint_finish(struct bind *b, const char *name, struct spec_endpoint *e)
{
    e->name = name;
    if (e->group == NULL) {
        e->group = name;
    }
    const struct provider_endpoint *known =
        e->provider != NULL && e->provider->endpoint_count != 0 ? &e->provider->endpoints[0] : NULL;
    if (e->host.n == 0 && known == NULL) {
        doc_error_at(b->errors, e->at, "an endpoint needs a host, or a provider that has one");
        return;
    }
    if (!e->has_security) {
        e->security = e->port == PORT_SUBMISSIONS ? SECURITY_IMPLICIT
                      : known != NULL             ? known->security
                                                  : SECURITY_STARTTLS;
        e->has_security = true;
    }
    bool is_known_port = known != NULL && known->security == e->security;
    if (e->port == 0) {
        e->port = is_known_port                      ? known->port
                  : e->security == SECURITY_IMPLICIT ? PORT_SUBMISSIONS
                                                     : PORT_SUBMISSION;
    }
    if (e->host.n == 0) {
        e->host = slice_of(known->host);
    }
}

void classify_init(struct spec_classify *c)
{
    *c = (struct spec_classify){.fault = ""};
}

void classify_finish(struct bind *b, struct spec_classify *c)
{
    const struct choice *fault = choices_find(&choices_faults, slice_of(c->fault));
    /* tls-expired: TLS_EXPIRED, as fault_name() */
    c->fault = fault != NULL ? fault->slug : c->fault;
    if (c->reply.n == 0 && c->fault[0] == '\0') {
        doc_error_at(b->errors, c->at, "'classify' needs a reply, or a fault");
    }
    if (c->command == NULL && (c->map != NULL || c->timeout_us != 0 || c->process != PROCESS_OWN)) {
        doc_error_at(b->errors, c->at, "'map', 'process' and 'timeout' are for a 'command'");
    }
    mapper_finish(b, c);
}

/* A text, or a list of lines; they are kept separated by LF. */
void read_reply_text(struct bind *b, const struct field *f, const struct node *value, void *out)
{
    struct spec_classify *c = out;
    if (value->kind == NODE_SCALAR) {
        (void)bind_text(b, f->key, value, &c->reply);
        return;
    }
    struct buf text;
    buf_init(&text, BUF_NO_CAP);
    for (size_t i = 0; value->kind == NODE_LIST && i < value->count; i++) {
        struct slice line;
        if (bind_text(b, f->key, value->items[i], &line)) {
            buf_add_text(&text, i != 0 ? "\n" : "");
            buf_add(&text, line);
        }
    }
    if (value->kind == NODE_MAP) {
        doc_error_at(b->errors, value,
                     "'%s' is a text or a list of lines (quote a text that holds "
                     "': ')",
                     f->key);
    }
    c->reply = arena_copy(b->arena, buf_slice(&text));
    buf_release(&text);
}

/* exp, iat and nbf are numbers, as RFC 7519 has them; all else is a text. */
static struct json *claim(struct bind *b, const char *name, const struct node *value)
{
    struct slice text;
    uint64_t seconds;
    if (value->kind == NODE_MAP || !bind_text(b, name, value, &text)) {
        return NULL;
    }
    bool is_number = value->is_plain && slice_to_u64(text, &seconds) && seconds <= INT64_MAX;
    return is_number ? json_int((int64_t)seconds) : json_string(text);
}

static struct json *claim_list(struct bind *b, const char *name, const struct node *value)
{
    struct json *list = json_list();
    for (size_t i = 0; i < value->count; i++) {
        struct json *item = claim(b, name, value->items[i]);
        if (item != NULL) {
            json_add(list, item);
        }
    }
    return list;
}

static void print_claims(struct bind *b, const struct node *value, struct buf *out)
{
    struct json *map = json_map();
    for (size_t i = 0; i < value->count; i++) {
        const struct node *item = value->items[i];
        const char *name = arena_text(b->arena, node_text(value->keys[i]));
        struct json *made = NULL;
        if (item->kind == NODE_MAP) {
            doc_error_at(b->errors, item, "the claim '%s' is a text, a number or a list", name);
        } else {
            made = item->kind == NODE_LIST ? claim_list(b, name, item) : claim(b, name, item);
        }
        if (made != NULL) {
            json_set(map, name, made);
        }
    }
    json_print(map, JSON_COMPACT, out);
    json_free(map);
}

void read_claims(struct bind *b, const struct field *f, const struct node *value, void *out)
{
    struct spec_classify *c = out;
    struct buf text;
    struct json *map = NULL;
    buf_init(&text, BUF_NO_CAP);
    if (value->kind == NODE_MAP && value->count != 0) {
        print_claims(b, value, &text);
        c->claims = arena_copy(b->arena, buf_slice(&text));
    } else if (value->kind != NODE_SCALAR) {
        doc_error_at(b->errors, value, "'%s' is a mapping of the token's claims, at least one",
                     f->key);
    } else if (bind_text(b, f->key, value, &c->claims) && c->claims.n != 0 &&
               (json_parse(c->claims, &map, NULL) != ERR_OK || json_kind(map) != JSON_MAP)) {
        doc_error_at(b->errors, value, "'%s' is a mapping of the token's claims, or a JSON object",
                     f->key);
    }
    json_free(map);
    buf_release(&text);
}
