/* SPDX-License-Identifier: Apache-2.0 */
/* What a person reads of a check: a line for each stage, in the order in which they happened. */
#include "check/judge.h"

#include <string.h>

#include "base/text.h"

enum { REPLY_SHOWN = 400, MECHANISM_NAME = 48 };

static const char *const marks[] = {"ok", "fail", "note"};
_Static_assert(COUNT(marks) == CHECK_MARK_COUNT, "one word for each");

const char *check_mark_slug(enum check_mark mark)
{
    must((unsigned)mark < CHECK_MARK_COUNT);
    return marks[mark];
}

static void add(struct check *c, const struct check_line *line)
{
    if (c->result.line_count < CHECK_LINES_MAX) {
        c->result.lines[c->result.line_count++] = *line;
    }
}

/* ---- what was found beforehand ---- */

static void add_findings(struct check *c)
{
    const struct preflight_finding *stop = check_refusal(c);
    for (size_t i = 0; i < c->result.finding_count; i++) {
        const struct preflight_finding *f = &c->result.findings[i];
        add(c, &(struct check_line){.name = "beforehand",
                                    .stage = STAGE_LOCAL,
                                    .mark = f == stop ? CHECK_MARK_FAIL : CHECK_MARK_NOTE,
                                    .text = f->text,
                                    .us = -1});
    }
}

/* ---- the words of a stage ---- */

/* The whole reply on one line, with its codes once. */
static const char *reply_text(struct check *c, const struct client_reply *r)
{
    struct buf out;
    buf_init(&out, BUF_NO_CAP);
    buf_addf(&out, "%u", r->code);
    if (r->enhanced[0] != '\0') {
        buf_addf(&out, " %s", r->enhanced);
    }
    for (size_t i = 0; i < r->line_count && out.n < REPLY_SHOWN; i++) {
        buf_add_char(&out, ' ');
        buf_add(&out, slice_trim(r->lines[i]));
    }
    struct slice shown = buf_slice(&out);
    const char *text = arena_text(&c->arena, slice_sub(shown, 0, REPLY_SHOWN));
    buf_release(&out);
    return text;
}

static const char *greeting_text(struct check *c, const struct client_report *r)
{
    struct slice first = r->greeting.line_count != 0 ? r->greeting.lines[0] : SLICE("");
    return arena_printf(&c->arena, "%u " SLICE_FMT, r->greeting.code,
                        SLICE_ARG(slice_sub(first, 0, 120)));
}

static bool has_capability(const struct slice *lines, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        struct slice rest = lines[i], word;
        if (slice_take_word(&rest, &word) && slice_eq_nocase_text(word, name)) {
            return true;
        }
    }
    return false;
}

static const char *clear_text(const struct client_report *r)
{
    bool has_tls = has_capability(r->clear, r->clear_count, "STARTTLS");
    bool has_auth = has_capability(r->clear, r->clear_count, "AUTH");
    return has_tls && !has_auth ? "STARTTLS offered, AUTH not (right: not before TLS)"
           : has_tls            ? "STARTTLS offered; AUTH too, before TLS"
           : has_auth           ? "AUTH offered in clear, STARTTLS not"
                                : "neither STARTTLS nor AUTH offered";
}

static const char *inside_text(struct check *c, const struct client_report *r)
{
    for (size_t i = 0; i < r->tls_count; i++) {
        struct slice rest = r->tls[i], word;
        if (slice_take_word(&rest, &word) && slice_eq_nocase_text(word, "AUTH")) {
            return arena_printf(&c->arena, SLICE_FMT, SLICE_ARG(slice_sub(r->tls[i], 0, 120)));
        }
    }
    return "no AUTH offered";
}

static const char *tls_text(struct check *c, const struct client_report *r)
{
    const struct tls_facts *f = &r->tls_facts;
    const char *name = f->names_count != 0 ? f->names[0] : f->subject;
    struct buf out;
    buf_init(&out, 1024);
    buf_addf(&out, "%s, %s", f->version, f->cipher);
    if (name[0] != '\0') {
        buf_addf(&out, ", certificate for %s", name);
        if (f->names_count > 1) {
            buf_addf(&out, " +%zu", f->names_count - 1);
        }
    }
    if (f->is_verified) {
        buf_addf(&out, ", %d day%s left", f->days_left, f->days_left == 1 ? "" : "s");
    } else {
        buf_add_text(&out, ", not verified");
    }
    const char *text = arena_text(&c->arena, buf_slice(&out));
    buf_release(&out);
    return text;
}

static const struct client_reply *reply_of(const struct client_report *r, enum client_verb verb)
{
    for (size_t i = 0; i < r->step_count; i++) {
        if (r->steps[i].verb == verb && r->steps[i].was_run && r->steps[i].reply.code != 0) {
            return &r->steps[i].reply;
        }
    }
    return NULL;
}

