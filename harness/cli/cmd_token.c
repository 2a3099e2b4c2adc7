/* SPDX-License-Identifier: Apache-2.0 */
/* smtpdx token: OAuth2 tokens had, refreshed and kept, encrypted. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/redact.h"
#include "base/text.h"
#include "cli/check_credential.h"
#include "cli/config_file.h"
#include "cli/explain.h"
#include "cli/stored.h"
#include "net/world.h"
#include "run/interrupt.h"

enum { CA_FILE_MAX = 4 * 1024 * 1024, SECRET_MAX = 64 * 1024, RETRIES = 3 };

struct token_command {
    const char *user, *grant, *client_id, *secret_file, *refresh_file, *tenant, *scope, *token_url,
        *device_url, *folder, *config_file;
    struct config *config; /* with the options that a file may say, too */
    struct stored_token stored;
    bool is_json, is_forced;

    struct arena arena;
    struct registry *registry;
    struct mapper *mapper;
    struct redactor *redactor;
    struct buf client_secret, refresh_token;
};

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
    OPT_STORE,
    OPT_KEY_FILE,
    OPT_FORCE,
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
         "login: device (default), client_credentials, or refresh (bring a refresh token)"},
    [OPT_CLIENT_ID] = {"client-id", 0, "ID", "login: of the application that is registered"},
    [OPT_SECRET_FILE] = {"client-secret-file", 0, "FILE",
                         "login: its secret (default: SMTPDX_CLIENT_SECRET, or none)"},
    [OPT_REFRESH_FILE] = {"refresh-token-file", 0, "FILE",
                          "login --grant refresh (default: SMTPDX_REFRESH_TOKEN)"},
    [OPT_TENANT] = {"tenant", 0, "NAME", "login: in the endpoint's address (default: common)"},
    [OPT_SCOPE] = {"scope", 0, "SCOPES", "login: instead of those of the provider's file"},
    [OPT_TOKEN_URL] = {"token-url", 0, "URL", "login: instead of the provider's"},
    [OPT_DEVICE_URL] = {"device-url", 0, "URL", "login: instead of the provider's"},
    [OPT_STORE] = {"store", 0, "FILE", "the store (default: tokens in the state folder)"},
    [OPT_KEY_FILE] = {"key-file", 0, "FILE",
                      "its key (default: a passphrase, SMTPDX_STORE_PASSPHRASE or asked for)"},
    [OPT_FORCE] = {"force", 0, NULL, "refresh: even when the token is still good"},
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
        [OPT_CONNECT_TO] = &c->stored.route.connect_to,
        [OPT_CONFIG] = &c->config_file,
        [OPT_PROVIDERS] = &c->folder,
    };
    bool *const flags[COUNT(options)] = {[OPT_FORCE] = &c->is_forced, [OPT_JSON] = &c->is_json};
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

static int complain(const char *text, int status)
{
    fprintf(stderr, "smtpdx token: %s\n", text);
    return status;
}

/* ---- the store ---- */

static void hide(struct token_command *c, const char *name, struct slice secret)
{
    struct why why;
    (void)!redactor_add(c->redactor, name, secret, &why); /* one too short to be hidden */
}

static int open_store(struct token_command *c, bool may_create)
{
    struct why why;
    enum err err = stored_open(&c->stored, may_create, &why);
    return err == ERR_OK ? EXIT_ALL_PASSED
           : err == ERR_UNSUPPORTED
               ? cli_wrong_use(&command_token, "%s", why.text)
               : complain(why.text, err == ERR_LIMIT       ? EXIT_NOT_JUDGED
                                    : err == ERR_NOT_FOUND ? EXIT_NOTHING_SELECTED
                                                           : EXIT_DID_NOT_LOAD);
}

/* ---- failures ---- */

static void print_diagnosis(struct token_command *c, const struct provider *provider,
                            const struct token_flow *flow)
{
    struct diagnosis d;
    struct buf text, safe;
    token_diagnose(c->mapper, provider, flow, &c->arena, &d);
    const struct token_result *r = token_flow_result(flow);
    const struct evidence e = {.stage = STAGE_TOKEN, .reply = r->document};
    buf_init(&text, BUF_NO_CAP);
    buf_init(&safe, BUF_NO_CAP);
    explain_text(&d, &e, explain_columns(), &text);
    redactor_apply(c->redactor, buf_slice(&text), &safe);
    fprintf(stderr, "%s", buf_text(&safe));
    buf_release(&text);
    buf_release(&safe);
}

