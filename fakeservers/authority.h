/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fake authorization server: token and device endpoints (RFC 6749, 8628) in the manner of a provider,
 * with rotation, expiry, a person who takes a while, and the provider's own error documents. Pure: a form
 * and the time come in, a status and a document go out.
 */
#ifndef SMTPDX_FAKESERVERS_AUTHORITY_H
#define SMTPDX_FAKESERVERS_AUTHORITY_H

#include "base/buf.h"
#include "base/rng.h"
#include "provider/provider.h"

struct authority_params {
    const struct provider *provider; /* whose manner; borrowed */
    uint64_t seed;
    int64_t access_lifetime_s; /* default 3600 */
    int64_t device_lifetime_s; /* default 900 */
    int64_t interval_s;        /* the least between two questions of the device flow; default 5 */
    unsigned pending;          /* so often the person has not come yet */
    bool is_declined;          /* the person says no */
    bool keeps_refresh_token;  /* does not rotate (Google) */
    const char *says;          /* a cause: its document is the answer; NULL: none */
    unsigned says_times;       /* so often; 0: always */
};

struct authority_counts {
    unsigned requests, tokens, rotations, refused;
    unsigned reused;   /* refresh tokens that had been replaced before */
    unsigned hurried;  /* questions before the interval was over */
};

struct authority; /* opaque */

/* Errors: ERR_NOT_FOUND (there is no document for the cause; why lists which there are). */
enum err authority_new(const struct authority_params *params, struct authority **out,
                       struct why *why) MUST_USE;
void authority_free(struct authority *a);

/* form: application/x-www-form-urlencoded. path tells the device endpoint from the token endpoint.
 * Appends a JSON document to body; returns the status of HTTP. */
unsigned authority_answer(struct authority *a, int64_t now_s, struct slice method, struct slice path,
                          struct slice form, struct buf *body);
const struct authority_counts *authority_counts(const struct authority *a);
/* Is this an access token that was given out and has not expired? */
bool authority_knows(const struct authority *a, struct slice access_token, int64_t now_s);

#endif
