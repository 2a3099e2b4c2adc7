/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Life of a client, and the face it shows the driver. Nothing is decided here: news, octets and the
 * time are handed to the flow, and what it wants done is queued and given out one act at a time.
 */
#include "client/state.h"

#include <stdlib.h>
#include <string.h>

static int64_t add_us(int64_t now, int64_t timeout)
{
    return timeout > INT64_MAX - now ? INT64_MAX : now + timeout;
}

void client_arm(struct client *c, int64_t timeout_us)
{
    c->deadline_us = timeout_us == INT64_MAX ? INT64_MAX : add_us(c->now_us, timeout_us);
}

void client_act(struct client *c, enum session_act_kind kind)
{
    must(c->act_count < ACTS_MAX);
    c->acts[c->act_count++] = (struct planned_act){.kind = kind, .from = c->out.n};
}

void client_send(struct client *c, size_t from)
{
    struct planned_act *last = c->act_count > c->act_next ? &c->acts[c->act_count - 1] : NULL;
    if (last != NULL && last->kind == SESSION_SEND && last->from + last->n == from) {
        last->n = c->out.n - last->from;
        return;
    }
    must(c->act_count < ACTS_MAX);
    c->acts[c->act_count++] = (struct planned_act){SESSION_SEND, from, c->out.n - from};
}

/* The first call tells when the dialling began; there is no clock in here. */
static void tick(struct client *c, int64_t now_us)
{
    c->now_us = now_us;
    if (c->has_started) {
        return;
    }
    c->has_started = true;
    c->stage_from_us = now_us;
    client_arm(c, c->params.timeout.connect);
    if (c->params.timeout.total != 0) {
        c->total_us = add_us(now_us, c->params.timeout.total);
    }
}

static void on_connect_failed(struct client *c, enum fault fault)
{
    if (c->phase != PHASE_DIALLING) {
        return;
    }
    enum stage stage = fault == FAULT_DNS_FAILURE ? STAGE_RESOLVE : STAGE_CONNECT;
    report_stage(c, stage, false);
    report_problem(c, OUTCOME_FAILED, stage, fault, NULL);
    c->phase = PHASE_DONE;
}

static void on_gone(struct client *c, const struct session_news *news)
{
    enum session_event event = news->event;
    c->is_open = event == SESSION_EOF; /* our direction still has to be closed */
    c->is_graceful = news->has_close_notify;
    if (c->phase == PHASE_DIALLING) {
        on_connect_failed(c, FAULT_CONNECTION_RESET);
        return;
    }
    if (c->phase == PHASE_WAITING) {
        c->is_reset = event == SESSION_RESET;
        arrow_happens(c, HAPPENS_CLOSE);
        return;
    }
    if (c->phase == PHASE_TLS) {
        report_problem(c, OUTCOME_FAILED, STAGE_TLS,
                       event == SESSION_RESET ? FAULT_CONNECTION_RESET : FAULT_CONNECTION_LOST,
                       NULL);
        report_stage(c, STAGE_TLS, false);
    }
    flow_close(c);
}

static void on_connected(struct client *c)
{
    if (c->phase != PHASE_DIALLING) {
        return;
    }
    c->is_open = true;
    report_stage(c, STAGE_CONNECT, true);
    c->reached = STAGE_CONNECT;
    if (c->params.security == SECURITY_IMPLICIT) {
        tls_begin(c);
    } else {
        flow_start(c);
    }
}

static void on_news(void *self, int64_t now_us, const struct session_news *news)
{
    struct client *c = self;
    tick(c, now_us);
    switch (news->event) {
    case SESSION_CONNECTED:
        on_connected(c);
        return;
    case SESSION_CONNECT_FAILED:
        on_connect_failed(c, news->fault);
        return;
    case SESSION_TLS_UP:
    case SESSION_TLS_FAILED:
        tls_news(c, news);
        return;
    case SESSION_EOF:
    case SESSION_RESET:
        on_gone(c, news);
        return;
    }
}

static void on_input(void *self, int64_t now_us, struct slice bytes)
{
    struct client *c = self;
    tick(c, now_us);
    input_take(c, bytes);
}

