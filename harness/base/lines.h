/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cuts a stream of octets into lines under a cap, in constant memory: the caller reads into the room
 * it is given, and takes lines out. A line ends in LF (a CR before it goes with it) or at the end of
 * the stream. Any octets may come; NUL is one of them.
 */
#ifndef SMTPDX_BASE_LINES_H
#define SMTPDX_BASE_LINES_H

#include "base/err.h"
#include "base/slice.h"

/* Fields are the reader's own. */
struct lines {
    char *p; /* owned */
    size_t space, from, to;
    size_t seen;        /* [from, seen) holds no LF */
    bool is_ended;      /* no more octets will come */
    bool is_skipping;   /* behind the cap of a line that was handed out already */
    unsigned long line; /* number of the line handed out last, from 1 */
};

struct line {
    struct slice text;    /* without its end; borrowed until the next call */
    unsigned long number; /* from 1 */
    bool is_cut;          /* longer than the cap: the rest was dropped */
};

/* max: longest line in octets. */
void lines_init(struct lines *l, size_t max);
void lines_release(struct lines *l); /* may be called twice */

/* Where to read to; *room octets, never 0 after lines_next said false. */
char *lines_room(struct lines *l, size_t *room);
void lines_added(struct lines *l, size_t n); /* 0: the stream has ended */

/* False: octets are wanted, or (when is_ended) nothing is left. */
bool lines_next(struct lines *l, struct line *out) MUST_USE;

#endif
