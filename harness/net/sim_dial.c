/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listeners and dialling in the simulated world. There is no DNS: the loopback literals and
 * localhost (RFC 6761 6.3) are here, any other name does not resolve and any other address has no
 * route, unless connect_to says where to go instead.
 */
#include "net/sim.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char host_ipv4[] = "127.0.0.1";
static const char host_ipv6[] = "::1";

static struct sim_listener *listener_make(struct sim_world *w)
{
    if (w->listener_count == SIM_LAST_PORT - SIM_FIRST_PORT + 1) {
        return NULL;
    }
    if (w->listener_count == w->listener_space) {
        w->listener_space = w->listener_space == 0 ? 64 : w->listener_space * 2;
        w->listeners = mem_realloc(w->listeners, w->listener_space * sizeof(struct sim_listener *));
    }
    struct sim_listener *l = mem_zalloc(1, sizeof *l);
    l->listener.world = &w->world;
    l->listener.port = SIM_FIRST_PORT + (unsigned)w->listener_count;
    w->listeners[w->listener_count++] = l;
    return l;
}

static struct sim_listener *listener_take(struct sim_world *w)
{
    struct sim_listener *l = w->spare_first;
    if (l == NULL) {
        return listener_make(w);
    }
    w->spare_first = l->next_spare;
    if (w->spare_first == NULL) {
        w->spare_last = NULL;
    }
    return l;
}

enum err sim_listen(struct world *world, const struct listen_params *params, struct listener **out,
                    struct why *why)
{
    struct sim_listener *l = listener_take((struct sim_world *)world);
    if (l == NULL) {
        return why_set(why, ERR_IO, "all simulated ports are in use");
    }
    l->is_leased = true;
    l->generation++;
    l->params = *params;
    l->plan = (struct link_plan){.fault = LINK_FAULT_NONE};
    l->family = params->family == FAMILY_IPV6 ? FAMILY_IPV6 : FAMILY_IPV4;
    l->listener.host = l->family == FAMILY_IPV6 ? host_ipv6 : host_ipv4;
    *out = &l->listener;
    return ERR_OK;
}

void sim_listener_plan(struct listener *listener, const struct link_plan *plan)
{
    ((struct sim_listener *)listener)->plan = *plan;
}

void sim_listener_release(struct listener *listener)
{
    struct sim_listener *l = (struct sim_listener *)listener;
    struct sim_world *w = (struct sim_world *)listener->world;
    must(l->is_leased);
    l->is_leased = false;
    l->generation++;
    l->next_spare = NULL;
    if (w->spare_last != NULL) {
        w->spare_last->next_spare = l;
    } else {
        w->spare_first = l;
    }
    w->spare_last = l;
}

void sim_listeners_release(struct sim_world *w)
{
    for (size_t i = 0; i < w->listener_count; i++) {
        free(w->listeners[i]);
    }
    free(w->listeners);
}

/* Which families a host reaches on this simulated machine; or the fault. */
static enum fault host_reach(struct slice host, enum address_family *family)
{
    if (slice_eq_text(host, host_ipv4) || slice_eq_text(host, host_ipv6)) {
        *family = slice_eq_text(host, host_ipv6) ? FAMILY_IPV6 : FAMILY_IPV4;
        return FAULT_NONE;
    }
    if (slice_eq_nocase_text(host, "localhost") || slice_has_suffix(host, SLICE(".localhost"))) {
        *family = FAMILY_ANY;
        return FAULT_NONE;
    }
    char text[64];
    unsigned char address[16];
    if (host.n < sizeof text) {
        snprintf(text, sizeof text, SLICE_FMT, SLICE_ARG(host));
        if (inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1) {
            return FAULT_UNREACHABLE;
        }
    }
    return FAULT_DNS_FAILURE;
}

static bool families_meet(enum address_family a, enum address_family b)
{
    return a == FAMILY_ANY || b == FAMILY_ANY || a == b;
}

