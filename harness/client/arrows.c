/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What follows from what came: one function per arrow of the table. None of them decides which
 * arrow is taken; that is the table's.
 */
#include "client/state.h"

void arrow_fault(struct client *c, enum fault fault, const struct client_reply *reply)
{
    flow_result(c)->fault = fault;
    report_problem(c, OUTCOME_FAILED, flow_stage(c), fault, reply);
}

/* After a problem: given steps go on, `until` ends. */
static void go_on_or_stop(struct client *c)
{
    flow_end_step(c, false);
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
        flow_result(c)->fault = c->refusal;
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
    flow_end_step(c, true);
    c->reached = flow_stage(c);
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
        flow_end_step(c, false);
        flow_next(c);
        return;
    }
    if (flow_step(c)->verb == STEP_AUTH) {
        auth_refused(c, reply);
    } else {
        report_problem(c, OUTCOME_REFUSED, flow_stage(c), FAULT_NONE, reply);
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

void arrow_end(struct client *c, const struct client_reply *reply)
{
    c->report.quit_answered = reply != NULL && reply->code == 221;
    if (flow_step(c)->verb == STEP_QUIT) {
        flow_end_step(c, true);
        if (c->at + 1 < c->plan_count) {
            flow_next(c);
            return;
        }
    }
    report_verdict(c);
    flow_close(c);
}

/* A server that has not been sent the final dot cannot have taken the message. */
static void note_unknown_delivery(struct client *c)
{
    bool may_be_delivered = c->is_content_sent && c->unsent == 0;
    c->report.delivery_unknown = c->report.delivery_unknown || may_be_delivered;
}

static void take_lost(struct client *c, const struct client_reply *partial)
{
    enum fault why = c->is_reset ? FAULT_CONNECTION_RESET : FAULT_CONNECTION_LOST;
    bool decides = !c->has_verdict;
    note_unknown_delivery(c);
    arrow_fault(c, why, partial);
    if (decides && c->is_tls && !c->is_reset) { /* RFC 8446 6.1 */
        report_detail(c, c->is_graceful
                             ? "closed by the server on purpose: TLS was ended with close_notify"
                             : "cut off: TLS was not ended with close_notify");
    }
    flow_end_step(c, false);
    flow_close(c);
}

static void take_silent(struct client *c, const struct client_reply *partial)
{
    enum stage stage = flow_stage(c);
    enum fault why = c->unsent != 0 ? FAULT_WRITE_TIMEOUT : FAULT_READ_TIMEOUT;
    note_unknown_delivery(c);
    flow_result(c)->fault = why;
    if (report_problem(c, OUTCOME_FAILED, stage, why, partial)) {
        if (c->unsent != 0) {
            report_detail(c, "%zu octets still wait to be taken", c->unsent);
        } else if (c->is_total_over) {
            report_detail(c, "the time allowed for the whole session is over");
        } else if (stage == STAGE_GREETING && !c->is_tls) {
            report_detail(c, "a server that is silent at first may be waiting for implicit TLS "
                             "(as on port 465)");
        }
    }
    c->owed++;
    flow_end_step(c, false);
    flow_stop(c);
}

void arrow_garbage(struct client *c, const struct client_reply *reply, enum fault why)
{
    note_unknown_delivery(c);
    arrow_fault(c, why, reply);
    flow_end_step(c, false);
    reply_reader_reset(&c->reader);
    flow_stop(c);
}

static void take_odd(struct client *c, const struct client_reply *reply)
{
    note_unknown_delivery(c);
    c->is_content_sent = false;
    arrow_fault(c, FAULT_UNEXPECTED_REPLY, reply);
    go_on_or_stop(c);
}

void arrow_take(struct client *c, enum arrow arrow, const struct client_reply *reply)
{
    flow_result(c)->reply = *reply;
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
        flow_end_step(c, true);
        tls_begin(c);
        return;
    case ARROW_CHALLENGE:
        auth_challenge(c, reply);
        return;
    case ARROW_END:
        arrow_end(c, reply);
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

void arrow_happens(struct client *c, enum happening happening)
{
    struct reply partial;
    struct client_reply kept = {0};
    const struct client_reply *reply = NULL;
    if (reply_end(&c->reader, &partial)) {
        report_reply(c, &partial, &kept);
        reply = &kept;
        flow_result(c)->reply = c->is_early ? flow_result(c)->reply : kept;
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
        flow_end_step(c, true);
        flow_next(c);
    } else if (arrow == ARROW_END) {
        arrow_end(c, NULL);
    } else if (arrow == ARROW_SILENT) {
        take_silent(c, reply);
    } else {
        must(arrow == ARROW_LOST);
        take_lost(c, reply);
    }
}
