/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection as a session: takes octets, news and time, reads them in the way the state asks
 * for, and hands out acts. Input waits while something is still being said.
 */
#include "fakeservers/conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- helpers for the other files ---- */

void conn_wire(struct slice text, struct buf *out)
{
    struct slice line;
    while (slice_take_until(&text, '\n', &line)) {
        buf_add(out, slice_trim_end(line, "\r"));
        buf_add(out, SLICE("\r\n"));
    }
}

const char *const *conn_capabilities(const struct conn *c)
{
    return c->inside_tls ? c->fake->persona.tls : c->fake->persona.clear;
}

uint64_t conn_max_message(const struct conn *c)
{
    uint64_t said = c->fake->spec->max_message_bytes;
    said = said > 0 ? said : capability_size(conn_capabilities(c));
    return said > 0 && said < FAKE_MESSAGE_MAX ? said : FAKE_MESSAGE_MAX;
}

void conn_fill(struct conn *c, struct slice user, const char *text, struct buf *out)
{
    char date[32] = "", id[17] = "";
    struct fake *f = c->fake;
    if (strchr(text, '{') == NULL) { /* most texts have nothing to fill in */
        buf_add_text(out, text);
        return;
    }
    if (strstr(text, "{time}") != NULL) {
        persona_date(f->params.wall_time + (c->now_us - f->start_us) / 1000000, date);
    }
    if (strstr(text, "{id}") != NULL) {
        rng_text(&c->rng, id, sizeof id - 1);
        id[1] = (char)('0' + (unsigned char)id[1] % 10); /* no id in a log is without a digit */
    }
    struct provider_fill fill = {.host = slice_of(f->persona.host),
                                 .id = slice_of(id),
                                 .time = slice_of(date),
                                 .address = user,
                                 .ip = SLICE("127.0.0.1"),
                                 .user = user};
    provider_fill(text, &fill, out);
}

void conn_reset_mail(struct conn *c)
{
    buf_reset(&c->mail.from);
    buf_reset(&c->mail.data);
    c->mail.rcpt_count = 0;
    c->mail.size = 0;
    c->mail.params = (struct address_params){0};
}

void conn_start_tls(struct conn *c)
{
    struct fake *f = c->fake;
    struct tls_setup *setup = tls_cache_find(&f->tls, c->next_tls);
    size_t behind = inlet_peek(&c->in).n;
    if (setup == NULL && f->params.pki != NULL) {
        record_complain(&f->record, "STARTTLS on a server that has no TLS");
        outlet_do(&c->out, OUT_CLOSE);
        c->reading = READ_NOTHING;
        return;
    }
    if (behind > 0) { /* pipelined behind STARTTLS: never to be acted on (RFC 3207 5) */
        record_complain(&f->record, "%zu octets came in clear behind STARTTLS", behind);
        inlet_clear(&c->in);
    }
    c->next_tls = NULL;
    outlet_start_tls(&c->out, setup);
}

void conn_hang_up(struct conn *c, const char *complaint)
{
    record_complain(&c->fake->record, "connection %u: %s", c->index, complaint);
    inlet_clear(&c->in);
    outlet_drop(&c->out);
    outlet_send(&c->out, SLICE("421 4.7.0 Too much; closing the connection\r\n"));
    outlet_do(&c->out, OUT_CLOSE);
    c->said_421 = true;
    c->reading = READ_NOTHING;
}

void conn_record(struct conn *c, const struct inlet_line *line, struct slice verb)
{
    struct fake_command command = {.at_us = line->at_us,
                                   .connection = c->index,
                                   .inside_tls = c->inside_tls,
                                   .verb = verb,
                                   .line = line->text,
                                   .is_sasl = c->reading == READ_SASL,
                                   .has_bare_lf = line->has_bare_lf};
    record_command(&c->fake->record, &command);
    c->commands++;
    c->recorded += line->text.n;
}

/* ---- reading ---- */

static bool advance_line(struct conn *c, bool is_sasl)
{
    struct inlet_line line;
    if (c->commands >= FAKE_COMMANDS_MAX || c->recorded >= FAKE_RECORDED_MAX) {
        conn_hang_up(c, "more commands than a fake records");
        return true;
    }
    if (!inlet_line(&c->in, is_sasl ? INLET_SASL_MAX : INLET_LINE_MAX, &line)) {
        return false;
    }
    if (is_sasl) {
        verbs_sasl(c, &line);
    } else {
        verbs_command(c, &line);
    }
    return true;
}

