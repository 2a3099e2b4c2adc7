/* SPDX-License-Identifier: Apache-2.0 */
/* Signing in: who is asked, by which grant, with what, and what is kept of the answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "cli/check_credential.h"
#include "cli/explain.h"
#include "cli/token_command.h"
#include "cli/token_service.h"
#include "run/interrupt.h"

enum { RETRIES = 3 };

struct login {
    const struct provider *provider;
    const char *user;
    enum token_grant grant;
    const char *token_url, *device_url, *authorize_url, *scope;
    const char *client_id;
    const char *key_path, *audience; /* of a service account */
    struct buf assertion;
    struct sign_in browser;
};

/* ---- failures ---- */

static void print_diagnosis(struct token_command *c, const struct diagnosis *d,
                            struct slice document)
{
    struct buf text, safe;
    const struct evidence e = {.stage = STAGE_TOKEN, .reply = document};
    buf_init(&text, BUF_NO_CAP);
    buf_init(&safe, BUF_NO_CAP);
    explain_text(d, &e, explain_columns(), &text);
    redactor_apply(c->redactor, buf_slice(&text), &safe);
    fprintf(stderr, "%s", buf_text(&safe));
    buf_release(&text);
    buf_release(&safe);
}

int token_flow_failed(struct token_command *c, const struct provider *provider,
                      const struct token_flow *flow, const struct why *why)
{
    int number = interrupt_number();
    if (number != 0) {
        return token_complain("interrupted; nothing was kept", 128 + number);
    }
    if (flow == NULL || why->text[0] != '\0') {
        return token_complain(why->text, EXIT_DID_NOT_LOAD);
    }
    struct diagnosis d;
    token_diagnose(c->mapper, provider, flow, &c->arena, &d);
    print_diagnosis(c, &d, token_flow_result(flow)->document);
    return token_flow_result(flow)->fault != FAULT_NONE || d.retry == RETRY_LATER
               ? EXIT_NOT_JUDGED
               : EXIT_SOMETHING_FAILED;
}

int token_refused(struct token_command *c, const struct provider *provider, struct slice document)
{
    struct diagnosis d;
    const struct evidence evidence = {.provider = provider,
                                      .stage = STAGE_TOKEN,
                                      .reply = document,
                                      .credential = CREDENTIAL_OAUTH2};
    mapper_diagnose(c->mapper, &evidence, &c->arena, &d);
    print_diagnosis(c, &d, document);
    return d.retry == RETRY_LATER ? EXIT_NOT_JUDGED : EXIT_SOMETHING_FAILED;
}

/* ---- who is asked, and how ---- */

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

/* A person signs in as the provider's file says, else with any browser anywhere where the provider
 * can do that. */
static enum token_grant usual_grant(const struct token_command *c, const struct login *l)
{
    const struct node *oauth2 = l->provider != NULL ? l->provider->oauth2 : NULL;
    const struct node *said = oauth2 != NULL ? node_get(oauth2, "grant") : NULL;
    enum token_grant grant;
    if (c->key_path != NULL) {
        return TOKEN_GRANT_SERVICE;
    }
    if (c->device_url == NULL && said != NULL && token_grant_from_slug(node_text(said), &grant)) {
        return grant;
    }
    return l->device_url == NULL && l->authorize_url != NULL ? TOKEN_GRANT_CODE
                                                             : TOKEN_GRANT_DEVICE;
}

static int read_grant(struct token_command *c, struct login *l)
{
    static const char *const grants[TOKEN_GRANT_COUNT] = {"device", "code", "client_credentials",
                                                          "service_account", "refresh"};
    l->grant = usual_grant(c, l);
    if (c->grant != NULL && !token_grant_from_slug(slice_of(c->grant), &l->grant)) {
        const char *nearest = text_nearest(slice_of(c->grant), grants, COUNT(grants));
        return cli_wrong_use(&command_token, "--grant does not know '%s'%s%s%s", c->grant,
                             nearest != NULL ? " (did you mean '" : "",
                             nearest != NULL ? nearest : "", nearest != NULL ? "'?)" : "");
    }
    bool is_google = l->provider != NULL && strcmp(l->provider->family, "google") == 0;
    if (l->grant == TOKEN_GRANT_DEVICE && is_google && c->device_url == NULL) {
        return cli_wrong_use(
            &command_token, "Google refuses mail scopes in the device flow: leave --grant out, and "
                            "sign in with a browser");
    }
    if ((l->grant == TOKEN_GRANT_SERVICE) != (c->key_path != NULL)) {
        return cli_wrong_use(&command_token, "--grant service_account and --service-account FILE "
                                             "belong together");
    }
    bool has_browser = c->browser != NULL || c->redirect_url != NULL || c->is_pasted;
    if (l->grant != TOKEN_GRANT_CODE && has_browser) {
        return cli_wrong_use(&command_token,
                             "--browser, --redirect-url and --paste are for --grant code");
    }
    if (l->grant == TOKEN_GRANT_CODE && l->authorize_url == NULL) {
        return cli_wrong_use(&command_token, "there is no address to send a browser to: "
                                             "--authorize-url URL");
    }
    if (l->grant == TOKEN_GRANT_CODE && c->client_id == NULL) {
        return cli_wrong_use(&command_token, "the client id is missing: --client-id ID, as the "
                                             "provider has given it to your application");
    }
    return EXIT_ALL_PASSED;
}

