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

/* Of one item of a list. */
bool leaf_item_holds(enum field_type type, const struct node *n, const struct json *item);
/* Why n does not hold, for a person who has read what was wanted and what came; nothing when that
 * says it all (match_tell.c). */
void leaf_tell(enum field_type type, const struct node *n, const struct json *got, struct buf *out);

/* What the form and the evaluation share. */
bool leaf_is_list(enum field_type type);
bool leaf_is_null(const struct node *n);       /* null or ~, without quotes */
bool leaf_is_code(struct slice s);             /* 535, 53x, 5xx */
bool leaf_number(struct slice s, double *out); /* decimal, no exponent, no locale */
/* What a text is worth in the order of its type: milliseconds, TLS version, number. */
bool leaf_rank(enum field_type type, struct slice s, double *out);

enum match_operand {
    OPERAND_VALUE,
    OPERAND_VALUES,
    OPERAND_PAIR,
    OPERAND_TEXT,
    OPERAND_REGEX,
    OPERAND_BOOL,
    OPERAND_COUNT,
    OPERAND_MATCHER,
    OPERAND_MATCHERS,
    OPERAND_ITEMS
};
enum match_on { ON_SCALAR = 1, ON_LIST = 2, ON_BOTH = 3 };
enum match_op {
#define OPERATOR(name, operand, on, one, schema, doc) OP_##name,
#include "scenario/operators.def"
#undef OPERATOR
    OP_COUNT_OF
};
struct operator_row {
    const char *name;
    enum match_op op;
    enum match_operand operand;
    enum match_on on;
    bool may_be_one;    /* one item stands for a list of one */
    const char *schema; /* of its value */
    const char *doc;
};
extern const struct operator_row operator_rows[OP_COUNT_OF];
const struct operator_row *operator_find(struct slice key);

#endif
