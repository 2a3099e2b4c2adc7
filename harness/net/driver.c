/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Link, TLS filter and session in one place; see driver.h. Every way in (octets, EOF, reset, time)
 * tells the session, carries out its acts until it waits, and leaves through settle(): one write
 * for the whole flight, one timer for the deadline. Nothing here calls itself.
 */
#include "net/driver.h"

#include "base/err.h"

#include <stdlib.h>

enum {
    ACTS_MAX = 1 << 20,    /* between two waits; more is a session that never waits */
    ROUNDS_MAX = 1 << 16,  /* of handing over what one piece of input brought */
    LATE_MAX = 1 << 16,    /* deadlines in a row that were over before they were set */
    FLIGHT_BYTES = 1 << 18 /* a flight longer than this leaves in several writes */
};

enum tls_phase { TLS_PHASE_NONE, TLS_PHASE_HANDSHAKE, TLS_PHASE_UP, TLS_PHASE_OVER };

struct driver {
    struct world *world;
    struct session session;
    struct driver_params params;
    struct link *link; /* owned; NULL before attach and once closed */
    struct tls_filter *filter;
    enum tls_phase phase; /* what the session was told */
    struct buf out;       /* the flight being put together, as it goes on the wire */
    struct timer timer;
    int64_t late_at_us;
    unsigned late_count;
    size_t unsent; /* what the session was told last */
    bool is_eof_told;
    bool is_done;     /* the session said so, or was cut off from us */
    bool is_reported; /* on_done was called */
};

static int64_t now_of(const struct driver *d)
{
    return world_now_us(d->world);
}

static void tap(struct driver *d, enum driver_direction direction, bool inside_tls,
                struct slice bytes)
{
    if (d->params.on_tap != NULL && bytes.n != 0) {
        d->params.on_tap(d->params.context, direction, inside_tls, now_of(d), bytes);
    }
}

static bool is_inside_tls(const struct driver *d)
{
    return d->filter != NULL && d->phase == TLS_PHASE_UP;
}

/* ---- what leaves ---- */

/* Cipher text joins the flight, in its place among what went past the filter. */
static void collect_cipher(struct driver *d)
{
    if (d->filter != NULL) {
        struct buf *cipher = tls_filter_cipher_out(d->filter);
        buf_add(&d->out, buf_slice(cipher));
        buf_reset(cipher);
    }
}

static void write_all(struct driver *d, struct buf *b, bool is_last)
{
    if (b->n != 0 && d->link != NULL && is_last) {
        link_write_last(d->link, buf_slice(b));
    } else if (b->n != 0 && d->link != NULL) {
        link_write(d->link, buf_slice(b));
    }
    buf_reset(b);
}

static void write_flight(struct driver *d, bool is_last)
{
    if (d->filter == NULL || d->out.n != 0) {
        collect_cipher(d);
        write_all(d, &d->out, is_last);
    } else {
        write_all(d, tls_filter_cipher_out(d->filter), is_last); /* the usual case: no second copy */
    }
}

static void flush(struct driver *d)
{
    write_flight(d, false);
}

static void filter_drop(struct driver *d)
{
    tls_filter_free(d->filter);
    d->filter = NULL;
}

static void close_link(struct driver *d)
{
    if (is_inside_tls(d)) {
        tls_filter_close(d->filter);
    }
    write_flight(d, true);
    if (d->link != NULL) {
        link_close(d->link);
        d->link = NULL;
    }
    filter_drop(d);
}

/* ---- acts ---- */

/* TLS may have failed or been closed by the peer without the session knowing yet. */
static void send_inside(struct driver *d, struct slice bytes)
{
    if (tls_filter_state(d->filter) == TLS_UP) {
        tls_filter_send(d->filter, bytes);
    }
}