static bool is_https(const char *url)
{
    return url == NULL || slice_has_prefix_nocase(slice_of(url), SLICE("https://"));
}

static int read_provider(struct token_command *c, const char *who, struct login *l)
{
    struct slice word = slice_of(who);
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
    if (!is_https(c->token_url) || !is_https(c->device_url) || !is_https(c->authorize_url)) {
        return cli_wrong_use(&command_token,
                             "an endpoint of OAuth2 is an https:// address: secrets "
                             "go there");
    }
    return EXIT_ALL_PASSED;
}

static int read_login(struct token_command *c, const char *who, struct login *l)
{
    int status = read_provider(c, who, l);
    if (status != EXIT_ALL_PASSED) {
        return status;
    }
    l->client_id = c->client_id;
    l->token_url = c->token_url != NULL ? c->token_url : endpoint(c, l->provider, "token");
    l->device_url = c->device_url != NULL ? c->device_url : endpoint(c, l->provider, "device");
    l->authorize_url =
        c->authorize_url != NULL ? c->authorize_url : endpoint(c, l->provider, "authorize");
    status = read_grant(c, l);
    bool is_client = l->grant == TOKEN_GRANT_CLIENT;
    l->scope = c->scope != NULL
                   ? c->scope
                   : scopes(c, l->provider, is_client ? "application_scopes" : "scopes");
    return status;
}

/* ---- with what ---- */

/* What is signed names the token endpoint as it calls itself, even where a gateway is asked in its
 * place. The key stays where it is: the store keeps the file's path. */
static int read_service_account(struct token_command *c, struct login *l)
{
    struct why why;
    const char *token_url;
    if (service_account_look(c->key_path, &c->arena, &l->client_id, &token_url, &why) != ERR_OK) {
        return token_complain(why.text, EXIT_DID_NOT_LOAD);
    }
    const char *own = endpoint(c, l->provider, "token");
    l->token_url = l->token_url == NULL && token_url[0] != '\0' ? token_url : l->token_url;
    l->audience = own != NULL ? own : l->token_url;
    char *path = realpath(c->key_path, NULL); /* it is read again from wherever we are then */
    l->key_path = path != NULL ? arena_text(&c->arena, slice_of(path)) : c->key_path;
    free(path);
    if (!is_https(l->token_url)) {
        return cli_wrong_use(&command_token, "token_uri in %s is no https:// address", c->key_path);
    }
    return EXIT_ALL_PASSED;
}

static int read_secret(const char *file, const char *variable, struct buf *out)
{
    struct why why;
    const char *value = getenv(variable);
    if (file != NULL) {
        return credential_read_file(file, out, &why) == ERR_OK
                   ? EXIT_ALL_PASSED
                   : token_complain(why.text, EXIT_DID_NOT_LOAD);
    }
    if (value != NULL) {
        buf_add_text(out, value);
    }
    return EXIT_ALL_PASSED;
}

static int read_secrets(struct token_command *c, struct login *l)
{
    int status = read_secret(c->secret_file, "SMTPDX_CLIENT_SECRET", &c->client_secret);
    if (status == EXIT_ALL_PASSED && l->grant == TOKEN_GRANT_REFRESH) {
        status = read_secret(c->refresh_file, "SMTPDX_REFRESH_TOKEN", &c->refresh_token);
    }
    if (status == EXIT_ALL_PASSED && l->grant == TOKEN_GRANT_SERVICE) {
        status = read_service_account(c, l);
    }
    stored_hide(&c->stored, "client secret", buf_slice(&c->client_secret));
    stored_hide(&c->stored, "refresh token", buf_slice(&c->refresh_token));
    if (status == EXIT_ALL_PASSED && l->token_url == NULL) {
        return cli_wrong_use(&command_token,
                             "the file of %s has no token endpoint: --token-url URL",
                             l->provider->title);
    }
    return status;
}

/* ---- the flow ---- */

