/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The secrets of a run: resolved once, before anything runs, from the environment, a file, a
 * command or a generator, and registered with the redactor in the same breath. Never from the
 * command line.
 */
#ifndef SMTPDX_RUN_SECRETS_H
#define SMTPDX_RUN_SECRETS_H

#include "base/redact.h"
#include "run/plan.h"

struct secrets; /* opaque */

struct secrets *secrets_new(uint64_t seed);
void secrets_free(struct secrets *s);                       /* wipes; NULL is fine */
struct redactor *secrets_redactor(const struct secrets *s); /* borrowed */

/* As secrets_resolve marks what it cannot find, but without running anybody's command: for a list
 * of what would run. */
void secrets_find_missing(struct plan *plan, struct arena *arena);

/*
 * Resolves what the selected, not skipped cases declare. A secret that is not there (variable not
 * set, file absent) makes its cases skip with that reason: CI runs without it, too. A secret that
 * is there but cannot be used (too short to be redacted) is an error: ERR_LIMIT.
 */
enum err secrets_resolve(struct secrets *s, struct plan *plan, struct arena *arena,
                         struct why *why) MUST_USE;

/* The value, or the empty slice. Borrowed until secrets_free. */
struct slice secrets_value(const struct secrets *s, const struct spec_secret *secret);
/* By name within one suite's list. */
struct slice secrets_named(const struct secrets *s, const struct spec_case *c, const char *name);

/* Registers a further secret that was made in passing (a literal test password). */
void secrets_register(struct secrets *s, const char *name, struct slice value);

/* Those that came from outside: environment, file or command; not the generated ones. */
void secrets_walk_given(const struct secrets *s, void (*visit)(void *context, struct slice value),
                        void *context);

/* All values, one a line, into a file only the owner can read; for the test that greps for them.
 * Errors: ERR_IO. */
enum err secrets_keep(const struct secrets *s, const char *path, struct why *why) MUST_USE;

#endif
