/* SPDX-License-Identifier: Apache-2.0 */
/* Parent and child, and how neither outlives or outwaits the other. */
#ifndef SMTPDX_RUN_PROCESS_H
#define SMTPDX_RUN_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

/* In a child: whatever ends the parent ends us, even if we spin. */
void process_end_with_parent(pid_t parent);
/* Collects a child that is about to end. One that was stopped, or hangs, is killed after 10 s; with
 * at_once right away. */
void process_wait_or_kill(pid_t pid, bool at_once);

#endif
