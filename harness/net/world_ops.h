/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a world has to provide; the functions of world.h call through this table. Private to net/.
 * The public structs are the heads of each world's own, larger ones.
 */
#ifndef SMTPDX_NET_WORLD_OPS_H
#define SMTPDX_NET_WORLD_OPS_H

#include "net/timers.h"
#include "net/world.h"

struct listen_params {
    enum address_family family;
    bool is_dead;
    unsigned port; /* 0: any, from the pool */
    void (*on_accept)(void *context, struct link *link);
    void *context;
};

typedef void dial_done(void *context, const struct dial_result *result);

struct world_ops {
    void (*free)(struct world *w);
    int64_t (*now_us)(struct world *w);
    void (*timer_start)(struct world *w, struct timer *t, int64_t when_us);
    void (*timer_stop)(struct world *w, struct timer *t);
    void (*run)(struct world *w);
    bool (*run_once)(struct world *w, int64_t wait_us);
    int (*poll_fd)(const struct world *w);
    int (*wait_ms)(struct world *w);
    enum err (*watch_fd)(struct world *w, int fd, void (*on_readable)(void *context), void *context,
                         struct why *why);
    enum err (*listen)(struct world *w, const struct listen_params *params, struct listener **out,
                       struct why *why);
    void (*listener_plan)(struct listener *l, const struct link_plan *plan);
    void (*listener_release)(struct listener *l);
    void (*dial)(struct world *w, const struct dial_params *params, dial_done *on_done,
                 void *context);
    void (*dial_drop)(struct world *w, const void *context);
    void (*link_start)(struct link *l, const struct link_handler *handler);
    void (*link_write)(struct link *l, struct slice bytes);
    void (*link_write_last)(struct link *l, struct slice bytes);
    void (*link_shutdown)(struct link *l);
    void (*link_reset)(struct link *l);
    void (*link_close)(struct link *l);
    size_t (*link_pending)(const struct link *l);
    size_t (*link_unsent)(const struct link *l);
    void (*link_pause)(struct link *l, bool is_paused);
};

struct world {
    const struct world_ops *ops;
    struct timers timers;
    bool is_simulated;
    bool is_stopped; /* world_stop was called since the last run began */
};

struct link {
    struct world *world;
};

struct listener {
    struct world *world;
    const char *host;
    unsigned port;
};

#endif
