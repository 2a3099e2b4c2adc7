/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The AUTH dialog (RFC 4954 4). Each mechanism is a row: a function that takes one decoded response
 * and gives a challenge, a verdict, or "this is not how that mechanism looks".
 */
#include "fakeservers/conn.h"

#include "base/codec.h"

#include <stdio.h>
#include <string.h>

enum step { STEP_CHALLENGE, STEP_VERDICT, STEP_MALFORMED };

typedef enum step (*mechanism_step)(struct conn *c, struct slice in, struct buf *out,
                                    int64_t now_us);

struct auth_mechanism {
    const char *name;
    bool is_client_first; /* may bring an initial response */
    mechanism_step step;
};

static enum step settle(struct conn *c, struct verdict verdict)
{
    c->auth.verdict = verdict;
    return STEP_VERDICT;
}

static void note_user(struct conn *c, struct slice user)
{
    struct fake_auth *a = record_auth_at(&c->fake->record, c->auth.record);
    if (a != NULL) {
        a->user = arena_copy(&c->fake->arena, user);
    }
    if (user.p != c->auth.user.p) {
        buf_reset(&c->auth.user);
        buf_add(&c->auth.user, user);
    }
}

static enum step judge(struct conn *c, const struct credential *claim, int64_t now_us)
{
    note_user(c, claim->user);
    return settle(c, accounts_judge(c->fake, claim, now_us));
}

static enum step step_plain(struct conn *c, struct slice in, struct buf *out, int64_t now_us)
{
    (void)out;
    struct credential claim;
    return credential_plain(in, &claim) ? judge(c, &claim, now_us) : STEP_MALFORMED;
}

/* The prompts are base64 of "Username:" and "Password:" (draft-murchison-sasl-login). */
static enum step step_login(struct conn *c, struct slice in, struct buf *out, int64_t now_us)
{
    if (!c->auth.has_user) {
        c->auth.has_user = true;
        note_user(c, in);
        buf_add_text(out, "Password:");
        return STEP_CHALLENGE;
    }
    struct credential claim = {.user = buf_slice(&c->auth.user), .secret = in};
    return judge(c, &claim, now_us);
}

static enum step judge_token(struct conn *c, const struct credential *claim, struct buf *out,
                             int64_t now_us)
{
    bool is_oauthbearer = strcmp(record_auth_at(&c->fake->record, c->auth.record) != NULL
                                     ? record_auth_at(&c->fake->record, c->auth.record)->mechanism
                                     : "",
                                 "OAUTHBEARER") == 0;
    judge(c, claim, now_us);
    const char *document = persona_error_document(&c->fake->persona, is_oauthbearer);
    if (c->auth.verdict.is_ok || document == NULL) {
        return STEP_VERDICT;
    }
    /* The error comes as a challenge; whatever the client answers, the refusal follows
     * (RFC 7628 3.2.3, Google's XOAUTH2). */
    c->auth.is_settled = true;
    buf_add_text(out, document);
    return STEP_CHALLENGE;
}

static enum step step_xoauth2(struct conn *c, struct slice in, struct buf *out, int64_t now_us)
{
    struct credential claim;
    return credential_xoauth2(in, &claim) ? judge_token(c, &claim, out, now_us) : STEP_MALFORMED;
}

static enum step step_oauthbearer(struct conn *c, struct slice in, struct buf *out, int64_t now_us)
{
    struct credential claim;
    return credential_oauthbearer(in, &claim) ? judge_token(c, &claim, out, now_us)
                                              : STEP_MALFORMED;
}

/* A client certificate was asked for and the handshake went well, so one was shown (RFC 4422 A). */
static enum step step_external(struct conn *c, struct slice in, struct buf *out, int64_t now_us)
{
    (void)out;
    (void)now_us;
    note_user(c, in);
    struct verdict state = accounts_state(c->fake, in, false);
    bool is_known = c->inside_tls && c->fake->spec->tls.wants_client_cert;
    if (!state.is_ok) {
        return settle(c, state);
    }
    return settle(c, (struct verdict){.is_ok = is_known || accounts_take_any(c->fake),
                                      .cause = "auth.credentials_rejected"});
}

