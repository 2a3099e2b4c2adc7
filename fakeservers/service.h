/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fake server that stays: one listener, any number of connections, for as long as its owner
 * wants. Each connection has a fake of its own, so that what was seen goes when the client has gone
 * and memory stays bounded; the rules' counters (`times`, `after`) and the TLS setups are shared.
 * Of a world and its time only; whoever owns the world runs it.
 */
#ifndef SMTPDX_FAKESERVERS_SERVICE_H
#define SMTPDX_FAKESERVERS_SERVICE_H

#include "fakeservers/fake.h"
#include "net/driver.h"

enum { SERVICE_OPEN_MAX = 1024 }; /* connections at once; one more is reset */

struct service; /* opaque */

struct service_params {
    struct fake_params fake; /* counters: the service's own, whatever is given */
    enum address_family family;
    unsigned port; /* 0: any */
    void *context; /* handed to the callbacks; each of them may be NULL */
    /* session: from 1, in the order in which they came. */
    void (*on_open)(void *context, unsigned session, int64_t now_us);
    /* What crossed, in plain text; DRIVER_SENT is what the fake said. */
    void (*on_octets)(void *context, unsigned session, enum driver_direction direction,
                      bool inside_tls, int64_t now_us, struct slice octets);
    /* The client has gone. The report is borrowed for the call. */
    void (*on_closed)(void *context, unsigned session, int64_t now_us,
                      const struct fake_report *report);
};

/* Errors: ERR_INVALID (persona or cause), ERR_LIBRARY (certificate), ERR_IO (port). */
enum err service_start(struct world *world, const struct service_params *params,
                       struct service **out, struct why *why) MUST_USE;
/* Connections still open are closed, and told of by on_closed. NULL is fine. */
void service_free(struct service *s);

const char *service_host(const struct service *s);
unsigned service_port(const struct service *s);
/* No more connections are taken from here on; those that are open go on. */
void service_stop(struct service *s);
unsigned service_session_count(const struct service *s); /* that have come */
unsigned service_open_count(const struct service *s);    /* of them, still there */

#endif
