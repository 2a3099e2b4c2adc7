/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Going through the steps: begins one after the other until one has to wait, and ends the session
 * with QUIT whenever the connection lives (RFC 5321 4.1.1.10).
 */
#include "client/state.h"

const struct client_step *flow_step(const struct client *c)
{
    must(c->at < c->plan_count);
    return &c->plan[c->at];
}

struct client_step_result *flow_result(struct client *c)
{
    must(c->at < c->plan_count);
    return &c->results[c->at];
}

/* The stage a step stands for. Steps that belong to no stage stay where the conversation is. */
enum stage flow_stage(const struct client *c)
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

void flow_end_step(struct client *c, bool is_ok)
{
    struct client_step_result *result = flow_result(c);
    result->to_us = c->now_us;
    report_stage(c, flow_stage(c), is_ok);
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
    return c->plan[last].verb == STEP_QUIT;
}

void flow_stop(struct client *c)
{
    /* behind octets that do not leave, QUIT would not either */
    bool is_stuck = c->unsent != 0 && c->refusal == FAULT_WRITE_TIMEOUT;
    bool may_talk = c->is_open && !c->may_not_talk && !c->is_in_content && !c->is_eof && !is_stuck;
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

/* An unsolicited 421 says the channel closes: it is the answer to what we were about to ask. */
bool flow_met_421(struct client *c)
{
    if (!c->has_421) {
        return false;
    }
    c->has_421 = false;
    report_problem(c, OUTCOME_REFUSED, flow_stage(c), FAULT_NONE, &c->last_421);
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
    struct client_step_result *result = flow_result(c);
    c->row = step->verb;
    if (!c->is_open || c->is_eof) {
        if (step->verb != STEP_EXPECT_CLOSE) {
            report_problem(c, OUTCOME_FAILED, flow_stage(c), FAULT_CONNECTION_LOST, NULL);
            return ENTERED_STOPPED;
        }
        *result = (struct client_step_result){step->verb, .was_run = true, .from_us = c->now_us,
                                              .to_us = c->now_us};
        return ENTERED_DONE;
    }
    if (flow_met_421(c)) {
        return ENTERED_STOPPED;
    }
    c->stage_from_us = result->from_us = result->to_us = c->now_us;
    result->was_run = true;
    if (!plan_complete(c) || !step_send(c, step)) {
        result->was_run = false;
        result->fault = c->refusal;
        flow_end_step(c, false);
        return c->is_explicit ? ENTERED_DONE : ENTERED_STOPPED;
    }
    int64_t timeout = step_timeout_us(c, step);
    if (timeout == 0 && client_rule(c->row)->on[HAPPENS_TIME] == ARROW_NEXT) {
        flow_end_step(c, true);
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
