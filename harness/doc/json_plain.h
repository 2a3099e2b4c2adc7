/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far a text needs no look at the single octet: eight at a time. Most of what passes through a
 * stream of JSON is such text.
 */
#ifndef SMTPDX_DOC_JSON_PLAIN_H
#define SMTPDX_DOC_JSON_PLAIN_H

#include <stdint.h>
#include <string.h>

#include "base/slice.h"

#define JSON_EACH(octet) (UINT64_C(0x0101010101010101) * (octet))

/* The top bit of every octet that is zero is set; those above the first such may be, too. */
static inline uint64_t json_zero_octets(uint64_t x)
{
    return (x - JSON_EACH(1)) & ~x & JSON_EACH(0x80);
}

/* Octets in front, a multiple of eight, that are ASCII and no control, quote, backslash or DEL. */
static inline size_t json_plain(const char *p, size_t n)
{
    size_t at = 0;
    for (; at + 8 <= n; at += 8) {
        uint64_t x;
        memcpy(&x, p + at, sizeof x);
        uint64_t control = (x - JSON_EACH(0x20)) & ~x & JSON_EACH(0x80);
        uint64_t special = json_zero_octets(x ^ JSON_EACH('"')) |
                           json_zero_octets(x ^ JSON_EACH('\\')) |
                           json_zero_octets(x ^ JSON_EACH(0x7f));
        if ((control | special | (x & JSON_EACH(0x80))) != 0) {
            break;
        }
    }
    return at;
}

/* The same for ASCII of any kind. */
static inline size_t json_ascii(const char *p, size_t n)
{
    size_t at = 0;
    for (; at + 8 <= n; at += 8) {
        uint64_t x;
        memcpy(&x, p + at, sizeof x);
        if ((x & JSON_EACH(0x80)) != 0) {
            break;
        }
    }
    return at;
}

#endif
