/* SPDX-License-Identifier: Apache-2.0 */
/* Replies: a row per way to be right or wrong, and one law: where the network cuts does not matter.
 */
#include "wire/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define N(name)  (1U << REPLY_NOTE_##name)
#define IN(text) text, sizeof(text) - 1

struct row {
    const char *name;
    const char *in;
    size_t n;
    enum read_result want;
    unsigned code;
    const char *enhanced;
    const char *text; /* lines joined by | */
    unsigned notes;
    size_t left; /* octets behind the reply that must not be taken */
};

/* clang-format off */
static const struct row rows[] = {
    { "one line",            IN("250 ok\r\n"),                              READ_REPLY, 250, "", "ok", 0, 0 },
    { "three lines",         IN("250-a\r\n250-b c\r\n250 d\r\n"),           READ_REPLY, 250, "", "a|b c|d", 0, 0 },
    { "two replies",         IN("250 a\r\n354 b\r\n"),                      READ_REPLY, 250, "", "a", 0, 7 },
    { "enhanced",            IN("535 5.7.8 no\r\n"),                        READ_REPLY, 535, "5.7.8", "no", 0, 0 },
    { "enhanced each line",  IN("535-5.7.8 no\r\n535 5.7.8 see\r\n"),       READ_REPLY, 535, "5.7.8", "no|see", 0, 0 },
    { "enhanced three digits", IN("535 5.7.139 no\r\n"),                    READ_REPLY, 535, "5.7.139", "no", 0, 0 },
    { "enhanced alone",      IN("250 2.0.0\r\n"),                           READ_REPLY, 250, "2.0.0", "", 0, 0 },
    { "enhanced other class", IN("250 5.0.0 hm\r\n"),                       READ_REPLY, 250, "5.0.0", "hm", N(ENHANCED_CLASS), 0 },
    { "enhanced differ",     IN("550-5.1.1 a\r\n550 5.7.1 b\r\n"),          READ_REPLY, 550, "5.1.1", "a|b", N(ENHANCED_DIFFER), 0 },
    { "address, no enhanced", IN("220 4.5.6.7 ready\r\n"),                  READ_REPLY, 220, "", "4.5.6.7 ready", 0, 0 },
    { "challenge, no enhanced", IN("334 5.7.1 x\r\n"),                      READ_REPLY, 334, "", "5.7.1 x", 0, 0 },
    { "bare LF",             IN("250 ok\n"),                                READ_REPLY, 250, "", "ok", N(BARE_LF), 0 },
    { "bare LF then CRLF",   IN("250-a\n250 b\r\n"),                        READ_REPLY, 250, "", "a|b", N(BARE_LF), 0 },
    { "bare CR inside",      IN("250 a\rb\r\n"),                            READ_REPLY, 250, "", "a\rb", N(BARE_CR), 0 },
    { "CR CR LF",            IN("250 a\r\r\n"),                             READ_REPLY, 250, "", "a", N(BARE_CR), 0 },
    { "CR alone ends nothing", IN("250 a\r"),                               READ_MORE,  0, "", "", 0, 0 },
    { "blank line before",   IN("\r\n250 a\r\n"),                           READ_REPLY, 250, "", "a", N(BLANK_LINE), 0 },
    { "blank line within",   IN("250-a\r\n \r\n250 b\r\n"),                 READ_REPLY, 250, "", "a|b", N(BLANK_LINE), 0 },
    { "code alone",          IN("250\r\n"),                                 READ_REPLY, 250, "", "", N(NO_TEXT), 0 },
    { "code and blank",      IN("250 \r\n"),                                READ_REPLY, 250, "", "", N(NO_TEXT), 0 },
    { "code and hyphen",     IN("250-\r\n250 a\r\n"),                       READ_REPLY, 250, "", "|a", N(NO_TEXT), 0 },
    { "NUL",                 IN("250 a\0b\r\n"),                            READ_REPLY, 250, "", "a", N(NUL), 0 },
    { "8-bit",               IN("550 caf\xc3\xa9\r\n"),                     READ_REPLY, 550, "", "caf\xc3\xa9", N(EIGHT_BIT), 0 },
    { "broken UTF-8",        IN("550 \xff\r\n"),                            READ_REPLY, 550, "", "\xff", N(EIGHT_BIT), 0 },
    { "escape sequence",     IN("550 \x1b[2J\r\n"),                         READ_REPLY, 550, "", "\x1b[2J", N(CONTROL), 0 },
    { "tab is text",         IN("550 a\tb\r\n"),                            READ_REPLY, 550, "", "a\tb", 0, 0 },
    { "codes differ",        IN("250-a\r\n251 b\r\n"),                      READ_REPLY, 251, "", "a|b", N(CODES_DIFFER), 0 },
    { "classes differ",      IN("250-a\r\n550 b\r\n"),                      READ_BAD,   0, "", "a|b", N(CODES_DIFFER), 0 },
    { "code 299",            IN("299 a\r\n"),                               READ_REPLY, 299, "", "a", N(CODE_RANGE), 0 },
    { "code 199",            IN("199 a\r\n"),                               READ_BAD,   0, "", "199 a", N(CODE_RANGE), 0 },
    { "code 600",            IN("600 a\r\n"),                               READ_BAD,   0, "", "600 a", N(CODE_RANGE), 0 },
    { "two digits",          IN("25 a\r\n"),                                READ_BAD,   0, "", "25 a", N(CODE_SHORT), 0 },
    { "four digits",         IN("2500 a\r\n"),                              READ_BAD,   0, "", "2500 a", N(CODE_LONG), 0 },
    { "endless digits",      IN("25000000000000000000000000000000 a\r\n"),  READ_BAD,   0, "", "25000000000000000000000000000000 a", N(CODE_LONG), 0 },
    { "no code",             IN("HTTP/1.1 400 Bad Request\r\nServer: x\r\n"), READ_BAD, 0, "", "HTTP/1.1 400 Bad Request", N(NO_CODE), 11 },
    { "negative",            IN("-250 a\r\n"),                              READ_BAD,   0, "", "-250 a", N(NO_CODE), 0 },
    { "blank first",         IN(" 250 a\r\n"),                              READ_BAD,   0, "", " 250 a", N(NO_CODE), 0 },
    { "no separator",        IN("250ok\r\n"),                               READ_BAD,   0, "", "250ok", N(SEPARATOR), 0 },
    { "tab separates not",   IN("250\tok\r\n"),                             READ_BAD,   0, "", "250\tok", N(SEPARATOR), 0 },
    { "no last line",        IN("250-a\r\n250-b\r\n"),                      READ_MORE,  0, "", "", 0, 0 },
    { "nothing",             IN(""),                                        READ_MORE,  0, "", "", 0, 0 },
    { "many lines",          IN("250-1\r\n250-2\r\n250-3\r\n250-4\r\n250-5\r\n250-6\r\n250 7\r\n"), READ_BAD, 0, "", "1|2|3|4|5|6", N(TOO_MANY_LINES), 7 },
};
/* clang-format on */

