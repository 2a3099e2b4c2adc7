/* SPDX-License-Identifier: Apache-2.0 */
/* A browser of the user's, started with an address and left alone. */
#ifndef SMTPDX_CLI_BROWSER_H
#define SMTPDX_CLI_BROWSER_H

#include <sys/types.h>

#include "base/err.h"

/*
 * `/bin/sh -c 'COMMAND "$@"' sh URL`, so that nothing in the address is taken for a part of the
 * command. Nothing to read, its output with our errors, a group of its own, and none of our
 * variables: secrets may be in them. Errors: ERR_IO.
 */
enum err browser_start(const char *command, const char *url, pid_t *pid, struct why *why) MUST_USE;
/* It has ended, and not well; told once: pid is 0 afterwards. */
bool browser_has_failed(pid_t *pid);

#endif