static void act_send(struct driver *d, const struct session_act *act)
{
    bool inside_tls = is_inside_tls(d);
    tap(d, DRIVER_SENT, inside_tls, act->bytes);
    if (inside_tls) {
        send_inside(d, act->bytes);
    } else if (d->filter == NULL) {
        buf_add(&d->out, act->bytes);
    } /* else: TLS is on its way or broken, and nothing may leave in clear instead */
    if (d->out.n > FLIGHT_BYTES) {
        flush(d);
    }
}

static void act_send_raw(struct driver *d, const struct session_act *act)
{
    tap(d, DRIVER_SENT, false, act->bytes);
    collect_cipher(d);
    buf_add(&d->out, act->bytes);
}

static void act_start_tls(struct driver *d, const struct session_act *act)
{
    /* setups are shared by reference count: the filter has to take its own */
    struct tls_setup *setup = act->tls != NULL ? (struct tls_setup *)act->tls : d->params.tls;
    must(setup != NULL);
    must(d->filter == NULL);
    const char *name = d->params.is_server ? NULL : d->params.server_name;
    flush(d);
    d->filter = tls_filter_new(setup, name, d->params.wall_time);
    d->phase = TLS_PHASE_HANDSHAKE;
    tls_filter_feed(d->filter, slice_make(NULL, 0)); /* a client speaks first */
}

static void act_stop_tls(struct driver *d)
{
    if (is_inside_tls(d)) {
        tls_filter_close(d->filter);
    }
    collect_cipher(d);
    filter_drop(d);
    d->phase = TLS_PHASE_NONE;
}

static void act_half_close(struct driver *d)
{
    flush(d);
    if (d->link != NULL) {
        link_shutdown(d->link);
    }
}

static void act_reset(struct driver *d)
{
    flush(d);
    if (d->link != NULL) {
        link_reset(d->link);
        d->link = NULL;
    }
    filter_drop(d);
}

static void act_done(struct driver *d)
{
    close_link(d);
    world_timer_stop(d->world, &d->timer);
    d->is_done = true;
}

static void carry_out(struct driver *d, const struct session_act *act)
{
    switch (act->kind) {
    case SESSION_WAIT:
        break;
    case SESSION_SEND:
        act_send(d, act);
        break;
    case SESSION_SEND_RAW:
        act_send_raw(d, act);
        break;
    case SESSION_START_TLS:
        act_start_tls(d, act);
        break;
    case SESSION_STOP_TLS:
        act_stop_tls(d);
        break;
    case SESSION_CLOSE:
        close_link(d);
        break;
    case SESSION_HALF_CLOSE:
        act_half_close(d);
        break;
    case SESSION_RESET_NOW:
        act_reset(d);
        break;
    case SESSION_STOP_READING:
    case SESSION_READ_ON:
        if (d->link != NULL) {
            link_pause(d->link, act->kind == SESSION_STOP_READING);
        }
        break;
    case SESSION_DONE:
        act_done(d);
        break;
    }
}

/* Carries out what the session wants until it waits or is done. */
static void pump(struct driver *d)
{
    struct session_act act = {.kind = SESSION_WAIT};
    unsigned count = 0;
    do {
        must(count++ < ACTS_MAX);
        act = (struct session_act){.kind = SESSION_WAIT};
        d->session.ops->next(d->session.self, now_of(d), &act);
        carry_out(d, &act);
    } while (act.kind != SESSION_WAIT && !d->is_done);
}

/* ---- news ---- */

static void tell(struct driver *d, const struct session_news *news)
{
    if (!d->is_done) {
        d->session.ops->on_news(d->session.self, now_of(d), news);
        pump(d);
    }
}

static void tell_eof(struct driver *d)
{
    if (!d->is_eof_told) {
        bool is_clean = d->filter != NULL && tls_filter_state(d->filter) == TLS_CLOSED;
        d->is_eof_told = true;
        tell(d, &(struct session_news){.event = SESSION_EOF, .has_close_notify = is_clean});
    }
}

