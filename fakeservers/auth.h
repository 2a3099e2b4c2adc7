/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AUTH on the fake's side (RFC 4954): the dialog, the decoding of what a client sends for PLAIN,
 * LOGIN, XOAUTH2, OAUTHBEARER and EXTERNAL, and the judgement by the accounts of the scenario.
 */
#ifndef SMTPDX_FAKESERVERS_AUTH_H
#define SMTPDX_FAKESERVERS_AUTH_H

#include "base/buf.h"
#include "fakeservers/verifier.h"

struct conn;
struct answer;
struct fake;
struct auth_mechanism;

struct verdict {
    bool is_ok;
    const char *cause; /* of a refusal */
};

/* What a client claims; slices borrow from the decoded response. */
struct credential {
    struct slice user, secret;
    bool is_token;
};

struct auth_dialog {
    const struct auth_mechanism *mechanism; /* NULL: no dialog */
    struct buf user;                        /* as decoded so far */
    bool has_user;                          /* LOGIN: the next response is the password */
    struct verifier *verifier;              /* challenge-response mechanisms */
    bool is_settled;                        /* the answer is known and follows the next response */
    struct verdict verdict;
    struct buf later; /* set when a scripted challenge took the place of an answer: said next */
    size_t record;    /* index of the recorded attempt */
};

void auth_release(struct auth_dialog *d);

/* AUTH MECHANISM [INITIAL-RESPONSE], legal in this phase; works out the answer. */
void auth_command(struct conn *c, struct slice argument, struct answer *out, int64_t now_us);
void auth_response(struct conn *c, struct slice line, struct answer *out, int64_t now_us);
/* After the answer: 2xx signs in, 3xx waits for a response, all else ends the dialog. */
void auth_effect(struct conn *c, unsigned code);
/* Keeps the answer the polite server had, in case a rule says 334 in its place. */
void auth_keep(struct conn *c, const struct answer *polite);

/* The five mechanisms that are decoded by hand; false when the octets do not have their form. */
bool credential_plain(struct slice in, struct credential *out);       /* RFC 4616 */
bool credential_xoauth2(struct slice in, struct credential *out);     /* Google, Microsoft */
bool credential_oauthbearer(struct slice in, struct credential *out); /* RFC 7628 3.1 */

struct verdict accounts_judge(const struct fake *f, const struct credential *claim, int64_t now_us);
/* The password of an account, for mechanisms that never show it. False: no such account. */
bool accounts_password(const struct fake *f, struct slice user, struct buf *out);
/* What stands against this user besides a wrong secret (state, form of the name); ok if nothing. */
struct verdict accounts_state(const struct fake *f, struct slice user, bool is_token);
bool accounts_take_any(const struct fake *f);

#endif
