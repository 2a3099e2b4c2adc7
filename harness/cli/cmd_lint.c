/* SPDX-License-Identifier: Apache-2.0 */
/* smtpdx lint, list, schema: read scenario files, run nothing. */
#include "cli/cli.h"

#include <stdio.h>

#include "check/answer.h"
#include "cli/selection.h"
#include "diagnose/regress.h"

static const struct cli_option lint_options[] = {
    {"providers", 0, "DIR", "provider files in DIR replace or add to the built-in ones"},
};

struct lint {
    const char *providers;
};

static bool on_lint_option(void *context, size_t index, const char *value)
{
    struct lint *lint = context;
    (void)index; /* one option */
    lint->providers = value;
    return true;
}

static void print_counts(const struct suite_set *set)
{
    size_t files = suites_count(set), cases = 0;
    for (size_t i = 0; i < files; i++) {
        cases += suites_at(set, i)->case_count;
    }
    printf("%zu file%s, %zu case%s, no errors\n", files, files == 1 ? "" : "s", cases,
           cases == 1 ? "" : "s");
}

static int run_lint(int argc, char **argv)
{
    struct lint lint = {.providers = NULL};
    int first;
    enum cli_parsed parsed = cli_parse(&command_lint, argc, argv, &lint, &first);
    if (parsed != CLI_GO_ON) {
        return parsed == CLI_EXIT_OK ? EXIT_ALL_PASSED : EXIT_WRONG_USE;
    }
    struct registry *registry = cli_load_registry(lint.providers);
    if (registry == NULL) {
        return EXIT_DID_NOT_LOAD;
    }
    struct arena arena;
    arena_init(&arena);
    struct suite_set *set = NULL;
    int status = selection_load_files(registry, (const char *const *)(argv + first),
                                      (size_t)(argc - first), &arena, &set);
    if (status == EXIT_ALL_PASSED) {
        print_counts(set);
    }
    suites_free(set);
    registry_free(registry);
    arena_release(&arena);
    return status;
}

const struct cli_command command_lint = {
    .name = "lint",
    .arguments = "[PATH…]",
    .summary = "check scenario files without running them",
    .text =
        "Reads scenario files (default: the folder scenarios) and says what is wrong with them:\n"
        "file, line, column, a caret, and the nearest known name. Exit status: 0 no errors, 3 "
        "errors,\n"
        "4 no scenario file.",
    .options = lint_options,
    .option_count = COUNT(lint_options),
    .on_option = on_lint_option,
    .run = run_lint,
};

static const struct cli_option schema_options[] = {
    {"manual", 0, NULL, "print the reference manual in Markdown instead"},
    {"replies", 0, NULL, "print the JSON Schema of one line of a regression set instead"},
    {"check", 0, NULL, "print the JSON Schema of what 'check --json' prints instead"},
};

enum schema_print { PRINT_SCHEMA, PRINT_MANUAL, PRINT_REPLIES, PRINT_CHECK };

static bool on_schema_option(void *context, size_t index, const char *value)
{
    (void)value;
    *(enum schema_print *)context = (enum schema_print)(PRINT_MANUAL + index);
    return true;
}

static int run_schema(int argc, char **argv)
{
    enum schema_print what = PRINT_SCHEMA;
    int first;
    enum cli_parsed parsed = cli_parse(&command_schema, argc, argv, &what, &first);
    if (parsed != CLI_GO_ON) {
        return parsed == CLI_EXIT_OK ? EXIT_ALL_PASSED : EXIT_WRONG_USE;
    }
    if (first < argc) {
        return cli_wrong_use(&command_schema, "takes no argument, got '%s'", argv[first]);
    }
    struct buf out;
    buf_init(&out, BUF_NO_CAP);
    if (what == PRINT_MANUAL) {
        schema_print_markdown(&out);
    } else if (what == PRINT_REPLIES) {
        regress_schema(&out);
    } else if (what == PRINT_CHECK) {
        check_schema(&out);
    } else {
        schema_print_json(&out);
    }
    fwrite(buf_text(&out), 1, out.n, stdout);
    buf_release(&out);
    return EXIT_ALL_PASSED;
}

const struct cli_command command_schema = {
    .name = "schema",
    .arguments = "",
    .summary = "print the JSON Schema (or the manual) of scenario files",
    .text = "Prints the JSON Schema of scenario files, made from the tables that check them.\n"
            "Editors use it:  # yaml-language-server: $schema=smtpdx.schema.json",
    .options = schema_options,
    .option_count = COUNT(schema_options),
    .on_option = on_schema_option,
    .run = run_schema,
};
