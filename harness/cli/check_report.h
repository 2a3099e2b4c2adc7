/* SPDX-License-Identifier: Apache-2.0 */
/* A check as files that other programs read: JUnit XML for CI, a text file for Prometheus. */
#ifndef SMTPDX_CLI_CHECK_REPORT_H
#define SMTPDX_CLI_CHECK_REPORT_H

#include "base/redact.h"
#include "check/check.h"

/*
 * One test case: passed when usable or reached, failed when somebody has to act, an error when nothing
 * could be told. Written at once and as a whole. given: the target as it was written; text: what a
 * person reads. Errors: ERR_IO.
 */
enum err check_write_junit(const struct check *c, struct slice given, struct slice text,
                           const struct redactor *redactor, const char *path,
                           struct why *why) MUST_USE;

/* For the textfile collector of Prometheus' node exporter. token_left_s: of a stored token; negative:
 * not known. Errors: ERR_IO. */
enum err check_write_metrics(const struct check *c, struct slice given, int64_t token_left_s,
                             const char *path, struct why *why) MUST_USE;

#endif
