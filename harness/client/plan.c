/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of steps, made of `until` or taken from the caller, and the check before anything is
 * dialled that every value in it can stand in a command (RFC 5321 4.1.2; no line can be injected).
 */
#include "client/state.h"

#include "wire/command.h"
#include "wire/message.h"

#include <inttypes.h>
#include <stdio.h>

static void add(struct client *c, enum client_verb verb, struct slice argument)
{
    c->plan[c->plan_count++] = (struct client_step){.verb = verb, .argument = argument};
}

/* Octets of the quoted string at the start of s, or of one octet. */
static size_t unit(struct slice s)
{
    if (s.p[0] != '"') {
        return 1;
    }
    for (size_t i = 1; i < s.n; i++) {
        if (s.p[i] == '\\') {
            i++;
        } else if (s.p[i] == '"') {
            return i + 1;
        }
    }
    return s.n;
}

struct slice plan_address(struct slice argument, struct slice fallback, struct slice *parameters)
{
    *parameters = (struct slice){NULL, 0};
    if (argument.n == 0) {
        return fallback;
    }
    if (argument.p[0] != '<') {
        return argument;
    }
    size_t at = 1;
    while (at < argument.n && argument.p[at] != '>') {
        at += unit(slice_from(argument, at));
    }
    if (at >= argument.n) {
        return argument; /* never closed: refused by the check of the address */
    }
    *parameters = slice_from(argument, at + 1);
    return slice_sub(argument, 1, at - 1);
}

/* The usual list for `until` (RFC 5321 3, RFC 3207 4, RFC 4954 4). */
static void plan_until(struct client *c)
{
    const struct client_params *p = &c->params;
    const struct slice none = {NULL, 0};
    add(c, STEP_CONNECT, none);
    if (p->until >= STAGE_EHLO) {
        add(c, STEP_EHLO, none);
    }
    if (p->until >= STAGE_STARTTLS && p->security == SECURITY_STARTTLS) {
        add(c, STEP_STARTTLS, none);
        if (p->until >= STAGE_AUTH) {
            add(c, STEP_EHLO, none); /* what was known before is discarded (RFC 3207 4.2) */
        }
    }
    if (p->until >= STAGE_AUTH && p->mechanism.n != 0) {
        add(c, STEP_AUTH, none);
    }
    if (p->until >= STAGE_MAIL) {
        add(c, STEP_MAIL, none);
    }
    if (p->until >= STAGE_RCPT) {
        add(c, STEP_RCPT, p->rcpt);
        for (size_t i = 0; i < p->more_rcpt_count; i++) {
            add(c, STEP_RCPT, p->more_rcpts[i]);
        }
    }
    if (p->until >= STAGE_DATA) {
        add(c, STEP_DATA, none);
    } else if (p->until >= STAGE_MAIL) {
        add(c, STEP_RSET, none); /* nothing is sent: leave no transaction behind */
    }
    if (p->until >= STAGE_BODY) {
        add(c, STEP_BODY, none);
    }
}

/* The caller's list; the greeting is awaited first unless the list says itself where. */
static void plan_steps(struct client *c)
{
    const struct client_params *p = &c->params;
    bool has_connect = false;
    for (size_t i = 0; i < p->step_count; i++) {
        has_connect = has_connect || p->steps[i].verb == STEP_CONNECT;
    }
    if (!has_connect) {
        add(c, STEP_CONNECT, (struct slice){NULL, 0});
    }
    for (size_t i = 0; i < p->step_count; i++) {
        c->plan[c->plan_count++] = p->steps[i];
    }
}

static enum err check_mail(struct client *c, const struct client_step *step, struct buf *scratch,
                           struct why *why)
{
    struct slice parameters;
    struct path path = {0};
    struct slice from = plan_address(step->argument, c->params.from, &parameters);
    if (from.n == 0 && !slice_has_prefix(step->argument, SLICE("<>"))) {
        return why_set(why, ERR_INVALID, "MAIL needs an envelope sender");
    }
    if (from.n != 0) {
        TRY(path_check(from, &path, why));
    }
    c->needs_smtputf8 = c->needs_smtputf8 || path.needs_smtputf8;
    struct command_mail mail = {.from = from, .more = parameters};
    return command_mail(&mail, scratch, why);
}

