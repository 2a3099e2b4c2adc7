/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of a token endpoint: a form for each grant (RFC 6749 4.1.3, 4.4.2, 6; RFC 7523 2.1; RFC 8628 3.1, 3.4). Pure. */
#ifndef SMTPDX_TOKEN_GRANT_H
#define SMTPDX_TOKEN_GRANT_H

#include "base/buf.h"

/* Who asks, and what for. Everything is borrowed. */
struct token_client {
    const char *token_url, *device_url; /* device_url NULL: no device flow */
    struct slice id, secret;            /* secret empty: a public client */
    struct slice scope;                 /* blank-separated */
};

/* Each appends its form. */
void grant_refresh(const struct token_client *c, struct slice refresh_token, struct buf *form);
void grant_client_credentials(const struct token_client *c, struct buf *form);
void grant_device_begin(const struct token_client *c, struct buf *form);
void grant_device_ask(const struct token_client *c, struct slice device_code, struct buf *form);
/* With the verifier of PKCE (RFC 7636 4.5). */
void grant_code(const struct token_client *c, struct slice code, struct slice redirect_uri,
                struct slice verifier, struct buf *form);
/* The scope is in the assertion. */
void grant_assertion(struct slice assertion, struct buf *form);

#endif
