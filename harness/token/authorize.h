/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a browser carries to the authorization endpoint (RFC 6749 4.1.1): whose sign-in is wanted,
 * for what, and the digest of a verifier that only we know (RFC 7636, S256), so that whoever sees
 * the code on its way back cannot use it. Pure: the randomness comes in.
 */
#ifndef SMTPDX_TOKEN_AUTHORIZE_H
#define SMTPDX_TOKEN_AUTHORIZE_H

#include "base/buf.h"

enum { PROOF_OCTETS = 64, PROOF_TEXT = 44 /* 32 octets in base64url, and a NUL */ };

struct token_proof {
    char verifier[PROOF_TEXT];  /* for the token endpoint, and nobody else */
    char challenge[PROOF_TEXT]; /* its SHA-256 */
    char state[PROOF_TEXT];     /* the answer to our question has to carry it */
};

/* octets: that nobody can guess. */
void token_proof_make(const unsigned char octets[PROOF_OCTETS], struct token_proof *out);
void token_proof_wipe(struct token_proof *p);

/* Everything is borrowed. */
struct token_question {
    const char *url; /* of the authorization endpoint */
    struct slice client_id, redirect_uri, scope;
    struct slice user; /* a hint, so that the right account is signed in; empty: none */
};
/* Appends the address that the browser has to open. */
void token_question_url(const struct token_question *q, const struct token_proof *proof,
                        struct buf *out);

#endif
