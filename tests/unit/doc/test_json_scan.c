/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scanner beside the parser: what one takes the other takes, and strings decode to the same
 * octets; the writer beside the printer. Every text is an exact-size copy, and every prefix of it
 * is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "doc/json.h"
#include "doc/json_out.h"
#include "doc/json_scan.h"

enum { PAIRS = 4 };

static const struct row {
    const char *text;
    enum err want;
    unsigned col;
    size_t count;
} rows[] = {
    /* clang-format off */
    { "{}",                                    ERR_OK,      0, 0 },
    { " {\"a\" : 1 , \"b\":[1,2,{\"c\":null}]} ", ERR_OK,   0, 2 },
    { "{\"a\":\"x\\u00e9\\n\\\"\\/\"}",        ERR_OK,      0, 1 },
    { "{\"a\":\"\\ud83d\\ude00\"}",            ERR_OK,      0, 1 },
    { "{\"a\":-0.5e+3,\"b\":0,\"c\":true}",    ERR_OK,      0, 3 },
    { "{\"a\":[],\"b\":{},\"c\":false,\"d\":null}", ERR_OK, 0, 4 },
    { "",                                      ERR_INVALID, 1, 0 },
    { "[]",                                    ERR_INVALID, 1, 0 },
    { "{\"a\":01}",                            ERR_SYNTAX,  8, 0 },
    { "{\"a\":1.}",                            ERR_SYNTAX,  8, 0 },
    { "{\"a\":1e}",                            ERR_SYNTAX,  8, 0 },
    { "{\"a\":-}",                             ERR_SYNTAX,  7, 0 },
    { "{\"a\":tru}",                           ERR_SYNTAX,  6, 0 },
    { "{\"a\":\"\\x\"}",                       ERR_SYNTAX,  8, 0 },
    { "{\"a\":\"\\u12g4\"}",                   ERR_SYNTAX, 11, 0 },
    { "{\"a\":\"\t\"}",                        ERR_SYNTAX,  7, 0 },
    { "{\"a\":1,}",                            ERR_SYNTAX,  8, 1 },
    { "{\"a\" 1}",                             ERR_SYNTAX,  6, 0 },
    { "{\"a\":1 \"b\":2}",                     ERR_SYNTAX,  8, 1 },
    { "{\"a\":[1,]}",                          ERR_SYNTAX,  9, 0 },
    { "{\"a\":1} x",                           ERR_SYNTAX,  9, 1 },
    { "{a:1}",                                 ERR_SYNTAX,  2, 0 },
    { "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1}", ERR_LIMIT, 0, 4 },
    /* clang-format on */
};

static void same_string(struct json_seen seen, const struct json *parsed)
{
    struct buf room;
    buf_init(&room, BUF_NO_CAP);
    struct slice got = json_scan_text(seen, &room), want = json_slice(parsed);
    assert_true(slice_eq(got, want));
    buf_release(&room);
}

static void check_row(const struct row *row)
{
    struct json_seen_pair pairs[PAIRS];
    struct why why = {.col = 0};
    struct json *parsed = NULL;
    size_t count, n = strlen(row->text);
    char *exact = memcpy(malloc(n + (n == 0)), row->text, n);
    enum err err = json_scan_map(slice_make(exact, n), NULL, pairs, PAIRS, &count, &why);
    if (err != row->want || why.col != row->col || (err == ERR_OK && count != row->count)) {
        fail_msg("%s: %s at %u with %zu pairs (%s)", row->text, err_name(err), why.col, count,
                 why.text);
    }
    bool is_parsed = json_parse(slice_make(exact, n), &parsed, NULL) == ERR_OK;
    assert_true(is_parsed == (err == ERR_OK) || err != ERR_SYNTAX);
    for (size_t i = 0; err == ERR_OK && i < count; i++) {
        const char *key;
        struct json *value;
        assert_true(json_pair(parsed, i, &key, &value));
        assert_int_equal(json_kind(value), pairs[i].value.kind);
        same_string(pairs[i].value, value);
    }
    json_free(parsed);
    free(exact);
}

static void test_maps(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_row(&rows[i]);
    }
}