static enum fault dial_target(struct sim_world *w, const struct dial_params *params,
                              struct sim_listener **out)
{
    struct slice host = slice_of(params->host);
    unsigned port = params->port;
    enum address_family family = FAMILY_ANY;
    if (params->connect_to != NULL &&
        !world_split_host_port(slice_of(params->connect_to), &host, &port)) {
        return FAULT_DNS_FAILURE;
    }
    enum fault fault = host_reach(host, &family);
    if (fault != FAULT_NONE) {
        return fault;
    }
    if (!families_meet(family, params->family)) {
        return FAULT_UNREACHABLE; /* a literal of the other family */
    }
    if (port < SIM_FIRST_PORT || port - SIM_FIRST_PORT >= w->listener_count) {
        return FAULT_CONNECT_REFUSED;
    }
    struct sim_listener *l = w->listeners[port - SIM_FIRST_PORT];
    bool is_there = l->is_leased && !l->params.is_dead && families_meet(family, l->family) &&
                    families_meet(params->family, l->family);
    *out = is_there ? l : NULL;
    return is_there ? FAULT_NONE : FAULT_CONNECT_REFUSED;
}

void sim_dial(struct world *world, const struct dial_params *params, dial_done *on_done,
              void *context)
{
    struct sim_world *w = (struct sim_world *)world;
    struct sim_event *e = sim_event_new(w, SIM_ACCEPT);
    e->dial = (struct sim_dial){.on_done = on_done, .context = context, .start_us = w->now_us};
    e->dial.fault = params->proxy != NULL && params->proxy[0] != '\0'
                        ? FAULT_PROXY_FAILURE /* no proxy lives in a simulation */
                        : dial_target(w, params, &e->dial.listener);
    if (e->dial.fault == FAULT_NONE) {
        e->dial.generation = e->dial.listener->generation;
        e->dial.latency_us = e->dial.listener->plan.latency_us;
    }
    sim_event_post(w, e, e->dial.latency_us);
}

static void on_dropped(void *context, const struct dial_result *result)
{
    (void)context;
    if (result->link != NULL) {
        link_reset(result->link);
    }
}

void sim_dial_drop(struct world *world, const void *context)
{
    struct sim_world *w = (struct sim_world *)world;
    for (struct sim_event *e = w->all_events; e != NULL; e = e->next_made) {
        bool is_dial = e->kind == SIM_ACCEPT || e->kind == SIM_DIALLED;
        if (is_dial && e->dial.on_done != NULL && e->dial.context == context) {
            e->dial.on_done = on_dropped;
        }
    }
}

/* The answer is on its way before the listener's side says its first word. */
static void on_syn(struct sim_world *w, struct sim_event *e)
{
    struct sim_listener *l = e->dial.listener;
    if (e->dial.fault == FAULT_NONE && l->generation != e->dial.generation) {
        e->dial.fault = FAULT_CONNECT_REFUSED;
    }
    e->kind = SIM_DIALLED;
    if (e->dial.fault != FAULT_NONE) {
        sim_event_post(w, e, e->dial.latency_us);
        return;
    }
    struct sim_pair *pair = sim_pair_new(w, &l->plan);
    e->dial.link = &pair->end[0];
    sim_event_post(w, e, e->dial.latency_us);
    sim_link_begin(&pair->end[0]);
    sim_link_begin(&pair->end[1]);
    l->params.on_accept(l->params.context, &pair->end[1].link);
}

/* As the sockets world's libraries say it. */
static const char *words_of(enum fault fault)
{
    return fault == FAULT_CONNECT_REFUSED ? "Connection refused"
           : fault == FAULT_UNREACHABLE   ? "Network is unreachable"
           : fault == FAULT_DNS_FAILURE   ? "Could not resolve host"
                                          : fault_sentence(fault);
}

static void on_answer(struct sim_world *w, struct sim_event *e)
{
    struct sim_dial dial = e->dial;
    e->dial = (struct sim_dial){.on_done = NULL};
    sim_event_recycle(w, e);
    struct dial_result result = {.fault = dial.fault, .connect_us = w->now_us - dial.start_us};
    if (dial.fault == FAULT_NONE) {
        result.link = &dial.link->link;
        snprintf(result.address, sizeof result.address, "%s", dial.listener->listener.host);
    } else {
        snprintf(result.detail, sizeof result.detail, "%s", words_of(dial.fault));
    }
    dial.on_done(dial.context, &result);
}

void sim_dial_event(struct sim_world *w, struct sim_event *e)
{
    if (e->kind == SIM_ACCEPT) {
        on_syn(w, e);
    } else {
        on_answer(w, e);
    }
}
