/* SPDX-License-Identifier: Apache-2.0 */
/* The store of tokens as commands use it: opened with its key, one token taken out of it and renewed. */
#ifndef SMTPDX_CLI_STORED_H
#define SMTPDX_CLI_STORED_H

#include "base/redact.h"
#include "cli/state.h"
#include "cli/token_run.h"

struct stored_token {
    const char *store_file, *key_file; /* options; NULL: as usual */
    struct token_route route;          /* to the token endpoint */

    struct token_store *store;
    char path[STATE_PATH_MAX];
    bool may_create; /* as stored_open was told */
    struct buf phrase, key_octets;
    struct redactor *redactor; /* borrowed; what comes out of the store is registered with it */
};

void stored_init(struct stored_token *s, struct redactor *redactor);
void stored_release(struct stored_token *s); /* wipes, and unlocks the store */

/* Opens it. Errors: as token_store_open; ERR_UNSUPPORTED (no key was given and nobody can be asked);
 * ERR_NOT_FOUND (there is no store, and may_create is not set). */
enum err stored_open(struct stored_token *s, bool may_create, struct why *why) MUST_USE;

/* Lets others at it; stored_reopen asks for no key again. Errors: as token_store_open. */
void stored_close(struct stored_token *s);
enum err stored_reopen(struct stored_token *s, struct why *why) MUST_USE;

/*
 * The name of an entry by its own name, or by its user when only one entry is his. Lives in the arena.
 * Errors: ERR_NOT_FOUND (none, or several).
 */
enum err stored_find(const struct stored_token *s, const char *word, struct arena *arena,
                     const char **name, struct why *why) MUST_USE;

/* From here on the redactor knows the secret, when it is long enough to be hidden. */
void stored_hide(const struct stored_token *s, const char *name, struct slice secret);

/* The entry; its secrets are known to the redactor from here on. */
void stored_get(struct stored_token *s, const char *name, struct token_entry *out);

#endif
