/* SPDX-License-Identifier: Apache-2.0 */
/* Option tables to getopt_long(3), and back to words a person understands. */
#include "cli/cli.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "diagnose/diagnose.h"
#include "net/world.h"

enum { OPTIONS_MAX = 96, FIRST_ID = 256, HELP_COLUMN = 26 };

int cli_wrong_use(const struct cli_command *command, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fprintf(stderr, "smtpdx %s: %s\nSee 'smtpdx %s --help'.\n", command->name, text, command->name);
    return EXIT_WRONG_USE;
}

static void print_option(const struct cli_option *o)
{
    char left[80];
    int n = snprintf(left, sizeof left, "  %c%c%s --%s%s%s", o->letter != 0 ? '-' : ' ',
                     o->letter != 0 ? o->letter : ' ', o->letter != 0 ? "," : " ", o->name,
                     o->value != NULL ? " " : "", o->value != NULL ? o->value : "");
    printf("%s", left);
    if (n >= HELP_COLUMN) {
        printf("\n");
        n = 0;
    }
    printf("%*s%s\n", HELP_COLUMN - n, "", o->help);
}

void cli_help(const struct cli_command *command)
{
    printf("smtpdx %s%s%s\n\n%s\n\n", command->name, command->arguments[0] != '\0' ? " " : "",
           command->arguments, command->text);
    if (command->option_count != 0) {
        printf("Options:\n");
    }
    for (size_t i = 0; i < command->option_count; i++) {
        print_option(&command->options[i]);
    }
    print_option(&(struct cli_option){"help", 'h', NULL, "this text"});
}

static void make_tables(const struct cli_command *command, struct option *longs, char *shorts)
{
    must(command->option_count < OPTIONS_MAX);
    size_t n = 0;
    shorts[n++] = ':'; /* a missing value is told apart from an unknown option */
    for (size_t i = 0; i < command->option_count; i++) {
        const struct cli_option *o = &command->options[i];
        longs[i] = (struct option){o->name, o->value != NULL ? required_argument : no_argument,
                                   NULL, FIRST_ID + (int)i};
        if (o->letter != 0) {
            shorts[n++] = o->letter;
            if (o->value != NULL) {
                shorts[n++] = ':';
            }
        }
    }
    longs[command->option_count] = (struct option){"help", no_argument, NULL, 'h'};
    longs[command->option_count + 1] = (struct option){0};
    shorts[n++] = 'h';
    shorts[n] = '\0';
}

static size_t index_of(const struct cli_command *command, int id)
{
    if (id >= FIRST_ID) {
        return (size_t)(id - FIRST_ID);
    }
    size_t i = 0;
    while (i < command->option_count && command->options[i].letter != id) {
        i++;
    }
    return i;
}

static void complain(const struct cli_command *command, int what, const char *word)
{
    if (what == ':') {
        cli_wrong_use(command, "%s needs a value", word);
        return;
    }
    const char *names[OPTIONS_MAX];
    for (size_t i = 0; i < command->option_count; i++) {
        names[i] = command->options[i].name;
    }
    struct slice bare = slice_of(word);
    while (slice_has_prefix(bare, SLICE("-"))) {
        bare = slice_from(bare, 1);
    }
    size_t equals = slice_find_char(bare, '=');
    bare = equals != SIZE_MAX ? slice_sub(bare, 0, equals) : bare;
    const char *nearest = text_nearest(bare, names, command->option_count);
    if (nearest != NULL) {
        cli_wrong_use(command, "unknown option '%s' (did you mean '--%s'?)", word, nearest);
    } else {
        cli_wrong_use(command, "unknown option '%s'", word);
    }
}

enum cli_parsed cli_parse(const struct cli_command *command, int argc, char **argv, void *context,
                          int *first)
{
    struct option longs[OPTIONS_MAX + 2];
    char shorts[2 * OPTIONS_MAX + 4];
    make_tables(command, longs, shorts);
    opterr = 0;
    optind = 1;
    for (;;) {
        int at = optind;
        int id = getopt_long(argc, argv, shorts, longs, NULL);
        if (id == -1) {
            *first = optind;
            return CLI_GO_ON;
        }
        if (id == 'h') {
            cli_help(command);
            return CLI_EXIT_OK;
        }
        if (id == '?' || id == ':') {
            complain(command, id, argv[optind > at && optind > 1 ? optind - 1 : at]);
            return CLI_EXIT_WRONG;
        }
        if (!command->on_option(context, index_of(command, id), optarg)) {
            return CLI_EXIT_WRONG;
        }
    }
}

bool cli_number(const char *option, const char *value, uint64_t min, uint64_t max, uint64_t *out)
{
    if (slice_to_u64(slice_of(value), out) && *out >= min && *out <= max) {
        return true;
    }
    fprintf(stderr, "smtpdx: --%s wants a whole number from %llu to %llu, not '%s'\n", option,
            (unsigned long long)min, (unsigned long long)max, value);
    return false;
}

bool cli_time(const struct cli_command *command, const char *option, const char *value,
              int64_t *out_us)
{
    if (text_duration(slice_of(value), out_us) && *out_us > 0) {
        return true;
    }
    cli_wrong_use(command, "--%s wants a time with its unit, as 500ms, 30s or 2m, not '%s'", option,
                  value);
    return false;
}

bool cli_host_port(const struct cli_command *command, const char *option, const char *value)
{
    struct slice host;
    unsigned port;
    if (value == NULL || world_split_host_port(slice_of(value), &host, &port)) {
        return true;
    }
    cli_wrong_use(command, "--%s wants HOST:PORT, as 127.0.0.1:2587, not '%s'", option, value);
    return false;
}

void cli_strings_add(struct cli_strings *s, const char *text)
{
    if (s->count == s->space) {
        s->space = s->space != 0 ? s->space * 2 : 8;
        s->list = mem_realloc(s->list, s->space * sizeof *s->list);
    }
    s->list[s->count++] = text;
}

void cli_strings_free(struct cli_strings *s)
{
    free(s->list);
    *s = (struct cli_strings){.count = 0};
}

struct registry *cli_load_registry(const char *folder)
{
    struct arena arena;
    struct doc_errors errors;
    struct why why = {.line = 0};
    struct registry *registry = NULL;
    arena_init(&arena);
    doc_errors_init(&errors, &arena);
    if (registry_load(folder, &registry, &errors, &why) != ERR_OK) {
        struct buf text;
        buf_init(&text, 1 << 20);
        doc_errors_print(&errors, &text);
        fprintf(stderr, "%s", buf_text(&text));
        if (why.text[0] != '\0') {
            fprintf(stderr, "smtpdx: %s\n", why.text);
        }
        buf_release(&text);
        registry = NULL;
    }
    arena_release(&arena);
    return registry;
}

struct mapper *cli_load_mapper(const struct registry *registry)
{
    struct mapper *mapper = NULL;
    struct why why = {.line = 0};
    if (mapper_new(registry, &mapper, &why) != ERR_OK) {
        fprintf(stderr, "smtpdx: %s:%u: %s\n", why.file, why.line, why.text);
        return NULL;
    }
    return mapper;
}
