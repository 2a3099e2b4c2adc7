/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sockets world's inside. Non-blocking descriptors of our own under uv_poll: every system call
 * is in sight, writes cannot raise SIGPIPE, and a connection that libcurl dialled is taken over as
 * a descriptor. Memory goes only in libuv's close callbacks, so a handler may free its own link.
 */
#ifndef SMTPDX_NET_SOCKETS_H
#define SMTPDX_NET_SOCKETS_H

#include "net/world_ops.h"

#include <uv.h>

struct sock_link {
    struct link link; /* first */
    uv_poll_t poll;
    int events; /* what the poll watches now */
    int fd;
    struct link_handler handler;
    struct sock_dial *dial; /* while it is being connected */
    struct buf out;         /* what the kernel did not take yet, from out_at */
    size_t out_at;
    struct timer soon;    /* news that came up inside the owner's call; later the linger limit */
    size_t lingered_with; /* octets queued when the linger limit was last set */
    bool is_started;
    bool is_paused;    /* its owner does not want to read */
    bool is_closed;    /* by its owner; may linger */
    bool is_gone;      /* the descriptor is closed */
    bool has_eof;      /* the peer's FIN was read */
    bool was_reset;    /* the end of the input will be a reset that the kernel told the dial of */
    bool wants_fin;    /* FIN behind what is written */
    bool owes_drained; /* on_drained is due */
    int write_error;   /* of a write, not told yet; 0: none */
    enum fault broken; /* what on_reset is to say */
    struct sock_link *next, *prev;
};

struct sock_listener {
    struct listener listener; /* first */
    uv_poll_t poll;
    int fd;
    enum address_family family;
    bool is_dead, is_leased;
    struct listen_params params;
    struct timer pause; /* out of descriptors: looks again later */
    struct sock_listener *next_idle, *next_made;
};

struct sock_pool { /* idle listeners of one kind, the longest idle first */
    struct sock_listener *first, *last;
    unsigned count;
};

struct sock_watch {
    struct sock_world *world;
    uv_poll_t poll;
    int fd;
    void (*on_readable)(void *context);
    void *context;
    struct sock_watch *next;
};

enum { SOCK_READ_BYTES = 65536, SOCK_POOLS = 4 };

struct sock_world {
    struct world world; /* first */
    uv_loop_t loop;
    uv_timer_t uv_timer;  /* for what is due later */
    uv_idle_t uv_idle;    /* for what is due already */
    uv_timer_t patience;  /* of world_run_once */
    int64_t armed_for_us; /* what either waits for; 0: nothing */
    bool is_in_timers;
    int64_t callback_us; /* the time, while a callback of the loop runs; 0 elsewhere */
    size_t weak_timers; /* armed, but no reason to stay: lingering links */
    struct sock_link *links;
    struct sock_dial *dials; /* of literals, under way */
    struct sock_listener *listeners;
    struct sock_pool pools[SOCK_POOLS];
    struct sock_watch *watches;
    struct dial_curl *curl; /* NULL until a name or proxy is dialled */
    char read_buffer[SOCK_READ_BYTES];
};

/* world_sockets.c */
int64_t sock_now_us(struct world *world);
/* Around each callback of the loop: it sees one time. Asking the clock costs more than most of what
 * is done in between where it is a system call, as on many virtual machines. */
void sock_enter(struct sock_world *w);
void sock_leave(struct sock_world *w);
void sock_timer_start(struct world *world, struct timer *t, int64_t when_us);
void sock_timer_stop(struct world *world, struct timer *t);
/* A timer that does not keep world_run from returning. */
void sock_weak_timer_start(struct sock_world *w, struct timer *t, int64_t when_us);
void sock_weak_timer_stop(struct sock_world *w, struct timer *t);

/* sockets_link.c. Takes fd; NULL (and fd is closed) when the loop refuses it. */
struct sock_link *sock_link_new(struct sock_world *w, int fd);
void sock_link_watch(struct sock_link *l, int events);
void sock_link_destroy(struct sock_link *l); /* closes the descriptor now, frees later */
void sock_link_start(struct link *link, const struct link_handler *handler);
void sock_link_write(struct link *link, struct slice bytes);
void sock_link_write_last(struct link *link, struct slice bytes);
void sock_link_shutdown(struct link *link);
void sock_link_reset(struct link *link);
void sock_link_close(struct link *link);
size_t sock_link_pending(const struct link *link);
void sock_link_pause(struct link *link, bool is_paused);
void sock_close_with_reset(int fd);

/* sockets_listen.c */
enum err sock_listen(struct world *world, const struct listen_params *params, struct listener **out,
                     struct why *why);
void sock_listener_plan(struct listener *listener, const struct link_plan *plan);
void sock_listener_release(struct listener *listener);
void sock_listeners_free(struct sock_world *w);

/* sockets_dial.c */
void sock_dial(struct world *world, const struct dial_params *params, dial_done *on_done,
               void *context);
void sock_dial_drop(struct world *world, const void *context);
void sock_dial_ready(struct sock_link *l, int status); /* the connecting descriptor has an answer */
void sock_dials_free(struct sock_world *w); /* the links of those under way stay in w->links */
enum fault sock_fault_of_errno(int number);

/* dial_curl.c */
struct dial_curl *dial_curl_new(struct sock_world *w);
void dial_curl_start(struct dial_curl *c, const struct dial_params *params, dial_done *on_done,
                     void *context);
void dial_curl_drop(struct dial_curl *c, const void *context);
void dial_curl_free(struct dial_curl *c); /* dials under way are dropped; NULL is fine */

#endif