/* What has to be there before the token endpoint is asked: the browser's code, or a signature. */
static int prepare(struct token_command *c, struct login *l)
{
    struct why why;
    if (l->grant == TOKEN_GRANT_CODE) {
        l->browser.provider = l->provider;
        l->browser.authorize_url = l->authorize_url;
        l->browser.scope = l->scope;
        l->browser.user = l->user;
        return sign_in_run(c, &l->browser);
    }
    if (l->grant == TOKEN_GRANT_SERVICE) {
        enum err err =
            assertion_make(l->key_path, l->audience, l->user, l->scope, &l->assertion, &why);
        stored_hide(&c->stored, "assertion", buf_slice(&l->assertion));
        return err == ERR_OK ? EXIT_ALL_PASSED : token_complain(why.text, EXIT_DID_NOT_LOAD);
    }
    return EXIT_ALL_PASSED;
}

static struct token_flow_params params_of(const struct token_command *c, const struct login *l)
{
    bool is_service = l->grant == TOKEN_GRANT_SERVICE;
    return (struct token_flow_params){
        .grant = l->grant,
        .client = {.token_url = l->token_url,
                   .device_url = l->device_url,
                   .id = is_service ? SLICE("") : slice_of(l->client_id),
                   .secret = buf_slice(&c->client_secret),
                   .scope = slice_of(l->scope)},
        .refresh_token = buf_slice(&c->refresh_token),
        .code = buf_slice(&l->browser.code),
        .redirect_uri = buf_slice(&l->browser.redirect_uri),
        .verifier = buf_slice(&l->browser.verifier),
        .assertion = buf_slice(&l->assertion),
        .retries = RETRIES,
    };
}

static int keep(struct token_command *c, const struct login *l, const struct token_result *r)
{
    struct why why;
    const char *name = arena_printf(&c->arena, "%s/%s",
                                    l->provider != NULL ? l->provider->name : "other", l->user);
    token_store_put(c->stored.store,
                    &(struct token_entry){.name = name,
                                          .provider = l->provider != NULL ? l->provider->name : "",
                                          .user = l->user,
                                          .grant = token_grant_slug(l->grant),
                                          .token_url = l->token_url,
                                          .client_id = l->client_id,
                                          .client_secret = buf_text(&c->client_secret),
                                          .scope = l->scope,
                                          .access_token = arena_text(&c->arena, r->access_token),
                                          .refresh_token = arena_text(&c->arena, r->refresh_token),
                                          .key_path = l->key_path,
                                          .audience = l->audience,
                                          .expires_s = r->expires_s,
                                          .refresh_expires_s = r->refresh_expires_s,
                                          .obtained_s = (int64_t)time(NULL)});
    if (token_store_save(c->stored.store, &why) != ERR_OK) {
        return token_complain(why.text, EXIT_NO_REPORT);
    }
    token_print_left(name, r->expires_s);
    return EXIT_ALL_PASSED;
}

/* The store was opened before, so that nobody signs in for nothing, and is nobody's while a person
 * is waited for. */
static int run_flow(struct token_command *c, struct login *l)
{
    struct why why = {.text = ""};
    struct token_flow *flow = NULL;
    bool is_person = l->grant == TOKEN_GRANT_CODE || l->grant == TOKEN_GRANT_DEVICE;
    if (is_person) {
        stored_close(&c->stored);
    }
    int status = prepare(c, l);
    if (status != EXIT_ALL_PASSED) {
        return status;
    }
    const struct token_flow_params params = params_of(c, l);
    if (token_flow_new(&params, &flow, &why) != ERR_OK) {
        return cli_wrong_use(&command_token, "%s", why.text);
    }
    if (!token_run(flow, &c->stored.route)) {
        status = token_flow_failed(c, l->provider, flow, &why);
    } else if (stored_reopen(&c->stored, &why) != ERR_OK) {
        status = token_complain(arena_printf(&c->arena, "%s; the token was not kept", why.text),
                                EXIT_NOT_JUDGED);
    } else {
        status = keep(c, l, token_flow_result(flow));
    }
    token_flow_free(flow);
    return status;
}

/* What can be known to be missing before anybody is bothered. */
static int check_flow(const struct token_command *c, const struct login *l)
{
    struct why why;
    struct token_flow *flow = NULL;
    struct token_flow_params params = params_of(c, l);
    params.code = params.assertion = SLICE("later");
    if (token_flow_new(&params, &flow, &why) != ERR_OK) {
        return cli_wrong_use(&command_token, "%s", why.text);
    }
    token_flow_free(flow);
    return EXIT_ALL_PASSED;
}

int token_login(struct token_command *c, const char *who)
{
    struct login l = {.provider = NULL};
    assertion_init(&l.assertion);
    sign_in_init(&l.browser);
    int status = read_login(c, who, &l);
    status = status == EXIT_ALL_PASSED ? read_secrets(c, &l) : status;
    status = status == EXIT_ALL_PASSED ? check_flow(c, &l) : status;
    status = status == EXIT_ALL_PASSED ? token_open_store(c, true) : status;
    status = status == EXIT_ALL_PASSED ? run_flow(c, &l) : status;
    sign_in_release(&l.browser);
    assertion_release(&l.assertion);
    return status;
}
