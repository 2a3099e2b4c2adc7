/* SPDX-License-Identifier: Apache-2.0 */
/* Counts in words. What is zero is not mentioned, except that something passed. */
#include "reports/summary.h"

#include "base/text.h"
#include "reports/report_case.h"

enum { REASONS_MAX = 32, REASONS_SHOWN = 4, REASON_COLUMNS = 60 };

struct reasons {
    struct {
        struct slice text;
        size_t count;
    } list[REASONS_MAX];
    size_t count;
    size_t total, other; /* other: reasons beyond the list */
};

static void add_reason(struct reasons *r, struct slice text)
{
    r->total++;
    for (size_t i = 0; i < r->count; i++) {
        if (slice_eq(r->list[i].text, text)) {
            r->list[i].count++;
            return;
        }
    }
    if (r->count == REASONS_MAX) {
        r->other++;
        return;
    }
    r->list[r->count].text = text;
    r->list[r->count++].count = 1;
}

static void collect_reasons(const struct run_record *run, struct reasons *r)
{
    if (run->counts.done == run->count && run->counts.by_verdict[VERDICT_SKIP] == 0) {
        return; /* most runs, and some are long */
    }
    for (size_t i = 0; i < run->count; i++) {
        struct report_case c = report_case_at(run, i);
        if (c.verdict == VERDICT_SKIP) {
            add_reason(r, c.message);
        }
    }
}

/* The most frequent reason not shown yet; its count becomes 0. */
static size_t take_most(struct reasons *r, struct slice *text)
{
    size_t best = 0;
    for (size_t i = 1; i < r->count; i++) {
        best = r->list[i].count > r->list[best].count ? i : best;
    }
    size_t count = r->list[best].count;
    *text = r->list[best].text;
    r->list[best].count = 0;
    return count;
}

static void add_reasons(struct reasons *r, struct buf *out)
{
    bool is_one = r->count == 1 && r->other == 0;
    size_t shown = 0;
    buf_add_text(out, " (");
    for (size_t i = 0; i < r->count && i < REASONS_SHOWN; i++) {
        struct slice text;
        size_t count = take_most(r, &text);
        shown += count;
        buf_add_text(out, i != 0 ? ", " : "");
        if (!is_one) {
            buf_addf(out, "%zu ", count);
        }
        text_visible(text_cut(text, REASON_COLUMNS), TEXT_ONE_LINE, out);
    }
    if (shown < r->total) {
        buf_addf(out, ", %zu for other reasons", r->total - shown);
    }
    buf_add_char(out, ')');
}

void summary_add(const struct run_record *run, struct buf *out)
{
    const struct run_counts *c = &run->counts;
    const struct {
        size_t count;
        const char *word;
    } parts[] = {
        {c->by_verdict[VERDICT_FAIL] - c->warnings, "failed"},
        {c->by_verdict[VERDICT_XPASS], "passed unexpectedly"},
        {c->by_verdict[VERDICT_ERROR], "could not be judged"},
        {c->warnings, "with a warning"},
        {c->by_verdict[VERDICT_FLAKY], "passed on retry"},
        {c->by_verdict[VERDICT_XFAIL], "failed as expected"},
    };
    if (c->selected == 0) {
        buf_add_text(out, "nothing was selected");
        return;
    }
    buf_addf(out, "%zu case%s: %zu passed", c->selected, c->selected == 1 ? "" : "s",
             c->by_verdict[VERDICT_PASS]);
    for (size_t i = 0; i < COUNT(parts); i++) {
        if (parts[i].count != 0) {
            buf_addf(out, ", %zu %s", parts[i].count, parts[i].word);
        }
    }
    struct reasons reasons = {.count = 0};
    collect_reasons(run, &reasons);
    if (reasons.total != 0) {
        buf_addf(out, ", %zu skipped", reasons.total);
        add_reasons(&reasons, out);
    }
    buf_add_text(out, " in ");
    text_add_duration(out, run->ms * 1000);
    buf_add_text(out, run->is_interrupted ? ", interrupted" : "");
}
