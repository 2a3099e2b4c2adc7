/* SPDX-License-Identifier: Apache-2.0 */
/* Slices, buffers, arenas, seeded numbers: what everything else stands on. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/rng.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void slices_compare_and_find(void **state)
{
    (void)state;
    struct slice s = SLICE("Hello\0World");
    assert_true(slice_eq(s, SLICE("Hello\0World")));
    assert_false(slice_eq(s, SLICE("Hello\0world")));
    assert_true(slice_eq_nocase(s, SLICE("hELLO\0wORLD")));
    assert_false(slice_eq_nocase(SLICE("k"), SLICE("\xe2\x84\xaa"))); /* ASCII only */
    assert_int_equal(slice_find(s, SLICE("World")), 6);
    assert_int_equal(slice_find(s, SLICE("")), 0);
    assert_true(slice_find(s, SLICE("Hello\0World!")) == SIZE_MAX);
    assert_int_equal(slice_find_nocase(s, SLICE("WORLD")), 6);
    assert_int_equal(slice_find_char(s, '\0'), 5);
    assert_true(slice_find_char(slice_of(NULL), 'a') == SIZE_MAX);
    assert_true(slice_cmp(SLICE("a"), SLICE("b")) < 0 && slice_cmp(SLICE("ab"), SLICE("a")) > 0);
    assert_true(slice_cmp(SLICE("\x80"), SLICE("a")) > 0); /* octets are unsigned */
    assert_true(slice_has_prefix_nocase(s, SLICE("hell")) && slice_has_suffix(s, SLICE("ld")));
    assert_false(slice_has_prefix(SLICE("a"), SLICE("ab")));
    assert_int_equal(slice_from(s, 100).n, 0);
    assert_int_equal(slice_sub(s, 6, 100).n, 5);
    assert_true(slice_eq_text(slice_trim(SLICE(" \t a b\r\n")), "a b"));
    assert_true(slice_eq_text(slice_trim_end(SLICE("a\0\0"), "a"), "a") == false);
}

static void slices_are_taken_apart(void **state)
{
    (void)state;
    struct slice rest = SLICE("a,,b"), part;
    assert_true(slice_take_until(&rest, ',', &part) && slice_eq_text(part, "a"));
    assert_true(slice_take_until(&rest, ',', &part) && part.n == 0);
    assert_true(slice_take_until(&rest, ',', &part) && slice_eq_text(part, "b"));
    assert_false(slice_take_until(&rest, ',', &part));
    rest = SLICE("  one\t two ");
    assert_true(slice_take_word(&rest, &part) && slice_eq_text(part, "one"));
    assert_true(slice_take_word(&rest, &part) && slice_eq_text(part, "two"));
    assert_false(slice_take_word(&rest, &part));
}

static void numbers_are_read_whole_or_not(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_ok;
        uint64_t want;
    } rows[] = {
        {"0", true, 0},      {"587", true, 587},
        {"", false, 0},      {"+1", false, 0},
        {"-1", false, 0},    {" 1", false, 0},
        {"1x", false, 0},    {"18446744073709551615", true, UINT64_MAX},
        {"0x10", false, 0},  {"18446744073709551616", false, 0},
        {"00012", true, 12}, {"99999999999999999999", false, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint64_t got = 0;
        bool is_ok = slice_to_u64(slice_of(rows[i].text), &got);
        if (is_ok != rows[i].is_ok || got != rows[i].want) {
            fail_msg("'%s': got %d %llu", rows[i].text, is_ok, (unsigned long long)got);
        }
    }
}

/* law: however it is filled, a buffer holds the first max octets, a NUL behind them, and says so */
static void buffers_keep_their_cap(void **state)
{
    (void)state;
    for (size_t max = 0; max < 200; max += 7) {
        struct buf b;
        buf_init(&b, max);
        assert_string_equal(buf_text(&b), "");
        for (size_t i = 0; i < 30; i++) {
            buf_addf(&b, "%c-%s", (char)('a' + i % 26), "xyz");
        }
        size_t want = max < 150 ? max : 150;
        assert_int_equal(b.n, want);
        assert_int_equal(strlen(buf_text(&b)), want);
        assert_int_equal(b.is_full, max < 150);
        assert_memory_equal(buf_text(&b), "a-xyzb-xyz", want < 10 ? want : 10);
        buf_reset(&b);
        assert_false(b.is_full);
        buf_release(&b);
        buf_release(&b);
    }
}

static void buffers_change(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, BUF_NO_CAP);
    buf_addf(&b, "%600d", 7); /* longer than the small buffer inside */
    assert_int_equal(b.n, 600);
    buf_drop_front(&b, 599);
    assert_string_equal(buf_text(&b), "7");
    buf_drop_front(&b, 0);
    buf_add(&b, SLICE("\0x"));
    assert_int_equal(b.n, 3);
    buf_truncate(&b, 1);
    char *taken = buf_take(&b);
    assert_string_equal(taken, "7");
    assert_int_equal(b.n, 0);
    free(taken);
    taken = buf_take(&b);
    assert_string_equal(taken, "");
    free(taken);
    buf_add_text(&b, "secret");
    char *held = b.p;
    buf_wipe(&b);
    assert_int_equal(held[0] | held[3] | held[5], 0);
    buf_release(&b);
}

static void arenas_hand_out_zeroed_aligned_memory(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    for (size_t n = 0; n < 200000; n = n * 3 + 1) {
        unsigned char *p = arena_alloc(&a, n);
        assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(p[i], 0);
            p[i] = 0xff;
        }
    }
    assert_string_equal(arena_printf(&a, "%s:%d", "host", 587), "host:587");
    struct slice copy = arena_copy(&a, SLICE("a\0b"));
    assert_memory_equal(copy.p, "a\0b", 4);
    assert_string_equal(arena_text(&a, slice_of(NULL)), "");
    arena_release(&a);
    arena_release(&a);
}

static void numbers_repeat_and_stay_below(void **state)
{
    (void)state;
    struct rng a, b;
    rng_init(&a, 0);
    /* the first numbers of SplitMix64 for seed 0, as published with it */
    assert_true(rng_next(&a) == 0xe220a8397b1dcdafU);
    assert_true(rng_next(&a) == 0x6e789e6aa1b965f4U);
    rng_init(&a, 42);
    rng_init(&b, 42);
    size_t seen[6] = {0};
    for (int i = 0; i < 6000; i++) {
        uint64_t n = rng_below(&a, 6);
        assert_true(n < 6 && n == rng_below(&b, 6));
        seen[n]++;
    }
    for (size_t i = 0; i < COUNT(seen); i++) {
        assert_in_range(seen[i], 800, 1200);
    }
    assert_int_equal(rng_below(&a, 1), 0);
    assert_true(rng_below(&a, UINT64_MAX) < UINT64_MAX);
    char text[33];
    rng_text(&a, text, 32);
    assert_int_equal(strlen(text), 32);
    rng_text(&a, text, 0);
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_compare_and_find),
        cmocka_unit_test(slices_are_taken_apart),
        cmocka_unit_test(numbers_are_read_whole_or_not),
        cmocka_unit_test(buffers_keep_their_cap),
        cmocka_unit_test(buffers_change),
        cmocka_unit_test(arenas_hand_out_zeroed_aligned_memory),
        cmocka_unit_test(numbers_repeat_and_stay_below),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
