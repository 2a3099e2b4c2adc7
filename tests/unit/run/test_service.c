/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fake server that stays: one client after the other, with our own client, in simulation. What
 * rules count goes on from one connection to the next; what was seen does not.
 */
#include "pair.h"

#include "fakeservers/service.h"

struct seen {
    unsigned opened, closed, commands, accepted, refused;
    unsigned last_session;
    size_t clear_octets;
};

static void on_open(void *context, unsigned session, int64_t now_us)
{
    struct seen *seen = context;
    (void)now_us;
    seen->opened++;
    assert_int_equal(session, seen->opened);
}

static void on_octets(void *context, unsigned session, enum driver_direction direction,
                      bool inside_tls, int64_t now_us, struct slice octets)
{
    struct seen *seen = context;
    (void)session;
    (void)direction;
    (void)now_us;
    seen->clear_octets += inside_tls ? 0 : octets.n;
}

static void on_closed(void *context, unsigned session, int64_t now_us,
                      const struct fake_report *report)
{
    struct seen *seen = context;
    (void)now_us;
    seen->closed++;
    seen->last_session = session;
    seen->commands += (unsigned)report->command_count;
    assert_int_equal(report->connections, 1);
    for (size_t i = 0; i < report->auth_count; i++) {
        seen->accepted += report->auths[i].accepted;
        seen->refused += !report->auths[i].accepted;
    }
}

/* A server in Gmail's manner, whose first login is refused; false when it cannot be. */
static struct service *start(const struct bench *b, struct world *world, struct spec_server *spec,
                             struct seen *seen)
{
    static const struct spec_action refuse = {
        .kind = ACTION_SAYS, .enhanced = "", .cause = "auth.credentials_rejected", .variant = ""};
    static const struct spec_rule once = {
        .on = "AUTH", .times = 1, .actions = &refuse, .action_count = 1};
    struct service *service;
    struct why why;
    *spec =
        (struct spec_server){.like = "gmail",
                             .accepts_any = true,
                             .names_extra = "",
                             .rules = &once,
                             .rule_count = 1,
                             .tls = {.cert = "", .min = "", .max = "", .ciphers = "", .fault = ""}};
    const struct service_params params = {.fake = {.spec = spec,
                                                   .providers = b->registry,
                                                   .pki = b->pki,
                                                   .host = "smtp.gmail.com",
                                                   .seed = 1,
                                                   .wall_time = PAIR_WALL_TIME,
                                                   .secret = pair_no_secret},
                                          .context = seen,
                                          .on_open = on_open,
                                          .on_octets = on_octets,
                                          .on_closed = on_closed};
    assert_int_equal(service_start(world, &params, &service, &why), ERR_OK);
    return service;
}

static void on_visit_dialled(void *context, const struct dial_result *result)
{
    assert_non_null(result->link);
    driver_attach(context, result->link);
}

/* One login; the reply code that ended it. */
static unsigned visit(const struct bench *b, struct world *world, const struct service *service)
{
    struct why why;
    struct client *client;
    const struct client_params params = {.security = SECURITY_STARTTLS,
                                         .host = SLICE("smtp.gmail.com"),
                                         .port = 587,
                                         .mechanism = SLICE("PLAIN"),
                                         .user = SLICE("jane@gmail.com"),
                                         .secret = SLICE(PAIR_SECRET),
                                         .until = STAGE_AUTH};
    const struct driver_params driver = {
        .tls = b->tls, .server_name = "smtp.gmail.com", .wall_time = PAIR_WALL_TIME};
    const struct dial_params dial = {
        .host = service_host(service), .port = service_port(service), .timeout_us = 15000000};
    assert_int_equal(client_new(&params, &client, &why), ERR_OK);
    struct driver *d = driver_new(world, client_session(client), &driver);
    world_dial(world, &dial, on_visit_dialled, d);
    world_run(world);
    assert_true(driver_is_done(d));
    unsigned code = client_report(client)->reply.code;
    driver_free(d);
    client_free(client);
    return code;
}

static void test_counters_go_on_and_evidence_goes(void **state)
{
    const struct bench *b = *state;
    struct world *world = world_new_simulation();
    struct spec_server spec;
    struct seen seen = {.opened = 0};
    struct service *service = start(b, world, &spec, &seen);
    assert_int_equal(visit(b, world, service), 535);
    assert_int_equal(visit(b, world, service), 235);
    assert_int_equal(visit(b, world, service), 235);
    assert_int_equal(service_session_count(service), 3);
    assert_int_equal(service_open_count(service), 0);
    assert_int_equal(seen.closed, 3);
    assert_int_equal(seen.last_session, 3);
    assert_int_equal(seen.refused, 1);
    assert_int_equal(seen.accepted, 2);
    assert_int_equal(seen.commands, 3 * 5); /* EHLO STARTTLS EHLO AUTH QUIT */
    assert_true(seen.clear_octets > 100);
    service_free(service);
    world_free(world);
}

static void on_silent_dialled(void *context, const struct dial_result *result)
{
    *(struct link **)context = result->link;
}

/* Who is still there when the service ends is told of, and nobody is let in after a stop. */
static void test_end_with_an_open_connection(void **state)
{
    const struct bench *b = *state;
    struct world *world = world_new_simulation();
    struct spec_server spec;
    struct seen seen = {.opened = 0};
    struct link *silent = NULL;
    struct service *service = start(b, world, &spec, &seen);
    const struct dial_params dial = {
        .host = service_host(service), .port = service_port(service), .timeout_us = 15000000};
    world_dial(world, &dial, on_silent_dialled, &silent);
    (void)world_run_once(world, 1000000);
    assert_non_null(silent);
    assert_int_equal(service_open_count(service), 1);
    service_stop(service);
    assert_int_equal(seen.closed, 0);
    service_free(service);
    assert_int_equal(seen.closed, 1);
    link_reset(silent);
    world_free(world);
}

static void test_wrong_words_are_told_at_the_start(void **state)
{
    const struct bench *b = *state;
    struct world *world = world_new_simulation();
    struct service *service;
    struct why why;
    const struct spec_server spec = {.like = "no-such-persona", .names_extra = ""};
    const struct service_params params = {
        .fake = {.spec = &spec, .providers = b->registry, .host = "localhost"}};
    assert_int_equal(service_start(world, &params, &service, &why), ERR_INVALID);
    assert_null(service);
    assert_non_null(strstr(why.text, "no-such-persona"));
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counters_go_on_and_evidence_goes),
        cmocka_unit_test(test_end_with_an_open_connection),
        cmocka_unit_test(test_wrong_words_are_told_at_the_start),
    };
    return cmocka_run_group_tests(tests, bench_set_up, bench_tear_down);
}