static enum err check_rcpt(struct client *c, const struct client_step *step, struct buf *scratch,
                           struct why *why)
{
    struct slice parameters;
    struct path path;
    struct slice to = plan_address(step->argument, c->params.rcpt, &parameters);
    TRY(path_check(to, &path, why));
    c->needs_smtputf8 = c->needs_smtputf8 || path.needs_smtputf8;
    return command_rcpt(to, parameters, scratch, why);
}

static enum err check_auth(const struct client *c, struct why *why)
{
    struct slice name = c->params.mechanism;
    if (name.n == 0) {
        return why_set(why, ERR_INVALID, "AUTH needs a mechanism");
    }
    if (slice_has_prefix(name, SLICE("auto:"))) {
        return ERR_OK;
    }
    const struct sasl_mechanism *m = sasl_find(name);
    if (m == NULL) {
        return why_set(why, ERR_NOT_FOUND, "no SASL mechanism '" SLICE_FMT "'",
                       SLICE_ARG(slice_sub(name, 0, 40)));
    }
    if (m->wants_binding) {
        return ERR_OK; /* what it needs is known only inside TLS */
    }
    struct sasl_params params = {.user = c->params.user,
                                 .authzid = c->params.authzid,
                                 .secret = c->params.secret,
                                 .host = c->params.host,
                                 .port = c->params.port,
                                 .nonce = c->params.nonce};
    struct sasl_session *trial = NULL;
    enum err err = sasl_new(m, &params, &trial, why);
    sasl_free(trial);
    return err;
}

static enum err check_step(struct client *c, const struct client_step *step, struct buf *scratch,
                           struct why *why)
{
    struct slice name = step->argument.n != 0 ? step->argument : c->params.helo;
    switch (step->verb) {
    case STEP_EHLO:
    case STEP_HELO:
        return command_hello(COMMAND_EHLO, name, scratch, why);
    case STEP_AUTH:
        return check_auth(c, why);
    case STEP_MAIL:
        return check_mail(c, step, scratch, why);
    case STEP_RCPT:
        return check_rcpt(c, step, scratch, why);
    case STEP_NOOP:
    case STEP_VRFY:
        return command_word(client_verb_slug(step->verb), step->argument, scratch, why);
    case STEP_CONNECT:
    case STEP_STARTTLS:
    case STEP_DATA:
    case STEP_BODY:
    case STEP_BDAT:
    case STEP_RSET:
    case STEP_QUIT:
    case STEP_RAW:
    case STEP_SEND_RAW:
    case STEP_WAIT:
    case STEP_EXPECT_CLOSE:
        return ERR_OK;
    case STEP_NONE:
    case STEP_COUNT:
        break;
    }
    return why_set(why, ERR_INVALID, "a step without a verb");
}

/* Is the message of the parameters sent, or may its size be told to the server? */
static bool wants_message(const struct client *c)
{
    for (size_t i = 0; i < c->plan_count; i++) {
        const struct client_step *s = &c->plan[i];
        bool is_content = s->verb == STEP_BODY || s->verb == STEP_BDAT;
        if (is_content && s->argument.n == 0 && !s->is_late) {
            return true;
        }
    }
    return c->params.message.n != 0;
}

static enum err make_message(struct client *c, struct why *why)
{
    const struct client_params *p = &c->params;
    struct slice *to = arena_array(&c->arena, p->more_rcpt_count + 1, sizeof *to);
    struct buf text;
    char id[300];
    struct path path = {0};
    to[0] = p->rcpt;
    for (size_t i = 0; i < p->more_rcpt_count; i++) {
        to[i + 1] = p->more_rcpts[i];
    }
    TRY(path_check(p->from, &path, why));
    struct slice domain = path.domain.n != 0 ? path.domain : p->helo;
    int n = snprintf(id, sizeof id, "%" PRId64 ".smtpdx@" SLICE_FMT, p->date, SLICE_ARG(domain));
    must(n > 0 && (size_t)n < sizeof id);
    struct message_params params = {
        .from = p->from,
        .to = to,
        .to_count = p->more_rcpt_count + 1,
        .date = p->date,
        .message_id = p->message_id.n != 0 ? p->message_id : slice_of(id),
    };
    buf_init(&text, BUF_NO_CAP);
    enum err err = message_build(&params, &text, why);
    c->message = arena_copy(&c->arena, buf_slice(&text));
    buf_release(&text);
    return err;
}

