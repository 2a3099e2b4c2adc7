/* SPDX-License-Identifier: Apache-2.0 */
/* smtpdx check: can mail be submitted to this server with this credential; if not, why, and who
 * must do what. */
#include <stdio.h>
#include <string.h>

#include "check/logins.h"
#include "cli/check_command.h"
#include "cli/config_file.h"
#include "cli/explain.h"
#include "net/tls.h"

enum {
    OPT_USER,
    OPT_CREDENTIAL,
    OPT_PASSWORD_FILE,
    OPT_PASSWORD_COMMAND,
    OPT_TOKEN_FILE,
    OPT_TOKEN_COMMAND,
    OPT_STORED,
    OPT_STORE,
    OPT_KEY_FILE,
    OPT_TOKEN_CONNECT_TO,
    OPT_MECHANISM,
    OPT_PURPOSE,
    OPT_STRICT,
    OPT_FORCE,
    OPT_UNTIL,
    OPT_SEND,
    OPT_FROM,
    OPT_TO,
    OPT_VERIFY,
    OPT_VERIFY_TIMEOUT,
    OPT_MAILBOX,
    OPT_MAILBOX_FILE,
    OPT_MAILBOX_COMMAND,
    OPT_MAILBOX_CONNECT_TO,
    OPT_SECURITY,
    OPT_CA,
    OPT_CONNECT_TO,
    OPT_RESOLVE,
    OPT_PROXY,
    OPT_FIND,
    OPT_FIND_CONNECT_TO,
    OPT_NAME_SERVER,
    OPT_IPV4,
    OPT_IPV6,
    OPT_HELO,
    OPT_TIMEOUT,
    OPT_CONNECT_TIMEOUT,
    OPT_RETRIES,
    OPT_BACKOFF,
    OPT_LOGINS,
    OPT_WARN_CERT,
    OPT_WARN_TOKEN,
    OPT_DIAGNOSTICS,
    OPT_CONFIG,
    OPT_BATCH,
    OPT_OUTPUT,
    OPT_JOBS,
    OPT_PER_PROVIDER,
    OPT_SHARD,
    OPT_JUNIT,
    OPT_METRICS,
    OPT_JSON,
    OPT_VERBOSE,
    OPT_QUIET,
    OPT_PROVIDERS
};

