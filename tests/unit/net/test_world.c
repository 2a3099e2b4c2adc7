/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both worlds through the same table of cases, and what only one of them can do.
 * Laws: no callback from inside a call; what was written arrives whole and in order; no connection
 * outlives its lease; the simulation gives the same bytes in the same order every time.
 */
#include "net/world.h"

#include "base/rng.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { TURNS_MAX = 2000, BIG = 10 * 1000 * 1000 };

/* One end of a connection, and what it saw. */
struct end {
    struct rig *rig;
    struct link *link;
    struct buf got;
    unsigned pieces, eofs, resets, drains, moves;
    bool is_echo;
    bool closes_on_eof;
};

struct rig {
    struct world *world;
    struct listener *listener;
    struct end client, server;
    unsigned accepts, dials;
    struct dial_result result;
    bool is_inside; /* a call into the world is being made */
};

static struct world *new_world(bool is_simulated)
{
    struct why why = {.line = 0};
    struct world *w = NULL;
    if (is_simulated) {
        return world_new_simulation();
    }
    if (world_new_sockets(&w, &why) != ERR_OK) {
        fail_msg("%s", why.text);
    }
    return w;
}

/* ---- handlers ---- */

static void check_outside(const struct end *e)
{
    if (e->rig->is_inside) {
        fail_msg("a callback came from inside a call");
    }
}

static void end_write(struct end *e, struct slice bytes)
{
    bool was_inside = e->rig->is_inside;
    e->rig->is_inside = true;
    link_write(e->link, bytes);
    e->rig->is_inside = was_inside;
}

static void end_close(struct end *e)
{
    e->rig->is_inside = true;
    link_close(e->link);
    e->rig->is_inside = false;
    e->link = NULL;
}

static void on_bytes(void *context, struct slice bytes)
{
    struct end *e = context;
    check_outside(e);
    buf_add(&e->got, bytes);
    e->pieces++;
    if (e->is_echo) {
        end_write(e, bytes);
    }
}

static void on_eof(void *context)
{
    struct end *e = context;
    check_outside(e);
    e->eofs++;
    if (e->closes_on_eof) {
        end_close(e);
    }
}

static void on_reset(void *context, enum fault fault)
{
    struct end *e = context;
    check_outside(e);
    assert_int_equal(fault, FAULT_CONNECTION_RESET);
    e->resets++;
}

static void on_drained(void *context)
{
    struct end *e = context;
    check_outside(e);
    e->drains++;
}

static void on_moved(void *context)
{
    struct end *e = context;
    check_outside(e);
    e->moves++;
}

static void end_start(struct end *e, struct link *link)
{
    const struct link_handler handler = {on_bytes, on_eof, on_reset, on_drained, on_moved, e};
    e->link = link;
    e->rig->is_inside = true;
    link_start(link, &handler);
    e->rig->is_inside = false;
}

static void on_accept(void *context, struct link *link)
{
    struct rig *r = context;
    check_outside(&r->server);
    r->accepts++;
    if (r->server.link != NULL) {
        link_reset(link); /* one is enough */
        return;
    }
    end_start(&r->server, link);
}

static void on_dialled(void *context, const struct dial_result *result)
{
    struct rig *r = context;
    check_outside(&r->client);
    r->dials++;
    r->result = *result;
    if (result->link != NULL) {
        end_start(&r->client, result->link);
    }
}

/* ---- the rig ---- */

static void rig_init(struct rig *r, bool is_simulated)
{
    *r = (struct rig){.world = new_world(is_simulated)};
    r->client.rig = r;
    r->server.rig = r;
    buf_init(&r->client.got, BUF_NO_CAP);
    buf_init(&r->server.got, BUF_NO_CAP);
}

static void rig_release(struct rig *r)
{
    world_free(r->world); /* with whatever is still open */
    buf_release(&r->client.got);
    buf_release(&r->server.got);
}

static void rig_listen(struct rig *r, enum address_family family, bool is_dead)
{
    struct why why = {.line = 0};
    enum err err = world_listen(r->world, family, is_dead, on_accept, r, &r->listener, &why);
    if (err != ERR_OK) {
        fail_msg("listen: %s", why.text);
    }
}

static void dial_with(struct rig *r, const struct dial_params *params)
{
    r->is_inside = true;
    world_dial(r->world, params, on_dialled, r);
    r->is_inside = false;
}

static void rig_dial(struct rig *r)
{
    dial_with(r, &(struct dial_params){.host = listener_host(r->listener),
                                       .port = listener_port(r->listener),
                                       .timeout_us = 5000000});
}

