/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One case from start to result document: fake server, probe, retries, diagnosis, verdict. It never
 * blocks; many run at once in one world.
 */
#ifndef SMTPDX_RUN_CASE_H
#define SMTPDX_RUN_CASE_H

#include "run/setup.h"

struct case_run; /* opaque; frees itself after on_done */

/* The document is complete (verdict included) and not redacted; the receiver owns it. NULL: the case
 * passed, and the context says that nobody wants the document of such a case. */
typedef void case_done_fn(void *context, struct json *document);

/* Starts the case; on_done is called later, never from inside this call. */
void case_start(const struct run_context *run, struct world *world, const struct spec_case *spec,
                case_done_fn *on_done, void *context);

/* Runs the case in a simulated world of its own, to the end. Owned by the caller; NULL as above. */
struct json *case_simulate(const struct run_context *run, const struct spec_case *spec);

#endif