static bool advance_body(struct conn *c)
{
    struct slice seen = inlet_peek(&c->in);
    c->mail.data.max = (size_t)conn_max_message(c);
    size_t n = body_read(&c->body, seen, &c->mail.data, &c->mail.size);
    inlet_take(&c->in, n);
    if (c->body != BODY_END) {
        return false;
    }
    verbs_body(c);
    return true;
}

static bool advance_chunk(struct conn *c)
{
    struct slice seen = inlet_peek(&c->in);
    size_t n = seen.n < c->chunk_left ? seen.n : (size_t)c->chunk_left;
    if (!c->chunk_is_bad) {
        c->mail.data.max = (size_t)conn_max_message(c);
        buf_add(&c->mail.data, slice_sub(seen, 0, n));
        c->mail.size += n;
    }
    inlet_take(&c->in, n);
    c->chunk_left -= n;
    if (c->chunk_left > 0) {
        return false;
    }
    verbs_chunk(c);
    return true;
}

/* One unit of input. False when there is none, or when it has to wait. */
static bool conn_advance(struct conn *c)
{
    if (c->out.is_held) {
        return false;
    }
    switch (c->reading) {
    case READ_NOTHING:
        inlet_clear(&c->in);
        return false;
    case READ_COMMAND:
        return advance_line(c, false);
    case READ_SASL:
        return advance_line(c, true);
    case READ_BODY:
        return advance_body(c);
    case READ_CHUNK:
        return advance_chunk(c);
    case READ_SCRIPT:
        return script_advance(c);
    }
    return false;
}

static void conn_release(struct conn *c)
{
    inlet_release(&c->in);
    outlet_release(&c->out);
    auth_release(&c->auth);
    buf_release(&c->mail.from);
    buf_release(&c->mail.data);
    buf_release(&c->argument);
    free(c->mail.rcpts);
    c->mail.rcpts = NULL;
    c->mail.rcpt_count = c->mail.rcpt_space = 0;
}

/* Nothing more will happen. What it held is freed: a case may have thousands of connections. */
static void conn_finish(struct conn *c)
{
    if (!c->is_over) {
        c->is_over = true;
        conn_release(c);
    }
}

/* ---- news ---- */

static void begin(struct conn *c)
{
    if (c->fake->spec->script_count > 0) {
        c->reading = READ_SCRIPT;
        c->is_greeted = true; /* the script says who speaks first */
        return;
    }
    bool is_answered = c->has_begun; /* a rule on `connect` spoke in place of the greeting */
    c->has_begun = true;
    if (!is_answered) {
        verbs_greet(c);
    }
}

static void on_connected(struct conn *c)
{
    verbs_connect(c);
    if (c->fake->spec->security != SECURITY_IMPLICIT) {
        begin(c);
    }
}

static void on_tls_up(struct conn *c, const struct tls_facts *facts)
{
    struct fake_report *report = &c->fake->record.report;
    report->tls_handshakes++;
    if (facts != NULL) {
        snprintf(report->tls_version, sizeof report->tls_version, "%s", facts->version);
        snprintf(report->sni, sizeof report->sni, "%s", facts->server_name);
    }
    c->inside_tls = true;
    c->out.is_held = false;
    if (!c->is_greeted && !c->has_begun) {
        begin(c);
    } else if (c->reading != READ_SCRIPT) { /* all knowledge from before is void (RFC 3207 4.2) */
        conn_reset_mail(c);
        c->phase = PHASE_HELLO;
        c->is_authed = false;
        c->reading = READ_COMMAND;
    }
}

/*
 * Nobody can say QUIT politely to a server that owes an answer, that took TLS away, or that turned
 * out to speak clear text to a client in the other TLS mode.
 */
static bool may_leave_without_quit(const struct conn *c)
{
    return c->said_quit || c->said_421 || c->is_tls_talk || c->has_dropped_tls;
}

/* The client has gone. What it said before still counts, though nobody hears the answers. */
static void on_gone(struct conn *c)
{
    bool owes_answer = !outlet_is_empty(&c->out);
    bool is_handshaking = c->out.is_held || (!c->inside_tls && !c->has_begun && !c->is_greeted);
    bool was_closed = c->out.is_closed || c->out.is_shut;
    outlet_drop(&c->out);
    while (!c->out.is_closed && conn_advance(c)) {
        outlet_drop(&c->out);
    }
    if (!was_closed) {
        script_end(c);
        if (!may_leave_without_quit(c) && !owes_answer && !is_handshaking) {
            c->fake->record.report.leaked++;
        }
    }
    conn_finish(c);
}

