/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SASL exchange (RFC 4954 4). One mechanism, one attempt: what is refused is reported, never
 * tried in another way, because that locks accounts. The credential leaves only inside TLS, or
 * where the caller said in so many words that it may leave in clear.
 */
#include "client/state.h"

#include "base/codec.h"
#include "wire/command.h"

#include <stdio.h>
#include <string.h>

struct slice client_choose(const struct slice *lines, size_t count, struct slice preferred)
{
    struct ehlo offered = {lines, count};
    struct slice name;
    while (slice_take_word(&preferred, &name)) {
        if (ehlo_offers_mechanism(offered, name)) {
            return name;
        }
    }
    return (struct slice){NULL, 0};
}

static bool can_use(const struct client *c, struct slice name)
{
    const struct sasl_mechanism *m = sasl_find(name);
    return m != NULL && (!m->wants_binding || c->binding.n != 0);
}

/* The mechanism to use: the one named, or of "auto:LIST" the best that is offered and that we can.
 */
static struct slice chosen(const struct client *c)
{
    struct slice rest = c->params.mechanism;
    struct slice name;
    if (!slice_has_prefix(rest, SLICE("auto:"))) {
        return rest;
    }
    rest = slice_from(rest, sizeof "auto:" - 1);
    while (slice_take_word(&rest, &name)) {
        if (can_use(c, name) && (c->params.ignore_offer ||
                                 client_choose(c->offered.lines, c->offered.count, name).n != 0)) {
            return name;
        }
    }
    return (struct slice){NULL, 0};
}

static void say_what_is_offered(struct client *c)
{
    struct buf text;
    struct ehlo_walk walk = {0};
    struct slice name;
    buf_init(&text, sizeof c->report.detail - 1);
    buf_addf(&text, "wanted " SLICE_FMT ", offered",
             SLICE_ARG(slice_sub(c->params.mechanism, 0, 60)));
    while (ehlo_next_mechanism(c->offered, &walk, &name)) {
        buf_add_char(&text, ' ');
        buf_add(&text, name);
    }
    report_detail(c, "%s", buf_text(&text));
    buf_release(&text);
}

/* Is it safe, and does the server take it? Judged by the last EHLO in the present TLS state alone.
 */
static bool may_auth(struct client *c, struct slice mechanism)
{
    bool may_in_clear = c->params.security == SECURITY_NONE && c->params.may_skip_tls;
    if (!c->is_tls && !may_in_clear) {
        report_problem(c, OUTCOME_FAILED, STAGE_AUTH, FAULT_AUTH_NOT_PROTECTED, NULL);
        return false;
    }
    if (!c->params.ignore_offer && !ehlo_has_auth(c->offered)) {
        /* nothing said no, but nothing was proven either */
        report_problem(c, OUTCOME_UNPROVEN, STAGE_AUTH, FAULT_AUTH_NOT_OFFERED, NULL);
        return false;
    }
    if (mechanism.n == 0 ||
        (!c->params.ignore_offer && !ehlo_offers_mechanism(c->offered, mechanism))) {
        if (report_problem(c, OUTCOME_FAILED, STAGE_AUTH, FAULT_MECHANISM_NOT_OFFERED, NULL)) {
            say_what_is_offered(c);
        }
        return false;
    }
    return true;
}

static bool make_session(struct client *c, const struct sasl_mechanism *m)
{
    struct sasl_params params = {.user = c->params.user,
                                 .authzid = c->params.authzid,
                                 .secret = c->params.secret,
                                 .host = c->params.host,
                                 .port = c->params.port,
                                 .binding = buf_slice(&c->binding),
                                 .nonce = c->params.nonce};
    struct why why;
    sasl_free(c->sasl);
    c->sasl = NULL;
    if (sasl_new(m, &params, &c->sasl, &why) == ERR_OK) {
        return true;
    }
    if (report_problem(c, OUTCOME_FAILED, STAGE_AUTH, FAULT_CONFIGURATION, NULL)) {
        report_detail(c, "%s", why.text);
    }
    return false;
}

/* AUTH with or without initial response. A line over 512 octets has to go the long way round unless
 * ALWAYS was asked for (RFC 4954 4); the session is then made anew, since it has spoken already. */
static bool send_auth(struct client *c, const struct sasl_mechanism *m)
{
    struct slice name = slice_of(m->name);
    struct buf initial;
    struct why why;
    size_t from = c->out.n;
    bool is_fine = true;
    buf_init(&initial, BUF_NO_CAP);
    bool has_initial =
        c->params.initial_response != INITIAL_NEVER && sasl_initial(c->sasl, &initial);
    if (has_initial && c->params.initial_response == INITIAL_AUTO &&
        command_auth_length(name, initial.n) > COMMAND_LINE_MAX) {
        has_initial = false;
        is_fine = make_session(c, m);
    }
    if (is_fine) {
        struct slice response = buf_slice(&initial);
        is_fine = command_auth(name, has_initial ? &response : NULL, &c->out, &why) == ERR_OK;
        if (!is_fine && report_problem(c, OUTCOME_FAILED, STAGE_AUTH, FAULT_CONFIGURATION, NULL)) {
            report_detail(c, "%s", why.text);
        }
    }
    if (is_fine) {
        client_send(c, from);
    }
    buf_wipe(&initial);
    buf_release(&initial);
    return is_fine;
}