static bool password_of(void *context, struct slice user, struct buf *out)
{
    return accounts_password(context, user, out);
}

/* "user" SP 32 hex digits (RFC 2195 2), for when any credential is right. */
static bool looks_like_cram(struct slice in)
{
    static const char hex[] = "0123456789abcdef";
    if (in.n < 34 || in.p[in.n - 33] != ' ') {
        return false;
    }
    for (size_t i = in.n - 32; i < in.n; i++) {
        if (in.p[i] == '\0' || strchr(hex, in.p[i]) == NULL) {
            return false;
        }
    }
    return true;
}

static enum step refuse_digest(struct conn *c, struct slice in)
{
    bool is_cram = strcmp(c->auth.mechanism->name, "CRAM-MD5") == 0;
    struct slice user = verifier_user(c->auth.verifier);
    if (is_cram && looks_like_cram(in)) {
        user = slice_sub(in, 0, in.n - 33);
    }
    note_user(c, user);
    if (accounts_take_any(c->fake) && is_cram && looks_like_cram(in)) {
        return settle(c, (struct verdict){.is_ok = true});
    }
    if (accounts_take_any(c->fake)) {
        record_complain(&c->fake->record, "%s needs an account with a password to check against",
                        c->auth.mechanism->name);
    }
    struct verdict state = accounts_state(c->fake, user, false);
    return settle(c, state.is_ok ? (struct verdict){.cause = "auth.credentials_rejected"} : state);
}

static enum step step_digest(struct conn *c, struct slice in, struct buf *out, int64_t now_us)
{
    (void)now_us;
    if (c->auth.verifier == NULL) {
        struct verifier_params params = {.mechanism = c->auth.mechanism->name,
                                         .host = c->fake->persona.host,
                                         .binding = slice_make(c->binding, c->binding_n),
                                         .password = password_of,
                                         .context = c->fake};
        c->auth.verifier = verifier_new(&params);
        if (c->auth.verifier == NULL) {
            return settle(c, (struct verdict){.cause = "auth.mechanism_unsupported"});
        }
    }
    enum verifier_result result = verifier_step(c->auth.verifier, in, out);
    if (result == VERIFIER_MORE) {
        return STEP_CHALLENGE;
    }
    if (result == VERIFIER_NO) {
        return refuse_digest(c, in);
    }
    struct slice user = verifier_user(c->auth.verifier);
    note_user(c, user);
    settle(c, accounts_state(c->fake, user, false));
    /* SMTP has no room for data in the 235: it goes into a challenge first (RFC 4954 4). */
    c->auth.is_settled = out->n > 0;
    return out->n > 0 ? STEP_CHALLENGE : STEP_VERDICT;
}

/* clang-format off */
static const struct auth_mechanism mechanisms[] = {
    { "PLAIN",              true,  step_plain },
    { "LOGIN",              true,  step_login }, /* a user name with AUTH LOGIN is common practice */
    { "XOAUTH2",            true,  step_xoauth2 },
    { "OAUTHBEARER",        true,  step_oauthbearer },
    { "EXTERNAL",           true,  step_external },
    { "CRAM-MD5",           false, step_digest },
    { "DIGEST-MD5",         false, step_digest },
    { "SCRAM-SHA-1",        true,  step_digest },
    { "SCRAM-SHA-1-PLUS",   true,  step_digest },
    { "SCRAM-SHA-256",      true,  step_digest },
    { "SCRAM-SHA-256-PLUS", true,  step_digest },
};

