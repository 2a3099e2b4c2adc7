/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures of JSON Web Tokens: RSASSA-PKCS1-v1_5 with SHA-256 (RS256, RFC 7518 3.3). OpenSSL
 * behind a small face. */
#ifndef SMTPDX_NET_SIGN_H
#define SMTPDX_NET_SIGN_H

#include "base/buf.h"
#include "base/err.h"

struct sign_key; /* opaque; OpenSSL wipes it when it is freed */

/* A private key as PEM without a passphrase. Errors: ERR_INVALID (none that OpenSSL can read, not
 * RSA, or of fewer than 2048 bits). */
enum err sign_key_read(struct slice pem, struct sign_key **out, struct why *why) MUST_USE;
/* A fresh one of 2048 bits, for fakes. Errors: ERR_LIBRARY. */
enum err sign_key_new(struct sign_key **out, struct why *why) MUST_USE;
void sign_key_free(struct sign_key *k); /* NULL is fine */
/* Appends it as PEM (PKCS #8). Errors: ERR_LIBRARY. */
enum err sign_key_pem(const struct sign_key *k, struct buf *out, struct why *why) MUST_USE;

/* Appends the signature's octets. Errors: ERR_LIBRARY. */
enum err sign_rs256(const struct sign_key *k, struct slice text, struct buf *out,
                    struct why *why) MUST_USE;
bool sign_is_rs256(const struct sign_key *k, struct slice text, struct slice signature);

#endif
