/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The escapes a secret may hide behind, one decoder each. A decoder never refuses: what is no
 * escape of its kind stands for itself. Line breaks are then left out too, with or without the
 * blanks that follow them, because base64 and quoted-printable are broken at 76 columns (RFC
 * 2045 6.7, 6.8) and header fields are folded.
 */
#include "base/views.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

enum { MADE_MAX = 4 }; /* octets that one escape can stand for: a code point in UTF-8 */

/* Reads the escape at the start of in (never empty). Returns its length, 0 when there is none. */
typedef size_t decode_escape(struct slice in, char made[MADE_MAX], size_t *count);

static unsigned hex_value(char c)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;
    return at != NULL ? (unsigned)(at - digits) % 16 : 16;
}

/* The number at the start of in; *n is the count of its digits. */
static uint32_t number(struct slice in, unsigned base, size_t most, size_t *n)
{
    uint32_t value = 0;
    *n = 0;
    while (*n < most && *n < in.n && hex_value(in.p[*n]) < base) {
        value = value * base + hex_value(in.p[(*n)++]);
    }
    return value;
}

static size_t put_utf8(uint32_t c, char made[MADE_MAX])
{
    if (c < 0x80) {
        made[0] = (char)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--) {
        made[i] = (char)(0x80 | (c & 63));
        c >>= 6;
    }
    made[0] = (char)((0xf00U >> n & 0xff) | c);
    return n;
}

/* A pair of hex digits behind a prefix of the given length. */
static size_t hex_pair(struct slice in, size_t prefix, char *made, size_t *count)
{
    size_t n;
    uint32_t value = number(slice_from(in, prefix), 16, 2, &n);
    *made = (char)value;
    *count = 1;
    return n == 2 ? prefix + 2 : 0;
}

static size_t decode_percent(struct slice in, char made[MADE_MAX], size_t *count)
{
    return in.p[0] == '%' ? hex_pair(in, 1, made, count) : 0;
}

/* application/x-www-form-urlencoded: a plus sign is a blank */
static size_t decode_form(struct slice in, char made[MADE_MAX], size_t *count)
{
    if (in.p[0] == '+') {
        *made = ' ';
        *count = 1;
        return 1;
    }
    return decode_percent(in, made, count);
}

static size_t decode_quoted_printable(struct slice in, char made[MADE_MAX], size_t *count)
{
    if (in.p[0] != '=') {
        return 0;
    }
    *count = 0;
    if (in.n > 1 && in.p[1] == '\n') {
        return 2;
    }
    if (in.n > 2 && in.p[1] == '\r' && in.p[2] == '\n') {
        return 3;
    }
    return hex_pair(in, 1, made, count);
}

/* \uXXXX, with its other half when it is a surrogate, and \u{X…} */
static size_t decode_unicode(struct slice in, char made[MADE_MAX], size_t *count)
{
    size_t n, m;
    if (in.n > 2 && in.p[2] == '{') {
        uint32_t c = number(slice_from(in, 3), 16, 6, &n);
        *count = put_utf8(c < 0x110000 ? c : '?', made);
        return n > 0 && in.n > 3 + n && in.p[3 + n] == '}' ? 4 + n : 0;
    }
    uint32_t c = number(slice_from(in, 2), 16, 4, &n);
    if (n != 4) {
        return 0;
    }
    struct slice next = slice_from(in, 6);
    if (c >> 10 == 0xd800 >> 10 && slice_has_prefix(next, SLICE("\\u"))) {
        uint32_t low = number(slice_from(next, 2), 16, 4, &m);
        if (m == 4 && low >> 10 == 0xdc00 >> 10) {
            *count = put_utf8(0x10000 + ((c & 0x3ff) << 10 | (low & 0x3ff)), made);
            return 12;
        }
    }
    *count = put_utf8(c, made);
    return 6;
}

/* The escapes of JSON (RFC 8259 7), of C, and those of text_visible. */
static size_t decode_backslash(struct slice in, char made[MADE_MAX], size_t *count)
{
    static const char names[] = "\"\\/'bfnrt", values[] = "\"\\/'\b\f\n\r\t";
    if (in.p[0] != '\\' || in.n < 2) {
        return 0;
    }
    if (in.p[1] == 'u') {
        return decode_unicode(in, made, count);
    }
    if (in.p[1] == 'x') {
        return hex_pair(in, 2, made, count);
    }
    const char *at = in.p[1] != '\0' ? strchr(names, in.p[1]) : NULL;
    if (at == NULL) {
        return 0;
    }
    *made = values[at - names];
    *count = 1;
    return 2;
}

