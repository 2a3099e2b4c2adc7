/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run to report on, read from JSON, and golden files to compare with. With SMTPDX_WRITE_GOLDEN
 * set the golden files are written instead, to be looked at before they are committed.
 */
#ifndef SMTPDX_TESTS_REPORTS_FIXTURE_H
#define SMTPDX_TESTS_REPORTS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "doc/node.h"
#include "reports/report.h"

#define GOLDEN SMTPDX_SOURCE_DIR "/tests/golden/reports/"

struct fixture {
    struct arena arena;
    struct json *root;
    struct run_record run;
};

/* {start, ms, interrupted, ids, results}; a result may be null. */
static inline void fixture_init(struct fixture *f, struct slice text)
{
    struct why why;
    *f = (struct fixture){.root = NULL};
    arena_init(&f->arena);
    if (json_parse(text, &f->root, &why) != ERR_OK) {
        fail_msg("the fixture: %s", why.text);
    }
    const struct json *results = json_get(f->root, "results"), *ids = json_get(f->root, "ids");
    size_t n = json_count(results);
    struct json **list = arena_array(&f->arena, n, sizeof *list);
    const char **names = arena_array(&f->arena, n, sizeof *names);
    for (size_t i = 0; i < n; i++) {
        struct json *result = json_at(results, i);
        list[i] = json_kind(result) != JSON_NULL ? result : NULL;
        names[i] = arena_text(&f->arena, json_slice(json_at(ids, i)));
    }
    f->run = (struct run_record){
        .start = json_get(f->root, "start"),
        .results = list,
        .ids = names,
        .count = n,
        .is_interrupted = json_to_bool(json_get(f->root, "interrupted")),
        .ms = json_to_int(json_get(f->root, "ms")),
    };
    run_record_count(&f->run);
}

static inline void fixture_read(struct fixture *f)
{
    struct arena arena;
    struct slice text;
    struct why why;
    arena_init(&arena);
    if (doc_read_file(GOLDEN "run.json", 1 << 20, &arena, &text, &why) != ERR_OK) {
        fail_msg("%s", why.text);
    }
    fixture_init(f, text);
    arena_release(&arena);
}

static inline void fixture_release(struct fixture *f)
{
    json_free(f->root);
    arena_release(&f->arena);
}

static inline char *report_text(const char *format, const struct run_record *run,
                                const struct report_options *options)
{
    struct buf out;
    struct why why;
    buf_init(&out, BUF_NO_CAP);
    const struct report_format *f = report_find(slice_of(format));
    assert_non_null(f);
    if (f->write(run, options, &out, &why) != ERR_OK) {
        fail_msg("%s: %s", format, why.text);
    }
    return buf_take(&out);
}

static inline void compare_golden(const char *name, const char *got)
{
    char path[512];
    snprintf(path, sizeof path, "%s%s", GOLDEN, name);
    if (getenv("SMTPDX_WRITE_GOLDEN") != NULL) {
        assert_int_equal(file_write_atomic(path, slice_of(got), NULL), ERR_OK);
    }
    struct arena arena;
    struct slice want;
    struct why why;
    arena_init(&arena);
    if (doc_read_file(path, 1 << 20, &arena, &want, &why) != ERR_OK) {
        fail_msg("%s", why.text);
    }
    if (!slice_eq_text(want, got)) {
        fail_msg("%s: want\n" SLICE_FMT "\ngot\n%s", name, SLICE_ARG(want), got);
    }
    arena_release(&arena);
}

#endif
