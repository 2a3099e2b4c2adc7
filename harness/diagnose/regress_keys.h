/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a row of the regression set: what reads rows and what describes them share one table.
 */
#ifndef SMTPDX_DIAGNOSE_REGRESS_KEYS_H
#define SMTPDX_DIAGNOSE_REGRESS_KEYS_H

#include "diagnose/regress.h"

enum regress_kind {
    REGRESS_TEXT,
    REGRESS_STAGE,
    REGRESS_CAUSE,
    REGRESS_CAUSES,
    REGRESS_SURE,
    REGRESS_SIDE
};

struct regress_key {
    const char *name;
    enum regress_kind kind;
    bool is_needed; /* and not empty */
    const char *doc;
};

/* NULL: no key of rows. */
const struct regress_key *regress_key_find(const char *name);
/* In the order in which rows have them; NULL past the end. */
const struct regress_key *regress_key_at(size_t i);

#endif
