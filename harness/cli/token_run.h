/* SPDX-License-Identifier: Apache-2.0 */
/* A token flow over HTTPS, in real time, and what it means when it fails. */
#ifndef SMTPDX_CLI_TOKEN_RUN_H
#define SMTPDX_CLI_TOKEN_RUN_H

#include "diagnose/diagnose.h"
#include "token/flow.h"
#include "token/store.h"

struct token_route {
    const char *connect_to, *proxy; /* or NULL */
    struct slice trust_pem;         /* empty: the system's */
};

enum { TOKEN_LEFT_S = 600 }; /* an access token with less time left is refreshed first */

/*
 * Runs it to its end: requests, pauses, and what the person has to do (on standard error). False when
 * it failed or was interrupted. Errors of ours end it as a failure with FAULT_CONFIGURATION.
 */
bool token_run(struct token_flow *flow, const struct token_route *route);

/* What the end of a flow means. Strings live in the arena. */
void token_diagnose(const struct mapper *mapper, const struct provider *provider,
                    const struct token_flow *flow, struct arena *arena, struct diagnosis *out);

/*
 * A new access token for an entry, kept durably before it is told of (a rotated refresh token with it).
 * True when there is one; otherwise *flow (the caller's to free, may be NULL) or why says what went
 * wrong.
 */
bool token_renew(struct token_store *store, const char *name, const struct token_route *route,
                 struct token_flow **flow, struct why *why) MUST_USE;

/* Is there something that a new access token can be had for, without a person? */
bool token_can_renew(const struct token_entry *entry);

/* When it is over without a person who signs in again, in seconds since 1970: the end of the refresh
 * token, or of the access token where there is nothing to renew it by. 0: never, or not known. */
int64_t token_end_s(const struct token_entry *entry);

/* Does its access token last at least TOKEN_LEFT_S more? One without a time is taken to. */
bool token_is_fresh(const struct token_entry *entry, int64_t now_s);

#endif
