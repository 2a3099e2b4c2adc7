/* SPDX-License-Identifier: Apache-2.0 */
/* See budget.h. */
#include "check/budget.h"

#include <string.h>

bool budget_is_loopback(const char *host)
{
    return strncmp(host, "127.", 4) == 0 || strncmp(host, "localhost", 9) == 0 ||
           strncmp(host, "[::1]", 5) == 0 || strcmp(host, "::1") == 0;
}

bool budget_counts(const struct check *check, unsigned max)
{
    const struct check_params *p = check_params(check);
    const char *dialled = p->connect_to != NULL ? p->connect_to : p->target.host;
    return max != 0 && check_plans_login(check) && !budget_is_loopback(dialled);
}

static struct logins_account account_of(const struct check *check, const char *folder)
{
    const struct check_params *p = check_params(check);
    return (struct logins_account){
        .folder = folder, .host = p->target.host, .port = p->target.port, .user = p->user};
}

enum err budget_take(struct check *check, const char *folder, unsigned max, bool *taken,
                     struct why *why)
{
    unsigned used;
    const struct check_params *p = check_params(check);
    const struct logins_account account = account_of(check, folder);
    *taken = false;
    if (!budget_counts(check, max)) {
        return ERR_OK;
    }
    enum err err = logins_take(&account, p->wall_time, max, &used, why);
    if (err == ERR_LIMIT) {
        check_hold(check, why->text);
        return ERR_OK;
    }
    *taken = err == ERR_OK;
    return err;
}

enum err budget_settle(const struct check *check, const char *folder, struct why *why)
{
    const struct check_result *r = check_result(check);
    const struct logins_account account = account_of(check, folder);
    bool is_harmless = r->logins == 0 || (r->report != NULL && r->report->auth_accepted);
    return is_harmless ? logins_give_back(&account, check_params(check)->wall_time, why) : ERR_OK;
}
