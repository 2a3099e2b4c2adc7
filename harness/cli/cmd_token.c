/* SPDX-License-Identifier: Apache-2.0 */
/* smtpdx token: OAuth2 tokens had, refreshed and kept, encrypted. Options and help; the work is
 * done in token_*.c. */
#include <stdio.h>
#include <string.h>

#include "check/wishes.h"
#include "cli/config_file.h"
#include "cli/token_command.h"
#include "run/interrupt.h"

enum { CA_FILE_MAX = 4 * 1024 * 1024, SECRET_MAX = 64 * 1024, USUAL_WAIT_US = 300 * 1000000 };

enum {
    OPT_USER,
    OPT_GRANT,
    OPT_CLIENT_ID,
    OPT_SECRET_FILE,
    OPT_REFRESH_FILE,
    OPT_TENANT,
    OPT_SCOPE,
    OPT_TOKEN_URL,
    OPT_DEVICE_URL,
    OPT_AUTHORIZE_URL,
    OPT_REDIRECT_URL,
    OPT_BROWSER,
    OPT_PASTE,
    OPT_WAIT,
    OPT_KEY_PATH,
    OPT_STORE,
    OPT_KEY_FILE,
    OPT_FORCE,
    OPT_WARN_DAYS,
    OPT_CONNECT_TO,
    OPT_PROXY,
    OPT_CA,
    OPT_CONFIG,
    OPT_JSON,
    OPT_PROVIDERS
};

static const struct cli_option options[] = {
    [OPT_USER] = {"user", 'u', "NAME", "login: whose token it is (default: the address)"},
    [OPT_GRANT] =
        {"grant", 0, "GRANT",
         "login: device, code (a browser here), client_credentials, service_account, refresh"},
    [OPT_CLIENT_ID] = {"client-id", 0, "ID", "login: of the application that is registered"},
    [OPT_SECRET_FILE] = {"client-secret-file", 0, "FILE",
                         "login: its secret (default: SMTPDX_CLIENT_SECRET, or none)"},
    [OPT_REFRESH_FILE] = {"refresh-token-file", 0, "FILE",
                          "login --grant refresh (default: SMTPDX_REFRESH_TOKEN)"},
    [OPT_TENANT] = {"tenant", 0, "NAME", "login: in the endpoint's address (default: common)"},
    [OPT_SCOPE] = {"scope", 0, "SCOPES", "login: instead of those of the provider's file"},
    [OPT_TOKEN_URL] = {"token-url", 0, "URL", "login: instead of the provider's"},
    [OPT_DEVICE_URL] = {"device-url", 0, "URL", "login: instead of the provider's"},
    [OPT_AUTHORIZE_URL] = {"authorize-url", 0, "URL", "login: instead of the provider's"},
    [OPT_REDIRECT_URL] =
        {"redirect-url", 0, "URL",
         "login: where browsers come back to (default: http://127.0.0.1, any port)"},
    [OPT_BROWSER] = {"browser", 0, "CMD",
                     "login: opens the address, which is its last argument (run by /bin/sh)"},
    [OPT_PASTE] = {"paste", 0, NULL,
                   "login: the browser is elsewhere; ask for the address it ends at"},
    [OPT_WAIT] = {"wait", 0, "TIME", "login: for the browser (default 5m)"},
    [OPT_KEY_PATH] = {"service-account", 0, "FILE",
                      "login: the key file of one that may speak for --user (Google Workspace)"},
    [OPT_STORE] = {"store", 0, "FILE", "the store (default: tokens in the state folder)"},
    [OPT_KEY_FILE] = {"key-file", 0, "FILE",
                      "its key (default: a passphrase, SMTPDX_STORE_PASSPHRASE or asked for)"},
    [OPT_FORCE] = {"force", 0, NULL, "refresh: even when the token is still good"},
    [OPT_WARN_DAYS] = {"warn-token-days", 0, "N",
                       "status: exit 1 when a sign-in ends in fewer days"},
    [OPT_CONNECT_TO] = {"connect-to", 0, "HOST:PORT", "dial this in the endpoints' place"},
    [OPT_PROXY] = {"proxy", 0, "URL", "http://… or socks5://…"},
    [OPT_CA] = {"ca", 0, "FILE", "trust these certificates instead of the system's"},
    [OPT_CONFIG] = {"config", 0, "FILE", "configuration ('smtpdx config' shows it), or none"},
    [OPT_JSON] = {"json", 'j', NULL, "status: one JSON object a line"},
    [OPT_PROVIDERS] = {"providers", 0, "DIR",
                       "provider files in DIR replace or add to the built-in ones"},
};

