/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Randomness as a parameter: the same seed gives the same numbers, so that a run repeats.
 * Not for keys: those come from OpenSSL.
 */
#ifndef SMTPDX_BASE_RNG_H
#define SMTPDX_BASE_RNG_H

#include "base/slice.h"

struct rng {
    uint64_t state;
};

void rng_init(struct rng *r, uint64_t seed);
uint64_t rng_next(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t limit); /* 0 … limit-1; limit > 0 */
/* Fills text with n characters of [A-Za-z0-9] and a NUL; text holds n + 1. */
void rng_text(struct rng *r, char *text, size_t n);

#endif
