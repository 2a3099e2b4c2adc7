/* SPDX-License-Identifier: Apache-2.0 */
/* Borrowed octets: comparing, finding, cutting. No allocation, no locale. */
#include "base/slice.h"

#include <string.h>

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

struct slice slice_of(const char *text)
{
    return (struct slice){text, text != NULL ? strlen(text) : 0};
}

struct slice slice_make(const char *p, size_t n)
{
    return (struct slice){p, n};
}

bool slice_eq(struct slice a, struct slice b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool slice_eq_text(struct slice a, const char *text)
{
    return slice_eq(a, slice_of(text));
}

bool slice_eq_nocase(struct slice a, struct slice b)
{
    if (a.n != b.n) {
        return false;
    }
    for (size_t i = 0; i < a.n; i++) {
        if (lower(a.p[i]) != lower(b.p[i])) {
            return false;
        }
    }
    return true;
}

bool slice_eq_nocase_text(struct slice a, const char *text)
{
    return slice_eq_nocase(a, slice_of(text));
}

int slice_cmp(struct slice a, struct slice b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n != 0 ? memcmp(a.p, b.p, n) : 0;
    return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

bool slice_has_prefix(struct slice s, struct slice prefix)
{
    return s.n >= prefix.n && slice_eq(slice_sub(s, 0, prefix.n), prefix);
}

bool slice_has_prefix_nocase(struct slice s, struct slice prefix)
{
    return s.n >= prefix.n && slice_eq_nocase(slice_sub(s, 0, prefix.n), prefix);
}

bool slice_has_suffix(struct slice s, struct slice suffix)
{
    return s.n >= suffix.n && slice_eq(slice_from(s, s.n - suffix.n), suffix);
}

size_t slice_find(struct slice hay, struct slice needle)
{
    if (needle.n == 0) {
        return 0;
    }
    if (hay.n < needle.n) {
        return SIZE_MAX;
    }
    const char *at = memmem(hay.p, hay.n, needle.p, needle.n);
    return at != NULL ? (size_t)(at - hay.p) : SIZE_MAX;
}

size_t slice_find_nocase(struct slice hay, struct slice needle)
{
    for (size_t i = 0; i + needle.n <= hay.n; i++) {
        if (slice_eq_nocase(slice_sub(hay, i, needle.n), needle)) {
            return i;
        }
    }
    return SIZE_MAX;
}

size_t slice_find_char(struct slice hay, char c)
{
    const char *at = hay.n != 0 ? memchr(hay.p, c, hay.n) : NULL;
    return at != NULL ? (size_t)(at - hay.p) : SIZE_MAX;
}

struct slice slice_from(struct slice s, size_t at)
{
    return at >= s.n ? (struct slice){s.p, 0} : (struct slice){s.p + at, s.n - at};
}

struct slice slice_sub(struct slice s, size_t at, size_t n)
{
    struct slice rest = slice_from(s, at);
    rest.n = rest.n < n ? rest.n : n;
    return rest;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice slice_trim(struct slice s)
{
    while (s.n != 0 && is_space(s.p[0])) {
        s = slice_from(s, 1);
    }
    return slice_trim_end(s, " \t\r\n");
}

struct slice slice_trim_end(struct slice s, const char *chars)
{
    while (s.n != 0 && s.p[s.n - 1] != '\0' && strchr(chars, s.p[s.n - 1]) != NULL) {
        s.n--;
    }
    return s;
}

bool slice_take_until(struct slice *rest, char separator, struct slice *part)
{
    if (rest->n == 0) {
        return false;
    }
    size_t at = slice_find_char(*rest, separator);
    if (at == SIZE_MAX) {
        *part = *rest;
        *rest = slice_from(*rest, rest->n);
        return true;
    }
    *part = slice_sub(*rest, 0, at);
    *rest = slice_from(*rest, at + 1);
    return true;
}

bool slice_take_word(struct slice *rest, struct slice *word)
{
    size_t from = 0;
    while (from < rest->n && (rest->p[from] == ' ' || rest->p[from] == '\t')) {
        from++;
    }
    size_t to = from;
    while (to < rest->n && rest->p[to] != ' ' && rest->p[to] != '\t') {
        to++;
    }
    *word = slice_sub(*rest, from, to - from);
    *rest = slice_from(*rest, to);
    return word->n != 0;
}

bool slice_to_u64(struct slice s, uint64_t *out)
{
    uint64_t value = 0;
    if (s.n == 0) {
        return false;
    }
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') {
            return false;
        }
        uint64_t digit = (uint64_t)(s.p[i] - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}
