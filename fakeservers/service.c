/* SPDX-License-Identifier: Apache-2.0 */
/* Connections of a fake server that stays: each a fake, a session and a driver, in a list. */
#include "fakeservers/service.h"

#include <stdlib.h>

struct visit {
    struct service *service;
    struct visit *next, *previous;
    unsigned number;
    struct fake *fake;
    struct session session;
    struct driver *driver;
};

struct service {
    struct world *world;
    struct service_params params;
    struct listener *listener; /* NULL once stopped */
    unsigned port;
    const char *host;
    int64_t start_us;
    struct rng rng;
    unsigned *counters;
    struct visit *visits;
    unsigned session_count, open_count;
};

static struct fake_params fake_params_now(struct service *s)
{
    struct fake_params params = s->params.fake;
    params.counters = s->counters;
    params.seed = rng_next(&s->rng);
    params.wall_time += (world_now_us(s->world) - s->start_us) / 1000000;
    return params;
}

static void visit_end(struct visit *v)
{
    struct service *s = v->service;
    if (s->params.on_closed != NULL) {
        s->params.on_closed(s->params.context, v->number, world_now_us(s->world),
                            fake_report(v->fake));
    }
    driver_free(v->driver);
    fake_free(v->fake);
    *(v->previous != NULL ? &v->previous->next : &s->visits) = v->next;
    if (v->next != NULL) {
        v->next->previous = v->previous;
    }
    s->open_count--;
    free(v);
}

static void on_done(void *context)
{
    visit_end(context);
}

static void on_tap(void *context, enum driver_direction direction, bool inside_tls, int64_t now_us,
                   struct slice octets)
{
    struct visit *v = context;
    const struct service_params *params = &v->service->params;
    if (params->on_octets != NULL) {
        params->on_octets(params->context, v->number, direction, inside_tls, now_us, octets);
    }
}

static void before_tls_up(void *context, struct slice binding)
{
    struct visit *v = context;
    fake_set_binding(&v->session, binding);
}

static struct visit *visit_new(struct service *s, struct fake *fake)
{
    struct visit *v = mem_zalloc(1, sizeof *v);
    v->service = s;
    v->fake = fake;
    v->number = ++s->session_count;
    v->next = s->visits;
    if (v->next != NULL) {
        v->next->previous = v;
    }
    s->visits = v;
    s->open_count++;
    return v;
}

static void visit_begin(struct visit *v, struct link *link)
{
    struct service *s = v->service;
    struct tls_setup *implicit = fake_implicit_tls(v->fake);
    struct driver_params params = {
        .is_server = true,
        .implicit_tls = implicit != NULL,
        .tls = implicit,
        .wall_time = s->params.fake.wall_time,
        .context = v,
        .on_tap = on_tap,
        .before_tls_up = before_tls_up,
        .on_done = on_done,
    };
    v->session = fake_accept(v->fake, world_now_us(s->world));
    v->driver = driver_new(s->world, v->session, &params);
    driver_attach(v->driver, link);
}

static void on_accept(void *context, struct link *link)
{
    struct service *s = context;
    struct why why;
    struct fake *fake = NULL;
    struct fake_params params = fake_params_now(s);
    if (s->open_count == SERVICE_OPEN_MAX || fake_new(&params, &fake, &why) != ERR_OK) {
        link_reset(link);
        return;
    }
    struct visit *v = visit_new(s, fake);
    if (s->params.on_open != NULL) {
        s->params.on_open(s->params.context, v->number, world_now_us(s->world));
    }
    visit_begin(v, link);
}

/* What is wrong with persona, causes or certificates is told now, and not to the first client. */
static enum err try_fake(struct service *s, struct why *why)
{
    struct fake *fake;
    struct fake_params params = fake_params_now(s);
    TRY(fake_new(&params, &fake, why));
    fake_free(fake);
    return ERR_OK;
}

enum err service_start(struct world *world, const struct service_params *params,
                       struct service **out, struct why *why)
{
    struct service *s = mem_zalloc(1, sizeof *s);
    s->world = world;
    s->params = *params;
    s->start_us = world_now_us(world);
    s->counters = mem_zalloc(2 * params->fake.spec->rule_count + 1, sizeof *s->counters);
    rng_init(&s->rng, params->fake.seed);
    *out = NULL;
    enum err err = try_fake(s, why);
    if (err == ERR_OK) {
        err = world_listen_at(world, params->family, params->port, on_accept, s, &s->listener, why);
    }
    if (err != ERR_OK) {
        service_free(s);
        return err;
    }
    s->port = listener_port(s->listener);
    s->host = listener_host(s->listener);
    *out = s;
    return ERR_OK;
}

void service_stop(struct service *s)
{
    if (s->listener != NULL) {
        listener_release(s->listener);
        s->listener = NULL;
    }
}

void service_free(struct service *s)
{
    if (s == NULL) {
        return;
    }
    service_stop(s);
    while (s->visits != NULL) {
        visit_end(s->visits);
    }
    free(s->counters);
    free(s);
}

const char *service_host(const struct service *s)
{
    return s->host;
}

unsigned service_port(const struct service *s)
{
    return s->port;
}

unsigned service_session_count(const struct service *s)
{
    return s->session_count;
}

unsigned service_open_count(const struct service *s)
{
    return s->open_count;
}
