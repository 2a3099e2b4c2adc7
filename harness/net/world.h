/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A world gives a driver time, timers and links. There are two, with the same face:
 *   sockets     libuv loop, real time, loopback listeners leased from a pool, dialled through libcurl
 *   simulation  two ends in memory and a virtual clock that jumps to the next event; faults on the
 *               link at an exact octet
 * One thread; callbacks run on the loop, never from inside a call that the caller is making
 * (dial, write and timers report later), so nobody is surprised by re-entry.
 */
#ifndef SMTPDX_NET_WORLD_H
#define SMTPDX_NET_WORLD_H

#include "base/buf.h"
#include "base/err.h"
#include "base/facts.h"

struct world;
struct link;
struct listener;

/* Timers belong to the caller, zero-initialised; at most one callback per arming. */
struct timer {
    void (*on_time)(struct timer *t, int64_t now_us);
    void *context;      /* the caller's */
    int64_t when_us;    /* set by world_timer_start; 0 when not armed */
    size_t heap_index;  /* the world's */
};

struct link_handler {
    void (*on_bytes)(void *context, struct slice bytes);
    void (*on_eof)(void *context);                     /* FIN from the peer */
    void (*on_reset)(void *context, enum fault fault); /* CONNECTION_RESET, or the link broke */
    void (*on_drained)(void *context);                 /* all written octets left; may be NULL */
    void (*on_moved)(void *context);                   /* link_unsent has changed; may be NULL */
    void *context;
};

enum address_family { FAMILY_ANY, FAMILY_IPV4, FAMILY_IPV6 };

struct dial_params {
    const char *host; /* name or literal */
    unsigned port;
    enum address_family family;
    const char *connect_to; /* "host:port" dialled in place of host, or NULL */
    const char *proxy;      /* as curl's --proxy, or NULL */
    /* Answers that take the place of DNS, as curl's --resolve: "HOST:PORT:ADDRESS[,ADDRESS]…", each of
     * them fit for world_resolve_ok. Sockets only; they hold for later dials of this world too. */
    const char *const *resolve;
    size_t resolve_count;
    int64_t timeout_us;     /* DNS and TCP together */
};

/* What a dial came to. link is NULL on failure and then fault says why. */
struct dial_result {
    struct link *link; /* the receiver owns it */
    enum fault fault;
    char address[64];  /* the peer address used, "" if none */
    char tried[192];   /* all that were tried, in that order, with ", " between them; cut when many */
    char detail[160];  /* the library's words on failure */
    int64_t resolve_us, connect_us; /* durations */
};

/* Simulated worlds only: what happens to the octets that the listener's side sends, or the dialler's. */
enum link_fault { LINK_FAULT_NONE, LINK_FAULT_CUT /* FIN */, LINK_FAULT_STALL, LINK_FAULT_RESET, LINK_FAULT_GARBLE };
struct link_plan {
    enum link_fault fault;
    bool is_of_dialler;  /* it is the dialler's octets that the plan is for */
    uint64_t at_octet;   /* the fault strikes when this many octets have passed (per connection) */
    size_t chunk;        /* deliver in pieces of this many octets; 0: as written */
    int64_t latency_us;  /* each way */
};

/* Does the loopback have this family? Asks the system; containers often lack IPv6. */
bool world_has_family(enum address_family family);
/* Can 127.0.0.1 be dialled here at all? Where the interface is down, every case would fail for a reason
 * that is not its own. */
bool world_loopback_works(void);

/* An internationalised host name in A-labels (RFC 5890), "bücher.test" as "xn--bcher-kva.test". False
 * when it is in ASCII already, when it is no host name, or when this libcurl cannot do it. */
bool world_ascii_name(const char *name, char out[256]);

/* "host:port" or "[v6]:port" taken apart; host gets no brackets. False when it is neither. */
bool world_split_host_port(struct slice text, struct slice *host, unsigned *port);

/* Is it HOST:PORT:ADDRESS[,ADDRESS]…, with address literals (those of IPv6 in brackets or not)? Then host
 * and port are what it answers for; host may be "*". */
bool world_resolve_ok(const char *text, struct slice *host, unsigned *port);

struct world_ops; /* net/ only */

