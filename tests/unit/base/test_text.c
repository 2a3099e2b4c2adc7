/* SPDX-License-Identifier: Apache-2.0 */
/* Text for people; law: whatever goes in, what is made visible is clean UTF-8. */
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/rng.h"

#define IN(text)                                                                                   \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

/* clang-format off */
static const struct {
    const char *name;
    struct slice in;
    const char *one_line, *keep_lines;
} visible_rows[] = {
    { "plain",            IN("250 ok"),                "250 ok",             "250 ok" },
    { "lines",            IN("a\r\nb\tc"),             "a\\r\\nb\\tc",       "a\\r\nb\tc" },
    { "lone CR",          IN("a\rb"),                  "a\\rb",              "a\\rb" },
    { "NUL",              IN("a\0b"),                  "a\\x00b",            "a\\x00b" },
    { "ANSI",             IN("\x1b[2J"),               "\\x1b[2J",           "\\x1b[2J" },
    { "DEL",              IN("\x7f"),                  "\\x7f",              "\\x7f" },
    { "C1 (CSI)",         IN("\xc2\x9b" "2J"),         "\\xc2\\x9b2J",       "\\xc2\\x9b2J" },
    { "NBSP stays",       IN("\xc2\xa0"),              "\xc2\xa0",           "\xc2\xa0" },
    { "umlaut",           IN("\xc3\xa4"),              "\xc3\xa4",           "\xc3\xa4" },
    { "invalid",          IN("a\xff\xfe"),             "a\\xff\\xfe",        "a\\xff\\xfe" },
    { "cut short",        IN("\xe2\x82"),              "\\xe2\\x82",         "\\xe2\\x82" },
    { "overlong",         IN("\xc0\xaf"),              "\\xc0\\xaf",         "\\xc0\\xaf" },
    { "overlong of three", IN("\xe0\x80\xaf"),         "\\xe0\\x80\\xaf",    "\\xe0\\x80\\xaf" },
    { "surrogate",        IN("\xed\xa0\x80"),          "\\xed\\xa0\\x80",    "\\xed\\xa0\\x80" },
    { "over U+10FFFF",    IN("\xf4\x90\x80\x80"),      "\\xf4\\x90\\x80\\x80", "\\xf4\\x90\\x80\\x80" },
    { "U+FFFE",           IN("\xef\xbf\xbe"),          "\\u{FFFE}",          "\\u{FFFE}" },
    { "U+FFFF",           IN("\xef\xbf\xbf"),          "\\u{FFFF}",          "\\u{FFFF}" },
    { "U+1FFFE",          IN("\xf0\x9f\xbf\xbe"),      "\\u{1FFFE}",         "\\u{1FFFE}" },
    { "zero width space", IN("5\xe2\x80\x8b.7"),     "5\\u{200B}.7",       "5\\u{200B}.7" },
    { "soft hyphen",      IN("a\xc2\xad" "b"),       "a\\u{00AD}b",        "a\\u{00AD}b" },
    { "bidi override",    IN("\xe2\x80\xae" "abc"),    "\\u{202E}abc",       "\\u{202E}abc" },
    { "line separator",   IN("\xe2\x80\xa8"),          "\\u{2028}",          "\\u{2028}" },
    { "emoji",            IN("\xf0\x9f\x98\x80"),      "\xf0\x9f\x98\x80",   "\xf0\x9f\x98\x80" },
};

static const struct {
    const char *text;
    int64_t want_us; /* -1: refused */
} duration_rows[] = {
    { "500ms", 500000 },    { "15s", 15000000 },   { "2m", 120000000 }, { "1h", 3600000000 },
    { "1.5s", 1500000 },    { "0s", 0 },           { "0.001ms", 1 },    { "20us", 20 },
    { "1000000000h", 3600000000000000000 },
    { "15", -1 },           { "0", -1 },           { "", -1 },          { "s", -1 },
    { ".5s", -1 },          { "1.s", -1 },         { "-1s", -1 },       { "1 s", -1 },
    { "1S", -1 },           { "1,5s", -1 },        { "1d", -1 },        { "1ss", -1 },
    { "1000000001h", -1 },  { "1.1234567s", -1 },  { "99999999999999999999s", -1 },
};

