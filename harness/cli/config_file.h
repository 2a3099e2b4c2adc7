/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which configuration file is read: that of --config, else of SMTPDX_CONFIG, else
 * XDG_CONFIG_HOME/smtpdx/config.yaml (or config.json), else the same in ~/.config; else none.
 * "none" in the place of a file is none, too.
 */
#ifndef SMTPDX_CLI_CONFIG_FILE_H
#define SMTPDX_CLI_CONFIG_FILE_H

#include "cli/cli.h"
#include "config/config.h"

/*
 * Reads the file and the environment into c, and holds the entries against the providers. option:
 * that of
 * --config, or NULL. Returns EXIT_ALL_PASSED, or the exit status to end with, after printing why.
 */
int cli_read_config(const struct cli_command *command, const char *option,
                    const struct registry *providers, struct config *c);

#endif
