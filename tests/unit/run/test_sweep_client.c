/* SPDX-License-Identifier: Apache-2.0 */
/* Every fault at every octet that the client says to a server with STARTTLS (sweep.h). */
#include "sweep.h"

static void test_client(void **state)
{
    sweep_side(*state, "STARTTLS client", SECURITY_STARTTLS, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_client),
    };
    return cmocka_run_group_tests(tests, bench_set_up, bench_tear_down);
}