enum { MAX_OCTETS = 100, MAX_LINES = 6 };

static void join(const struct reply *reply, char *out, size_t space)
{
    size_t n = 0;
    out[0] = '\0';
    for (size_t i = 0; i < reply->line_count && n < space; i++) {
        n += (size_t)snprintf(out + n, space - n, "%s" SLICE_FMT, i != 0 ? "|" : "",
                              SLICE_ARG(reply->lines[i]));
    }
}

/* Feeds the row in pieces, each an exact-size copy; returns the result and what was not taken. */
static enum read_result feed(struct reply_reader *r, const struct row *row, size_t first,
                             size_t step, struct reply *out, size_t *left)
{
    enum read_result result = READ_MORE;
    size_t at = 0, n = first;
    while (at < row->n && result == READ_MORE) {
        n = n < row->n - at ? n : row->n - at;
        char *exact = malloc(n);
        assert_non_null(exact);
        memcpy(exact, row->in + at, n);
        size_t used = 0;
        result = reply_read(r, slice_make(exact, n), &used, out);
        free(exact);
        if (result == READ_MORE && used != n) {
            fail_msg("%s: READ_MORE took %zu of %zu octets", row->name, used, n);
        }
        at += used;
        n = step;
    }
    *left = row->n - at;
    return result;
}

