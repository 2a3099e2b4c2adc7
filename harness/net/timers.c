/* SPDX-License-Identifier: Apache-2.0 */
/* The timer heap; see timers.h. Start and stop take O(log n), the first is at hand. */
#include "net/timers.h"

#include <stdlib.h>

void timers_init(struct timers *ts)
{
    *ts = (struct timers){.n = 0};
}

void timers_release(struct timers *ts)
{
    for (size_t i = 1; i <= ts->n; i++) {
        ts->heap[i].timer->heap_index = 0;
        ts->heap[i].timer->when_us = 0;
    }
    free(ts->heap);
    timers_init(ts);
}

static bool is_before(const struct timers_entry *a, const struct timers_entry *b)
{
    if (a->when_us != b->when_us) {
        return a->when_us < b->when_us;
    }
    return a->sequence < b->sequence;
}

static void put(struct timers *ts, size_t index, struct timers_entry entry)
{
    ts->heap[index] = entry;
    entry.timer->heap_index = index;
}

static void sift_up(struct timers *ts, size_t index, struct timers_entry entry)
{
    while (index > 1 && is_before(&entry, &ts->heap[index / 2])) {
        put(ts, index, ts->heap[index / 2]);
        index /= 2;
    }
    put(ts, index, entry);
}

static void sift_down(struct timers *ts, size_t index, struct timers_entry entry)
{
    for (;;) {
        size_t child = index * 2;
        if (child > ts->n) {
            break;
        }
        if (child < ts->n && is_before(&ts->heap[child + 1], &ts->heap[child])) {
            child++;
        }
        if (!is_before(&ts->heap[child], &entry)) {
            break;
        }
        put(ts, index, ts->heap[child]);
        index = child;
    }
    put(ts, index, entry);
}

/* Puts entry at a free place in the middle: it may have to go either way. */
static void settle(struct timers *ts, size_t index, struct timers_entry entry)
{
    if (index > 1 && is_before(&entry, &ts->heap[index / 2])) {
        sift_up(ts, index, entry);
    } else {
        sift_down(ts, index, entry);
    }
}

static void make_room(struct timers *ts)
{
    if (ts->n + 2 > ts->space) {
        ts->space = ts->space == 0 ? 64 : ts->space * 2;
        ts->heap = mem_realloc(ts->heap, ts->space * sizeof *ts->heap);
    }
}

void timers_start(struct timers *ts, struct timer *t, int64_t when_us, int64_t now_us)
{
    t->when_us = when_us > 0 ? when_us : 1;
    struct timers_entry entry = {when_us > now_us ? when_us : now_us, timers_next_sequence(ts), t};
    if (timers_is_armed(t)) {
        settle(ts, t->heap_index, entry);
        return;
    }
    make_room(ts);
    ts->n++;
    sift_up(ts, ts->n, entry);
}

void timers_stop(struct timers *ts, struct timer *t)
{
    if (!timers_is_armed(t)) {
        return;
    }
    size_t index = t->heap_index;
    must(index <= ts->n && ts->heap[index].timer == t);
    t->heap_index = 0;
    t->when_us = 0;
    struct timers_entry last = ts->heap[ts->n];
    ts->n--;
    if (index <= ts->n) {
        settle(ts, index, last);
    }
}

bool timers_is_armed(const struct timer *t)
{
    return t->heap_index != 0;
}

const struct timers_entry *timers_first(const struct timers *ts)
{
    return ts->n != 0 ? &ts->heap[1] : NULL;
}

struct timer *timers_pop(struct timers *ts)
{
    must(ts->n != 0);
    struct timer *t = ts->heap[1].timer;
    timers_stop(ts, t);
    return t;
}

uint64_t timers_next_sequence(struct timers *ts)
{
    return ++ts->last_sequence;
}
