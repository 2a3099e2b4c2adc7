/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The probe against the fake server, for the tests of this folder: in simulation under a link plan,
 * or over sockets. Holds one law over every conversation: no form of the credential outside TLS, in
 * either direction.
 */
#ifndef SMTPDX_TESTS_RUN_PAIR_H
#define SMTPDX_TESTS_RUN_PAIR_H

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
#include "net/driver.h"

#define PAIR_SECRET "Sweep-Secret-0123456789"
enum { PAIR_WALL_TIME = 1700000000 };

struct bench {
    struct registry *registry;
    struct pki *pki;
    struct tls_setup *tls;
    struct redactor *redactor;
};

/* What is played; zero is a STARTTLS conversation in simulation that nothing disturbs. */
struct pair_plan {
    struct link_plan link; /* simulation only */
    bool is_on_sockets;
    enum security security;
    enum stage until;      /* default RCPT */
    const char *mechanism; /* default PLAIN */
    struct slice message;
    const struct spec_rule *rules;
    size_t rule_count;
    struct {
        int64_t command, block, final_dot, total;
    } timeout;
};

struct pair {
    const struct bench *bench;
    struct world *world;
    struct listener *listener;
    struct fake *fake;
    struct client *client;
    struct driver *server_side, *client_side;
    bool is_done;
    int64_t end_us;   /* when the client was done */
    struct buf clear; /* what both said in clear, joined */
};

static inline int bench_set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    struct arena arena;
    struct doc_errors errors;
    struct why why = {.line = 0};
    arena_init(&arena);
    doc_errors_init(&errors, &arena);
    assert_int_equal(registry_load(NULL, &b->registry, &errors, &why), ERR_OK);
    arena_release(&arena);
    assert_int_equal(pki_new(PAIR_WALL_TIME, &b->pki, &why), ERR_OK);
    struct tls_params params = {.min = TLS_VERSION_1_2, .trust_pem = pki_trust_pem(b->pki)};
    assert_int_equal(tls_setup_new(&params, &b->tls, &why), ERR_OK);
    b->redactor = redactor_new();
    assert_int_equal(redactor_add(b->redactor, "password", SLICE(PAIR_SECRET), &why), ERR_OK);
    *state = b;
    return 0;
}

static inline int bench_tear_down(void **state)
{
    struct bench *b = *state;
    redactor_free(b->redactor);
    tls_setup_free(b->tls);
    pki_free(b->pki);
    registry_free(b->registry);
    free(b);
    return 0;
}

static inline void pair_on_tap(void *context, enum driver_direction direction, bool inside_tls,
                               int64_t now_us, struct slice bytes)
{
    struct pair *p = context;
    (void)now_us;
    (void)direction;
    if (!inside_tls) {
        buf_add(&p->clear, bytes);
    }
}

static inline void pair_on_client_done(void *context)
{
    struct pair *p = context;
    p->is_done = true;
    p->end_us = world_now_us(p->world);
    if (!world_is_simulated(p->world)) {
        world_stop(p->world);
    }
}

static inline void pair_on_accept(void *context, struct link *link)
{
    struct pair *p = context;
    struct tls_setup *implicit = fake_implicit_tls(p->fake);
    struct driver_params params = {.is_server = true,
                                   .implicit_tls = implicit != NULL,
                                   .tls = implicit,
                                   .wall_time = PAIR_WALL_TIME,
                                   .context = p};
    p->server_side = driver_new(p->world, fake_accept(p->fake, world_now_us(p->world)), &params);
    driver_attach(p->server_side, link);
}

static inline void pair_on_dialled(void *context, const struct dial_result *result)
{
    struct pair *p = context;
    assert_non_null(result->link);
    driver_attach(p->client_side, result->link);
}

static inline struct slice pair_no_secret(const char *name, void *context)
{
    (void)name;
    (void)context;
    return (struct slice){NULL, 0};
}

static inline void pair_start_fake(struct pair *p, const struct pair_plan *plan,
                                   struct spec_server *spec)
{
    struct why why;
    *spec =
        (struct spec_server){.like = "gmail",
                             .security = plan->security,
                             .accepts_any = true,
                             .names_extra = "",
                             .rules = (struct spec_rule *)(uintptr_t)plan->rules,
                             .rule_count = plan->rule_count,
                             .tls = {.cert = "", .min = "", .max = "", .ciphers = "", .fault = ""}};
    struct fake_params params = {.spec = spec,
                                 .providers = p->bench->registry,
                                 .pki = p->bench->pki,
                                 .host = "smtp.gmail.com",
                                 .seed = 1,
                                 .wall_time = PAIR_WALL_TIME,
                                 .secret = pair_no_secret};
    assert_int_equal(fake_new(&params, &p->fake, &why), ERR_OK);
    assert_int_equal(
        world_listen(p->world, FAMILY_IPV4, false, pair_on_accept, p, &p->listener, &why), ERR_OK);
    if (!plan->is_on_sockets) {
        listener_plan(p->listener, &plan->link);
    }
}

static inline void pair_start_client(struct pair *p, const struct pair_plan *plan)
{
    struct why why;
    struct client_params params = {
        .security = plan->security,
        .host = SLICE("smtp.gmail.com"),
        .port = 587,
        .mechanism = slice_of(plan->mechanism != NULL ? plan->mechanism : "PLAIN"),
        .user = SLICE("jane@gmail.com"),
        .secret = SLICE(PAIR_SECRET),
        .until = plan->until != STAGE_NONE ? plan->until : STAGE_RCPT,
        .from = SLICE("jane@gmail.com"),
        .rcpt = SLICE("rcpt@example.net"),
        .message = plan->message,
        .date = PAIR_WALL_TIME,
        .timeout = {.command = plan->timeout.command,
                    .block = plan->timeout.block,
                    .final_dot = plan->timeout.final_dot,
                    .total = plan->timeout.total},
    };
    if (client_new(&params, &p->client, &why) != ERR_OK) {
        fail_msg("client_new: %s", why.text);
    }
    struct driver_params driver = {.implicit_tls = plan->security == SECURITY_IMPLICIT,
                                   .tls = p->bench->tls,
                                   .server_name = "smtp.gmail.com",
                                   .wall_time = PAIR_WALL_TIME,
                                   .context = p,
                                   .on_tap = pair_on_tap,
                                   .on_done = pair_on_client_done};
    p->client_side = driver_new(p->world, client_session(p->client), &driver);
    struct dial_params dial = {.host = listener_host(p->listener),
                               .port = listener_port(p->listener),
                               .timeout_us = 15000000};
    world_dial(p->world, &dial, pair_on_dialled, p);
}

/* Plays it to the end. spec lives as long as the pair. */
static inline void pair_play(struct pair *p, const struct bench *bench,
                             const struct pair_plan *plan, struct spec_server *spec)
{
    struct why why;
    *p = (struct pair){.bench = bench};
    if (!plan->is_on_sockets) {
        p->world = world_new_simulation();
    } else {
        assert_int_equal(world_new_sockets(&p->world, &why), ERR_OK);
    }
    buf_init(&p->clear, 1 << 20);
    pair_start_fake(p, plan, spec);
    pair_start_client(p, plan);
    world_run(p->world);
    if (redactor_find(bench->redactor, buf_slice(&p->clear)) != NULL) {
        fail_msg("the credential crossed in clear: %s", buf_text(&p->clear));
    }
}

static inline void pair_release(struct pair *p)
{
    driver_free(p->client_side);
    driver_free(p->server_side);
    listener_release(p->listener);
    client_free(p->client);
    fake_free(p->fake);
    buf_release(&p->clear);
    world_free(p->world);
}

#endif