#define RUN_UNTIL(r, condition)                                                                    \
    do {                                                                                           \
        int turns_ = 0;                                                                            \
        while (!(condition) && turns_ < TURNS_MAX) {                                               \
            world_run_once((r)->world, 10000);                                                     \
            turns_++;                                                                              \
        }                                                                                          \
        if (!(condition)) {                                                                        \
            fail_msg("never came: %s", #condition);                                                \
        }                                                                                          \
    } while (0)

static void rig_connect(struct rig *r)
{
    rig_listen(r, FAMILY_ANY, false);
    rig_dial(r);
    RUN_UNTIL(r, r->client.link != NULL && r->server.link != NULL);
}

static void expect_text(const struct end *e, const char *want)
{
    assert_string_equal(buf_text(&e->got), want);
}

/* ---- cases for both worlds ---- */

static void case_echo(struct rig *r)
{
    rig_connect(r);
    r->server.is_echo = true;
    end_write(&r->client, SLICE("hello\r\n"));
    RUN_UNTIL(r, r->client.got.n == 7);
    expect_text(&r->client, "hello\r\n");
    expect_text(&r->server, "hello\r\n");
    assert_int_equal(r->result.fault, FAULT_NONE);
    assert_string_equal(r->result.address, "127.0.0.1");
    assert_int_equal(r->client.pieces, 1); /* a write is a segment */
}

/* The server speaks before the dialler has its answer and long before it reads. */
static void on_accept_greets(void *context, struct link *link)
{
    struct rig *r = context;
    end_start(&r->server, link);
    end_write(&r->server, SLICE("220 early\r\n"));
}

static void on_dialled_late(void *context, const struct dial_result *result)
{
    struct rig *r = context;
    r->result = *result;
}

static void case_early_greeting(struct rig *r)
{
    struct why why = {.line = 0};
    assert_int_equal(
        world_listen(r->world, FAMILY_ANY, false, on_accept_greets, r, &r->listener, &why), ERR_OK);
    const struct dial_params params = {.host = listener_host(r->listener),
                                       .port = listener_port(r->listener)};
    world_dial(r->world, &params, on_dialled_late, r);
    RUN_UNTIL(r, r->result.link != NULL && r->server.link != NULL);
    for (int i = 0; i < 3; i++) {
        world_run_once(r->world, 0);
    }
    end_write(&r->server, SLICE("and more"));
    end_start(&r->client, r->result.link);
    end_close(&r->server);
    RUN_UNTIL(r, r->client.eofs == 1);
    expect_text(&r->client, "220 early\r\nand more");
}

static void case_big_transfer(struct rig *r)
{
    char *big = malloc(BIG);
    assert_non_null(big);
    for (size_t i = 0; i < BIG; i++) {
        big[i] = (char)(i * 31 + i / 7919);
    }
    rig_connect(r);
    r->server.is_echo = true;
    end_write(&r->client, slice_make(big, BIG));
    assert_true(link_pending(r->client.link) > 0);
    RUN_UNTIL(r, r->client.got.n == BIG);
    assert_memory_equal(r->client.got.p, big, BIG);
    assert_memory_equal(r->server.got.p, big, BIG);
    assert_int_equal(link_pending(r->client.link), 0);
    assert_true(r->client.drains > 0);
    free(big);
}

static void case_drained(struct rig *r)
{
    rig_connect(r);
    end_write(&r->client, SLICE("x"));
    assert_int_equal(r->client.drains, 0);
    RUN_UNTIL(r, r->client.drains == 1);
    assert_int_equal(link_pending(r->client.link), 0);
}

/* An end that does not read: what is written fills the window, waits, and goes on where it stopped.
 */
static void case_paused(struct rig *r)
{
    char *big = malloc(3 * BIG);
    assert_non_null(big);
    memset(big, 'b', 3 * BIG);
    rig_connect(r);
    link_pause(r->server.link, true);
    end_write(&r->client, SLICE("small"));
    for (int i = 0; i < 20; i++) {
        (void)world_run_once(r->world, 1000);
    }
    assert_int_equal(r->server.got.n, 0);
    assert_int_equal(link_unsent(r->client.link), 0); /* the window takes that much */
    end_write(&r->client, slice_make(big, 3 * BIG));
    link_shutdown(r->client.link);
    for (int i = 0; i < 500; i++) {
        (void)world_run_once(r->world, 1000);
    }
    size_t stuck = link_unsent(r->client.link);
    assert_in_range(stuck, 1, 3 * BIG);
    assert_int_equal(r->server.got.n + r->server.eofs, 0);
    unsigned moves = r->client.moves;
    link_pause(r->server.link, false);
    RUN_UNTIL(r, r->server.eofs == 1);
    assert_int_equal(r->server.got.n, 3 * BIG + 5);
    assert_int_equal(link_unsent(r->client.link), 0);
    assert_true(r->client.moves > moves);
    free(big);
}

/* The owner of a paused end closes it: what waits is forgotten, and the writer is not stuck. */
static void case_paused_and_closed(struct rig *r)
{
    char *big = malloc(BIG);
    assert_non_null(big);
    memset(big, 'b', BIG);
    rig_connect(r);
    link_pause(r->server.link, true);
    end_write(&r->client, slice_make(big, BIG));
    for (int i = 0; i < 200; i++) {
        (void)world_run_once(r->world, 1000);
    }
    end_close(&r->server);
    RUN_UNTIL(r, r->client.eofs == 1 && link_unsent(r->client.link) == 0);
    free(big);
}

/* A reset reaches an end that does not read, and ends it. */
static void case_paused_and_reset(struct rig *r)
{
    rig_connect(r);
    link_pause(r->server.link, true);
    end_write(&r->client, SLICE("x"));
    link_reset(r->client.link);
    r->client.link = NULL;
    for (int i = 0; i < 20; i++) {
        (void)world_run_once(r->world, 1000);
    }
    link_pause(r->server.link, false);
    RUN_UNTIL(r, r->server.resets == 1);
}

static void case_half_close(struct rig *r)
{
    rig_connect(r);
    end_write(&r->client, SLICE("question"));
    link_shutdown(r->client.link);
    end_write(&r->client, SLICE("too late"));
    RUN_UNTIL(r, r->server.eofs == 1);
    expect_text(&r->server, "question");
    end_write(&r->server, SLICE("answer"));
    link_shutdown(r->server.link);
    RUN_UNTIL(r, r->client.eofs == 1);
    expect_text(&r->client, "answer");
    assert_int_equal(r->client.resets + r->server.resets, 0);
}

static void case_reset(struct rig *r)
{
    rig_connect(r);
    end_write(&r->server, SLICE("421 gone"));
    RUN_UNTIL(r, r->client.got.n == 8);
    link_reset(r->server.link);
    r->server.link = NULL;
    RUN_UNTIL(r, r->client.resets == 1);
    assert_int_equal(r->client.eofs, 0);
    end_write(&r->client, SLICE("into the void"));
    end_close(&r->client);
    world_run_once(r->world, 0);
    assert_int_equal(r->client.resets, 1);
}

/* Accepted, greeted and reset before the dialler ever looked. */
static void on_accept_and_reset(void *context, struct link *link)
{
    struct rig *r = context;
    r->accepts++;
    link_write(link, SLICE("421 gone"));
    link_reset(link);
}

static void case_reset_at_once(struct rig *r)
{
    struct why why = {.line = 0};
    assert_int_equal(
        world_listen(r->world, FAMILY_ANY, false, on_accept_and_reset, r, &r->listener, &why),
        ERR_OK);
    rig_dial(r);
    RUN_UNTIL(r, r->client.resets == 1);
    assert_int_equal(r->result.fault, FAULT_NONE);
    assert_int_equal(r->client.eofs, 0);
    expect_text(&r->client, "421 gone");
}

/* What was written before the reset can still be read. */
static void case_reset_behind_bytes(struct rig *r)
{
    rig_connect(r);
    end_write(&r->server, SLICE("421 gone"));
    link_reset(r->server.link);
    r->server.link = NULL;
    RUN_UNTIL(r, r->client.resets == 1);
    expect_text(&r->client, "421 gone");
}

/* The same when the client learns of the reset by writing: its write fails before it has read. */
static void case_reset_met_by_a_write(struct rig *r)
{
    rig_connect(r);
    end_write(&r->server, SLICE("552 no"));
    link_reset(r->server.link);
    r->server.link = NULL;
    end_write(&r->client, SLICE("more"));
    end_write(&r->client, SLICE("and more"));
    RUN_UNTIL(r, r->client.resets == 1);
    expect_text(&r->client, "552 no");
}

/* A server that says its last word and closes, while the client's octets are unread. */
static void case_close_keeps_last_word(struct rig *r)
{
    rig_connect(r);
    for (int i = 0; i < 50; i++) {
        end_write(&r->client, SLICE("NOOP\r\n"));
    }
    end_write(&r->server, SLICE("421 bye\r\n"));
    end_close(&r->server);
    end_write(&r->client, SLICE("QUIT\r\n"));
    RUN_UNTIL(r, r->client.eofs == 1);
    expect_text(&r->client, "421 bye\r\n");
    assert_int_equal(r->client.resets, 0);
    end_close(&r->client);
}

static void case_close_flushes(struct rig *r)
{
    char *big = malloc(BIG);
    assert_non_null(big);
    memset(big, 'b', BIG);
    rig_connect(r);
    end_write(&r->server, slice_make(big, BIG));
    end_close(&r->server);
    RUN_UNTIL(r, r->client.eofs == 1);
    assert_int_equal(r->client.got.n, BIG);
    free(big);
}

static void case_both_close(struct rig *r)
{
    rig_connect(r);
    end_close(&r->client);
    end_close(&r->server);
    listener_release(r->listener);
    world_run(r->world); /* nothing is left: it returns */
    assert_int_equal(r->client.eofs + r->server.eofs, 0);
}

static void case_eof_then_close(struct rig *r)
{
    rig_connect(r);
    r->server.closes_on_eof = true;
    end_close(&r->client);
    RUN_UNTIL(r, r->server.link == NULL);
    listener_release(r->listener);
    world_run(r->world);
    assert_int_equal(r->server.eofs, 1);
}

static void case_dead_listener(struct rig *r)
{
    rig_listen(r, FAMILY_IPV4, true);
    rig_dial(r);
    assert_int_equal(r->dials, 0);
    RUN_UNTIL(r, r->dials == 1);
    assert_null(r->result.link);
    assert_string_equal(fault_name(r->result.fault), "CONNECT_REFUSED");
    assert_string_not_equal(r->result.detail, "");
    listener_release(r->listener);
}

static void case_bad_connect_to(struct rig *r)
{
    dial_with(r, &(struct dial_params){.host = "mx.test", .port = 25, .connect_to = "nowhere"});
    RUN_UNTIL(r, r->dials == 1);
    assert_string_equal(fault_name(r->result.fault), "DNS_FAILURE");
}

/* Nobody is told of it any more, and what it came to is closed: the peer hears of it. */
static void case_dropped_dial(struct rig *r)
{
    rig_listen(r, FAMILY_ANY, false);
    world_dial_drop(r->world, r); /* there is none */
    rig_dial(r);
    world_dial_drop(r->world, &r->client); /* of another context */
    RUN_UNTIL(r, r->dials == 1);
    end_close(&r->client);
    RUN_UNTIL(r, r->server.eofs == 1);
    r->server.link = NULL;
    rig_dial(r);
    world_dial_drop(r->world, r);
    dial_with(r, &(struct dial_params){.host = "localhost", .port = listener_port(r->listener)});
    world_dial_drop(r->world, r);
    for (int i = 0; i < 20; i++) {
        (void)world_run_once(r->world, 1000);
    }
    assert_int_equal(r->dials, 1);
    listener_release(r->listener);
}

static void case_no_such_name(struct rig *r)
{
    dial_with(r, &(struct dial_params){
                     .host = "no-such-host.invalid", .port = 25, .timeout_us = 3000000});
    RUN_UNTIL(r, r->dials == 1);
    assert_string_equal(fault_name(r->result.fault), "DNS_FAILURE");
    assert_null(r->result.link);
}

/* A name that would be something else in a URL is no name. */
static void case_hostile_name(struct rig *r)
{
    dial_with(r, &(struct dial_params){.host = "user@127.0.0.1/", .port = 25});
    RUN_UNTIL(r, r->dials == 1);
    assert_string_equal(fault_name(r->result.fault), "DNS_FAILURE");
}

static void dial_name(struct rig *r, const char *host, const char *connect_to_host)
{
    char to[80];
    rig_listen(r, FAMILY_IPV4, false);
    snprintf(to, sizeof to, "%s:%u", connect_to_host, listener_port(r->listener));
    dial_with(r, &(struct dial_params){
                     .host = host, .port = 587, .connect_to = to, .timeout_us = 5000000});
    RUN_UNTIL(r, r->client.link != NULL && r->server.link != NULL);
    end_write(&r->server, SLICE("220 hello\r\n"));
    RUN_UNTIL(r, r->client.got.n == 11);
    expect_text(&r->client, "220 hello\r\n");
}

static void case_connect_to_literal(struct rig *r)
{
    dial_name(r, "smtp.example.test", "127.0.0.1");
    assert_int_equal(r->result.resolve_us, 0);
}

static void case_connect_to_name(struct rig *r)
{
    dial_name(r, "smtp.example.test", "localhost");
    assert_string_equal(r->result.address, "127.0.0.1");
}

static void case_localhost(struct rig *r)
{
    rig_listen(r, FAMILY_IPV4, false);
    dial_with(r, &(struct dial_params){.host = "localhost",
                                       .port = listener_port(r->listener),
                                       .timeout_us = 5000000});
    RUN_UNTIL(r, r->client.link != NULL && r->server.link != NULL);
    r->server.is_echo = true;
    end_write(&r->client, SLICE("over curl"));
    RUN_UNTIL(r, r->client.got.n == 9);
}

static void case_localhost_refused(struct rig *r)
{
    rig_listen(r, FAMILY_IPV4, true);
    dial_with(r, &(struct dial_params){.host = "localhost",
                                       .port = listener_port(r->listener),
                                       .family = FAMILY_IPV4,
                                       .timeout_us = 5000000});
    RUN_UNTIL(r, r->dials == 1);
    assert_string_equal(fault_name(r->result.fault), "CONNECT_REFUSED");
}

static void case_other_family(struct rig *r)
{
    dial_with(r, &(struct dial_params){.host = "127.0.0.1", .port = 25, .family = FAMILY_IPV6});
    RUN_UNTIL(r, r->dials == 1);
    assert_string_equal(fault_name(r->result.fault), "UNREACHABLE");
}

static void case_ipv6(struct rig *r)
{
    struct why why = {.line = 0};
    if (world_listen(r->world, FAMILY_IPV6, false, on_accept, r, &r->listener, &why) != ERR_OK) {
        print_message("skipped: no IPv6 loopback here: %s\n", why.text);
        return;
    }
    assert_string_equal(listener_host(r->listener), "::1");
    rig_dial(r);
    RUN_UNTIL(r, r->client.link != NULL && r->server.link != NULL);
    assert_string_equal(r->result.address, "::1");
    r->server.is_echo = true;
    end_write(&r->client, SLICE("six"));
    RUN_UNTIL(r, r->client.got.n == 3);
}

/* A connection nobody accepted before the release must not reach the next tenant of the port. */
static void case_lease_isolation(struct rig *r)
{
    enum { LEASES = 60 };
    unsigned ports[LEASES];
    unsigned reused = 0;
    for (unsigned i = 0; i < LEASES; i++) {
        rig_listen(r, FAMILY_IPV4, false);
        ports[i] = listener_port(r->listener);
        for (unsigned k = 0; k < i; k++) {
            reused += ports[k] == ports[i];
        }
        rig_dial(r); /* the SYN is answered by the kernel at once, accepted by nobody */
        listener_release(r->listener);
    }
    assert_true(reused > 0);
    rig_listen(r, FAMILY_IPV4, false);
    RUN_UNTIL(r, r->dials == LEASES);
    for (int i = 0; i < 10; i++) {
        world_run_once(r->world, 1000);
    }
    assert_int_equal(r->accepts, 0);
    assert_int_equal(r->client.eofs + r->client.got.n, 0); /* at most a reset */
}

static void on_accept_and_release(void *context, struct link *link)
{
    struct rig *r = context;
    r->accepts++;
    link_reset(link);
    listener_release(r->listener);
    r->listener = NULL;
}

static void case_release_in_accept(struct rig *r)
{
    struct why why = {.line = 0};
    assert_int_equal(
        world_listen(r->world, FAMILY_ANY, false, on_accept_and_release, r, &r->listener, &why),
        ERR_OK);
    const struct dial_params params = {.host = listener_host(r->listener),
                                       .port = listener_port(r->listener)};
    for (int i = 0; i < 3; i++) {
        world_dial(r->world, &params, on_dialled_late, r);
    }
    world_run(r->world);
    assert_int_equal(r->accepts, 1);
}

/* ---- timers ---- */

struct alarm {
    struct timer timer;
    struct alarms *all;
    char name;
};
struct alarms {
    struct rig *rig;
    struct alarm alarm[4];
    char order[16];
    size_t n;
};

static void on_alarm(struct timer *t, int64_t now_us)
{
    struct alarm *a = t->context;
    if (a->all->rig->is_inside) {
        fail_msg("a timer went off inside a call");
    }
    if (now_us > world_now_us(a->all->rig->world)) {
        fail_msg("a timer that is ahead of the clock");
    }
    assert_int_equal(t->when_us, 0); /* disarmed before it is told */
    a->all->order[a->all->n++] = a->name;
}

static void alarms_init(struct alarms *as, struct rig *r)
{
    *as = (struct alarms){.rig = r};
    for (size_t i = 0; i < COUNT(as->alarm); i++) {
        as->alarm[i].timer.on_time = on_alarm;
        as->alarm[i].timer.context = &as->alarm[i];
        as->alarm[i].all = as;
        as->alarm[i].name = (char)('a' + i);
    }
}

static void case_timers_order(struct rig *r)
{
    struct alarms as;
    alarms_init(&as, r);
    int64_t now = world_now_us(r->world);
    r->is_inside = true;
    world_timer_start(r->world, &as.alarm[0].timer, now + 9000);
    world_timer_start(r->world, &as.alarm[1].timer, now + 3000);
    world_timer_start(r->world, &as.alarm[2].timer, now + 3000);
    world_timer_start(r->world, &as.alarm[3].timer, now - 5);
    r->is_inside = false;
    world_run(r->world);
    assert_string_equal(as.order, "dbca");
    assert_true(world_now_us(r->world) >= now + 9000);
}

static void case_timers_change(struct rig *r)
{
    struct alarms as;
    alarms_init(&as, r);
    int64_t now = world_now_us(r->world);
    for (size_t i = 0; i < 4; i++) {
        world_timer_start(r->world, &as.alarm[i].timer, now + 1000 * (int64_t)(i + 1));
    }
    world_timer_stop(r->world, &as.alarm[1].timer);
    world_timer_stop(r->world, &as.alarm[1].timer); /* twice is fine */
    world_timer_start(r->world, &as.alarm[0].timer, now + 6000);
    world_run(r->world);
    assert_string_equal(as.order, "cda");
}

static void on_stop(struct timer *t, int64_t now_us)
{
    (void)now_us;
    world_stop(t->context);
}

static void case_stop(struct rig *r)
{
    struct alarms as;
    alarms_init(&as, r);
    struct timer stop = {.on_time = on_stop, .context = r->world};
    int64_t now = world_now_us(r->world);
    world_timer_start(r->world, &stop, now + 1000);
    world_timer_start(r->world, &as.alarm[0].timer, now + 2000);
    world_run(r->world);
    assert_int_equal(as.n, 0);
    world_run(r->world);
    assert_string_equal(as.order, "a");
}

/* Stopped while more is due: nothing more happens, and the run returns. */
static void case_stop_with_more_due(struct rig *r)
{
    struct alarms as;
    alarms_init(&as, r);
    struct timer stop = {.on_time = on_stop, .context = r->world};
    world_timer_start(r->world, &stop, 0);
    world_timer_start(r->world, &as.alarm[0].timer, 0);
    world_run(r->world);
    assert_int_equal(as.n, 0);
    world_run(r->world);
    assert_string_equal(as.order, "a");
}

/* A timer that is always due again does not keep octets from arriving. */
struct pest {
    struct timer timer;
    struct rig *rig;
};

static void on_pest(struct timer *t, int64_t now_us)
{
    struct pest *p = t->context;
    if (p->rig->server.got.n == 0) {
        world_timer_start(p->rig->world, t, now_us);
    }
}

static void case_no_starving(struct rig *r)
{
    struct pest pest = {.timer.on_time = on_pest, .timer.context = &pest, .rig = r};
    rig_connect(r);
    world_timer_start(r->world, &pest.timer, 0);
    end_write(&r->client, SLICE("x"));
    listener_release(r->listener);
    end_close(&r->client);
    r->server.closes_on_eof = true;
    world_run(r->world);
    expect_text(&r->server, "x");
}

/* clang-format off */
static const struct {
    const char *name;
    void (*run)(struct rig *r);
} cases[] = {
    { "echo",                                     case_echo },
    { "a greeting before anybody reads",          case_early_greeting },
    { "10 MB there and back",                     case_big_transfer },
    { "drained is told from the loop",            case_drained },
    { "an end that does not read",                case_paused },
    { "an end that does not read is closed",      case_paused_and_closed },
    { "an end that does not read is reset",       case_paused_and_reset },
    { "half close",                               case_half_close },
    { "reset",                                    case_reset },
    { "reset behind octets",                      case_reset_behind_bytes },
    { "reset, met by a write",                    case_reset_met_by_a_write },
    { "reset before the dialler looked",          case_reset_at_once },
    { "close does not destroy the last word",     case_close_keeps_last_word },
    { "close flushes 10 MB",                      case_close_flushes },
    { "both close",                               case_both_close },
    { "close on EOF, in the handler",             case_eof_then_close },
    { "nobody listens",                           case_dead_listener },
    { "a dial that nobody waits for any more",    case_dropped_dial },
    { "connect_to without a port",                case_bad_connect_to },
    { "a name that does not resolve",             case_no_such_name },
    { "a name that is none",                      case_hostile_name },
    { "a name, connected to a literal",           case_connect_to_literal },
    { "a name, connected to a name",              case_connect_to_name },
    { "localhost",                                case_localhost },
    { "localhost, nobody listens",                case_localhost_refused },
    { "a literal of the other family",            case_other_family },
    { "IPv6",                                     case_ipv6 },
    { "a lease ends with its connections",        case_lease_isolation },
    { "released by its own on_accept",            case_release_in_accept },
    { "timers in order",                          case_timers_order },
    { "timers stopped and re-armed",              case_timers_change },
    { "stop",                                     case_stop },
    { "stop while more is due",                   case_stop_with_more_due },
    { "a timer always due starves nobody",        case_no_starving },
};
/* clang-format on */

static unsigned open_descriptors(void)
{
    unsigned n = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (dir != NULL && readdir(dir) != NULL) {
        n++;
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return n;
}

static void run_all(bool is_simulated)
{
    world_free(new_world(is_simulated)); /* libuv keeps a pipe for the process */
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct rig r;
        unsigned before = open_descriptors();
        print_message("  %s: %s\n", is_simulated ? "simulation" : "sockets", cases[i].name);
        rig_init(&r, is_simulated);
        cases[i].run(&r);
        rig_release(&r);
        assert_int_equal(open_descriptors(), before);
    }
}

static void test_sockets(void **state)
{
    (void)state;
    run_all(false);
}

static void test_simulation(void **state)
{
    (void)state;
    run_all(true);
}

/* ---- sockets only: a proxy ---- */

struct proxy_row {
    const char *name;
    const char *answer; /* to CONNECT, and what comes right behind it */
    const char *want;   /* what the dialler's link says */
    enum fault fault;
};

struct proxy {
    struct end *end;
    const struct proxy_row *row;
};

static void on_proxy_bytes(void *context, struct slice bytes)
{
    struct proxy *p = context;
    buf_add(&p->end->got, bytes);
    if (slice_has_suffix(buf_slice(&p->end->got), SLICE("\r\n\r\n"))) {
        link_write(p->end->link, slice_of(p->row->answer));
    }
}

static void on_proxy_eof(void *context)
{
    (void)context;
}

static void on_proxy_reset(void *context, enum fault fault)
{
    (void)context;
    (void)fault;
}

static void on_proxy_accept(void *context, struct link *link)
{
    struct proxy *p = context;
    const struct link_handler handler = {on_proxy_bytes, on_proxy_eof, on_proxy_reset,
                                         NULL,           NULL,         p};
    p->end->link = link;
    link_start(link, &handler);
}

/* clang-format off */
static const struct proxy_row proxy_rows[] = {
    { "lets us through",              "HTTP/1.1 200 OK\r\n\r\n",                  "", FAULT_NONE },
    { "with the greeting behind it",  "HTTP/1.1 200 OK\r\n\r\n220 hello\r\n",     "220 hello\r\n", FAULT_NONE },
    { "forbids",                      "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", "", FAULT_PROXY_FAILURE },
    { "speaks something else",        "SSH-2.0-x\r\n\r\n",                        "", FAULT_PROXY_FAILURE },
};
/* clang-format on */

static void proxy_row_run(const struct proxy_row *row)
{
    struct rig r;
    struct why why = {.line = 0};
    char url[64];
    rig_init(&r, false);
    struct proxy p = {&r.server, row};
    assert_int_equal(
        world_listen(r.world, FAMILY_IPV4, false, on_proxy_accept, &p, &r.listener, &why), ERR_OK);
    snprintf(url, sizeof url, "http://127.0.0.1:%u", listener_port(r.listener));
    dial_with(&r,
              &(struct dial_params){
                  .host = "smtp.example.test", .port = 587, .proxy = url, .timeout_us = 2000000});
    RUN_UNTIL(&r, r.dials == 1);
    if (r.result.fault != row->fault) {
        fail_msg("a proxy that %s: got %s (%s), want %s", row->name, fault_name(r.result.fault),
                 r.result.detail, fault_name(row->fault));
    }
    assert_true(slice_has_prefix(buf_slice(&r.server.got),
                                 SLICE("CONNECT smtp.example.test:587 HTTP/1.1\r\n")));
    RUN_UNTIL(&r, r.client.got.n == strlen(row->want));
    expect_text(&r.client, row->want);
    rig_release(&r);
}

static void test_proxy(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(proxy_rows); i++) {
        proxy_row_run(&proxy_rows[i]);
    }
}

