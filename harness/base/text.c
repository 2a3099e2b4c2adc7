/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text for people: nearest names, names with wildcards, durations, UTC times. Nothing here asks the
 * locale: a comma in a duration would break a report. UTF-8 and hostile octets are in unicode.c.
 */
#include "base/text.h"

#include <stdio.h>

enum { NEAREST_MAX = 48 }; /* longer words have no nearest name */

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
static size_t distance(struct slice a, struct slice b)
{
    size_t rows[3][NEAREST_MAX + 1];
    size_t *older = rows[0], *old = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b.n; j++) {
        old[j] = j;
    }
    for (size_t i = 1; i <= a.n; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            bool is_same = lower(a.p[i - 1]) == lower(b.p[j - 1]);
            row[j] = min3(old[j] + 1, row[j - 1] + 1, old[j - 1] + (is_same ? 0 : 1));
            bool is_swap = i > 1 && j > 1 && lower(a.p[i - 1]) == lower(b.p[j - 2]) &&
                           lower(a.p[i - 2]) == lower(b.p[j - 1]);
            if (is_swap && older[j - 2] + 1 < row[j]) {
                row[j] = older[j - 2] + 1;
            }
        }
        size_t *oldest = older;
        older = old;
        old = row;
        row = oldest;
    }
    return old[b.n];
}

/* How far a name may be from the word and still be offered: a third of its letters, and half of
 * them for a long word that begins alike ("tansaction", "transcript"). */
static size_t reach(struct slice word, struct slice name)
{
    bool begins_alike = word.n >= 8 && name.n != 0 && lower(word.p[0]) == lower(name.p[0]);
    return begins_alike ? word.n / 2 : word.n / 3;
}

const char *text_nearest(struct slice word, const char *const *known, size_t n)
{
    const char *nearest = NULL;
    size_t least = SIZE_MAX;
    if (word.n > NEAREST_MAX) {
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        struct slice name = slice_of(known[i]);
        if (name.n > NEAREST_MAX) {
            continue;
        }
        size_t d = distance(word, name);
        if (d < least && d <= reach(word, name)) {
            least = d;
            nearest = known[i];
        }
    }
    return nearest;
}

/* Length of the class "[…]" at the start of pattern, 0 when it is not closed. */
static size_t class_length(struct slice pattern)
{
    size_t from = pattern.n > 1 && pattern.p[1] == '!' ? 3 : 2; /* "[]a]" holds a ']' */
    for (size_t i = from; i < pattern.n; i++) {
        if (pattern.p[i] == ']') {
            return i + 1;
        }
    }
    return 0;
}

static bool class_has(struct slice members, char c)
{
    for (size_t i = 0; i < members.n; i++) {
        bool is_range = i + 2 < members.n && members.p[i + 1] == '-';
        unsigned char from = (unsigned char)members.p[i];
        unsigned char to = is_range ? (unsigned char)members.p[i + 2] : from;
        if ((unsigned char)c >= from && (unsigned char)c <= to) {
            return true;
        }
        i += is_range ? 2 : 0;
    }
    return false;
}

/* Does the single-character part at the start of pattern match c? *used is its length. */
static bool match_one(struct slice pattern, char c, size_t *used)
{
    *used = 1;
    if (pattern.p[0] == '?') {
        return c != '/';
    }
    size_t n = pattern.p[0] == '[' ? class_length(pattern) : 0;
    if (n == 0) {
        return pattern.p[0] == c;
    }
    *used = n;
    bool is_inverted = pattern.p[1] == '!';
    size_t from = is_inverted ? 2 : 1;
    return c != '/' && class_has(slice_sub(pattern, from, n - 1 - from), c) != is_inverted;
}

/* Where matching goes on when it fails behind a star: one step further into the name. */
struct star {
    size_t pattern, name; /* pattern: behind the star; SIZE_MAX in name: no star yet */
};

/* Steps a star on by one character; false when it must not take that one. */
static bool star_step(struct star *star, struct slice name, bool may_cross, size_t *p, size_t *n)
{
    if (star->name >= name.n || (!may_cross && name.p[star->name] == '/')) {
        return false;
    }
    *p = star->pattern;
    *n = ++star->name;
    return true;
}