static const struct cli_option options[] = {
    [OPT_USER] = {"user", 'u', "NAME",
                  "user name of the login (default: the address, or the URL's)"},
    [OPT_CREDENTIAL] = {"credential", 0, "KIND",
                        "password, app_password or oauth2; else told by where it comes from"},
    [OPT_PASSWORD_FILE] = {"password-file", 0, "FILE",
                           "the password is in it; nobody else may read it"},
    [OPT_PASSWORD_COMMAND] = {"password-command", 0, "CMD", "prints the password (run by /bin/sh)"},
    [OPT_TOKEN_FILE] = {"token-file", 0, "FILE", "the access token is in it"},
    [OPT_TOKEN_COMMAND] = {"token-command", 0, "CMD", "prints the access token"},
    [OPT_STORED] = {"stored", 0, NULL,
                    "the token that 'smtpdx token login' keeps; refreshed in time"},
    [OPT_STORE] = {"store", 0, "FILE", "where it is kept (default: tokens in the state folder)"},
    [OPT_KEY_FILE] = {"key-file", 0, "FILE", "the store's key (default: a passphrase)"},
    [OPT_TOKEN_CONNECT_TO] = {"token-connect-to", 0, "HOST:PORT",
                              "dial this in the token endpoint's place"},
    [OPT_MECHANISM] = {"mechanism", 0, "NAME",
                       "PLAIN, LOGIN, XOAUTH2, …; one, and no other is tried"},
    [OPT_PURPOSE] = {"purpose", 0, "WHAT",
                     "ci, onboarding, bulk or migration: is this kind of credential right for it?"},
    [OPT_STRICT] = {"strict", 0, NULL, "doubts found beforehand stop the check, as refusals do"},
    [OPT_FORCE] = {"force", 0, NULL, "nothing found beforehand stops it"},
    [OPT_UNTIL] = {"until", 0, "STAGE",
                   "connect, greeting, ehlo, starttls, tls, auth (default), mail, rcpt or data"},
    [OPT_SEND] = {"send", 0, NULL,
                  "deliver a message from --from to --to; nothing is sent without"},
    [OPT_FROM] = {"from", 0, "ADDRESS", "envelope sender (default: the user name)"},
    [OPT_TO] = {"to", 0, "ADDRESS", "recipient, for --until rcpt and --send"},
    [OPT_VERIFY] = {"verify-delivery", 0, NULL,
                    "then look into the mailbox (IMAP) until the message is there"},
    [OPT_VERIFY_TIMEOUT] = {"verify-timeout", 0, "TIME", "for that (default 2m)"},
    [OPT_MAILBOX] = {"mailbox", 0, "URL",
                     "imaps://[USER@]HOST[:PORT], or imap:// (STARTTLS); default: the provider's"},
    [OPT_MAILBOX_FILE] = {"mailbox-password-file", 0, "FILE", "its password is in it"},
    [OPT_MAILBOX_COMMAND] = {"mailbox-password-command", 0, "CMD", "prints its password"},
    [OPT_MAILBOX_CONNECT_TO] = {"mailbox-connect-to", 0, "HOST:PORT",
                                "dial this in the mailbox's place"},
    [OPT_SECURITY] = {"security", 0, "MODE",
                      "starttls, implicit or none (default: the endpoint's)"},
    [OPT_CA] = {"ca", 0, "FILE", "trust these certificates instead of the system's"},
    [OPT_CONNECT_TO] = {"connect-to", 0, "HOST:PORT",
                        "dial this; names and rules stay the target's"},
    [OPT_RESOLVE] = {"resolve", 0, "HOST:PORT:ADDRESS[,…]",
                     "in place of DNS, as with curl; may be given several times"},
    [OPT_PROXY] = {"proxy", 0, "URL", "http://… (CONNECT), socks5://… or socks5h://…"},
    [OPT_FIND] = {"find", 0, "WAYS",
                  "to an address's server: files,autoconfig,ispdb,srv (default: all), or none"},
    [OPT_FIND_CONNECT_TO] = {"find-connect-to", 0, "HOST:PORT",
                             "dial this in place of the autoconfiguration's web servers"},
    [OPT_NAME_SERVER] = {"name-server", 0, "ADDRESS:PORT", "ask this for SRV records"},
    [OPT_IPV4] = {"ipv4", '4', NULL, "dial IPv4 addresses only"},
    [OPT_IPV6] = {"ipv6", '6', NULL, "dial IPv6 addresses only"},
    [OPT_HELO] = {"helo", 0, "NAME",
                  "name in EHLO (default: this machine's full name, else [127.0.0.1])"},
    [OPT_TIMEOUT] = {"timeout", 0, "TIME", "for each attempt as a whole (default 2m)"},
    [OPT_CONNECT_TIMEOUT] = {"connect-timeout", 0, "TIME", "for DNS and TCP (default 15s)"},
    [OPT_RETRIES] = {"retries", 0, "N", "of what is temporary (default 3); a login never"},
    [OPT_BACKOFF] = {"backoff", 0, "TIME", "before the first retry, then doubled (default 1s)"},
    [OPT_LOGINS] = {"logins-per-hour", 0, "N",
                    "tried on one account and not accepted (default 3; 0: any number)"},
    [OPT_WARN_CERT] = {"warn-cert-days", 0, "N", "a certificate with fewer days left is a doubt"},
    [OPT_WARN_TOKEN] = {"warn-token-days", 0, "N",
                        "a stored sign-in that ends in fewer days is a doubt"},
    [OPT_DIAGNOSTICS] = {"diagnostics", 0, "on|off",
                         "off: what was replied, without the cause and what to do"},
    [OPT_CONFIG] = {"config", 0, "FILE", "configuration ('smtpdx config' shows it), or none"},
    [OPT_BATCH] = {"batch", 0, "FILE",
                   "many accounts, a JSON object a line in and out; no TARGET then"},
    [OPT_OUTPUT] = {"output", 'o', "FILE",
                    "--batch: append to it, and do not repeat what is in it"},
    [OPT_JOBS] = {"jobs", 0, "N", "--batch: so many at once (default 8)"},
    [OPT_PER_PROVIDER] = {"per-provider", 0, "N", "--batch: of them at one provider (default 2)"},
    [OPT_SHARD] = {"shard", 0, "I/N", "--batch: one of N parts, which together are all"},
    [OPT_JUNIT] = {"junit", 0, "FILE", "JUnit XML of it, for CI"},
    [OPT_METRICS] = {"metrics", 0, "FILE", "a text file for Prometheus' node exporter"},
    [OPT_JSON] = {"json", 'j', NULL, "one JSON object on one line"},
    [OPT_VERBOSE] = {"verbose", 'v', NULL, "show what crossed the wire, without the credential"},
    [OPT_QUIET] = {"quiet", 'q', NULL, "the verdict and what to do, without the stages"},
    [OPT_PROVIDERS] = {"providers", 0, "DIR",
                       "provider files in DIR replace or add to the built-in ones"},
};