static const char *accepted_text(struct check *c, const struct client_report *r,
                                 enum client_verb verb)
{
    const struct client_reply *reply = reply_of(r, verb);
    return reply != NULL ? reply_text(c, reply) : "accepted";
}

/* The stage that failed: what the server said, or what happened in place of an answer. */
static const char *failure_text(struct check *c, const struct client_report *r)
{
    if (r->reply.code != 0 && r->fault == FAULT_NONE) {
        return reply_text(c, &r->reply);
    }
    const char *detail = r->detail[0] != '\0' ? r->detail : c->dialled.detail;
    const char *words = fault_sentence(r->fault);
    return detail[0] != '\0' ? arena_printf(&c->arena, "%s: %s", words, detail) : words;
}

static const char *stage_text(struct check *c, enum stage stage, bool is_inside)
{
    const struct client_report *r = c->result.report;
    switch (stage) {
    case STAGE_GREETING:
        return greeting_text(c, r);
    case STAGE_EHLO:
        return is_inside ? inside_text(c, r) : clear_text(r);
    case STAGE_STARTTLS:
        return accepted_text(c, r, STEP_STARTTLS);
    case STAGE_TLS:
        return tls_text(c, r);
    case STAGE_AUTH:
        return accepted_text(c, r, STEP_AUTH);
    case STAGE_MAIL:
        return accepted_text(c, r, STEP_MAIL);
    case STAGE_RCPT:
        return accepted_text(c, r, STEP_RCPT);
    case STAGE_DATA:
        return accepted_text(c, r, STEP_DATA);
    case STAGE_BODY:
        return accepted_text(c, r, STEP_BODY);
    case STAGE_NONE:
    case STAGE_LOCAL:
    case STAGE_TOKEN:
    case STAGE_RESOLVE:
    case STAGE_CONNECT:
    case STAGE_QUIT:
    case STAGE_COUNT:
        break;
    }
    return "";
}

/* Shorter than stage_title: they stand in a column. */
static const char *stage_name(struct check *c, enum stage stage)
{
    static const char *const names[STAGE_COUNT] = {
        [STAGE_RESOLVE] = "resolve", [STAGE_CONNECT] = "connect",   [STAGE_GREETING] = "greeting",
        [STAGE_EHLO] = "EHLO",       [STAGE_STARTTLS] = "STARTTLS", [STAGE_TLS] = "TLS",
        [STAGE_AUTH] = "AUTH",       [STAGE_MAIL] = "MAIL FROM",    [STAGE_RCPT] = "RCPT TO",
        [STAGE_DATA] = "DATA",       [STAGE_BODY] = "message",      [STAGE_QUIT] = "QUIT",
    };
    const struct client_report *r = c->result.report;
    if (stage == STAGE_AUTH && r->mechanism[0] != '\0') {
        return arena_printf(&c->arena, "AUTH %.*s", MECHANISM_NAME, r->mechanism);
    }
    return names[stage] != NULL ? names[stage] : stage_slug(stage);
}

/* ---- the lines ---- */

/* "192.0.2.7 (--connect-to), after 2001:db8::1": which address it is, and those that were tried
 * before. */
static const char *connect_text(struct check *c)
{
    const struct check_params *p = &c->params;
    const char *by = p->connect_to != NULL ? " (--connect-to)" : p->proxy != NULL ? " (proxy)" : "";
    struct slice tried = slice_of(c->result.tried);
    struct buf text;
    buf_init(&text, 512);
    buf_addf(&text, "%s%s", c->result.address, by);
    for (unsigned n = 0; tried.n != 0;) {
        size_t end = slice_find(tried, SLICE(", "));
        struct slice one = slice_sub(tried, 0, end != SIZE_MAX ? end : tried.n);
        tried = slice_from(tried, end != SIZE_MAX ? end + 2 : tried.n);
        if (!slice_eq_text(one, c->result.address)) {
            buf_add_text(&text, n++ == 0 ? ", tried as well: " : ", ");
            buf_add(&text, one);
        }
    }
    const char *out = arena_text(&c->arena, buf_slice(&text));
    buf_release(&text);
    return out;
}

/* Resolving and connecting are the network's to tell; the client only sees what came of both.
 * False when it came to nothing. */
static bool add_dial(struct check *c)
{
    const struct check_params *p = &c->params;
    const struct client_report *r = c->result.report;
    const struct dial_result *d = &c->dialled;
    const char *address = arena_text(&c->arena, slice_of(d->address));
    bool has_failed =
        r->stage == STAGE_RESOLVE || (r->stage == STAGE_CONNECT && r->fault != FAULT_NONE);
    if (d->resolve_us > 0 && r->stage != STAGE_RESOLVE) {
        add(c, &(struct check_line){"resolve", STAGE_RESOLVE, CHECK_MARK_OK,
                                    c->result.tried[0] != '\0' ? c->result.tried : p->target.host,
                                    d->resolve_us});
    }
    if (has_failed) {
        add(c, &(struct check_line){stage_name(c, r->stage), r->stage, CHECK_MARK_FAIL,
                                    failure_text(c, r),
                                    r->stage == STAGE_RESOLVE ? d->resolve_us : d->connect_us});
        return false;
    }
    if (address[0] != '\0') {
        add(c, &(struct check_line){"connect", STAGE_CONNECT, CHECK_MARK_OK, connect_text(c),
                                    d->connect_us});
    }
    return true;
}