static const struct {
    int64_t us;
    const char *want;
} shown_rows[] = {
    { 0, "0 ms" },             { 400, "0.4 ms" },     { 1900, "1.9 ms" },      { 9949, "9.9 ms" },
    { 9950, "10 ms" },         { 31000, "31 ms" },    { 999499, "999 ms" },    { 999500, "1 s" },
    { 1900000, "1.9 s" },      { 15000000, "15 s" },  { 59949999, "59.9 s" },  { 59950000, "1 min" },
    { 120000000, "2 min" },    { 125000000, "2 min 5 s" }, { 3600000000, "1 h" },
    { 3900000000, "1 h 5 min" }, { -1900, "-1.9 ms" },
};

static const struct {
    const char *pattern, *name;
    bool want;
} glob_rows[] = {
    { "a", "a", true },                    { "a", "b", false },          { "", "", true },
    { "", "a", false },                    { "*", "", true },            { "*", "abc", true },
    { "*", "a/b", false },                 { "**", "a/b/c", true },      { "a/**", "a/b/c", true },
    { "a/*", "a/b/c", false },             { "a/*/c", "a/b/c", true },   { "?", "/", false },
    { "?b", "ab", true },                  { "[a-c]x", "bx", true },     { "[a-c]x", "dx", false },
    { "[!a-c]x", "dx", true },             { "[!a-c]", "/", false },     { "[]]", "]", true },
    { "[a", "[a", true },                  { "a[-z]", "a-", true },      { "*.yaml", "x.yaml", true },
    { "*ab", "aab", true },                { "*a*b", "xaxxb", true },    { "**/x", "a/b/x", true },
    { "**b*c", "ab/bxc", true },           { "a**b*c/d", "a/x/bb/c/d", false },
    { "**::auth-*", "providers/gmail::auth-login", true },
    { "a*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
};

static const struct {
    int64_t seconds;
    const char *want;
} utc_rows[] = {
    { 0, "1970-01-01T00:00:00" },           { 951782399, "2000-02-28T23:59:59" },
    { 951782400, "2000-02-29T00:00:00" },   { 951868800, "2000-03-01T00:00:00" },
    { 4107542400, "2100-03-01T00:00:00" },  { 4107542399, "2100-02-28T23:59:59" },
    { 1767225599, "2025-12-31T23:59:59" },  { -1, "1969-12-31T23:59:59" },
    { 253402300799, "9999-12-31T23:59:59" }, { INT64_MAX, "9999-12-31T23:59:59" },
    { -62167219200, "0000-01-01T00:00:00" }, { INT64_MIN, "0000-01-01T00:00:00" },
};
/* clang-format on */

static char *visible(struct slice in, enum text_visible how)
{
    char *exact = malloc(in.n != 0 ? in.n : 1);
    assert_non_null(exact);
    memcpy(exact, in.p, in.n);
    struct buf out;
    buf_init(&out, BUF_NO_CAP);
    text_visible(slice_make(exact, in.n), how, &out);
    free(exact);
    return buf_take(&out);
}

static void hostile_octets_become_visible(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(visible_rows); i++) {
        char *one = visible(visible_rows[i].in, TEXT_ONE_LINE);
        char *keep = visible(visible_rows[i].in, TEXT_KEEP_LINES);
        if (strcmp(one, visible_rows[i].one_line) != 0 ||
            strcmp(keep, visible_rows[i].keep_lines) != 0) {
            fail_msg("%s: want '%s', got '%s' and '%s'", visible_rows[i].name,
                     visible_rows[i].one_line, one, keep);
        }
        free(one);
        free(keep);
    }
}

