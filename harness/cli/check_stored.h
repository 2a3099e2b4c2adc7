/* SPDX-License-Identifier: Apache-2.0 */
/* A token of the store as the credential of a check, of one account or of many. */
#ifndef SMTPDX_CLI_CHECK_STORED_H
#define SMTPDX_CLI_CHECK_STORED_H

#include "check/check.h"
#include "cli/stored.h"

/*
 * The entry of a user: that of the provider which is checked, else the only one that is his. Lives in
 * the arena. Errors: ERR_NOT_FOUND (none, or several).
 */
enum err check_find_stored(const struct stored_token *s, const struct check_params *p,
                           struct arena *arena, const char **name, struct why *why) MUST_USE;

/* The check logs in with it; what is copied lives in the arena. */
void check_take_stored(struct check_params *p, const struct token_entry *e, bool is_renewed,
                       struct arena *arena);

/* Is this another token than the one that the check has, and good: was another process faster? */
bool check_is_renewed_elsewhere(const struct check_params *p, const struct token_entry *e);

#endif
