/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many needles, one pass (Aho and Corasick 1975): a text is read once, whatever the number of
 * needles and however they overlap. Internal to redact.c. What is held is wiped when it is freed.
 */
#ifndef SMTPDX_BASE_NEEDLES_H
#define SMTPDX_BASE_NEEDLES_H

#include "base/err.h"

struct needles; /* opaque */

struct needles *needles_new(void);
void needles_free(struct needles *n); /* NULL is fine */

/* A needle with the number of octets beside it that carry a part of it too (base64 that does not
 * begin or end on a boundary), and the owner that a hit reports. Empty needles are a bug. */
struct needle {
    struct slice text;
    size_t left, right;
    uint32_t owner;
};
void needles_add(struct needles *n, const struct needle *needle);

/* What ends at a place of the text. length is 0 when nothing does. */
struct needle_end {
    size_t length, right; /* length counts the left side in */
    uint32_t owner;
};

/* To be called after the last needles_add and before the first needles_step. */
void needles_prepare(struct needles *n);
/* The next state after an octet; the first one is 0. */
uint32_t needles_step(const struct needles *n, uint32_t state, unsigned char c);
const struct needle_end *needles_end(const struct needles *n, uint32_t state);

#endif
