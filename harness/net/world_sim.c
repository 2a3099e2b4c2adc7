/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulated world: a virtual clock that jumps to the next event. A stall of 30 seconds takes no
 * time, and the same run gives the same bytes in the same order every time.
 */
#include "net/sim.h"

#include <stdlib.h>

/* Events one turn of world_run_once carries out, so that two ends that talk for ever at the same
 * virtual time do not keep it from returning. */
enum { TURN_EVENTS = 4096 };

static int64_t sim_now_us(struct world *world)
{
    return ((struct sim_world *)world)->now_us;
}

static void sim_timer_start(struct world *world, struct timer *t, int64_t when_us)
{
    timers_start(&world->timers, t, when_us, sim_now_us(world));
}

static void sim_timer_stop(struct world *world, struct timer *t)
{
    timers_stop(&world->timers, t);
}

static void sim_run(struct world *world)
{
    struct sim_world *w = (struct sim_world *)world;
    while (!world->is_stopped && sim_step(w, INT64_MAX)) {
    }
}

static bool sim_run_once(struct world *world, int64_t wait_us)
{
    struct sim_world *w = (struct sim_world *)world;
    int64_t limit_us = wait_us < INT64_MAX - w->now_us ? w->now_us + wait_us : INT64_MAX;
    for (int i = 0; i < TURN_EVENTS && !world->is_stopped; i++) {
        if (!sim_step(w, i == 0 ? limit_us : w->now_us)) {
            if (i == 0 && sim_has_more(w)) {
                w->now_us = limit_us; /* waited in vain */
            }
            break;
        }
    }
    return sim_has_more(w);
}

static int sim_poll_fd(const struct world *world)
{
    (void)world;
    return -1;
}

static int sim_wait_ms(struct world *world)
{
    (void)world;
    return 0;
}

static enum err sim_watch_fd(struct world *world, int fd, void (*on_readable)(void *context),
                             void *context, struct why *why)
{
    (void)world;
    (void)fd;
    (void)on_readable;
    (void)context;
    return why_set(why, ERR_UNSUPPORTED, "a simulated world watches no file");
}

static void sim_free(struct world *world)
{
    struct sim_world *w = (struct sim_world *)world;
    timers_release(&world->timers);
    sim_events_release(w);
    sim_pairs_release(w);
    sim_listeners_release(w);
    free(w);
}

static const struct world_ops sim_ops = {
    .free = sim_free,
    .now_us = sim_now_us,
    .timer_start = sim_timer_start,
    .timer_stop = sim_timer_stop,
    .run = sim_run,
    .run_once = sim_run_once,
    .poll_fd = sim_poll_fd,
    .wait_ms = sim_wait_ms,
    .watch_fd = sim_watch_fd,
    .listen = sim_listen,
    .listener_plan = sim_listener_plan,
    .listener_release = sim_listener_release,
    .dial = sim_dial,
    .dial_drop = sim_dial_drop,
    .link_start = sim_link_start,
    .link_write = sim_link_write,
    .link_write_last = sim_link_write,
    .link_shutdown = sim_link_shutdown,
    .link_reset = sim_link_reset,
    .link_close = sim_link_close,
    .link_pending = sim_link_pending,
    .link_unsent = sim_link_unsent,
    .link_pause = sim_link_pause,
};

struct world *world_new_simulation(void)
{
    struct sim_world *w = mem_zalloc(1, sizeof *w);
    w->world.ops = &sim_ops;
    w->world.is_simulated = true;
    timers_init(&w->world.timers);
    return &w->world;
}
