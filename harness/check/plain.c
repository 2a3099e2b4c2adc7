/* SPDX-License-Identifier: Apache-2.0 */
/* A check without the mapper's words: what was replied stands in the place of the diagnosis. */
#include "check/judge.h"

/* What a person reads of the failure: the reply, or what happened in the place of one. */
static const char *failed_text(const struct check_result *r)
{
    for (size_t i = r->line_count; i > 0; i--) {
        if (r->lines[i - 1].mark == CHECK_MARK_FAIL) {
            return r->lines[i - 1].text;
        }
    }
    return "no reason was given";
}

void check_forget_diagnosis(struct check *c)
{
    struct check_result *r = &c->result;
    if (r->has_diagnosis) {
        r->has_diagnosis = false;
        r->because = r->because[0] != '\0' ? r->because : failed_text(r);
    }
    for (size_t i = 0; i < r->attempt_count; i++) {
        r->attempts[i].cause = "";
    }
}