static size_t decode_xml(struct slice in, char made[MADE_MAX], size_t *count)
{
    static const struct {
        struct slice name;
        char c;
    } entities[] = {
        {{"&amp;", 5}, '&'},  {{"&lt;", 4}, '<'},    {{"&gt;", 4}, '>'},
        {{"&quot;", 6}, '"'}, {{"&apos;", 6}, '\''},
    };
    *count = 1;
    for (size_t i = 0; i < COUNT(entities); i++) {
        if (slice_has_prefix(in, entities[i].name)) {
            *made = entities[i].c;
            return entities[i].name.n;
        }
    }
    if (!slice_has_prefix(in, SLICE("&#"))) {
        return 0;
    }
    bool is_hex = in.n > 2 && (in.p[2] == 'x' || in.p[2] == 'X');
    size_t prefix = is_hex ? 3 : 2, n;
    uint32_t c = number(slice_from(in, prefix), is_hex ? 16 : 10, 7, &n);
    if (n == 0 || c > 0x10ffff || in.n <= prefix + n || in.p[prefix + n] != ';') {
        return 0;
    }
    *count = put_utf8(c, made);
    return prefix + n + 1;
}

/* clang-format off */
static const struct {
    char sign; /* a text without it has no such escape */
    decode_escape *decode;
} decoders[] = {
    { '%',  decode_percent },
    { '+',  decode_form },
    { '=',  decode_quoted_printable },
    { '\\', decode_backslash },
    { '&',  decode_xml },
};
/* clang-format on */

/* Room for a view; an escape is never shorter than what it stands for, so the text's length will
 * do. */
struct room {
    char *octets;
    size_t *from, *to;
    size_t n;
};

static void room_init(struct room *r, size_t n)
{
    *r = (struct room){
        .octets = mem_alloc(n),
        .from = mem_alloc(n * sizeof *r->from),
        .to = mem_alloc(n * sizeof *r->to),
    };
}

static void room_release(struct room *r)
{
    explicit_bzero(r->octets, r->n); /* it may hold a secret in clear */
    free(r->octets);
    free(r->from);
    free(r->to);
}

static void room_put(struct room *r, char c, size_t from, size_t to)
{
    r->octets[r->n] = c;
    r->from[r->n] = from;
    r->to[r->n] = to;
    r->n++;
}

static struct view view_of(const struct room *r)
{
    return (struct view){r->octets, r->from, r->to, r->n};
}

static void decode_all(struct slice text, decode_escape *decode, struct room *out)
{
    char made[MADE_MAX] = {0};
    for (size_t at = 0; at < text.n;) {
        size_t count = 1;
        size_t used = decode(slice_from(text, at), made, &count);
        if (used == 0) {
            made[0] = text.p[at];
            count = used = 1;
        }
        for (size_t i = 0; i < count; i++) {
            room_put(out, made[i], at, at + used);
        }
        at += used;
    }
}

static bool is_line_break(char c)
{
    return c == '\r' || c == '\n';
}

static void unfold(const struct view *in, bool skips_blanks, struct room *out)
{
    bool is_behind_break = false;
    for (size_t i = 0; i < in->n; i++) {
        char c = in->octets[i];
        bool is_blank = c == ' ' || c == '\t';
        if (is_line_break(c) || (is_blank && is_behind_break && skips_blanks)) {
            is_behind_break = true;
            continue;
        }
        is_behind_break = false;
        room_put(out, c, in->from != NULL ? in->from[i] : i, in->to != NULL ? in->to[i] : i + 1);
    }
}

static bool has_line_break(const struct view *v)
{
    return v->n != 0 &&
           (memchr(v->octets, '\n', v->n) != NULL || memchr(v->octets, '\r', v->n) != NULL);
}

/* The view itself, then unfolded without and with the blanks behind a line break. */
static bool visit_folded(const struct view *view, view_visit *visit, void *context)
{
    bool goes_on = visit(context, view);
    for (int skips_blanks = 0; goes_on && has_line_break(view) && skips_blanks < 2;
         skips_blanks++) {
        struct room unfolded;
        room_init(&unfolded, view->n);
        unfold(view, skips_blanks != 0, &unfolded);
        struct view v = view_of(&unfolded);
        goes_on = visit(context, &v);
        room_release(&unfolded);
    }
    return goes_on;
}

void views_walk(struct slice text, view_visit *visit, void *context)
{
    struct view plain = {text.p, NULL, NULL, text.n};
    bool goes_on = visit_folded(&plain, visit, context);
    for (size_t i = 0; goes_on && i < COUNT(decoders); i++) {
        if (slice_find_char(text, decoders[i].sign) == SIZE_MAX) {
            continue;
        }
        struct room decoded;
        room_init(&decoded, text.n);
        decode_all(text, decoders[i].decode, &decoded);
        struct view v = view_of(&decoded);
        goes_on = visit_folded(&v, visit, context);
        room_release(&decoded);
    }
}