static void on_time(void *self, int64_t now_us)
{
    struct client *c = self;
    tick(c, now_us);
    bool is_total = now_us >= c->total_us;
    if (c->phase == PHASE_DONE || (now_us < c->deadline_us && !is_total)) {
        return;
    }
    if (c->phase != PHASE_QUIT && is_total) {
        c->is_total_over = true;
        c->total_us = INT64_MAX; /* QUIT still has its own time */
    }
    switch (c->phase) {
    case PHASE_DIALLING:
        report_stage(c, STAGE_CONNECT, false);
        report_problem(c, OUTCOME_FAILED, STAGE_CONNECT, FAULT_CONNECT_TIMEOUT, NULL);
        flow_close(c);
        return;
    case PHASE_TLS:
        report_stage(c, STAGE_TLS, false);
        report_problem(c, OUTCOME_FAILED, STAGE_TLS, FAULT_READ_TIMEOUT, NULL);
        flow_close(c);
        return;
    case PHASE_WAITING:
        arrow_happens(c, HAPPENS_TIME);
        return;
    case PHASE_QUIT:
    case PHASE_DONE:
        flow_close(c);
        return;
    }
}

static int64_t deadline_us(const void *self)
{
    const struct client *c = self;
    if (c->phase == PHASE_DONE) {
        return INT64_MAX;
    }
    return c->phase != PHASE_QUIT && c->total_us < c->deadline_us ? c->total_us : c->deadline_us;
}

static void next(void *self, int64_t now_us, struct session_act *act)
{
    struct client *c = self;
    tick(c, now_us);
    *act = (struct session_act){.kind = SESSION_WAIT};
    if (c->act_next < c->act_count) {
        const struct planned_act *planned = &c->acts[c->act_next++];
        act->kind = planned->kind;
        act->bytes = slice_sub(buf_slice(&c->out), planned->from, planned->n);
        return;
    }
    c->act_next = c->act_count = 0;
    buf_wipe(&c->out); /* credentials do not outlive their sending */
    if (c->phase == PHASE_DONE) {
        act->kind = SESSION_DONE;
    }
}

/* While content goes out each block has its time; behind its last octet the final dot has its own
 * (RFC 5321 4.5.3.2.5, 4.5.3.2.6). A peer that reads, however slowly, is waited for. */
static void on_unsent(void *self, int64_t now_us, size_t octets)
{
    struct client *c = self;
    tick(c, now_us);
    c->unsent = octets;
    if (c->phase == PHASE_WAITING && client_rule(c->row)->timer == TIMER_CONTENT) {
        client_arm(c, octets != 0 ? c->params.timeout.block : c->params.timeout.final_dot);
    }
}

static const struct session_ops ops = {.on_news = on_news,
                                       .on_input = on_input,
                                       .on_time = on_time,
                                       .deadline_us = deadline_us,
                                       .next = next,
                                       .on_unsent = on_unsent};

struct session client_session(struct client *c)
{
    return (struct session){&ops, c};
}

/* RFC 5321 4.5.3.2, and what DESIGN says of dialling and QUIT. */
static void set_defaults(struct client_params *p)
{
    static const int64_t second = 1000000;
    struct {
        int64_t *at, value;
    } defaults[] = {
        {&p->timeout.connect, 15 * second},  {&p->timeout.greeting, 300 * second},
        {&p->timeout.command, 300 * second}, {&p->timeout.data, 120 * second},
        {&p->timeout.block, 180 * second},   {&p->timeout.final_dot, 600 * second},
        {&p->timeout.quit, 5 * second},
    };
    for (size_t i = 0; i < COUNT(defaults); i++) {
        if (*defaults[i].at == 0) {
            *defaults[i].at = defaults[i].value;
        }
    }
    if (p->helo.n == 0) {
        p->helo = SLICE("[127.0.0.1]");
    }
}

enum err client_new(const struct client_params *params, struct client **out, struct why *why)
{
    struct client *c = mem_zalloc(1, sizeof *c);
    *out = NULL;
    c->params = *params;
    set_defaults(&c->params);
    c->deadline_us = c->total_us = INT64_MAX;
    c->report.outcome = OUTCOME_UNPROVEN;
    c->report.unsolicited = c->unsolicited;
    arena_init(&c->arena);
    buf_init(&c->out, BUF_NO_CAP);
    buf_init(&c->binding, 256);
    reply_reader_init(&c->reader, params->max_reply_bytes, params->max_reply_lines);
    enum err err = plan_make(c, why);
    if (err != ERR_OK) {
        client_free(c);
        return err;
    }
    *out = c;
    return ERR_OK;
}

void client_free(struct client *c)
{
    if (c == NULL) {
        return;
    }
    sasl_free(c->sasl);
    buf_wipe(&c->out);
    buf_release(&c->out);
    buf_wipe(&c->binding);
    buf_release(&c->binding);
    reply_reader_release(&c->reader);
    arena_release(&c->arena);
    free(c);
}

void client_start(struct client *c, int64_t now_us)
{
    tick(c, now_us);
}

const struct client_report *client_report(const struct client *c)
{
    return &c->report;
}

void client_set_binding(struct client *c, struct slice binding)
{
    buf_wipe(&c->binding);
    buf_add(&c->binding, binding);
}
