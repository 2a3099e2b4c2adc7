/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Simulated connections: two ends, and the events on their way between them. A direction keeps its
 * order because its latency does not change. The plan of a listener shapes what its side sends:
 * pieces, and one fault at an exact octet. An end that its owner has closed takes in and forgets
 * what still arrives, as the sockets do while they linger.
 */
#include "net/sim.h"

#include <stdlib.h>
#include <string.h>

static struct sim_world *world_of(const struct sim_link *l)
{
    return (struct sim_world *)l->link.world;
}

static bool hears(const struct sim_link *l)
{
    return l->is_started && !l->is_closed && !l->is_broken;
}

static void end_init(struct sim_link *l, struct sim_world *w, struct sim_pair *pair,
                     struct sim_link *peer)
{
    *l = (struct sim_link){.link.world = &w->world, .pair = pair, .peer = peer};
}

struct sim_pair *sim_pair_new(struct sim_world *w, const struct link_plan *plan)
{
    struct sim_pair *pair = w->spare_pairs;
    if (pair != NULL) {
        w->spare_pairs = pair->next_spare;
    } else {
        pair = mem_zalloc(1, sizeof *pair);
        pair->next_made = w->all_pairs;
        w->all_pairs = pair;
    }
    pair->latency_us = plan->latency_us;
    pair->events = 0;
    end_init(&pair->end[0], w, pair, &pair->end[1]);
    end_init(&pair->end[1], w, pair, &pair->end[0]);
    struct sim_link *planned = &pair->end[plan->is_of_dialler ? 0 : 1];
    planned->has_plan = plan->fault != LINK_FAULT_NONE || plan->chunk != 0;
    planned->plan = *plan;
    return pair;
}

void sim_pairs_release(struct sim_world *w)
{
    while (w->all_pairs != NULL) {
        struct sim_pair *pair = w->all_pairs;
        w->all_pairs = pair->next_made;
        free(pair);
    }
    w->spare_pairs = NULL;
}

/* The pair is spare once both owners have let go and nothing is under way. */
static void pair_retire(struct sim_world *w, struct sim_pair *pair)
{
    if (pair->end[0].is_closed && pair->end[1].is_closed && pair->events == 0) {
        pair->next_spare = w->spare_pairs;
        w->spare_pairs = pair;
    }
}

static struct sim_event *event_to(struct sim_link *to, enum sim_kind kind)
{
    struct sim_event *e = sim_event_new(world_of(to), kind);
    e->to = to;
    to->pair->events++;
    return e;
}

static void event_done(struct sim_world *w, struct sim_event *e)
{
    struct sim_pair *pair = e->to->pair;
    sim_event_recycle(w, e);
    pair->events--;
    pair_retire(w, pair);
}

/* ---- arriving ---- */

/* The number of octets in the inbox changes: the writer may have to hear of it. */
static void count_waiting(struct sim_world *w, struct sim_link *l, size_t waiting)
{
    size_t before = l->waiting;
    l->waiting = waiting;
    if ((before > SIM_WINDOW || waiting > SIM_WINDOW) && hears(l->peer) &&
        l->peer->handler.on_moved != NULL) {
        sim_event_post(w, event_to(l->peer, SIM_MOVED), 0);
    }
}

static void deliver_bytes(struct sim_world *w, const struct sim_event *e)
{
    struct sim_link *to = e->to;
    struct sim_link *from = to->peer;
    from->pending -= e->n;
    if (from->pending == 0 && hears(from) && from->handler.on_drained != NULL) {
        sim_event_post(w, event_to(from, SIM_DRAINED), 0);
    }
    if (hears(to)) {
        to->handler.on_bytes(to->handler.context, slice_make(e->bytes, e->n));
    }
}

