/* SPDX-License-Identifier: Apache-2.0 */
/* The common face of both worlds: every call goes through the table of the world it belongs to. */
#include "net/world_ops.h"

void world_free(struct world *w)
{
    if (w != NULL) {
        w->ops->free(w);
    }
}

bool world_is_simulated(const struct world *w)
{
    return w->is_simulated;
}

int64_t world_now_us(struct world *w)
{
    return w->ops->now_us(w);
}

void world_timer_start(struct world *w, struct timer *t, int64_t when_us)
{
    w->ops->timer_start(w, t, when_us);
}

void world_timer_stop(struct world *w, struct timer *t)
{
    w->ops->timer_stop(w, t);
}

void world_run(struct world *w)
{
    w->is_stopped = false;
    w->ops->run(w);
}

bool world_run_once(struct world *w, int64_t wait_us)
{
    w->is_stopped = false;
    return w->ops->run_once(w, wait_us > 0 ? wait_us : 0);
}

void world_stop(struct world *w)
{
    w->is_stopped = true;
}

int world_poll_fd(const struct world *w)
{
    return w->ops->poll_fd(w);
}

int world_wait_ms(struct world *w)
{
    return w->ops->wait_ms(w);
}

enum err world_watch_fd(struct world *w, int fd, void (*on_readable)(void *context), void *context,
                        struct why *why)
{
    return w->ops->watch_fd(w, fd, on_readable, context, why);
}

enum err world_listen(struct world *w, enum address_family family, bool is_dead,
                      void (*on_accept)(void *context, struct link *link), void *context,
                      struct listener **out, struct why *why)
{
    must(is_dead || on_accept != NULL);
    *out = NULL;
    const struct listen_params params = {
        .family = family, .is_dead = is_dead, .on_accept = on_accept, .context = context};
    return w->ops->listen(w, &params, out, why);
}

enum err world_listen_at(struct world *w, enum address_family family, unsigned port,
                         void (*on_accept)(void *context, struct link *link), void *context,
                         struct listener **out, struct why *why)
{
    must(on_accept != NULL && port < 65536);
    *out = NULL;
    const struct listen_params params = {
        .family = family, .port = port, .on_accept = on_accept, .context = context};
    return w->ops->listen(w, &params, out, why);
}

const char *listener_host(const struct listener *l)
{
    return l->host;
}

unsigned listener_port(const struct listener *l)
{
    return l->port;
}

void listener_plan(struct listener *l, const struct link_plan *plan)
{
    l->world->ops->listener_plan(l, plan);
}

void listener_release(struct listener *l)
{
    if (l != NULL) {
        l->world->ops->listener_release(l);
    }
}

void world_dial(struct world *w, const struct dial_params *params,
                void (*on_done)(void *context, const struct dial_result *result), void *context)
{
    must(params->host != NULL && on_done != NULL);
    w->ops->dial(w, params, on_done, context);
}

void world_dial_drop(struct world *w, const void *context)
{
    w->ops->dial_drop(w, context);
}

void link_start(struct link *l, const struct link_handler *handler)
{
    must(handler->on_bytes != NULL && handler->on_eof != NULL && handler->on_reset != NULL);
    l->world->ops->link_start(l, handler);
}

void link_write(struct link *l, struct slice bytes)
{
    if (bytes.n != 0) {
        l->world->ops->link_write(l, bytes);
    }
}

void link_write_last(struct link *l, struct slice bytes)
{
    if (bytes.n != 0) {
        l->world->ops->link_write_last(l, bytes);
    }
}

void link_shutdown(struct link *l)
{
    l->world->ops->link_shutdown(l);
}

void link_reset(struct link *l)
{
    l->world->ops->link_reset(l);
}

void link_close(struct link *l)
{
    l->world->ops->link_close(l);
}

size_t link_pending(const struct link *l)
{
    return l->world->ops->link_pending(l);
}

size_t link_unsent(const struct link *l)
{
    return l->world->ops->link_unsent(l);
}

void link_pause(struct link *l, bool is_paused)
{
    l->world->ops->link_pause(l, is_paused);
}

bool world_split_host_port(struct slice text, struct slice *host, unsigned *port)
{
    size_t colon = SIZE_MAX;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == ':') {
            colon = i;
        }
    }
    uint64_t number = 0;
    if (colon == SIZE_MAX || !slice_to_u64(slice_from(text, colon + 1), &number) || number == 0 ||
        number > 65535) {
        return false;
    }
    *host = slice_sub(text, 0, colon);
    if (slice_has_prefix(*host, SLICE("[")) && slice_has_suffix(*host, SLICE("]"))) {
        *host = slice_sub(*host, 1, host->n - 2);
    }
    *port = (unsigned)number;
    return host->n != 0;
}
