/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every fault at every octet: the server's stream of a whole STARTTLS, AUTH and MAIL conversation
 * is cut, stalled, reset and garbled at each position, in simulation. The laws, whatever happens:
 *   - the probe ends, in bounded (virtual) time;
 *   - it names a stage, and a fault or a reply that tells why, unless it got all it wanted;
 *   - no form of the credential ever crosses outside TLS;
 *   - it never says that an account is usable without having seen the 235.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/redact.h"
#include "client/client.h"
#include "fakeservers/fake.h"
#include "net/world.h"
#include "run/driver.h"

static const char secret[] = "Sweep-Secret-0123456789";
static const int64_t wall_time = 1700000000;
enum { LONGEST_S = 3600 };

struct bench {
    struct registry *registry;
    struct pki *pki;
    struct tls_setup *tls;
    struct redactor *redactor;
};

struct run {
    const struct bench *bench;
    struct world *world;
    struct fake *fake;
    struct client *client;
    struct driver *server_side, *client_side;
    bool is_done;
    bool has_leaked;
    struct buf clear; /* what the client said in clear, joined */
};

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    struct arena arena;
    struct doc_errors errors;
    struct why why = {.line = 0};
    arena_init(&arena);
    doc_errors_init(&errors, &arena);
    assert_int_equal(registry_load(NULL, &b->registry, &errors, &why), ERR_OK);
    arena_release(&arena);
    assert_int_equal(pki_new(wall_time, &b->pki, &why), ERR_OK);
    struct tls_params params = {.min = TLS_VERSION_1_2, .trust_pem = pki_trust_pem(b->pki)};
    assert_int_equal(tls_setup_new(&params, &b->tls, &why), ERR_OK);
    b->redactor = redactor_new();
    assert_int_equal(redactor_add(b->redactor, "password", slice_of(secret), &why), ERR_OK);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    redactor_free(b->redactor);
    tls_setup_free(b->tls);
    pki_free(b->pki);
    registry_free(b->registry);
    free(b);
    return 0;
}

static void on_tap(void *context, enum driver_direction direction, bool inside_tls, int64_t now_us,
                   struct slice bytes)
{
    struct run *r = context;
    (void)now_us;
    if (direction == DRIVER_SENT && !inside_tls) {
        buf_add(&r->clear, bytes);
    }
}

static void on_client_done(void *context)
{
    ((struct run *)context)->is_done = true;
}

static void on_accept(void *context, struct link *link)
{
    struct run *r = context;
    struct driver_params params = {.is_server = true, .wall_time = wall_time, .context = r};
    r->server_side = driver_new(r->world, fake_accept(r->fake, world_now_us(r->world)), &params);
    driver_attach(r->server_side, link);
}

static void on_dialled(void *context, const struct dial_result *result)
{
    struct run *r = context;
    assert_non_null(result->link);
    driver_attach(r->client_side, result->link);
}

static struct slice no_secret(const char *name, void *context)
{
    (void)name;
    (void)context;
    return (struct slice){NULL, 0};
}

static void start(struct run *r, const struct link_plan *plan, struct listener **listener)
{
    static const struct spec_server spec = {
        .like = "gmail",
        .security = SECURITY_STARTTLS,
        .accepts_any = true,
        .names_extra = "",
        .tls = {.cert = "", .min = "", .max = "", .ciphers = "", .fault = ""}};
    struct why why;
    struct fake_params fake_params = {.spec = &spec,
                                      .providers = r->bench->registry,
                                      .pki = r->bench->pki,
                                      .host = "smtp.gmail.com",
                                      .seed = 1,
                                      .wall_time = wall_time,
                                      .secret = no_secret};
    assert_int_equal(fake_new(&fake_params, &r->fake, &why), ERR_OK);
    assert_int_equal(world_listen(r->world, FAMILY_IPV4, false, on_accept, r, listener, &why),
                     ERR_OK);
    listener_plan(*listener, plan);
    struct client_params client_params = {
        .security = SECURITY_STARTTLS,
        .host = SLICE("smtp.gmail.com"),
        .port = 587,
        .mechanism = SLICE("PLAIN"),
        .user = SLICE("jane@gmail.com"),
        .secret = slice_of(secret),
        .until = STAGE_RCPT,
        .from = SLICE("jane@gmail.com"),
        .rcpt = SLICE("rcpt@example.net"),
    };
    if (client_new(&client_params, &r->client, &why) != ERR_OK) {
        fail_msg("client_new: %s", why.text);
    }
    struct driver_params params = {.tls = r->bench->tls,
                                   .server_name = "smtp.gmail.com",
                                   .wall_time = wall_time,
                                   .context = r,
                                   .on_tap = on_tap,
                                   .on_done = on_client_done};
    r->client_side = driver_new(r->world, client_session(r->client), &params);
    struct dial_params dial = {
        .host = listener_host(*listener), .port = listener_port(*listener), .timeout_us = 15000000};
    world_dial(r->world, &dial, on_dialled, r);
}

