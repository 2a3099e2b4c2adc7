/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The face of a sans-I/O endpoint. The SMTP client and the fake server both wear it, so that one
 * driver runs either over sockets or in simulation. A session never touches a socket or a clock:
 * octets and the time come in as arguments, and what it wants done comes out, one act at a time.
 *
 * The driver's contract:
 *  - after every call of on_news, on_input or on_time it calls next() until SESSION_WAIT or
 *    SESSION_DONE and carries out each act in order;
 *  - consecutive SESSION_SENDs before a WAIT leave in one write (one segment). A session that needs
 *    its octets in separate segments waits for a deadline between them;
 *  - on SESSION_START_TLS everything sent before leaves in clear first. From then on input is cipher
 *    text for the TLS filter, and octets that arrived behind the last clear input go to the filter
 *    too, never to the session, unless the session has taken them as input already. Then
 *    SESSION_TLS_UP or SESSION_TLS_FAILED follows, with facts;
 *  - it calls on_time no later than deadline_us() says;
 *  - it calls on_unsent, where there is one, whenever the number of octets changes that the session
 *    has sent and the network will not take, because the peer has closed its window. Before the
 *    first call, and most of the time, that is 0.
 *
 * All times are microseconds on a clock that never goes back; INT64_MAX means "no deadline".
 */
#ifndef SMTPDX_BASE_SESSION_H
#define SMTPDX_BASE_SESSION_H

#include "base/facts.h"
#include "base/slice.h"

enum session_event {
    SESSION_CONNECTED,      /* TCP is up; implicit TLS, if configured, has not started */
    SESSION_CONNECT_FAILED, /* fault says why */
    SESSION_TLS_UP,         /* facts are set */
    SESSION_TLS_FAILED,     /* facts are set; facts->why is the fault */
    SESSION_EOF,            /* the peer closed (FIN, with or without close_notify) */
    SESSION_RESET,          /* the peer reset, or the connection broke */
};

struct session_news {
    enum session_event event;
    enum fault fault;              /* CONNECT_FAILED only */
    const struct tls_facts *facts; /* TLS_UP and TLS_FAILED only; borrowed for the call */
    bool has_close_notify;         /* EOF only: TLS was ended properly (RFC 8446 6.1) */
};

enum session_act_kind {
    SESSION_WAIT,       /* nothing to do until input, news or the deadline */
    SESSION_SEND,       /* bytes, through TLS when it is up */
    SESSION_SEND_RAW,   /* bytes past the TLS filter, for faults */
    SESSION_START_TLS,  /* tls: what to use; NULL means what the driver was configured with */
    SESSION_STOP_TLS,   /* close_notify, then go on in clear on the same connection */
    SESSION_CLOSE,      /* close_notify if TLS is up, then FIN both ways */
    SESSION_HALF_CLOSE, /* FIN for our direction only */
    SESSION_RESET_NOW,  /* RST */
    SESSION_STOP_READING, /* take nothing off the connection: the peer's writes will block */
    SESSION_READ_ON,      /* take what waits, and all that follows */
    SESSION_DONE,       /* the session is over; the driver closes what is still open */
};

struct tls_setup; /* net/tls.h; here only handed through */

struct session_act {
    enum session_act_kind kind;
    struct slice bytes;          /* SEND, SEND_RAW; borrowed until the next call into the session */
    const struct tls_setup *tls; /* START_TLS */
};

struct session_ops {
    void (*on_news)(void *self, int64_t now_us, const struct session_news *news);
    /* May be called with any number of octets; takes all of them. */
    void (*on_input)(void *self, int64_t now_us, struct slice bytes);
    void (*on_time)(void *self, int64_t now_us);
    int64_t (*deadline_us)(const void *self);
    void (*next)(void *self, int64_t now_us, struct session_act *act);
    void (*on_unsent)(void *self, int64_t now_us, size_t octets); /* may be NULL */
};

struct session {
    const struct session_ops *ops;
    void *self;
};

#endif