/* The end of a flow that gave no token. */
static int flow_failed(struct token_command *c, const struct provider *provider,
                       const struct token_flow *flow, const struct why *why)
{
    int number = interrupt_number();
    if (number != 0) {
        return complain("interrupted; nothing was kept", 128 + number);
    }
    if (flow == NULL || why->text[0] != '\0') {
        return complain(why->text, EXIT_DID_NOT_LOAD);
    }
    struct diagnosis d;
    token_diagnose(c->mapper, provider, flow, &c->arena, &d);
    print_diagnosis(c, provider, flow);
    return token_flow_result(flow)->fault != FAULT_NONE || d.retry == RETRY_LATER
               ? EXIT_NOT_JUDGED
               : EXIT_SOMETHING_FAILED;
}

/* ---- login ---- */

struct login {
    const struct provider *provider;
    const char *user;
    enum token_grant grant;
    const char *token_url, *device_url, *scope;
};

/* The provider's address with the tenant in its place; NULL when the file has none. */
static const char *endpoint(struct token_command *c, const struct provider *p, const char *key)
{
    const struct node *node = p != NULL && p->oauth2 != NULL ? node_get(p->oauth2, key) : NULL;
    struct slice text = node != NULL ? node_text(node) : SLICE("");
    size_t at = slice_find(text, SLICE("{tenant}"));
    if (text.n == 0) {
        return NULL;
    }
    if (at == SIZE_MAX) {
        return arena_text(&c->arena, text);
    }
    return arena_printf(&c->arena, SLICE_FMT "%s" SLICE_FMT, SLICE_ARG(slice_sub(text, 0, at)),
                        c->tenant != NULL ? c->tenant : "common",
                        SLICE_ARG(slice_from(text, at + 8)));
}

static const char *scopes(struct token_command *c, const struct provider *p, const char *key)
{
    const struct node *list = p != NULL && p->oauth2 != NULL ? node_get(p->oauth2, key) : NULL;
    struct buf words;
    buf_init(&words, 8192);
    for (size_t i = 0; list != NULL && i < list->count; i++) {
        buf_addf(&words, "%s" SLICE_FMT, i != 0 ? " " : "", SLICE_ARG(node_text(list->items[i])));
    }
    const char *text = arena_text(&c->arena, buf_slice(&words));
    buf_release(&words);
    return text;
}

static int read_grant(struct token_command *c, struct login *l)
{
    static const char *const grants[] = {"device", "client_credentials", "refresh"};
    if (c->grant != NULL &&
        (!token_grant_from_slug(slice_of(c->grant), &l->grant) || l->grant == TOKEN_GRANT_CODE)) {
        const char *nearest = text_nearest(slice_of(c->grant), grants, COUNT(grants));
        return cli_wrong_use(&command_token, "--grant does not know '%s'%s%s%s", c->grant,
                             nearest != NULL ? " (did you mean '" : "",
                             nearest != NULL ? nearest : "", nearest != NULL ? "'?)" : "");
    }
    bool is_google = l->provider != NULL && strcmp(l->provider->family, "google") == 0;
    if (l->grant == TOKEN_GRANT_DEVICE && is_google && c->device_url == NULL) {
        return cli_wrong_use(
            &command_token,
            "Google refuses mail scopes in the device flow: sign in with a program "
            "that opens a browser, and bring its refresh token with --grant refresh");
    }
    return EXIT_ALL_PASSED;
}

static bool is_https(const char *url)
{
    return url == NULL || slice_has_prefix_nocase(slice_of(url), SLICE("https://"));
}

