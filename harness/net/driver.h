/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts a link, an optional TLS filter and a session together, after the contract in base/session.h.
 * The same driver serves the client and the fake server, over sockets and in simulation.
 *
 * What the contract leaves open is settled here:
 *  - Octets in clear go to the session as they come, all of them; so what a peer sent behind its
 *    220 in the same segment is seen by the session as clear text (plain-text injection, RFC 3207
 * 6). Octets that come after START_TLS go to the TLS filter.
 *  - TLS_FAILED may also come after TLS_UP (an alert, a broken record); it is the last news of TLS.
 *  - A close_notify is SESSION_EOF. What a peer says in clear after it is dropped.
 *  - EOF inside the handshake is TLS_FAILED and then SESSION_EOF; a reset is SESSION_RESET only.
 *  - A session that waits without a deadline after its connection is gone gets SESSION_EOF once; if
 *    it then still waits, or never waits, that is a bug and ends the process.
 */
#ifndef SMTPDX_NET_DRIVER_H
#define SMTPDX_NET_DRIVER_H

#include "base/session.h"
#include "net/tls.h"
#include "net/world.h"

enum driver_direction { DRIVER_SENT, DRIVER_RECEIVED };

struct driver_params {
    bool is_server;
    bool implicit_tls;     /* TLS from the first octet; started unless the session does it itself */
    struct tls_setup *tls; /* for START_TLS without one of its own; borrowed */
    const char *server_name; /* client: for SNI and verification; borrowed, may be NULL */
    int64_t wall_time;       /* seconds since 1970, for certificates */
    void *context;           /* handed to the callbacks; each of them may be NULL */
    /* Plain text as the session said or heard it; octets past the filter count as in clear. */
    void (*on_tap)(void *context, enum driver_direction direction, bool inside_tls, int64_t now_us,
                   struct slice bytes);
    /* Client, right before SESSION_TLS_UP: the tls-exporter channel binding (RFC 9266), 32 octets.
     */
    void (*before_tls_up)(void *context, struct slice binding);
    /* The session is over and the link is closed; called last and once, never from inside a call
     * into the driver. May free the driver. */
    void (*on_done)(void *context);
};

struct driver; /* opaque */

/* Copies params. The session must live until on_done or driver_free. */
struct driver *driver_new(struct world *world, struct session session,
                          const struct driver_params *params);
/* NULL is fine. What is still open is closed gracefully; on_done is not called. */
void driver_free(struct driver *d);

/* One of the two, once. The driver owns the link from now on. */
void driver_attach(struct driver *d, struct link *link);
void driver_connect_failed(struct driver *d, enum fault fault);

bool driver_is_done(const struct driver *d);

#endif
