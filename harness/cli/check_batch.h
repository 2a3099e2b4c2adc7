/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many accounts in one run: a JSON object a line in, one a line out as each is done, many at once and a
 * few at each provider. What has been done is not done again when the run is repeated with the same
 * output. Memory grows with the accounts that are under way, and by eight octets for each that was done.
 *
 *   check_batch.c    the run
 *   check_account.c  a line of the input as an account
 *   batch_stored.c   the token of an account out of the store
 */
#ifndef SMTPDX_CLI_CHECK_BATCH_H
#define SMTPDX_CLI_CHECK_BATCH_H

#include <stdio.h>

#include "base/redact.h"
#include "check/check.h"
#include "cli/check_config.h"
#include "cli/stored.h"

/* TLS with the certificates that an entry names; shared by its accounts. */
struct batch_trust {
    const char *ca_file;
    struct tls_setup *tls;
};

struct batch_params {
    const struct registry *registry;
    const struct config *config; /* with the entries that hold for an account */
    struct check_params common;  /* what an account does not say itself */
    const char *input;          /* a path; "-": standard input */
    const char *output;         /* a path, appended to; NULL: standard output, and all are done */
    const struct batch_trust *trusts;
    size_t trust_count;
    unsigned jobs;              /* at once */
    unsigned per_group;         /* of them, at one provider or host */
    unsigned shard, shards;     /* 1 of 1: all */
    bool has_diagnosis;         /* else what was replied alone is told */
    struct stored_token *stored; /* borrowed; opened when an account wants it */
};

/* Returns the exit status: 0 all usable or reached; 1 somebody has to act, or a line was bad; 3 a file
 * cannot be used; 5 something could not be told; 6 a result could not be written; 130 … interrupted. */
int batch_run(const struct batch_params *params);

/* ---- check_account.c ---- */

/* One account; owns what it needs. */
struct batch_account {
    struct arena arena;
    struct check_params params;
    struct redactor *redactor;
    char *id;
    unsigned line;     /* of the input; set by the run */
    const char *given; /* the target, as written */
    const char *group; /* the provider's name, or the host */
    unsigned logins_per_hour;
    bool is_stored;    /* its token is in the store */
    bool is_ready;     /* … and was taken out of it */
    bool must_renew;   /* the server has said that it is over: renewed once, and never again */
    struct token_flow *token_flow; /* that gave no token; NULL: none */
};

void account_free(struct batch_account *a); /* wipes; NULL is fine */

/*
 * Reads a line. Keys: target; id, user, credential, password, app_password, token, password_env,
 * app_password_env, token_env, stored, mechanism, security, purpose. *id is set whenever the line has one, for
 * the message; it and *out are the caller's.
 * Errors: ERR_SYNTAX, ERR_INVALID, ERR_NOT_FOUND.
 */
enum err account_read(const struct batch_params *batch, struct slice line,
                      struct batch_account **out, char **id, struct why *why) MUST_USE;

/* The keys by which a line may hold a secret itself: a file with them must be nobody else's to read. */
bool account_has_secret(struct slice line);

/* ---- batch_stored.c ---- */

/*
 * Takes the account's token out of the store, which is open, and renews it when it has to be. When the
 * token endpoint gave none, token_flow says why. Blocks for as long as that takes. Errors: ERR_NOT_FOUND
 * (there is no such entry, or several), ERR_IO (why).
 */
enum err account_take_token(struct batch_account *a, struct stored_token *s, struct why *why) MUST_USE;

#endif
