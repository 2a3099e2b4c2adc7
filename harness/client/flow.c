/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What follows from what came. The table says which arrow a reply, a close or the time takes; this
 * file walks the arrows. Two rules keep client and server in step: a reply counts for a step only
 * if its first octet came after the step's command was sent, and whatever else comes is kept as
 * unsolicited (RFC 2920 3.1 asks for no less of clients that count replies).
 */
#include "client/state.h"

const struct client_step *flow_step(const struct client *c)
{
    must(c->at < c->plan_count);
    return &c->plan[c->at];
}

static struct client_step_result *result_of(struct client *c)
{
    must(c->at < c->plan_count);
    return &c->results[c->at];
}

/* The stage a step stands for. Steps that belong to no stage stay where the conversation is. */
static enum stage stage_of(const struct client *c)
{
    switch (flow_step(c)->verb) {
    case STEP_RAW:
    case STEP_SEND_RAW:
    case STEP_WAIT:
    case STEP_NOOP:
    case STEP_VRFY:
    case STEP_RSET:
        return c->reached;
    case STEP_NONE:
    case STEP_CONNECT:
    case STEP_EHLO:
    case STEP_HELO:
    case STEP_STARTTLS:
    case STEP_AUTH:
    case STEP_MAIL:
    case STEP_RCPT:
    case STEP_DATA:
    case STEP_BODY:
    case STEP_BDAT:
    case STEP_QUIT:
    case STEP_EXPECT_CLOSE:
    case STEP_COUNT:
        break;
    }
    return client_rule(c->row)->stage;
}

static void close_step(struct client *c, bool is_ok)
{
    struct client_step_result *result = result_of(c);
    result->to_us = c->now_us;
    report_stage(c, stage_of(c), is_ok);
    auth_end(c);
}

void flow_close(struct client *c)
{
    auth_end(c);
    if (c->phase == PHASE_QUIT) {
        report_stage(c, STAGE_QUIT, c->report.quit_answered);
    }
    if (c->phase != PHASE_DONE && c->is_open) {
        client_act(c, SESSION_CLOSE);
    }
    c->phase = PHASE_DONE;
    c->deadline_us = INT64_MAX;
}

/* Have the steps said goodbye themselves? */
static bool has_ended_itself(const struct client *c)
{
    size_t last = c->at < c->plan_count ? c->at : c->plan_count - 1;
    return c->plan[last].verb == STEP_QUIT || c->plan[last].verb == STEP_EXPECT_CLOSE;
}

void flow_stop(struct client *c)
{
    bool may_talk = c->is_open && !c->may_not_talk && !c->is_in_content && !c->is_eof;
    if (!may_talk || has_ended_itself(c) || c->report.quit_sent) {
        flow_close(c);
        return;
    }
    size_t from = c->out.n;
    buf_add_text(&c->out, "QUIT\r\n");
    client_send(c, from);
    c->report.quit_sent = true;
    c->phase = PHASE_QUIT;
    c->stage_from_us = c->now_us;
    client_arm(c, c->params.timeout.quit);
}

/* ---- going through the steps ---- */

/* An unsolicited 421 says the channel closes: it is the answer to what we were about to ask. */
static bool met_421(struct client *c)
{
    if (!c->has_421) {
        return false;
    }
    c->has_421 = false;
    report_problem(c, OUTCOME_REFUSED, stage_of(c), FAULT_NONE, &c->last_421);
    return !c->is_explicit;
}

/* No recipient was taken: there is nobody to send to (RFC 5321 3.3). One refused is not yet it. */
static bool lost_all_recipients(struct client *c)
{
    bool is_last = c->at + 1 >= c->plan_count || c->plan[c->at + 1].verb != STEP_RCPT;
    if (c->is_explicit || flow_step(c)->verb != STEP_RCPT || !is_last || c->rcpt_accepted != 0) {
        return false;
    }
    report_problem(c, OUTCOME_REFUSED, STAGE_RCPT, FAULT_NONE, &c->first_rcpt_refusal);
    return true;
}

enum entered { ENTERED_WAITING, ENTERED_DONE, ENTERED_STOPPED };

