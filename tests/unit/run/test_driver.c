/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver between two toy sessions: plain, STARTTLS and implicit TLS, over sockets and in
 * simulation. Laws: both worlds tell a session the same; so does the simulation whatever the size
 * of the pieces; wherever the connection is cut, stalled or reset, both sessions come to an end,
 * and only a whole conversation ends as one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "net/pki.h"
#include "net/driver.h"
#include "toy.h"

enum { NOW = 1800000000, TURNS_MAX = 5000, SCRIPT_MAX = 16 };

struct row {
    const char *name;
    bool implicit_tls;
    struct toy_step client[SCRIPT_MAX], server[SCRIPT_MAX];
    const char *client_log, *server_log;
    const char *tap; /* what the client's driver taps; NULL: not looked at */
};

/* clang-format off */
static const struct row rows[] = {
    { "a greeting, a command, goodbye", false,
      { {TOY_WANT, "hi\n"}, {TOY_SAY, "helo\n"}, {TOY_WANT, "ok\n"}, {TOY_SAY, "quit\n"}, {TOY_WANT, "bye\n"}, {TOY_WANT_EOF, 0} },
      { {TOY_SAY, "hi\n"}, {TOY_WANT, "helo\n"}, {TOY_SAY, "ok\n"}, {TOY_WANT, "quit\n"}, {TOY_SAY, "bye\n"}, {TOY_CLOSE, 0} },
      "connected got:hi got:ok got:bye eof end ", "connected got:helo got:quit end ",
      "S:hi\nC:helo\nS:ok\nC:quit\nS:bye\n" },
    { "a pause between two writes", false,
      { {TOY_WANT, "one\ntwo\n"}, {TOY_SAY, "x"} },
      { {TOY_SAY, "one\n"}, {TOY_PAUSE, 0}, {TOY_SAY, "two\n"}, {TOY_WANT, "x"} },
      "connected got:one\ntwo end ", "connected got:x end ", NULL },
    { "half close, and still an answer", false,
      { {TOY_SAY, "all\n"}, {TOY_HALF_CLOSE, 0}, {TOY_WANT, "noted\n"}, {TOY_WANT_EOF, 0} },
      { {TOY_WANT, "all\n"}, {TOY_WANT_EOF, 0}, {TOY_SAY, "noted\n"} },
      "connected got:noted eof end ", "connected got:all eof end ", NULL },
    { "the server resets", false,
      { {TOY_WANT, "hi\n"}, {TOY_SAY, "helo\n"}, {TOY_WANT, "never"} },
      { {TOY_SAY, "hi\n"}, {TOY_WANT, "helo\n"}, {TOY_RESET, 0} },
      "connected got:hi reset ", "connected got:helo end ", NULL },
    { "the server hangs up", false,
      { {TOY_WANT, "hi\n"}, {TOY_WANT, "never"} },
      { {TOY_SAY, "hi\n"}, {TOY_CLOSE, 0} },
      "connected got:hi eof ", "connected end ", NULL },
    { "STARTTLS", false,
      { {TOY_WANT, "hi\n"}, {TOY_SAY, "tls\n"}, {TOY_WANT, "go\n"}, {TOY_TLS, 0}, {TOY_WANT_TLS, 0}, {TOY_SAY, "helo\n"}, {TOY_WANT, "ok\n"}, {TOY_CLOSE, 0} },
      { {TOY_SAY, "hi\n"}, {TOY_WANT, "tls\n"}, {TOY_SAY, "go\n"}, {TOY_TLS, 0}, {TOY_WANT_TLS, 0}, {TOY_WANT, "helo\n"}, {TOY_SAY, "o"}, {TOY_SAY, "k\n"}, {TOY_WANT_EOF, 0} },
      "connected got:hi got:go tls-up got:ok end ", "connected got:tls tls-up got:helo eof end ",
      "S:hi\nC:tls\nS:go\nC+helo\nS+ok\n" },
    { "implicit TLS", true,
      { {TOY_WANT_TLS, 0}, {TOY_WANT, "hi\n"}, {TOY_SAY, "quit\n"}, {TOY_WANT_EOF, 0} },
      { {TOY_WANT_TLS, 0}, {TOY_SAY, "hi\n"}, {TOY_WANT, "quit\n"}, {TOY_CLOSE, 0} },
      "connected tls-up got:hi eof end ", "connected tls-up got:quit end ",
      "S+hi\nC+quit\n" },
    { "octets behind the go-ahead are seen in clear", false,
      { {TOY_SAY, "tls\n"}, {TOY_WANT, "go\ninjected\n"} },
      { {TOY_WANT, "tls\n"}, {TOY_SAY, "go\n"}, {TOY_RAW, "injected\n"}, {TOY_TLS, 0}, {TOY_WANT_TLS, 0} },
      "connected got:go\ninjected end ", "connected got:tls tls-failed ", NULL },
    { "octets behind the command are seen in clear", false,
      { {TOY_SAY, "tls\nmore\n"}, {TOY_WANT, "no\n"} },
      { {TOY_WANT, "tls\nmore\n"}, {TOY_SAY, "no\n"}, {TOY_WANT_EOF, 0} },
      "connected got:no end ", "connected got:tls\nmore eof end ", NULL },
    { "clear text where TLS should be", false,
      { {TOY_SAY, "tls\n"}, {TOY_WANT, "go\n"}, {TOY_TLS, 0}, {TOY_WANT_TLS, 0} },
      { {TOY_WANT, "tls\n"}, {TOY_SAY, "go\n"}, {TOY_PAUSE, 0}, {TOY_SAY, "500 what? no TLS here\r\n"}, {TOY_PAUSE, 0} },
      "connected got:go tls-failed ", NULL, NULL },
    { "octets past the filter break it, in their place", false,
      { {TOY_SAY, "tls\n"}, {TOY_WANT, "go\n"}, {TOY_TLS, 0}, {TOY_WANT_TLS, 0}, {TOY_SAY, "a\n"}, {TOY_WANT, "b\n"}, {TOY_WANT, "c\n"} },
      { {TOY_WANT, "tls\n"}, {TOY_SAY, "go\n"}, {TOY_TLS, 0}, {TOY_WANT, "a\n"}, {TOY_SAY, "b\n"}, {TOY_RAW, "no record at all, just text"}, {TOY_SAY, "c\n"}, {TOY_PAUSE, 0} },
      "connected got:go tls-up got:b tls-failed ", NULL, NULL },
    { "a failure of TLS is told once", false,
      { {TOY_SAY, "tls\n"}, {TOY_WANT, "go\n"}, {TOY_TLS, 0}, {TOY_WANT_TLS_FAILED, 0}, {TOY_SAY, "not in clear\n"}, {TOY_PAUSE, 0} },
      { {TOY_WANT, "tls\n"}, {TOY_SAY, "go\n"}, {TOY_PAUSE, 0}, {TOY_SAY, "500 what? no TLS here\r\n"}, {TOY_WANT_EOF, 0} },
      "connected got:go tls-failed end ", NULL, NULL },
    { "the end is told once, close_notify or FIN", false,
      { {TOY_SAY, "tls\n"}, {TOY_WANT, "go\n"}, {TOY_TLS, 0}, {TOY_WANT_TLS, 0}, {TOY_SAY, "a\n"}, {TOY_WANT_EOF, 0}, {TOY_PAUSE, 0} },
      { {TOY_WANT, "tls\n"}, {TOY_SAY, "go\n"}, {TOY_TLS, 0}, {TOY_WANT, "a\n"}, {TOY_CLOSE, 0} },
      "connected got:go tls-up eof end ", "connected got:tls tls-up got:a end ", NULL },
    { "the server leaves TLS: a client hears the end, and nothing in clear", false,
      { {TOY_SAY, "tls\n"}, {TOY_WANT, "go\n"}, {TOY_TLS, 0}, {TOY_WANT_TLS, 0}, {TOY_SAY, "a\n"}, {TOY_WANT, "b\n"}, {TOY_WANT_EOF, 0} },
      { {TOY_WANT, "tls\n"}, {TOY_SAY, "go\n"}, {TOY_TLS, 0}, {TOY_WANT, "a\n"}, {TOY_SAY, "b\n"}, {TOY_STOP_TLS, 0}, {TOY_SAY, "in clear\n"}, {TOY_PAUSE, 0} },
      "connected got:go tls-up got:b eof end ", NULL,
      "C:tls\nS:go\nC+a\nS+b\n" },
};
/* clang-format on */

