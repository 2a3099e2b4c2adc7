/* SPDX-License-Identifier: Apache-2.0 */
/* The one line that sums a run up, for the console and for Markdown. */
#ifndef SMTPDX_REPORTS_SUMMARY_H
#define SMTPDX_REPORTS_SUMMARY_H

#include "result/log.h"

/* "158 cases: 155 passed, 2 failed, 1 skipped (needs live) in 1.9 s", without a line end. */
void summary_add(const struct run_record *run, struct buf *out);

#endif
