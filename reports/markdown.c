/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A summary in GitHub's Markdown, for a job page or a merge request. It stays under 1 MiB, where
 * GitHub refuses it: what does not fit is counted.
 */
#include "reports/formats.h"

#include "base/text.h"
#include "reports/report_case.h"
#include "reports/summary.h"

enum { SIZE_MAX_BYTES = 900 * 1024, DETAILS_MAX = 8 * 1024 };

/* Harmless on one line. With is_html only what HTML reads as its own is escaped: Markdown does not
 * apply there. Else markup is too: in a table or a heading it would show as something else. */
static void add_escaped(struct slice s, bool is_html, struct buf *out)
{
    static const char special[] = "\\`*_{}[]#|~";
    struct buf visible;
    buf_init(&visible, DETAILS_MAX);
    text_visible(s, TEXT_ONE_LINE, &visible);
    for (size_t i = 0; i < visible.n; i++) {
        char c = visible.p[i];
        if (c == '<' || c == '>' || c == '&') {
            buf_add_text(out, c == '<' ? "&lt;" : c == '>' ? "&gt;" : "&amp;");
            continue;
        }
        if (!is_html && slice_find_char(slice_of(special), c) != SIZE_MAX) {
            buf_add_char(out, '\\');
        }
        buf_add_char(out, c);
    }
    buf_release(&visible);
}

static size_t longest_run(struct slice s, char c)
{
    size_t longest = 0, run = 0;
    for (size_t i = 0; i < s.n; i++) {
        run = s.p[i] == c ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest;
}

static void add_fence(size_t ticks, struct buf *out)
{
    for (size_t i = 0; i < ticks; i++) {
        buf_add_char(out, '`');
    }
}

/* A fenced block; the fence is longer than any row of backticks in the text. */
static void add_block(struct slice text, struct buf *out)
{
    struct buf visible;
    buf_init(&visible, DETAILS_MAX);
    text_visible(slice_trim_end(text, "\n"), TEXT_KEEP_LINES, &visible);
    struct slice shown = buf_slice(&visible);
    while (visible.is_full && shown.n != 0 && (shown.p[shown.n - 1] & 0x80) != 0) {
        shown.n--; /* the cap may have cut a code point: none is better than half of one */
    }
    size_t ticks = longest_run(shown, '`');
    ticks = ticks < 3 ? 3 : ticks + 1;
    add_fence(ticks, out);
    buf_add_text(out, "text\n");
    buf_add(out, shown);
    buf_add_text(out, visible.is_full ? "\n…\n" : "\n");
    add_fence(ticks, out);
    buf_add_char(out, '\n');
    buf_release(&visible);
}

static const char *label_of(const struct report_case *c)
{
    if (report_case_is_failure(c)) {
        return c->verdict == VERDICT_XPASS ? "unexpected pass" : "failed";
    }
    if (c->verdict == VERDICT_ERROR) {
        return "error";
    }
    return c->is_warning ? "warning" : c->verdict == VERDICT_FLAKY ? "flaky" : NULL;
}

static void add_case(const struct report_case *c, struct buf *out)
{
    buf_addf(out, "<details><summary>%s: ", label_of(c));
    add_escaped(c->id, true, out);
    buf_add_text(out, "</summary>\n\n");
    add_escaped(c->message, false, out);
    buf_add_text(out, "\n\n");
    if (c->text.n != 0) {
        add_block(c->text, out);
    }
    buf_add_text(out, "\n</details>\n\n");
}

static void add_cases(const struct run_record *run, struct buf *out)
{
    size_t left_out = 0;
    for (size_t i = 0; i < run->count; i++) {
        struct report_case c = report_case_at(run, i);
        if (label_of(&c) == NULL) {
            continue;
        }
        if (out->n > SIZE_MAX_BYTES) {
            left_out++;
            continue;
        }
        add_case(&c, out);
    }
    if (left_out != 0) {
        buf_addf(out, "and %zu more\n", left_out);
    }
}

enum err markdown_write(const struct run_record *run, const struct report_options *options,
                        struct buf *out, struct why *why)
{
    (void)options;
    (void)why;
    struct buf line;
    buf_init(&line, DETAILS_MAX);
    summary_add(run, &line);
    buf_add_text(out, "### smtpdx\n\n");
    add_escaped(buf_slice(&line), false, out);
    buf_add_text(out, "\n\n");
    add_cases(run, out);
    buf_release(&line);
    return ERR_OK;
}