/* Answers in place of DNS; an address that nobody listens at comes first. */
static void test_resolve(void **state)
{
    struct rig rig, *r = &rig;
    char entry[80];
    (void)state;
    rig_init(r, false);
    rig_listen(r, FAMILY_IPV4, false);
    snprintf(entry, sizeof entry, "smtp.example.test:%u:127.9.9.9,127.0.0.1",
             listener_port(r->listener));
    const char *const entries[] = {"other.example.test:25:192.0.2.1", entry};
    dial_with(r, &(struct dial_params){.host = "smtp.example.test",
                                       .port = listener_port(r->listener),
                                       .resolve = entries,
                                       .resolve_count = COUNT(entries),
                                       .timeout_us = 5000000});
    RUN_UNTIL(r, r->client.link != NULL && r->server.link != NULL);
    assert_string_equal(r->result.address, "127.0.0.1");
    assert_string_equal(r->result.tried, "127.9.9.9, 127.0.0.1");
    rig_release(r);
}

static void test_resolve_entries(void **state)
{
    static const char *const good[] = {"a.test:587:192.0.2.1", "*:25:2001:db8::1",
                                       "a.test:587:[2001:db8::1],192.0.2.1"};
    static const char *const bad[] = {"",
                                      "a.test",
                                      "a.test:587",
                                      "a.test:587:",
                                      ":587:192.0.2.1",
                                      "a.test:0:192.0.2.1",
                                      "a.test:65536:192.0.2.1",
                                      "a.test:x:192.0.2.1",
                                      "a.test:587:b.test",
                                      "a.test:587:192.0.2.1,",
                                      "a.test:587:[192.0.2.1]",
                                      "+a.test:587:192.0.2.1",
                                      "-a.test:587",
                                      "a b:587:192.0.2.1"};
    struct slice host;
    unsigned port = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_true(world_resolve_ok(good[i], &host, &port));
    }
    assert_true(slice_eq_text(host, "a.test"));
    assert_int_equal(port, 587);
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_false(world_resolve_ok(bad[i], &host, &port));
    }
}

