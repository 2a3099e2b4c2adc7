/* SPDX-License-Identifier: Apache-2.0 */
/* How an error looks: the caret stands under the place, whatever tabs, wide and hostile characters
 * are before it, and long lines are cut. */
#include "doc/node.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* clang-format off */
static const struct row { const char *name, *text; unsigned line, col, length; const char *note, *out; } rows[] = {
    { "plain", "a\n  key: x\n", 2, 3, 3, "",
      "  |\n2 |   key: x\n  |   ^^^\n" },
    { "note", "a: b\n", 1, 4, 1, "wanted c",
      "  |\n1 | a: b\n  |    ^ wanted c\n" },
    { "two digits", "\n\n\n\n\n\n\n\n\nx: y", 10, 1, 1, "",
      "   |\n10 | x: y\n   | ^\n" },
    { "tab", "a:\tb\n", 1, 4, 1, "",
      "  |\n1 | a:      b\n  |         ^\n" },
    { "wide", "\xE6\x97\xA5\xE6\x9C\xAC: b\n", 1, 5, 1, "",
      "  |\n1 | \xE6\x97\xA5\xE6\x9C\xAC: b\n  |       ^\n" },
    { "wide under the caret", "\xE6\x97\xA5\xE6\x9C\xAC: b\n", 1, 1, 2, "",
      "  |\n1 | \xE6\x97\xA5\xE6\x9C\xAC: b\n  | ^^^^\n" },
    { "escape made visible", "\x1b[2Jx: y\n", 1, 5, 1, "",
      "  |\n1 | \\x1b[2Jx: y\n  |        ^\n" },
    { "behind the end", "ab\n", 1, 9, 3, "",
      "  |\n1 | ab\n  |   ^\n" },
    { "behind the last line", "ab\n", 7, 1, 1, "",
      "  |\n7 | \n  | ^\n" },
    { "CRLF", "a: b\r\n", 1, 4, 1, "",
      "  |\n1 | a: b\n  |    ^\n" },
};
/* clang-format on */

static void test_carets(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t n = strlen(rows[i].text);
        char *copy = malloc(n);
        memcpy(copy, rows[i].text, n);
        struct doc_source source = {.name = "f.yaml", .text = slice_make(copy, n)};
        struct buf out;
        buf_init(&out, 4096);
        doc_print_caret(&source, rows[i].line, rows[i].col, rows[i].length, rows[i].note, &out);
        if (strcmp(buf_text(&out), rows[i].out) != 0) {
            fail_msg("%s: got\n%swant\n%s", rows[i].name, buf_text(&out), rows[i].out);
        }
        buf_release(&out);
        free(copy);
    }
}

/* Law: wherever the caret stands in a long line, it points at the same character. */
static void test_long_lines(void **state)
{
    (void)state;
    enum { LONG = 500 };
    char text[LONG];
    for (unsigned col = 1; col <= LONG; col++) {
        memset(text, '.', sizeof text);
        text[col - 1] = 'X';
        struct doc_source source = {.name = "f.yaml", .text = slice_make(text, sizeof text)};
        struct buf out;
        buf_init(&out, 4096);
        doc_print_caret(&source, 1, col, 400, "", &out);
        struct slice rest = buf_slice(&out), shown, carets;
        assert_true(slice_take_until(&rest, '\n', &shown));
        assert_true(slice_take_until(&rest, '\n', &shown));
        assert_true(slice_take_until(&rest, '\n', &carets));
        size_t at = slice_find_char(shown, 'X');
        bool is_cut = slice_find(shown, SLICE("…")) < at; /* three octets, one column */
        assert_int_equal(slice_find_char(carets, '^'), is_cut ? at - 2 : at);
        assert_true(shown.n < 140 && carets.n < 140);
        buf_release(&out);
    }
}

static void test_whole_error(void **state)
{
    (void)state;
    struct arena arena;
    struct doc_errors errors;
    const struct node *root = NULL;
    struct buf out;
    arena_init(&arena);
    buf_init(&out, 4096);
    doc_errors_init(&errors, &arena);
    assert_int_equal(
        doc_parse_yaml("f.yaml", SLICE("expect:\n  tansaction: 1\n"), NULL, &arena, &errors, &root),
        ERR_OK);
    const struct node *expect = node_get(root, "expect");
    doc_error_at(&errors, expect->keys[0], "unknown key '%s'", "tansaction\n\x1b");
    doc_error_at(&errors, expect->keys[0], "unknown key '%s'", "tansaction\n\x1b"); /* said once */
    doc_warning_at(&errors, expect->items[0], "odd");
    doc_error_at(&errors, NULL, "nowhere");
    doc_errors_print(&errors, &out);
    assert_string_equal(buf_text(&out), "f.yaml:2:3: error: unknown key 'tansaction\\n\\x1b'\n"
                                        "  |\n2 |   tansaction: 1\n  |   ^^^^^^^^^^\n"
                                        "f.yaml:2:15: warning: odd\n"
                                        "  |\n2 |   tansaction: 1\n  |               ^\n"
                                        "error: nowhere\n");
    assert_int_equal(errors.errors, 2);
    buf_release(&out);
    arena_release(&arena);
}

/* Law: whatever the order in which they were found, they come in the order of the file. */
static void test_order(void **state)
{
    (void)state;
    static const unsigned lines[] = {7, 3, 9, 3, 1, 8};
    struct doc_source source = {.name = "f.yaml", .text = slice_of("a\n")};
    struct arena arena;
    arena_init(&arena);
    struct doc_errors errors;
    doc_errors_init(&errors, &arena);
    for (unsigned i = 0; i < COUNT(lines); i++) {
        struct node where = {.source = &source, .line = lines[i], .col = 9 - i, .length = 1};
        doc_error_at(&errors, &where, "found as number %u", i);
    }
    doc_error_at(&errors, NULL, "of no place");
    assert_int_equal(errors.count, COUNT(lines) + 1);
    for (size_t i = 1; i < COUNT(lines); i++) {
        const struct doc_error *a = &errors.list[i - 1], *b = &errors.list[i];
        assert_true(a->line < b->line || (a->line == b->line && a->col < b->col));
    }
    assert_string_equal(errors.list[COUNT(lines)].text, "of no place");
    arena_release(&arena);
}

static void test_files(void **state)
{
    (void)state;
    char path[] = "/tmp/smtpdx-file-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "12345", 5), 5);
    close(fd);
    struct arena arena;
    struct slice text;
    struct why why;
    arena_init(&arena);
    assert_int_equal(doc_read_file(path, 5, &arena, &text, &why), ERR_OK);
    assert_true(slice_eq_text(text, "12345"));
    assert_int_equal(doc_read_file(path, 4, &arena, &text, &why), ERR_LIMIT);
    unlink(path);
    assert_int_equal(doc_read_file(path, 5, &arena, &text, &why), ERR_IO);
    assert_string_equal(why.file, path);
    assert_int_equal(doc_read_file("/tmp", 5, &arena, &text, &why), ERR_IO);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_carets),      cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_whole_error), cmocka_unit_test(test_order),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