/* ---- the rig ---- */

struct setups {
    struct pki *pki;
    struct tls_setup *client, *server;
};

struct side {
    struct rig *rig;
    struct driver *driver;
    struct toy toy;
    struct buf tap;
    char binding[32];
    unsigned done, bindings;
};

struct rig {
    const struct setups *setups;
    const struct row *row;
    struct world *world;
    struct listener *listener;
    struct side client, server;
    bool is_inside;
};

static int set_up(void **state)
{
    static const char *const names[] = {"mail.example.test"};
    struct setups *s = calloc(1, sizeof *s);
    struct why why = {.line = 0};
    assert_int_equal(pki_new(NOW, &s->pki, &why), ERR_OK);
    struct tls_params server = {.is_server = true};
    assert_int_equal(
        pki_issue(s->pki, PKI_VALID, names, 1, &server.cert_pem, &server.key_pem, &why), ERR_OK);
    assert_int_equal(tls_setup_new(&server, &s->server, &why), ERR_OK);
    struct tls_params client = {.trust_pem = pki_trust_pem(s->pki)};
    assert_int_equal(tls_setup_new(&client, &s->client, &why), ERR_OK);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct setups *s = *state;
    tls_setup_free(s->client);
    tls_setup_free(s->server);
    pki_free(s->pki);
    free(s);
    return 0;
}

