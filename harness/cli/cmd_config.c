/* SPDX-License-Identifier: Apache-2.0 */
/* smtpdx config: what is in force, and which file, line or variable says so; the template. */
#include <stdio.h>
#include <string.h>

#include "cli/check_config.h"
#include "cli/config_file.h"

struct config_command {
    const char *config_file, *folder;
    bool is_json, is_template, is_manual;

    struct arena arena;
    struct registry *registry;
    struct config *config;
};

enum { OPT_CONFIG, OPT_JSON, OPT_TEMPLATE, OPT_MANUAL, OPT_PROVIDERS };

static const struct cli_option options[] = {
    [OPT_CONFIG] = {"config", 0, "FILE", "this file, and not the usual one; or none"},
    [OPT_JSON] = {"json", 'j', NULL, "one JSON object"},
    [OPT_TEMPLATE] = {"template", 0, NULL,
                      "print a file to begin with, every setting as a comment"},
    [OPT_MANUAL] = {"manual", 0, NULL, "print the settings as a table in Markdown"},
    [OPT_PROVIDERS] = {"providers", 0, "DIR",
                       "provider files in DIR replace or add to the built-in ones"},
};

static bool on_option(void *context, size_t index, const char *value)
{
    struct config_command *c = context;
    switch (index) {
    case OPT_CONFIG:
        c->config_file = value;
        break;
    case OPT_PROVIDERS:
        c->folder = value;
        break;
    case OPT_JSON:
        c->is_json = true;
        break;
    case OPT_TEMPLATE:
        c->is_template = true;
        break;
    default:
        c->is_manual = true;
        break;
    }
    return true;
}

static void print(struct buf *text)
{
    (void)!fwrite(text->p, 1, text->n, stdout);
    buf_release(text);
}

static const char *server_of(const struct check_target *t, struct arena *arena)
{
    bool is_ipv6 = strchr(t->host, ':') != NULL;
    return arena_printf(arena, "%s%s%s:%u %s (%s)", is_ipv6 ? "[" : "", t->host, is_ipv6 ? "]" : "",
                        t->port, security_slug(t->security), t->found_by);
}

static int show(struct config_command *c, const char *given)
{
    struct why why;
    struct buf text;
    struct check_target server;
    struct config_target target = {.given = given};
    bool is_found;
    if (given != NULL && configured_target(c->config, c->registry, slice_of(given), &c->arena,
                                           &server, &target.entries, &is_found, &why) != ERR_OK) {
        return cli_wrong_use(&command_config, "%s", why.text);
    }
    target.server = given != NULL && is_found ? server_of(&server, &c->arena) : NULL;
    buf_init(&text, BUF_NO_CAP);
    (c->is_json ? config_show_json : config_show)(c->config, given != NULL ? &target : NULL, &text);
    print(&text);
    return EXIT_ALL_PASSED;
}

static int dispatch(struct config_command *c, const char *target)
{
    struct buf text;
    if (c->is_template || c->is_manual) {
        buf_init(&text, BUF_NO_CAP);
        if (c->is_template) {
            config_template(&text);
        } else {
            config_manual(&text);
        }
        print(&text);
        return EXIT_ALL_PASSED;
    }
    c->registry = cli_load_registry(c->folder);
    if (c->registry == NULL) {
        return EXIT_DID_NOT_LOAD;
    }
    int status = cli_read_config(&command_config, c->config_file, c->registry, c->config);
    return status == EXIT_ALL_PASSED ? show(c, target) : status;
}

static int run(int argc, char **argv)
{
    struct config_command c = {.config_file = NULL};
    int first;
    arena_init(&c.arena);
    c.config = config_new();
    enum cli_parsed parsed = cli_parse(&command_config, argc, argv, &c, &first);
    int status = parsed == CLI_EXIT_OK ? EXIT_ALL_PASSED : EXIT_WRONG_USE;
    bool is_print = c.is_template || c.is_manual;
    if (parsed == CLI_GO_ON && (argc - first > 1 || (is_print && argc != first))) {
        status = cli_wrong_use(&command_config, is_print ? "--template and --manual take no target"
                                                         : "wants one target at most");
    } else if (parsed == CLI_GO_ON && c.is_template + c.is_manual + c.is_json > 1) {
        status = cli_wrong_use(&command_config, "--json, --template and --manual: one of them");
    } else if (parsed == CLI_GO_ON) {
        status = dispatch(&c, argc != first ? argv[first] : NULL);
    }
    registry_free(c.registry);
    config_free(c.config);
    arena_release(&c.arena);
    return status;
}

const struct cli_command command_config = {
    .name = "config",
    .arguments = "[TARGET]",
    .summary = "the configuration: what is in force, and where it comes from",
    .text = "Shows the settings of 'check' and 'token' that are in force, each with the file\n"
            "and line, or the variable, that says so; with a TARGET as 'check' takes it, those\n"
            "that hold for it. What is wrong with the file is told, and the exit status is 3.\n\n"
            "The file is that of --config, else of SMTPDX_CONFIG, else smtpdx/config.yaml in\n"
            "XDG_CONFIG_HOME or ~/.config; YAML, or JSON. 'none' is no file. An option goes\n"
            "before the environment (SMTPDX_RETRIES for 'retries', and so on), that before\n"
            "what the file says of the provider, host or domain, that before the file's\n"
            "defaults. No secret stands in it.\n\n"
            "Examples:\n"
            "  smtpdx config\n"
            "  smtpdx config gmail --json\n"
            "  smtpdx config --template > config.yaml\n\n"
            "Exit status: 0; 2 wrong use, or a variable that is wrong; 3 the file is not as it\n"
            "should be, or cannot be read.",
    .options = options,
    .option_count = COUNT(options),
    .on_option = on_option,
    .run = run,
};