static void conn_on_news(void *self, int64_t now_us, const struct session_news *news)
{
    struct conn *c = self;
    c->now_us = now_us;
    if (c->is_over) {
        return;
    }
    switch (news->event) {
    case SESSION_CONNECTED:
        on_connected(c);
        break;
    case SESSION_TLS_UP:
        on_tls_up(c, news->facts);
        break;
    case SESSION_TLS_FAILED:
        c->fake->record.report.tls_failures++;
        conn_finish(c);
        break;
    case SESSION_EOF:
    case SESSION_RESET:
    case SESSION_CONNECT_FAILED:
        on_gone(c);
        break;
    }
}

/* Octets before the greeting was complete. A client that gave up waiting may say QUIT. */
static void note_early_talk(struct conn *c)
{
    struct slice early = inlet_peek(&c->in);
    const struct slice quit = SLICE("QUIT\r\n");
    bool is_quit = early.n <= quit.n && slice_has_prefix_nocase(quit, early);
    if (c->is_talkative || is_quit) {
        return;
    }
    c->is_talkative = true;
    c->fake->record.report.any_early_talk = true;
    record_complain(&c->fake->record, "connection %u: the client spoke before the greeting",
                    c->index);
}

static void conn_on_input(void *self, int64_t now_us, struct slice bytes)
{
    struct conn *c = self;
    c->now_us = now_us;
    if (c->is_over || bytes.n == 0) {
        return;
    }
    if (!c->inside_tls) {
        record_clear(&c->fake->record, bytes);
        c->is_tls_talk = c->is_tls_talk || (c->commands == 0 && bytes.p[0] == 0x16);
    }
    if (c->out.is_closed) {
        return;
    }
    inlet_add(&c->in, now_us, bytes);
    if (!c->is_greeted) {
        note_early_talk(c);
    }
    if (c->in.pending.is_full) {
        c->in.pending.is_full = false;
        conn_hang_up(c, "more input than a fake keeps waiting");
    }
}

static void conn_on_time(void *self, int64_t now_us)
{
    struct conn *c = self;
    c->now_us = now_us; /* the outlet looks at the time when it is asked for the next act */
}

static int64_t conn_deadline_us(const void *self)
{
    const struct conn *c = self;
    return c->is_over ? INT64_MAX : c->out.due_us;
}

static void note_act(struct conn *c, const struct session_act *act)
{
    if (act->kind == SESSION_STOP_TLS) {
        c->inside_tls = false;
        c->has_dropped_tls = true;
    }
    bool is_closing = act->kind == SESSION_CLOSE || act->kind == SESSION_RESET_NOW ||
                      act->kind == SESSION_HALF_CLOSE;
    if (is_closing && !c->said_quit) {
        c->fake->record.report.closed_by_us++;
    }
}

static void conn_next(void *self, int64_t now_us, struct session_act *act)
{
    struct conn *c = self;
    c->now_us = now_us;
    for (;;) {
        if (c->is_over || c->out.is_closed) {
            conn_finish(c);
            *act = (struct session_act){.kind = SESSION_DONE};
            return;
        }
        if (outlet_next(&c->out, now_us, act)) {
            note_act(c, act);
            return;
        }
        c->is_greeted = c->is_greeted || c->has_begun;
        if (!conn_advance(c) && outlet_is_empty(&c->out)) {
            *act = (struct session_act){.kind = SESSION_WAIT};
            return;
        }
        if (c->out.is_held) {
            *act = (struct session_act){.kind = SESSION_WAIT};
            return;
        }
    }
}

const struct session_ops conn_ops = {
    .on_news = conn_on_news,
    .on_input = conn_on_input,
    .on_time = conn_on_time,
    .deadline_us = conn_deadline_us,
    .next = conn_next,
};

struct conn *conn_new(struct fake *f, unsigned index, int64_t now_us)
{
    struct conn *c = mem_zalloc(1, sizeof *c);
    c->fake = f;
    c->index = index;
    c->now_us = now_us;
    rng_init(&c->rng, f->params.seed ^ (0x9e3779b97f4a7c15u * (index + 1u)));
    inlet_init(&c->in);
    outlet_init(&c->out, rng_next(&c->rng));
    buf_init(&c->mail.from, INLET_LINE_MAX);
    buf_init(&c->mail.data, FAKE_MESSAGE_MAX);
    buf_init(&c->argument, INLET_LINE_MAX);
    buf_init(&c->auth.user, INLET_SASL_MAX);
    buf_init(&c->auth.later, 65536);
    return c;
}

void conn_free(struct conn *c)
{
    if (c != NULL) {
        conn_release(c);
        free(c);
    }
}
