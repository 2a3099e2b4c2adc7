/* SPDX-License-Identifier: Apache-2.0 */
/* smtpdx lint, list, schema: read scenario files, run nothing. */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/causes.h"
#include "run/plan.h"

static const struct cli_option lint_options[] = {
    {"providers", 0, "DIR", "provider files in DIR replace or add to the built-in ones"},
};

struct lint {
    const char *providers;
};

static const char *get_env(const char *name, void *context)
{
    (void)context;
    return getenv(name);
}

static bool on_lint_option(void *context, size_t index, const char *value)
{
    struct lint *lint = context;
    (void)index; /* one option */
    lint->providers = value;
    return true;
}

/* Loads what the arguments name ("scenarios" without any); prints errors. NULL on failure. */
static struct suite_set *load(const char *const *paths, size_t count, struct registry *registry)
{
    static const char *const default_paths[] = {"scenarios"};
    struct load_options options = {.providers = registry, .get_env = get_env};
    struct suite_set *set = NULL;
    struct buf errors;
    buf_init(&errors, BUF_NO_CAP);
    if (suites_load(&options, count != 0 ? paths : default_paths, count != 0 ? count : 1, &set,
                    &errors) != ERR_OK) {
        set = NULL;
    } else if (causes_check(set, &errors) != 0) {
        suites_free(set);
        set = NULL;
    }
    fwrite(buf_text(&errors), 1, errors.n, stderr);
    buf_release(&errors);
    return set;
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
    const char *const *paths = (const char *const *)(argv + first);
    struct suite_set *set = load(paths, (size_t)(argc - first), registry);
    if (set != NULL) {
        size_t cases = 0;
        for (size_t i = 0; i < suites_count(set); i++) {
            cases += suites_at(set, i)->case_count;
        }
        printf("%zu files, %zu cases, no errors\n", suites_count(set), cases);
    }
    int status = set != NULL ? EXIT_ALL_PASSED : EXIT_DID_NOT_LOAD;
    suites_free(set);
    registry_free(registry);
    return status;
}

const struct cli_command command_lint = {
    .name = "lint",
    .arguments = "[PATH…]",
    .summary = "check scenario files without running them",
    .text =
        "Reads scenario files (default: the folder scenarios) and says what is wrong with them:\n"
        "file, line, column, a caret, and the nearest known name. Exit status 0 or 3.",
    .options = lint_options,
    .option_count = COUNT(lint_options),
    .on_option = on_lint_option,
    .run = run_lint,
};

static const struct cli_option schema_options[] = {
    {"manual", 0, NULL, "print the reference manual in Markdown instead"},
};

static bool on_schema_option(void *context, size_t index, const char *value)
{
    (void)index;
    (void)value;
    *(bool *)context = true;
    return true;
}

static int run_schema(int argc, char **argv)
{
    bool manual = false;
    int first;
    enum cli_parsed parsed = cli_parse(&command_schema, argc, argv, &manual, &first);
    if (parsed != CLI_GO_ON) {
        return parsed == CLI_EXIT_OK ? EXIT_ALL_PASSED : EXIT_WRONG_USE;
    }
    if (first < argc) {
        return cli_wrong_use(&command_schema, "takes no argument, got '%s'", argv[first]);
    }
    struct buf out;
    buf_init(&out, BUF_NO_CAP);
    if (manual) {
        schema_print_markdown(&out);
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
