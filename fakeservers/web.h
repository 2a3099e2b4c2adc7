/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The authority as an HTTPS server: enough of HTTP/1.1 (RFC 9112) for one request on each connection, as a
 * session that runs in either world, and a listener that stays.
 */
#ifndef SMTPDX_FAKESERVERS_WEB_H
#define SMTPDX_FAKESERVERS_WEB_H

#include "fakeservers/authority.h"
#include "net/driver.h"
#include "net/pki.h"

struct web; /* opaque */

struct web_params {
    struct authority *authority; /* borrowed */
    struct pki *pki;             /* borrowed */
    const char *host;            /* the certificate is for, besides localhost and the loopback */
    const char *authorize_host;  /* and this; NULL: none */
    enum address_family family;
    unsigned port;               /* 0: any */
    int64_t wall_time;           /* seconds since 1970 at the start */
    int64_t delay_us;            /* before each answer */
    void *context;
    /* A request was answered; may be NULL. Nothing that is secret is told. */
    void (*on_answered)(void *context, struct slice method, struct slice path, unsigned status);
};

/* Errors: ERR_LIBRARY (certificate), ERR_IO (port). */
enum err web_start(struct world *world, const struct web_params *params, struct web **out,
                   struct why *why) MUST_USE;
void web_free(struct web *w); /* NULL is fine */
const char *web_host(const struct web *w);
unsigned web_port(const struct web *w);

#endif
