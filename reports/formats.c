/* SPDX-License-Identifier: Apache-2.0 */
/* The table of report formats, and names of attachments (attachments.c writes them). */
#include "reports/formats.h"

/* clang-format off */
const struct report_format report_formats[] = {
    { "junit",    "JUnit",    ".xml",  "JUnit XML, which every CI system reads",            junit_write },
    { "json",     "JSON",     ".json", "all result documents with a header and counts",     json_write },
    { "tap",      "TAP",      ".tap",  "Test Anything Protocol, version 14",                tap_write },
    { "github",   "GitHub",   ".txt",  "workflow commands that annotate lines on GitHub",   github_write },
    { "markdown", "Markdown", ".md",   "a summary for a job page or a merge request",       markdown_write },
};
/* clang-format on */
const size_t report_format_count = COUNT(report_formats);

const struct report_format *report_find(struct slice name)
{
    for (size_t i = 0; i < report_format_count; i++) {
        if (slice_eq_text(name, report_formats[i].name)) {
            return &report_formats[i];
        }
    }
    return NULL;
}

static bool is_harmless(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

void report_attachment_name(struct slice id, struct buf *out)
{
    enum { READABLE_MAX = 100 };
    uint64_t hash =
        0xcbf29ce484222325U; /* FNV-1a: tells apart what the readable part makes equal */
    for (size_t i = 0; i < id.n; i++) {
        hash = (hash ^ (unsigned char)id.p[i]) * 0x100000001b3U;
    }
    for (size_t i = 0; i < id.n && i < READABLE_MAX; i++) {
        bool is_kept = is_harmless(id.p[i]) && (i != 0 || id.p[i] != '.');
        buf_add_char(out, is_kept ? id.p[i] : '_');
    }
    buf_addf(out, "-%016llx" REPORT_ATTACHMENT_SUFFIX, (unsigned long long)hash);
}
