/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fake's own command splitter and message reader (RFC 5321 2.3.8, 4.1.1.4, 4.5.2).
 */
#include "fakeservers/inlet.h"

#include <string.h>

void inlet_init(struct inlet *in)
{
    *in = (struct inlet){0};
    buf_init(&in->pending, INLET_PENDING_MAX);
}

void inlet_release(struct inlet *in)
{
    buf_release(&in->pending);
}

static void inlet_mark(struct inlet *in, int64_t now_us)
{
    uint64_t end = in->taken + (in->pending.n - in->at);
    if (in->mark_count > 0 && in->marks[in->mark_count - 1].at_us == now_us) {
        in->marks[in->mark_count - 1].end = end;
        return;
    }
    if (in->mark_count == INLET_MARKS) { /* the finest times go first */
        memmove(in->marks, in->marks + 1, sizeof in->marks - sizeof in->marks[0]);
        in->mark_count--;
    }
    in->marks[in->mark_count++] = (struct inlet_mark){end, now_us};
}

void inlet_add(struct inlet *in, int64_t now_us, struct slice bytes)
{
    if (bytes.n == 0) {
        return;
    }
    if (in->at > 0 && (in->at == in->pending.n || in->at > 65536)) {
        buf_drop_front(&in->pending, in->at);
        in->at = 0;
    }
    buf_add(&in->pending, bytes);
    inlet_mark(in, now_us);
}

struct slice inlet_peek(const struct inlet *in)
{
    return slice_from(buf_slice(&in->pending), in->at);
}

void inlet_take(struct inlet *in, size_t n)
{
    must(n <= in->pending.n - in->at);
    in->at += n;
    in->taken += n;
    in->scanned = 0;
}

int64_t inlet_arrival(const struct inlet *in)
{
    for (size_t i = 0; i < in->mark_count; i++) {
        if (in->marks[i].end >= in->taken) {
            return in->marks[i].at_us;
        }
    }
    return in->mark_count > 0 ? in->marks[in->mark_count - 1].at_us : 0;
}

void inlet_clear(struct inlet *in)
{
    inlet_take(in, inlet_peek(in).n);
    in->is_skipping = false;
}

static bool inlet_is_auth(struct slice line)
{
    return slice_has_prefix_nocase(line, SLICE("AUTH "));
}

/* Drops the octets of a line that is too long and has not ended yet; keeps its head. */
static void inlet_skip(struct inlet *in, struct slice seen)
{
    if (!in->is_skipping) {
        memcpy(in->head, seen.p, INLET_HEAD_MAX);
        in->is_skipping = true;
    }
    inlet_take(in, seen.n);
}

bool inlet_line(struct inlet *in, size_t max, struct inlet_line *out)
{
    struct slice seen = inlet_peek(in);
    if (inlet_is_auth(seen)) {
        max = INLET_SASL_MAX;
    }
    size_t lf = slice_find_char(slice_from(seen, in->scanned), '\n');
    if (lf == SIZE_MAX) {
        in->scanned = seen.n;
        if (seen.n > max + 1 || in->is_skipping) { /* + 1: the CR of a line that just fits */
            inlet_skip(in, seen);
        }
        return false;
    }
    size_t n = in->scanned + lf;
    bool has_cr = n > 0 && seen.p[n - 1] == '\r';
    *out = (struct inlet_line){.text = slice_sub(seen, 0, n - has_cr), .has_bare_lf = !has_cr};
    if (in->is_skipping || out->text.n > max) {
        if (!in->is_skipping) {
            memcpy(in->head, seen.p, INLET_HEAD_MAX);
        }
        out->text = slice_make(in->head, INLET_HEAD_MAX);
        out->is_too_long = true;
        out->has_bare_lf = false; /* not known for a line that came in pieces */
        in->is_skipping = false;
    }
    inlet_take(in, n + 1);
    out->at_us = inlet_arrival(in);
    return true;
}

/* clang-format off */
/* What each octet does to the message: next state, and whether a withheld CR comes out first. */
static const struct body_arc { enum body_state next; bool is_kept; } arcs[][3] = {
    /*                    CR                     LF                        other              */
    [BODY_LINE_START] = { {BODY_CR, true},      {BODY_INSIDE, true},     {BODY_INSIDE, true} },
    [BODY_DOT]        = { {BODY_DOT_CR, false}, {BODY_INSIDE, true},     {BODY_INSIDE, true} },
    [BODY_DOT_CR]     = { {BODY_CR, true},      {BODY_END, false},       {BODY_INSIDE, true} },
    [BODY_CR]         = { {BODY_CR, true},      {BODY_LINE_START, true}, {BODY_INSIDE, true} },
    [BODY_INSIDE]     = { {BODY_CR, true},      {BODY_INSIDE, true},     {BODY_INSIDE, true} },
};
/* clang-format on */

/* Octets that leave the state as it is: all up to the next CR inside a line. */
static size_t body_run(enum body_state state, struct slice in)
{
    if (state != BODY_INSIDE) {
        return 0;
    }
    size_t cr = slice_find_char(in, '\r');
    return cr == SIZE_MAX ? in.n : cr;
}

size_t body_read(enum body_state *state, struct slice in, struct buf *out, uint64_t *size)
{
    size_t i = 0;
    while (i < in.n && *state != BODY_END) {
        size_t run = body_run(*state, slice_from(in, i));
        if (run > 0) {
            buf_add(out, slice_sub(in, i, run));
            *size += run;
            i += run;
            continue;
        }
        char c = in.p[i++];
        if (*state == BODY_LINE_START && c == '.') {
            *state = BODY_DOT;
            continue;
        }
        const struct body_arc *arc = &arcs[*state][c == '\r' ? 0 : c == '\n' ? 1 : 2];
        if (*state == BODY_DOT_CR && arc->next != BODY_END) {
            buf_add_char(out, '\r'); /* the CR behind the dot was text after all */
            *size += 1;
        }
        if (arc->is_kept) {
            buf_add_char(out, c);
            *size += 1;
        }
        *state = arc->next;
    }
    return i;
}
