/* SPDX-License-Identifier: Apache-2.0 */
/* Every fault at every octet of a conversation with implicit TLS, on either side (sweep.h). */
#include "sweep.h"

static void test_server(void **state)
{
    sweep_side(*state, "implicit server", SECURITY_IMPLICIT, false);
}

static void test_client(void **state)
{
    sweep_side(*state, "implicit client", SECURITY_IMPLICIT, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_server),
        cmocka_unit_test(test_client),
    };
    return cmocka_run_group_tests(tests, bench_set_up, bench_tear_down);
}
