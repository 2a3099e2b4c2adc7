/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a connection ends inside TLS: a server that hangs up says close_notify first, a crash or
 * somebody in between does not (RFC 8446 6.1). The cause is the same; what a person is told is not.
 */
#include "pair.h"

/* clang-format off */
static const struct {
    const char *name;
    enum close_how how;
    bool is_cut_off; /* by the network, at an octet behind the handshake */
    enum fault want;
    const char *says;
} rows[] = {
    { "hangs up",            CLOSE_FIN, false, FAULT_CONNECTION_LOST,  "on purpose" },
    { "resets",              CLOSE_RST, false, FAULT_CONNECTION_RESET, "" },
    { "is cut off",          CLOSE_FIN, true,  FAULT_CONNECTION_LOST,  "cut off" },
};
/* clang-format on */

/* Octets the server sends up to its answer to AUTH, where the first row hangs up. */
enum { INSIDE_TLS = 1150 };

static void test_ends(void **state)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct spec_action action = {.kind = ACTION_CLOSE, .close_how = rows[i].how};
        const struct spec_rule rule = {.on = "AUTH", .actions = &action, .action_count = 1};
        struct pair_plan plan = {.until = STAGE_AUTH};
        struct spec_server spec;
        struct pair p;
        if (rows[i].is_cut_off) {
            plan.link = (struct link_plan){.fault = LINK_FAULT_CUT, .at_octet = INSIDE_TLS};
        } else {
            plan.rules = &rule;
            plan.rule_count = 1;
        }
        pair_play(&p, *state, &plan, &spec);
        const struct client_report *r = client_report(p.client);
        if (!r->tls_facts.is_up || r->fault != rows[i].want ||
            strstr(r->detail, rows[i].says) == NULL ||
            (rows[i].says[0] == '\0' && r->detail[0] != '\0')) {
            fail_msg("%s: %s at %s, '%s'", rows[i].name, fault_name(r->fault), stage_slug(r->stage),
                     r->detail);
        }
        pair_release(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends),
    };
    return cmocka_run_group_tests(tests, bench_set_up, bench_tear_down);
}