bool text_glob(struct slice pattern, struct slice name)
{
    const struct star none = {0, SIZE_MAX};
    struct star one = none, any = none; /* the last * and the last ** */
    size_t p = 0, n = 0;
    for (;;) {
        size_t used = 0;
        bool is_star = p < pattern.n && pattern.p[p] == '*';
        if (is_star && p + 1 < pattern.n && pattern.p[p + 1] == '*') {
            p += 2;
            any = (struct star){p, n};
            one = none;
        } else if (is_star) {
            p += 1;
            one = (struct star){p, n};
        } else if (p < pattern.n && n < name.n &&
                   match_one(slice_from(pattern, p), name.p[n], &used)) {
            p += used;
            n += 1;
        } else if (p == pattern.n && n == name.n) {
            return true;
        } else if (!star_step(&one, name, false, &p, &n)) {
            one = none;
            if (!star_step(&any, name, true, &p, &n)) {
                return false;
            }
        }
    }
}

/* clang-format off */
static const struct {
    const char *suffix;
    int64_t us;
} units[] = {
    {"us", 1},
    {"ms", 1000},
    {"s",  1000000},
    {"m",  60000000},
    {"h",  3600000000},
};
/* clang-format on */

static int64_t unit_us(struct slice suffix)
{
    for (size_t i = 0; i < COUNT(units); i++) {
        if (slice_eq_text(suffix, units[i].suffix)) {
            return units[i].us;
        }
    }
    return 0;
}

static size_t digits_at_start(struct slice s)
{
    size_t n = 0;
    while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9') {
        n++;
    }
    return n;
}

bool text_duration(struct slice s, int64_t *out_us)
{
    static const uint64_t whole_max = 1000000000; /* of any unit; times an hour it still fits */
    uint64_t whole = 0, part = 0, scale = 1;
    size_t n = digits_at_start(s);
    if (!slice_to_u64(slice_sub(s, 0, n), &whole) || whole > whole_max) {
        return false;
    }
    s = slice_from(s, n);
    if (s.n != 0 && s.p[0] == '.') {
        s = slice_from(s, 1);
        n = digits_at_start(s);
        if (n > 6 || !slice_to_u64(slice_sub(s, 0, n), &part)) {
            return false;
        }
        s = slice_from(s, n);
        for (; n > 0; n--) {
            scale *= 10;
        }
    }
    int64_t unit = unit_us(s);
    if (unit == 0) {
        return false;
    }
    *out_us = (int64_t)whole * unit + (int64_t)(part * (uint64_t)unit / scale);
    return true;
}

/* tenths of a unit, without a needless ".0" */
static void add_tenths(struct buf *out, int64_t tenths, const char *unit)
{
    buf_addf(out, "%lld", (long long)(tenths / 10));
    if (tenths % 10 != 0) {
        buf_addf(out, ".%d", (int)(tenths % 10));
    }
    buf_addf(out, " %s", unit);
}

static void add_pair(struct buf *out, int64_t total, const char *major, const char *minor)
{
    buf_addf(out, "%lld %s", (long long)(total / 60), major);
    if (total % 60 != 0) {
        buf_addf(out, " %d %s", (int)(total % 60), minor);
    }
}

void text_add_duration(struct buf *out, int64_t us)
{
    if (us < 0) {
        buf_add_char(out, '-');
        us = us == INT64_MIN ? INT64_MAX : -us;
    }
    if (us < 9950) {
        add_tenths(out, (us + 50) / 100, "ms");
    } else if (us < 999500) {
        add_tenths(out, (us + 500) / 1000 * 10, "ms");
    } else if (us < 59950000) {
        add_tenths(out, (us + 50000) / 100000, "s");
    } else if (us < 3599500000) {
        add_pair(out, (us + 500000) / 1000000, "min", "s");
    } else {
        add_pair(out, us / 60000000, "h", "min");
    }
}

void text_utc(int64_t seconds, char out[20])
{
    static const int64_t least = -62167219200, most = 253402300799; /* years 0000 to 9999 */
    seconds = seconds < least ? least : seconds > most ? most : seconds;
    int64_t days = (seconds - least) / 86400; /* since 0000-01-01 */
    int of_day = (int)((seconds - least) % 86400);
    /* years that begin in March, so that the leap day is the last of its year */
    int64_t z = days + 400 * 365 + 97 - 60; /* since 1 March of the year -400 */
    int64_t era = z / 146097;
    int64_t of_era = z % 146097;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * of_year + 2) / 153; /* 0 is March */
    int day = (int)(of_year - (153 * month + 2) / 5) + 1;
    int year = (int)(year_of_era + (era - 1) * 400 + (month >= 10 ? 1 : 0));
    int calendar_month = (int)(month < 10 ? month + 3 : month - 9);
    snprintf(out, 20, "%04u-%02u-%02uT%02u:%02u:%02u", (unsigned)year % 10000,
             (unsigned)calendar_month % 100, (unsigned)day % 100, (unsigned)of_day / 3600 % 100,
             (unsigned)of_day / 60 % 60, (unsigned)of_day % 60);
}