/* Begins the step at `at`. */
static enum entered enter_step(struct client *c)
{
    const struct client_step *step = flow_step(c);
    struct client_step_result *result = result_of(c);
    c->row = step->verb;
    if (!c->is_open || c->is_eof) {
        if (step->verb != STEP_EXPECT_CLOSE) {
            report_problem(c, OUTCOME_FAILED, stage_of(c), FAULT_CONNECTION_LOST, NULL);
            return ENTERED_STOPPED;
        }
        *result = (struct client_step_result){step->verb, .was_run = true, .from_us = c->now_us,
                                              .to_us = c->now_us};
        return ENTERED_DONE;
    }
    if (met_421(c)) {
        return ENTERED_STOPPED;
    }
    c->stage_from_us = result->from_us = result->to_us = c->now_us;
    result->was_run = true;
    if (!step_send(c, step)) {
        result->was_run = false;
        result->fault = c->refusal;
        close_step(c, false);
        return c->is_explicit ? ENTERED_DONE : ENTERED_STOPPED;
    }
    int64_t timeout = step_timeout_us(c, step);
    if (timeout == 0 && client_rule(c->row)->on[HAPPENS_TIME] == ARROW_NEXT) {
        close_step(c, true);
        return ENTERED_DONE;
    }
    c->phase = PHASE_WAITING;
    client_arm(c, timeout);
    return ENTERED_WAITING;
}

/* Enters steps until one has to wait. */
static void run_steps(struct client *c)
{
    while (c->at < c->plan_count) {
        enum entered entered = enter_step(c);
        if (entered == ENTERED_WAITING) {
            return;
        }
        if (entered == ENTERED_STOPPED) {
            flow_stop(c);
            return;
        }
        c->at++;
    }
    report_verdict(c);
    flow_stop(c);
}

void flow_start(struct client *c)
{
    run_steps(c);
}

void flow_next(struct client *c)
{
    if (lost_all_recipients(c)) {
        flow_stop(c);
        return;
    }
    c->at++;
    if (!c->is_explicit && c->at < c->plan_count && c->plan[c->at].verb == STEP_RSET) {
        report_verdict(c); /* what RSET is answered changes nothing */
    }
    run_steps(c);
}

/* ---- what came ---- */

static void fault(struct client *c, enum fault fault, const struct client_reply *reply)
{
    result_of(c)->fault = fault;
    report_problem(c, OUTCOME_FAILED, stage_of(c), fault, reply);
}

/* After a problem: given steps go on, `until` ends. */
static void go_on_or_stop(struct client *c)
{
    close_step(c, false);
    if (c->is_explicit || c->plan[c->at].verb == STEP_RSET) {
        flow_next(c);
    } else {
        flow_stop(c);
    }
}

static void take_next(struct client *c, const struct client_reply *reply)
{
    const struct client_step *step = flow_step(c);
    if (step->verb == STEP_AUTH && !auth_believe(c, reply)) {
        result_of(c)->fault = c->refusal;
        go_on_or_stop(c);
        return;
    }
    if (c->row == STEP_EHLO) {
        report_ehlo(c, reply);
    }
    bool is_content = step->verb == STEP_BODY || (step->verb == STEP_BDAT && step->is_last_chunk);
    c->is_in_content = reply->code == 354; /* to a RAW "DATA", too */
    c->is_content_sent = false;
    c->report.mail_accepted = c->report.mail_accepted || is_content;
    c->rcpt_accepted += step->verb == STEP_RCPT ? 1 : 0;
    close_step(c, true);
    c->reached = stage_of(c);
    flow_next(c);
}

static void take_refused(struct client *c, const struct client_reply *reply)
{
    bool is_rcpt = flow_step(c)->verb == STEP_RCPT;
    c->is_content_sent = false;
    if (is_rcpt && !c->is_explicit && reply->code != 421) {
        if (c->first_rcpt_refusal.code == 0) {
            c->first_rcpt_refusal = *reply;
        }
        close_step(c, false);
        flow_next(c);
        return;
    }
    if (flow_step(c)->verb == STEP_AUTH) {
        auth_refused(c, reply);
    } else {
        report_problem(c, OUTCOME_REFUSED, stage_of(c), FAULT_NONE, reply);
    }
    go_on_or_stop(c);
}

/* HELO is tried only where neither TLS nor AUTH is wanted: else it would be a way round both. */
static void take_helo(struct client *c, const struct client_reply *reply)
{
    if (c->is_explicit || c->params.security != SECURITY_NONE || c->params.mechanism.n != 0) {
        take_refused(c, reply);
        return;
    }
    c->row = STEP_HELO;
    must(step_send(c, flow_step(c)));
    client_arm(c, step_timeout_us(c, flow_step(c)));
}

static void take_end(struct client *c, const struct client_reply *reply)
{
    c->report.quit_answered = reply != NULL && reply->code == 221;
    if (flow_step(c)->verb == STEP_QUIT) {
        close_step(c, true);
        if (c->at + 1 < c->plan_count) {
            flow_next(c);
            return;
        }
    }
    report_verdict(c);
    flow_close(c);
}

