/* SPDX-License-Identifier: Apache-2.0 */
/* Where transcripts go as files, and how the JUnit XML is to name them: options, else by CI. */
#ifndef SMTPDX_CLI_ATTACHMENTS_H
#define SMTPDX_CLI_ATTACHMENTS_H

#include "cli/cli.h"
#include "reports/report.h"

struct attachments {
    const char *folder; /* NULL: not said, or no files; "none": no files */
    const char *paths;  /* NULL: as the CI system reads them; project, xml or absolute */
};

#define ATTACHMENT_OPTIONS                                                                         \
    {"attachments", 0, "DIR",                                                                      \
     "transcripts as files in DIR, named by the JUnit XML (default on GitLab, Jenkins and Azure: " \
     "beside the XML; none: no files)"},                                                           \
    {                                                                                              \
        "attachment-paths", 0, "HOW",                                                              \
            "as the XML names them: project, xml (relative to it) or absolute (default: by the "   \
            "CI system)"                                                                           \
    }

/* False, after printing, on a bad value. is_paths: the second of the options. */
bool attachments_option(struct attachments *a, bool is_paths, const char *value);

/* Decides where they go, when no option says so: beside the XML (NULL: there is none) where a CI
 * system that reads them is detected. In the arena. */
void attachments_choose(struct attachments *a, const char *xml_path, struct arena *arena);

/* Before the run: files of an earlier one go, so that none is taken for new. After it: writes them.
 * False, after printing, when that cannot be done; then no report names them. */
bool attachments_begin(const struct attachments *a);
bool attachments_finish(struct attachments *a, const struct run_record *run);

/* How the report at xml_path ("-": standard output) names the folder; NULL: there are no files. In
 * the arena. */
const char *attachments_link(const struct attachments *a, const char *xml_path,
                             struct arena *arena);

#endif
