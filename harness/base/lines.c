/* SPDX-License-Identifier: Apache-2.0 */
/* See lines.h. The buffer holds at least two lines of the cap, so that moving is rare. */
#include "base/lines.h"

#include <stdlib.h>
#include <string.h>

void lines_init(struct lines *l, size_t max)
{
    must(max != 0 && max < SIZE_MAX / 4);
    *l = (struct lines){.p = mem_alloc(2 * max + 2), .space = max + 1};
}

void lines_release(struct lines *l)
{
    free(l->p);
    *l = (struct lines){.is_ended = true};
}

char *lines_room(struct lines *l, size_t *room)
{
    size_t whole = 2 * l->space;
    if (l->from != 0 && (l->from == l->to || l->to > whole / 2)) {
        memmove(l->p, l->p + l->from, l->to - l->from);
        l->seen -= l->from;
        l->to -= l->from;
        l->from = 0;
    }
    *room = whole - l->to;
    return l->p + l->to;
}

void lines_added(struct lines *l, size_t n)
{
    must(n <= 2 * l->space - l->to);
    l->to += n;
    l->is_ended = n == 0;
}

static struct slice without_cr(const char *p, size_t n)
{
    return (struct slice){p, n != 0 && p[n - 1] == '\r' ? n - 1 : n};
}

/* The rest of a line that was too long; true when its end has come. */
static bool skip_rest(struct lines *l)
{
    const char *end = memchr(l->p + l->from, '\n', l->to - l->from);
    l->from = end != NULL ? (size_t)(end - l->p) + 1 : l->to;
    l->seen = l->from;
    l->is_skipping = end == NULL;
    return end != NULL;
}

/* n octets of text and its LF, when that has come. */
static bool hand_out(struct lines *l, size_t n, size_t used, struct line *out)
{
    size_t max = l->space - 1;
    out->text = without_cr(l->p + l->from, n);
    bool is_cut = out->text.n > max;
    if (is_cut) {
        out->text.n = used = max;
    }
    out->number = ++l->line;
    out->is_cut = is_cut;
    l->from += used;
    l->seen = l->from;
    l->is_skipping = is_cut;
    return true;
}

bool lines_next(struct lines *l, struct line *out)
{
    if (l->from == l->to || (l->is_skipping && !skip_rest(l))) {
        return false;
    }
    const char *end = memchr(l->p + l->seen, '\n', l->to - l->seen);
    size_t n = (end != NULL ? (size_t)(end - l->p) : l->to) - l->from;
    if (end != NULL || n > l->space || (l->is_ended && n != 0)) {
        return hand_out(l, n, end != NULL ? n + 1 : n, out);
    }
    l->seen = l->to;
    return false;
}
