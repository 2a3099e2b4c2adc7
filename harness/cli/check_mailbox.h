/* SPDX-License-Identifier: Apache-2.0 */
/* `smtpdx check --verify-delivery`: which mailbox is looked into, with which credential, and the
 * look. */
#ifndef SMTPDX_CLI_CHECK_MAILBOX_H
#define SMTPDX_CLI_CHECK_MAILBOX_H

#include "check/check.h"
#include "cli/check_credential.h"
#include "net/mailbox.h"

struct check_mailbox {
    bool is_wanted;               /* --verify-delivery */
    const char *url, *connect_to; /* as given, or NULL */
    int64_t limit_us;             /* as given; 0: not said */
    struct credential_wish wish;  /* files and commands */

    struct credential secret; /* its own, if there is one */
    bool has_own;
    struct mailbox_request request; /* complete but for what the check knows only afterwards */
};

void check_mailbox_init(struct check_mailbox *m);
void check_mailbox_release(struct check_mailbox *m); /* wipes */

struct check_command;
/* Before anything is sent. EXIT_ALL_PASSED, or the exit status to end with, after printing why. */
int check_read_mailbox(struct check_command *c);

/* After the check: looks, if that was asked for and a message was accepted, and adds what came of
 * it to the result. before_us: since the acceptance. Blocks; an interrupt ends it. */
void check_look_into_mailbox(struct check_command *c, struct check *check, int64_t before_us);

#endif
