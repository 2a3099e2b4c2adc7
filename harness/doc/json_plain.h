/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far a text needs no look at the single octet: many at a time. Most of what passes through a
 * stream of JSON is such text.
 */
#ifndef SMTPDX_DOC_JSON_PLAIN_H
#define SMTPDX_DOC_JSON_PLAIN_H

#include <stdint.h>
#include <string.h>

#include "base/octets.h"
#include "base/slice.h"

#define JSON_EACH(octet) (UINT64_C(0x0101010101010101) * (octet))

/* Octets in front that are ASCII and no control, quote, backslash or DEL; some of the last fifteen may
 * be left over. */
static inline size_t json_plain(const char *p, size_t n)
{
    size_t at = 0;
    for (; at + 16 <= n; at += 16) {
        octets16 x = octets_load(p + at); /* what is not ASCII is negative, and so below 0x20 */
        size_t found = octets_first((octets16)(x < 0x20) | (octets16)(x == '"') |
                                    (octets16)(x == '\\') | (octets16)(x == 0x7f));
        if (found != 16) {
            return at + found;
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