/* What SNI and certificates know a host name as. */
static void test_ascii_names(void **state)
{
    static const struct {
        const char *name, *want; /* NULL: stays as it is */
    } rows[] = {
        {"b\xc3\xbc"
         "cher.example.test",
         "xn--bcher-kva.example.test"},
        {"B\xc3\x9c"
         "CHER.example.test",
         "xn--bcher-kva.example.test"},
        {"mail.example.test", NULL},
        {"xn--bcher-kva.example.test", NULL},
        {"127.0.0.1", NULL},
        {"\xff\xfe.test", NULL},
        {"b\xc3\xbc cher.test", NULL},
        {"", NULL},
    };
    char out[256];
    (void)state;
    if (!world_ascii_name(rows[0].name, out)) {
        skip(); /* a libcurl that cannot do it */
    }
    for (size_t i = 0; i < COUNT(rows); i++) {
        bool got = world_ascii_name(rows[i].name, out);
        if (got != (rows[i].want != NULL) || (got && strcmp(out, rows[i].want) != 0)) {
            fail_msg("%s: got %d, %s", rows[i].name, got, got ? out : "-");
        }
    }
}

static void test_proxy_absent(void **state)
{
    struct rig r;
    char url[64];
    (void)state;
    rig_init(&r, false);
    rig_listen(&r, FAMILY_IPV4, true);
    snprintf(url, sizeof url, "socks5h://127.0.0.1:%u", listener_port(r.listener));
    dial_with(&r, &(struct dial_params){.host = "smtp.example.test", .port = 587, .proxy = url});
    RUN_UNTIL(&r, r.dials == 1);
    assert_string_equal(fault_name(r.result.fault), "PROXY_FAILURE");
    rig_release(&r);
}

