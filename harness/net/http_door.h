/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A door for browsers on the loopback: takes connections, collects what each says, and gives the
 * answer that its owner finds, one on each connection (RFC 9112, with Connection: close). What a
 * request means is the owner's affair. Bounded: so many visitors at once, so many octets and so
 * long each. In either world.
 */
#ifndef SMTPDX_NET_HTTP_DOOR_H
#define SMTPDX_NET_HTTP_DOOR_H

#include "net/world.h"

enum { HTTP_DOOR_VISITORS = 16, HTTP_DOOR_OCTETS = 32 * 1024 };

struct http_door; /* opaque */

struct http_door_params {
    unsigned port;    /* 0: any that is free */
    int64_t visit_us; /* nobody stays longer without having asked */
    void *context;
    /*
     * in: all octets of a connection so far. Appends to answer what is to be said, and the
     * connection ends; or nothing, and it is asked again when more has come.
     */
    void (*on_octets)(void *context, struct slice in, struct buf *answer);
};

/* Listens on 127.0.0.1. Errors: ERR_IO (the port is taken or not allowed; none is free). */
enum err http_door_open(struct world *world, const struct http_door_params *params,
                        struct http_door **out, struct why *why) MUST_USE;
unsigned http_door_port(const struct http_door *d);
unsigned http_door_visitors(const struct http_door *d); /* who are there now */
void http_door_free(struct http_door *d);               /* visitors are sent away; NULL is fine */

#endif