/* Sockets. Errors: ERR_IO. */
enum err world_new_sockets(struct world **out, struct why *why) MUST_USE;
/* Raises this process's soft limit of open descriptors to the hard one: a thousand silent servers in one
 * worker are three thousand descriptors. For programs; a library has no business with it. */
void world_raise_descriptor_limit(void);
/* Simulation; the virtual clock starts at 0. */
struct world *world_new_simulation(void);
void world_free(struct world *w);
bool world_is_simulated(const struct world *w);

int64_t world_now_us(struct world *w);
void world_timer_start(struct world *w, struct timer *t, int64_t when_us); /* re-arms */
void world_timer_stop(struct world *w, struct timer *t);
/* Runs until nothing is left to do or world_stop was called. */
void world_run(struct world *w);
/* Runs what is due without waiting longer than wait_us; false when nothing is left to do. */
bool world_run_once(struct world *w, int64_t wait_us);
void world_stop(struct world *w);
/* Sockets, for a loop that is somebody else's: a descriptor that is readable when there is something to
 * run, and the milliseconds after which there is all the same (-1: never). Both hold until the next call
 * into the world. Simulation: -1 and 0. */
int world_poll_fd(const struct world *w);
int world_wait_ms(struct world *w);
/* Sockets: calls back when fd is readable (the worker's pipe to its parent). NULL handler removes. */
enum err world_watch_fd(struct world *w, int fd, void (*on_readable)(void *context), void *context,
                        struct why *why) MUST_USE;

/*
 * Leases a listener on a loopback port of its own; with is_dead nobody listens there and dialling it
 * is refused. on_accept owns the link. Errors: ERR_IO (no port, no IPv6).
 */
enum err world_listen(struct world *w, enum address_family family, bool is_dead,
                      void (*on_accept)(void *context, struct link *link), void *context,
                      struct listener **out, struct why *why) MUST_USE;
/* The same at a port that somebody has asked for (0: any). Sockets; in simulation every port is the
 * world's own choice. Errors: ERR_IO (in use, not allowed, no IPv6). */
enum err world_listen_at(struct world *w, enum address_family family, unsigned port,
                         void (*on_accept)(void *context, struct link *link), void *context,
                         struct listener **out, struct why *why) MUST_USE;
const char *listener_host(const struct listener *l); /* "127.0.0.1" or "::1" */
unsigned listener_port(const struct listener *l);
/* For the next accepts. Simulation; over sockets only the empty plan is allowed. */
void listener_plan(struct listener *l, const struct link_plan *plan);
void listener_release(struct listener *l); /* back to the pool; pending connections are dropped */

/*
 * Dials; on_done is called once, from the loop, unless the world is freed before: context has to live
 * until then (bounded by timeout_us; 0 is no limit). Faults: DNS_FAILURE, CONNECT_REFUSED,
 * CONNECT_TIMEOUT, UNREACHABLE (also: a literal that is not of the family asked for), PROXY_FAILURE.
 */
void world_dial(struct world *w, const struct dial_params *params,
                void (*on_done)(void *context, const struct dial_result *result), void *context);
/* The dial that was to report to this context does not; what it may still come to is closed. Does not
 * wait, though the system's resolver may go on in a thread of libcurl's (from 7.87 on; older ones wait
 * for it). Nothing happens when there is none. */
void world_dial_drop(struct world *w, const void *context);

void link_start(struct link *l, const struct link_handler *handler); /* begins to read */
void link_write(struct link *l, struct slice bytes);  /* copies; one segment per call where it fits */
/* The same for the last octets, when link_close follows at once: they and the FIN can travel together. */
void link_write_last(struct link *l, struct slice bytes);
void link_shutdown(struct link *l);                   /* FIN behind what was written; still reads */
void link_reset(struct link *l);                      /* RST now; no more callbacks; frees the link */
/* Flush, FIN, no more callbacks; frees the link. What the peer still sends is taken in and forgotten,
 * so that no RST overtakes our last words; this does not keep world_run from returning. */
void link_close(struct link *l);
size_t link_pending(const struct link *l);            /* written and not yet gone */
/* Written, and not taken by the network because the peer does not read and its window is closed. */
size_t link_unsent(const struct link *l);
void link_pause(struct link *l, bool is_paused);      /* no on_bytes and no on_eof while paused */

#endif
