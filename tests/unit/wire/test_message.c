/* SPDX-License-Identifier: Apache-2.0 */
/* Message content: stuffing against a simple reference, for every cut; a made message parsed again.
 */
#include "wire/dots.h"
#include "wire/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define IN(text) text, sizeof(text) - 1

/* clang-format off */
static const struct row {
    const char *name, *in;
    size_t n;
    const char *want;
    size_t want_n;
} rows[] = {
    { "empty",            IN(""),                 IN(".\r\n") },
    { "one line",         IN("a\r\n"),            IN("a\r\n.\r\n") },
    { "no last CRLF",     IN("a"),                IN("a\r\n.\r\n") },
    { "LF",               IN("a\nb\n"),           IN("a\r\nb\r\n.\r\n") },
    { "CR",               IN("a\rb\r"),           IN("a\r\nb\r\n.\r\n") },
    { "CR CR LF",         IN("a\r\r\nb"),         IN("a\r\n\r\nb\r\n.\r\n") },
    { "LF CR",            IN("a\n\rb"),           IN("a\r\n\r\nb\r\n.\r\n") },
    { "first dot",        IN(".a\r\n"),           IN("..a\r\n.\r\n") },
    { "dot alone",        IN(".\r\n"),            IN("..\r\n.\r\n") },
    { "dot at the end",   IN("a\r\n."),           IN("a\r\n..\r\n.\r\n") },
    { "terminator",       IN("a\r\n.\r\nb\r\n"),  IN("a\r\n..\r\nb\r\n.\r\n") },
    { "LF dot LF",        IN("a\n.\nb"),          IN("a\r\n..\r\nb\r\n.\r\n") },
    { "LF dot CRLF",      IN("a\n.\r\nb"),        IN("a\r\n..\r\nb\r\n.\r\n") },
    { "CR dot CR",        IN("a\r.\rb"),          IN("a\r\n..\r\nb\r\n.\r\n") },
    { "CRLF dot CR",      IN("a\r\n.\rb"),        IN("a\r\n..\r\nb\r\n.\r\n") },
    { "CRLF dot LF",      IN("a\r\n.\nb"),        IN("a\r\n..\r\nb\r\n.\r\n") },
    { "NUL dot",          IN("a\r\n\0.\r\n"),     IN("a\r\n\0.\r\n.\r\n") },
    { "dot inside",       IN("a.b\r\n"),          IN("a.b\r\n.\r\n") },
    { "two dots",         IN("..\r\n"),           IN("...\r\n.\r\n") },
    { "empty lines",      IN("\r\n\r\n.x"),       IN("\r\n\r\n..x\r\n.\r\n") },
};
/* clang-format on */

static void run(enum dots_mode mode, const struct row *row, size_t first, size_t step,
                struct buf *out)
{
    struct dots d;
    dots_init(&d, mode);
    for (size_t at = 0, n = first; at < row->n; at += n, n = step) {
        n = n < row->n - at ? n : row->n - at;
        char *exact = malloc(n);
        assert_non_null(exact);
        memcpy(exact, row->in + at, n);
        dots_feed(&d, slice_make(exact, n), out);
        free(exact);
        if (at + n == row->n) {
            break;
        }
    }
    dots_end(&d, out);
}

static void test_stuffing_for_every_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t cut = 1; cut <= rows[i].n + 1; cut++) {
            struct buf out;
            buf_init(&out, 10000);
            run(DOTS_STUFF, &rows[i], cut, cut > rows[i].n ? 1 : rows[i].n, &out);
            if (!slice_eq(buf_slice(&out), slice_make(rows[i].want, rows[i].want_n))) {
                fail_msg("%s cut at %zu: want '%s', got '%s'", rows[i].name, cut, rows[i].want,
                         buf_text(&out));
            }
            buf_release(&out);
        }
    }
}

/* Law: exactly one terminator, no bare CR or LF, and the measure is what is sent without stuffing.
 */
static void test_laws(void **state)
{
    (void)state;
    static const char alphabet[] = "\r\n.a";
    for (unsigned pattern = 0; pattern < 4 * 4 * 4 * 4 * 4 * 4; pattern++) {
        char text[6];
        unsigned rest = pattern;
        for (size_t i = 0; i < sizeof text; i++, rest /= 4) {
            text[i] = alphabet[rest % 4];
        }
        struct row row = {"pattern", text, sizeof text, NULL, 0};
        struct buf stuffed, plain;
        struct message_measure measure;
        buf_init(&stuffed, 1000);
        buf_init(&plain, 1000);
        buf_add_text(&stuffed, "\r\n");
        run(DOTS_STUFF, &row, sizeof text, 1, &stuffed);
        run(DOTS_PLAIN, &row, 1, 1, &plain);
        struct slice s = buf_slice(&stuffed);
        assert_int_equal(slice_find(s, SLICE("\r\n.\r\n")), s.n - 5);
        for (size_t i = 0; i < s.n; i++) {
            assert_true(s.p[i] != '\n' || (i > 0 && s.p[i - 1] == '\r'));
            assert_true(s.p[i] != '\r' || (i + 1 < s.n && s.p[i + 1] == '\n'));
        }
        message_measure(slice_make(text, sizeof text), &measure);
        assert_int_equal(measure.octets, plain.n);
        buf_release(&stuffed);
        buf_release(&plain);
    }
}

static void test_measure(void **state)
{
    (void)state;
    struct message_measure m;
    message_measure(SLICE("Subject: x\n\ncaf\xc3\xa9"), &m);
    assert_int_equal(m.octets, 12 + 2 + 7);
    assert_int_equal(m.longest_line, 12);
    assert_true(m.has_eight_bit);
    assert_false(m.has_eight_bit_header);
    message_measure(SLICE("Subject: \xc3\xa9\r\n\r\nx\0"), &m);
    assert_true(m.has_eight_bit_header);
    assert_true(m.has_nul);
}

