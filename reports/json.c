/* SPDX-License-Identifier: Apache-2.0 */
/* The run as one JSON object: what --json shows is what a scenario can assert, case by case. */
#include "reports/formats.h"

#include "reports/report_case.h"

static const char *const header_keys[] = {"version", "world",    "started", "seed",
                                          "mapper",  "hostname", "ci"};

static struct json *counts_json(const struct run_record *run)
{
    struct json *counts = json_map();
    json_set(counts, "selected", json_int((int64_t)run->counts.selected));
    json_set(counts, "done", json_int((int64_t)run->counts.done));
    for (size_t i = 0; i < VERDICT_COUNT; i++) {
        json_set(counts, verdict_slug((enum verdict)i),
                 json_int((int64_t)run->counts.by_verdict[i]));
    }
    json_set(counts, "warnings", json_int((int64_t)run->counts.warnings));
    return counts;
}

static struct json *result_json(const struct run_record *run, size_t i)
{
    if (run->results[i] != NULL) {
        return json_ref(run->results[i]);
    }
    struct report_case c = report_case_at(run, i);
    struct json *v = json_map();
    json_set(v, "id", json_string(c.id));
    json_set(v, "verdict", json_text(verdict_slug(c.verdict)));
    json_set(v, "kind", json_string(c.kind));
    json_set(v, "message", json_string(c.message));
    return v;
}

enum err json_write(const struct run_record *run, const struct report_options *options,
                    struct buf *out, struct why *why)
{
    (void)options;
    (void)why;
    struct json *root = json_map();
    json_set(root, "schema", json_text("smtpdx/run/1"));
    for (size_t i = 0; i < COUNT(header_keys); i++) {
        struct json *value = json_get(run->start, header_keys[i]);
        if (value != NULL) {
            json_set(root, header_keys[i], json_ref(value));
        }
    }
    json_set(root, "ms", json_int(run->ms));
    json_set(root, "interrupted", json_bool(run->is_interrupted));
    json_set(root, "counts", counts_json(run));
    struct json *results = json_list();
    for (size_t i = 0; i < run->count; i++) {
        json_add(results, result_json(run, i));
    }
    json_set(root, "results", results);
    json_print(root, JSON_INDENTED, out);
    buf_add_char(out, '\n');
    json_free(root);
    return ERR_OK;
}
