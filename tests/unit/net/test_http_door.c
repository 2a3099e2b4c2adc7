/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door for browsers, in both worlds: each gets the answer to what it has asked, however the
 * octets come; who is slow, says too much or never asks is sent away, and keeps nobody else out.
 */
#include "net/http_door.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { GUESTS = HTTP_DOOR_VISITORS + 4, TURNS = 3000 };

struct guest {
    struct link *link;
    struct buf got;
    bool has_ended;
};

struct rig {
    struct world *world;
    struct http_door *door;
    struct guest guests[GUESTS];
    size_t count;
    unsigned heard;
};

static void on_octets(void *context, struct slice in, struct buf *answer)
{
    struct rig *r = context;
    if (slice_has_suffix(in, SLICE("."))) {
        r->heard++;
        buf_addf(answer, "you said " SLICE_FMT, SLICE_ARG(in));
    }
}

static void setup_rig(struct rig *r, bool is_simulated)
{
    struct why why;
    *r = (struct rig){.world = NULL};
    if (is_simulated) {
        r->world = world_new_simulation();
    } else if (world_new_sockets(&r->world, &why) != ERR_OK) {
        fail_msg("%s", why.text);
    }
    const struct http_door_params params = {
        .visit_us = 300000, .context = r, .on_octets = on_octets};
    if (http_door_open(r->world, &params, &r->door, &why) != ERR_OK) {
        fail_msg("%s", why.text);
    }
}

static void on_bytes(void *context, struct slice bytes)
{
    buf_add(&((struct guest *)context)->got, bytes);
}

static void on_end(void *context)
{
    struct guest *g = context;
    link_close(g->link);
    g->link = NULL;
    g->has_ended = true;
}

static void on_reset(void *context, enum fault fault)
{
    (void)fault;
    on_end(context);
}

static void on_dialled(void *context, const struct dial_result *result)
{
    struct guest *g = context;
    assert_non_null(result->link);
    g->link = result->link;
    const struct link_handler handler = {
        .on_bytes = on_bytes, .on_eof = on_end, .on_reset = on_reset, .context = g};
    link_start(g->link, &handler);
}

static struct guest *come(struct rig *r)
{
    struct guest *g = &r->guests[r->count++];
    buf_init(&g->got, 1 << 20);
    const struct dial_params params = {.host = "127.0.0.1",
                                       .port = http_door_port(r->door),
                                       .family = FAMILY_IPV4,
                                       .timeout_us = 5000000};
    world_dial(r->world, &params, on_dialled, g);
    for (unsigned i = 0; i < TURNS && g->link == NULL; i++) {
        (void)world_run_once(r->world, 10000);
    }
    assert_non_null(g->link);
    return g;
}

static void await_end(struct rig *r, const struct guest *g)
{
    for (unsigned i = 0; i < TURNS && !g->has_ended; i++) {
        (void)world_run_once(r->world, 10000);
    }
    assert_true(g->has_ended);
}

static void leave(struct rig *r)
{
    http_door_free(r->door);
    for (size_t i = 0; i < r->count; i++) {
        if (r->guests[i].link != NULL) {
            link_close(r->guests[i].link);
        }
        buf_release(&r->guests[i].got);
    }
    world_free(r->world);
}

static void answers(bool is_simulated)
{
    struct rig r;
    setup_rig(&r, is_simulated);
    struct guest *slow = come(&r), *quick = come(&r);
    link_write(slow->link, SLICE("hel"));
    link_write(quick->link, SLICE("quick."));
    await_end(&r, quick);
    assert_string_equal(buf_text(&quick->got), "you said quick.");
    link_write(slow->link, SLICE("lo."));
    await_end(&r, slow);
    assert_string_equal(buf_text(&slow->got), "you said hello.");
    assert_int_equal(r.heard, 2);
    assert_int_equal(http_door_visitors(r.door), 0);
    leave(&r);
}

static void sends_away(bool is_simulated)
{
    struct rig r;
    static char much[HTTP_DOOR_OCTETS + 1];
    setup_rig(&r, is_simulated);
    struct guest *silent = come(&r), *loud = come(&r), *gone = come(&r);
    memset(much, 'x', sizeof much);
    link_shutdown(gone->link);
    link_write(loud->link, slice_make(much, sizeof much));
    await_end(&r, loud);
    await_end(&r, gone);
    await_end(&r, silent); /* its time is over */
    assert_int_equal(r.heard, 0);
    assert_int_equal(silent->got.n + loud->got.n + gone->got.n, 0);
    assert_int_equal(http_door_visitors(r.door), 0);
    leave(&r);
}

/* More than there are places for: those who have stood there longest make room. */
static void keeps_nobody_out(bool is_simulated)
{
    struct rig r;
    setup_rig(&r, is_simulated);
    for (size_t i = 0; i < GUESTS - 1; i++) {
        (void)come(&r);
    }
    struct guest *last = come(&r);
    link_write(last->link, SLICE("me."));
    await_end(&r, last);
    assert_string_equal(buf_text(&last->got), "you said me.");
    assert_true(http_door_visitors(r.door) < HTTP_DOOR_VISITORS);
    leave(&r);
}

static void test_both(void **state)
{
    (void)state;
    for (unsigned simulated = 0; simulated < 2; simulated++) {
        answers(simulated != 0);
        sends_away(simulated != 0);
        keeps_nobody_out(simulated != 0);
    }
}

static void test_port_is_taken(void **state)
{
    struct rig r;
    struct http_door *second = NULL;
    struct why why;
    (void)state;
    setup_rig(&r, false);
    const struct http_door_params params = {
        .port = http_door_port(r.door), .visit_us = 1000000, .context = &r, .on_octets = on_octets};
    assert_int_equal(http_door_open(r.world, &params, &second, &why), ERR_IO);
    assert_non_null(strstr(why.text, "127.0.0.1"));
    leave(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both),
        cmocka_unit_test(test_port_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
