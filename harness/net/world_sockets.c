/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sockets world: one libuv loop, one uv_timer under the timer heap, descriptors that others
 * want watched. It owns no standard stream and changes no signal: writes use MSG_NOSIGNAL.
 */
#include "net/sockets.h"

#include <stdlib.h>
#include <sys/resource.h>

static int64_t clock_us(void)
{
    return (int64_t)(uv_hrtime() / 1000);
}

int64_t sock_now_us(struct world *world)
{
    const struct sock_world *w = (const struct sock_world *)world;
    return w->callback_us != 0 ? w->callback_us : clock_us();
}

void sock_enter(struct sock_world *w)
{
    w->callback_us = clock_us();
}

void sock_leave(struct sock_world *w)
{
    w->callback_us = 0;
}

/* ---- timers ---- */

static void on_uv_timer(uv_timer_t *handle);
static void on_uv_idle(uv_idle_t *handle);

/* Rounds up to the loop's milliseconds, so that a timer is never early and never fires twice. */
static uint64_t delay_ms(struct sock_world *w, int64_t when_us)
{
    uint64_t due = ((uint64_t)when_us + 999) / 1000;
    uint64_t now = uv_now(&w->loop);
    return due > now ? due - now : 0;
}

/* What is due at once is left to an idle handle: it runs once between two polls, while a uv_timer
 * of no delay that is re-armed by its callback would keep libuv from ever polling again. */
static void arm_for(struct sock_world *w, int64_t when_us)
{
    uint64_t delay = when_us <= sock_now_us(&w->world) ? 0 : delay_ms(w, when_us);
    w->armed_for_us = when_us;
    if (delay == 0) {
        uv_timer_stop(&w->uv_timer);
        uv_idle_start(&w->uv_idle, on_uv_idle);
    } else {
        uv_idle_stop(&w->uv_idle);
        uv_timer_start(&w->uv_timer, on_uv_timer, delay, 0);
    }
}

static void rearm(struct sock_world *w)
{
    if (w->is_in_timers) {
        return; /* done once, at the end */
    }
    const struct timers_entry *first = timers_first(&w->world.timers);
    if (first == NULL) {
        w->armed_for_us = 0;
        uv_timer_stop(&w->uv_timer);
        uv_idle_stop(&w->uv_idle);
    } else if (first->when_us != w->armed_for_us) {
        arm_for(w, first->when_us);
    }
    if (w->world.timers.n > w->weak_timers) {
        uv_ref((uv_handle_t *)&w->uv_timer);
        uv_ref((uv_handle_t *)&w->uv_idle);
    } else {
        uv_unref((uv_handle_t *)&w->uv_timer);
        uv_unref((uv_handle_t *)&w->uv_idle);
    }
}

static void run_due(struct sock_world *w)
{
    uint64_t last = w->world.timers.last_sequence; /* those armed from here on wait for a turn */
    w->is_in_timers = true;
    sock_enter(w);
    int64_t now_us = w->callback_us;
    const struct timers_entry *first = timers_first(&w->world.timers);
    while (first != NULL && first->when_us <= now_us && first->sequence <= last &&
           !w->world.is_stopped) {
        struct timer *t = timers_pop(&w->world.timers);
        t->on_time(t, now_us);
        sock_enter(w); /* it may have taken its time */
        first = timers_first(&w->world.timers);
    }
    w->is_in_timers = false;
    w->armed_for_us = 0;
    rearm(w);
    sock_leave(w);
}

static void on_uv_timer(uv_timer_t *handle)
{
    run_due(handle->data);
}

static void on_uv_idle(uv_idle_t *handle)
{
    run_due(handle->data);
}

void sock_timer_start(struct world *world, struct timer *t, int64_t when_us)
{
    timers_start(&world->timers, t, when_us, sock_now_us(world));
    rearm((struct sock_world *)world);
}

void sock_timer_stop(struct world *world, struct timer *t)
{
    timers_stop(&world->timers, t);
    rearm((struct sock_world *)world);
}

void sock_weak_timer_start(struct sock_world *w, struct timer *t, int64_t when_us)
{
    must(!timers_is_armed(t));
    w->weak_timers++;
    sock_timer_start(&w->world, t, when_us);
}

void sock_weak_timer_stop(struct sock_world *w, struct timer *t)
{
    w->weak_timers--;
    sock_timer_stop(&w->world, t); /* may have fired already */
}

/* ---- running ---- */

static void sock_run(struct world *world)
{
    struct sock_world *w = (struct sock_world *)world;
    while (!world->is_stopped && uv_run(&w->loop, UV_RUN_ONCE) != 0) {
    }
}

static void on_patience_over(uv_timer_t *handle)
{
    (void)handle; /* the loop has woken up: that was all */
}

/* The timer repeats: libuv runs timers before it polls too, and a poll must not be without limit
 * because patience was over before it began. */