static void deliver(struct sim_world *w, struct sim_event *e)
{
    struct sim_link *to = e->to;
    void *context = to->handler.context;
    if (e->kind == SIM_BYTES) {
        deliver_bytes(w, e);
    } else if (!hears(to)) {
        /* its owner is not interested any more */
    } else if (e->kind == SIM_FIN) {
        to->handler.on_eof(context);
    } else if (e->kind == SIM_RESET) {
        to->is_broken = true;
        to->handler.on_reset(context, FAULT_CONNECTION_RESET);
    } else if (e->kind == SIM_DRAINED && to->pending == 0) {
        to->handler.on_drained(context);
    } else if (e->kind == SIM_MOVED) {
        to->handler.on_moved(context);
    }
    event_done(w, e);
}

static void deliver_from_inbox(struct sim_world *w, struct sim_link *l)
{
    struct sim_event *e = l->is_paused ? NULL : sim_queue_take(&l->inbox);
    if (e != NULL) {
        count_waiting(w, l, l->waiting - e->n);
        deliver(w, e);
    }
}

/* Does it stand behind what waits? News of our own writing and a reset do not. */
static bool keeps_order(const struct sim_event *e)
{
    return e->kind == SIM_BYTES || e->kind == SIM_FIN;
}

void sim_link_event(struct sim_world *w, struct sim_event *e)
{
    struct sim_link *to = e->to;
    if (e->kind == SIM_WAKE) {
        deliver_from_inbox(w, to);
        event_done(w, e);
        return;
    }
    bool is_free = to->inbox.first == NULL && !to->is_paused;
    if (to->is_closed || (to->is_started && (is_free || (to->is_paused && !keeps_order(e))))) {
        deliver(w, e);
        return;
    }
    sim_queue_add(&to->inbox, e); /* behind what waits already */
    count_waiting(w, to, to->waiting + e->n);
    if (to->is_started) {
        deliver_from_inbox(w, to);
    }
}

/* ---- leaving ---- */

static void post(struct sim_link *from, enum sim_kind kind)
{
    if (!from->is_silent) {
        sim_event_post(world_of(from), event_to(from->peer, kind), from->pair->latency_us);
    }
}

static struct sim_event *bytes_event(struct sim_link *from, struct slice bytes)
{
    struct sim_event *e = event_to(from->peer, SIM_BYTES);
    if (e->space < bytes.n) {
        e->space = bytes.n < 256 ? 256 : bytes.n;
        free(e->bytes);
        e->bytes = mem_alloc(e->space);
    }
    memcpy(e->bytes, bytes.p, bytes.n);
    e->n = bytes.n;
    from->pending += bytes.n;
    return e;
}

static void strike(struct sim_link *l)
{
    if (l->plan.fault == LINK_FAULT_CUT) {
        post(l, SIM_FIN);
    } else if (l->plan.fault == LINK_FAULT_RESET) {
        post(l, SIM_RESET);
        sim_event_post(world_of(l), event_to(l, SIM_RESET), 0);
    }
    l->is_silent = true;
}

static bool stops_the_line(enum link_fault fault)
{
    return fault == LINK_FAULT_CUT || fault == LINK_FAULT_STALL || fault == LINK_FAULT_RESET;
}

void sim_link_begin(struct sim_link *l)
{
    if (stops_the_line(l->plan.fault) && l->plan.at_octet == 0) {
        strike(l);
    }
}

static void send_piece(struct sim_link *l, struct slice piece)
{
    struct sim_event *e = bytes_event(l, piece);
    if (l->plan.fault == LINK_FAULT_GARBLE && l->plan.at_octet >= l->passed &&
        l->plan.at_octet - l->passed < piece.n) {
        char *octet = &e->bytes[l->plan.at_octet - l->passed];
        *octet = (char)~(unsigned char)*octet;
    }
    l->passed += piece.n;
    sim_event_post(world_of(l), e, l->pair->latency_us);
}

