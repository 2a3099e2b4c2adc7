/* SPDX-License-Identifier: Apache-2.0 */
/* The table has no empty cell, and its names go both ways. */
#include "client/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static void test_no_cell_is_empty(void **state)
{
    (void)state;
    for (int verb = STEP_CONNECT; verb < STEP_COUNT; verb++) {
        const struct client_rule *rule = client_rule((enum client_verb)verb);
        for (int happening = 0; happening < HAPPENS_COUNT; happening++) {
            enum arrow arrow = rule->on[happening];
            if (arrow <= ARROW_NONE || arrow >= ARROW_COUNT) {
                fail_msg("%s: column %d is empty", client_verb_slug((enum client_verb)verb),
                         happening);
            }
        }
        assert_true(rule->stage != STAGE_NONE && rule->stage < STAGE_COUNT);
        assert_true(strlen(rule->source) > 3);
    }
}

/* No reply may pass for silence or a close, and none of those for a reply. */
static void test_arrows_fit_their_columns(void **state)
{
    (void)state;
    for (int verb = STEP_CONNECT; verb < STEP_COUNT; verb++) {
        const struct client_rule *rule = client_rule((enum client_verb)verb);
        for (int h = HAPPENS_2XX; h <= HAPPENS_5XX; h++) {
            enum arrow a = rule->on[h];
            assert_true(a != ARROW_LOST && a != ARROW_SILENT && a != ARROW_GARBAGE);
        }
        assert_true(rule->on[HAPPENS_CLOSE] != ARROW_SILENT &&
                    rule->on[HAPPENS_TIME] != ARROW_LOST);
        assert_true(rule->on[HAPPENS_GARBAGE] == ARROW_GARBAGE ||
                    rule->on[HAPPENS_GARBAGE] == ARROW_END);
        if (verb != STEP_QUIT &&
            rule->on[HAPPENS_2XX] != ARROW_KEEP) { /* a refusal is never success */
            assert_true(rule->on[HAPPENS_4XX] == ARROW_REFUSED);
            assert_true(rule->on[HAPPENS_5XX] == ARROW_REFUSED ||
                        rule->on[HAPPENS_5XX] == ARROW_HELO);
        }
    }
}

static void test_only(void **state)
{
    (void)state;
    static const struct {
        enum client_verb verb;
        unsigned code;
        enum arrow want;
    } rows[] = {
        {STEP_CONNECT, 220, ARROW_NEXT},    {STEP_CONNECT, 250, ARROW_ODD},
        {STEP_CONNECT, 421, ARROW_REFUSED}, {STEP_CONNECT, 521, ARROW_REFUSED},
        {STEP_STARTTLS, 220, ARROW_TLS},    {STEP_STARTTLS, 250, ARROW_ODD},
        {STEP_DATA, 354, ARROW_NEXT},       {STEP_DATA, 334, ARROW_ODD},
        {STEP_DATA, 250, ARROW_ODD},        {STEP_RCPT, 251, ARROW_NEXT},
        {STEP_RCPT, 452, ARROW_REFUSED},    {STEP_MAIL, 299, ARROW_NEXT},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        enum arrow got = client_arrow(client_rule(rows[i].verb), rows[i].code);
        if (got != rows[i].want) {
            fail_msg("%s %u: want %d, got %d", client_verb_slug(rows[i].verb), rows[i].code,
                     rows[i].want, got);
        }
    }
}

static void test_names(void **state)
{
    (void)state;
    enum client_verb got;
    for (int verb = STEP_CONNECT; verb < STEP_COUNT; verb++) {
        assert_true(
            client_verb_from_slug(slice_of(client_verb_slug((enum client_verb)verb)), &got));
        assert_int_equal(got, verb);
    }
    assert_false(client_verb_from_slug(SLICE(""), &got));
    assert_false(client_verb_from_slug(SLICE("EHLOX"), &got));
    for (int outcome = 0; outcome < OUTCOME_COUNT; outcome++) {
        assert_true(strlen(client_outcome_slug((enum client_outcome)outcome)) > 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_cell_is_empty),
        cmocka_unit_test(test_arrows_fit_their_columns),
        cmocka_unit_test(test_only),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
