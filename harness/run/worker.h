/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker process: takes indexes of the plan from one pipe, runs the cases (many at once on one
 * loop, or one by one in simulation), marks on the board what has begun, and writes a frame per
 * result to another pipe. It exits when the pipe of indexes ends and nothing runs any more.
 */
#ifndef SMTPDX_RUN_WORKER_H
#define SMTPDX_RUN_WORKER_H

#include "run/board.h"
#include "run/case.h"

struct worker_params {
    const struct run_context *run;
    const struct plan *plan;
    bool is_simulated;
    struct board *board;
    int in_fd;  /* uint32_t indexes, native byte order */
    int out_fd; /* frames (frame.h) */
};

/* Returns the exit status of the process. */
int worker_run(const struct worker_params *params);

#endif
