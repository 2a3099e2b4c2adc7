/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A buffer that grows under a cap given at init. Reaching the cap is not an error of ours: `is_full`
 * becomes true, the rest is dropped, and the caller decides what that says about the peer.
 * The octets are always followed by a NUL that does not count.
 */
#ifndef SMTPDX_BASE_BUF_H
#define SMTPDX_BASE_BUF_H

#include "base/err.h"
#include "base/slice.h"

#include <string.h>

struct buf {
    char *p;      /* owned; NULL until the first octet */
    size_t n;     /* octets held; never more than max */
    size_t space; /* allocated, not counting the NUL */
    size_t max;   /* the cap */
    bool is_full; /* something was dropped */
};

#define BUF_NO_CAP ((size_t)1 << 30)

void buf_init(struct buf *b, size_t max);
void buf_release(struct buf *b); /* may be called twice */
void buf_reset(struct buf *b);   /* keeps the memory, clears is_full */
void buf_wipe(struct buf *b);    /* zeroes what it held, then reset */

void buf_add_slowly(struct buf *b, struct slice s); /* whatever is needed: growing, the cap */
static inline void buf_add(struct buf *b, struct slice s)
{
    size_t n = b->n + s.n;
    if (s.n == 0 || b->p == NULL || n > b->space || n > b->max) {
        buf_add_slowly(b, s);
        return;
    }
    memcpy(b->p + b->n, s.p, s.n);
    b->n = n;
    b->p[n] = '\0';
}
static inline void buf_add_char(struct buf *b, char c)
{
    buf_add(b, (struct slice){&c, 1});
}
void buf_add_text(struct buf *b, const char *text);
void buf_addf(struct buf *b, const char *format, ...) PRINTF(2, 3);
void buf_drop_front(struct buf *b, size_t n);
void buf_truncate(struct buf *b, size_t n);

struct slice buf_slice(const struct buf *b); /* borrows until the next change */
const char *buf_text(const struct buf *b);   /* never NULL; NUL-terminated */
char *buf_take(struct buf *b);               /* ownership leaves; b is empty after; free() it */

#endif
