/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what one has to an access token: refresh token, client credentials, the device flow, a code that a
 * browser has brought, or a signed assertion (RFC 6749 4.1, 4.4, 6; RFC 7523; RFC 8628). Sans-I/O: time and answers come in, what is to be done comes out, one act at a
 * time. An error of the standard ends it at once; what is temporary (5xx, 429, a broken way there) is
 * asked again a few times, after growing pauses or when Retry-After says; a refused refresh token is
 * never offered twice.
 */
#ifndef SMTPDX_TOKEN_FLOW_H
#define SMTPDX_TOKEN_FLOW_H

#include "base/facts.h"
#include "token/answer.h"
#include "token/grant.h"

enum token_grant { TOKEN_GRANT_REFRESH, TOKEN_GRANT_CLIENT, TOKEN_GRANT_DEVICE, TOKEN_GRANT_CODE, TOKEN_GRANT_SERVICE, TOKEN_GRANT_COUNT };
const char *token_grant_slug(enum token_grant grant); /* refresh client_credentials device code service_account */
bool token_grant_from_slug(struct slice slug, enum token_grant *out);

struct token_flow_params {
    enum token_grant grant;
    struct token_client client;  /* borrowed */
    struct slice refresh_token;  /* REFRESH */
    struct slice code, redirect_uri, verifier; /* CODE */
    struct slice assertion;      /* SERVICE (token/assertion.h) */
    unsigned retries;            /* of what is temporary */
    int64_t base_s;              /* pause before the first; then doubled. 0: 1 s */
};

enum token_act_kind {
    TOKEN_ACT_POST, /* form to url, then token_flow_answer or token_flow_broken */
    TOKEN_ACT_SHOW, /* the person has to open uri and enter code; then go on */
    TOKEN_ACT_WAIT, /* nothing before until_s */
    TOKEN_ACT_DONE, /* there is a token */
    TOKEN_ACT_FAILED,
};
struct token_act {
    enum token_act_kind kind;
    const char *url;          /* POST */
    struct slice form;        /* POST; borrowed until the next call; holds secrets */
    struct slice uri, code;   /* SHOW; borrowed until token_flow_free */
    int64_t until_s;          /* WAIT */
};

/* Owned by the flow; wiped with it. */
struct token_result {
    struct slice access_token;
    struct slice refresh_token; /* the new one, or the one that was given; empty: none */
    bool is_rotated;            /* another refresh token than the one that was given */
    struct slice scope;         /* as granted; empty: as asked for */
    int64_t expires_s;          /* seconds since 1970; 0: not said */
    int64_t refresh_expires_s;  /* of the refresh token; 0: not said, as mostly */
    /* When it failed: */
    enum fault fault;           /* the way there; FAULT_NONE: the endpoint said no */
    char detail[256];
    struct slice document;      /* what the endpoint said, for the mapper; empty: nothing */
    unsigned status;            /* of HTTP */
    unsigned posts;             /* requests that were made */
};

struct token_flow; /* opaque */

/* Errors: ERR_INVALID (the grant lacks something: no device endpoint, no refresh token, no client id). */
enum err token_flow_new(const struct token_flow_params *params, struct token_flow **out,
                        struct why *why) MUST_USE;
void token_flow_free(struct token_flow *f); /* wipes; NULL is fine */
void token_flow_next(struct token_flow *f, int64_t now_s, struct token_act *out);
/* retry_after_s: 0 when not said. */
void token_flow_answer(struct token_flow *f, int64_t now_s, unsigned status, struct slice body,
                       int64_t retry_after_s);
void token_flow_broken(struct token_flow *f, int64_t now_s, enum fault fault, const char *detail);
const struct token_result *token_flow_result(const struct token_flow *f);

#endif
