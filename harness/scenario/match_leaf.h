/* SPDX-License-Identifier: Apache-2.0 */
/* One value: a literal, or a mapping of operators that all have to hold. */
#ifndef SMTPDX_SCENARIO_MATCH_LEAF_H
#define SMTPDX_SCENARIO_MATCH_LEAF_H

#include "doc/json.h"
#include "scenario/table.h"

void leaf_check(enum field_type type, const struct choices *choices, const char *what,
                const struct node *n, struct doc_errors *errors);
void leaf_check_verb(const struct node *n, struct doc_errors *errors);
bool leaf_holds(enum field_type type, const struct node *n, const struct json *got);
void leaf_describe(const struct node *n,
                   struct buf *out); /* "535", "min 1, max 5", "[EHLO, QUIT]" */

/* The operators, for the schema and the manual. */
struct operator_row {
    const char *name;
    const char *schema; /* of its value */
    const char *doc;
};
extern const struct operator_row operator_rows[];
extern const size_t operator_count;

#endif
