/* SPDX-License-Identifier: Apache-2.0 */
/* JSON: hostile text is stored and comes back as valid UTF-8; order is kept; what is printed parses. */
#include "doc/json.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define S(literal) literal, sizeof(literal) - 1

/* clang-format off */
static const struct string_row { const char *name, *in; size_t n; const char *text; size_t text_n; } strings[] = {
    { "ASCII",               S("abc"),              S("abc") },
    { "empty",               S(""),                 S("") },
    { "UTF-8",               S("\xC3\xA4"),         S("\xC3\xA4") },
    { "a lone octet",        S("a\xFFz"),           S("a\\xffz") },
    { "cut sequence",        S("a\xE2\x82"),        S("a\\xe2\\x82") },
    { "overlong",            S("\xC0\xAF"),         S("\\xc0\\xaf") },
    { "surrogate",           S("\xED\xA0\x80"),     S("\\xed\\xa0\\x80") },
    { "NUL",                 S("a\0b"),             S("a\0b") },
    { "control",             S("a\x1b[2J"),         S("a\x1b[2J") },
    { "valid behind invalid", S("\xFF\xC3\xA4"),    S("\\xff\xC3\xA4") },
};
/* clang-format on */

static void test_strings(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(strings); i++) {
        const struct string_row *r = &strings[i];
        char *copy = malloc(r->n != 0 ? r->n : 1);
        memcpy(copy, r->in, r->n);
        struct json *v = json_string(slice_make(copy, r->n));
        free(copy);
        struct buf printed;
        struct json *back = NULL;
        buf_init(&printed, 4096);
        json_print(v, JSON_COMPACT, &printed);
        assert_int_equal(json_parse(buf_slice(&printed), &back, NULL), ERR_OK);
        if (!slice_eq(json_slice(v), slice_make(r->text, r->text_n)) || !json_eq(v, back)) {
            fail_msg("%s: got %s", r->name, buf_text(&printed));
        }
        buf_release(&printed);
        json_free(v);
        json_free(back);
    }
}

/* Law: every pair of octets can be stored, and what comes back is valid UTF-8. */
static void test_every_two_octets(void **state)
{
    (void)state;
    for (unsigned pair = 0; pair < 0x10000; pair++) {
        char in[2] = {(char)(pair >> 8), (char)(pair & 0xFF)};
        struct json *v = json_string(slice_make(in, sizeof in));
        struct slice text = json_slice(v);
        while (text.n != 0) {
            size_t n = text_utf8_length(text);
            assert_true(n != 0);
            text = slice_from(text, n);
        }
        json_free(v);
    }
}

static void test_map(void **state)
{
    (void)state;
    struct json *m = json_map(), *list = json_list();
    json_set(m, "z", json_int(1));
    json_set(m, "a", json_real(0.4));
    json_add(list, json_bool(true));
    json_add(list, json_text(NULL));
    json_set(m, "list", list);
    json_set(m, "z", json_text("again")); /* replaces, keeps its place */
    struct buf out;
    buf_init(&out, 4096);
    json_print(m, JSON_COMPACT, &out);
    assert_string_equal(buf_text(&out), "{\"z\":\"again\",\"a\":0.4,\"list\":[true,null]}");
    const char *key = NULL;
    struct json *value = NULL;
    assert_true(json_pair(m, 1, &key, &value));
    assert_string_equal(key, "a");
    assert_false(json_pair(m, 3, &key, &value));
    assert_int_equal(json_kind(json_path(m, "list.0")), JSON_BOOL);
    assert_true(json_to_bool(json_path(m, "list.0")));
    assert_null(json_path(m, "list.2"));
    assert_null(json_path(m, "list.x"));
    assert_null(json_path(m, "z.y"));
    assert_null(json_get(list, "z"));
    assert_int_equal(json_count(m), 3);
    assert_int_equal(json_count(json_get(m, "z")), 0);
    struct json *same = json_ref(list);
    json_free(m);
    assert_int_equal(json_count(same), 2); /* the reference keeps it */
    json_free(same);
    json_free(NULL);
    buf_release(&out);
}

/* clang-format off */
static const struct parse_row { const char *text; bool is_good; unsigned line; } parses[] = {
    { "{\"a\": [1, 2.5, null]}", true,  0 },
    { "\"text\"",                true,  0 },
    { "\"a\\u0000b\"",           true,  0 },
    { "",                        false, 1 },
    { "{\"a\": 1,\n }",          false, 2 },
    { "{\"a\": 1, \"a\": 2}",    false, 1 },   /* a duplicate is never meant */
    { "[1] [2]",                 false, 1 },
    { "\"\xFF\"",                false, 1 },
    { "123456789012345678901234567890", false, 1 },
    { "1e999",                   false, 1 },
    { "NaN",                     false, 1 },
};
/* clang-format on */

static void test_parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(parses); i++) {
        size_t n = strlen(parses[i].text);
        char *copy = malloc(n != 0 ? n : 1);
        memcpy(copy, parses[i].text, n);
        struct json *v = NULL;
        struct why why = {.line = 0};
        enum err err = json_parse(slice_make(copy, n), &v, &why);
        free(copy);
        if ((err == ERR_OK) != parses[i].is_good || (v != NULL) != parses[i].is_good ||
            (!parses[i].is_good && why.line != parses[i].line)) {
            fail_msg("%s: %s, line %u: %s", parses[i].text, err_name(err), why.line, why.text);
        }
        json_free(v);
    }
}

static void test_deep_nesting_ends(void **state)
{
    (void)state;
    enum { DEEP = 100000 };
    char *text = malloc(DEEP);
    memset(text, '[', DEEP);
    struct json *v = NULL;
    assert_int_equal(json_parse(slice_make(text, DEEP), &v, NULL), ERR_SYNTAX);
    assert_null(v);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings), cmocka_unit_test(test_every_two_octets),
        cmocka_unit_test(test_map),     cmocka_unit_test(test_parse),
        cmocka_unit_test(test_deep_nesting_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