static void tell_tls_up(struct driver *d)
{
    char binding[32];
    d->phase = TLS_PHASE_UP;
    if (d->params.before_tls_up != NULL && tls_filter_binding(d->filter, binding)) {
        d->params.before_tls_up(d->params.context, slice_make(binding, sizeof binding));
    }
    tell(d, &(struct session_news){.event = SESSION_TLS_UP, .facts = tls_filter_facts(d->filter)});
}

static void tell_tls_failed(struct driver *d)
{
    struct tls_facts facts = *tls_filter_facts(d->filter); /* the filter may go while it is told */
    d->phase = TLS_PHASE_OVER;
    tell(d, &(struct session_news){.event = SESSION_TLS_FAILED, .facts = &facts});
}

static void tell_input(struct driver *d, bool inside_tls, struct slice bytes)
{
    tap(d, DRIVER_RECEIVED, inside_tls, bytes);
    d->session.ops->on_input(d->session.self, now_of(d), bytes);
}

/* The TLS layer itself wants the connection to end (a deliberate fault of a server). */
static void close_for_filter(struct driver *d)
{
    bool was_up = d->phase == TLS_PHASE_UP;
    struct tls_facts facts = *tls_filter_facts(d->filter);
    flush(d);
    link_close(d->link);
    d->link = NULL;
    filter_drop(d);
    d->phase = TLS_PHASE_OVER;
    if (!was_up) {
        if (facts.why == FAULT_NONE) {
            facts.why = FAULT_TLS_HANDSHAKE;
        }
        tell(d, &(struct session_news){.event = SESSION_TLS_FAILED, .facts = &facts});
    }
    tell_eof(d);
}

/*
 * Hands over one thing the filter has come to: up, plain text, failure, closure, in the order of
 * the wire. False when there was nothing.
 */
static bool drain_filter(struct driver *d)
{
    enum tls_state state = tls_filter_state(d->filter);
    bool has_been_up = state == TLS_UP || tls_filter_facts(d->filter)->is_up;
    struct buf *plain = tls_filter_plain_out(d->filter);
    if (d->phase == TLS_PHASE_HANDSHAKE && has_been_up) {
        tell_tls_up(d);
        return true;
    }
    if (plain->n != 0 && d->phase == TLS_PHASE_UP) {
        tell_input(d, true, buf_slice(plain));
        buf_reset(plain);
        pump(d);
        return true;
    }
    if (state == TLS_FAILED && d->phase != TLS_PHASE_OVER) {
        tell_tls_failed(d);
        return true;
    }
    if (d->link != NULL && tls_filter_wants_close(d->filter)) {
        close_for_filter(d);
        return true;
    }
    if (state == TLS_CLOSED && !d->is_eof_told) {
        tell_eof(d);
        return true;
    }
    return false;
}

static void drain(struct driver *d)
{
    unsigned rounds = 0;
    while (!d->is_done && d->filter != NULL && drain_filter(d)) {
        must(rounds++ < ROUNDS_MAX);
    }
}

/* ---- the way out ---- */

static void set_deadline(struct driver *d)
{
    int64_t deadline_us = d->session.ops->deadline_us(d->session.self);
    bool is_armed = d->timer.heap_index != 0;
    if (d->link == NULL && deadline_us == INT64_MAX) {
        tell_eof(d);
        deadline_us = d->session.ops->deadline_us(d->session.self);
        must(d->is_done || deadline_us != INT64_MAX); /* it would wait for ever */
    }
    /* A deadline that moved away costs nothing: the timer looks again when it fires. */
    if (!d->is_done && deadline_us != INT64_MAX && (!is_armed || deadline_us < d->timer.when_us)) {
        world_timer_start(d->world, &d->timer, deadline_us);
    }
}

static void report_done(struct driver *d)
{
    if (d->is_done && !d->is_reported) {
        d->is_reported = true;
        if (d->params.on_done != NULL) {
            d->params.on_done(d->params.context); /* may free d */
        }
    }
}

static void tell_unsent(struct driver *d)
{
    size_t unsent = d->link != NULL ? link_unsent(d->link) : d->unsent;
    if (unsent != d->unsent && !d->is_done && d->session.ops->on_unsent != NULL) {
        d->unsent = unsent;
        d->session.ops->on_unsent(d->session.self, now_of(d), unsent);
        pump(d);
    }
}

