/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the credential of a check comes from: a file, a command, the environment, or a person at the
 * terminal. Never from the command line, which everybody on the machine can read.
 */
#ifndef SMTPDX_CLI_CHECK_CREDENTIAL_H
#define SMTPDX_CLI_CHECK_CREDENTIAL_H

#include "base/buf.h"
#include "base/err.h"
#include "provider/provider.h"

struct credential_wish {
    const char *password_file, *password_command; /* NULL: not said */
    const char *token_file, *token_command;
    enum credential_kind kind; /* as said; NONE: not said */
    bool is_of_mailbox;        /* SMTPDX_MAILBOX_PASSWORD and SMTPDX_MAILBOX_TOKEN, in place of the account's */
    bool may_ask;              /* a person may be asked at the terminal */
    const char *user;          /* for the question; NULL: none */
};

struct credential {
    enum credential_kind kind; /* NONE: there is none */
    struct buf secret;         /* without the line end that it was stored with */
    int signal;                /* that interrupted the question; 0: none */
    char from[300];            /* "the environment variable SMTPDX_TOKEN", for a person */
};

void credential_init(struct credential *c);
void credential_release(struct credential *c); /* wipes */

/*
 * One line from the terminal, without echo. False when nobody is there to ask, or it was not answered:
 * signal then is the one that interrupted it, or 0.
 */
bool credential_ask(const char *question, struct buf *out, int *signal) MUST_USE;

/* A file that only its owner can read, without its last line end. Errors: ERR_IO. */
enum err credential_read_file(const char *path, struct buf *out, struct why *why) MUST_USE;

/*
 * Options go before the environment (SMTPDX_PASSWORD, SMTPDX_APP_PASSWORD, SMTPDX_TOKEN), and that
 * before a question. Errors: ERR_INVALID (more than one, or of another kind than was said), ERR_IO (a
 * file that cannot be read or that others can read; a command that failed), ERR_NOT_FOUND (the
 * question was not answered: Ctrl-C, or the end of the input).
 */
enum err credential_get(const struct credential_wish *wish, struct credential *out,
                        struct why *why) MUST_USE;

#endif
