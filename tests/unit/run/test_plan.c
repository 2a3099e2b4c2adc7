/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the shipped cases an argument of the command line selects. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "run/plan.h"

static const char file[] = "tests/data/plan.yaml";

static const struct {
    const char *name, *argument;
    struct plan_filter filter;
    size_t want;
    const char *first; /* name of the first case */
} rows[] = {
    {"a file", "tests/data/plan.yaml", {0}, 5, "one"},
    {"a folder", "tests/data", {0}, 5, "one"},
    {"with ./", "./tests/data/", {0}, 5, "one"},
    {"the line of a scenario's id", "tests/data/plan.yaml:9", {0}, 1, "one"},
    {"a line inside a scenario", "tests/data/plan.yaml:12", {0}, 1, "one"},
    {"the line of a row", "tests/data/plan.yaml:24", {0}, 2, "table[b][axis=x]"},
    {"the line of a table's id", "tests/data/plan.yaml:19", {0}, 4, "table[a][axis=x]"},
    {"a line behind the rows", "tests/data/plan.yaml:26", {0}, 4, "table[a][axis=x]"},
    {"a line of no scenario", "tests/data/plan.yaml:2", {0}, 0, NULL},
    {"the last line of the file", "tests/data/plan.yaml:27", {0}, 4, "table[a][axis=x]"},
    {"a line behind the file", "tests/data/plan.yaml:28", {0}, 0, NULL},
    {"an id", "tests/data/plan.yaml::one", {0}, 1, "one"},
    {"a scenario with rows", "tests/data/plan.yaml::table", {0}, 4, "table[a][axis=x]"},
    {"one case of it", "tests/data/plan.yaml::table[b][axis=y]", {0}, 1, "table[b][axis=y]"},
    {"a pattern of files", "tests/data/pl*.yaml", {0}, 5, "one"},
    {"an id that is not there", "tests/data/plan.yaml::two", {0}, 0, NULL},
    {"a tag",
     "tests/data/plan.yaml",
     {.tags = (const char *const[]){"Slow"}, .tag_count = 1},
     1,
     "one"},
    {"not a tag",
     "tests/data/plan.yaml",
     {.not_tags = (const char *const[]){"slow"}, .not_tag_count = 1},
     4,
     "table[a][axis=x]"},
    {"a reference",
     "tests/data/plan.yaml",
     {.refs = (const char *const[]){"RFC3207"}, .ref_count = 1},
     1,
     "one"},
    {"a whole reference",
     "tests/data/plan.yaml",
     {.refs = (const char *const[]){"RFC3207#4"}, .ref_count = 1},
     1,
     "one"},
    {"another section",
     "tests/data/plan.yaml",
     {.refs = (const char *const[]){"RFC3207#5"}, .ref_count = 1},
     0,
     NULL},
    {"not by prefix",
     "tests/data/plan.yaml",
     {.refs = (const char *const[]){"RFC32"}, .ref_count = 1},
     0,
     NULL},
    {"a level", "tests/data/plan.yaml", {.has_level = true, .level = LEVEL_MUST}, 1, "one"},
    {"a weaker level",
     "tests/data/plan.yaml",
     {.has_level = true, .level = LEVEL_SHOULD},
     5,
     "one"},
    {"a glob over ids",
     "tests/data/plan.yaml",
     {.ids = (const char *const[]){"data/plan::o*"}, .id_count = 1},
     1,
     "one"},
};

static struct registry *registry;
static struct suite_set *set;
static struct arena arena;

static int load(void **state)
{
    (void)state;
    struct doc_errors errors;
    struct why why = {.line = 0};
    arena_init(&arena);
    doc_errors_init(&errors, &arena);
    assert_int_equal(registry_load(NULL, &registry, &errors, &why), ERR_OK);
    struct load_options options = {.providers = registry};
    const char *paths[] = {file};
    struct buf text;
    buf_init(&text, 1 << 20);
    if (suites_load(&options, paths, 1, &set, &text) != ERR_OK) {
        print_error("%s", buf_text(&text));
        return -1;
    }
    buf_release(&text);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    suites_free(set);
    registry_free(registry);
    arena_release(&arena);
    return 0;
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct plan_target *targets;
        struct plan_filter filter = rows[i].filter;
        struct plan plan;
        struct why why;
        assert_int_equal(
            plan_parse_targets(&rows[i].argument, 1, &arena, &targets, &filter.target_count, &why),
            ERR_OK);
        filter.targets = targets;
        /* The set holds one file; a target names it in any of these ways. */
        plan_select(set, &filter, &arena, &plan);
        if (plan.count != rows[i].want ||
            (plan.count != 0 && strcmp(plan.cases[0].spec->name, rows[i].first) != 0)) {
            fail_msg("%s: got %zu (%s), want %zu (%s)", rows[i].name, plan.count,
                     plan.count != 0 ? plan.cases[0].spec->name : "-", rows[i].want,
                     rows[i].first != NULL ? rows[i].first : "-");
        }
    }
}

static void test_missing_file_is_named(void **state)
{
    (void)state;
    const char *argument = "tests/data/nowhere.yaml";
    struct plan_target *targets;
    size_t count;
    struct why why;
    assert_int_equal(plan_parse_targets(&argument, 1, &arena, &targets, &count, &why),
                     ERR_NOT_FOUND);
    assert_non_null(strstr(why.text, "tests/data/nowhere.yaml"));
}

static void test_needs_skip_with_a_reason(void **state)
{
    (void)state;
    struct plan plan;
    struct plan_filter filter = {0};
    plan_select(set, &filter, &arena, &plan);
    plan_apply_needs(&plan, NULL, 0, &arena);
    assert_non_null(plan.cases[0].skip);
    assert_non_null(strstr(plan.cases[0].skip, "--live"));
    assert_null(plan.cases[1].skip);
    const char *have[] = {"live"};
    plan_select(set, &filter, &arena, &plan);
    plan_apply_needs(&plan, have, 1, &arena);
    assert_null(plan.cases[0].skip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_missing_file_is_named),
        cmocka_unit_test(test_needs_skip_with_a_reason),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
