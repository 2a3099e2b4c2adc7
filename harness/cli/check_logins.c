/* SPDX-License-Identifier: Apache-2.0 */
/* See check_logins.h. */
#include "cli/check_logins.h"

#include <stdio.h>

#include "cli/state.h"

static void complain(const struct why *why)
{
    fprintf(stderr, "smtpdx check: logins cannot be counted: %s\n", why->text);
}

bool check_take_login(struct check *check, unsigned max)
{
    struct why why;
    char folder[STATE_PATH_MAX];
    bool is_taken = false;
    if (!budget_counts(check, max)) {
        return false;
    }
    enum err err = state_folder(folder, &why);
    err = err == ERR_OK ? budget_take(check, folder, max, &is_taken, &why) : err;
    if (err != ERR_OK) {
        complain(&why);
    }
    return is_taken;
}

void check_settle_login(const struct check *check)
{
    struct why why;
    char folder[STATE_PATH_MAX];
    enum err err = state_folder(folder, &why);
    err = err == ERR_OK ? budget_settle(check, folder, &why) : err;
    if (err != ERR_OK) {
        complain(&why);
    }
}
