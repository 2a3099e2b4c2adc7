/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The timers of one world: a binary heap ordered by time and, at the same time, by sequence, so
 * that both worlds call back in the same order every time. The heap keeps its keys beside the
 * pointers: sifting touches a caller's timer only to tell it its new place.
 */
#ifndef SMTPDX_NET_TIMERS_H
#define SMTPDX_NET_TIMERS_H

#include "net/world.h"

struct timers_entry {
    int64_t when_us;
    uint64_t sequence;
    struct timer *timer;
};

struct timers {
    struct timers_entry *heap; /* owned; from index 1, so that heap_index 0 means "not armed" */
    size_t n, space;
    uint64_t last_sequence;
};

void timers_init(struct timers *ts);
void timers_release(struct timers *ts); /* the timers themselves are their owners' */

/* Arms or re-arms; a time that has passed counts as now_us. */
void timers_start(struct timers *ts, struct timer *t, int64_t when_us, int64_t now_us);
void timers_stop(struct timers *ts, struct timer *t); /* fine when not armed */
bool timers_is_armed(const struct timer *t);

/* The next to be due, or NULL. Borrowed until the next change. */
const struct timers_entry *timers_first(const struct timers *ts);
/* Takes the first off; its timer is disarmed. Only when there is one. */
struct timer *timers_pop(struct timers *ts);
/* A number behind all given so far, for events that are ordered among the timers. */
uint64_t timers_next_sequence(struct timers *ts);

#endif