struct watcher {
    int fd;
    unsigned calls;
};

static void on_readable(void *context)
{
    struct watcher *watcher = context;
    char octet = 0;
    assert_int_equal(read(watcher->fd, &octet, 1), 1);
    watcher->calls++;
}

static void test_watch_fd(void **state)
{
    struct rig r;
    struct why why = {.line = 0};
    int pipe_fds[2];
    (void)state;
    rig_init(&r, false);
    assert_int_equal(pipe(pipe_fds), 0);
    struct watcher watcher = {.fd = pipe_fds[0]};
    assert_int_equal(world_watch_fd(r.world, pipe_fds[0], on_readable, &watcher, &why), ERR_OK);
    assert_int_equal(write(pipe_fds[1], "ab", 2), 2);
    RUN_UNTIL(&r, watcher.calls == 2);
    assert_int_equal(world_watch_fd(r.world, pipe_fds[0], NULL, NULL, &why), ERR_OK);
    assert_int_equal(write(pipe_fds[1], "c", 1), 1);
    world_run(r.world); /* nothing is left */
    assert_int_equal(watcher.calls, 2);
    assert_int_equal(world_watch_fd(r.world, -1, on_readable, &watcher, &why), ERR_IO);
    rig_release(&r);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
}

/* The world goes while dials, names and writes are under way. */
static void test_free_in_flight(void **state)
{
    struct rig r;
    (void)state;
    unsigned before = open_descriptors();
    for (int turns = 0; turns < 6; turns++) {
        rig_init(&r, false);
        rig_listen(&r, FAMILY_IPV4, false);
        rig_dial(&r);
        dial_with(&r, &(struct dial_params){.host = "localhost", .port = 1});
        dial_with(&r, &(struct dial_params){.host = "a b", .port = 1});
        dial_with(&r, &(struct dial_params){.host = "255.255.255.255", .port = 1});
        for (int i = 0; i < turns; i++) {
            world_run_once(r.world, 0);
        }
        rig_release(&r);
        assert_int_equal(open_descriptors(), before);
    }
}

