/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event log of a run: one JSON object a line. Every report is a view of it; shards exchange it.
 * Secrets are redacted here, where it is written, and nowhere else.
 *
 * Events (all have "event" and "t", ms since the start of the run):
 *   run-start   {schema:"smtpdx/log/1", version, world, started (UTC), selected, seed, hostname, ci}
 *   case-start  {id}
 *   case-end    {id, result: the result document, with verdict}
 *   run-end     {reason: "done"|"interrupted", counts}
 */
#ifndef SMTPDX_RESULT_LOG_H
#define SMTPDX_RESULT_LOG_H

#include "base/redact.h"
#include "doc/json.h"

enum verdict { VERDICT_PASS, VERDICT_FAIL, VERDICT_ERROR, VERDICT_SKIP, VERDICT_XFAIL, VERDICT_XPASS, VERDICT_FLAKY, VERDICT_COUNT };
const char *verdict_slug(enum verdict v);
bool verdict_from_slug(struct slice slug, enum verdict *out);

/*
 * A result document (map) has, besides the keys of docs/result.md: id, suite, name, title, file, line,
 * level, refs, tags, verdict, ms (wall or virtual), kind and message for anything but pass:
 *   failure: {kind, message (one line), text (place, caret, last wire lines, how to repeat)}
 *   error:   {kind: cause slug such as tool.aborted, message, text}
 *   skip:    {message}
 */

struct run_counts { size_t selected, done, by_verdict[VERDICT_COUNT]; };

/* Redacts every string of v in place (keys are ours). */
void log_redact(struct json *v, const struct redactor *r);
/* One line with LF. */
void log_line(const struct json *event, struct buf *out);

/* The whole run as reports need it: header plus results in order of the selection. Owns its JSON. */
struct run_record {
    struct json *start;     /* the run-start event */
    struct json **results;  /* one per selected case; NULL: never started */
    const char *const *ids; /* owned elsewhere */
    size_t count;
    struct run_counts counts;
    bool is_interrupted;
    int64_t ms;
};
void run_record_count(struct run_record *r);
/* Exit status of DESIGN: 0 all passed, 1 failed, 4 nothing selected, 5 could not be judged. strict makes a
 * failed `should` count as a failure. */
int run_record_exit_status(const struct run_record *r);

#endif
