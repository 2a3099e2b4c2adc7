/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns: what matches, with which groups; what does not compile; what must give up in time. */
#include "doc/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* clang-format off */
static const struct row { const char *source; unsigned flags; const char *subject; bool is_match; const char *group; } rows[] = {
    { "b+",            0,                "abbc",    true,  "" },
    { "(b+)(x)?",      0,                "abbc",    true,  "bb" },
    { "B",             0,                "b",       false, "" },
    { "B",             PATTERN_NOCASE,   "b",       true,  "" },
    { "b",             PATTERN_ANCHORED, "abc",     false, "" },
    { "a|abc",         PATTERN_ANCHORED, "abc",     true,  "" },
    { "a.c",           PATTERN_LITERAL,  "abc",     false, "" },
    { "a.c",           PATTERN_LITERAL,  "xa.cx",   true,  "" },
    { "A.C",           PATTERN_LITERAL | PATTERN_NOCASE, "a.c", true, "" },
    { "a$",            0,                "a\n",     false, "" },   /* $ is the end, not a line */
    { "^\\S+ (\\d+)$", 0,                "msmtp 18", true, "18" },
    { "",              0,                "",        true,  "" },
    { "",              PATTERN_ANCHORED, "x",       false, "" },
    { "\xFF",          0,                "a\xFF",   true,  "" },   /* octets, not characters */
};
static const char *const bad[] = { "(", "a{2,1}", "[", "(*UTF)x", "\\C", "(?<n>a)(?<n>b)" };
/* clang-format on */

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct pattern *p = NULL;
        struct why why;
        size_t n = strlen(rows[i].subject);
        char *copy = malloc(n != 0 ? n : 1);
        memcpy(copy, rows[i].subject, n);
        if (pattern_new(slice_of(rows[i].source), rows[i].flags, &p, &why) != ERR_OK) {
            fail_msg("%s: %s", rows[i].source, why.text);
        }
        struct slice groups[PATTERN_GROUPS_MAX];
        memset(groups, 0, sizeof groups);
        bool is_match = pattern_match(p, slice_make(copy, n), groups) == PATTERN_YES;
        if (is_match != rows[i].is_match || !slice_eq_text(groups[1], rows[i].group)) {
            fail_msg("%s on %s: got %d, group '" SLICE_FMT "'", rows[i].source, rows[i].subject,
                     is_match, SLICE_ARG(groups[1]));
        }
        assert_int_equal(groups[9].n, 0);
        pattern_free(p);
        free(copy);
    }
}

static void test_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct pattern *p = NULL;
        struct why why;
        if (pattern_new(slice_of(bad[i]), 0, &p, &why) != ERR_SYNTAX || p != NULL) {
            fail_msg("%s compiles", bad[i]);
        }
        assert_int_equal(strncmp(why.text, "regular expression: ", 20), 0);
    }
    pattern_free(NULL);
}

static void test_catastrophe_gives_up(void **state)
{
    (void)state;
    static const char *const sources[] = {"^(a+)+$", "^(a|aa)+$", "^(a|a)*b$"};
    char subject[2048];
    memset(subject, 'a', sizeof subject);
    subject[sizeof subject - 1] = '!';
    for (size_t i = 0; i < COUNT(sources); i++) {
        struct pattern *p = NULL;
        assert_int_equal(pattern_new(slice_of(sources[i]), 0, &p, NULL), ERR_OK);
        assert_int_not_equal(pattern_match(p, slice_make(subject, sizeof subject), NULL),
                             PATTERN_YES);
        pattern_free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_catastrophe_gives_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