static int read_login(struct token_command *c, const char *who, struct login *l)
{
    struct slice word = slice_of(who);
    l->grant = TOKEN_GRANT_DEVICE;
    l->provider = registry_find(c->registry, word);
    bool is_address = l->provider == NULL && slice_find_char(word, '@') != SIZE_MAX;
    l->provider = is_address ? registry_by_address(c->registry, word) : l->provider;
    if (l->provider == NULL && c->token_url == NULL) {
        const char *nearest = registry_nearest(c->registry, word);
        return cli_wrong_use(&command_token, "no provider '%s'%s%s%s", who,
                             nearest != NULL ? " (did you mean '" : "",
                             nearest != NULL ? nearest : "",
                             nearest != NULL ? "'?)" : "; --token-url says whom to ask");
    }
    l->user = c->user != NULL ? c->user : is_address ? who : NULL;
    if (l->user == NULL) {
        return cli_wrong_use(&command_token, "whose token is it? --user NAME");
    }
    if (!is_https(c->token_url) || !is_https(c->device_url)) {
        return cli_wrong_use(&command_token,
                             "a token endpoint is an https:// address: secrets go there");
    }
    int status = read_grant(c, l);
    bool is_client = l->grant == TOKEN_GRANT_CLIENT;
    l->token_url = c->token_url != NULL ? c->token_url : endpoint(c, l->provider, "token");
    l->device_url = c->device_url != NULL ? c->device_url : endpoint(c, l->provider, "device");
    l->scope = c->scope != NULL
                   ? c->scope
                   : scopes(c, l->provider, is_client ? "application_scopes" : "scopes");
    if (status == EXIT_ALL_PASSED && l->token_url == NULL) {
        return cli_wrong_use(&command_token,
                             "the file of %s has no token endpoint: --token-url URL",
                             l->provider->title);
    }
    return status;
}

static int read_secrets(struct token_command *c, const struct login *l)
{
    struct why why;
    const char *secret = getenv("SMTPDX_CLIENT_SECRET"), *refresh = getenv("SMTPDX_REFRESH_TOKEN");
    if (c->secret_file != NULL) {
        if (credential_read_file(c->secret_file, &c->client_secret, &why) != ERR_OK) {
            return complain(why.text, EXIT_DID_NOT_LOAD);
        }
    } else if (secret != NULL) {
        buf_add_text(&c->client_secret, secret);
    }
    if (l->grant == TOKEN_GRANT_REFRESH && c->refresh_file != NULL) {
        if (credential_read_file(c->refresh_file, &c->refresh_token, &why) != ERR_OK) {
            return complain(why.text, EXIT_DID_NOT_LOAD);
        }
    } else if (l->grant == TOKEN_GRANT_REFRESH && refresh != NULL) {
        buf_add_text(&c->refresh_token, refresh);
    }
    hide(c, "client secret", buf_slice(&c->client_secret));
    hide(c, "refresh token", buf_slice(&c->refresh_token));
    return EXIT_ALL_PASSED;
}

static const char *entry_name(struct token_command *c, const struct login *l)
{
    return arena_printf(&c->arena, "%s/%s", l->provider != NULL ? l->provider->name : "other",
                        l->user);
}

static void put_entry(struct token_command *c, const struct login *l, const struct token_result *r,
                      const char *name)
{
    token_store_put(c->stored.store,
                    &(struct token_entry){.name = name,
                                          .provider = l->provider != NULL ? l->provider->name : "",
                                          .user = l->user,
                                          .grant = token_grant_slug(l->grant),
                                          .token_url = l->token_url,
                                          .client_id = c->client_id,
                                          .client_secret = buf_text(&c->client_secret),
                                          .scope = l->scope,
                                          .access_token = arena_text(&c->arena, r->access_token),
                                          .refresh_token = arena_text(&c->arena, r->refresh_token),
                                          .expires_s = r->expires_s,
                                          .obtained_s = (int64_t)time(NULL)});
}

static void print_left(const char *name, int64_t expires_s)
{
    int64_t left_s = expires_s - (int64_t)time(NULL);
    if (expires_s == 0) {
        printf("%s: kept; the endpoint does not say how long it lasts\n", name);
    } else {
        printf("%s: kept; good for %" PRId64 " minutes\n", name, left_s / 60);
    }
}

