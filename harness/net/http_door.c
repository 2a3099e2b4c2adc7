/* SPDX-License-Identifier: Apache-2.0 */
/* See http_door.h. */
#include "net/http_door.h"

#include <stdlib.h>

struct visitor {
    struct http_door *door;
    struct link *link;
    struct buf in;
    struct timer patience;
    uint64_t number; /* the smallest came first */
};

struct http_door {
    struct world *world;
    struct http_door_params params;
    struct listener *listener;
    struct visitor *visitors[HTTP_DOOR_VISITORS];
    uint64_t count; /* who ever came */
};

/* Its place is free afterwards; what was written still goes out. */
static void send_away(struct visitor *v, bool with_reset)
{
    struct http_door *d = v->door;
    for (size_t i = 0; i < HTTP_DOOR_VISITORS; i++) {
        d->visitors[i] = d->visitors[i] == v ? NULL : d->visitors[i];
    }
    world_timer_stop(d->world, &v->patience);
    if (with_reset) {
        link_reset(v->link);
    } else {
        link_close(v->link);
    }
    buf_wipe(&v->in); /* it may hold a code */
    buf_release(&v->in);
    free(v);
}

static void on_bytes(void *context, struct slice bytes)
{
    struct visitor *v = context;
    struct buf answer;
    buf_init(&answer, HTTP_DOOR_OCTETS);
    buf_add(&v->in, bytes);
    v->door->params.on_octets(v->door->params.context, buf_slice(&v->in), &answer);
    if (answer.n != 0) {
        link_write_last(v->link, buf_slice(&answer));
        send_away(v, false);
    } else if (v->in.is_full) { /* its owner cannot hear more of it than that */
        send_away(v, true);
    }
    buf_release(&answer);
}

static void on_eof(void *context)
{
    send_away(context, false);
}

static void on_reset(void *context, enum fault fault)
{
    (void)fault;
    send_away(context, false);
}

static void on_impatience(struct timer *t, int64_t now_us)
{
    (void)now_us;
    send_away(t->context, true);
}

/* A free place, or that of who has been there longest: slow visitors must not lock others out. */
static size_t find_place(const struct http_door *d)
{
    size_t oldest = 0;
    for (size_t i = 0; i < HTTP_DOOR_VISITORS; i++) {
        if (d->visitors[i] == NULL) {
            return i;
        }
        oldest = d->visitors[i]->number < d->visitors[oldest]->number ? i : oldest;
    }
    send_away(d->visitors[oldest], true);
    return oldest;
}

static void on_accept(void *context, struct link *link)
{
    struct http_door *d = context;
    struct visitor *v = mem_zalloc(1, sizeof *v);
    v->door = d;
    v->link = link;
    v->number = d->count++;
    v->patience.on_time = on_impatience;
    v->patience.context = v;
    buf_init(&v->in, HTTP_DOOR_OCTETS);
    d->visitors[find_place(d)] = v;
    world_timer_start(d->world, &v->patience, world_now_us(d->world) + d->params.visit_us);
    const struct link_handler handler = {
        .on_bytes = on_bytes, .on_eof = on_eof, .on_reset = on_reset, .context = v};
    link_start(link, &handler);
}

enum err http_door_open(struct world *world, const struct http_door_params *params,
                        struct http_door **out, struct why *why)
{
    struct http_door *d = mem_zalloc(1, sizeof *d);
    d->world = world;
    d->params = *params;
    enum err err =
        world_listen_at(world, FAMILY_IPV4, params->port, on_accept, d, &d->listener, why);
    if (err != ERR_OK) {
        free(d);
        return err;
    }
    *out = d;
    return ERR_OK;
}

unsigned http_door_port(const struct http_door *d)
{
    return listener_port(d->listener);
}

unsigned http_door_visitors(const struct http_door *d)
{
    unsigned n = 0;
    for (size_t i = 0; i < HTTP_DOOR_VISITORS; i++) {
        n += d->visitors[i] != NULL;
    }
    return n;
}

void http_door_free(struct http_door *d)
{
    if (d == NULL) {
        return;
    }
    for (size_t i = 0; i < HTTP_DOOR_VISITORS; i++) {
        if (d->visitors[i] != NULL) {
            send_away(d->visitors[i], true);
        }
    }
    listener_release(d->listener);
    free(d);
}
