/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server that stops reading (a closed window, or a path that loses large packets): the message
 * gets stuck on the way out. The probe ends in bounded time and says so, in both worlds; a server
 * that reads on before the time is over gets its message.
 */
#include "pair.h"

enum { MESSAGE_BYTES = 24 << 20 }; /* more than two kernels hold for one connection */

static const int64_t second = 1000000;

static struct slice big_message(void)
{
    static char *text;
    static const char line[] = "All work and no play makes Jack a dull boy. All work and no pl\r\n";
    if (text == NULL) {
        text = malloc(MESSAGE_BYTES);
        assert_non_null(text);
        for (size_t at = 0; at < MESSAGE_BYTES; at++) {
            text[at] = line[at % (sizeof line - 1)];
        }
        memcpy(text, "Subject: x\r\n\r\n", 14);
    }
    return slice_make(text, MESSAGE_BYTES);
}

/* 354, and then not an octet more for so long. */
static struct spec_rule deaf_for(int64_t duration_us, struct spec_action actions[2])
{
    actions[0] = (struct spec_action){.kind = ACTION_CONTINUE};
    actions[1] = (struct spec_action){.kind = ACTION_STOP_READING, .duration_us = duration_us};
    return (struct spec_rule){.on = "DATA", .actions = actions, .action_count = 2};
}

static void check_stuck(struct pair *p, const char *world)
{
    const struct client_report *r = client_report(p->client);
    if (!p->is_done || r->outcome != OUTCOME_FAILED || r->stage != STAGE_BODY ||
        r->fault != FAULT_WRITE_TIMEOUT || r->delivery_unknown || r->mail_accepted) {
        fail_msg("%s: %s at %s, %s, %s", world, client_outcome_slug(r->outcome),
                 stage_slug(r->stage), fault_name(r->fault), r->detail);
    }
    assert_false(r->quit_sent); /* it would be content */
    assert_non_null(strstr(r->detail, "octets still wait"));
}

static void test_stuck_in_simulation(void **state)
{
    struct spec_action actions[2];
    struct spec_rule rule = deaf_for(7200 * second, actions);
    for (int security = SECURITY_STARTTLS; security <= SECURITY_IMPLICIT; security++) {
        struct pair_plan plan = {.security = (enum security)security,
                                 .until = STAGE_BODY,
                                 .message = big_message(),
                                 .rules = &rule,
                                 .rule_count = 1};
        struct spec_server spec;
        struct pair p;
        pair_play(&p, *state, &plan, &spec);
        check_stuck(&p, "simulation");
        assert_in_range(p.end_us, 180 * second, 185 * second); /* RFC 5321 4.5.3.2.5 */
        pair_release(&p);
    }
}

static void test_stuck_on_sockets(void **state)
{
    struct spec_action actions[2];
    struct spec_rule rule = deaf_for(60 * second, actions);
    struct pair_plan plan = {.is_on_sockets = true,
                             .until = STAGE_BODY,
                             .message = big_message(),
                             .rules = &rule,
                             .rule_count = 1,
                             .timeout.block = second / 5};
    struct spec_server spec;
    struct pair p;
    pair_play(&p, *state, &plan, &spec);
    check_stuck(&p, "sockets");
    pair_release(&p);
}

static void test_reads_on(void **state)
{
    struct spec_action actions[2];
    struct spec_rule rule = deaf_for(170 * second, actions);
    for (int on_sockets = 0; on_sockets < 2; on_sockets++) {
        if (on_sockets) {
            rule = deaf_for(second / 5, actions);
        }
        struct pair_plan plan = {.is_on_sockets = on_sockets != 0,
                                 .until = STAGE_BODY,
                                 .message = big_message(),
                                 .rules = &rule,
                                 .rule_count = 1};
        struct spec_server spec;
        struct pair p;
        pair_play(&p, *state, &plan, &spec);
        const struct client_report *r = client_report(p.client);
        if (r->outcome != OUTCOME_OK || !r->mail_accepted || !r->quit_answered) {
            fail_msg("%s at %s, %s, %s", client_outcome_slug(r->outcome), stage_slug(r->stage),
                     fault_name(r->fault), r->detail);
        }
        pair_release(&p);
    }
}