/* ---- options ---- */

/* What a configuration file may say, too: the same table reads it. */
static bool take_setting(struct check_command *c, enum setting s, const char *value)
{
    struct why why;
    if (config_set_option(c->config, s, value != NULL ? value : "yes", &why) == ERR_OK) {
        return true;
    }
    cli_wrong_use(&command_check, "%s", why.text);
    return false;
}

static bool take_shard(struct check_command *c, const char *value)
{
    struct slice all = slice_of(value);
    size_t slash = slice_find_char(all, '/');
    uint64_t part = 0, parts = 0;
    if (slash == SIZE_MAX || !slice_to_u64(slice_sub(all, 0, slash), &part) ||
        !slice_to_u64(slice_from(all, slash + 1), &parts) || part == 0 || part > parts ||
        parts > 10000) {
        cli_wrong_use(&command_check, "--shard wants I/N, as 2/5, not '%s'", value);
        return false;
    }
    c->batch.shard = (unsigned)part;
    c->batch.shards = (unsigned)parts;
    return true;
}

static bool take_resolve(struct check_command *c, const char *value)
{
    struct slice host;
    unsigned port;
    if (!world_resolve_ok(value, &host, &port)) {
        cli_wrong_use(&command_check,
                      "--resolve wants HOST:PORT:ADDRESS, as mail.example.com:587:192.0.2.7, not "
                      "'%s'",
                      value);
        return false;
    }
    if (c->params.resolve_count == COUNT(c->resolve)) {
        cli_wrong_use(&command_check, "--resolve can be given %zu times", COUNT(c->resolve));
        return false;
    }
    c->resolve[c->params.resolve_count++] = value;
    c->params.resolve = c->resolve;
    return true;
}

static bool take_word(struct check_command *c, size_t index, const char *value)
{
    const char **const places[COUNT(options)] = {
        [OPT_PASSWORD_FILE] = &c->wish.password_file,
        [OPT_PASSWORD_COMMAND] = &c->wish.password_command,
        [OPT_TOKEN_FILE] = &c->wish.token_file,
        [OPT_TOKEN_COMMAND] = &c->wish.token_command,
        [OPT_TOKEN_CONNECT_TO] = &c->stored.route.connect_to,
        [OPT_UNTIL] = &c->until,
        [OPT_FROM] = &c->from,
        [OPT_TO] = &c->to,
        [OPT_MAILBOX] = &c->mailbox.url,
        [OPT_MAILBOX_FILE] = &c->mailbox.wish.password_file,
        [OPT_MAILBOX_COMMAND] = &c->mailbox.wish.password_command,
        [OPT_MAILBOX_CONNECT_TO] = &c->mailbox.connect_to,
        [OPT_FIND_CONNECT_TO] = &c->find.connect_to,
        [OPT_NAME_SERVER] = &c->find.name_server,
        [OPT_CONFIG] = &c->config_file,
        [OPT_BATCH] = &c->batch.input,
        [OPT_OUTPUT] = &c->batch.output,
        [OPT_JUNIT] = &c->junit,
        [OPT_METRICS] = &c->metrics,
        [OPT_PROVIDERS] = &c->folder,
    };
    *places[index] = value;
    return true;
}

