/* SPDX-License-Identifier: Apache-2.0 */
/* EHLO capabilities as whole tokens. Nothing is remembered between replies: RFC 3207 4.2 forbids
 * it. */
#include "wire/ehlo.h"

struct ehlo ehlo_lines(const struct reply *reply)
{
    if (reply->code != 250 || reply->line_count < 2) {
        return (struct ehlo){NULL, 0};
    }
    return (struct ehlo){reply->lines + 1, reply->line_count - 1};
}

/* Takes the keyword off the line; the rest is the trimmed parameters. */
static struct slice keyword_of(struct slice line, struct slice *params)
{
    struct slice word = {NULL, 0};
    *params = line;
    slice_take_word(params, &word);
    *params = slice_trim(*params);
    return word;
}

bool ehlo_find(struct ehlo e, const char *keyword, struct slice *params)
{
    for (size_t i = 0; i < e.count; i++) {
        struct slice rest;
        if (slice_eq_nocase_text(keyword_of(e.lines[i], &rest), keyword)) {
            if (params != NULL) {
                *params = rest;
            }
            return true;
        }
    }
    return false;
}

static bool is_digits(struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') {
            return false;
        }
    }
    return s.n != 0;
}

enum ehlo_size ehlo_size(struct ehlo e, uint64_t *limit)
{
    struct slice value;
    *limit = 0;
    if (!ehlo_find(e, "SIZE", &value)) {
        return EHLO_SIZE_ABSENT;
    }
    if (value.n == 0) {
        return EHLO_SIZE_UNLIMITED;
    }
    if (!is_digits(value) || value.n > 20) { /* RFC 1870 3: size-value ::= 1*20DIGIT */
        return EHLO_SIZE_BAD;
    }
    if (!slice_to_u64(value, limit)) {
        *limit = UINT64_MAX;
    }
    return *limit != 0 ? EHLO_SIZE_LIMIT : EHLO_SIZE_UNLIMITED;
}

/* The mechanisms of an AUTH line in either form; false when it is another line. */
static bool auth_line(struct slice line, struct slice *mechanisms)
{
    struct slice word = keyword_of(line, mechanisms);
    if (slice_eq_nocase_text(word, "AUTH")) {
        return true;
    }
    if (!slice_has_prefix_nocase(word, SLICE("AUTH="))) {
        return false;
    }
    *mechanisms = slice_trim(slice_from(slice_trim(line), sizeof "AUTH=" - 1));
    return true;
}

bool ehlo_next_mechanism(struct ehlo e, struct ehlo_walk *walk, struct slice *mechanism)
{
    while (!slice_take_word(&walk->rest, mechanism)) {
        if (walk->line == e.count) {
            return false;
        }
        if (!auth_line(e.lines[walk->line++], &walk->rest)) {
            walk->rest = (struct slice){NULL, 0};
        }
    }
    return true;
}

bool ehlo_has_auth(struct ehlo e)
{
    struct slice ignored;
    for (size_t i = 0; i < e.count; i++) {
        if (auth_line(e.lines[i], &ignored)) {
            return true;
        }
    }
    return false;
}

bool ehlo_offers_mechanism(struct ehlo e, struct slice mechanism)
{
    struct ehlo_walk walk = {0};
    struct slice name;
    while (ehlo_next_mechanism(e, &walk, &name)) {
        if (slice_eq_nocase(name, mechanism)) {
            return true;
        }
    }
    return false;
}

bool ehlo_is_masked(struct ehlo e)
{
    for (size_t i = 0; i < e.count; i++) {
        struct slice rest;
        struct slice word = keyword_of(e.lines[i], &rest);
        size_t x = 0;
        while (x < word.n && word.p[x] == 'X') {
            x++;
        }
        if (x >= 4 && x + 1 >= word.n) { /* one letter may be left over */
            return true;
        }
    }
    return false;
}