/* "C:" in clear, "C+" inside TLS; pieces of one speaker are joined. */
static void on_tap(void *context, enum driver_direction direction, bool inside_tls, int64_t now_us,
                   struct slice bytes)
{
    struct side *s = context;
    (void)now_us;
    if (s->tap.n == 0 || s->tap.p[s->tap.n - 1] == '\n') {
        buf_add_text(&s->tap, direction == DRIVER_SENT ? "C" : "S");
        buf_add_char(&s->tap, inside_tls ? '+' : ':');
    }
    buf_add(&s->tap, bytes);
}

static void before_tls_up(void *context, struct slice binding)
{
    struct side *s = context;
    assert_int_equal(binding.n, sizeof s->binding);
    assert_false(s->toy.has_tls);
    memcpy(s->binding, binding.p, sizeof s->binding);
    s->bindings++;
}

static void on_done(void *context)
{
    struct side *s = context;
    assert_false(s->rig->is_inside);
    assert_true(driver_is_done(s->driver));
    s->done++;
    driver_free(s->driver); /* as the runner may */
    s->driver = NULL;
}

static void side_begin(struct side *s, struct rig *r, bool is_server)
{
    s->rig = r;
    buf_init(&s->tap, 1 << 16);
    toy_init(&s->toy, is_server ? r->row->server : r->row->client);
    const struct driver_params params = {
        .is_server = is_server,
        .implicit_tls = r->row->implicit_tls,
        .tls = is_server ? r->setups->server : r->setups->client,
        .server_name = is_server ? NULL : "mail.example.test",
        .wall_time = NOW,
        .context = s,
        .on_tap = on_tap,
        .before_tls_up = before_tls_up,
        .on_done = on_done,
    };
    s->driver = driver_new(r->world, toy_session(&s->toy), &params);
}

static void side_release(struct side *s)
{
    driver_free(s->driver);
    toy_release(&s->toy);
    buf_release(&s->tap);
}

static void attach(struct side *s, struct link *link)
{
    s->rig->is_inside = true;
    driver_attach(s->driver, link);
    s->rig->is_inside = false;
}

static void on_accept(void *context, struct link *link)
{
    struct rig *r = context;
    attach(&r->server, link);
}

static void on_dialled(void *context, const struct dial_result *result)
{
    struct rig *r = context;
    if (result->link != NULL) {
        attach(&r->client, result->link);
    } else {
        r->is_inside = true;
        driver_connect_failed(r->client.driver, result->fault);
        r->is_inside = false;
    }
}

static void rig_begin(struct rig *r, const struct setups *setups, const struct row *row,
                      bool is_simulated)
{
    struct why why = {.line = 0};
    *r = (struct rig){.setups = setups, .row = row};
    if (is_simulated) {
        r->world = world_new_simulation();
    } else {
        assert_int_equal(world_new_sockets(&r->world, &why), ERR_OK);
    }
    side_begin(&r->client, r, false);
    side_begin(&r->server, r, true);
    assert_int_equal(world_listen(r->world, FAMILY_ANY, false, on_accept, r, &r->listener, &why),
                     ERR_OK);
}