static bool take_flag(struct check_command *c, size_t index)
{
    bool *const places[COUNT(options)] = {
        [OPT_STORED] = &c->is_stored,
        [OPT_FORCE] = &c->params.is_forced,
        [OPT_SEND] = &c->params.may_send,
        [OPT_IPV4] = &c->is_ipv4,
        [OPT_IPV6] = &c->is_ipv6,
        [OPT_JSON] = &c->is_json,
        [OPT_VERBOSE] = &c->look.is_verbose,
        [OPT_QUIET] = &c->look.is_quiet,
        [OPT_VERIFY] = &c->mailbox.is_wanted,
    };
    *places[index] = true;
    return true;
}

static bool on_option(void *context, size_t index, const char *value)
{
    struct check_command *c = context;
    enum setting s = setting_of_option(options[index].name);
    if (s != SETTING_COUNT) {
        return take_setting(c, s, value);
    }
    if (index == OPT_RESOLVE) {
        return take_resolve(c, value);
    }
    if (index == OPT_VERIFY_TIMEOUT) {
        return cli_time(&command_check, "verify-timeout", value, &c->mailbox.limit_us);
    }
    if (index == OPT_SHARD) {
        return take_shard(c, value);
    }
    return value != NULL ? take_word(c, index, value) : take_flag(c, index);
}

static int load(struct check_command *c)
{
    int status = check_read_words(c);
    if (status != EXIT_ALL_PASSED) {
        return status;
    }
    c->registry = cli_load_registry(c->folder);
    c->mapper = c->registry != NULL ? cli_load_mapper(c->registry) : NULL;
    if (c->mapper == NULL) {
        return EXIT_DID_NOT_LOAD;
    }
    status = cli_read_config(&command_check, c->config_file, c->registry, c->config);
    return status == EXIT_ALL_PASSED ? check_take_defaults(c) : status;
}

static int check_one(struct check_command *c)
{
    int status = load(c);
    status = status == EXIT_ALL_PASSED ? check_read_target(c) : status;
    status = status == EXIT_ALL_PASSED ? check_read_credential(c) : status;
    status = status == EXIT_ALL_PASSED ? check_read_mailbox(c) : status;
    if (status == EXIT_ALL_PASSED) {
        check_complete(c);
        status = check_run_one(c);
    }
    return status;
}

/* What is said of one account, or of the shape of its output, does not go with many. */
static int check_many(struct check_command *c)
{
    bool is_of_one =
        check_option(c, SETTING_USER) != NULL || c->wish.password_file != NULL || c->is_stored ||
        c->wish.password_command != NULL || c->wish.token_file != NULL ||
        c->wish.token_command != NULL || check_option(c, SETTING_CREDENTIAL) != NULL ||
        check_option(c, SETTING_SECURITY) != NULL || c->params.may_send || c->mailbox.is_wanted ||
        c->mailbox.url != NULL || c->junit != NULL || c->metrics != NULL || c->look.is_verbose;
    if (is_of_one) {
        return cli_wrong_use(&command_check,
                             "--batch takes user, credential and security from each "
                             "line (\"stored\": true for a token of the store); --send, --stored, "
                             "--junit, --metrics and --verbose are for one account");
    }
    int status = load(c);
    if (status != EXIT_ALL_PASSED) {
        return status;
    }
    check_complete(c);
    c->batch.registry = c->registry;
    c->batch.config = c->config;
    c->batch.stored = &c->stored;
    c->batch.common = c->params;
    c->batch.jobs = (unsigned)config_number(c->config, NULL, SETTING_JOBS);
    c->batch.per_group = (unsigned)config_number(c->config, NULL, SETTING_PER_PROVIDER);
    c->batch.has_diagnosis = c->has_diagnosis;
    struct batch_trust *trusts =
        arena_array(&c->arena, config_entry_count(c->config) + 1, sizeof *trusts);
    status = check_make_trusts(c, trusts);
    c->batch.trusts = trusts;
    status = status == EXIT_ALL_PASSED ? batch_run(&c->batch) : status;
    for (size_t i = 0; i < c->batch.trust_count; i++) {
        tls_setup_free(trusts[i].tls);
    }
    return status;
}