/* law: the result is valid UTF-8 without controls, and doing it again changes nothing */
static void what_is_visible_is_clean(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, 7);
    for (int round = 0; round < 2000; round++) {
        char in[40];
        size_t n = rng_below(&rng, sizeof in);
        for (size_t i = 0; i < n; i++) {
            in[i] = (char)rng_below(&rng, 256);
        }
        char *once = visible(slice_make(in, n), TEXT_ONE_LINE);
        struct slice s = slice_of(once);
        while (s.n != 0) {
            size_t length = text_utf8_length(s);
            assert_true(length > 0 && (unsigned char)s.p[0] >= 0x20);
            s = slice_from(s, length);
        }
        char *twice = visible(slice_of(once), TEXT_ONE_LINE);
        assert_string_equal(once, twice);
        free(once);
        free(twice);
    }
}

static void durations(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(duration_rows); i++) {
        int64_t us = -1;
        bool is_ok = text_duration(slice_of(duration_rows[i].text), &us);
        if (us != duration_rows[i].want_us || is_ok != (us >= 0)) {
            fail_msg("'%s': got %lld", duration_rows[i].text, (long long)us);
        }
    }
    for (size_t i = 0; i < COUNT(shown_rows); i++) {
        struct buf out;
        buf_init(&out, 100);
        text_add_duration(&out, shown_rows[i].us);
        assert_string_equal(buf_text(&out), shown_rows[i].want);
        buf_release(&out);
    }
}

static void globs(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(glob_rows); i++) {
        if (text_glob(slice_of(glob_rows[i].pattern), slice_of(glob_rows[i].name)) !=
            glob_rows[i].want) {
            fail_msg("'%s' and '%s': want %d", glob_rows[i].pattern, glob_rows[i].name,
                     glob_rows[i].want);
        }
    }
}

static void nearest_names(void **state)
{
    (void)state;
    static const char *const known[] = {"transcript", "expect", "reply", "cause", "server_saw"};
    static const struct {
        const char *word, *want;
    } rows[] = {
        {"transcirpt", "transcript"},
        {"expct", "expect"},
        {"EXPECT", "expect"},
        {"repyl", "reply"},
        {"cuase", "cause"},
        {"serversaw", "server_saw"},
        {"stage", NULL},
        {"", NULL},
        {"xy", NULL},
        {"completely different", NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *got = text_nearest(slice_of(rows[i].word), known, COUNT(known));
        bool is_right =
            rows[i].want == NULL ? got == NULL : got != NULL && strcmp(got, rows[i].want) == 0;
        if (!is_right) {
            fail_msg("%s: got %s", rows[i].word, got != NULL ? got : "none");
        }
    }
    char word[1000];
    memset(word, 'a', sizeof word);
    assert_null(text_nearest(slice_make(word, sizeof word), known, COUNT(known)));
}

static void columns_and_cuts(void **state)
{
    (void)state;
    struct slice wide = SLICE("a\xe4\xb8\xad\xc3\xa4\xff"); /* a, a wide sign, an umlaut, rubbish */
    assert_int_equal(text_columns(wide), 5);
    static const size_t octets_at[] = {0, 1, 1, 4, 6, 7, 7};
    for (size_t i = 0; i < COUNT(octets_at); i++) {
        assert_int_equal(text_cut(wide, i).n, octets_at[i]);
    }
    assert_int_equal(text_utf8_code_point(SLICE("\xf0\x9f\x98\x80")), 0x1f600);
}

static void utc_times(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(utc_rows); i++) {
        char out[20];
        text_utc(utc_rows[i].seconds, out);
        assert_string_equal(out, utc_rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_octets_become_visible),
        cmocka_unit_test(what_is_visible_is_clean),
        cmocka_unit_test(durations),
        cmocka_unit_test(globs),
        cmocka_unit_test(nearest_names),
        cmocka_unit_test(columns_and_cuts),
        cmocka_unit_test(utc_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
