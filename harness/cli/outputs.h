/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run writes besides the console: reports, the event log, the secrets of a test of
 * redaction. Everything that can be known to go wrong is found out before anything runs, and no
 * output may destroy another or a scenario file.
 */
#ifndef SMTPDX_CLI_OUTPUTS_H
#define SMTPDX_CLI_OUTPUTS_H

#include <stdio.h>

#include "cli/attachments.h"
#include "reports/report.h"
#include "scenario/spec.h"

enum { OUTPUTS_MAX = 16 };

struct outputs {
    struct output {
        const struct report_format *format;
        const char *path;
    } list[OUTPUTS_MAX];
    size_t count;
    bool has_junit, no_junit;
    const char *log_path, *secrets_path; /* or NULL */
    FILE *log;
    int log_error; /* errno of the first event that could not be written */
    struct attachments attachments;
    struct arena *arena; /* borrowed; to be set before outputs_open */
};

/* The format of that name, or NULL after printing which there are. */
const struct report_format *outputs_format(struct slice name);
/* Options; false after printing what is wrong with them. */
bool outputs_add(struct outputs *o, struct slice format, const char *path);
bool outputs_add_junit(struct outputs *o, const char *path);
bool outputs_add_report(struct outputs *o, const char *format_and_path); /* "tap=FILE" */
bool outputs_set_log(struct outputs *o, const char *path);

/* Completes the list, compares the paths with each other and with the scenario files, and opens the
 * log. Returns EXIT_ALL_PASSED or the exit status to end with, after printing why. */
int outputs_open(struct outputs *o, const struct suite_set *set);
/* Does anything but the console go to standard output? */
bool outputs_take_stdout(const struct outputs *o);
/* One event into the log, if there is one; takes the event. */
void outputs_log(struct outputs *o, struct json *event);
/* Writes all reports and closes the log. written (OUTPUTS_MAX + 1 at least): what there is now, for
 * the summary line. Returns EXIT_ALL_PASSED or EXIT_NO_REPORT, after printing why. */
int outputs_write(struct outputs *o, const struct run_record *run,
                  const struct report_options *look, struct console_written *written,
                  size_t *written_count);
void outputs_release(struct outputs *o);

/* Do two paths name one file? Devices and pipes never are in each other's way. */
bool outputs_are_same(const char *a, const char *b);

#endif
