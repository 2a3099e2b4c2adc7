/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One case as every report needs it: what the result document says, and something sensible where it
 * says nothing. A case without a document was never started: it counts as skipped.
 */
#ifndef SMTPDX_REPORTS_REPORT_CASE_H
#define SMTPDX_REPORTS_REPORT_CASE_H

#include "result/log.h"

/* All slices borrow from the record. */
struct report_case {
    const struct json *result; /* NULL: never started */
    enum verdict verdict;
    bool is_warning; /* a failed `should` that does not fail the run */
    struct slice id, suite, name, file, kind, message, text;
    unsigned line;
    int64_t ms;
};

struct report_case report_case_at(const struct run_record *run, size_t i);
/* The same from a document (NULL: never started); id stands in when the document has none. */
struct report_case report_case_of(const struct json *result, const char *id, bool should_fails);

/* Whether the case makes the run fail: a failure that is more than a warning, an unexpected pass.
 */
bool report_case_is_failure(const struct report_case *c);
/* "must, RFC3207#4", as the headline and annotations show it; nothing when neither is known. */
void report_case_add_level(const struct report_case *c, struct buf *out);
/* Text of a value: a string as it is, numbers and truth values printed; nothing for the rest. */
void report_add_value(const struct json *v, struct buf *out);
/* The transcript, a line each: "+9.8ms C: STARTTLS". Nothing when the document has none. */
void report_case_add_transcript(const struct report_case *c, struct buf *out);
void report_add_transcript(const struct json *list, struct buf *out);
/* Of the case, or of one of its attempts. */
bool report_case_has_transcript(const struct report_case *c);
/* "12.345": seconds with exactly three decimals, whatever the locale. */
void report_add_seconds(int64_t ms, struct buf *out);

/* At most 64 KiB of s: the first 48, what was left out, the last 16; cut between code points. */
enum { REPORT_TEXT_MAX = 64 * 1024 };
void report_add_capped(struct slice s, struct buf *out);
/* The same with another limit, three quarters of it head and one tail. */
void report_add_at_most(struct slice s, size_t most, struct buf *out);

#endif
