/* SPDX-License-Identifier: Apache-2.0 */
/* A program that was started: its two pipes, and its end. No shell. */
#ifndef SMTPDX_RUN_CHILD_H
#define SMTPDX_RUN_CHILD_H

#include "run/command.h"

#include <sys/types.h>

struct child {
    pid_t pid;
    int in, out; /* our ends; -1: closed */
};

/* Errors: ERR_IO, with what the system said. */
enum err child_start(const struct command *command, struct child *c, struct why *why) MUST_USE;
/* Takes what it wrote off *input: all of it, when the program does not read any more. */
void child_write(struct child *c, struct slice *input);
/* Waits for one of: it may be written to (when input is left), it has printed, until_ms. False: time. */
bool child_wait(struct child *c, size_t input_left, int64_t until_ms, bool *can_write,
                bool *can_read);
bool child_has_printed(const struct child *c); /* or has ended; does not wait */
/* Appends what is there; false at the end of the output. */
bool child_read(const struct child *c, struct buf *out);
void child_close_input(struct child *c);
/* Closes both pipes, gives it a second to end, else ends it, and judges how it did. is_late: time ran
 * out before. Errors: ERR_IO. */
enum err child_end(struct child *c, const struct command *command, bool is_late,
                   struct why *why) MUST_USE;
/* With those that it started, when it is a stranger (struct command). */
void child_kill(const struct child *c, bool is_stranger);

int64_t child_now_ms(void); /* monotonic */

#endif