bool auth_enter(struct client *c)
{
    struct slice name = chosen(c);
    if (!may_auth(c, name)) {
        return false;
    }
    const struct sasl_mechanism *m = sasl_find(name);
    must(m != NULL);
    snprintf(c->report.mechanism, sizeof c->report.mechanism, "%s", m->name);
    c->auth = AUTH_EXCHANGE;
    c->auth_rounds = 0;
    if (!make_session(c, m) || !send_auth(c, m)) {
        return false;
    }
    c->report.auth_sent = true;
    c->report.auth_inside_tls = c->is_tls;
    return true;
}

static void cancel(struct client *c, const char *text)
{
    size_t from = c->out.n;
    buf_add_text(&c->out, "*\r\n"); /* RFC 4954 4; the server answers 501 */
    client_send(c, from);
    c->auth = AUTH_CANCELLED;
    snprintf(c->cancel_why, sizeof c->cancel_why, "%s", text);
}

/* LOGIN's prompts are not read by anybody, so one that is not base64 does no harm. */
static bool decode(const struct client *c, const struct client_reply *r, struct buf *out)
{
    struct slice text = r->line_count != 0 ? slice_trim(r->lines[0]) : (struct slice){NULL, 0};
    if (base64_decode(text, out)) {
        return true;
    }
    if (strcmp(c->report.mechanism, "LOGIN") == 0) {
        buf_add(out, text);
        return true;
    }
    return false;
}

static void respond(struct client *c, struct slice challenge)
{
    struct buf response;
    struct why why = {0};
    size_t from = c->out.n;
    buf_init(&response, BUF_NO_CAP);
    if (sasl_challenge(c->sasl, challenge, &response, &why) == SASL_CANCEL) {
        cancel(c, why.text);
    } else if (command_sasl(buf_slice(&response), &c->out, &why) != ERR_OK) {
        cancel(c, why.text);
    } else {
        client_send(c, from);
    }
    buf_wipe(&response);
    buf_release(&response);
}

void auth_challenge(struct client *c, const struct client_reply *r)
{
    struct buf challenge;
    buf_init(&challenge, BUF_NO_CAP);
    if (c->auth == AUTH_CANCELLED || ++c->auth_rounds > SASL_ROUNDS_MAX) {
        if (report_problem(c, OUTCOME_FAILED, STAGE_AUTH, FAULT_SASL_CHALLENGE, r)) {
            report_detail(c, "%s",
                          c->auth == AUTH_CANCELLED ? c->cancel_why : "challenges without end");
        }
        c->results[c->at].fault = FAULT_SASL_CHALLENGE;
        report_stage(c, STAGE_AUTH, false);
        flow_stop(c);
    } else if (!decode(c, r, &challenge)) {
        cancel(c, "the challenge is not base64");
    } else {
        respond(c, buf_slice(&challenge));
    }
    if (c->phase == PHASE_WAITING) {
        client_arm(c, c->params.timeout.command);
    }
    buf_wipe(&challenge);
    buf_release(&challenge);
}

static void say_cancelled(struct client *c, const struct client_reply *r)
{
    /* a proof that is wrong is no clumsiness of a server: who sent it does not know the password */
    enum fault fault = c->sasl != NULL && sasl_server_is_disproven(c->sasl)
                           ? FAULT_SASL_SERVER_UNPROVEN
                           : FAULT_SASL_CHALLENGE;
    c->refusal = fault;
    c->results[c->at].fault = fault;
    if (report_problem(c, OUTCOME_FAILED, STAGE_AUTH, fault, r)) {
        report_detail(c, "%s", c->cancel_why);
    }
}

bool auth_believe(struct client *c, const struct client_reply *r)
{
    if (c->auth == AUTH_CANCELLED) {
        say_cancelled(c, r);
        return false;
    }
    const struct sasl_mechanism *m = sasl_find(slice_of(c->report.mechanism));
    must(m != NULL && c->sasl != NULL);
    if (!sasl_is_complete(c->sasl)) { /* before our side was said, 235 proves no credential */
        c->refusal = m->proves_server ? FAULT_SASL_SERVER_UNPROVEN : FAULT_UNEXPECTED_REPLY;
        if (report_problem(c, OUTCOME_FAILED, STAGE_AUTH, c->refusal, r)) {
            report_detail(c, "235 came in the middle of the %s exchange", m->name);
        }
        return false;
    }
    c->report.auth_accepted = true;
    return true;
}

void auth_refused(struct client *c, const struct client_reply *r)
{
    if (c->auth == AUTH_CANCELLED) {
        say_cancelled(c, r);
    } else {
        report_problem(c, OUTCOME_REFUSED, STAGE_AUTH, FAULT_NONE, r);
    }
}

void auth_end(struct client *c)
{
    if (c->sasl == NULL) {
        return;
    }
    struct slice document = sasl_error_document(c->sasl);
    if (document.n != 0) {
        c->report.error_document = arena_copy(&c->arena, document);
    }
    sasl_free(c->sasl);
    c->sasl = NULL;
    c->auth = AUTH_IDLE;
}
