/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parent of the workers: hands out cases, takes events, and survives what happens to a worker.
 *
 * When a worker crashes or hangs, the cases it had started and not ended are run again one at a
 * time, each alone in a fresh worker: the one that really does it costs itself (`error`), its
 * neighbours get their verdicts. Cases on real endpoints are never run twice: they become errors.
 */
#ifndef SMTPDX_RUN_COORDINATOR_H
#define SMTPDX_RUN_COORDINATOR_H

#include "run/worker.h"

struct coordinator_params {
    const struct run_context *run;
    const struct plan *plan;
    bool is_simulated;
    unsigned jobs;          /* worker processes, at least 1 */
    unsigned in_flight;     /* cases per worker at once, at least 1; sockets only */
    const char *const *ids; /* of the plan, for the record */
    /* Called in the parent as things happen; on_start comes before the result and may be NULL, then
     * nobody looks. result is redacted, borrowed; of a case that passed it holds no more than
     * verdict and ms when the context says only_verdicts. */
    void (*on_start)(void *context, size_t index);
    void (*on_result)(void *context, size_t index, struct json *result);
    void *context;
};

/*
 * Runs the plan; skipped cases get their document at once. results (plan->count of them, zeroed)
 * receives one document per case; NULL stays for those that never started because of an interrupt.
 * signal_number: 0, or that of the signal (run/interrupt.h) that ended the run early; cases in
 * flight then are errors (tool.aborted). Errors: ERR_IO when no worker can be made.
 */
enum err coordinator_run(const struct coordinator_params *params, struct json **results,
                         int *signal_number, struct why *why) MUST_USE;

#endif