static bool sock_run_once(struct world *world, int64_t wait_us)
{
    struct sock_world *w = (struct sock_world *)world;
    if (wait_us == 0) {
        return uv_run(&w->loop, UV_RUN_NOWAIT) != 0;
    }
    uint64_t wait_ms = ((uint64_t)wait_us + 999) / 1000;
    uv_update_time(&w->loop);
    uv_timer_start(&w->patience, on_patience_over, wait_ms, wait_ms);
    bool has_more = uv_run(&w->loop, UV_RUN_ONCE) != 0;
    uv_timer_stop(&w->patience);
    return has_more;
}

static int sock_poll_fd(const struct world *world)
{
    return uv_backend_fd(&((const struct sock_world *)world)->loop);
}

/* The loop's idea of the time is that of its last turn; the caller may have been busy since. */
static int sock_wait_ms(struct world *world)
{
    struct sock_world *w = (struct sock_world *)world;
    uv_update_time(&w->loop);
    return uv_backend_timeout(&w->loop);
}

/* ---- watching ---- */

static void on_watch(uv_poll_t *poll, int status, int events)
{
    struct sock_watch *watch = poll->data;
    struct sock_world *w = watch->world;
    (void)status; /* an error shows when it is read */
    (void)events;
    sock_enter(w);
    watch->on_readable(watch->context); /* may end the watch */
    sock_leave(w);
}

static void on_watch_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void unwatch(struct sock_world *w, int fd)
{
    for (struct sock_watch **at = &w->watches; *at != NULL; at = &(*at)->next) {
        struct sock_watch *watch = *at;
        if (watch->fd == fd) {
            *at = watch->next;
            uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
            return;
        }
    }
}

static enum err sock_watch_fd(struct world *world, int fd, void (*on_readable)(void *context),
                              void *context, struct why *why)
{
    struct sock_world *w = (struct sock_world *)world;
    unwatch(w, fd);
    if (on_readable == NULL) {
        return ERR_OK;
    }
    struct sock_watch *watch = mem_zalloc(1, sizeof *watch);
    *watch = (struct sock_watch){.world = w, .fd = fd, .on_readable = on_readable, .context = context};
    int err = uv_poll_init(&w->loop, &watch->poll, fd);
    if (err != 0) {
        free(watch);
        return why_set(why, ERR_IO, "descriptor %d cannot be watched: %s", fd, uv_strerror(err));
    }
    watch->poll.data = watch;
    watch->next = w->watches;
    w->watches = watch;
    uv_poll_start(&watch->poll, UV_READABLE, on_watch);
    return ERR_OK;
}

/* ---- life ---- */

static void sock_free(struct world *world)
{
    struct sock_world *w = (struct sock_world *)world;
    dial_curl_free(w->curl);
    sock_dials_free(w);
    while (w->links != NULL) {
        sock_link_destroy(w->links);
    }
    sock_listeners_free(w);
    while (w->watches != NULL) {
        unwatch(w, w->watches->fd);
    }
    timers_release(&world->timers);
    uv_close((uv_handle_t *)&w->uv_timer, NULL);
    uv_close((uv_handle_t *)&w->uv_idle, NULL);
    uv_close((uv_handle_t *)&w->patience, NULL);
    while (uv_run(&w->loop, UV_RUN_DEFAULT) != 0) {
    }
    must(uv_loop_close(&w->loop) == 0);
    free(w);
}

static const struct world_ops sock_ops = {
    .free = sock_free,
    .now_us = sock_now_us,
    .timer_start = sock_timer_start,
    .timer_stop = sock_timer_stop,
    .run = sock_run,
    .run_once = sock_run_once,
    .poll_fd = sock_poll_fd,
    .wait_ms = sock_wait_ms,
    .watch_fd = sock_watch_fd,
    .listen = sock_listen,
    .listener_plan = sock_listener_plan,
    .listener_release = sock_listener_release,
    .dial = sock_dial,
    .dial_drop = sock_dial_drop,
    .link_start = sock_link_start,
    .link_write = sock_link_write,
    .link_write_last = sock_link_write_last,
    .link_shutdown = sock_link_shutdown,
    .link_reset = sock_link_reset,
    .link_close = sock_link_close,
    .link_pending = sock_link_pending,
    .link_unsent = sock_link_pending, /* what the kernel did not take */
    .link_pause = sock_link_pause,
};

void world_raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit); /* if not, a listen or dial will say so */
    }
}

enum err world_new_sockets(struct world **out, struct why *why)
{
    *out = NULL;
    struct sock_world *w = mem_zalloc(1, sizeof *w);
    int err = uv_loop_init(&w->loop);
    if (err != 0) {
        free(w);
        return why_set(why, ERR_IO, "the event loop cannot start: %s", uv_strerror(err));
    }
    w->world.ops = &sock_ops;
    timers_init(&w->world.timers);
    uv_timer_init(&w->loop, &w->uv_timer);
    w->uv_timer.data = w;
    uv_idle_init(&w->loop, &w->uv_idle);
    w->uv_idle.data = w;
    uv_timer_init(&w->loop, &w->patience);
    uv_unref((uv_handle_t *)&w->patience); /* no reason to stay */
    *out = &w->world;
    return ERR_OK;
}
