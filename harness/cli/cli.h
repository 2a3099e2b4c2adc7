/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line: one file per command, each with a table of options that parses and prints help.
 */
#ifndef SMTPDX_CLI_CLI_H
#define SMTPDX_CLI_CLI_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/* Exit status, everywhere (docs/smtpdx.1). */
enum exit_status {
    EXIT_ALL_PASSED = 0,
    EXIT_SOMETHING_FAILED = 1,
    EXIT_WRONG_USE = 2,
    EXIT_DID_NOT_LOAD = 3,
    EXIT_NOTHING_SELECTED = 4,
    EXIT_NOT_JUDGED = 5,
    EXIT_NO_REPORT = 6,
    EXIT_OUR_BUG = 70,
};

struct cli_option {
    const char *name;  /* long name */
    char letter;       /* or 0 */
    const char *value; /* name of the value in the help, or NULL: a flag */
    const char *help;
};

struct cli_command {
    const char *name, *arguments, *summary;
    const char *text; /* paragraphs for --help, examples */
    const struct cli_option *options;
    size_t option_count;
    /* index: of the option in the table. value: NULL for flags. False (after printing) on a bad
     * value. */
    bool (*on_option)(void *context, size_t index, const char *value);
    int (*run)(int argc, char **argv);
};

extern const struct cli_command command_run, command_lint, command_list, command_schema,
    command_providers, command_report, command_explain, command_causes, command_serve, command_check, command_token,
    command_config;

enum cli_parsed { CLI_GO_ON, CLI_EXIT_OK, CLI_EXIT_WRONG };
/*
 * Parses argv (argv[0] is the command). "--help" prints and gives CLI_EXIT_OK. The rest of the
 * arguments is at argv[*first]. Unknown options name the nearest known one.
 */
enum cli_parsed cli_parse(const struct cli_command *command, int argc, char **argv, void *context,
                          int *first);
void cli_help(const struct cli_command *command);
/* "smtpdx run: text" on standard error; returns EXIT_WRONG_USE. */
int cli_wrong_use(const struct cli_command *command, const char *format, ...) PRINTF(2, 3);
/* A whole number in [min, max]; prints and gives false otherwise. */
bool cli_number(const char *option, const char *value, uint64_t min, uint64_t max, uint64_t *out);

/* A time with its unit, longer than none; prints and gives false otherwise. */
bool cli_time(const struct cli_command *command, const char *option, const char *value,
              int64_t *out_us);
/* HOST:PORT, or NULL for an option that was not given; prints and gives false otherwise. */
bool cli_host_port(const struct cli_command *command, const char *option, const char *value);
/* A growing list of strings for options that may be repeated. */
struct cli_strings {
    const char **list;
    size_t count, space;
};
void cli_strings_add(struct cli_strings *s, const char *text);
void cli_strings_free(struct cli_strings *s);

/* Provider files (a folder may override), with errors printed. NULL on failure. */
struct registry;
struct registry *cli_load_registry(const char *folder);
/* The mapper of these providers, with errors printed. NULL on failure. */
struct mapper;
struct mapper *cli_load_mapper(const struct registry *registry);

#endif
