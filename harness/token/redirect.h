/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What comes back from the authorization endpoint (RFC 6749 4.1.2, RFC 9207): the browser's request
 * to the loopback (RFC 8252 7.3), or the address that a person has copied out of it. Anybody on
 * this machine, and any page in the browser, can send such a request: only one with our state is an
 * answer to our question. Pure; nothing that came in is said again.
 */
#ifndef SMTPDX_TOKEN_REDIRECT_H
#define SMTPDX_TOKEN_REDIRECT_H

#include "base/buf.h"

enum { REDIRECT_MAX = 16 * 1024 }; /* of a request's head, or an address */

/* From REDIRECT_CODE on it is the end of the matter, good or bad. */
enum redirect_kind {
    REDIRECT_MORE,    /* the head of the request is not whole yet */
    REDIRECT_OTHER,   /* a request for something else, as for an icon */
    REDIRECT_BAD,     /* not a request, or its parameters make no sense */
    REDIRECT_CODE,    /* the code is there */
    REDIRECT_REFUSED, /* the authorization server says no: error, description */
    REDIRECT_STATE,   /* another state: not the answer to our question */
    REDIRECT_ISSUER,  /* somebody else answers than was asked */
    REDIRECT_KIND_COUNT
};
bool redirect_is_end(enum redirect_kind kind);

/* Where browsers are sent back to: "http://127.0.0.1", "http://localhost:8080/done". Slices borrow from
 * the text. */
struct redirect_uri {
    struct slice host; /* 127.0.0.1 or localhost */
    unsigned port;     /* 0: not said */
    struct slice path; /* as written: some servers tell "" from "/" */
};
/* Errors: ERR_INVALID (not http, not this machine, a query). */
enum err redirect_uri_read(struct slice text, struct redirect_uri *out, struct why *why) MUST_USE;
/* Appends it with the port that it has got; 0: without. */
void redirect_uri_add(const struct redirect_uri *uri, unsigned port, struct buf *out);

/* Borrowed. */
struct redirect_wish {
    struct slice path; /* of the redirect URI, "/" */
    struct slice state;
    struct slice issuer; /* empty: not known; then it has to be of the origin of `asked` */
    struct slice asked;  /* the address of the authorization endpoint */
};

struct redirect {
    enum redirect_kind kind;
    struct buf code, error, description; /* decoded; empty: not there */
};

void redirect_init(struct redirect *r);
void redirect_release(struct redirect *r); /* wipes */

/* in: all octets of a connection so far. */
void redirect_read_request(struct slice in, const struct redirect_wish *wish, struct redirect *out);
/* The whole address, as a browser shows it. */
void redirect_read_address(struct slice address, const struct redirect_wish *wish,
                           struct redirect *out);

/* Appends the whole answer of HTTP to a request that came to this. */
void redirect_page(enum redirect_kind kind, struct buf *out);

/* Appends the error as a token endpoint would say it (RFC 6749 5.2), for the mapper. */
void redirect_document(const struct redirect *r, struct buf *out);

#endif