static void judge(struct run *r, const char *name, uint64_t at)
{
    const struct client_report *report = client_report(r->client);
    if (!r->is_done) {
        fail_msg("%s at %llu: the probe did not end", name, (unsigned long long)at);
    }
    if (world_now_us(r->world) > LONGEST_S * INT64_C(1000000)) {
        fail_msg("%s at %llu: took %lld s", name, (unsigned long long)at,
                 (long long)(world_now_us(r->world) / 1000000));
    }
    if (redactor_find(r->bench->redactor, buf_slice(&r->clear)) != NULL) {
        fail_msg("%s at %llu: the credential crossed in clear", name, (unsigned long long)at);
    }
    if (report->stage == STAGE_NONE ||
        (report->outcome != OUTCOME_OK && report->fault == FAULT_NONE && report->reply.code == 0)) {
        fail_msg("%s at %llu: outcome %s without a stage and a reason", name,
                 (unsigned long long)at, client_outcome_slug(report->outcome));
    }
    if (report->outcome == OUTCOME_OK &&
        (!report->auth_accepted || !report->tls_facts.is_verified)) {
        fail_msg("%s at %llu: usable without proof", name, (unsigned long long)at);
    }
}

/* Returns the outcome; *octets gets how many the server sent in all. */
static enum client_outcome play(const struct bench *bench, const char *name,
                                const struct link_plan *plan)
{
    struct run r = {.bench = bench, .world = world_new_simulation()};
    struct listener *listener;
    buf_init(&r.clear, 1 << 20);
    start(&r, plan, &listener);
    world_run(r.world);
    judge(&r, name, plan->at_octet);
    enum client_outcome outcome = client_report(r.client)->outcome;
    driver_free(r.client_side);
    driver_free(r.server_side);
    listener_release(listener);
    client_free(r.client);
    fake_free(r.fake);
    buf_release(&r.clear);
    world_free(r.world);
    return outcome;
}

enum { WHOLE_IN_A_ROW = 40, GARBLED_POSITIONS = 1700, POSITIONS_MAX = 20000 };

/*
 * Sweeps over every position. A fault that ends the conversation is swept until it strikes behind the
 * end, again and again (signatures vary in length by some octets); a garbled octet is often harmless
 * text, so those positions are counted.
 */
static void sweep(const struct bench *bench, const char *name, enum link_fault fault)
{
    uint64_t at = 0;
    unsigned whole = 0;
    bool is_counted = fault == LINK_FAULT_GARBLE;
    for (; is_counted ? at < GARBLED_POSITIONS : at < POSITIONS_MAX && whole < WHOLE_IN_A_ROW; at++) {
        struct link_plan plan = {.fault = fault, .at_octet = at};
        whole = play(bench, name, &plan) == OUTCOME_OK ? whole + 1 : 0;
    }
    print_message("%s: %llu positions\n", name, (unsigned long long)at);
    assert_in_range(at, 1000, POSITIONS_MAX - 1); /* greeting, EHLO, handshake, EHLO, AUTH, MAIL, RCPT, QUIT */
}

static void test_untouched(void **state)
{
    struct link_plan plan = {.fault = LINK_FAULT_NONE};
    assert_int_equal(play(*state, "untouched", &plan), OUTCOME_OK);
}

static void test_one_octet_at_a_time(void **state)
{
    struct link_plan plan = {.chunk = 1, .latency_us = 10};
    assert_int_equal(play(*state, "one octet at a time", &plan), OUTCOME_OK);
}

static void test_cut(void **state)
{
    sweep(*state, "cut", LINK_FAULT_CUT);
}

static void test_stall(void **state)
{
    sweep(*state, "stall", LINK_FAULT_STALL);
}

static void test_reset(void **state)
{
    sweep(*state, "reset", LINK_FAULT_RESET);
}

static void test_garble(void **state)
{
    sweep(*state, "garble", LINK_FAULT_GARBLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_untouched), cmocka_unit_test(test_one_octet_at_a_time),
        cmocka_unit_test(test_cut),       cmocka_unit_test(test_stall),
        cmocka_unit_test(test_reset),     cmocka_unit_test(test_garble),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
