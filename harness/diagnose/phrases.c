/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words that servers of all kinds (and, of network and TLS, programs) use for a thing, where no
 * rule knows the sentence. They say more than a code that was picked carelessly, and never enough to
 * be sure: always `possible`, with what the codes say beside it. First row first; the more specific
 * stands before the more general.
 */
#include "diagnose/judge.h"

#include <string.h>

enum {
    START = 1 << STAGE_GREETING | 1 << STAGE_EHLO,
    SWITCH = 1 << STAGE_STARTTLS,
    LOGIN = 1 << STAGE_AUTH,
    MAIL = 1 << STAGE_MAIL,
    RCPT = 1 << STAGE_RCPT,
    BODY = 1 << STAGE_DATA | 1 << STAGE_BODY,
    SEND = MAIL | RCPT | BODY,
    ALL = START | LOGIN | SEND,
    NET = 1 << STAGE_RESOLVE | 1 << STAGE_CONNECT | 1 << STAGE_TLS,
    SECURE = 1 << STAGE_CONNECT | 1 << STAGE_STARTTLS | 1 << STAGE_TLS,
};

static const struct phrase {
    const char *words; /* in any case, from the start of a word */
    unsigned stages;
    enum cause cause;
} phrases[] = {
#define PHRASE(words, stages, cause) {words, stages, CAUSE_##cause},
#include "diagnose/phrases.def"
#undef PHRASE
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "2fa" is a word too; a letter behind a number begins one ("550no such user"). */
static bool is_word_start(struct slice s, size_t at)
{
    char before = at == 0 ? ' ' : s.p[at - 1];
    return (is_letter(s.p[at]) && !is_letter(before)) ||
           (is_digit(s.p[at]) && !is_letter(before) && !is_digit(before) && before != '.');
}

static const char *words_of(size_t i)
{
    return phrases[i].words;
}

void phrases_index(struct starts *out, struct arena *arena)
{
    starts_build(out, words_of, COUNT(phrases), arena);
}

/* The first row below `end` whose words stand here. */
static size_t row_at(const struct starts *index, struct slice here, unsigned where, size_t end)
{
    for (size_t i = starts_first(index, here); i != 0 && i <= end; i = starts_next(index, i)) {
        const struct phrase *p = &phrases[i - 1];
        if ((p->stages & where) != 0 && starts_stand_at(here, p->words)) {
            return i - 1;
        }
    }
    return end;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t digits(struct slice s, size_t at, size_t max)
{
    size_t n = 0;
    while (n < max && at + n < s.n && is_digit(s.p[at + n])) {
        n++;
    }
    return n;
}

/* "5.7.1 " */
static size_t enhanced_length(struct slice s, size_t at)
{
    size_t end = at;
    for (unsigned part = 0; part < 3; part++) {
        size_t n = digits(s, end, 3);
        char behind = end + n < s.n ? s.p[end + n] : ' ';
        if (n == 0 || (part < 2 ? behind != '.' : !is_blank(behind))) {
            return 0;
        }
        end += n + (part < 2);
    }
    return end - at;
}

/* "550-5.7.1 " and, at the start of a line, "550 5.7.1 ", "550-" and "550 ": what continues a reply and
 * stands between the words of its sentence. */
static size_t codes_length(struct slice s, size_t at, bool is_line_start)
{
    bool has_code = digits(s, at, 4) == 3 && at + 3 < s.n && s.p[at] >= '2' && s.p[at] <= '5' &&
                    (s.p[at + 3] == '-' || s.p[at + 3] == ' ');
    if (!has_code) {
        return 0;
    }
    size_t enhanced = enhanced_length(s, at + 4);
    bool is_of_line = is_line_start || (s.p[at + 3] == '-' && enhanced != 0);
    return is_of_line ? 4 + enhanced : 0;
}

/* The text as one line with single blanks, and a typographic apostrophe as a plain one. */
static struct slice flattened(struct slice text, struct arena *arena)
{
    char *out = arena_alloc(arena, text.n + 1);
    size_t n = 0;
    for (size_t at = 0; at < text.n;) {
        if (is_blank(text.p[at])) {
            bool is_line_start = false;
            while (at < text.n && is_blank(text.p[at])) {
                is_line_start = is_line_start || text.p[at] == '\n';
                at++;
            }
            at += codes_length(text, at, is_line_start);
            out[n] = ' ';
            n += n != 0 && out[n - 1] != ' ';
        } else if (text.n - at >= 3 && memcmp(text.p + at, "\xe2\x80\x99", 3) == 0) {
            out[n++] = '\'';
            at += 3;
        } else {
            out[n++] = text.p[at++];
        }
    }
    return slice_make(out, n);
}

enum cause phrase_cause(const struct starts *index, struct slice text, enum stage stage,
                        struct arena *arena, const char **words)
{
    text = flattened(text, arena);
    unsigned where = stage == STAGE_NONE ? (unsigned)SEND : 1U << stage;
    size_t best = COUNT(phrases);
    for (size_t at = 0; at < text.n; at++) {
        if (is_word_start(text, at)) {
            best = row_at(index, slice_from(text, at), where, best);
        }
    }
    if (best == COUNT(phrases)) {
        return CAUSE_UNKNOWN;
    }
    *words = phrases[best].words;
    return phrases[best].cause;
}