static void check(const struct row *row, size_t first, size_t step)
{
    struct reply_reader r;
    struct reply reply = {0};
    size_t left = 0;
    reply_reader_init(&r, MAX_OCTETS, MAX_LINES);
    enum read_result got = feed(&r, row, first, step, &reply, &left);
    if (got != row->want) {
        fail_msg("%s cut at %zu: want result %d, got %d", row->name, first, row->want, got);
    }
    if (got != READ_MORE) {
        char text[256], enhanced[ENHANCED_TEXT];
        join(&reply, text, sizeof text);
        enhanced_text(&reply.enhanced, enhanced);
        if (reply.code != row->code || strcmp(enhanced, row->enhanced) != 0 ||
            strcmp(text, row->text) != 0 || reply.notes != row->notes) {
            fail_msg("%s cut at %zu: want %u '%s' '%s' notes %x, got %u '%s' '%s' notes %x",
                     row->name, first, row->code, row->enhanced, row->text, row->notes, reply.code,
                     enhanced, text, reply.notes);
        }
        if (left != row->left || !slice_eq(reply.raw, slice_make(row->in, row->n - left))) {
            fail_msg("%s cut at %zu: %zu octets left, want %zu; or raw is not what was sent",
                     row->name, first, left, row->left);
        }
    }
    reply_reader_release(&r);
}

static void test_every_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t cut = 1; cut <= rows[i].n || cut == 1; cut++) {
            check(&rows[i], cut, rows[i].n);
        }
        check(&rows[i], 1, 1);
    }
}

static void test_caps_hold_for_every_cut(void **state)
{
    (void)state;
    char endless[4 * MAX_OCTETS];
    memset(endless, 'x', sizeof endless);
    memcpy(endless, "250-", 4);
    for (size_t step = 1; step < sizeof endless; step++) {
        struct reply_reader r;
        struct reply reply;
        size_t at = 0, used = 0;
        enum read_result got = READ_MORE;
        reply_reader_init(&r, MAX_OCTETS, MAX_LINES);
        while (at < sizeof endless && got == READ_MORE) {
            got = reply_read(&r, slice_sub(slice_make(endless, sizeof endless), at, step), &used,
                             &reply);
            at += used;
        }
        assert_int_equal(got, READ_BAD);
        assert_true(REPLY_HAS(reply.notes, TOO_MANY_OCTETS));
        assert_int_equal(at, MAX_OCTETS);
        assert_int_equal(reply.raw.n, MAX_OCTETS);
        assert_int_equal(reply_read(&r, SLICE("250 ok\r\n"), &used, &reply), READ_BAD);
        assert_int_equal(used, 0);
        reply_reader_reset(&r);
        assert_int_equal(reply_read(&r, SLICE("250 ok\r\n"), &used, &reply), READ_REPLY);
        reply_reader_release(&r);
    }
}

static void test_endless_blank_lines_end(void **state)
{
    (void)state;
    struct reply_reader r;
    struct reply reply;
    size_t used = 0, taken = 0;
    enum read_result got = READ_MORE;
    reply_reader_init(&r, MAX_OCTETS, MAX_LINES);
    for (int i = 0; i < 1000 && got == READ_MORE; i++) {
        got = reply_read(&r, SLICE("\r\n"), &used, &reply);
        taken += used;
    }
    assert_int_equal(got, READ_BAD);
    assert_int_equal(taken, MAX_OCTETS);
    reply_reader_release(&r);
}

static void test_long_line_is_noted(void **state)
{
    (void)state;
    static const struct {
        size_t octets;
        bool is_long;
    } lengths[] = {{512, false}, {513, true}};
    for (size_t i = 0; i < COUNT(lengths); i++) {
        char line[600];
        memset(line, 'x', sizeof line);
        memcpy(line, "250 ", 4);
        memcpy(line + lengths[i].octets - 2, "\r\n", 2);
        struct reply_reader r;
        struct reply reply;
        size_t used = 0;
        reply_reader_init(&r, 0, 0);
        assert_int_equal(reply_read(&r, slice_make(line, lengths[i].octets), &used, &reply),
                         READ_REPLY);
        assert_int_equal(REPLY_HAS(reply.notes, LINE_TOO_LONG), lengths[i].is_long);
        reply_reader_release(&r);
    }
}