static void test_dates(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct { int64_t at; const char *want; } dates[] = {
        { 0,            "Thu, 01 Jan 1970 00:00:00 +0000" },
        { 951782399,    "Mon, 28 Feb 2000 23:59:59 +0000" },
        { 951782400,    "Tue, 29 Feb 2000 00:00:00 +0000" },
        { 1709164800,   "Thu, 29 Feb 2024 00:00:00 +0000" },
        { 1735689599,   "Tue, 31 Dec 2024 23:59:59 +0000" },
        { 4107542400,   "Mon, 01 Mar 2100 00:00:00 +0000" },
        { -5,           "Thu, 01 Jan 1970 00:00:00 +0000" },
        { INT64_MAX,    "Fri, 31 Dec 9999 23:59:59 +0000" },
    };
    /* clang-format on */
    for (size_t i = 0; i < COUNT(dates); i++) {
        char got[40];
        message_date(dates[i].at, got);
        assert_string_equal(got, dates[i].want);
    }
}

static const struct slice to_one[] = {{IN("rcpt@example.test")}};

/* clang-format off */
static const struct message_row {
    const char *name;
    struct message_params params;
    enum err want;
} messages[] = {
    { "plain",             { .from = {IN("a@b.test")}, .message_id = {IN("1@x.test")} }, ERR_OK },
    { "subject folded",    { .from = {IN("a@b.test")}, .message_id = {IN("1@x.test")}, .subject = {IN("a long subject that has to be folded somewhere because it is longer than a line may be")} }, ERR_OK },
    { "subject in UTF-8",  { .from = {IN("a@b.test")}, .message_id = {IN("1@x.test")}, .subject = {IN("Gr\xc3\xbc\xc3\x9f""e aus K\xc3\xb6ln, und noch viel mehr Text, damit ein zweites Wort n\xc3\xb6tig wird \xe2\x82\xac")} }, ERR_OK },
    { "body in UTF-8",     { .from = {IN("a@b.test")}, .message_id = {IN("1@x.test")}, .text = {IN("caf\xc3\xa9\n.\n")} }, ERR_OK },
    { "injected subject",  { .from = {IN("a@b.test")}, .message_id = {IN("1@x.test")}, .subject = {IN("x\r\nBcc: e@v.test")} }, ERR_INVALID },
    { "LF in the subject", { .from = {IN("a@b.test")}, .message_id = {IN("1@x.test")}, .subject = {IN("x\ny")} }, ERR_INVALID },
    { "broken subject",    { .from = {IN("a@b.test")}, .message_id = {IN("1@x.test")}, .subject = {IN("\xff")} }, ERR_INVALID },
    { "injected from",     { .from = {IN("a@b.test\r\nBcc: e@v.test")}, .message_id = {IN("1@x.test")} }, ERR_INVALID },
    { "empty from",        { .from = {NULL, 0}, .message_id = {IN("1@x.test")} }, ERR_INVALID },
    { "injected id",       { .from = {IN("a@b.test")}, .message_id = {IN("1@x.test>\r\nX: y")} }, ERR_INVALID },
    { "no id",             { .from = {IN("a@b.test")} }, ERR_INVALID },
    { "id without @",      { .from = {IN("a@b.test")}, .message_id = {IN("postmaster")} }, ERR_INVALID },
};
/* clang-format on */

static size_t count(struct slice hay, struct slice needle)
{
    size_t n = 0;
    for (size_t at = slice_find(hay, needle); at != SIZE_MAX; at = slice_find(hay, needle)) {
        hay = slice_from(hay, at + needle.n);
        n++;
    }
    return n;
}

static void test_messages(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(messages); i++) {
        struct message_params params = messages[i].params;
        params.to = to_one;
        params.to_count = COUNT(to_one);
        params.date = 1735689599;
        struct buf out;
        struct why why;
        buf_init(&out, 100000);
        enum err got = message_build(&params, &out, &why);
        if (got != messages[i].want) {
            fail_msg("%s: want %s, got %s", messages[i].name, err_name(messages[i].want),
                     err_name(got));
        }
        struct slice s = buf_slice(&out);
        if (got != ERR_OK) {
            assert_int_equal(s.n, 0);
            buf_release(&out);
            continue;
        }
        struct slice head = slice_sub(s, 0, slice_find(s, SLICE("\r\n\r\n")) + 2);
        static const char *const once[] = {"Date: ",
                                           "\r\nFrom: ",
                                           "\r\nTo: ",
                                           "\r\nMessage-ID: <",
                                           "\r\nSubject: ",
                                           "\r\nMIME-Version: 1.0\r\n",
                                           "\r\nContent-Type: ",
                                           "\r\nAuto-Submitted: "};
        for (size_t k = 0; k < COUNT(once); k++) {
            if (count(head, slice_of(once[k])) != 1) {
                fail_msg("%s: '%s' not once in '%s'", messages[i].name, once[k], buf_text(&out));
            }
        }
        assert_int_equal(count(head, SLICE("Bcc")), 0);
        struct message_measure m;
        message_measure(s, &m);
        assert_int_equal(m.octets, s.n); /* CR LF everywhere */
        assert_true(m.longest_line <= 80);
        assert_false(m.has_eight_bit_header);
        assert_int_equal(m.has_eight_bit, count(head, SLICE("8bit")) == 1);
        buf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stuffing_for_every_cut),
        cmocka_unit_test(test_laws),
        cmocka_unit_test(test_measure),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
