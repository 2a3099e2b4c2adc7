/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `matrix: {via: [classify, wire]}`: the same reply, once as a pure function and once said by a
 * fake server of that provider at that stage and read by the probe. What cannot be played is an
 * error: a case that is quietly left out proves nothing.
 */
#include "scenario/parts.h"

#include <string.h>

static const char *why_not(const struct spec_classify *c)
{
    if (c->reply.n == 0) {
        return "it has no reply, only a fault";
    }
    if (c->host.n + c->greeting.n + c->user.n + c->error_document.n != 0 || c->is_inside_tls ||
        c->offered_clear_count + c->offered_tls_count + c->certificate_name_count != 0) {
        return "host, greeting, user, error_document, offered_clear, offered_tls, certificate_names and inside_tls "
               "are "
               "what a wire shows itself";
    }
    if (c->claims.n != 0 || c->now_s != 0) {
        return "claims and now belong to a token, and the probe sends one that has none";
    }
    if (server_occasion(c->stage) == NULL || c->stage == STAGE_QUIT) {
        return "no reply can be given at this stage";
    }
    return NULL;
}

/* A reply as it goes over the wire: every line has its code, the last one a blank behind it. */
static bool play_reply(struct bind *b, const struct spec_classify *c, struct buf *out)
{
    struct slice rest = slice_trim_end(c->reply, "\r\n");
    struct slice line;
    while (slice_take_until(&rest, '\n', &line)) {
        line = slice_trim_end(line, "\r");
        uint64_t code = 0;
        bool is_last = rest.n == 0;
        bool is_good = line.n >= 3 && slice_to_u64(slice_sub(line, 0, 3), &code) && code >= 200 &&
                       code <= 599 && (line.n == 3 || line.p[3] == (is_last ? ' ' : '-'));
        if (!is_good || (code >= 300 && code < 400)) {
            doc_error_at(b->errors, c->at,
                         "this reply cannot be played on the wire (via: wire): every line needs a "
                         "final code, '-' behind all but the last; '" SLICE_FMT "' has not",
                         SLICE_ARG(slice_sub(line, 0, 40)));
            return false;
        }
        buf_add(out, line);
        buf_add_text(out, "\r\n");
    }
    return true;
}

static bool offers(const struct provider *p, const char *mechanism)
{
    for (size_t i = 0; p != NULL && p->tls != NULL && p->tls[i] != NULL; i++) {
        struct slice rest = slice_of(p->tls[i]);
        struct slice word;
        bool is_auth = slice_take_word(&rest, &word) && slice_eq_nocase_text(word, "AUTH");
        while (is_auth && slice_take_word(&rest, &word)) {
            if (slice_eq_nocase_text(word, mechanism)) {
                return true;
            }
        }
    }
    return false;
}

static bool is_token(const struct spec_classify *c)
{
    return c->credential == CREDENTIAL_OAUTH2 || slice_eq_nocase_text(c->mechanism, "XOAUTH2") ||
           slice_eq_nocase_text(c->mechanism, "OAUTHBEARER");
}

static void build_auth(struct bind *b, const struct spec_classify *c, struct spec_probe *p,
                       const char **secret)
{
    struct spec_part *part = arena_alloc(b->arena, sizeof *part);
    *secret = is_token(c)                                ? WIRE_TOKEN
              : c->credential == CREDENTIAL_APP_PASSWORD ? WIRE_APP_PASSWORD
                                                         : WIRE_PASSWORD;
    *part = (struct spec_part){.kind = SPEC_SECRET, .text = slice_of(*secret)};
    struct spec_text text = {.parts = part, .count = 1, .at = c->at};
    const char *domain =
        c->provider != NULL && c->provider->domains != NULL && c->provider->domains[0] != NULL
            ? c->provider->domains[0]
            : "example.test";
    p->has_auth = true;
    p->ignore_offer = true;
    p->user = slice_of(arena_printf(b->arena, "jane@%s", domain));
    p->credential = c->credential != CREDENTIAL_NONE ? c->credential
                    : is_token(c)                    ? CREDENTIAL_OAUTH2
                                                     : CREDENTIAL_PASSWORD;
    p->mechanism = c->mechanism;
    if (is_token(c)) {
        p->token = text;
        p->mechanism = c->mechanism.n != 0 ? c->mechanism : slice_of("XOAUTH2");
    } else {
        p->password = text;
        bool is_plain = c->provider == NULL || offers(c->provider, "PLAIN");
        p->mechanism = c->mechanism.n != 0 ? c->mechanism : slice_of(is_plain ? "PLAIN" : "LOGIN");
    }
}

static void build_probe(struct bind *b, const struct spec_classify *c, struct spec_probe *p,
                        const char **secret)
{
    probe_init(p);
    p->at = c->at;
    p->provider = c->provider;
    p->skip_preflight = true;
    p->has_until = true;
    p->until = c->stage == STAGE_DATA ? STAGE_BODY : c->stage;
    p->send = p->until == STAGE_BODY;
    *secret = NULL;
    if (c->stage >= STAGE_AUTH) {
        build_auth(b, c, p, secret);
        p->from = p->user;
    }
    struct slice *rcpt = arena_alloc(b->arena, sizeof *rcpt);
    *rcpt = slice_of("recipient@example.test");
    p->rcpts = rcpt;
    p->rcpt_count = 1;
}

bool wire_build(struct bind *b, const struct spec_classify *c, struct spec_server *server,
                struct spec_probe *probe, const char **secret)
{
    const char *reason = why_not(c);
    if (reason != NULL) {
        doc_error_at(b->errors, c->at, "stage '%s' cannot be played on the wire (via: wire): %s",
                     stage_slug(c->stage), reason);
        return false;
    }
    struct buf bytes;
    buf_init(&bytes, BUF_NO_CAP);
    bool is_good = play_reply(b, c, &bytes);
    struct spec_action *action = arena_alloc(b->arena, sizeof *action);
    *action = (struct spec_action){.kind = ACTION_REPLY_RAW,
                                   .enhanced = "",
                                   .cause = "",
                                   .variant = "",
                                   .bytes = arena_copy(b->arena, buf_slice(&bytes)),
                                   .at = c->at};
    buf_release(&bytes);
    struct spec_rule *rule = arena_alloc(b->arena, sizeof *rule);
    /* what a provider says about a message it says after the final dot */
    enum stage stage = c->stage == STAGE_DATA ? STAGE_BODY : c->stage;
    *rule = (struct spec_rule){
        .on = server_occasion(stage), .actions = action, .action_count = 1, .at = c->at};
    server_init(server);
    server->like = c->provider != NULL ? c->provider->name : "esmtp";
    server->security = c->stage == STAGE_STARTTLS ? SECURITY_STARTTLS : SECURITY_COUNT;
    server->at = c->at;
    server->rules = rule;
    server->rule_count = 1;
    server_finish(b, server);
    build_probe(b, c, probe, secret);
    probe->has_security = true;
    probe->security = server->security;
    return is_good;
}