/* clang-format off */
static const struct {
    const char *name, *in;
    bool has;
    unsigned code, notes;
} ends[] = {
    { "nothing pending",    "",                    false, 0, 0 },
    { "whole reply taken",  "250 a\r\n",           false, 0, 0 },
    { "no last line",       "250-a\r\n250-b\r\n",  true, 250, N(LAST_LINE) },
    { "cut in the first",   "250 Par",             true, 250, N(LINE_CUT) },
    { "cut in a later",     "250-a\r\n250-b",      true, 250, N(LINE_CUT) | N(LAST_LINE) },
    { "cut in the last",    "250-a\r\n250 b",      true, 250, N(LINE_CUT) },
    { "cut in the code",    "25",                  true, 0, N(LINE_CUT) | N(CODE_SHORT) },
    { "blank line only",    "\r\n",                true, 0, N(BLANK_LINE) },
    { "garbage",            "\x16\x03\x01",        true, 0, N(LINE_CUT) | N(CONTROL) | N(NO_CODE) },
};
/* clang-format on */

static void test_end_keeps_what_there_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ends); i++) {
        struct reply_reader r;
        struct reply reply = {0};
        size_t used = 0;
        reply_reader_init(&r, 0, 0);
        enum read_result got = reply_read(&r, slice_of(ends[i].in), &used, &reply);
        assert_int_not_equal(got, READ_BAD);
        bool has = reply_end(&r, &reply);
        if (has != ends[i].has ||
            (has && (reply.code != ends[i].code || reply.notes != ends[i].notes))) {
            fail_msg("%s: want %d %u notes %x, got %d %u notes %x", ends[i].name, ends[i].has,
                     ends[i].code, ends[i].notes, has, reply.code, reply.notes);
        }
        assert_false(reply_end(&r, &reply));
        assert_int_equal(reply_read(&r, SLICE("220 again\r\n"), &used, &reply), READ_REPLY);
        assert_int_equal(reply.code, 220);
        reply_reader_release(&r);
    }
}

/* clang-format off */
static const struct {
    const char *in, *want, *rest;
} enhanced_rows[] = {
    { "5.7.1 no",      "5.7.1",     "no" },
    { "4.999.999",     "4.999.999", "" },
    { "2.0.0\t ok",    "2.0.0",     "ok" },
    { "3.0.0 x",       "", "3.0.0 x" },
    { "5.7 x",         "", "5.7 x" },
    { "5.07.1 x",      "", "5.07.1 x" },
    { "5.7.1000 x",    "", "5.7.1000 x" },
    { "5.7.1: x",      "", "5.7.1: x" },
    { "5.7.1.2 x",     "", "5.7.1.2 x" },
    { "55.7.1 x",      "", "55.7.1 x" },
    { "",              "", "" },
    { "#5.7.1 x",      "", "#5.7.1 x" },
};
/* clang-format on */

static void test_enhanced(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(enhanced_rows); i++) {
        struct enhanced e;
        struct slice rest;
        char text[ENHANCED_TEXT];
        bool has = enhanced_take(slice_of(enhanced_rows[i].in), &e, &rest);
        enhanced_text(&e, text);
        if (has != (enhanced_rows[i].want[0] != '\0') || strcmp(text, enhanced_rows[i].want) != 0 ||
            !slice_eq_text(rest, enhanced_rows[i].rest)) {
            fail_msg("'%s': want '%s' + '%s', got '%s' + '" SLICE_FMT "'", enhanced_rows[i].in,
                     enhanced_rows[i].want, enhanced_rows[i].rest, text, SLICE_ARG(rest));
        }
    }
}

static void test_notes_have_words(void **state)
{
    (void)state;
    for (int i = 0; i < REPLY_NOTE_COUNT; i++) {
        assert_true(strlen(reply_note_words((enum reply_note)i)) > 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_caps_hold_for_every_cut),
        cmocka_unit_test(test_endless_blank_lines_end),
        cmocka_unit_test(test_long_line_is_noted),
        cmocka_unit_test(test_end_keeps_what_there_is),
        cmocka_unit_test(test_enhanced),
        cmocka_unit_test(test_notes_have_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