/* What a configuration file may say, too. The user is no matter of a file here. */
static bool is_setting(size_t index)
{
    return index == OPT_STORE || index == OPT_KEY_FILE || index == OPT_PROXY || index == OPT_CA;
}

static bool take_setting(struct token_command *c, enum setting s, const char *value)
{
    struct why why;
    if (config_set_option(c->config, s, value, &why) == ERR_OK) {
        return true;
    }
    cli_wrong_use(&command_token, "%s", why.text);
    return false;
}

static bool on_option(void *context, size_t index, const char *value)
{
    struct token_command *c = context;
    if (index == OPT_WAIT) {
        return cli_time(&command_token, "wait", value, &c->wait_us);
    }
    if (index == OPT_WARN_DAYS) {
        return cli_number("warn-token-days", value, 1, 3650, &c->warn_days);
    }
    const char **const words[COUNT(options)] = {
        [OPT_USER] = &c->user,
        [OPT_GRANT] = &c->grant,
        [OPT_CLIENT_ID] = &c->client_id,
        [OPT_SECRET_FILE] = &c->secret_file,
        [OPT_REFRESH_FILE] = &c->refresh_file,
        [OPT_TENANT] = &c->tenant,
        [OPT_SCOPE] = &c->scope,
        [OPT_TOKEN_URL] = &c->token_url,
        [OPT_DEVICE_URL] = &c->device_url,
        [OPT_AUTHORIZE_URL] = &c->authorize_url,
        [OPT_REDIRECT_URL] = &c->redirect_url,
        [OPT_BROWSER] = &c->browser,
        [OPT_KEY_PATH] = &c->key_path,
        [OPT_CONNECT_TO] = &c->stored.route.connect_to,
        [OPT_CONFIG] = &c->config_file,
        [OPT_PROVIDERS] = &c->folder,
    };
    bool *const flags[COUNT(options)] = {
        [OPT_FORCE] = &c->is_forced, [OPT_JSON] = &c->is_json, [OPT_PASTE] = &c->is_pasted};
    if (is_setting(index)) {
        return take_setting(c, setting_of_option(options[index].name), value);
    }
    if (words[index] != NULL) {
        *words[index] = value;
    } else {
        *flags[index] = true;
    }
    return true;
}

int token_complain(const char *text, int status)
{
    fprintf(stderr, "smtpdx token: %s\n", text);
    return status;
}

int token_store_status(enum err err, const struct why *why)
{
    return err == ERR_OK ? EXIT_ALL_PASSED
           : err == ERR_UNSUPPORTED
               ? cli_wrong_use(&command_token, "%s", why->text)
               : token_complain(why->text, err == ERR_LIMIT       ? EXIT_NOT_JUDGED
                                           : err == ERR_NOT_FOUND ? EXIT_NOTHING_SELECTED
                                                                  : EXIT_DID_NOT_LOAD);
}

int token_open_store(struct token_command *c, bool may_create)
{
    struct why why;
    return token_store_status(stored_open(&c->stored, may_create, &why), &why);
}

/* ---- the command ---- */

static int read_route(struct token_command *c)
{
    struct why why;
    if (!cli_host_port(&command_token, "connect-to", c->stored.route.connect_to)) {
        return EXIT_WRONG_USE;
    }
    const char *ca_file = config_text(c->config, NULL, SETTING_CA);
    c->stored.route.proxy = config_text(c->config, NULL, SETTING_PROXY);
    wish_hide_proxy(c->stored.route.proxy, c->redactor);
    c->stored.store_file = config_text(c->config, NULL, SETTING_STORE);
    c->stored.key_file = config_text(c->config, NULL, SETTING_KEY_FILE);
    if (ca_file != NULL && doc_read_file(ca_file, CA_FILE_MAX, &c->arena,
                                         &c->stored.route.trust_pem, &why) != ERR_OK) {
        return token_complain(why.text, EXIT_DID_NOT_LOAD);
    }
    return EXIT_ALL_PASSED;
}

