/* SPDX-License-Identifier: Apache-2.0 */
/* The bound on logins (check/budget.h) with this user's state folder. That logins cannot be counted stops
 * nobody, and is said on standard error. */
#ifndef SMTPDX_CLI_CHECK_LOGINS_H
#define SMTPDX_CLI_CHECK_LOGINS_H

#include "check/budget.h"

/* Before check_start. True when a login was taken, and has to be settled. */
bool check_take_login(struct check *check, unsigned max);
/* Afterwards. */
void check_settle_login(const struct check *check);

#endif
