/* SPDX-License-Identifier: Apache-2.0 */
/* SplitMix64 (Steele, Lea, Flood 2014): one word of state, any seed is a good seed. */
#include "base/rng.h"

#include "base/err.h"

void rng_init(struct rng *r, uint64_t seed)
{
    r->state = seed;
}

uint64_t rng_next(struct rng *r)
{
    r->state += 0x9e3779b97f4a7c15U;
    uint64_t z = r->state;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    return z ^ z >> 31;
}

uint64_t rng_below(struct rng *r, uint64_t limit)
{
    must(limit > 0);
    /* numbers below 2^64 mod limit are drawn again, so that every remainder is equally likely */
    const uint64_t too_low = (0 - limit) % limit;
    uint64_t value = rng_next(r);
    while (value < too_low) {
        value = rng_next(r);
    }
    return value % limit;
}

void rng_text(struct rng *r, char *text, size_t n)
{
    static const char characters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    for (size_t i = 0; i < n; i++) {
        text[i] = characters[rng_below(r, sizeof characters - 1)];
    }
    text[n] = '\0';
}