static void rig_run(struct rig *r)
{
    const struct dial_params params = {.host = "127.0.0.1", .port = listener_port(r->listener)};
    world_dial(r->world, &params, on_dialled, r);
    for (int i = 0; i < TURNS_MAX && (r->client.done == 0 || r->server.done == 0); i++) {
        world_run_once(r->world, 50000);
    }
    if (r->client.done != 1 || r->server.done != 1) {
        fail_msg("%s: not both came to an end: client %u \"%s\", server %u \"%s\"", r->row->name,
                 r->client.done, buf_text(&r->client.toy.log), r->server.done,
                 buf_text(&r->server.toy.log));
    }
}

static void rig_end(struct rig *r)
{
    side_release(&r->client);
    side_release(&r->server);
    world_free(r->world);
}

static void expect_text(const struct rig *r, const char *what, const struct buf *got,
                        const char *want)
{
    if (want != NULL && strcmp(buf_text(got), want) != 0) {
        fail_msg("%s (%s), %s: got \"%s\", want \"%s\"", r->row->name,
                 world_is_simulated(r->world) ? "simulation" : "sockets", what, buf_text(got),
                 want);
    }
}

static void expect_row(const struct rig *r)
{
    expect_text(r, "client", &r->client.toy.log, r->row->client_log);
    expect_text(r, "server", &r->server.toy.log, r->row->server_log);
    expect_text(r, "tap", &r->client.tap, r->row->tap);
    if (r->client.bindings != 0 && r->server.bindings != 0) {
        assert_memory_equal(r->client.binding, r->server.binding, sizeof r->client.binding);
    }
    assert_int_equal(r->client.bindings, r->client.toy.has_tls ? 1 : 0);
}

/* ---- tests ---- */

static void test_rows(void **state)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (int is_simulated = 0; is_simulated <= 1; is_simulated++) {
            struct rig r;
            rig_begin(&r, *state, &rows[i], is_simulated != 0);
            rig_run(&r);
            expect_row(&r);
            rig_end(&r);
        }
    }
}

/* An injection is only one when it comes in the same segment: this law is for the rest. */
static bool depends_on_segments(const struct row *row)
{
    return strstr(row->name, "behind the go-ahead") != NULL;
}

static void test_pieces(void **state)
{
    static const size_t chunks[] = {1, 2, 3, 5, 64, 1000};
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t c = 0; c < COUNT(chunks) && !depends_on_segments(&rows[i]); c++) {
            struct rig r;
            rig_begin(&r, *state, &rows[i], true);
            listener_plan(r.listener,
                          &(struct link_plan){.chunk = chunks[c], .latency_us = (int64_t)c * 100});
            rig_run(&r);
            expect_row(&r);
            rig_end(&r);
        }
    }
}

static void test_flight_is_one_segment(void **state)
{
    static const struct row row = {
        "a flight",
        false,
        {{TOY_WANT, "abc"}, {TOY_WANT, "d"}, {TOY_WANT_EOF, NULL}},
        {{TOY_SAY, "a"}, {TOY_SAY, "b"}, {TOY_RAW, "c"}, {TOY_PAUSE, NULL}, {TOY_SAY, "d"}},
        NULL,
        NULL,
        NULL};
    struct rig r;
    rig_begin(&r, *state, &row, true);
    rig_run(&r);
    assert_true(r.client.toy.is_whole);
    assert_int_equal(r.client.toy.pieces, 2);
    assert_int_equal(world_now_us(r.world), TOY_PAUSE_US);
    rig_end(&r);
}

static void test_connect_failed(void **state)
{
    static const struct row row = {"refused", false, {{TOY_WANT, "x"}}, {{TOY_END, NULL}}, NULL,
                                   NULL,      NULL};
    for (int is_simulated = 0; is_simulated <= 1; is_simulated++) {
        struct rig r;
        struct listener *dead = NULL;
        struct why why = {.line = 0};
        rig_begin(&r, *state, &row, is_simulated != 0);
        assert_int_equal(world_listen(r.world, FAMILY_ANY, true, NULL, NULL, &dead, &why), ERR_OK);
        const struct dial_params params = {.host = "127.0.0.1", .port = listener_port(dead)};
        world_dial(r.world, &params, on_dialled, &r);
        for (int i = 0; i < TURNS_MAX && r.client.done == 0; i++) {
            world_run_once(r.world, 10000);
        }
        expect_text(&r, "client", &r.client.toy.log, "connect-failed ");
        rig_end(&r);
    }
}

