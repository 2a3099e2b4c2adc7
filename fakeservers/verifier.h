/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libgsasl as the server side of the mechanisms that never show the password: CRAM-MD5 (RFC 2195),
 * DIGEST-MD5 (RFC 2831), SCRAM-SHA-1 and -SHA-256 with -PLUS (RFC 5802, 7677, 9266). The one file
 * of this folder that includes it.
 */
#ifndef SMTPDX_FAKESERVERS_VERIFIER_H
#define SMTPDX_FAKESERVERS_VERIFIER_H

#include "base/buf.h"

struct verifier; /* opaque */

struct verifier_params {
    const char *mechanism;
    const char *host;     /* for digest-uri */
    struct slice binding; /* tls-exporter octets, empty if none; copied */
    /* Appends the password of user; false when there is no such user. */
    bool (*password)(void *context, struct slice user, struct buf *out);
    void *context;
};

/* NULL when the library does not know the mechanism. */
struct verifier *verifier_new(const struct verifier_params *params);
void verifier_free(struct verifier *v); /* NULL is fine */

enum verifier_result { VERIFIER_MORE, VERIFIER_OK, VERIFIER_NO };
/* One response in (empty at the start of a server-first mechanism), one challenge out, raw octets.
 * VERIFIER_OK with a challenge: it has to be said, and answered by an empty response. */
enum verifier_result verifier_step(struct verifier *v, struct slice in, struct buf *out);
struct slice verifier_user(const struct verifier *v); /* once it was said */

#endif
