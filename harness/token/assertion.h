/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A service account that speaks for a person of its domain: Google's key file read, and the
 * assertion that its key signs (RFC 7523 3, RS256). Time comes in as an argument.
 */
#ifndef SMTPDX_TOKEN_ASSERTION_H
#define SMTPDX_TOKEN_ASSERTION_H

#include "base/buf.h"
#include "base/err.h"

enum { ASSERTION_LIFETIME_S = 3600 };

struct service_account; /* opaque; the key is in it, and wiped with it */

/* text: the key file, JSON with type, client_email, private_key, private_key_id and token_uri.
 * Errors: ERR_SYNTAX (no JSON), ERR_INVALID (another kind of file; something is missing; a key that
 * cannot be used). */
enum err service_account_read(struct slice text, struct service_account **out,
                              struct why *why) MUST_USE;
void service_account_free(struct service_account *s); /* NULL is fine */
const char *service_account_email(const struct service_account *s);
const char *service_account_token_url(const struct service_account *s); /* "": not in the file */

/* Everything is borrowed. */
struct assertion_claims {
    const char *audience; /* the token endpoint, as it calls itself */
    struct slice subject; /* for whom the account speaks */
    struct slice scope;
    int64_t now_s; /* good for ASSERTION_LIFETIME_S from here */
};
/* Appends the assertion: whoever has it gets a token for it. Errors: ERR_LIBRARY. */
enum err service_account_sign(const struct service_account *s,
                              const struct assertion_claims *claims, struct buf *out,
                              struct why *why) MUST_USE;

#endif