/* What stands in for a cause that the persona does not word. */
static const struct cause_fallback { const char *cause, *instead; } fallbacks[] = {
    { "auth.token_expired",         "auth.token_rejected" },
    { "auth.scope_insufficient",    "auth.token_rejected" },
    { "auth.token_rejected",        "auth.credentials_rejected" },
    { "auth.username_format",       "auth.credentials_rejected" },
    { "auth.app_password_required", "auth.credentials_rejected" },
};
/* clang-format on */

static const struct auth_mechanism *mechanism_find(struct slice name)
{
    for (size_t i = 0; i < COUNT(mechanisms); i++) {
        if (slice_eq_nocase_text(name, mechanisms[i].name)) {
            return &mechanisms[i];
        }
    }
    return NULL;
}

static void dialog_end(struct auth_dialog *d)
{
    d->mechanism = NULL;
    d->has_user = d->is_settled = false;
    d->verdict = (struct verdict){0};
    verifier_free(d->verifier);
    d->verifier = NULL;
    buf_wipe(&d->later);
}

void auth_release(struct auth_dialog *d)
{
    dialog_end(d);
    buf_release(&d->user);
    buf_release(&d->later);
}

/* ---- answers ---- */

static void answer_cause(struct conn *c, const char *cause, struct answer *out)
{
    struct persona_words said = persona_words_for(&c->fake->persona, cause, STAGE_AUTH);
    for (size_t i = 0; said.text == NULL && i < COUNT(fallbacks); i++) {
        if (strcmp(fallbacks[i].cause, cause) == 0) {
            cause = fallbacks[i].instead;
            said = persona_words_for(&c->fake->persona, cause, STAGE_AUTH);
        }
    }
    if (said.text == NULL) {
        said = persona_words_for(&c->fake->persona, "auth.credentials_rejected", STAGE_AUTH);
    }
    out->closes = said.closes;
    conn_fill(c, buf_slice(&c->auth.user), said.text, &out->text);
}

static void answer_verdict(struct conn *c, struct answer *out)
{
    out->is_verdict = true;
    if (!c->auth.verdict.is_ok) {
        answer_cause(c, c->auth.verdict.cause, out);
        return;
    }
    conn_fill(c, buf_slice(&c->auth.user), persona_polite(&c->fake->persona, "AUTH"), &out->text);
}

static void answer_challenge(struct slice challenge, struct answer *out)
{
    buf_add_text(&out->text, "334 ");
    base64_encode(challenge, &out->text);
}

static void take_step(struct conn *c, struct slice in, struct answer *out, int64_t now_us)
{
    struct buf challenge;
    buf_init(&challenge, 65536);
    switch (c->auth.mechanism->step(c, in, &challenge, now_us)) {
    case STEP_CHALLENGE:
        answer_challenge(buf_slice(&challenge), out);
        break;
    case STEP_VERDICT:
        answer_verdict(c, out);
        break;
    case STEP_MALFORMED:
        answer_cause(c, "auth.bad_encoding", out);
        break;
    }
    buf_release(&challenge);
}

/* Decodes and takes a step; what is no base64 gets 501 (RFC 4954 4). */
static void take_response(struct conn *c, struct slice coded, struct answer *out, int64_t now_us)
{
    struct buf in;
    buf_init(&in, INLET_SASL_MAX);
    if (base64_decode(coded, &in)) {
        take_step(c, buf_slice(&in), out, now_us);
    } else {
        answer_cause(c, "auth.bad_encoding", out);
    }
    buf_wipe(&in);
    buf_release(&in);
}

/* ---- the command ---- */

static bool offers_auth(const char *const *lines)
{
    for (size_t i = 0; lines[i] != NULL; i++) {
        if (slice_has_prefix_nocase(slice_of(lines[i]), SLICE("AUTH="))) {
            return true;
        }
    }
    return capability_has(lines, "AUTH");
}

