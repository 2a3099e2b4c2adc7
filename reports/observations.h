/* SPDX-License-Identifier: Apache-2.0 */
/* What is worth knowing of a case beside its verdict, as names and values, in a fixed order. */
#ifndef SMTPDX_REPORTS_OBSERVATIONS_H
#define SMTPDX_REPORTS_OBSERVATIONS_H

#include "reports/report_case.h"

typedef void observation_visit(void *context, const char *name, struct slice value);

/* Calls visit for each observation the document has; value is borrowed for the call. */
void observations_walk(const struct report_case *c, observation_visit *visit, void *context);

#endif
