/* SPDX-License-Identifier: Apache-2.0 */
/* What the standards' codes say where no sentence is known. */
#ifndef SMTPDX_DIAGNOSE_CODES_H
#define SMTPDX_DIAGNOSE_CODES_H

#include "diagnose/diagnose.h"
#include "wire/enhanced.h"

struct code_meaning {
    enum cause cause; /* CAUSE_UNKNOWN: the code says nothing at this stage */
    enum sureness sure;
    const char *source;
};

struct code_meaning code_enhanced_meaning(const struct enhanced *enhanced, unsigned code,
                                          enum stage stage);
struct code_meaning code_reply_meaning(unsigned code, enum stage stage);

#endif
