/* SPDX-License-Identifier: Apache-2.0 */
/* The writers behind report_formats, one file each. */
#ifndef SMTPDX_REPORTS_FORMATS_H
#define SMTPDX_REPORTS_FORMATS_H

#include "reports/report.h"

typedef enum err report_write(const struct run_record *run, const struct report_options *options,
                              struct buf *out, struct why *why);

report_write junit_write, json_write, tap_write, github_write, markdown_write;

#endif