static size_t piece_size(const struct sim_link *l, size_t n)
{
    size_t size = n < SIM_SEGMENT_MAX ? n : SIM_SEGMENT_MAX;
    if (l->plan.chunk != 0 && size > l->plan.chunk) {
        size = l->plan.chunk;
    }
    if (stops_the_line(l->plan.fault) && size > l->plan.at_octet - l->passed) {
        size = (size_t)(l->plan.at_octet - l->passed);
    }
    return size;
}

static void write_planned(struct sim_link *l, struct slice bytes)
{
    while (bytes.n != 0 && !l->is_silent) {
        struct slice piece = slice_sub(bytes, 0, piece_size(l, bytes.n));
        bytes = slice_from(bytes, piece.n);
        send_piece(l, piece);
        if (stops_the_line(l->plan.fault) && l->passed == l->plan.at_octet) {
            strike(l);
        }
    }
}

/* Nothing passes: it counts as gone, so that the writer's memory does not fill. */
static void swallow(struct sim_link *l)
{
    if (l->pending == 0 && l->handler.on_drained != NULL) {
        sim_event_post(world_of(l), event_to(l, SIM_DRAINED), 0);
    }
}

void sim_link_write(struct link *link, struct slice bytes)
{
    struct sim_link *l = (struct sim_link *)link;
    must(!l->is_closed);
    if (l->is_broken || l->has_fin) {
        return;
    }
    if (l->has_plan) {
        write_planned(l, bytes);
        if (l->is_silent) {
            swallow(l);
        }
        return;
    }
    while (bytes.n != 0) {
        struct slice piece = slice_sub(bytes, 0, SIM_SEGMENT_MAX);
        bytes = slice_from(bytes, piece.n);
        sim_event_post(world_of(l), bytes_event(l, piece), l->pair->latency_us);
    }
}

/* One turn for each event that waits. */
static void wake(struct sim_link *l)
{
    for (const struct sim_event *e = l->inbox.first; e != NULL; e = e->next) {
        sim_event_post(world_of(l), event_to(l, SIM_WAKE), 0);
    }
}

void sim_link_start(struct link *link, const struct link_handler *handler)
{
    struct sim_link *l = (struct sim_link *)link;
    must(!l->is_closed && !l->is_started);
    l->handler = *handler;
    l->is_started = true;
    wake(l);
}

void sim_link_pause(struct link *link, bool is_paused)
{
    struct sim_link *l = (struct sim_link *)link;
    must(!l->is_closed);
    bool was_paused = l->is_paused;
    l->is_paused = is_paused;
    if (was_paused && !is_paused && l->is_started) {
        wake(l);
    }
}

void sim_link_shutdown(struct link *link)
{
    struct sim_link *l = (struct sim_link *)link;
    must(!l->is_closed);
    if (!l->has_fin && !l->is_broken) {
        post(l, SIM_FIN);
        l->has_fin = true;
    }
}

static void let_go(struct sim_link *l)
{
    struct sim_world *w = world_of(l);
    l->is_closed = true;
    struct sim_pair *pair = l->pair;
    pair->events++; /* holds the pair while the inbox is emptied */
    count_waiting(w, l, 0);
    struct sim_event *e = sim_queue_take(&l->inbox);
    while (e != NULL) {
        deliver(w, e); /* nobody hears: only the accounts are settled */
        e = sim_queue_take(&l->inbox);
    }
    pair->events--;
    pair_retire(w, pair);
}

void sim_link_reset(struct link *link)
{
    struct sim_link *l = (struct sim_link *)link;
    must(!l->is_closed);
    if (!l->is_broken) {
        post(l, SIM_RESET);
    }
    let_go(l);
}

void sim_link_close(struct link *link)
{
    sim_link_shutdown(link);
    let_go((struct sim_link *)link);
}

size_t sim_link_pending(const struct link *link)
{
    return ((const struct sim_link *)link)->pending;
}

size_t sim_link_unsent(const struct link *link)
{
    size_t waiting = ((const struct sim_link *)link)->peer->waiting;
    return waiting > SIM_WINDOW ? waiting - SIM_WINDOW : 0;
}
