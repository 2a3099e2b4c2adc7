/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the files of `smtpdx token`.
 *
 *   cmd_token.c      options and help
 *   token_login.c    signing in: who is asked, with what, and what is kept
 *   token_browser.c  … the part of it that goes through a browser
 *   token_entries.c  what is in the store: refreshed, listed, forgotten, exported
 *   token_service.c  a service account's key file
 *   token_run.c      a token flow over HTTPS
 *   stored.c         the store, opened with its key
 */
#ifndef SMTPDX_CLI_TOKEN_COMMAND_H
#define SMTPDX_CLI_TOKEN_COMMAND_H

#include "cli/cli.h"
#include "cli/config_file.h"
#include "cli/stored.h"

struct token_command {
    const char *user, *grant, *client_id, *secret_file, *refresh_file, *tenant, *scope, *token_url,
        *device_url, *authorize_url, *redirect_url, *browser, *key_path, *folder, *config_file;
    struct config *config; /* with the options that a file may say, too */
    struct stored_token stored;
    bool is_json, is_forced, is_pasted;
    uint64_t warn_days; /* 0: not said */
    int64_t wait_us;    /* for the browser */

    struct arena arena;
    struct registry *registry;
    struct mapper *mapper;
    struct redactor *redactor;
    struct buf client_secret, refresh_token;
};

/* Prints it; returns the status. */
int token_complain(const char *text, int status);
/* Opens the store; what is wrong is printed. The exit status to end with, or EXIT_ALL_PASSED. */
int token_open_store(struct token_command *c, bool may_create);
int token_store_status(enum err err, const struct why *why);
/* "NAME: kept; good for 60 minutes" */
void token_print_left(const char *name, int64_t expires_s);
/* The end of a flow that gave no token; flow may be NULL, and why says what went wrong with us. The
 * exit status. */
int token_flow_failed(struct token_command *c, const struct provider *provider,
                      const struct token_flow *flow, const struct why *why);
/* The same of what a browser has brought. */
int token_refused(struct token_command *c, const struct provider *provider, struct slice document);

/* Each is one word of the command line; the exit status. */
int token_login(struct token_command *c, const char *who);
int token_refresh(struct token_command *c, const char *word);
int token_status(struct token_command *c);
int token_forget(struct token_command *c, const char *word);
int token_export(struct token_command *c, const char *word);

/* ---- token_browser.c ---- */

/* A question to the person's browser, and its answer. Texts are borrowed. */
struct sign_in {
    const struct provider *provider; /* or NULL */
    const char *authorize_url, *scope, *user;

    struct buf code, redirect_uri, verifier; /* out; secret but for the address */
};
void sign_in_init(struct sign_in *s);
void sign_in_release(struct sign_in *s); /* wipes */
/* Until there is a code; what is wrong is printed. The exit status. */
int sign_in_run(struct token_command *c, struct sign_in *s);

#endif
