/* SPDX-License-Identifier: Apache-2.0 */
/* Sixteen octets at a time find what one at a time finds, at every place and in every length. */
#include "base/octets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { LENGTH_MAX = 67 };

static void test_find_either(void **state)
{
    (void)state;
    for (size_t n = 0; n <= LENGTH_MAX; n++) {
        char *text = malloc(n != 0 ? n : 1); /* exactly as long, for ASan */
        assert_non_null(text);
        for (size_t at = 0; at <= n; at++) {
            for (size_t hit = 0; hit <= n; hit++) {
                memset(text, '\xa2', n); /* '"' with the top bit set */
                if (hit < n) {
                    text[hit] = hit % 2 != 0 ? '"' : '\\';
                }
                size_t want = hit >= at ? hit : n;
                assert_int_equal(octets_find_either(text, n, at, '"', '\\'), want);
            }
        }
        free(text);
    }
}

static void test_first(void **state)
{
    char text[16];
    (void)state;
    for (size_t i = 0; i <= 16; i++) {
        memset(text, 'a', sizeof text);
        memset(text + i, 'b', 16 - i); /* the first of several counts */
        octets16 x = octets_load(text);
        assert_int_equal(octets_first((octets16)(x == 'b')), i);
    }
}

/* Both ends of a short text, laid side by side, tell two texts of a length apart. */
static void test_load_ends(void **state)
{
    char a[16], b[16];
    (void)state;
    for (size_t n = 8; n <= 16; n++) {
        for (size_t i = 0; i < n; i++) {
            memset(a, 'x', sizeof a);
            memset(b, 'x', sizeof b);
            b[i] = 'y';
            octets16 same = (octets16)(octets_load_ends(a, n) != octets_load_ends(b, n));
            assert_true(octets_first(same) < 16);
        }
        octets16 same = (octets16)(octets_load_ends(a, n) != octets_load_ends(a, n));
        assert_int_equal(octets_first(same), 16);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find_either),
        cmocka_unit_test(test_first),
        cmocka_unit_test(test_load_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