/* Lines over 998 octets are cut or refused on the way, and a NUL is no text anywhere (RFC 5321
 * 4.5.3.1.6, RFC 5322 2.1.1, 4). Given steps may send both: that is what they are for. */
static enum err check_message(const struct client *c, struct why *why)
{
    bool is_sent = !c->is_explicit && c->params.until >= STAGE_DATA;
    if (is_sent && c->measure.longest_line > MESSAGE_LINE_MAX) {
        return why_set(why, ERR_INVALID, "a line of the message has %zu octets; SMTP takes %d",
                       c->measure.longest_line - 2, MESSAGE_LINE_MAX - 2);
    }
    if (is_sent && c->measure.has_nul) {
        return why_set(why, ERR_INVALID, "the message holds a NUL");
    }
    return ERR_OK;
}

static enum err plan_message(struct client *c, struct why *why)
{
    if (!wants_message(c)) {
        return ERR_OK;
    }
    c->message = c->params.message;
    if (c->message.n == 0) {
        TRY(make_message(c, why));
    }
    c->has_message = true;
    message_measure(c->message, &c->measure);
    c->needs_smtputf8 = c->needs_smtputf8 || c->measure.has_eight_bit_header;
    return check_message(c, why);
}

bool plan_complete(struct client *c)
{
    struct client_step *step = &c->plan[c->at];
    if (!step->is_late) {
        return true;
    }
    size_t ours = c->plan_count - c->params.step_count; /* the CONNECT we put first */
    struct why why = {.text = "what it needs was not captured"};
    struct buf scratch;
    buf_init(&scratch, BUF_NO_CAP);
    bool is_good = c->params.late_argument(c->params.late_context, c->at - ours, &step->argument) &&
                   check_step(c, step, &scratch, &why) == ERR_OK;
    buf_release(&scratch);
    if (!is_good && report_problem(c, OUTCOME_FAILED, flow_stage(c), FAULT_CONFIGURATION, NULL)) {
        report_detail(c, "%s: %s", client_verb_slug(step->verb), why.text);
    }
    return is_good;
}

struct slice plan_content(const struct client *c, const struct client_step *step)
{
    return step->argument.n != 0 ? step->argument : c->message;
}

enum err plan_make(struct client *c, struct why *why)
{
    const struct client_params *p = &c->params;
    c->is_explicit = p->step_count != 0;
    c->plan = arena_array(&c->arena, p->step_count + p->more_rcpt_count + 12, sizeof *c->plan);
    if (c->is_explicit) {
        plan_steps(c);
    } else if (p->until < STAGE_CONNECT || p->until > STAGE_BODY) {
        return why_set(why, ERR_INVALID, "until: %s is not a stage the client can go to",
                       p->until < STAGE_COUNT ? stage_slug(p->until) : "?");
    } else {
        plan_until(c);
    }
    struct buf scratch;
    enum err err = path_check_helo(p->helo, why);
    buf_init(&scratch, BUF_NO_CAP);
    for (size_t i = 0; i < c->plan_count && err == ERR_OK; i++) {
        err = c->plan[i].is_late ? ERR_OK : check_step(c, &c->plan[i], &scratch, why);
    }
    buf_release(&scratch);
    TRY(err);
    TRY(plan_message(c, why));
    c->results = arena_array(&c->arena, c->plan_count, sizeof *c->results);
    for (size_t i = 0; i < c->plan_count; i++) {
        c->results[i].verb = c->plan[i].verb;
    }
    size_t ours = c->is_explicit ? c->plan_count - p->step_count : 0; /* the CONNECT we put first */
    c->report.steps = c->results + ours;
    c->report.step_count = c->plan_count - ours;
    return ERR_OK;
}
