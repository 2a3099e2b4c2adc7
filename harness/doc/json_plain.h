/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far a text needs no look at the single octet: many at a time. Most of what passes through a
 * stream of JSON is such text.
 */
#ifndef SMTPDX_DOC_JSON_PLAIN_H
#define SMTPDX_DOC_JSON_PLAIN_H

#include "base/octets.h"
#include "base/slice.h"

static inline size_t json_first_special(octets16 x)
{
    return octets_first((octets16)(x < 0x20) | (octets16)(x == '"') | (octets16)(x == '\\') |
                        (octets16)(x == 0x7f)); /* what is not ASCII is negative */
}

/* Octets in front that are ASCII and no control, quote, backslash or DEL. */
static inline size_t json_plain(const char *p, size_t n)
{
    size_t at = 0;
    for (; at + 16 <= n; at += 16) {
        size_t found = json_first_special(octets_load(p + at));
        if (found != 16) {
            return at + found;
        }
    }
    if (n >= 16 && at != n) { /* the last sixteen once more; what was seen before was plain */
        at = n - 16 + json_first_special(octets_load(p + n - 16));
    } else if (n - at >= 8) { /* eight and eight, which overlap */
        size_t found = json_first_special(octets_load_ends(p, n));
        at = found < 8 ? found : n - 16 + found;
    }
    while (at < n && p[at] >= 0x20 && p[at] < 0x7f && p[at] != '"' && p[at] != '\\') {
        at++;
    }
    return at;
}

/* The same for ASCII of any kind; some of the last fifteen may be left over. */
static inline size_t json_ascii(const char *p, size_t n)
{
    size_t at = 0;
    while (at + 16 <= n && octets_first((octets16)(octets_load(p + at) < 0)) == 16) {
        at += 16;
    }
    return at;
}

#endif
