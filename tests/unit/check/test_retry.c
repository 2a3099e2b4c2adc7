/* SPDX-License-Identifier: Apache-2.0 */
/* When to try again: only temporary causes, never 5xx, never auth.*, never what may have been sent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "check/retry.h"

/* clang-format off */
static const struct {
    const char *name;
    unsigned max;
    size_t done;
    enum cause cause;
    enum cause_retry retry;
    unsigned code;
    bool login_unknown, delivery_unknown, want;
} rows[] = {
    { "temporary, first",          2, 1, CAUSE_SERVER_UNAVAILABLE,        RETRY_LATER,     421, false, false, true },
    { "temporary, last",           2, 2, CAUSE_SERVER_UNAVAILABLE,        RETRY_LATER,     451, false, false, true },
    { "used up",                   2, 3, CAUSE_SERVER_UNAVAILABLE,        RETRY_LATER,     451, false, false, false },
    { "nobody asked",              0, 1, CAUSE_SERVER_UNAVAILABLE,        RETRY_LATER,     451, false, false, false },
    { "no reply, connection lost", 1, 1, CAUSE_NETWORK_CONNECTION_LOST,   RETRY_LATER,       0, false, false, true },
    { "a 5xx whose cause heals",   2, 1, CAUSE_SERVER_UNAVAILABLE,        RETRY_LATER,     554, false, false, false },
    { "auth, temporary",           2, 1, CAUSE_AUTH_TEMPORARY_FAILURE,    RETRY_LATER,     454, false, false, false },
    { "auth, wrong password",      2, 1, CAUSE_AUTH_CREDENTIALS_REJECTED, RETRY_AFTER_FIX, 535, false, false, false },
    { "never",                     2, 1, CAUSE_TLS_REQUIRED,              RETRY_NEVER,     451, false, false, false },
    { "after a fix",               2, 1, CAUSE_TLS_CERTIFICATE_EXPIRED,   RETRY_AFTER_FIX,   0, false, false, false },
    { "fate unknown",              2, 1, CAUSE_NETWORK_CONNECTION_LOST,   RETRY_LATER,       0, false, true,  false },
    { "hung up on a credential",   2, 1, CAUSE_NETWORK_CONNECTION_LOST,   RETRY_LATER,       0, true,  false, false },
    { "silent to a credential",    2, 1, CAUSE_NETWORK_READ_TIMEOUT,      RETRY_LATER,       0, true,  false, false },
};
/* clang-format on */

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct spec_retry policy = {.max = rows[i].max};
        struct diagnosis d = {.cause = rows[i].cause, .retry = rows[i].retry};
        struct retry_facts facts = {.done = rows[i].done,
                                    .code = rows[i].code,
                                    .is_login_unknown = rows[i].login_unknown,
                                    .is_delivery_unknown = rows[i].delivery_unknown};
        bool got = retry_may(&policy, &d, &facts);
        if (got != rows[i].want) {
            fail_msg("%s: got %d, want %d", rows[i].name, got, rows[i].want);
        }
    }
}

static void test_delay_grows_to_the_maximum(void **state)
{
    (void)state;
    struct spec_retry policy = {.base_us = 1000, .factor = 2, .max_delay_us = 5000};
    static const int64_t want[] = {1000, 2000, 4000, 5000, 5000};
    struct rng rng;
    rng_init(&rng, 1);
    for (size_t i = 0; i < COUNT(want); i++) {
        assert_int_equal(retry_delay_us(&policy, i + 1, &rng), want[i]);
    }
}

/* "no wait is longer": not by jitter either. */
static void test_jitter_keeps_the_maximum(void **state)
{
    (void)state;
    struct spec_retry policy = {.base_us = 4000, .factor = 2, .max_delay_us = 5000, .jitter = 0.5};
    struct rng rng;
    rng_init(&rng, 11);
    for (int i = 0; i < 1000; i++) {
        assert_in_range(retry_delay_us(&policy, 3, &rng), 2500, 5000);
    }
}

static void test_jitter_stays_in_its_band_and_varies(void **state)
{
    (void)state;
    struct spec_retry policy = {.base_us = 1000000, .factor = 2, .jitter = 0.2};
    struct rng rng;
    rng_init(&rng, 7);
    int64_t first = retry_delay_us(&policy, 1, &rng);
    bool differs = false;
    for (int i = 0; i < 1000; i++) {
        int64_t delay = retry_delay_us(&policy, 1, &rng);
        assert_in_range(delay, 800000, 1200000);
        differs |= delay != first;
    }
    assert_true(differs);
}

static void test_no_overflow(void **state)
{
    (void)state;
    struct spec_retry policy = {.base_us = 3600000000, .factor = 1000, .jitter = 1};
    struct rng rng;
    rng_init(&rng, 3);
    int64_t delay = retry_delay_us(&policy, 1000, &rng);
    assert_true(delay >= 0 && delay <= 3600000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_delay_grows_to_the_maximum),
        cmocka_unit_test(test_jitter_keeps_the_maximum),
        cmocka_unit_test(test_jitter_stays_in_its_band_and_varies),
        cmocka_unit_test(test_no_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
