/* SPDX-License-Identifier: Apache-2.0 */
/* Sixteen octets at a time, in the vector types that GCC and clang have for every processor. */
#ifndef SMTPDX_BASE_OCTETS_H
#define SMTPDX_BASE_OCTETS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef signed char octets16 __attribute__((vector_size(16)));
typedef char octets16_char __attribute__((vector_size(16))); /* what the compilers' built-ins take */

static inline octets16 octets_load(const char *p)
{
    octets16 x;
    memcpy(&x, p, sizeof x);
    return x;
}

/* The first eight and the last eight of n, which is 8 to 16. */
static inline octets16 octets_load_ends(const char *p, size_t n)
{
    uint64_t halves[2];
    octets16 x;
    memcpy(&halves[0], p, 8);
    memcpy(&halves[1], p + n - 8, 8);
    memcpy(&x, halves, sizeof x);
    return x;
}

/* Index of the first octet of eight that is not zero, as they lie in memory; x is not zero. */
static inline size_t octets_first_of8(uint64_t x)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return (size_t)__builtin_ctzll(x) / 8;
#else
    return (size_t)__builtin_clzll(x) / 8;
#endif
}

/* Index of the first octet of a comparison's result that is set; 16: none. */
static inline size_t octets_first(octets16 x)
{
#if defined __SSE2__
    unsigned bits = (unsigned)__builtin_ia32_pmovmskb128((octets16_char)x);
    return (size_t)__builtin_ctz(bits | 0x10000U);
#else
    uint64_t halves[2];
    memcpy(halves, &x, sizeof halves);
    if ((halves[0] | halves[1]) == 0) {
        return 16;
    }
    return halves[0] != 0 ? octets_first_of8(halves[0]) : 8 + octets_first_of8(halves[1]);
#endif
}

/* Offset of the first a or b, at least `at`; n: none. */
static inline size_t octets_find_either(const char *p, size_t n, size_t at, char a, char b)
{
    for (; at + 16 <= n; at += 16) {
        octets16 x = octets_load(p + at);
        size_t found = octets_first((octets16)(x == a) | (octets16)(x == b));
        if (found != 16) {
            return at + found;
        }
    }
    while (at < n && p[at] != a && p[at] != b) {
        at++;
    }
    return at;
}

#endif
