/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities: whole tokens, without case, first line left out, last line counted. */
#include "wire/ehlo.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* clang-format off */
static const struct row {
    const char *name, *reply;
    bool starttls;
    enum ehlo_size size;
    uint64_t limit;
    const char *mechanisms; /* joined by a blank; NULL: no AUTH line */
    bool masked;
} rows[] = {
    { "typical", "250-x hello\r\n250-SIZE 35882577\r\n250-STARTTLS\r\n250 AUTH LOGIN PLAIN\r\n", true, EHLO_SIZE_LIMIT, 35882577, "LOGIN PLAIN", false },
    { "last line counts",        "250-x\r\n250 STARTTLS\r\n",              true,  EHLO_SIZE_ABSENT, 0, NULL, false },
    { "without case",            "250-x\r\n250-StartTls\r\n250-size 5\r\n250 auth plain\r\n", true, EHLO_SIZE_LIMIT, 5, "plain", false },
    { "first line is greeting",  "250-STARTTLS AUTH PLAIN\r\n250 HELP\r\n", false, EHLO_SIZE_ABSENT, 0, NULL, false },
    { "single line is greeting", "250 STARTTLS\r\n",                       false, EHLO_SIZE_ABSENT, 0, NULL, false },
    { "prefix is no keyword",    "250-x\r\n250-STARTTLSX\r\n250-SIZEABLE 7\r\n250 AUTHX PLAIN\r\n", false, EHLO_SIZE_ABSENT, 0, NULL, false },
    { "keyword as parameter",    "250-x\r\n250-HELP STARTTLS AUTH\r\n250 NOOP\r\n", false, EHLO_SIZE_ABSENT, 0, NULL, false },
    { "legacy form",             "250-x\r\n250 AUTH=LOGIN PLAIN\r\n",      false, EHLO_SIZE_ABSENT, 0, "LOGIN PLAIN", false },
    { "both forms",              "250-x\r\n250-AUTH LOGIN\r\n250 AUTH=PLAIN\r\n", false, EHLO_SIZE_ABSENT, 0, "LOGIN PLAIN", false },
    { "legacy with a blank",     "250-x\r\n250 AUTH= LOGIN\r\n",           false, EHLO_SIZE_ABSENT, 0, "LOGIN", false },
    { "repeated AUTH",           "250-x\r\n250-AUTH PLAIN\r\n250-HELP\r\n250 AUTH XOAUTH2  LOGIN \r\n", false, EHLO_SIZE_ABSENT, 0, "PLAIN XOAUTH2 LOGIN", false },
    { "empty AUTH",              "250-x\r\n250 AUTH\r\n",                  false, EHLO_SIZE_ABSENT, 0, "", false },
    { "SIZE without value",      "250-x\r\n250 SIZE\r\n",                  false, EHLO_SIZE_UNLIMITED, 0, NULL, false },
    { "SIZE 0",                  "250-x\r\n250 SIZE 0\r\n",                false, EHLO_SIZE_UNLIMITED, 0, NULL, false },
    { "SIZE of 20 digits",       "250-x\r\n250 SIZE 99999999999999999999\r\n", false, EHLO_SIZE_LIMIT, UINT64_MAX, NULL, false },
    { "SIZE of 21 digits",       "250-x\r\n250 SIZE 999999999999999999999\r\n", false, EHLO_SIZE_BAD, 0, NULL, false },
    { "SIZE words",              "250-x\r\n250 SIZE lots\r\n",             false, EHLO_SIZE_BAD, 0, NULL, false },
    { "SIZE negative",           "250-x\r\n250 SIZE -1\r\n",               false, EHLO_SIZE_BAD, 0, NULL, false },
    { "masked",                  "250-x\r\n250-XXXXXXXA\r\n250 HELP\r\n",  false, EHLO_SIZE_ABSENT, 0, NULL, true },
    { "an X- extension",         "250-x\r\n250-XEXCH50\r\n250 XXX\r\n",    false, EHLO_SIZE_ABSENT, 0, NULL, false },
    { "refused EHLO",            "550-x\r\n550 STARTTLS\r\n",              false, EHLO_SIZE_ABSENT, 0, NULL, false },
    { "STARTTLS with parameter", "250-x\r\n250 STARTTLS now\r\n",          true,  EHLO_SIZE_ABSENT, 0, NULL, false },
};
/* clang-format on */

static void check_mechanisms(const struct row *row, struct ehlo e)
{
    struct buf got;
    struct ehlo_walk walk = {0};
    struct slice name;
    buf_init(&got, 1000);
    while (ehlo_next_mechanism(e, &walk, &name)) {
        buf_add_text(&got, got.n != 0 ? " " : "");
        buf_add(&got, name);
        assert_true(ehlo_offers_mechanism(e, name));
    }
    if (ehlo_has_auth(e) != (row->mechanisms != NULL) ||
        strcmp(buf_text(&got), row->mechanisms != NULL ? row->mechanisms : "") != 0) {
        fail_msg("%s: want mechanisms '%s', got '%s'", row->name,
                 row->mechanisms != NULL ? row->mechanisms : "(none)", buf_text(&got));
    }
    assert_false(ehlo_offers_mechanism(e, SLICE("PLAI")));
    assert_false(ehlo_offers_mechanism(e, SLICE("PLAINX")));
    assert_false(ehlo_offers_mechanism(e, SLICE("")));
    buf_release(&got);
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct reply_reader r;
        struct reply reply;
        size_t used = 0;
        size_t n = strlen(rows[i].reply);
        char *exact = malloc(n);
        assert_non_null(exact);
        memcpy(exact, rows[i].reply, n);
        reply_reader_init(&r, 0, 0);
        assert_int_equal(reply_read(&r, slice_make(exact, n), &used, &reply), READ_REPLY);
        free(exact);
        struct ehlo e = ehlo_lines(&reply);
        uint64_t limit = 0;
        enum ehlo_size size = ehlo_size(e, &limit);
        if (ehlo_find(e, "STARTTLS", NULL) != rows[i].starttls || size != rows[i].size ||
            limit != rows[i].limit || ehlo_is_masked(e) != rows[i].masked) {
            fail_msg("%s: got starttls %d, size %d %" PRIu64 ", masked %d", rows[i].name,
                     ehlo_find(e, "STARTTLS", NULL), size, limit, ehlo_is_masked(e));
        }
        check_mechanisms(&rows[i], e);
        reply_reader_release(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
