/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One attempt at a case from start to result document: fake server, probe, the probe's retries,
 * diagnosis, verdict. It never blocks; many run at once in one world.
 */
#ifndef SMTPDX_RUN_CASE_H
#define SMTPDX_RUN_CASE_H

#include "run/setup.h"

struct case_run; /* opaque; frees itself after on_done */

/* The document is complete (verdict included) and not redacted; the receiver owns it. NULL: the case
 * passed, and the context says that nobody wants the document of such a case. */
typedef void case_done_fn(void *context, struct json *document);

/* What outlives one attempt at a case (run/rerun.h). */
struct case_memory {
    unsigned attempt;        /* from 0 */
    unsigned *fake_counters; /* see struct fake_params; borrowed */
};

/* Starts one attempt; on_done is called later, never from inside this call. memory (NULL: this is
 * the only attempt) is read before it returns, the counters are borrowed until on_done. */
void case_start(const struct run_context *run, struct world *world, const struct spec_case *spec,
                const struct case_memory *memory, case_done_fn *on_done, void *context);

#endif