static int login(struct token_command *c, const char *who)
{
    struct login l;
    struct why why = {.text = ""};
    struct token_flow *flow = NULL;
    int status = read_login(c, who, &l);
    status = status == EXIT_ALL_PASSED ? read_secrets(c, &l) : status;
    if (status != EXIT_ALL_PASSED) {
        return status;
    }
    const struct token_flow_params params = {
        .grant = l.grant,
        .client = {.token_url = l.token_url,
                   .device_url = l.device_url,
                   .id = slice_of(c->client_id),
                   .secret = buf_slice(&c->client_secret),
                   .scope = slice_of(l.scope)},
        .refresh_token = buf_slice(&c->refresh_token),
        .retries = RETRIES,
    };
    if (token_flow_new(&params, &flow, &why) != ERR_OK) {
        return cli_wrong_use(&command_token, "%s", why.text);
    }
    status = open_store(c, true); /* before anybody has signed in for nothing */
    if (status == EXIT_ALL_PASSED && !token_run(flow, &c->stored.route)) {
        status = flow_failed(c, l.provider, flow, &why);
    } else if (status == EXIT_ALL_PASSED) {
        const char *name = entry_name(c, &l);
        put_entry(c, &l, token_flow_result(flow), name);
        status = token_store_save(c->stored.store, &why) == ERR_OK
                     ? EXIT_ALL_PASSED
                     : complain(why.text, EXIT_NO_REPORT);
        if (status == EXIT_ALL_PASSED) {
            print_left(name, token_flow_result(flow)->expires_s);
        }
    }
    token_flow_free(flow);
    return status;
}

/* ---- what is in the store ---- */

static const char *find_name(struct token_command *c, const char *word)
{
    struct why why;
    const char *name = NULL;
    if (stored_find(&c->stored, word, &c->arena, &name, &why) != ERR_OK) {
        complain(why.text, 0);
        return NULL;
    }
    return name;
}

static int renew(struct token_command *c, const char *name)
{
    struct why why;
    struct token_flow *flow;
    struct token_entry e;
    stored_get(&c->stored, name, &e);
    const struct provider *provider = registry_find(c->registry, slice_of(e.provider));
    bool is_renewed = token_renew(c->stored.store, name, &c->stored.route, &flow, &why);
    int status = is_renewed ? EXIT_ALL_PASSED : flow_failed(c, provider, flow, &why);
    token_flow_free(flow);
    return status;
}

static int refresh(struct token_command *c, const char *word)
{
    struct token_entry e;
    int status = open_store(c, false);
    const char *name = status == EXIT_ALL_PASSED ? find_name(c, word) : NULL;
    if (name == NULL) {
        return status != EXIT_ALL_PASSED ? status : EXIT_NOTHING_SELECTED;
    }
    (void)token_store_find(c->stored.store, name, &e);
    if (!c->is_forced && token_is_fresh(&e, (int64_t)time(NULL))) {
        print_left(name, e.expires_s);
        return EXIT_ALL_PASSED;
    }
    status = renew(c, name);
    if (status == EXIT_ALL_PASSED && token_store_find(c->stored.store, name, &e)) {
        print_left(name, e.expires_s);
    }
    return status;
}

static void print_json(const struct token_entry *e, int64_t now_s)
{
    struct json *map = json_map();
    struct buf text;
    json_set(map, "name", json_text(e->name));
    json_set(map, "provider", json_text(e->provider));
    json_set(map, "user", json_text(e->user));
    json_set(map, "grant", json_text(e->grant));
    json_set(map, "scope", json_text(e->scope));
    json_set(map, "expires", e->expires_s != 0 ? json_int(e->expires_s) : json_null());
    json_set(map, "seconds_left", e->expires_s != 0 ? json_int(e->expires_s - now_s) : json_null());
    json_set(map, "obtained", json_int(e->obtained_s));
    json_set(map, "rotations", json_int(e->rotations));
    json_set(map, "can_refresh",
             json_bool(e->refresh_token[0] != '\0' || strcmp(e->grant, "client_credentials") == 0));
    buf_init(&text, BUF_NO_CAP);
    json_print(map, JSON_COMPACT, &text);
    printf("%s\n", buf_text(&text));
    buf_release(&text);
    json_free(map);
}

static void print_line(const struct token_entry *e, int64_t now_s)
{
    char when[20] = "";
    int64_t left_s = e->expires_s - now_s;
    text_utc(e->expires_s, when);
    printf("%-36s %-18s ", e->name, e->grant);
    if (e->expires_s == 0) {
        printf("lasts for a time that was not said");
    } else if (left_s > 0) {
        printf("good for %" PRId64 " minutes", left_s / 60);
    } else {
        printf("expired %s UTC", when);
    }
    printf("%s\n", e->refresh_token[0] == '\0' && strcmp(e->grant, "client_credentials") != 0
                       ? ", cannot be refreshed"
                       : "");
}

