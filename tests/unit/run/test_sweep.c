/* SPDX-License-Identifier: Apache-2.0 */
/* Every fault at every octet that a server with STARTTLS says (sweep.h). */
#include "sweep.h"

static void test_server(void **state)
{
    sweep_side(*state, "STARTTLS server", SECURITY_STARTTLS, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_server),
    };
    return cmocka_run_group_tests(tests, bench_set_up, bench_tear_down);
}
