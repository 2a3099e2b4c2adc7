/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A case with its `retry`: attempts at the whole case, until one passes or no further one is
 * allowed. Passed on a later attempt is `flaky`, never `pass`. What every attempt came to stands in
 * the document under `runs`. A refused login is never tried again, and on a real server nothing is
 * once a credential or a message was on its way: locked accounts, mail sent twice.
 */
#ifndef SMTPDX_RUN_RERUN_H
#define SMTPDX_RUN_RERUN_H

#include "run/case.h"

/* As case_start, with as many attempts as the scenario allows. */
void rerun_start(const struct run_context *run, struct world *world, const struct spec_case *spec,
                 case_done_fn *on_done, void *context);

/* Runs the case in a simulated world of its own, to the end. Owned by the caller; NULL: passed, and
 * nobody wants the document (case.h). */
struct json *rerun_simulate(const struct run_context *run, const struct spec_case *spec);

/* NULL: the case may be tried again after the attempt that document tells of; else why not, "" when
 * nobody asked for it or all attempts are spent. done: attempts so far. */
const char *rerun_refusal(const struct spec_case *spec, size_t done, const struct json *document);

/* The one document of several attempts, at least one; takes over the documents, not the list.
 * after_us: the wait before each. */
struct json *rerun_merge(struct json *const *documents, const int64_t *after_us, size_t count);

/* The longest the case may take, all attempts and waits together. */
int64_t rerun_limit_us(const struct spec_case *spec);

#endif
