/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event log of a run: one JSON object a line. Every report is a view of it; shards exchange it.
 * Secrets are redacted here, where it is written, and nowhere else.
 *
 * Events (all have "event" and "t", ms since the start of the run):
 *   run-start   {schema: "smtpdx/log/1", version, world, started (UTC), selected, seed, hostname,
 *                ci}
 *   case-start  {id}
 *   case-end    {id, result: the result document, with verdict}
 *   run-end     {reason: "done" or "interrupted", counts}
 */
#ifndef SMTPDX_RESULT_LOG_H
#define SMTPDX_RESULT_LOG_H

#include "base/redact.h"
#include "doc/json.h"

enum verdict {
    VERDICT_PASS,
    VERDICT_FAIL,
    VERDICT_ERROR,
    VERDICT_SKIP,
    VERDICT_XFAIL,
    VERDICT_XPASS,
    VERDICT_FLAKY,
    VERDICT_COUNT
};
const char *verdict_slug(enum verdict v);
bool verdict_from_slug(struct slice slug, enum verdict *out);

/*
 * A result document (map) has, besides the keys of docs/result.md: id, suite, name, title, file,
 * line, level, refs, tags, verdict, ms (wall or virtual), kind and message for anything but pass:
 *   failure: {kind, message (one line), text (place, caret, last wire lines, how to repeat)}
 *   error:   {kind: cause slug such as tool.aborted, message, text}
 *   skip:    {message}
 */

struct run_counts {
    size_t selected, done; /* done: has a verdict */
    size_t by_verdict[VERDICT_COUNT];
    size_t warnings; /* of by_verdict[VERDICT_FAIL]: see result_is_warning */
};

/* What a reader of a result document needs to know first. The verdict of a document without one is
 * VERDICT_ERROR: whatever wrote it did not finish. NULL is fine. */
enum verdict result_verdict(const struct json *result);
/* A failed `should` or `may`: shown as a failure, counted as a warning. */
bool result_is_warning(const struct json *result, bool should_fails);
/* Duration in whole milliseconds, rounded; never negative. */
int64_t result_ms(const struct json *result);

/* Redacts every string of v, a map, in place (keys are ours). */
void log_redact(struct json *v, const struct redactor *r);
/* One line with LF. */
void log_line(const struct json *event, struct buf *out);

/* The whole run as reports need it: header plus results in order of selection. Owns its JSON. */
struct run_record {
    struct json *start;     /* the run-start event */
    struct json **results;  /* one per selected case; NULL: never started */
    const char *const *ids; /* owned elsewhere */
    size_t count;
    struct run_counts counts;
    bool is_interrupted;
    bool should_fails; /* --strict: a failed `should` or `may` is a failure, not a warning */
    bool flaky_fails;  /* --fail-flaky: a case that passed on retry fails the run */
    int64_t ms;
};
void run_record_count(struct run_record *r); /* fills counts from results */
/* Exit status: 0 all passed (on retry too, unless flaky_fails), 1 failed (an unexpected pass too),
 * 4 nothing selected, 5 no failure, but something could not be judged (an error, or a case that did
 * not run to its end). */
int run_record_exit_status(const struct run_record *r);

#endif
