/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the files of `smtpdx check`.
 *
 *   cmd_check.c         options and help
 *   check_wishes.c      what the options mean together: target, route, credential
 *   check_config.c      what the configuration says of it
 *   check_stored.c      a token of the store as the credential
 *   check_one.c         one account: the check, and what is printed and written of it
 *   check_mailbox.c     did its message arrive?
 *   check_batch.c       many accounts; check_account.c, batch_stored.c
 *   check_view.c        a check for a person
 *   check_report.c      … for CI and for Prometheus
 */
#ifndef SMTPDX_CLI_CHECK_COMMAND_H
#define SMTPDX_CLI_CHECK_COMMAND_H

#include "cli/check_batch.h"
#include "cli/check_config.h"
#include "cli/check_credential.h"
#include "cli/check_mailbox.h"
#include "cli/check_view.h"
#include "cli/cli.h"
#include "cli/find.h"
#include "cli/stored.h"

struct check_command {
    struct credential_wish wish;
    struct check_params params;
    const char *from, *to, *folder, *until, *junit, *metrics, *config_file;
    struct config *config;      /* with the options that a file may say, too */
    struct config_for entries;  /* of it, for the target */
    const char *resolve[32];
    struct batch_params batch;
    bool is_json, is_ipv4, is_ipv6, is_stored, has_diagnosis;
    struct find_wish find;
    struct found found;
    struct stored_token stored;
    const char *stored_name;       /* of its entry */
    struct token_flow *token_flow; /* that gave no token; NULL: none */
    bool is_renewed;
    int64_t token_ends_s; /* of the stored token; 0: not known */
    struct check_look look;
    struct check_mailbox mailbox;

    struct arena arena;
    struct registry *registry;
    struct mapper *mapper;
    struct credential secret;
    struct redactor *redactor;
    struct tls_setup *tls;
    const char *given; /* the target */
    bool is_done;
};

/* Option words that are one of a list, and which go together. Each of these returns EXIT_ALL_PASSED, or
 * the exit status to end with, after printing why. */
int check_read_words(struct check_command *c);
int check_take_defaults(struct check_command *c); /* what holds whoever is asked */
int check_read_target(struct check_command *c);   /* and what holds for it */
int check_make_trusts(struct check_command *c, struct batch_trust *trusts); /* of all entries */
int check_read_credential(struct check_command *c);
/* All that is not a matter of options: the time, the name in EHLO, a Message-ID. */
void check_complete(struct check_command *c);

/* The stored token is renewed; what went wrong with that is in c->token_flow. Errors: of ours. */
enum err check_renew_stored(struct check_command *c, struct why *why) MUST_USE;

/* An option's value; NULL: it was not given. */
const char *check_option(const struct check_command *c, enum setting s);

/* Looks, prints, writes. The exit status. */
int check_run_one(struct check_command *c);

#endif
