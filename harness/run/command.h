/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a program of the user's and takes what it prints: a password store, say. No shell. */
#ifndef SMTPDX_RUN_COMMAND_H
#define SMTPDX_RUN_COMMAND_H

#include "base/buf.h"
#include "base/err.h"

struct command {
    const char *const *argv; /* NULL-terminated */
    struct slice input;      /* its standard input */
    bool is_stranger;        /* its environment is PATH, HOME and the like, nothing that may hold a secret; and
                         * what it has started ends with it when its time is over */
    int timeout_ms;
};

/*
 * Appends what it prints to out, whose cap bounds it. Errors: as command_output; also ERR_LIMIT, when
 * it printed more than the cap. Not reading its input is its own affair.
 */
enum err command_talk(const struct command *command, struct buf *out, struct why *why) MUST_USE;

/*
 * argv is NULL-terminated. Appends standard output to out (its cap bounds it); standard error goes
 * where ours goes, standard input is empty. Errors: ERR_IO when it cannot be started, ends with
 * another status than 0, is killed, or runs longer than timeout_ms (then it is killed). The text
 * never holds what it printed.
 */
enum err command_output(const char *const *argv, int timeout_ms, struct buf *out,
                        struct why *why) MUST_USE;

#endif