static void test_prefixes(void **state)
{
    static const char text[] = "{\"a\":\"\\u00e9\",\"b\":[1,{\"c\":-1.5e3}],\"d\":null}";
    (void)state;
    for (size_t n = 0; n < sizeof text - 1; n++) {
        struct json_seen_pair pairs[PAIRS];
        size_t count;
        char *exact = memcpy(malloc(n + (n == 0)), text, n);
        assert_int_not_equal(json_scan_map(slice_make(exact, n), NULL, pairs, PAIRS, &count, NULL),
                             ERR_OK);
        free(exact);
    }
}

static void test_depth(void **state)
{
    char text[2 * 100000 + 8] = "{\"a\":";
    struct json_seen_pair pairs[PAIRS];
    size_t count;
    (void)state;
    memset(text + 5, '[', 100000);
    memset(text + 100005, ']', 100000);
    text[200005] = '}';
    assert_int_equal(json_scan_map(slice_make(text, 200006), NULL, pairs, PAIRS, &count, NULL),
                     ERR_LIMIT);
}

static void test_list(void **state)
{
    struct json_seen_pair pairs[PAIRS];
    struct json_seen items[2];
    size_t count;
    (void)state;
    assert_int_equal(json_scan_map(SLICE("{\"a\":[\"x\", 2, \"z\"],\"b\":[],\"c\":1}"), NULL, pairs,
                                   PAIRS, &count, NULL),
                     ERR_OK);
    json_scan_list(pairs[0].value, items, 2, &count);
    assert_int_equal(count, 2);
    assert_true(slice_eq_text(items[0].raw, "\"x\""));
    json_scan_list(pairs[1].value, items, 2, &count);
    assert_int_equal(count, 0);
    json_scan_list(pairs[2].value, items, 2, &count);
    assert_int_equal(count, 0);
}

/* What no parser of JSON takes, and pasted replies hold: Latin-1, half a pair, an escaped NUL. */
static void test_hostile_strings(void **state)
{
    static const struct {
        struct slice text, want;
    } strings[] = {
        {SLICE_INIT("{\"a\":\"gr\xfc\xdf\"}"), SLICE_INIT("gr\xfc\xdf")},
        {SLICE_INIT("{\"a\":\"x\\u0000y\"}"), SLICE_INIT("x\0y")},
        {SLICE_INIT("{\"a\":\"\\ud83d!\"}"), SLICE_INIT("\xef\xbf\xbd!")},
        {SLICE_INIT("{\"a\":\"\\ude00\"}"), SLICE_INIT("\xef\xbf\xbd")},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(strings); i++) {
        struct json_seen_pair pairs[PAIRS];
        struct buf room;
        size_t count;
        buf_init(&room, BUF_NO_CAP);
        assert_int_equal(json_scan_map(strings[i].text, NULL, pairs, PAIRS, &count, NULL), ERR_OK);
        assert_true(slice_eq(json_scan_text(pairs[0].value, &room), strings[i].want));
        buf_release(&room);
    }
}

static void test_written_as_printed(void **state)
{
    static const struct slice texts[] = {
        SLICE_INIT(""),
        SLICE_INIT("plain"),
        SLICE_INIT("\"q\" \\ /"),
        SLICE_INIT("\t\r\n\b\f\x1b"),
        SLICE_INIT("\xc3\xa9 \xf0\x9f\x98\x80"),
        SLICE_INIT("gr\xfc\xdf"),
    };
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct buf got, want;
        struct json *v = json_string(texts[i]);
        buf_init(&got, 1000);
        buf_init(&want, 1000);
        json_out_string(texts[i], &got);
        json_print(v, JSON_COMPACT, &want);
        assert_string_equal(buf_text(&got), buf_text(&want));
        json_free(v);
        buf_release(&got);
        buf_release(&want);
    }
}

/* A terminal obeys C1 controls and DEL, too. */
static void test_written_safely(void **state)
{
    struct buf got;
    (void)state;
    buf_init(&got, 1000);
    json_out_string(SLICE("a\xc2\x9b"
                          "31m\x7f"),
                    &got);
    assert_string_equal(buf_text(&got), "\"a\\u009B31m\\u007F\"");
    buf_release(&got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_maps),
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_hostile_strings),
        cmocka_unit_test(test_written_as_printed),
        cmocka_unit_test(test_written_safely),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
