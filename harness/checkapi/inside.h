/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the files of libsmtpdx_check:
 *
 *   start.c    parameters in words; what a check needs around it
 *   drive.c    running it, by us or by the caller's loop; the cancel
 *   conclude.c the texts of what came of it
 *   result.c   what came of it
 */
#ifndef SMTPDX_CHECKAPI_INSIDE_H
#define SMTPDX_CHECKAPI_INSIDE_H

#include "base/redact.h"
#include "check/check.h"
#include "smtpdx_check.h"

struct smtpdx_check {
    struct arena arena;
    struct check_params params;
    const char *given; /* the target */
    struct buf secret; /* our copy */
    struct redactor *redactor;
    struct smtpdx_mapper *own_mapper; /* NULL: the caller's is used */
    struct tls_setup *tls;
    const char *state_folder; /* NULL: logins are not counted */
    unsigned login_max;
    bool has_login; /* one was taken, and has to be settled */

    struct world *world;
    int wake_fd; /* an eventfd: written to by smtpdx_check_cancel; -1: none yet */
    struct check *check;
    bool is_started;
    bool is_done;     /* said the check */
    bool is_finished; /* and the result is there */

    struct check_result result; /* with texts of our own, in which the credential is masked */
    const char *reply, *message_id;
    struct tls_facts tls_facts;
    struct buf json;
};

/* The texts of the result, masked. Once, when the check is done. */
void checkapi_conclude(struct smtpdx_check *c);

#endif
