/* SPDX-License-Identifier: Apache-2.0 */
/* A growing buffer with a cap; see buf.h for what reaching the cap means. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.max = max < BUF_NO_CAP ? max : BUF_NO_CAP};
}

void buf_release(struct buf *b)
{
    free(b->p);
    size_t max = b->max;
    *b = (struct buf){.max = max};
}

void buf_reset(struct buf *b)
{
    buf_truncate(b, 0);
    b->is_full = false;
}

void buf_wipe(struct buf *b)
{
    if (b->p != NULL) {
        explicit_bzero(b->p, b->space);
    }
    buf_reset(b);
}

static void reserve(struct buf *b, size_t total)
{
    if (total <= b->space && b->p != NULL) {
        return;
    }
    size_t space = b->space != 0 ? b->space : 64;
    while (space < total) {
        space *= 2;
    }
    b->p = mem_realloc(b->p, space + 1);
    b->space = space;
}

void buf_add_slowly(struct buf *b, struct slice s)
{
    size_t room = b->max - b->n;
    if (s.n > room) {
        b->is_full = true;
        s.n = room;
    }
    if (s.n == 0) {
        return;
    }
    reserve(b, b->n + s.n);
    memcpy(b->p + b->n, s.p, s.n);
    b->n += s.n;
    b->p[b->n] = '\0';
}

void buf_add_text(struct buf *b, const char *text)
{
    buf_add(b, slice_of(text));
}

void buf_addf(struct buf *b, const char *format, ...)
{
    char small[512];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(small, sizeof small, format, args);
    va_end(args);
    must(n >= 0);
    if ((size_t)n < sizeof small) {
        buf_add(b, slice_make(small, (size_t)n));
        return;
    }
    char *large = mem_alloc((size_t)n + 1);
    va_start(args, format);
    vsnprintf(large, (size_t)n + 1, format, args);
    va_end(args);
    buf_add(b, slice_make(large, (size_t)n));
    free(large);
}

void buf_drop_front(struct buf *b, size_t n)
{
    must(n <= b->n);
    if (n == 0) {
        return;
    }
    memmove(b->p, b->p + n, b->n - n);
    buf_truncate(b, b->n - n);
}

void buf_truncate(struct buf *b, size_t n)
{
    must(n <= b->n);
    b->n = n;
    if (b->p != NULL) {
        b->p[n] = '\0';
    }
}

struct slice buf_slice(const struct buf *b)
{
    return slice_make(b->p, b->n);
}

const char *buf_text(const struct buf *b)
{
    return b->p != NULL ? b->p : "";
}

char *buf_take(struct buf *b)
{
    char *p = b->p != NULL ? b->p : mem_strdup("");
    b->p = NULL;
    buf_release(b);
    return p;
}
