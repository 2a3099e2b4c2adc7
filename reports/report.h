/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports are views of the log. A new format is one file here and one row in report_formats.
 */
#ifndef SMTPDX_REPORTS_REPORT_H
#define SMTPDX_REPORTS_REPORT_H

#include "result/log.h"

struct report_options {
    bool is_strict;       /* junit: the strict flavour */
    bool has_colour, is_terminal; unsigned columns; /* console */
    bool is_verbose;
    const char *attachments; /* folder of transcripts, or NULL */
};

struct report_format {
    const char *name;   /* "junit" */
    const char *suffix; /* ".xml" */
    const char *summary;
    /* Appends the whole report. Errors: ERR_LIBRARY. */
    enum err (*write)(const struct run_record *run, const struct report_options *options,
                      struct buf *out, struct why *why);
};
extern const struct report_format report_formats[]; /* junit, json, (console summary), github, markdown, tap */
extern const size_t report_format_count;
const struct report_format *report_find(struct slice name);

/* Writes the report atomically: temporary file in the same folder, fsync, rename. "-" is standard output.
 * Errors: ERR_IO with what the system said and what to do. */
enum err report_write_file(const struct report_format *format, const struct run_record *run,
                           const struct report_options *options, const char *path,
                           struct why *why) MUST_USE;
enum err file_write_atomic(const char *path, struct slice bytes, struct why *why) MUST_USE;

/* Console: progress while running, failures as they happen, the summary. */
struct console; /* opaque */
struct console *console_new(const struct report_options *options, int fd);
void console_free(struct console *c);
void console_start(struct console *c, size_t selected, const char *world);
void console_case_start(struct console *c, const char *id);
void console_result(struct console *c, const struct json *result);
void console_finish(struct console *c, const struct run_record *run, const char *const *written, size_t count);

#endif