/* ---- simulation only ---- */

static const char spoken[] = "220 hello\r\n250-a\r\n250 b\r\n";

static void plan_run(struct rig *r, const struct link_plan *plan)
{
    rig_init(r, true);
    rig_listen(r, FAMILY_ANY, false);
    listener_plan(r->listener, plan);
    rig_dial(r);
    RUN_UNTIL(r, r->client.link != NULL && r->server.link != NULL);
    end_write(&r->server, slice_sub(slice_of(spoken), 0, 11));
    end_write(&r->server, slice_from(slice_of(spoken), 11));
    end_write(&r->client, SLICE("EHLO x\r\n"));
    world_run(r->world);
}

static void expect_fault_at(const struct link_plan *plan)
{
    struct rig r;
    plan_run(&r, plan);
    size_t total = strlen(spoken);
    size_t at = (size_t)plan->at_octet;
    bool has_struck = at <= total;
    char want[64];
    memcpy(want, spoken, sizeof spoken);
    if (plan->fault == LINK_FAULT_GARBLE && at < total) {
        want[at] = (char)~want[at];
    } else if (plan->fault != LINK_FAULT_GARBLE && at < total) {
        want[at] = '\0';
    }
    if (strcmp(buf_text(&r.client.got), want) != 0 ||
        r.client.eofs != (has_struck && plan->fault == LINK_FAULT_CUT) ||
        r.client.resets != (has_struck && plan->fault == LINK_FAULT_RESET) ||
        r.server.resets != r.client.resets) {
        fail_msg("fault %d at octet %zu, chunk %zu: got \"%s\" eof %u reset %u/%u",
                 (int)plan->fault, at, plan->chunk, buf_text(&r.client.got), r.client.eofs,
                 r.client.resets, r.server.resets);
    }
    if (plan->fault != LINK_FAULT_RESET) {
        expect_text(&r.server, "EHLO x\r\n"); /* the other direction is whole */
    }
    assert_int_equal(link_pending(r.server.link), 0);
    rig_release(&r);
}

