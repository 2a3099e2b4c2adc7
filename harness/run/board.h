/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which cases have begun: memory that the parent shares with its workers. A worker that dies says
 * nothing more, and what it had begun must be known all the same; a message per start would cost
 * two system calls and a wake-up of the parent, a word in shared memory costs nothing.
 */
#ifndef SMTPDX_RUN_BOARD_H
#define SMTPDX_RUN_BOARD_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct board; /* opaque; to be made before the workers are forked */

/* Errors: ERR_IO when there is no shared memory. */
enum err board_new(size_t cases, struct board **out, struct why *why) MUST_USE;
void board_free(struct board *b); /* NULL is fine */

/* In the worker: the case begins. */
void board_begin(struct board *b, size_t i);
/* In the parent: when it began, in milliseconds of CLOCK_MONOTONIC; 0: it has not. */
int64_t board_begun_ms(const struct board *b, size_t i);
/* In the parent, while no worker has the case. */
void board_clear(struct board *b, size_t i);

#endif