static int run(int argc, char **argv)
{
    struct check_command c = {.batch = {.shard = 1, .shards = 1}};
    int first;
    arena_init(&c.arena);
    credential_init(&c.secret);
    c.config = config_new();
    check_mailbox_init(&c.mailbox);
    c.redactor = redactor_new();
    stored_init(&c.stored, c.redactor);
    c.look.columns = explain_columns();
    enum cli_parsed parsed = cli_parse(&command_check, argc, argv, &c, &first);
    int status = parsed == CLI_EXIT_OK ? EXIT_ALL_PASSED : EXIT_WRONG_USE;
    if (parsed == CLI_GO_ON && c.batch.input != NULL) {
        status = argc == first
                     ? check_many(&c)
                     : cli_wrong_use(&command_check, "--batch takes its targets from the file");
    } else if (parsed == CLI_GO_ON && argc - first != 1) {
        status = cli_wrong_use(&command_check, "wants one target: a provider, a mail address, "
                                               "HOST[:PORT], or smtp://… or smtps://…");
    } else if (parsed == CLI_GO_ON) {
        c.given = argv[first];
        status = check_one(&c);
    }
    tls_setup_free(c.tls);
    token_flow_free(c.token_flow);
    stored_release(&c.stored);
    redactor_free(c.redactor);
    credential_release(&c.secret);
    check_mailbox_release(&c.mailbox);
    mapper_free(c.mapper);
    registry_free(c.registry);
    config_free(c.config);
    arena_release(&c.arena);
    return status;
}

const struct cli_command command_check = {
    .name = "check",
    .arguments = "TARGET | --batch FILE",
    .summary = "pre-flight of one server and one credential",
    .text =
        "Says whether mail can be submitted to a server with a credential; if not, at which "
        "stage,\n"
        "why, and who must do what. TARGET is a provider ('smtpdx providers'), a mail address of\n"
        "one, HOST[:PORT], smtp://HOST (STARTTLS) or smtps://HOST. One login at most is tried "
        "with\n"
        "one mechanism, inside verified TLS; nothing is delivered without --send.\n\n"
        "The credential comes from SMTPDX_PASSWORD, SMTPDX_APP_PASSWORD or SMTPDX_TOKEN, from a\n"
        "file or a command, or is asked for at the terminal. Without user and credential the\n"
        "server alone is looked at. Defaults, and what is usual for a provider, may stand in a\n"
        "configuration file: see 'smtpdx config --help'.\n\n"
        "Examples:\n"
        "  smtpdx check outlook --user jane@outlook.com\n"
        "  SMTPDX_TOKEN=… smtpdx check jane@gmail.com --purpose onboarding --json\n"
        "  smtpdx check mail.example.com:587 --user jane --password-command 'pass mail/jane'\n"
        "  smtpdx check smtps://mail.example.com --until tls --warn-cert-days 21\n\n"
        "Exit status: 0 usable, or all that was asked went well; 1 not usable: somebody has to\n"
        "act; 2 wrong use; 3 a file or command for it failed; 5 could not tell: the way there\n"
        "failed, or the trouble is temporary; 130 interrupted.",
    .options = options,
    .option_count = COUNT(options),
    .on_option = on_option,
    .run = run,
};