static void settle(struct driver *d)
{
    drain(d);
    flush(d);
    tell_unsent(d);
    if (!d->is_done) {
        set_deadline(d);
    }
}

/* ---- the ways in ---- */

static void on_bytes(void *context, struct slice bytes)
{
    struct driver *d = context;
    if (d->filter != NULL) {
        tls_filter_feed(d->filter, bytes);
    } else if (d->phase != TLS_PHASE_OVER) {
        tell_input(d, false, bytes);
        pump(d);
    }
    settle(d);
    report_done(d);
}

static void on_eof(void *context)
{
    struct driver *d = context;
    if (d->filter != NULL) {
        tls_filter_eof(d->filter);
        drain(d);
    }
    tell_eof(d);
    settle(d);
    report_done(d);
}

static void on_reset(void *context, enum fault fault)
{
    struct driver *d = context;
    (void)fault;
    link_close(d->link);
    d->link = NULL;
    filter_drop(d);
    d->is_eof_told = true; /* a reset says more */
    tell(d, &(struct session_news){.event = SESSION_RESET});
    settle(d);
    report_done(d);
}

static void on_moved(void *context)
{
    struct driver *d = context;
    settle(d);
    report_done(d);
}

/* A session whose deadline has passed again the moment it was heard would keep us here for ever. */
static void count_late(struct driver *d, int64_t now_us)
{
    d->late_count = now_us == d->late_at_us ? d->late_count + 1 : 0;
    d->late_at_us = now_us;
    must(d->late_count < LATE_MAX);
}

static void on_time(struct timer *timer, int64_t now_us)
{
    struct driver *d = timer->context;
    if (!d->is_done) {
        if (d->session.ops->deadline_us(d->session.self) <= now_us) {
            count_late(d, now_us);
            d->session.ops->on_time(d->session.self, now_us);
            pump(d);
        }
        settle(d);
    }
    report_done(d);
}

/* ---- public ---- */

struct driver *driver_new(struct world *world, struct session session,
                          const struct driver_params *params)
{
    struct driver *d = mem_zalloc(1, sizeof *d);
    d->world = world;
    d->session = session;
    d->params = *params;
    d->timer.on_time = on_time;
    d->timer.context = d;
    d->late_at_us = -1;
    buf_init(&d->out, BUF_NO_CAP);
    return d;
}

void driver_free(struct driver *d)
{
    if (d == NULL) {
        return;
    }
    world_timer_stop(d->world, &d->timer);
    close_link(d);
    buf_release(&d->out);
    free(d);
}

/* on_done must not come from inside the caller's call: it is left to the timer. */
static void settle_quietly(struct driver *d)
{
    settle(d);
    if (d->is_done) {
        world_timer_start(d->world, &d->timer, now_of(d));
    }
}

void driver_attach(struct driver *d, struct link *link)
{
    const struct link_handler handler = {.on_bytes = on_bytes,
                                         .on_eof = on_eof,
                                         .on_reset = on_reset,
                                         .on_moved =
                                             d->session.ops->on_unsent != NULL ? on_moved : NULL,
                                         .context = d};
    must(d->link == NULL && !d->is_done);
    d->link = link;
    link_start(link, &handler);
    tell(d, &(struct session_news){.event = SESSION_CONNECTED});
    if (d->params.implicit_tls && d->phase == TLS_PHASE_NONE && d->link != NULL) {
        act_start_tls(d, &(struct session_act){.kind = SESSION_START_TLS});
    }
    settle_quietly(d);
}

void driver_connect_failed(struct driver *d, enum fault fault)
{
    must(d->link == NULL && !d->is_done);
    tell(d, &(struct session_news){.event = SESSION_CONNECT_FAILED, .fault = fault});
    settle_quietly(d);
}

bool driver_is_done(const struct driver *d)
{
    return d->is_done;
}
