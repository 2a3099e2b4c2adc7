/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UTF-8 (RFC 3629), the width of text on a terminal, and hostile octets made visible. A server
 * decides what stands in a reply; what is shown of it must not steer a terminal, reorder a line
 * (bidi controls, "Trojan Source") or break an XML document. Nothing is deleted: it may be the
 * very defect under test.
 */
#include "base/text.h"

struct range {
    uint32_t from, to;
};

/* East Asian Width W and F by blocks (UAX 11); emoji that terminals draw in two columns. */
static const struct range wide[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23ec},
    {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},   {0x4e00, 0x9fff},
    {0xa000, 0xa4cf},   {0xa960, 0xa97f},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},
    {0xfe10, 0xfe19},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
    {0x1b000, 0x1b2ff}, {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff},
    {0x20000, 0x3fffd},
};

/* Bidi controls, line breaks that are neither CR nor LF, and what takes no room at all. */
static const struct range misleading[] = {
    {0x00ad, 0x00ad}, {0x061c, 0x061c}, {0x200b, 0x200f},
    {0x2028, 0x202e}, {0x2060, 0x2064}, {0x2066, 0x2069}, {0xfdd0, 0xfdef}, {0xfeff, 0xfeff},
};

static bool in_ranges(uint32_t c, const struct range *ranges, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (c >= ranges[i].from && c <= ranges[i].to) {
            return true;
        }
    }
    return false;
}

static unsigned octet(struct slice s, size_t i)
{
    return (unsigned char)s.p[i];
}

size_t text_utf8_length(struct slice s)
{
    if (s.n == 0) {
        return 0;
    }
    unsigned first = octet(s, 0);
    if (first < 0x80) {
        return 1;
    }
    size_t n = first >= 0xc2 && first <= 0xdf ? 2
               : first >> 4 == 0xe            ? 3
               : first >> 3 == 30             ? 4
                                              : 0;
    if (n == 0 || s.n < n) {
        return 0;
    }
    for (size_t i = 1; i < n; i++) {
        if (octet(s, i) >> 6 != 2) {
            return 0;
        }
    }
    /* RFC 3629 4: no overlong forms, no surrogates, nothing above U+10FFFF */
    uint32_t c = text_utf8_code_point(slice_sub(s, 0, n));
    bool is_bad = (n == 3 && (c < 0x800 || (c >= 0xd800 && c <= 0xdfff))) ||
                  (n == 4 && (c < 0x10000 || c > 0x10ffff));
    return is_bad ? 0 : n;
}

uint32_t text_utf8_code_point(struct slice s)
{
    unsigned first = octet(s, 0);
    size_t n = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    uint32_t c = n == 1 ? first : first & (0xffU >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        c = c << 6 | (octet(s, i) & 63);
    }
    return c;
}

/* Columns of what stands at the start of s, which is *n octets long; a broken octet takes one. */
static size_t columns_of_first(struct slice s, size_t *n)
{
    *n = text_utf8_length(s);
    if (*n == 0) {
        *n = 1;
        return 1;
    }
    return *n > 2 && in_ranges(text_utf8_code_point(s), wide, COUNT(wide)) ? 2 : 1;
}

size_t text_columns(struct slice s)
{
    size_t columns = 0;
    for (size_t n; s.n != 0; s = slice_from(s, n)) {
        columns += columns_of_first(s, &n);
    }
    return columns;
}

struct slice text_cut(struct slice s, size_t columns)
{
    size_t used = 0, at = 0;
    while (at < s.n) {
        size_t n;
        used += columns_of_first(slice_from(s, at), &n);
        if (used > columns) {
            break;
        }
        at += n;
    }
    return slice_sub(s, 0, at);
}

static void add_octets(struct slice s, struct buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        buf_addf(out, "\\x%02x", octet(s, i));
    }
}

static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0x9f);
}

static bool is_misleading(uint32_t c)
{
    return in_ranges(c, misleading, COUNT(misleading)) || (c & 0xfffe) == 0xfffe;
}

static void add_control(struct slice c, enum text_visible how, struct buf *out)
{
    if (how == TEXT_KEEP_LINES && (c.p[0] == '\n' || c.p[0] == '\t')) {
        buf_add(out, c);
    } else if (c.p[0] == '\r') {
        buf_add_text(out, "\\r");
    } else if (c.p[0] == '\n') {
        buf_add_text(out, "\\n");
    } else if (c.p[0] == '\t') {
        buf_add_text(out, "\\t");
    } else {
        add_octets(c, out);
    }
}

/* Octets at the start of s that need no care: printable ASCII. */
static size_t plain_run(struct slice s)
{
    size_t n = 0;
    while (n < s.n && octet(s, n) >= 0x20 && octet(s, n) < 0x7f) {
        n++;
    }
    return n;
}

void text_visible(struct slice s, enum text_visible how, struct buf *out)
{
    while (s.n != 0) {
        size_t n = plain_run(s);
        if (n != 0) {
            buf_add(out, slice_sub(s, 0, n));
            s = slice_from(s, n);
            continue;
        }
        n = text_utf8_length(s);
        struct slice part = slice_sub(s, 0, n != 0 ? n : 1);
        uint32_t c = n != 0 ? text_utf8_code_point(part) : 0;
        if (n == 0) {
            add_octets(part, out);
        } else if (is_control(c)) {
            add_control(part, how, out);
        } else if (is_misleading(c)) {
            buf_addf(out, "\\u{%04X}", (unsigned)c);
        } else {
            buf_add(out, part);
        }
        s = slice_from(s, part.n);
    }
}