/* A refusal while the message is still on its way out is read and reported, whatever becomes of the
 * rest of the octets and of the connection. */
static void test_refused_early(void **state)
{
    static const char *const texts[] = {"The message is larger than this server allows", NULL};
    static const enum close_how how[] = {CLOSE_FIN, CLOSE_RST};
    for (size_t i = 0; i < 2 * COUNT(how); i++) {
        bool on_sockets = i >= COUNT(how);
        const struct spec_action actions[] = {
            {.kind = ACTION_CONTINUE},
            {.kind = ACTION_STOP_READING, .duration_us = second / 10},
            {.kind = ACTION_REPLY, .code = 552, .enhanced = "5.3.4", .texts = texts},
            {.kind = ACTION_DELAY, .duration_us = second / 10},
            {.kind = ACTION_CLOSE, .close_how = how[i % COUNT(how)]}};
        const struct spec_rule rule = {.on = "DATA", .actions = actions, .action_count = 5};
        struct pair_plan plan = {.is_on_sockets = on_sockets,
                                 .until = STAGE_BODY,
                                 .message = big_message(),
                                 .rules = &rule,
                                 .rule_count = 1};
        struct spec_server spec;
        struct pair p;
        pair_play(&p, *state, &plan, &spec);
        const struct client_report *r = client_report(p.client);
        if (!p.is_done || r->outcome != OUTCOME_REFUSED || r->stage != STAGE_BODY ||
            r->reply.code != 552 || r->delivery_unknown) {
            fail_msg("row %zu: %s at %s, %s, %u, %s", i, client_outcome_slug(r->outcome),
                     stage_slug(r->stage), fault_name(r->fault), r->reply.code, r->detail);
        }
        pair_release(&p);
    }
}

/* A server that says it at once and goes, with most of the message unread: the kernel's RST must
 * not cost us its words. */
static void test_refused_and_gone(void **state)
{
    static const char *const texts[] = {"No", NULL};
    for (size_t i = 0; i < 20; i++) {
        const struct spec_action actions[] = {
            {.kind = ACTION_CONTINUE},
            {.kind = ACTION_STOP_READING, .duration_us = second / 50},
            {.kind = ACTION_REPLY, .code = 552, .enhanced = "5.3.4", .texts = texts},
            {.kind = ACTION_CLOSE, .close_how = i % 2 != 0 ? CLOSE_RST : CLOSE_FIN}};
        const struct spec_rule rule = {.on = "DATA", .actions = actions, .action_count = 4};
        struct pair_plan plan = {.is_on_sockets = true,
                                 .until = STAGE_BODY,
                                 .message = big_message(),
                                 .rules = &rule,
                                 .rule_count = 1};
        struct spec_server spec;
        struct pair p;
        pair_play(&p, *state, &plan, &spec);
        const struct client_report *r = client_report(p.client);
        if (!p.is_done || r->reply.code != 552) {
            fail_msg("row %zu: %s at %s, %s, %u, %s", i, client_outcome_slug(r->outcome),
                     stage_slug(r->stage), fault_name(r->fault), r->reply.code, r->detail);
        }
        pair_release(&p);
    }
}

/* The time for everything counts while octets are stuck, too. */
static void test_total(void **state)
{
    struct spec_action actions[2];
    struct spec_rule rule = deaf_for(7200 * second, actions);
    struct pair_plan plan = {.until = STAGE_BODY,
                             .message = big_message(),
                             .rules = &rule,
                             .rule_count = 1,
                             .timeout.total = 20 * second};
    struct spec_server spec;
    struct pair p;
    pair_play(&p, *state, &plan, &spec);
    check_stuck(&p, "total");
    assert_in_range(p.end_us, 20 * second, 21 * second);
    pair_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stuck_in_simulation),
        cmocka_unit_test(test_stuck_on_sockets),
        cmocka_unit_test(test_reads_on),
        cmocka_unit_test(test_refused_early),
        cmocka_unit_test(test_refused_and_gone),
        cmocka_unit_test(test_total),
    };
    return cmocka_run_group_tests(tests, bench_set_up, bench_tear_down);
}
