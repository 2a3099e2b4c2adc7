/* SPDX-License-Identifier: Apache-2.0 */
/* The key file of a service account: read when something has to be signed, and forgotten at once.
 */
#ifndef SMTPDX_CLI_TOKEN_SERVICE_H
#define SMTPDX_CLI_TOKEN_SERVICE_H

#include "base/arena.h"
#include "base/buf.h"

/* Holds what is as good as a token. */
void assertion_init(struct buf *assertion);
void assertion_release(struct buf *assertion); /* wipes */

/* Appends an assertion that is good for an hour from now. Errors: ERR_IO (the file, or others can
 * read it), ERR_SYNTAX, ERR_INVALID (it is no key file), ERR_LIBRARY. */
enum err assertion_make(const char *key_path, const char *audience, const char *user,
                        const char *scope, struct buf *assertion, struct why *why) MUST_USE;

/* The account's name and the token endpoint ("" when it is not said) of a key file. Live in the
 * arena. Errors: as above. */
enum err service_account_look(const char *key_path, struct arena *arena, const char **email,
                              const char **token_url, struct why *why) MUST_USE;

#endif