static void test_fault_at_each_octet(void **state)
{
    static const enum link_fault faults[] = {LINK_FAULT_CUT, LINK_FAULT_STALL, LINK_FAULT_RESET,
                                             LINK_FAULT_GARBLE};
    static const size_t chunks[] = {0, 1, 2, 7};
    (void)state;
    for (size_t f = 0; f < COUNT(faults); f++) {
        for (size_t c = 0; c < COUNT(chunks); c++) {
            for (uint64_t at = 0; at <= sizeof spoken + 1; at++) {
                expect_fault_at(&(struct link_plan){
                    .fault = faults[f], .at_octet = at, .chunk = chunks[c], .latency_us = 50});
            }
        }
    }
}

static void test_chunks(void **state)
{
    (void)state;
    for (size_t chunk = 1; chunk <= sizeof spoken; chunk++) {
        struct rig r;
        plan_run(&r, &(struct link_plan){.chunk = chunk});
        expect_text(&r.client, spoken);
        size_t rest = strlen(spoken) - 11;
        size_t want = (11 + chunk - 1) / chunk + (rest + chunk - 1) / chunk;
        assert_int_equal(r.client.pieces, want);
        rig_release(&r);
    }
}

static void test_latency(void **state)
{
    struct rig r;
    (void)state;
    rig_init(&r, true);
    rig_listen(&r, FAMILY_ANY, false);
    listener_plan(r.listener, &(struct link_plan){.latency_us = 30000000});
    rig_dial(&r);
    r.server.is_echo = true;
    world_run(r.world);
    assert_non_null(r.client.link);
    assert_int_equal(r.result.connect_us, 60000000);
    assert_int_equal(world_now_us(r.world), 60000000);
    end_write(&r.client, SLICE("x"));
    world_run(r.world);
    assert_int_equal(world_now_us(r.world), 120000000); /* and the wall clock did not notice */
    expect_text(&r.client, "x");
    rig_release(&r);
}