static void take_lost(struct client *c, const struct client_reply *partial)
{
    enum fault why = c->is_reset ? FAULT_CONNECTION_RESET : FAULT_CONNECTION_LOST;
    c->report.delivery_unknown = c->report.delivery_unknown || c->is_content_sent;
    fault(c, why, partial);
    close_step(c, false);
    flow_close(c);
}

static void take_silent(struct client *c, const struct client_reply *partial)
{
    enum stage stage = stage_of(c);
    c->report.delivery_unknown = c->report.delivery_unknown || c->is_content_sent;
    result_of(c)->fault = FAULT_READ_TIMEOUT;
    if (report_problem(c, OUTCOME_FAILED, stage, FAULT_READ_TIMEOUT, partial)) {
        if (c->is_total_over) {
            report_detail(c, "the time allowed for the whole session is over");
        } else if (stage == STAGE_GREETING && !c->is_tls) {
            report_detail(c, "a server that is silent at first may be waiting for implicit TLS "
                             "(as on port 465)");
        }
    }
    c->owed++;
    close_step(c, false);
    flow_stop(c);
}

static void take_garbage(struct client *c, const struct client_reply *reply, enum fault why)
{
    c->report.delivery_unknown = c->report.delivery_unknown || c->is_content_sent;
    fault(c, why, reply);
    close_step(c, false);
    reply_reader_reset(&c->reader);
    flow_stop(c);
}

static void take_odd(struct client *c, const struct client_reply *reply)
{
    c->report.delivery_unknown = c->report.delivery_unknown || c->is_content_sent;
    c->is_content_sent = false;
    fault(c, FAULT_UNEXPECTED_REPLY, reply);
    go_on_or_stop(c);
}

static void take_reply(struct client *c, enum arrow arrow, const struct client_reply *reply)
{
    result_of(c)->reply = *reply;
    if (!c->has_verdict) {
        c->report.reply = *reply;
    }
    if (flow_step(c)->verb == STEP_CONNECT) {
        c->report.greeting = *reply;
    }
    switch (arrow) {
    case ARROW_NEXT:
        take_next(c, reply);
        return;
    case ARROW_REFUSED:
        take_refused(c, reply);
        return;
    case ARROW_HELO:
        take_helo(c, reply);
        return;
    case ARROW_TLS:
        close_step(c, true);
        tls_begin(c);
        return;
    case ARROW_CHALLENGE:
        auth_challenge(c, reply);
        return;
    case ARROW_END:
        take_end(c, reply);
        return;
    case ARROW_ODD:
        take_odd(c, reply);
        return;
    case ARROW_NONE:
    case ARROW_KEEP:
    case ARROW_GARBAGE:
    case ARROW_LOST:
    case ARROW_SILENT:
    case ARROW_COUNT:
        break;
    }
    die_bug(__FILE__, __LINE__, "an arrow that no reply takes");
}

void flow_happens(struct client *c, enum happening happening)
{
    struct reply partial;
    struct client_reply kept = {0};
    const struct client_reply *reply = NULL;
    if (reply_end(&c->reader, &partial)) {
        report_reply(c, &partial, &kept);
        reply = &kept;
        result_of(c)->reply = c->is_early ? result_of(c)->reply : kept;
    }
    enum arrow arrow = client_rule(c->row)->on[happening];
    bool is_close_awaited = happening == HAPPENS_CLOSE && c->at + 1 < c->plan_count &&
                            c->plan[c->at + 1].verb == STEP_EXPECT_CLOSE &&
                            client_rule(c->row)->on[HAPPENS_2XX] == ARROW_KEEP;
    if (happening == HAPPENS_CLOSE) {
        c->is_eof = true;
    }
    if (happening == HAPPENS_TIME && c->is_total_over) {
        arrow = arrow == ARROW_END ? ARROW_END : ARROW_SILENT;
    }
    if (arrow == ARROW_NEXT || is_close_awaited) {
        close_step(c, true);
        flow_next(c);
    } else if (arrow == ARROW_END) {
        take_end(c, NULL);
    } else if (arrow == ARROW_SILENT) {
        take_silent(c, reply);
    } else {
        must(arrow == ARROW_LOST);
        take_lost(c, reply);
    }
}

/* ---- octets ---- */

static void keep_unsolicited(struct client *c, const struct reply *r)
{
    struct client_reply reply;
    report_reply(c, r, &reply);
    report_unsolicited(c, &reply);
    if (reply.code == 421) {
        c->has_421 = true;
        c->last_421 = reply;
    }
}

