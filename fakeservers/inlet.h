/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client sent and the fake has not looked at yet, with the time each part arrived, and the
 * command splitter. Own code on purpose: nothing here is shared with the client under test. The
 * answer never depends on where the network cut the octets.
 */
#ifndef SMTPDX_FAKESERVERS_INLET_H
#define SMTPDX_FAKESERVERS_INLET_H

#include "base/buf.h"

enum {
    INLET_LINE_MAX = 2048,  /* RFC 5321 4.5.3.1.4 asks for 512; parameters may lengthen it */
    INLET_SASL_MAX = 32768, /* RFC 4954 4 asks for 12,288; a 12 kB token in base64 needs more */
    INLET_HEAD_MAX = 80,    /* what is kept of a line that was too long */
    INLET_PENDING_MAX = 1 << 27, /* a client that talks into a stall is cut off here */
    INLET_MARKS = 64,
};

struct inlet_mark {
    uint64_t end;  /* octets up to here, counted from the start of the connection … */
    int64_t at_us; /* … had arrived at this time */
};

struct inlet {
    struct buf pending;
    size_t at;      /* first octet of pending not yet taken */
    size_t scanned; /* octets behind `at` known to hold no LF */
    uint64_t taken; /* octets taken since the start */
    struct inlet_mark marks[INLET_MARKS];
    size_t mark_count;
    bool is_skipping; /* the start of a line that is too long was dropped */
    char head[INLET_HEAD_MAX];
};

struct inlet_line {
    struct slice text; /* without line end; borrows until the next call; the head if too long */
    int64_t at_us;     /* arrival of its last octet */
    bool is_too_long, has_bare_lf;
};

void inlet_init(struct inlet *in);
void inlet_release(struct inlet *in);

void inlet_add(struct inlet *in, int64_t now_us, struct slice bytes);
struct slice inlet_peek(const struct inlet *in); /* everything not yet taken */
void inlet_take(struct inlet *in, size_t n);
int64_t inlet_arrival(const struct inlet *in); /* of the octet taken last */
/* The next line, when it is complete. A line over max octets (INLET_SASL_MAX when it begins with
 * AUTH) is dropped up to its LF and reported as too long. */
bool inlet_line(struct inlet *in, size_t max, struct inlet_line *out);
void inlet_clear(struct inlet *in); /* forgets what was not taken */

/* Reads a message up to CRLF . CRLF and undoes dot-stuffing (RFC 5321 4.5.2). A dot between bare
 * LFs ends nothing: that is how messages are smuggled. */
enum body_state { BODY_LINE_START, BODY_DOT, BODY_DOT_CR, BODY_CR, BODY_INSIDE, BODY_END };
/* Takes what it can of in and appends to out (which caps itself); n of octets taken. size counts
 * all octets of the message, kept or not. */
size_t body_read(enum body_state *state, struct slice in, struct buf *out, uint64_t *size);

#endif
