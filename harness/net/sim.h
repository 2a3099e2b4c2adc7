/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulated world's inside: one queue of events, ordered by time and then by sequence. What is
 * due at once stands in a plain list and never touches the heap; only latency does. Events and
 * link pairs are recycled, so that a busy simulation does not allocate.
 */
#ifndef SMTPDX_NET_SIM_H
#define SMTPDX_NET_SIM_H

#include "net/world_ops.h"

enum {
    SIM_SEGMENT_MAX = 65536, /* a longer write arrives in several pieces */
    SIM_WINDOW = 256 * 1024, /* what the two kernels would hold for a peer that does not read */
    SIM_FIRST_PORT = 1024,
    SIM_LAST_PORT = 65535,
};

enum sim_kind {
    SIM_BYTES,
    SIM_FIN,
    SIM_RESET,
    SIM_DRAINED, /* to the writer: all it wrote has arrived */
    SIM_MOVED,   /* to the writer: the peer that did not read took something, or took no more */
    SIM_WAKE,    /* the link was started: hand over one event that waited in the inbox */
    SIM_ACCEPT,  /* the dialler's SYN reaches the listener */
    SIM_DIALLED, /* the answer reaches the dialler */
};

struct sim_dial {
    dial_done *on_done;
    void *context;
    struct sim_listener *listener; /* NULL: nobody there */
    unsigned generation;           /* of the lease that was dialled */
    int64_t latency_us, start_us;
    enum fault fault;
    struct sim_link *link;
};

struct sim_event {
    struct timer timer; /* only when it is not due at once */
    uint64_t sequence;
    struct sim_event *next;      /* in the list of due events, an inbox, or the spare list */
    struct sim_event *next_made; /* all there are */
    enum sim_kind kind;
    struct sim_link *to; /* not for ACCEPT and DIALLED */
    struct sim_dial dial;
    char *bytes; /* owned */
    size_t n, space;
};

struct sim_queue {
    struct sim_event *first, *last;
};

struct sim_link {
    struct link link; /* first */
    struct sim_pair *pair;
    struct sim_link *peer;
    struct link_handler handler;
    bool is_started;
    bool is_closed; /* by its owner: no more callbacks */
    bool is_broken; /* reset */
    bool has_fin;   /* we sent FIN */
    bool is_paused; /* by its owner: what arrives waits in the inbox */
    bool is_silent; /* a fault struck: nothing passes in our direction any more */
    bool has_plan;  /* what we send is subject to plan */
    struct link_plan plan;
    uint64_t passed;        /* octets sent under the plan */
    size_t pending;         /* octets on their way to the peer */
    size_t waiting;         /* octets in the inbox */
    struct sim_queue inbox; /* arrived before link_start, or while paused */
};

struct sim_pair {
    struct sim_link end[2]; /* dialler, listener's side */
    int64_t latency_us;
    unsigned events; /* on their way to either end */
    struct sim_pair *next_spare, *next_made;
};

struct sim_listener {
    struct listener listener; /* first */
    bool is_leased;
    enum address_family family;
    unsigned generation;
    struct listen_params params;
    struct link_plan plan;
    struct sim_listener *next_spare;
};

struct sim_world {
    struct world world; /* first */
    int64_t now_us;
    struct sim_queue due; /* by sequence; all of them due now */
    struct sim_event *spare_events, *all_events;
    struct sim_pair *spare_pairs, *all_pairs;
    struct sim_listener **listeners; /* by port, from SIM_FIRST_PORT */
    size_t listener_count, listener_space;
    struct sim_listener *spare_first, *spare_last; /* the longest idle is leased first */
};

/* sim_queue.c: events and their order */
void sim_queue_add(struct sim_queue *q, struct sim_event *e);
struct sim_event *sim_queue_take(struct sim_queue *q); /* NULL when empty */
struct sim_event *sim_event_new(struct sim_world *w, enum sim_kind kind);
void sim_event_recycle(struct sim_world *w, struct sim_event *e);
void sim_event_post(struct sim_world *w, struct sim_event *e, int64_t delay_us);
/* Takes the next event or runs the next timer that is due by limit_us, moving the clock to it.
 * False when there is none. */
bool sim_step(struct sim_world *w, int64_t limit_us);
bool sim_has_more(const struct sim_world *w);
void sim_events_release(struct sim_world *w);

/* sim_link.c: the two ends and what happens between them */
struct sim_pair *sim_pair_new(struct sim_world *w, const struct link_plan *plan);
void sim_pairs_release(struct sim_world *w);
/* A fault at octet 0 strikes as soon as the connection stands. */
void sim_link_begin(struct sim_link *l);
void sim_link_event(struct sim_world *w, struct sim_event *e); /* takes e */
void sim_link_start(struct link *link, const struct link_handler *handler);
void sim_link_write(struct link *link, struct slice bytes);
void sim_link_shutdown(struct link *link);
void sim_link_reset(struct link *link);
void sim_link_close(struct link *link);
size_t sim_link_pending(const struct link *link);
size_t sim_link_unsent(const struct link *link);
void sim_link_pause(struct link *link, bool is_paused);

/* sim_dial.c: listeners and dialling */
enum err sim_listen(struct world *world, const struct listen_params *params, struct listener **out,
                    struct why *why);
void sim_listener_plan(struct listener *listener, const struct link_plan *plan);
void sim_listener_release(struct listener *listener);
void sim_dial(struct world *world, const struct dial_params *params, dial_done *on_done,
              void *context);
void sim_dial_drop(struct world *world, const void *context);
void sim_dial_event(struct sim_world *w, struct sim_event *e); /* takes e */
void sim_listeners_release(struct sim_world *w);

#endif
