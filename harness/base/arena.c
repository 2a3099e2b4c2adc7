/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is freed all at once. Blocks double up to 64 KiB; larger requests get their own. */
#include "base/arena.h"

#include <stdalign.h>
#include <stddef.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
    struct arena_block *next;
    size_t used, space;
    alignas(max_align_t) char bytes[];
};

enum { BLOCK_FIRST = 1024, BLOCK_LARGEST = 64 * 1024 };

void arena_init(struct arena *a)
{
    a->blocks = NULL;
}

void arena_release(struct arena *a)
{
    struct arena_block *b = a->blocks;
    while (b != NULL) {
        struct arena_block *next = b->next;
        free(b);
        b = next;
    }
    a->blocks = NULL;
}

void arena_reset(struct arena *a)
{
    struct arena_block *b = a->blocks;
    if (b != NULL) {
        struct arena rest = {b->next};
        arena_release(&rest);
        b->next = NULL;
        b->used = 0;
    }
}

static struct arena_block *add_block(struct arena *a, size_t n)
{
    size_t space = a->blocks != NULL ? a->blocks->space * 2 : BLOCK_FIRST;
    space = space < BLOCK_LARGEST ? space : BLOCK_LARGEST;
    space = space > n ? space : n;
    struct arena_block *b = mem_alloc(sizeof *b + space);
    *b = (struct arena_block){.next = a->blocks, .space = space};
    a->blocks = b;
    return b;
}

void *arena_alloc(struct arena *a, size_t n)
{
    const size_t unit = alignof(max_align_t);
    must(n < SIZE_MAX - 2 * unit);
    n = (n + unit - 1) / unit * unit;
    struct arena_block *b = a->blocks;
    if (b == NULL || b->space - b->used < n) {
        b = add_block(a, n);
    }
    void *p = b->bytes + b->used;
    b->used += n;
    return memset(p, 0, n);
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
    must(size == 0 || count <= SIZE_MAX / 4 / size);
    return arena_alloc(a, count * size);
}

struct slice arena_copy(struct arena *a, struct slice s)
{
    return slice_make(arena_text(a, s), s.n);
}

char *arena_text(struct arena *a, struct slice s)
{
    char *p = arena_alloc(a, s.n + 1);
    if (s.n != 0) {
        memcpy(p, s.p, s.n);
    }
    return p;
}

char *arena_join(struct arena *a, const struct slice *parts, size_t count)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        n += parts[i].n;
    }
    char *out = arena_alloc(a, n + 1), *p = out;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].n != 0) {
            memcpy(p, parts[i].p, parts[i].n);
            p += parts[i].n;
        }
    }
    return out;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
    char small[256];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(small, sizeof small, format, args);
    va_end(args);
    must(n >= 0);
    if ((size_t)n < sizeof small) {
        return arena_text(a, slice_make(small, (size_t)n));
    }
    char *p = arena_alloc(a, (size_t)n + 1);
    va_start(args, format);
    vsnprintf(p, (size_t)n + 1, format, args);
    va_end(args);
    return p;
}