/* Freed in the middle, with a dial done and octets under way. */
static void test_free_in_the_middle(void **state)
{
    for (int turns = 0; turns < 12; turns++) {
        struct rig r;
        rig_begin(&r, *state, &rows[5], (turns & 1) != 0);
        const struct dial_params params = {.host = "127.0.0.1", .port = listener_port(r.listener)};
        world_dial(r.world, &params, on_dialled, &r);
        for (int i = 0; i < turns; i++) {
            world_run_once(r.world, 0);
        }
        rig_end(&r);
    }
}

/* ---- what a close looks like to the peer ---- */

struct bare { /* a TLS server without a driver */
    struct rig *rig;
    struct link *link;
    struct tls_filter *filter;
    unsigned eofs;
};

static void on_bare_bytes(void *context, struct slice bytes)
{
    struct bare *b = context;
    tls_filter_feed(b->filter, bytes);
    struct buf *out = tls_filter_cipher_out(b->filter);
    link_write(b->link, buf_slice(out));
    buf_reset(out);
}

static void on_bare_eof(void *context)
{
    struct bare *b = context;
    b->eofs++;
}

static void on_bare_reset(void *context, enum fault fault)
{
    (void)context;
    fail_msg("a reset: %s", fault_name(fault));
}

static void on_bare_accept(void *context, struct link *link)
{
    struct bare *b = context;
    const struct link_handler handler = {on_bare_bytes, on_bare_eof, on_bare_reset, NULL, NULL, b};
    b->link = link;
    link_start(link, &handler);
}

static void test_close_is_complete(void **state)
{
    static const struct row row = {"close",
                                   true,
                                   {{TOY_WANT_TLS, NULL}, {TOY_SAY, "last"}, {TOY_CLOSE, NULL}},
                                   {{TOY_END, NULL}},
                                   NULL,
                                   NULL,
                                   NULL};
    struct setups *setups = *state;
    struct rig r;
    struct why why = {.line = 0};
    struct listener *l = NULL;
    rig_begin(&r, setups, &row, true);
    struct bare bare = {.rig = &r, .filter = tls_filter_new(setups->server, NULL, NOW)};
    assert_int_equal(world_listen(r.world, FAMILY_ANY, false, on_bare_accept, &bare, &l, &why),
                     ERR_OK);
    const struct dial_params params = {.host = "127.0.0.1", .port = listener_port(l)};
    world_dial(r.world, &params, on_dialled, &r);
    world_run(r.world);
    assert_int_equal(r.client.done, 1);
    assert_int_equal(bare.eofs, 1);
    assert_string_equal(buf_text(tls_filter_plain_out(bare.filter)), "last");
    assert_int_equal(tls_filter_state(bare.filter), TLS_CLOSED); /* close_notify before the FIN */
    tls_filter_free(bare.filter);
    rig_end(&r);
}

/* ---- every octet ---- */

static bool fault_run(const struct setups *setups, const struct row *row,
                      const struct link_plan *plan)
{
    struct rig r;
    rig_begin(&r, setups, row, true);
    listener_plan(r.listener, plan);
    rig_run(&r);
    bool is_whole = strcmp(buf_text(&r.client.toy.log), row->client_log) == 0;
    const char *log = buf_text(&r.client.toy.log);
    bool is_known = is_whole || strstr(log, "eof ") != NULL || strstr(log, "reset ") != NULL ||
                    strstr(log, "timeout ") != NULL || strstr(log, "tls-failed ") != NULL ||
                    (plan->fault == LINK_FAULT_GARBLE && strstr(log, "garbled ") != NULL);
    if (!is_known || r.client.toy.is_whole != is_whole ||
        world_now_us(r.world) > 4 * (int64_t)TOY_PATIENCE_US) {
        fail_msg("%s, fault %d at octet %llu: client \"%s\", server \"%s\", after %lld us",
                 row->name, (int)plan->fault, (unsigned long long)plan->at_octet, log,
                 buf_text(&r.server.toy.log), (long long)world_now_us(r.world));
    }
    rig_end(&r);
    return is_whole;
}

