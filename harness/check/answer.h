/* SPDX-License-Identifier: Apache-2.0 */
/* A check as one JSON object (docs/check.md), with the names of the result document. */
#ifndef SMTPDX_CHECK_ANSWER_H
#define SMTPDX_CHECK_ANSWER_H

#include "check/check.h"
#include "doc/json.h"

/* A new reference. given: the target as it was written. Not redacted: a server may have repeated the
 * credential. */
struct json *check_to_json(const struct check *c, struct slice given, bool with_transcript);

/* Appends the JSON Schema of such an object. */
void check_schema(struct buf *out);

#endif
