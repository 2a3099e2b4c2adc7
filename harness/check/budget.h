/* SPDX-License-Identifier: Apache-2.0 */
/* The bound on logins (logins.h) around a check. */
#ifndef SMTPDX_CHECK_BUDGET_H
#define SMTPDX_CHECK_BUDGET_H

#include "check/check.h"
#include "check/logins.h"

/* "host" or "host:port". On one's own machine nobody is locked out but by oneself, and tests log in all
 * day: logins there are not counted. */
bool budget_is_loopback(const char *host);
/* Is there something to count: is a login planned, and the server not on the loopback? max 0:
 * nothing is. */
bool budget_counts(const struct check *check, unsigned max);
/*
 * Before check_start: takes one of the account's `max` logins of this hour, if there is something
 * to count. Without any left the check is held. *taken: one was, and
 * has to be settled. Errors: ERR_IO (they cannot be counted; the check may go on all the same).
 */
enum err budget_take(struct check *check, const char *folder, unsigned max, bool *taken,
                     struct why *why) MUST_USE;
/* Afterwards: one that was accepted, or never sent, does not count. Errors: ERR_IO. */
enum err budget_settle(const struct check *check, const char *folder, struct why *why) MUST_USE;

#endif
