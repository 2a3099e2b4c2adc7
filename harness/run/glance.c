/* SPDX-License-Identifier: Apache-2.0 */
/* What the judge would find nothing against, found out with less. */
#include "run/glance.h"

/* Nothing that a case fails for without having been asked about it (judge.c). */
static bool is_beyond_doubt(const struct document_input *in)
{
    const struct fake_report *f = in->fake;
    return in->spec->expect_fail == NULL &&
           (f == NULL || (f->leaked == 0 && f->complaint_count == 0 &&
                          redactor_find(in->redactor, f->clear_bytes) == NULL));
}

bool glance_passes(const struct document_input *in, const struct judge_input *judge)
{
    document_parts parts = document_parts_of(in->spec);
    if (in->spec->rerun != NULL || parts == DOCUMENT_ALL || !is_beyond_doubt(in)) {
        return false; /* attempts of a `retry` are compared by their documents */
    }
    struct json *document = document_build(in, parts);
    bool holds = judge_expectations_hold(judge, document);
    json_free(document);
    return holds;
}