enum { MANY = 100000 };

struct many {
    int64_t last_us;
    unsigned fired;
    bool is_ordered;
};

static void on_one_of_many(struct timer *t, int64_t now_us)
{
    struct many *m = t->context;
    m->is_ordered = m->is_ordered && now_us >= m->last_us;
    m->last_us = now_us;
    m->fired++;
}

static void test_many_timers(void **state)
{
    struct world *w = world_new_simulation();
    struct timer *timers = calloc(MANY, sizeof *timers);
    struct many m = {.is_ordered = true};
    struct rng rng;
    unsigned stopped = 0;
    (void)state;
    assert_non_null(timers);
    rng_init(&rng, 7);
    for (size_t i = 0; i < MANY; i++) {
        timers[i] = (struct timer){.on_time = on_one_of_many, .context = &m};
        world_timer_start(w, &timers[i], (int64_t)rng_below(&rng, 1000000000));
    }
    for (size_t i = 0; i < MANY; i += 3) {
        world_timer_start(w, &timers[i], (int64_t)rng_below(&rng, 1000000000));
    }
    for (size_t i = 0; i < MANY; i += 7) {
        world_timer_stop(w, &timers[i]);
        stopped++;
    }
    world_run(w);
    assert_int_equal(m.fired, MANY - stopped);
    assert_true(m.is_ordered);
    world_free(w);
    free(timers);
}

/* A random conversation of many pairs, written down as one text: twice the same. */
struct gossip {
    struct world *world;
    struct rng rng;
    struct buf log;
    struct gossip_end {
        struct gossip *all;
        struct link *link;
        struct timer timer;
        unsigned id, left;
    } ends[40];
    unsigned count;
};

static void gossip_say(struct gossip_end *e)
{
    char text[32];
    if (e->left == 0 || e->link == NULL) {
        return;
    }
    e->left--;
    rng_text(&e->all->rng, text, 1 + (size_t)rng_below(&e->all->rng, 20));
    link_write(e->link, slice_of(text));
    world_timer_start(e->all->world, &e->timer,
                      world_now_us(e->all->world) + (int64_t)rng_below(&e->all->rng, 500));
}

static void on_gossip(void *context, struct slice bytes)
{
    struct gossip_end *e = context;
    buf_addf(&e->all->log, "%u@%lld " SLICE_FMT "\n", e->id, (long long)world_now_us(e->all->world),
             SLICE_ARG(bytes));
    gossip_say(e);
}

static void on_gossip_eof(void *context)
{
    struct gossip_end *e = context;
    buf_addf(&e->all->log, "%u eof\n", e->id);
    link_close(e->link);
    e->link = NULL;
}

static void on_gossip_reset(void *context, enum fault fault)
{
    (void)fault;
    on_gossip_eof(context);
}

static void on_gossip_time(struct timer *t, int64_t now_us)
{
    (void)now_us;
    gossip_say(t->context);
}

static void gossip_join(struct gossip *g, struct link *link)
{
    struct gossip_end *e = &g->ends[g->count];
    const struct link_handler handler = {on_gossip, on_gossip_eof, on_gossip_reset, NULL, NULL, e};
    *e = (struct gossip_end){.all = g, .link = link, .id = g->count++, .left = 30};
    e->timer = (struct timer){.on_time = on_gossip_time, .context = e};
    link_start(link, &handler);
    gossip_say(e);
}

static void on_gossip_accept(void *context, struct link *link)
{
    gossip_join(context, link);
}

static void on_gossip_dialled(void *context, const struct dial_result *result)
{
    assert_non_null(result->link);
    gossip_join(context, result->link);
}

static void gossip_run(uint64_t seed, struct buf *log)
{
    struct gossip g = {.world = world_new_simulation()};
    struct why why = {.line = 0};
    rng_init(&g.rng, seed);
    buf_init(&g.log, BUF_NO_CAP);
    for (unsigned i = 0; i < COUNT(g.ends) / 2; i++) {
        struct listener *l = NULL;
        assert_int_equal(world_listen(g.world, FAMILY_ANY, false, on_gossip_accept, &g, &l, &why),
                         ERR_OK);
        const struct link_plan plan = {.fault = (enum link_fault)(i % 5),
                                       .at_octet = rng_below(&g.rng, 300),
                                       .chunk = i % 4,
                                       .latency_us = (int64_t)(i % 3) * 100};
        listener_plan(l, &plan);
        const struct dial_params params = {.host = "localhost", .port = listener_port(l)};
        world_dial(g.world, &params, on_gossip_dialled, &g);
    }
    world_run(g.world);
    world_free(g.world);
    *log = g.log;
}

static void test_repeatable(void **state)
{
    struct buf first, again, other;
    (void)state;
    gossip_run(1, &first);
    gossip_run(1, &again);
    gossip_run(2, &other);
    assert_true(first.n > 10000);
    assert_string_equal(buf_text(&first), buf_text(&again));
    assert_string_not_equal(buf_text(&first), buf_text(&other));
    buf_release(&first);
    buf_release(&again);
    buf_release(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_simulation),     cmocka_unit_test(test_sockets),
        cmocka_unit_test(test_proxy),          cmocka_unit_test(test_proxy_absent),
        cmocka_unit_test(test_resolve),        cmocka_unit_test(test_resolve_entries),
        cmocka_unit_test(test_ascii_names),    cmocka_unit_test(test_watch_fd),
        cmocka_unit_test(test_free_in_flight), cmocka_unit_test(test_fault_at_each_octet),
        cmocka_unit_test(test_chunks),         cmocka_unit_test(test_latency),
        cmocka_unit_test(test_many_timers),    cmocka_unit_test(test_repeatable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
