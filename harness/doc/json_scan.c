/* SPDX-License-Identifier: Apache-2.0 */
/* See json_scan.h. One pass; every octet of the text is looked at once, and nothing is allocated.
 */
#include "doc/json_scan.h"

#include <string.h>

#include "doc/json_plain.h"

struct scan {
    const char *p, *end;
    const char *wrong; /* what is wrong at p; NULL: nothing yet */
    bool is_deep;
    unsigned depth;
};

static bool value(struct scan *s, struct json_seen *out);

static bool bad(struct scan *s, const char *wrong)
{
    s->wrong = s->wrong != NULL ? s->wrong : wrong;
    return false;
}

static void blanks(struct scan *s)
{
    while (s->p != s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r')) {
        s->p++;
    }
}

static bool take(struct scan *s, char c)
{
    blanks(s);
    if (s->p == s->end || *s->p != c) {
        return false;
    }
    s->p++;
    return true;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static bool escape(struct scan *s)
{
    s->p++; /* the backslash */
    if (s->p == s->end || memchr("\"\\/bfnrtu", *s->p, 9) == NULL) {
        return bad(s, "there is no such escape in JSON");
    }
    if (*s->p++ != 'u') {
        return true;
    }
    for (unsigned i = 0; i < 4; i++, s->p++) {
        if (s->p == s->end || hex_value(*s->p) < 0) {
            return bad(s, "\\u wants four hexadecimal digits");
        }
    }
    return true;
}

static bool string(struct scan *s, struct json_seen *out)
{
    const char *start = s->p++;
    bool has_escapes = false;
    for (;;) {
        s->p += json_plain(s->p, (size_t)(s->end - s->p));
        while (s->p != s->end && (unsigned char)*s->p >= 0x7f) { /* DEL, or not ASCII */
            s->p++;
        }
        if (s->p != s->end && (unsigned char)*s->p >= 0x20 && *s->p != '"' && *s->p != '\\') {
            continue;
        }
        if (s->p == s->end) {
            return bad(s, "the string does not end");
        }
        if (*s->p == '"') {
            s->p++;
            *out = (struct json_seen){{start, (size_t)(s->p - start)}, JSON_STRING, has_escapes};
            return true;
        }
        if (*s->p != '\\') {
            return bad(s, "a control character stands in a string; write it as \\uNNNN");
        }
        has_escapes = true;
        if (!escape(s)) {
            return false;
        }
    }
}

static size_t digits(struct scan *s)
{
    const char *start = s->p;
    while (s->p != s->end && *s->p >= '0' && *s->p <= '9') {
        s->p++;
    }
    return (size_t)(s->p - start);
}

static bool number(struct scan *s, struct json_seen *out)
{
    const char *start = s->p;
    s->p += *s->p == '-';
    bool is_zero = s->p != s->end && *s->p == '0';
    size_t n = digits(s);
    bool is_real = false;
    if (n == 0 || (is_zero && n != 1)) {
        return bad(s, "a number is not written like this in JSON");
    }
    if (s->p != s->end && *s->p == '.') {
        s->p++;
        is_real = true;
        if (digits(s) == 0) {
            return bad(s, "a digit has to follow the point");
        }
    }
    if (s->p != s->end && (*s->p | 0x20) == 'e') {
        s->p++;
        is_real = true;
        s->p += s->p != s->end && (*s->p == '+' || *s->p == '-');
        if (digits(s) == 0) {
            return bad(s, "the exponent has no digit");
        }
    }
    *out =
        (struct json_seen){{start, (size_t)(s->p - start)}, is_real ? JSON_REAL : JSON_INT, false};
    return true;
}

static bool word(struct scan *s, struct json_seen *out)
{
    static const struct {
        struct slice word;
        enum json_kind kind;
    } words[] = {{SLICE_INIT("true"), JSON_BOOL},
                 {SLICE_INIT("false"), JSON_BOOL},
                 {SLICE_INIT("null"), JSON_NULL}};
    for (size_t i = 0; i < COUNT(words); i++) {
        if (slice_has_prefix((struct slice){s->p, (size_t)(s->end - s->p)}, words[i].word)) {
            *out = (struct json_seen){{s->p, words[i].word.n}, words[i].kind, false};
            s->p += words[i].word.n;
            return true;
        }
    }
    return bad(s, "a value was expected");
}

/* The key is the one that was guessed. */
static bool guessed_key(struct scan *s, const struct json_guess *guess, struct json_seen_pair *out)
{
    blanks(s);
    bool is_there = guess != NULL && guess->n != 0 && s->end - s->p >= guess->n &&
                    memcmp(s->p, guess->raw, guess->n) == 0;
    out->is_guessed = is_there;
    if (is_there) {
        out->key = (struct json_seen){{s->p, guess->n}, JSON_STRING, false};
        s->p += guess->n;
    }
    return is_there;
}

static bool pair(struct scan *s, const struct json_guess *guess, struct json_seen_pair *out)
{
    if (guessed_key(s, guess, out)) {
        return take(s, ':') ? value(s, &out->value) : bad(s, "':' was expected behind the key");
    }
    if (s->p == s->end || *s->p != '"') {
        return bad(s, "a key in quotes was expected");
    }
    if (!string(s, &out->key)) {
        return false;
    }
    return take(s, ':') ? value(s, &out->value) : bad(s, "':' was expected behind the key");
}

/* What stands between the brackets of a nested list or map: grammar only. */
static bool nested(struct scan *s, char close)
{
    struct json_seen_pair skipped;
    if (take(s, close)) {
        return true;
    }
    do {
        if (close == '}' ? !pair(s, NULL, &skipped) : !value(s, &skipped.value)) {
            return false;
        }
    } while (take(s, ','));
    return take(s, close) ||
           bad(s, close == '}' ? "',' or '}' was expected" : "',' or ']' was expected");
}

static bool container(struct scan *s, struct json_seen *out)
{
    const char *start = s->p;
    bool is_map = *s->p++ == '{';
    if (++s->depth > JSON_SCAN_DEPTH_MAX) {
        s->is_deep = true;
        return bad(s, "nested too deep");
    }
    if (!nested(s, is_map ? '}' : ']')) {
        return false;
    }
    s->depth--;
    *out =
        (struct json_seen){{start, (size_t)(s->p - start)}, is_map ? JSON_MAP : JSON_LIST, false};
    return true;
}

static bool value(struct scan *s, struct json_seen *out)
{
    blanks(s);
    if (s->p == s->end) {
        return bad(s, "the text ends where a value was expected");
    }
    switch (*s->p) {
    case '"':
        return string(s, out);
    case '{':
    case '[':
        return container(s, out);
    case '-':
        return number(s, out);
    default:
        return *s->p >= '0' && *s->p <= '9' ? number(s, out) : word(s, out);
    }
}

static enum err complain(const struct scan *s, struct slice text, struct why *why)
{
    enum err err = why_set(why, s->is_deep ? ERR_LIMIT : ERR_SYNTAX, "%s", s->wrong);
    return why_at(why, err, "", 0, (unsigned)(s->p - text.p) + 1);
}

enum err json_scan_map(struct slice text, const struct json_guess *guesses,
                       struct json_seen_pair *pairs, size_t max, size_t *count, struct why *why)
{
    struct scan s = {.p = text.p, .end = text.p + text.n};
    *count = 0;
    if (!take(&s, '{')) {
        return why_at(why, why_set(why, ERR_INVALID, "a JSON object was expected"), "", 0, 1);
    }
    bool is_empty = take(&s, '}');
    while (!is_empty) {
        if (*count == max) {
            return why_set(why, ERR_LIMIT, "more than %zu keys", max);
        }
        if (!pair(&s, guesses != NULL ? &guesses[*count] : NULL, &pairs[*count])) {
            return complain(&s, text, why);
        }
        ++*count;
        if (take(&s, '}')) {
            break;
        }
        if (!take(&s, ',')) {
            bad(&s, "',' or '}' was expected");
            return complain(&s, text, why);
        }
    }
    blanks(&s);
    if (s.p != s.end) {
        bad(&s, "nothing may follow the object");
        return complain(&s, text, why);
    }
    return ERR_OK;
}

void json_scan_list(struct json_seen list, struct json_seen *items, size_t max, size_t *count)
{
    struct scan s = {.p = list.raw.p, .end = list.raw.p + list.raw.n};
    *count = 0;
    if (list.kind != JSON_LIST || !take(&s, '[') || take(&s, ']')) {
        return;
    }
    while (*count < max && value(&s, &items[*count])) {
        ++*count;
        if (!take(&s, ',')) {
            return;
        }
    }
}

static uint32_t unit_at(const char *p)
{
    uint32_t u = 0;
    for (unsigned i = 0; i < 4; i++) {
        u = u * 16 + (uint32_t)hex_value(p[i]);
    }
    return u;
}

static void add_utf8(uint32_t point, struct buf *out)
{
    if (point < 0x80) {
        buf_add_char(out, (char)point);
        return;
    }
    unsigned tail = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    static const unsigned leads[] = {0, 0xc0, 0xe0, 0xf0};
    buf_add_char(out, (char)(leads[tail] | point >> 6 * tail));
    while (tail-- != 0) {
        buf_add_char(out, (char)(0x80 | (point >> 6 * tail & 0x3f)));
    }
}

/* \uNNNN at p, with its second half when it has one; a half alone becomes U+FFFD. Gives the length.
 */
static size_t add_unit(const char *p, const char *end, struct buf *out)
{
    uint32_t high = unit_at(p + 2);
    if (high < 0xd800 || high > 0xdfff) {
        add_utf8(high, out);
        return 6;
    }
    uint32_t low = end - p >= 12 && p[6] == '\\' && p[7] == 'u' ? unit_at(p + 8) : 0;
    if (high > 0xdbff || low < 0xdc00 || low > 0xdfff) {
        add_utf8(0xfffd, out);
        return 6;
    }
    add_utf8(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00), out);
    return 12;
}

static char plain_escape(char c)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    const char *at = strchr(from, c);
    return at != NULL ? to[at - from] : c;
}

struct slice json_scan_text(struct json_seen v, struct buf *room)
{
    if (v.kind != JSON_STRING) {
        return (struct slice){"", 0};
    }
    const char *p = v.raw.p + 1, *end = v.raw.p + v.raw.n - 1;
    size_t at = room->n;
    if (!v.has_escapes) {
        return (struct slice){p, (size_t)(end - p)};
    }
    while (p != end) {
        const char *next = memchr(p, '\\', (size_t)(end - p));
        next = next != NULL ? next : end;
        buf_add(room, (struct slice){p, (size_t)(next - p)});
        p = next;
        if (p == end) {
            break;
        }
        if (p[1] == 'u') {
            p += add_unit(p, end, room);
        } else {
            buf_add_char(room, plain_escape(p[1]));
            p += 2;
        }
    }
    return slice_from(buf_slice(room), at);
}
