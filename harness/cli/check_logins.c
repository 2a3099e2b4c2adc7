/* SPDX-License-Identifier: Apache-2.0 */
/* See check_logins.h. That logins cannot be counted stops nobody, and is said. */
#include "cli/check_logins.h"

#include <stdio.h>
#include <string.h>

#include "cli/logins.h"

bool check_is_loopback(const char *host)
{
    return strncmp(host, "127.", 4) == 0 || strncmp(host, "localhost", 9) == 0 ||
           strncmp(host, "[::1]", 5) == 0 || strcmp(host, "::1") == 0;
}

static bool is_loopback(const struct check_params *p)
{
    return check_is_loopback(p->connect_to != NULL ? p->connect_to : p->target.host);
}

static void complain(const struct why *why)
{
    fprintf(stderr, "smtpdx check: logins cannot be counted: %s\n", why->text);
}

bool check_take_login(struct check *check, unsigned max)
{
    struct why why;
    unsigned used;
    const struct check_params *p = check_params(check);
    const struct logins_account account = {p->target.host, p->target.port, p->user};
    if (max == 0 || !check_plans_login(check) || is_loopback(p)) {
        return false;
    }
    enum err err = logins_take(&account, p->wall_time, max, &used, &why);
    if (err == ERR_LIMIT) {
        check_hold(check, why.text);
    } else if (err != ERR_OK) {
        complain(&why);
    }
    return err == ERR_OK;
}

void check_settle_login(const struct check *check)
{
    struct why why;
    const struct check_params *p = check_params(check);
    const struct check_result *r = check_result(check);
    const struct logins_account account = {p->target.host, p->target.port, p->user};
    bool is_harmless = r->logins == 0 || (r->report != NULL && r->report->auth_accepted);
    if (is_harmless && logins_give_back(&account, p->wall_time, &why) != ERR_OK) {
        complain(&why);
    }
}
