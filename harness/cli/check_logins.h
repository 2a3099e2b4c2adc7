/* SPDX-License-Identifier: Apache-2.0 */
/* The bound on logins (logins.h) around a check. */
#ifndef SMTPDX_CLI_CHECK_LOGINS_H
#define SMTPDX_CLI_CHECK_LOGINS_H

#include "check/check.h"

/* "host" or "host:port". On one's own machine nobody is locked out but by oneself, and tests log in all
 * day: logins there are not counted. */
bool check_is_loopback(const char *host);

/*
 * Before check_start: takes one of the account's `max` logins of this hour (0: any number), if a login is
 * planned and the server is not on the loopback. Without any left the check is held. True when one was
 * taken, and has to be settled.
 */
bool check_take_login(struct check *check, unsigned max);
/* Afterwards: one that was accepted, or never sent, does not count. */
void check_settle_login(const struct check *check);

#endif
