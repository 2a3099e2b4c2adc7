/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets at rest: AES-256-GCM (NIST SP 800-38D) under a key from a passphrase by scrypt (RFC 7914),
 * and the digest and randomness that OAuth2 wants (RFC 7636). OpenSSL behind a small face.
 */
#ifndef SMTPDX_NET_SEAL_H
#define SMTPDX_NET_SEAL_H

#include "base/buf.h"
#include "base/err.h"

enum { SEAL_KEY = 32, SEAL_SALT = 16, SEAL_NONCE = 12, SEAL_TAG = 16, SEAL_LOG_N = 15 };

struct seal_key {
    unsigned char octets[SEAL_KEY];
};

/* Octets nobody can guess. Errors: ERR_LIBRARY. */
enum err seal_random(void *out, size_t n, struct why *why) MUST_USE;
/* N = 2^log_n (at most 2^20), r = 8, p = 1. Takes a tenth of a second with SEAL_LOG_N.
 * Errors: ERR_LIBRARY, ERR_INVALID (log_n). */
enum err seal_key_from_passphrase(struct slice passphrase, const unsigned char salt[SEAL_SALT],
                                  unsigned log_n, struct seal_key *out, struct why *why) MUST_USE;
/* From octets that are as good as a key already: their SHA-256. */
void seal_key_from_octets(struct slice octets, struct seal_key *out);
void seal_key_wipe(struct seal_key *key);

/* Appends the cipher text and its tag. bound is not in it and has to be the same when it is opened.
 * Errors: ERR_LIBRARY. */
enum err seal(const struct seal_key *key, const unsigned char nonce[SEAL_NONCE], struct slice bound,
              struct slice plain, struct buf *out, struct why *why) MUST_USE;
/* Errors: ERR_INVALID (another key, or changed octets: which of them cannot be told). */
enum err seal_open(const struct seal_key *key, const unsigned char nonce[SEAL_NONCE],
                   struct slice bound, struct slice sealed, struct buf *out,
                   struct why *why) MUST_USE;

/* SHA-256 of the text, 32 octets. */
void seal_digest(struct slice text, unsigned char out[32]);

#endif
