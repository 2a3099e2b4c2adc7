/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list of words or phrases by the two characters they begin with, so that at a place in a text
 * only those are compared that can stand there. ASCII case does not count. Built once; read-only
 * afterwards.
 */
#ifndef SMTPDX_DIAGNOSE_STARTS_H
#define SMTPDX_DIAGNOSE_STARTS_H

#include "base/arena.h"

enum { STARTS_CLASSES = 37 }; /* letters, digits, all else */

struct starts {
    uint16_t first[STARTS_CLASSES * STARTS_CLASSES]; /* row + 1; 0: none */
    uint16_t *next;                                  /* by row, as row + 1 */
};

/* text(i) is row i of count, fewer than 65,535. */
void starts_build(struct starts *s, const char *(*text)(size_t i), size_t count,
                  struct arena *arena);
/* The first row, in their order, that begins as the text does, as row + 1; 0: none. */
size_t starts_first(const struct starts *s, struct slice here);
/* The words stand here, in any case. */
static inline bool starts_stand_at(struct slice here, const char *words)
{
    size_t i = 0;
    for (; words[i] != '\0' && i < here.n; i++) {
        char a = words[i], b = here.p[i];
        bool is_equal = a == b || ((a ^ b) == 0x20 && (a | 0x20) >= 'a' && (a | 0x20) <= 'z');
        if (!is_equal) {
            return false;
        }
    }
    return words[i] == '\0';
}

static inline size_t starts_next(const struct starts *s, size_t row_1)
{
    return s->next[row_1 - 1];
}

#endif
