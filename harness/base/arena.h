/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An arena lives as long as one file or one scenario; what it hands out is freed all at once.
 */
#ifndef SMTPDX_BASE_ARENA_H
#define SMTPDX_BASE_ARENA_H

#include "base/err.h"
#include "base/slice.h"

struct arena_block;
struct arena {
    struct arena_block *blocks;
};

void arena_init(struct arena *a);
void arena_release(struct arena *a); /* may be called twice */
void arena_reset(struct arena *a);   /* all that was handed out is gone; the newest block stays for more */

void *arena_alloc(struct arena *a, size_t n); /* zeroed, aligned for any type */
void *arena_array(struct arena *a, size_t count, size_t size); /* zeroed; overflow is a bug */
struct slice arena_copy(struct arena *a, struct slice s); /* the copy is followed by a NUL */
char *arena_text(struct arena *a, struct slice s);        /* NUL-terminated; stops at no NUL inside */
char *arena_join(struct arena *a, const struct slice *parts, size_t count); /* NUL-terminated */
char *arena_printf(struct arena *a, const char *format, ...) PRINTF(2, 3);

#endif
