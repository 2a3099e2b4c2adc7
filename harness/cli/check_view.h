/* SPDX-License-Identifier: Apache-2.0 */
/* A check for a person: a line for each stage, then what it means and what to do. */
#ifndef SMTPDX_CLI_CHECK_VIEW_H
#define SMTPDX_CLI_CHECK_VIEW_H

#include "check/check.h"

struct check_look {
    size_t columns;
    bool is_verbose; /* with what crossed the wire */
    bool is_quiet;   /* the verdict alone */
};

/* Appends the text. Not redacted: a server may have repeated the credential. */
void check_view(const struct check *c, const struct check_look *look, struct buf *out);

#endif
