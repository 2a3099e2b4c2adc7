/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a stream: a table, and the law that the answer does not depend on where reads end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/lines.h"

enum { CAP = 8 };

static const struct row {
    const char *name;
    struct slice in;
    const char *want; /* "text|" per line, "text/" when it was cut */
} rows[] = {
    {"nothing", SLICE_INIT(""), ""},
    {"one", SLICE_INIT("a\n"), "a|"},
    {"no end", SLICE_INIT("a\nb"), "a|b|"},
    {"CRLF", SLICE_INIT("a\r\nb\r\n"), "a|b|"},
    {"bare CR stays", SLICE_INIT("a\rb\n"), "a\rb|"},
    {"empty lines", SLICE_INIT("\n\r\n\nx"), "|||x|"},
    {"just the cap", SLICE_INIT("12345678\n"), "12345678|"},
    {"just the cap and CRLF", SLICE_INIT("12345678\r\nb"), "12345678|b|"},
    {"over the cap", SLICE_INIT("123456789 and so on\nb\n"), "12345678/b|"},
    {"over the cap at the end", SLICE_INIT("123456789 and so on"), "12345678/"},
    {"over the cap, twice", SLICE_INIT("aaaaaaaaaaaa\nbbbbbbbbbbbbbbbbbbbbbbbbbb\nc\n"),
     "aaaaaaaa/bbbbbbbb/c|"},
    {"NUL", SLICE_INIT("a\0b\nc\n"), "a0b|c|"},
};

static void take(struct lines *l, struct buf *got, unsigned long *count)
{
    struct line line;
    while (lines_next(l, &line)) {
        assert_int_equal(line.number, ++*count);
        for (size_t i = 0; i < line.text.n; i++) {
            buf_add_char(got, line.text.p[i] != '\0' ? line.text.p[i] : '0');
        }
        buf_add_char(got, line.is_cut ? '/' : '|');
    }
}

static void check(const struct row *row, size_t step)
{
    struct lines l;
    struct buf got;
    unsigned long count = 0;
    lines_init(&l, CAP);
    buf_init(&got, 1000);
    for (size_t at = 0; at < row->in.n;) {
        size_t room;
        char *to = lines_room(&l, &room);
        assert_true(room != 0);
        size_t n = step < room ? step : room;
        n = n < row->in.n - at ? n : row->in.n - at;
        memcpy(to, row->in.p + at, n);
        lines_added(&l, n);
        at += n;
        take(&l, &got, &count);
    }
    lines_added(&l, 0);
    take(&l, &got, &count);
    if (strcmp(buf_text(&got), row->want) != 0) {
        fail_msg("%s, %zu at a time: got %s, want %s", row->name, step, buf_text(&got), row->want);
    }
    buf_release(&got);
    lines_release(&l);
    lines_release(&l);
}

static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t step = 1; step <= rows[i].in.n + 1; step++) {
            check(&rows[i], step);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
