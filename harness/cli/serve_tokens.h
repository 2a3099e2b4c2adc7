/* SPDX-License-Identifier: Apache-2.0 */
/* The token endpoint beside the server of `smtpdx serve`, with a service account that it knows when
 * one is wanted. */
#ifndef SMTPDX_CLI_SERVE_TOKENS_H
#define SMTPDX_CLI_SERVE_TOKENS_H

#include "cli/serve.h"
#include "net/pki.h"

struct serve_tokens; /* opaque */

struct serve_tokens_wish {
    bool is_wanted;
    const char *says;         /* what it says instead of a token; NULL: nothing */
    const char *account_file; /* where the key file of a service account is to be written; NULL:
                                 there is none */
};

/* Errors: ERR_NOT_FOUND (there is no such thing to say), ERR_IO (no port), ERR_LIMIT (the key file
 * cannot be written), ERR_LIBRARY. */
enum err serve_tokens_start(struct world *world, const struct provider *provider, struct pki *pki,
                            bool is_ipv6, const struct serve_tokens_wish *wish,
                            struct serve_view *view, struct serve_tokens **out,
                            struct why *why) MUST_USE;
void serve_tokens_free(struct serve_tokens *t);              /* NULL is fine */
const char *serve_tokens_host(const struct serve_tokens *t); /* NULL gives "" */
unsigned serve_tokens_port(const struct serve_tokens *t);    /* NULL gives 0 */

#endif
