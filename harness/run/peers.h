/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that stay: one process answers many questions, each a line, with a line. Started at the
 * first question, and again after one that it did not answer.
 */
#ifndef SMTPDX_RUN_PEERS_H
#define SMTPDX_RUN_PEERS_H

#include "run/command.h"

struct peers;

struct peers *peers_new(void); /* starts none */
/* Tells each by the end of its input, gives it a second, then ends it. The next question starts it
 * again. */
void peers_end(struct peers *p);
void peers_free(struct peers *p); /* ends them, too */

/*
 * Writes command->input, one line with its LF, to the process of this argv and appends the line it
 * answers with to out, without its LF; empty lines do not count. Blocks up to timeout_ms. A program
 * that did not answer as it must is ended. Errors: ERR_IO as command_talk, and when it ended, said
 * nothing in time, or printed a line that nobody had asked for; ERR_LIMIT when the line is longer
 * than out may be. The text is for a person and holds nothing of what was printed.
 */
enum err peers_ask(struct peers *p, const struct command *command, struct buf *out,
                   struct why *why) MUST_USE;

#endif
