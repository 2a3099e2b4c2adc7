/* SPDX-License-Identifier: Apache-2.0 */
/* What an enhanced status code says by itself (RFC 3463 and its IANA registry): enhanced.def. */
#ifndef SMTPDX_DIAGNOSE_ENHANCED_H
#define SMTPDX_DIAGNOSE_ENHANCED_H

#include "diagnose/diagnose.h"

enum enhanced_how { ENHANCED_CODE, ENHANCED_WEAK, ENHANCED_LOGIN };

struct enhanced_code {
    unsigned subject, detail;
    enum enhanced_how how;
    enum cause permanent, transient; /* class 5, class 4; CAUSE_UNKNOWN: says too little */
    const char *source, *meaning;
};

/* i-th row of the table; NULL past the end. */
const struct enhanced_code *enhanced_at(size_t i);
/* The row of "5.7.8"; NULL when the registry has no such code. */
const struct enhanced_code *enhanced_find(const char *text);
/* The cause at this stage; is_weak: only when the reply code says nothing. */
enum cause enhanced_cause(const char *text, enum stage stage, bool *is_weak);

#endif
