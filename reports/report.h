/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports are views of the log. A new format is one file here and one row in report_formats.
 */
#ifndef SMTPDX_REPORTS_REPORT_H
#define SMTPDX_REPORTS_REPORT_H

#include "result/log.h"

struct report_options {
    bool is_strict; /* junit: the strict flavour */
    bool has_colour, is_terminal;
    unsigned columns;        /* console; 0: unknown, taken as 80 */
    bool is_verbose;         /* what passed is shown with its transcript too */
    bool should_fails;       /* console: as in struct run_record */
    const char *attachments; /* junit: folder of transcripts as the XML is to name it, or NULL */
};

struct report_format {
    const char *name;   /* "junit" */
    const char *title;  /* "JUnit" */
    const char *suffix; /* ".xml" */
    const char *summary;
    /* Appends the whole report. Whatever the documents lack is left out, and whatever they hold is
     * made harmless for the format. Errors: ERR_LIBRARY. */
    enum err (*write)(const struct run_record *run, const struct report_options *options,
                      struct buf *out, struct why *why);
};
extern const struct report_format report_formats[]; /* junit, json, tap, github, markdown */
extern const size_t report_format_count;
const struct report_format *report_find(struct slice name);

/* Name of the transcript of a case in options.attachments: harmless in any file system, unique. */
#define REPORT_ATTACHMENT_SUFFIX ".txt"
void report_attachment_name(struct slice id, struct buf *out);

/*
 * Transcripts as files, for CI systems that show attachments: one per case whose document has a
 * transcript, of 1 MiB at most. The folder is made when there is something to write.
 * Errors: ERR_IO.
 */
enum err attachments_write(const struct run_record *run, const char *folder,
                           struct why *why) MUST_USE;
/* Takes away what an earlier run wrote there (and nothing else), so that no reader takes it for
 * new; the folder too, if nothing stays in it. Errors: ERR_IO. */
enum err attachments_clear(const char *folder, struct why *why) MUST_USE;

/* Writes the report atomically: temporary file in the same folder, fsync, rename. What is there and
 * not a regular file (a device, a pipe) is written to directly. "-" is standard output.
 * Errors: ERR_IO with what the system said and what to do; no temporary file is left. */
enum err report_write_file(const struct report_format *format, const struct run_record *run,
                           const struct report_options *options, const char *path,
                           struct why *why) MUST_USE;
/* "writing FILE: what the system said (what to do)": the same words for every file we write.
 * number is an errno. Always ERR_IO. */
enum err report_io_error(const char *what, const char *path, int number, struct why *why);
enum err file_write_atomic(const char *path, struct slice bytes, struct why *why) MUST_USE;

/*
 * Console: progress while running, failures as they happen, the summary. On a terminal the last
 * line is a progress bar as wide as the terminal allows; elsewhere there are plain lines and no
 * control characters. It has no clock: what is drawn depends on the calls only. Writing never fails
 * (a closed pipe is not a failure of the run).
 */
struct console;                                                            /* opaque */
struct console *console_new(const struct report_options *options, int fd); /* copies options */
void console_free(struct console *c);
void console_start(struct console *c, size_t selected, const char *world);
void console_case_start(struct console *c, const char *id);
/* id: of the case, for a document that has none (of a case that passed without one); may be NULL.
 */
void console_result(struct console *c, const char *id, const struct json *result);
/* The width of the terminal has changed, or not; never 0. */
void console_resize(struct console *c, unsigned columns);
/* written: what there is to read now, for the summary line. */
struct console_written {
    const char *title, *path;
};
void console_finish(struct console *c, const struct run_record *run,
                    const struct console_written *written, size_t count);

#endif
