/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker process: takes indexes of the plan from one pipe, runs the cases (many at once on one
 * loop, or one by one in simulation), and writes one JSON line per event to another. It exits when
 * the pipe of indexes ends and nothing runs any more.
 */
#ifndef SMTPDX_RUN_WORKER_H
#define SMTPDX_RUN_WORKER_H

#include "run/case.h"

struct worker_params {
    const struct run_context *run;
    const struct plan *plan;
    bool is_simulated;
    int in_fd;  /* uint32_t indexes, native byte order */
    int out_fd; /* {"event":"case-start","i":3} and {"event":"case-end","i":3,"result":{…}} */
};

/* Returns the exit status of the process. */
int worker_run(const struct worker_params *params);

#endif
