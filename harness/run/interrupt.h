/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ctrl-C and its kin. From interrupt_catch to interrupt_release a signal only asks the run to end,
 * so that the reports are written; whoever has sent three is heard, in case writing them hangs.
 */
#ifndef SMTPDX_RUN_INTERRUPT_H
#define SMTPDX_RUN_INTERRUPT_H

/* SIGINT, SIGTERM, and SIGHUP unless it is ignored (nohup). SIGPIPE is ignored meanwhile: that
 * nobody reads the progress any more is no reason to lose the reports. */
void interrupt_catch(void);
/* The number of the first signal since then, or 0. */
int interrupt_number(void);
/* As it was before interrupt_catch. */
void interrupt_release(void);

#endif