/* From octet 0 until the fault lies behind the conversation (signatures differ by an octet or two,
 * so the end is believed only when it was seen eight times in a row). */
static void sweep(const struct setups *setups, const struct row *row, enum link_fault fault,
                  uint64_t step)
{
    unsigned whole = 0;
    uint64_t at = 0;
    for (; whole < 8; at += step) {
        const struct link_plan plan = {.fault = fault, .at_octet = at};
        whole = fault_run(setups, row, &plan) ? whole + 1 : 0;
        if (at > 20000) {
            fail_msg("%s: the end is never reached", row->name);
        }
    }
    assert_true(at > 8); /* the sweep was one */
}

static void test_every_octet(void **state)
{
    sweep(*state, &rows[0], LINK_FAULT_CUT, 1);
    sweep(*state, &rows[0], LINK_FAULT_STALL, 1);
    sweep(*state, &rows[0], LINK_FAULT_RESET, 1);
    sweep(*state, &rows[0], LINK_FAULT_GARBLE, 1);
    sweep(*state, &rows[5], LINK_FAULT_CUT, 1);
    sweep(*state, &rows[5], LINK_FAULT_STALL, 7);
    sweep(*state, &rows[5], LINK_FAULT_RESET, 7);
    sweep(*state, &rows[6], LINK_FAULT_CUT, 7);
}

/* ---- a bug of a session is found, not waited for ---- */

static void stuck_next(void *self, int64_t now_us, struct session_act *act)
{
    (void)now_us;
    struct toy *t = self;
    act->kind = t->pieces++ == 0 ? SESSION_CLOSE : SESSION_WAIT;
}

static int64_t stuck_deadline_us(const void *self)
{
    (void)self;
    return INT64_MAX;
}

static int64_t late_deadline_us(const void *self)
{
    (void)self;
    return 0;
}

static void late_on_time(void *self, int64_t now_us)
{
    (void)self;
    (void)now_us;
}

static void late_next(void *self, int64_t now_us, struct session_act *act)
{
    (void)self;
    (void)now_us;
    act->kind = SESSION_WAIT;
}

/* clang-format off */
static const struct session_ops babble_ops = { toy_on_news, toy_on_input, toy_on_time,  toy_deadline_us,   toy_next,   NULL };
static const struct session_ops stuck_ops  = { toy_on_news, toy_on_input, toy_on_time,  stuck_deadline_us, stuck_next, NULL };
static const struct session_ops late_ops   = { toy_on_news, toy_on_input, late_on_time, late_deadline_us,  late_next,  NULL };
/* clang-format on */

static void on_accept_and_keep(void *context, struct link *link)
{
    (void)context;
    (void)link;
}

static void on_dialled_bug(void *context, const struct dial_result *result)
{
    driver_attach(context, result->link);
}

static int exit_status_of(const struct session_ops *ops)
{
    static const struct toy_step babble[] = {{TOY_BABBLE, ""}, {TOY_END, NULL}};
    pid_t child = fork();
    if (child == 0) {
        struct toy toy;
        struct why why;
        struct listener *l = NULL;
        struct world *w = world_new_simulation();
        toy_init(&toy, babble);
        struct driver *d =
            driver_new(w, (struct session){ops, &toy}, &(struct driver_params){.wall_time = NOW});
        if (world_listen(w, FAMILY_ANY, false, on_accept_and_keep, NULL, &l, &why) != ERR_OK ||
            freopen("/dev/null", "w", stderr) == NULL) {
            _exit(1);
        }
        const struct dial_params params = {.host = "127.0.0.1", .port = listener_port(l)};
        world_dial(w, &params, on_dialled_bug, d);
        world_run(w);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_bugs_of_sessions(void **state)
{
    (void)state;
    assert_int_equal(exit_status_of(&babble_ops), 70);
    assert_int_equal(exit_status_of(&stuck_ops), 70);
    assert_int_equal(exit_status_of(&late_ops), 70);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_flight_is_one_segment),
        cmocka_unit_test(test_connect_failed),
        cmocka_unit_test(test_free_in_the_middle),
        cmocka_unit_test(test_close_is_complete),
        cmocka_unit_test(test_every_octet),
        cmocka_unit_test(test_bugs_of_sessions),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
