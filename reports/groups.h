/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cases by scenario file, in order of first appearance: one flat <testsuite> each. A case that
 * never started has no document and so no file; it goes to the file its suite is known to stand in.
 */
#ifndef SMTPDX_REPORTS_GROUPS_H
#define SMTPDX_REPORTS_GROUPS_H

#include "reports/report_case.h"

struct group {
    struct slice suite, file; /* of its first case that has them; borrowed from the record */
    size_t *members;          /* indexes into the record, in order */
    size_t count;
    size_t failures, errors, skipped;
    int64_t ms; /* sum of its cases */
};

struct groups {
    struct group *list;
    size_t count;
};

void groups_init(struct groups *g, const struct run_record *run);
void groups_release(struct groups *g);

#endif
