/* SPDX-License-Identifier: Apache-2.0 */
/* See starts.h. */
#include "diagnose/starts.h"

/* clang-format off */
#define O16 36, 36, 36, 36, 36, 36, 36, 36, 36, 36, 36, 36, 36, 36, 36, 36
#define LETTERS 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25
static const uint8_t kinds[256] = {
    O16, O16, O16,
    26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 36, 36, 36, 36, 36,
    36, LETTERS, 36, 36, 36, 36, 36,
    36, LETTERS, 36, 36, 36, 36, 36,
    O16, O16, O16, O16, O16, O16, O16, O16,
};
/* clang-format on */

static size_t kind_at(struct slice s, size_t at)
{
    return at < s.n ? kinds[(unsigned char)s.p[at]] : STARTS_CLASSES - 1;
}

static size_t key_of(struct slice s)
{
    return kind_at(s, 0) * STARTS_CLASSES + kind_at(s, 1);
}

void starts_build(struct starts *s, const char *(*text)(size_t i), size_t count,
                  struct arena *arena)
{
    must(count < UINT16_MAX);
    *s = (struct starts){.next = arena_array(arena, count + 1, sizeof *s->next)};
    for (size_t i = count; i > 0; i--) { /* backwards, so that chains keep the order */
        uint16_t *first = &s->first[key_of(slice_of(text(i - 1)))];
        s->next[i - 1] = *first;
        *first = (uint16_t)i;
    }
}

size_t starts_first(const struct starts *s, struct slice here)
{
    return s->first[key_of(here)];
}
