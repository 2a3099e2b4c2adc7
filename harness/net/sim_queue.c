/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of the simulated world in their one order: by time, then by sequence. An event that is due
 * at once goes to the end of a list; one that is delayed waits in the timer heap and joins the list
 * when its time comes. Timers and events are numbered by the same counter, so neither overtakes.
 */
#include "net/sim.h"

#include <stdlib.h>

void sim_queue_add(struct sim_queue *q, struct sim_event *e)
{
    e->next = NULL;
    if (q->last != NULL) {
        q->last->next = e;
    } else {
        q->first = e;
    }
    q->last = e;
}

struct sim_event *sim_queue_take(struct sim_queue *q)
{
    struct sim_event *e = q->first;
    if (e != NULL) {
        q->first = e->next;
        if (q->first == NULL) {
            q->last = NULL;
        }
    }
    return e;
}

struct sim_event *sim_event_new(struct sim_world *w, enum sim_kind kind)
{
    struct sim_event *e = w->spare_events;
    if (e != NULL) {
        w->spare_events = e->next;
    } else {
        e = mem_zalloc(1, sizeof *e);
        e->next_made = w->all_events;
        w->all_events = e;
    }
    e->kind = kind;
    e->to = NULL;
    e->n = 0;
    return e;
}

void sim_event_recycle(struct sim_world *w, struct sim_event *e)
{
    e->next = w->spare_events;
    w->spare_events = e;
}

static void dispatch(struct sim_world *w, struct sim_event *e)
{
    if (e->kind == SIM_ACCEPT || e->kind == SIM_DIALLED) {
        sim_dial_event(w, e);
    } else {
        sim_link_event(w, e);
    }
}

/* Its turn in the heap is its turn among the events too: no second wait in the list. */
static void on_delay_over(struct timer *t, int64_t now_us)
{
    (void)now_us;
    struct sim_world *w = t->context;
    dispatch(w, (struct sim_event *)t); /* the timer is the first member */
}

void sim_event_post(struct sim_world *w, struct sim_event *e, int64_t delay_us)
{
    if (delay_us <= 0) {
        e->sequence = timers_next_sequence(&w->world.timers);
        sim_queue_add(&w->due, e);
        return;
    }
    e->timer.on_time = on_delay_over;
    e->timer.context = w;
    timers_start(&w->world.timers, &e->timer, w->now_us + delay_us, w->now_us);
}

bool sim_step(struct sim_world *w, int64_t limit_us)
{
    const struct timers_entry *first = timers_first(&w->world.timers);
    struct sim_event *e = w->due.first;
    bool is_timer = first != NULL &&
                    (e == NULL || (first->when_us <= w->now_us && first->sequence < e->sequence));
    if (is_timer) {
        if (first->when_us > limit_us) {
            return false;
        }
        if (first->when_us > w->now_us) {
            w->now_us = first->when_us;
        }
        struct timer *t = timers_pop(&w->world.timers);
        t->on_time(t, w->now_us);
        return true;
    }
    if (e == NULL) {
        return false;
    }
    dispatch(w, sim_queue_take(&w->due));
    return true;
}

bool sim_has_more(const struct sim_world *w)
{
    return w->due.first != NULL || timers_first(&w->world.timers) != NULL;
}

void sim_events_release(struct sim_world *w)
{
    while (w->all_events != NULL) {
        struct sim_event *e = w->all_events;
        w->all_events = e->next_made;
        free(e->bytes);
        free(e);
    }
    w->due = (struct sim_queue){NULL, NULL};
    w->spare_events = NULL;
}
