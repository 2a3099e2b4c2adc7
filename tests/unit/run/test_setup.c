/* SPDX-License-Identifier: Apache-2.0 */
/* From a scenario to the parameters of the client. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "run/setup.h"

/* clang-format off */
static const struct {
    const char *name;
    bool is_real;
    const char *helo, *hostname;
    const char *want; /* "": the client's own default */
} rows[] = {
    { "real, this machine has a name", true,  "",        "box.example.test", "box.example.test" },
    { "real, it has none",             true,  "",        NULL,               "" },
    { "real, the scenario says",       true,  "a.test",  "box.example.test", "a.test" },
    { "a fake sees the same anywhere", false, "",        "box.example.test", "" },
    { "a fake, the scenario says",     false, "a.test",  "box.example.test", "a.test" },
};
/* clang-format on */

static void test_ehlo_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena arena;
        struct rng rng;
        struct client_params params;
        const struct spec_endpoint endpoint = {.port = 587};
        const struct spec_probe probe = {.helo = slice_of(rows[i].helo)};
        const struct spec_case spec = {.probe = &probe,
                                       .endpoint = rows[i].is_real ? &endpoint : NULL};
        const struct run_context context = {.hostname = rows[i].hostname};
        const struct setup_target target = {.host = "mail.example.test", .port = 587};
        arena_init(&arena);
        rng_init(&rng, 1);
        setup_client_params(&spec, &context, &target, &rng, &arena, &params);
        if (!slice_eq_text(params.helo, rows[i].want)) {
            fail_msg("%s: '" SLICE_FMT "', want '%s'", rows[i].name, SLICE_ARG(params.helo),
                     rows[i].want);
        }
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ehlo_name)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