static int dispatch(struct token_command *c, int argc, char **argv)
{
    const char *verb = argc != 0 ? argv[0] : "";
    bool is_status = strcmp(verb, "status") == 0;
    if (is_status && argc == 1) {
        return token_status(c);
    }
    if (argc != 2 || is_status) {
        return cli_wrong_use(&command_token,
                             "wants login PROVIDER, refresh NAME, status, forget NAME "
                             "or export NAME");
    }
    return strcmp(verb, "login") == 0     ? token_login(c, argv[1])
           : strcmp(verb, "refresh") == 0 ? token_refresh(c, argv[1])
           : strcmp(verb, "forget") == 0  ? token_forget(c, argv[1])
           : strcmp(verb, "export") == 0
               ? token_export(c, argv[1])
               : cli_wrong_use(&command_token,
                               "there is no 'token %s'; there are login, refresh, "
                               "status, forget and export",
                               verb);
}

static int with_registry(struct token_command *c, int argc, char **argv)
{
    c->registry = cli_load_registry(c->folder);
    c->mapper = c->registry != NULL ? cli_load_mapper(c->registry) : NULL;
    if (c->mapper == NULL) {
        return EXIT_DID_NOT_LOAD;
    }
    int status = cli_read_config(&command_token, c->config_file, c->registry, c->config);
    status = status == EXIT_ALL_PASSED ? read_route(c) : status;
    if (status != EXIT_ALL_PASSED) {
        return status;
    }
    interrupt_catch();
    status = dispatch(c, argc, argv);
    interrupt_release();
    return status;
}

static int run(int argc, char **argv)
{
    struct token_command c = {.wait_us = USUAL_WAIT_US};
    struct buf *const secrets[] = {&c.client_secret, &c.refresh_token};
    int first;
    arena_init(&c.arena);
    c.config = config_new();
    c.redactor = redactor_new();
    stored_init(&c.stored, c.redactor);
    for (size_t i = 0; i < COUNT(secrets); i++) {
        buf_init(secrets[i], SECRET_MAX);
    }
    enum cli_parsed parsed = cli_parse(&command_token, argc, argv, &c, &first);
    int status = parsed == CLI_EXIT_OK ? EXIT_ALL_PASSED : EXIT_WRONG_USE;
    if (parsed == CLI_GO_ON) {
        status = with_registry(&c, argc - first, argv + first);
    }
    for (size_t i = 0; i < COUNT(secrets); i++) {
        buf_wipe(secrets[i]);
        buf_release(secrets[i]);
    }
    stored_release(&c.stored);
    redactor_free(c.redactor);
    mapper_free(c.mapper);
    registry_free(c.registry);
    config_free(c.config);
    arena_release(&c.arena);
    return status;
}

const struct cli_command command_token = {
    .name = "token",
    .arguments = "login PROVIDER | refresh NAME | status | forget NAME | export NAME",
    .summary = "OAuth2 tokens: had, refreshed, and kept encrypted",
    .text =
        "Gets an access token for submitting mail and keeps it, with what it can be renewed by, in "
        "a\n"
        "store that is encrypted (AES-256-GCM) under a passphrase or a key file. Endpoints and\n"
        "scopes come from the provider's file. 'check --stored' uses it. 'export' prints the "
        "access\n"
        "token, refreshed when less than ten minutes are left, for another program.\n\n"
        "  smtpdx token login office365 --user jane@example.com --client-id ID\n"
        "  smtpdx token login office365 --user app@example.com --client-id ID --tenant T "
        "--grant client_credentials\n"
        "  smtpdx token login gmail --user jane@gmail.com --client-id ID --browser xdg-open\n"
        "  smtpdx token login gmail --user jane@example.com --service-account key.json\n"
        "  smtpdx token status\n\n"
        "Exit status: 0 done; 1 the endpoint refused; 2 wrong use; 3 the store or a file cannot "
        "be\n"
        "used; 4 there is no such token; 5 the endpoint could not be asked; 6 the store could not "
        "be\n"
        "written; 130 interrupted.",
    .options = options,
    .option_count = COUNT(options),
    .on_option = on_option,
    .run = run,
};
