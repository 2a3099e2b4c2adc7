/* SPDX-License-Identifier: Apache-2.0 */
/* The whole run: what its results add up to, and the exit status that says so. */
#include "result/log.h"

enum { EXIT_PASSED = 0, EXIT_FAILED = 1, EXIT_NOTHING_SELECTED = 4, EXIT_NOT_JUDGED = 5 };

enum verdict result_verdict(const struct json *result)
{
    enum verdict verdict = VERDICT_ERROR;
    (void)verdict_from_slug(json_slice(json_get(result, "verdict")), &verdict);
    return verdict;
}

bool result_is_warning(const struct json *result, bool should_fails)
{
    struct slice level = json_slice(json_get(result, "level"));
    return !should_fails && result_verdict(result) == VERDICT_FAIL &&
           (slice_eq_text(level, "should") || slice_eq_text(level, "may"));
}

int64_t result_ms(const struct json *result)
{
    static const double most = 1e15; /* exact as a double, and far beyond any run */
    double ms = json_to_real(json_get(result, "ms"));
    if (!(ms > 0)) {
        return 0;
    }
    return (int64_t)(ms < most ? ms + 0.5 : most);
}

void run_record_count(struct run_record *r)
{
    r->counts = (struct run_counts){.selected = r->count};
    for (size_t i = 0; i < r->count; i++) {
        if (r->results[i] == NULL) {
            continue;
        }
        r->counts.done++;
        r->counts.by_verdict[result_verdict(r->results[i])]++;
        r->counts.warnings += result_is_warning(r->results[i], r->should_fails) ? 1 : 0;
    }
}

int run_record_exit_status(const struct run_record *r)
{
    const struct run_counts *c = &r->counts;
    if (c->selected == 0) {
        return EXIT_NOTHING_SELECTED;
    }
    bool is_too_flaky = r->flaky_fails && c->by_verdict[VERDICT_FLAKY] != 0;
    if (c->by_verdict[VERDICT_FAIL] > c->warnings || c->by_verdict[VERDICT_XPASS] != 0 ||
        is_too_flaky) {
        return EXIT_FAILED;
    }
    bool is_complete = c->done == c->selected && c->by_verdict[VERDICT_ERROR] == 0;
    return is_complete && !r->is_interrupted ? EXIT_PASSED : EXIT_NOT_JUDGED;
}
