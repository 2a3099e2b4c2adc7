/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTTPS request through libcurl, for token endpoints and autoconfiguration. Blocks: whoever asks has
 * nothing else to do until there is an answer. Only https, no redirects, certificate and name verified, no cookies, no
 * proxy but the one that is given.
 */
#ifndef SMTPDX_NET_HTTP_H
#define SMTPDX_NET_HTTP_H

#include "base/buf.h"
#include "base/err.h"
#include "base/facts.h"

enum { HTTP_BODY_MAX = 256 * 1024 };

struct http_request {
    const char *url;        /* https://… */
    struct slice form;      /* application/x-www-form-urlencoded, sent with POST; empty: GET */
    struct slice trust_pem; /* empty: the system's store */
    const char *connect_to; /* "host:port" dialled in the URL's place, or NULL */
    const char *proxy;      /* as curl's --proxy, or NULL */
    int64_t timeout_us;
    bool (*is_cancelled)(void); /* asked now and then; NULL: never */
};

struct http_answer {
    unsigned status;        /* 0: there was none, and fault says why */
    enum fault fault;
    char detail[256];       /* the library's words to the fault */
    int64_t retry_after_s;  /* 0: not said */
    struct buf body;        /* cut at HTTP_BODY_MAX */
};

void http_answer_init(struct http_answer *a);
void http_answer_release(struct http_answer *a); /* wipes: a token may be in it */

/* What the peer does is in the answer, whatever it is. Errors: ERR_INVALID (no https URL),
 * ERR_LIBRARY (libcurl cannot begin). */
enum err http_ask(const struct http_request *request, struct http_answer *out,
                   struct why *why) MUST_USE;

#endif
