/* SPDX-License-Identifier: Apache-2.0 */
/* smtpdx providers: what is known. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "provider/provider.h"

static const struct cli_option options[] = {
    {"providers", 0, "DIR", "provider files in DIR replace or add to the built-in ones"},
};

static bool on_option(void *context, size_t index, const char *value)
{
    (void)index; /* one option */
    *(const char **)context = value;
    return true;
}

static void list(const struct registry *registry)
{
    for (size_t i = 0; i < registry_count(registry); i++) {
        const struct provider *p = registry_at(registry, i);
        char endpoint[160] = "";
        if (p->endpoint_count != 0) {
            snprintf(endpoint, sizeof endpoint, "%s:%u %s", p->endpoints[0].host,
                     p->endpoints[0].port, security_slug(p->endpoints[0].security));
        }
        printf("%-14s %-34s %s\n", p->name, p->title, endpoint);
    }
}

static const char *rule_text(enum username_rule rule)
{
    static const char *const texts[] = {
        [USERNAME_ANY] = "nothing is known",
        [USERNAME_FULL_ADDRESS] = "the full mail address",
        [USERNAME_LOCAL_PART] = "the part before the @",
        [USERNAME_LITERAL] = "a fixed word",
    };
    return texts[rule];
}

static void show_credentials(const struct provider *p)
{
    for (size_t i = 0; i < p->credential_count; i++) {
        const struct provider_credential *c = &p->credentials[i];
        printf("  credential   %-13s %s", credential_slug(c->kind),
               c->is_accepted ? "accepted" : "refused");
        for (size_t k = 0; c->mechanisms != NULL && c->mechanisms[k] != NULL; k++) {
            printf(" %s", c->mechanisms[k]);
        }
        printf("%s%s\n", c->because != NULL && c->because[0] != '\0' ? "  " : "",
               c->because != NULL ? c->because : "");
    }
}

static void show_lines(const char *title, const char *const *lines)
{
    for (size_t i = 0; lines != NULL && lines[i] != NULL; i++) {
        printf("  %-12s %s\n", i == 0 ? title : "", lines[i]);
    }
}

static void show(const struct provider *p)
{
    printf("%s: %s  (%s)\n", p->name, p->title, p->file);
    for (size_t i = 0; i < p->endpoint_count; i++) {
        printf("  endpoint     %s:%u %s\n", p->endpoints[i].host, p->endpoints[i].port,
               security_slug(p->endpoints[i].security));
    }
    if (p->imap != NULL) {
        printf("  mailboxes    %s:%u %s\n", p->imap->host, p->imap->port,
               security_slug(p->imap->security));
    }
    printf("  user name    %s%s%s\n", rule_text(p->username_rule),
           p->username_rule == USERNAME_LITERAL ? ": " : "",
           p->username_rule == USERNAME_LITERAL ? p->username_literal : "");
    show_credentials(p);
    show_lines("before TLS", p->clear);
    show_lines("inside TLS", p->tls);
    for (size_t i = 0; i < p->reply_count; i++) {
        const struct provider_reply *r = &p->replies[i];
        printf("  reply        %s at %s%s%s: %s\n", r->cause, stage_slug(r->stage),
               r->variant[0] != '\0' ? ", " : "", r->variant, r->text);
    }
}

static int find(const struct registry *registry, const char *address)
{
    const struct provider *p = registry_by_address(registry, slice_of(address));
    p = p != NULL ? p : registry_by_host(registry, slice_of(address));
    if (p == NULL) {
        fprintf(stderr, "smtpdx: no provider file knows '%s'\n", address);
        return EXIT_NOTHING_SELECTED;
    }
    show(p);
    return EXIT_ALL_PASSED;
}

static int show_named(const struct registry *registry, const char *name)
{
    const struct provider *p = registry_find(registry, slice_of(name));
    if (p == NULL) {
        const char *nearest = registry_nearest(registry, slice_of(name));
        fprintf(stderr, "smtpdx: no provider '%s'%s%s%s\n", name,
                nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "",
                nearest != NULL ? "'?)" : "");
        return EXIT_NOTHING_SELECTED;
    }
    show(p);
    return EXIT_ALL_PASSED;
}

static int dispatch(const struct registry *registry, int argc, char **argv)
{
    if (argc == 0) {
        list(registry);
        return EXIT_ALL_PASSED;
    }
    if (argc == 2 && strcmp(argv[0], "show") == 0) {
        return show_named(registry, argv[1]);
    }
    if (argc == 2 && strcmp(argv[0], "find") == 0) {
        return find(registry, argv[1]);
    }
    return cli_wrong_use(&command_providers, "wants nothing, 'show NAME' or 'find ADDRESS'");
}

static int run(int argc, char **argv)
{
    const char *folder = NULL;
    int first;
    enum cli_parsed parsed = cli_parse(&command_providers, argc, argv, &folder, &first);
    if (parsed != CLI_GO_ON) {
        return parsed == CLI_EXIT_OK ? EXIT_ALL_PASSED : EXIT_WRONG_USE;
    }
    struct registry *registry = cli_load_registry(folder);
    if (registry == NULL) {
        return EXIT_DID_NOT_LOAD;
    }
    int status = dispatch(registry, argc - first, argv + first);
    registry_free(registry);
    return status;
}

const struct cli_command command_providers = {
    .name = "providers",
    .arguments = "[show NAME | find ADDRESS]",
    .summary = "what is known about providers",
    .text = "Without arguments: all providers with their usual endpoint. `show NAME` prints all "
            "that is\n"
            "known of one; `find ADDRESS` finds it by mail address or host name.",
    .options = options,
    .option_count = COUNT(options),
    .on_option = on_option,
    .run = run,
};
