/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many logins were tried on an account within the last hour and not accepted, remembered from one
 * run to the next, so that no customer is locked out by us. Kept in files of a folder that the caller
 * names, which only the owner can read.
 */
#ifndef SMTPDX_CHECK_LOGINS_H
#define SMTPDX_CHECK_LOGINS_H

#include "base/err.h"

struct logins_account {
    const char *folder; /* that is there */
    const char *host;
    unsigned port;
    struct slice user;
};

enum { LOGINS_WINDOW_S = 3600, LOGINS_USUAL = 3 /* as settings.def has it */ };

/*
 * Takes one of `max` logins of this hour, before it is tried; used: how many there are then, this one
 * included. Errors: ERR_LIMIT (all are used; why says when the next one may be tried), ERR_IO (they
 * cannot be counted).
 */
enum err logins_take(const struct logins_account *account, int64_t now_s, unsigned max,
                     unsigned *used, struct why *why) MUST_USE;
/* Gives the last one back: the login was accepted, or was never sent. Errors: ERR_IO. */
enum err logins_give_back(const struct logins_account *account, int64_t now_s,
                          struct why *why) MUST_USE;

#endif