static int show_status(struct token_command *c)
{
    struct token_entry e;
    int64_t now_s = (int64_t)time(NULL);
    int status = open_store(c, false);
    for (size_t i = 0; status == EXIT_ALL_PASSED && token_store_at(c->stored.store, i, &e); i++) {
        if (c->is_json) {
            print_json(&e, now_s);
        } else {
            print_line(&e, now_s);
        }
    }
    return status;
}

static int forget(struct token_command *c, const char *word)
{
    struct why why;
    int status = open_store(c, false);
    const char *name = status == EXIT_ALL_PASSED ? find_name(c, word) : NULL;
    if (name == NULL) {
        return status != EXIT_ALL_PASSED ? status : EXIT_NOTHING_SELECTED;
    }
    name = arena_text(&c->arena, slice_of(name));
    (void)token_store_remove(c->stored.store, name);
    if (token_store_save(c->stored.store, &why) != ERR_OK) {
        return complain(why.text, EXIT_NO_REPORT);
    }
    printf("%s: forgotten here; at the provider it is good until it expires or is revoked there\n",
           name);
    return EXIT_ALL_PASSED;
}

/* The one place where a token is meant to be seen: for another program's standard input. */
static int export_token(struct token_command *c, const char *word)
{
    struct token_entry e;
    int status = open_store(c, false);
    const char *name = status == EXIT_ALL_PASSED ? find_name(c, word) : NULL;
    if (name == NULL) {
        return status != EXIT_ALL_PASSED ? status : EXIT_NOTHING_SELECTED;
    }
    (void)token_store_find(c->stored.store, name, &e);
    if (!token_is_fresh(&e, (int64_t)time(NULL))) {
        status = renew(c, name);
    }
    if (status == EXIT_ALL_PASSED && token_store_find(c->stored.store, name, &e)) {
        printf("%s\n", e.access_token);
    }
    return status;
}

/* ---- the command ---- */

static int read_route(struct token_command *c)
{
    struct why why;
    struct slice host;
    unsigned port;
    if (c->stored.route.connect_to != NULL &&
        !world_split_host_port(slice_of(c->stored.route.connect_to), &host, &port)) {
        return cli_wrong_use(&command_token, "--connect-to wants HOST:PORT, not '%s'",
                             c->stored.route.connect_to);
    }
    const char *ca_file = config_text(c->config, NULL, SETTING_CA);
    c->stored.route.proxy = config_text(c->config, NULL, SETTING_PROXY);
    c->stored.store_file = config_text(c->config, NULL, SETTING_STORE);
    c->stored.key_file = config_text(c->config, NULL, SETTING_KEY_FILE);
    if (ca_file != NULL && doc_read_file(ca_file, CA_FILE_MAX, &c->arena,
                                            &c->stored.route.trust_pem, &why) != ERR_OK) {
        return complain(why.text, EXIT_DID_NOT_LOAD);
    }
    return EXIT_ALL_PASSED;
}

static int dispatch(struct token_command *c, int argc, char **argv)
{
    const char *verb = argc != 0 ? argv[0] : "";
    bool is_status = strcmp(verb, "status") == 0;
    if (is_status && argc == 1) {
        return show_status(c);
    }
    if (argc != 2 || is_status) {
        return cli_wrong_use(&command_token,
                             "wants login PROVIDER, refresh NAME, status, forget NAME "
                             "or export NAME");
    }
    return strcmp(verb, "login") == 0     ? login(c, argv[1])
           : strcmp(verb, "refresh") == 0 ? refresh(c, argv[1])
           : strcmp(verb, "forget") == 0  ? forget(c, argv[1])
           : strcmp(verb, "export") == 0
               ? export_token(c, argv[1])
               : cli_wrong_use(&command_token,
                               "there is no 'token %s'; there are login, refresh, "
                               "status, forget and export",
                               verb);
}

static int with_registry(struct token_command *c, int argc, char **argv)
{
    struct why why = {.line = 0};
    c->registry = cli_load_registry(c->folder);
    if (c->registry == NULL) {
        return EXIT_DID_NOT_LOAD;
    }
    if (mapper_new(c->registry, &c->mapper, &why) != ERR_OK) {
        fprintf(stderr, "smtpdx: %s:%u: %s\n", why.file, why.line, why.text);
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
    struct token_command c = {.user = NULL};
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
        "  smtpdx token login gmail --user jane@gmail.com --client-id ID --grant refresh\n"
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
