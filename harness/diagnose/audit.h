/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to rules and regression set together: how often is the mapper right, for whom and for
 * what is there data at all, which rule does no row reach, which rule never wins against another,
 * which row do two rules claim that disagree. Pure: the report is text for a person.
 */
#ifndef SMTPDX_DIAGNOSE_AUDIT_H
#define SMTPDX_DIAGNOSE_AUDIT_H

#include "diagnose/regress.h"

struct audit_input { /* all borrowed */
    const struct mapper *mapper;
    const struct registry *providers;
    const struct regress_set *set;
};

struct audit_counts {
    unsigned rows;
    unsigned marks[REGRESS_MARK_COUNT];
    unsigned oversure;      /* certain where nobody can be */
    unsigned certain_wrong; /* of these, the wrong ones */
};

/* Every row once; tokens' documents too. */
struct audit_counts audit_count(const struct mapper *m, const struct registry *providers,
                                const struct regress_set *set, bool with_provider);

/* Appends the whole report. */
void audit_report(const struct mapper *m, const struct registry *providers,
                  const struct regress_set *set, struct buf *out);

#endif