/* NULL when the command may go on; otherwise the cause why not. */
static const char *auth_obstacle(const struct conn *c, struct slice name)
{
    const char *const *lines = conn_capabilities(c);
    if (!offers_auth(lines)) {
        return !c->inside_tls && capability_has(lines, "STARTTLS") ? "tls.required"
                                                                   : "auth.not_offered";
    }
    return capability_has_auth(lines, name) && mechanism_find(name) != NULL
               ? NULL
               : "auth.mechanism_unsupported";
}

static void auth_record(struct conn *c, struct slice name, bool has_initial)
{
    struct fake_auth a = {
        .connection = c->index, .inside_tls = c->inside_tls, .has_initial_response = has_initial};
    snprintf(a.mechanism, sizeof a.mechanism, SLICE_FMT,
             SLICE_ARG(slice_sub(name, 0, sizeof a.mechanism - 1)));
    for (char *p = a.mechanism; *p != '\0'; p++) {
        *p = (char)(*p >= 'a' && *p <= 'z' ? *p - 32 : *p);
    }
    c->auth.record = record_auth(&c->fake->record, &a);
}

void auth_command(struct conn *c, struct slice argument, struct answer *out, int64_t now_us)
{
    struct slice name = {0}, initial = {0}, rest = argument;
    if (!slice_take_word(&rest, &name)) {
        buf_add_text(&out->text, "501 5.5.4 Syntax: AUTH mechanism");
        return;
    }
    bool has_initial = slice_take_word(&rest, &initial);
    dialog_end(&c->auth);
    buf_reset(&c->auth.user);
    auth_record(c, name, has_initial);
    if (c->is_authed) { /* RFC 4954 4: no second AUTH after success */
        buf_add_text(&out->text, "503 5.5.1 Already authenticated");
        return;
    }
    const char *obstacle = auth_obstacle(c, name);
    if (obstacle != NULL) {
        answer_cause(c, obstacle, out);
        return;
    }
    c->auth.mechanism = mechanism_find(name);
    if (slice_trim(rest).n > 0 || (has_initial && !c->auth.mechanism->is_client_first)) {
        buf_add_text(&out->text, "501 5.5.4 Syntax: initial response not allowed here");
    } else if (has_initial) { /* "=" is an empty one */
        take_response(c, slice_eq_text(initial, "=") ? slice_of("") : initial, out, now_us);
    } else if (c->auth.mechanism->step == step_login) {
        answer_challenge(SLICE("Username:"), out);
    } else if (c->auth.mechanism->is_client_first) {
        buf_add_text(&out->text, "334 ");
    } else {
        take_step(c, slice_of(""), out, now_us);
    }
}

void auth_response(struct conn *c, struct slice line, struct answer *out, int64_t now_us)
{
    if (slice_eq_text(line, "*")) {
        struct fake_auth *a = record_auth_at(&c->fake->record, c->auth.record);
        if (a != NULL) {
            a->cancelled = true;
        }
        buf_add_text(&out->text, "501 5.7.0 Authentication cancelled");
    } else if (c->auth.later.n > 0) {
        buf_add(&out->text, buf_slice(&c->auth.later));
        out->is_verdict = c->auth.is_settled;
    } else if (c->auth.is_settled) {
        answer_verdict(c, out);
    } else {
        take_response(c, line, out, now_us);
    }
}

void auth_keep(struct conn *c, const struct answer *polite)
{
    buf_wipe(&c->auth.later);
    if (!slice_has_prefix(buf_slice(&polite->text), SLICE("334"))) {
        buf_add(&c->auth.later, buf_slice(&polite->text));
    }
}

void auth_effect(struct conn *c, unsigned code)
{
    if (code == 334) { /* no other 3yz asks for a response (RFC 4954 4) */
        c->reading = READ_SASL;
        return;
    }
    if (code / 100 == 2) {
        struct fake_auth *a = record_auth_at(&c->fake->record, c->auth.record);
        if (a != NULL) {
            a->accepted = true;
        }
        c->is_authed = true;
    }
    dialog_end(&c->auth);
    c->reading = READ_COMMAND;
}