/* What came behind a reply, before we could have asked for more. An unfinished reply stays in the
 * reader, marked as early. */
static void keep_the_rest(struct client *c, struct slice bytes)
{
    c->is_early = false;
    while (bytes.n != 0) {
        struct reply r;
        size_t used = 0;
        enum read_result got = reply_read(&c->reader, bytes, &used, &r);
        bytes = slice_from(bytes, used);
        if (got == READ_MORE) {
            c->is_early = true;
            return;
        }
        keep_unsolicited(c, &r);
        if (got == READ_BAD) { /* nothing behind it can be made out any more */
            reply_reader_reset(&c->reader);
            return;
        }
    }
}

/* While QUIT waits: replies owed for a command that timed out come first. */
static bool quit_reply(struct client *c, enum read_result got, const struct reply *r)
{
    if ((got == READ_BAD || r->code != 221) && c->owed != 0) {
        c->owed--;
        keep_unsolicited(c, r);
        if (got == READ_BAD) { /* the tail of a reply whose beginning was given up */
            reply_reader_reset(&c->reader);
        }
        return false;
    }
    c->report.quit_answered = got == READ_REPLY && r->code == 221;
    if (got == READ_REPLY && r->code != 221) {
        keep_unsolicited(c, r);
    }
    flow_close(c);
    return true;
}

/* A TLS record where the greeting should be: alert or handshake (RFC 8446 5.1, RFC 8314 3.3). */
static bool speaks_tls(struct client *c, struct slice bytes)
{
    bool is_first = c->row == STEP_CONNECT && !c->is_tls &&
                    (c->reader.is_done || c->reader.raw.n == 0) && c->report.greeting.code == 0;
    return is_first && (bytes.p[0] == 0x15 || bytes.p[0] == 0x16);
}

static void read_bad(struct client *c, const struct reply *r)
{
    struct client_reply reply;
    if (client_rule(c->row)->on[HAPPENS_GARBAGE] == ARROW_END) {
        take_end(c, NULL);
        return;
    }
    bool is_endless = REPLY_HAS(r->notes, TOO_MANY_LINES) || REPLY_HAS(r->notes, TOO_MANY_OCTETS);
    report_reply(c, r, &reply);
    result_of(c)->reply = reply;
    take_garbage(c, &reply, is_endless ? FAULT_REPLY_TOO_LONG : FAULT_PROTOCOL_ERROR);
}

/* One reply while a step waits. True when the step has ended with it. */
static bool step_reply(struct client *c, const struct reply *r, struct slice rest)
{
    enum arrow arrow = client_arrow(client_rule(c->row), r->code);
    if (arrow == ARROW_TLS && c->is_tls) {
        arrow = ARROW_ODD; /* there is no TLS inside TLS (RFC 3207 4.2) */
    }
    if (arrow == ARROW_KEEP || c->is_early) {
        c->is_early = false;
        keep_unsolicited(c, r);
        if (!met_421(c)) {
            return false;
        }
        close_step(c, false);
        flow_stop(c);
        return true;
    }
    struct client_reply reply;
    report_reply(c, r, &reply);
    if (arrow == ARROW_TLS && rest.n != 0) {
        c->may_not_talk = true;
        result_of(c)->reply = reply;
        fault(c, FAULT_PLAINTEXT_INJECTION, &reply);
        keep_the_rest(c, rest); /* evidence */
        close_step(c, false);
        flow_close(c);
        return true;
    }
    keep_the_rest(c, rest);
    take_reply(c, arrow, &reply);
    return true;
}

void flow_input(struct client *c, struct slice bytes)
{
    while (bytes.n != 0 && (c->phase == PHASE_WAITING || c->phase == PHASE_QUIT)) {
        struct reply r;
        size_t used = 0;
        if (c->phase == PHASE_WAITING && speaks_tls(c, bytes)) {
            c->may_not_talk = true;
            fault(c, FAULT_TLS_WRONG_MODE, NULL);
            close_step(c, false);
            flow_close(c);
            return;
        }
        enum read_result got = reply_read(&c->reader, bytes, &used, &r);
        bytes = slice_from(bytes, used);
        if (got == READ_MORE) {
            return;
        }
        if (c->phase == PHASE_QUIT) {
            if (quit_reply(c, got, &r)) {
                return;
            }
        } else if (got == READ_BAD) {
            read_bad(c, &r);
            return;
        } else if (step_reply(c, &r, bytes)) {
            return;
        }
    }
}
