/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SASL client mechanisms, sans-I/O: challenges in, responses out, all raw octets (the SMTP layer
 * does base64). Own code for PLAIN (RFC 4616), LOGIN (draft-murchison-sasl-login), EXTERNAL
 * (RFC 4422 A), XOAUTH2 (Google, Microsoft) and OAUTHBEARER (RFC 7628), whose exact octets are what
 * we test; libgsasl for CRAM-MD5 (RFC 2195) and SCRAM-SHA-1/-SHA-256 with their -PLUS forms
 * (RFC 5802, 7677). Only the mechanism that was asked for is ever used.
 */
#ifndef SMTPDX_SASL_SASL_H
#define SMTPDX_SASL_SASL_H

#include "base/buf.h"
#include "base/err.h"

struct sasl_mechanism {
    const char *name;
    bool is_client_first;  /* has an initial response */
    bool sends_secret;     /* the secret itself crosses: never in clear */
    bool takes_token;      /* wants an OAuth2 access token, not a password */
    bool wants_binding;    /* -PLUS: needs channel-binding octets */
    bool proves_server;    /* SCRAM: the server must prove itself, or it is no success */
};
extern const struct sasl_mechanism sasl_mechanisms[];
extern const size_t sasl_mechanism_count;
const struct sasl_mechanism *sasl_find(struct slice name); /* without case; NULL if unknown */

struct sasl_params {
    struct slice user, authzid, secret; /* password or token; borrowed for the life of the session */
    struct slice host;                  /* OAUTHBEARER host=, and the service name for libgsasl */
    unsigned port;                      /* OAUTHBEARER port= */
    struct slice binding;               /* tls-exporter (RFC 9266) octets; empty if none */
    struct slice nonce;                 /* SCRAM: must be empty, since libgsasl makes its own and
                                           takes none from outside */
};

struct sasl_session; /* opaque */

/* Errors: ERR_NOT_FOUND (no such mechanism), ERR_INVALID (what it needs is missing, or an octet it
 * cannot carry: a NUL in PLAIN, ^A in XOAUTH2), ERR_UNSUPPORTED (this libgsasl cannot do it, or a
 * nonce was given), ERR_LIBRARY. */
enum err sasl_new(const struct sasl_mechanism *m, const struct sasl_params *params,
                  struct sasl_session **out, struct why *why) MUST_USE;
void sasl_free(struct sasl_session *s); /* wipes; NULL is fine */

enum sasl_step {
    SASL_RESPOND,  /* send out (may be empty) */
    SASL_CANCEL,   /* the challenge makes no sense: send "*" (RFC 4954 4); why says what was wrong */
};
/* Appends the initial response (it may be empty); false when the mechanism has none or it was sent. */
bool sasl_initial(struct sasl_session *s, struct buf *out);
/*
 * Answers a challenge (decoded). For XOAUTH2 and OAUTHBEARER a JSON error document is answered as
 * the mechanism asks (empty line; ^A) and kept for sasl_error_document(). A SCRAM error (e=) is
 * answered with an empty line, so that the server can say its reply. When the initial response was
 * not sent, an empty challenge asks for it. After SASL_CANCEL every challenge is cancelled, and out
 * is untouched.
 */
enum sasl_step sasl_challenge(struct sasl_session *s, struct slice challenge, struct buf *out,
                              struct why *why);
/* True when the mechanism had all it wanted, so that a 235 may be believed (SCRAM: server proven). */
bool sasl_is_complete(const struct sasl_session *s);
/* True when the server sent a proof and it was wrong (the challenge was cancelled): somebody who does
 * not know the password sits in between (RFC 5802 3). */
bool sasl_server_is_disproven(const struct sasl_session *s);
/* The JSON the server sent instead of a challenge, or empty. Borrowed from s. */
struct slice sasl_error_document(const struct sasl_session *s);

#endif
