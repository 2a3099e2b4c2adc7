/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the command and runs it. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const struct cli_command *const commands[] = {
    &command_run,    &command_lint,      &command_list,
    &command_schema, &command_providers, &command_report,
};

static void print_usage(FILE *to)
{
    fprintf(to, "smtpdx: can this client, with this credential, submit mail to this server;\n"
                "if not, why, and who must do what?\n\n"
                "Usage: smtpdx COMMAND [OPTIONS] [ARGUMENTS]\n\n");
    for (size_t i = 0; i < COUNT(commands); i++) {
        fprintf(to, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
    }
    fprintf(to,
            "\n'smtpdx COMMAND --help' says more; 'smtpdx --version' prints the version.\n\n"
            "Exit status: 0 all passed, 1 something failed, 2 wrong use, 3 a file did not load,\n"
            "4 nothing selected, 5 something could not be judged, 6 a report could not be\n"
            "written, 70 a bug of ours, 130 or 143 interrupted (reports are written).\n");
}

static int unknown_command(const char *word)
{
    const char *names[COUNT(commands)];
    for (size_t i = 0; i < COUNT(commands); i++) {
        names[i] = commands[i]->name;
    }
    const char *nearest = text_nearest(slice_of(word), names, COUNT(names));
    fprintf(stderr, "smtpdx: unknown command '%s'", word);
    if (nearest != NULL) {
        fprintf(stderr, " (did you mean '%s'?)", nearest);
    }
    fprintf(stderr, "\nSee 'smtpdx --help'.\n");
    return EXIT_WRONG_USE;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stderr);
        return EXIT_WRONG_USE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_usage(stdout);
        return EXIT_ALL_PASSED;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        printf("smtpdx %s\n", SMTPDX_VERSION);
        return EXIT_ALL_PASSED;
    }
    for (size_t i = 0; i < COUNT(commands); i++) {
        if (strcmp(argv[1], commands[i]->name) == 0) {
            return commands[i]->run(argc - 1, argv + 1);
        }
    }
    return unknown_command(argv[1]);
}
