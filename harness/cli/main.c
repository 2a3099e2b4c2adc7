/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the command and runs it. */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

static const struct cli_command *const commands[] = {
    &command_run,     &command_check,  &command_token,     &command_lint,
    &command_list,    &command_schema, &command_providers, &command_report,
    &command_explain, &command_causes, &command_serve,     &command_config,
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
            "\n'smtpdx COMMAND --help' or 'smtpdx help COMMAND' says more;\n"
            "'smtpdx --version' prints the version.\n\n"
            "Exit status: 0 all passed, 1 something failed, 2 wrong use, 3 a file did not load,\n"
            "4 nothing selected, 5 something could not be judged, 6 a report could not be\n"
            "written, 70 a bug of ours, 129, 130 or 143 interrupted (reports are written).\n");
}

static const struct cli_command *find(const char *name)
{
    for (size_t i = 0; i < COUNT(commands); i++) {
        if (strcmp(name, commands[i]->name) == 0) {
            return commands[i];
        }
    }
    return NULL;
}

static int unknown_command(const char *word)
{
    static const char *const others[] = {"help", "--help", "--version"};
    const char *names[COUNT(commands) + COUNT(others)];
    for (size_t i = 0; i < COUNT(commands); i++) {
        names[i] = commands[i]->name;
    }
    memcpy(names + COUNT(commands), others, sizeof others);
    const char *nearest = text_nearest(slice_of(word), names, COUNT(names));
    bool is_option = word[0] == '-';
    fprintf(stderr, "smtpdx: unknown %s '%s'", is_option ? "option" : "command", word);
    if (nearest != NULL) {
        fprintf(stderr, " (did you mean '%s'?)", nearest);
    } else if (is_option) {
        fprintf(stderr, "; options stand behind the command");
    }
    fprintf(stderr, "\nSee 'smtpdx --help'.\n");
    return EXIT_WRONG_USE;
}

static int help(int argc, char **argv)
{
    if (argc == 0) {
        print_usage(stdout);
        return EXIT_ALL_PASSED;
    }
    const struct cli_command *command = find(argv[0]);
    if (command == NULL) {
        return unknown_command(argv[0]);
    }
    cli_help(command);
    return EXIT_ALL_PASSED;
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stderr);
        return EXIT_WRONG_USE;
    }
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        return help(0, NULL);
    }
    if (strcmp(word, "help") == 0) {
        return help(argc - 2, argv + 2);
    }
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
        printf("smtpdx %s\n", SMTPDX_VERSION);
        return EXIT_ALL_PASSED;
    }
    const struct cli_command *command = find(word);
    return command != NULL ? command->run(argc - 1, argv + 1) : unknown_command(word);
}

/* Without the three standard descriptors the first file we open would become one of them, and what
 * a person is to see would go into a report. */
static void open_missing_descriptors(void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) {
            (void)!open("/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY);
        }
    }
}

/* What a command prints is its result: that it got lost is no success. */
static int after_output(int status)
{
    if (fflush(stdout) == 0 && ferror(stdout) == 0) {
        return status;
    }
    fprintf(stderr, "smtpdx: standard output could not be written: %s\n", strerror(errno));
    return status == EXIT_ALL_PASSED ? EXIT_NO_REPORT : status;
}

int main(int argc, char **argv)
{
    open_missing_descriptors();
    signal(SIGXFSZ, SIG_IGN); /* a file-size limit is an error like a full disk */
    return after_output(dispatch(argc, argv));
}