/* Said by the dial, by the TLS line, or at the end. */
static bool is_said_elsewhere(const struct client_stage_time *s)
{
    return s->stage == STAGE_CONNECT || s->stage == STAGE_RESOLVE || s->stage == STAGE_QUIT ||
           (s->is_ok && s->stage == STAGE_STARTTLS);
}

static void add_stage(struct check *c, const struct client_stage_time *s, bool is_inside)
{
    const struct client_report *r = c->result.report;
    struct check_line line = {
        .name = stage_name(c, s->stage), .stage = s->stage, .us = s->to_us - s->from_us};
    if (!s->is_ok) {
        line.mark = CHECK_MARK_FAIL;
        line.text = failure_text(c, r);
    } else {
        line.text = stage_text(c, s->stage, is_inside);
    }
    add(c, &line);
}

static void add_stages(struct check *c)
{
    const struct client_report *r = c->result.report;
    bool is_inside = false;
    for (size_t i = 0; i < r->stage_count; i++) {
        const struct client_stage_time *s = &r->stages[i];
        if (!is_said_elsewhere(s)) {
            add_stage(c, s, is_inside);
        }
        is_inside = is_inside || (s->stage == STAGE_TLS && s->is_ok);
    }
}

static bool has_failed_line(const struct check *c)
{
    for (size_t i = 0; i < c->result.line_count; i++) {
        if (c->result.lines[i].mark == CHECK_MARK_FAIL) {
            return true;
        }
    }
    return false;
}

/* A failure that no stage of the conversation stands for: AUTH was not begun, as none is offered.
 */
static void add_missing_failure(struct check *c)
{
    const struct client_report *r = c->result.report;
    if (r->outcome == OUTCOME_OK || c->result.verdict == CHECK_REACHED || has_failed_line(c) ||
        c->result.was_cancelled) {
        return;
    }
    const char *text =
        r->fault == FAULT_NONE && r->reply.code == 0 ? c->result.because : failure_text(c, r);
    add(c, &(struct check_line){stage_name(c, r->stage), r->stage, CHECK_MARK_FAIL, text, -1});
}

static void add_token_days(struct check *c)
{
    int64_t days = check_token_days(c);
    if (days < c->params.warn_token_days) {
        add(c, &(struct check_line){
                   "sign-in", STAGE_TOKEN, CHECK_MARK_NOTE,
                   arena_printf(
                       &c->arena,
                       "%lld days left until a person has to sign in again, and %d are wanted",
                       (long long)days, c->params.warn_token_days),
                   -1});
    }
}

static void add_days(struct check *c)
{
    const struct tls_facts *f = &c->result.report->tls_facts;
    int least = c->params.warn_cert_days;
    if (least > 0 && f->is_up && f->days_left < least) {
        add(c,
            &(struct check_line){.name = "certificate",
                                 .stage = STAGE_TLS,
                                 .mark = CHECK_MARK_NOTE,
                                 .text = arena_printf(&c->arena, "%d days left, and %d are wanted",
                                                      f->days_left, least),
                                 .us = -1});
    }
}

void check_write_lines(struct check *c)
{
    c->result.line_count = 0;
    for (size_t i = 0; i < c->params.before_count; i++) {
        add(c, &c->params.before[i]);
    }
    add_findings(c);
    if (c->params.token_text != NULL) {
        add(c, &(struct check_line){"token", STAGE_TOKEN, CHECK_MARK_OK, c->params.token_text, -1});
        add_token_days(c);
    }
    if (c->is_held && c->result.has_diagnosis) { /* no token */
        const struct evidence *e = &c->result.evidence;
        struct slice words = e->reply.n != 0 ? e->reply : e->detail;
        add(c, &(struct check_line){"token", STAGE_TOKEN, CHECK_MARK_FAIL,
                                    arena_text(&c->arena, slice_sub(words, 0, REPLY_SHOWN)), -1});
    } else if (c->is_held) {
        add(c, &(struct check_line){"beforehand", STAGE_LOCAL, CHECK_MARK_FAIL, c->result.because,
                                    -1});
    }
    if (c->result.report == NULL) {
        return;
    }
    if (add_dial(c)) {
        add_stages(c);
        add_missing_failure(c);
        add_days(c);
    }
}
