/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fake authorization server: authorization, token and device endpoints (RFC 6749, 7523, 7636,
 * 8628, 9207) in the manner of a provider, with rotation, expiry, a person who takes a while, and
 * the provider's own error documents. Pure: a form and the time come in, a status and a document go
 * out.
 */
#ifndef SMTPDX_FAKESERVERS_AUTHORITY_H
#define SMTPDX_FAKESERVERS_AUTHORITY_H

#include "base/buf.h"
#include "base/rng.h"
#include "net/sign.h"
#include "provider/provider.h"

struct authority_params {
    const struct provider *provider; /* whose manner; borrowed */
    uint64_t seed;
    int64_t access_lifetime_s;  /* default 3600 */
    int64_t device_lifetime_s;  /* default 900 */
    int64_t interval_s;         /* the least between two questions of the device flow; default 5 */
    unsigned pending;           /* so often the person has not come yet */
    bool is_declined;           /* the person says no */
    bool keeps_refresh_token;   /* does not rotate (Google) */
    int64_t refresh_lifetime_s; /* told with a refresh token; 0: not told, as most do */
    const struct sign_key
        *service_key; /* of the service account that is known; borrowed; NULL: none is */
    const char *service_email, *service_key_id; /* its name, and the key's */
    const char *says; /* a cause: its document is the answer; or redirect.denied …; NULL: none */
    unsigned says_times; /* so often; 0: always */
};

struct authority_counts {
    unsigned requests, tokens, rotations, refused;
    unsigned reused;  /* refresh tokens that had been replaced before */
    unsigned codes;   /* that browsers were sent back with */
    unsigned hurried; /* questions before the interval was over */
};

struct authority; /* opaque */

/* Errors: ERR_NOT_FOUND (there is no document for the cause; why lists which there are). */
enum err authority_new(const struct authority_params *params, struct authority **out,
                       struct why *why) MUST_USE;
void authority_free(struct authority *a);

/* form: application/x-www-form-urlencoded. path tells the device endpoint from the token endpoint.
 * Appends a JSON document to body; returns the status of HTTP. */
unsigned authority_answer(struct authority *a, int64_t now_s, struct slice method,
                          struct slice path, struct slice form, struct buf *body);

/*
 * A browser has come to the authorization endpoint (RFC 6749 4.1.1) with this query; the person is
 * signed in already and says yes, or what `says` says. Appends where it is sent to; returns 302,
 * 400 (it cannot be sent back: no client or no loopback address) or 404 (there is nothing under
 * this path).
 */
unsigned authority_visit(struct authority *a, int64_t now_s, struct slice path, struct slice query,
                         struct buf *location);
const struct authority_counts *authority_counts(const struct authority *a);
/* Is this an access token that was given out and has not expired? */
bool authority_knows(const struct authority *a, struct slice access_token, int64_t now_s);

#endif
