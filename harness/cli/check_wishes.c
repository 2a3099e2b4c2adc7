/* SPDX-License-Identifier: Apache-2.0 */
/* See check_command.h. Nothing here touches the network but the renewal of a stored token. */
#include "cli/check_command.h"
#include "cli/check_stored.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "net/tls.h"

enum { CA_FILE_MAX = 4 * 1024 * 1024 };

static int unknown_word(const char *option, const char *value, const char *const *known, size_t n)
{
    const char *nearest = text_nearest(slice_of(value), known, n);
    return cli_wrong_use(&command_check, "--%s does not know '%s'%s%s%s", option, value,
                         nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "",
                         nearest != NULL ? "'?)" : "");
}

static int read_until(struct check_command *c)
{
    static const char *const stages[] = {"connect", "greeting", "ehlo", "starttls", "tls",
                                         "auth",    "mail",     "rcpt", "data"};
    for (size_t i = 0; c->until != NULL && i < COUNT(stages); i++) {
        if (strcmp(c->until, stages[i]) == 0) {
            bool is_known = stage_from_slug(slice_of(c->until), &c->params.until);
            must(is_known);
            return EXIT_ALL_PASSED;
        }
    }
    return c->until != NULL ? unknown_word("until", c->until, stages, COUNT(stages))
                            : EXIT_ALL_PASSED;
}

int check_read_words(struct check_command *c)
{
    static const char *const kinds[] = {"password", "app_password", "oauth2"};
    static const char *const purposes[] = {"ci", "onboarding", "bulk", "migration"};
    if (c->credential != NULL && (!credential_from_slug(slice_of(c->credential), &c->wish.kind) ||
                                  c->wish.kind == CREDENTIAL_NONE)) {
        return unknown_word("credential", c->credential, kinds, COUNT(kinds));
    }
    if (c->purpose != NULL && !purpose_from_slug(slice_of(c->purpose), &c->params.purpose)) {
        return unknown_word("purpose", c->purpose, purposes, COUNT(purposes));
    }
    if (c->params.is_strict && c->params.is_forced) {
        return cli_wrong_use(&command_check, "--strict and --force say opposite things");
    }
    if (c->is_ipv4 && c->is_ipv6) {
        return cli_wrong_use(&command_check, "--ipv4 and --ipv6 leave no address to dial");
    }
    c->params.family = c->is_ipv4 ? FAMILY_IPV4 : c->is_ipv6 ? FAMILY_IPV6 : FAMILY_ANY;
    return read_until(c);
}

/* ---- what the options mean together ---- */

/* A proxy's own password is not to be seen either, should the library repeat the URL. */
static void hide_proxy_password(const struct check_command *c)
{
    struct why why;
    struct slice url = slice_of(c->params.proxy);
    size_t scheme = slice_find(url, SLICE("://")), at = slice_find_char(url, '@');
    struct slice login = slice_sub(url, scheme != SIZE_MAX ? scheme + 3 : 0, at);
    size_t colon = slice_find_char(login, ':');
    if (at != SIZE_MAX && colon != SIZE_MAX) {
        struct slice secret = slice_from(login, colon + 1);
        secret = slice_sub(secret, 0, slice_find_char(secret, '@'));
        (void)!redactor_add(c->redactor, "proxy", secret, &why); /* too short: as it is */
    }
}

static bool is_proxy(const char *url)
{
    static const char *const schemes[] = {"http",    "https",  "socks4",
                                          "socks4a", "socks5", "socks5h"};
    size_t end = slice_find(slice_of(url), SLICE("://"));
    for (size_t i = 0; i < COUNT(schemes); i++) {
        if (end == SIZE_MAX || slice_eq_nocase_text(slice_sub(slice_of(url), 0, end), schemes[i])) {
            return true;
        }
    }
    return false;
}

int check_read_route(const struct check_command *c)
{
    if (!cli_host_port(&command_check, "connect-to", c->params.connect_to) ||
        !cli_host_port(&command_check, "token-connect-to", c->stored.route.connect_to)) {
        return EXIT_WRONG_USE;
    }
    if (c->params.proxy != NULL) {
        hide_proxy_password(c);
        if (!is_proxy(c->params.proxy)) {
            return cli_wrong_use(&command_check, "--proxy wants http://HOST:PORT (CONNECT), "
                                                 "socks5://HOST:PORT or socks5h://HOST:PORT");
        }
    }
    return EXIT_ALL_PASSED;
}

/* An address, and neither a provider nor a URL with a user in it. */
static bool is_plain_address(const char *given)
{
    return strchr(given, '@') != NULL && strstr(given, "://") == NULL;
}

static int find_target(struct check_command *c)
{
    struct slice address = slice_of(c->given);
    c->find.proxy = c->params.proxy;
    c->find.trust_pem = c->stored.route.trust_pem;
    c->find.steps = FIND_ALL;
    if (c->find_words != NULL && !find_steps_read(slice_of(c->find_words), &c->find.steps)) {
        return cli_wrong_use(&command_check,
                             "--find takes files, autoconfig, ispdb and srv, with commas "
                             "between them, or none; not '%s'",
                             c->find_words);
    }
    if (find_server(c->registry, address, &c->find, &c->arena, &c->found)) {
        c->params.target = c->found.target;
        c->params.target.user = c->found.user;
        c->params.before = c->found.lines;
        c->params.before_count = c->found.line_count;
        return EXIT_ALL_PASSED;
    }
    for (size_t i = 0; i < c->found.line_count; i++) {
        fprintf(stderr, "  find  %s\n", c->found.lines[i].text);
    }
    fprintf(stderr,
            "smtpdx check: nobody says which server takes the mail of %s: give it, as in "
            "mail.example.com:587, and the address as --user\n",
            c->given);
    return EXIT_NOT_JUDGED;
}

int check_read_target(struct check_command *c)
{
    static const char *const modes[] = {"starttls", "implicit", "none"};
    struct why why;
    struct check_target *t = &c->params.target;
    int status = is_plain_address(c->given) ? find_target(c) : EXIT_ALL_PASSED;
    if (status != EXIT_ALL_PASSED) {
        return status;
    }
    if (t->host == NULL &&
        check_target_read(c->registry, slice_of(c->given), &c->arena, t, &why) != ERR_OK) {
        return cli_wrong_use(&command_check, "%s", why.text);
    }
    if (c->security != NULL && !security_from_slug(slice_of(c->security), &t->security)) {
        return unknown_word("security", c->security, modes, COUNT(modes));
    }
    c->params.user = c->user != NULL ? slice_of(c->user) : t->user;
    return check_read_route(c);
}

static bool wants_login(const struct check_command *c)
{
    return c->params.until == STAGE_NONE || c->params.until >= STAGE_AUTH;
}

/* Is the user name refused anyway, so that nobody has to be asked for a password? */
static bool is_refused_anyway(const struct check_command *c)
{
    const struct provider *p = c->params.target.provider;
    struct buf words;
    buf_init(&words, 1024);
    bool is_refused = p != NULL && !c->params.is_forced && c->params.user.n != 0 &&
                      !provider_username_ok(p, c->params.user, &words);
    buf_release(&words);
    return is_refused;
}

static int no_credential(const struct check_command *c)
{
    return c->params.user.n == 0 || is_refused_anyway(c)
               ? EXIT_ALL_PASSED /* the endpoint alone is looked at */
               : cli_wrong_use(&command_check,
                               "there is a user and no credential: set SMTPDX_PASSWORD, "
                               "SMTPDX_APP_PASSWORD or SMTPDX_TOKEN, use --password-file or "
                               "--password-command, or stop before the login with --until tls");
}

/* ---- a token out of the store ---- */

static void take_stored(struct check_command *c, const struct token_entry *e)
{
    c->token_ends_s = e->expires_s;
    check_take_stored(&c->params, e, c->is_renewed, &c->arena);
}

/* Renews it; what went wrong with that becomes the check's verdict. Errors: of ours. */
enum err check_renew_stored(struct check_command *c, struct why *why)
{
    struct token_entry e;
    struct token_flow *flow = NULL;
    TRY(stored_reopen(&c->stored, why));
    if (!token_store_find(c->stored.store, c->stored_name, &e)) {
        return why_set(why, ERR_NOT_FOUND, "the token of '%s' is not in the store any more",
                       c->stored_name);
    }
    if (check_is_renewed_elsewhere(&c->params, &e)) {
        c->is_renewed = true;
        stored_get(&c->stored, c->stored_name, &e);
        take_stored(c, &e);
        return ERR_OK;
    }
    c->is_renewed = token_renew(c->stored.store, c->stored_name, &c->stored.route, &flow, why);
    if (c->is_renewed) {
        stored_get(&c->stored, c->stored_name, &e);
        take_stored(c, &e);
        token_flow_free(flow);
        return ERR_OK;
    }
    if (flow == NULL || why->text[0] != '\0') {
        token_flow_free(flow);
        return ERR_IO;
    }
    c->token_flow = flow;
    c->params.kind = CREDENTIAL_NONE;
    return ERR_OK;
}

static int read_stored(struct check_command *c)
{
    struct why why;
    struct token_entry e;
    c->stored.route.proxy = c->params.proxy;
    if (c->params.user.n == 0) {
        return cli_wrong_use(&command_check, "whose token? --user NAME");
    }
    enum err err = stored_open(&c->stored, false, &why);
    err = err == ERR_OK
              ? check_find_stored(&c->stored, &c->params, &c->arena, &c->stored_name, &why)
              : err;
    if (err == ERR_OK) {
        stored_get(&c->stored, c->stored_name, &e);
        take_stored(c, &e);
        err = token_is_fresh(&e, (int64_t)time(NULL)) ? ERR_OK : check_renew_stored(c, &why);
    }
    stored_close(&c->stored); /* others need not wait for our conversation */
    if (err != ERR_OK) {
        fprintf(stderr, "smtpdx check: %s\n", why.text);
    }
    return err == ERR_OK            ? EXIT_ALL_PASSED
           : err == ERR_UNSUPPORTED ? EXIT_WRONG_USE
           : err == ERR_LIMIT       ? EXIT_NOT_JUDGED
                                    : EXIT_DID_NOT_LOAD;
}

int check_read_credential(struct check_command *c)
{
    struct why why;
    if (!wants_login(c)) {
        return EXIT_ALL_PASSED;
    }
    if (c->is_stored) {
        return read_stored(c);
    }
    c->wish.user = c->params.user.n != 0 ? arena_text(&c->arena, c->params.user) : NULL;
    c->wish.may_ask = c->params.user.n != 0 && !is_refused_anyway(c) && isatty(STDIN_FILENO) == 1 &&
                      isatty(STDERR_FILENO) == 1;
    enum err err = credential_get(&c->wish, &c->secret, &why);
    if (err != ERR_OK) {
        fprintf(stderr, "smtpdx check: %s\n", why.text);
        return c->secret.signal != 0                        ? 128 + c->secret.signal
               : err == ERR_INVALID || err == ERR_NOT_FOUND ? EXIT_WRONG_USE
                                                            : EXIT_DID_NOT_LOAD;
    }
    if (c->secret.kind == CREDENTIAL_NONE) {
        return no_credential(c);
    }
    c->params.kind = c->secret.kind;
    c->params.secret = buf_slice(&c->secret.secret);
    if (redactor_add(c->redactor, credential_slug(c->secret.kind), c->params.secret, &why) !=
            ERR_OK &&
        c->params.secret.n != 0) {
        fprintf(stderr, "smtpdx check: the credential is too short to be hidden, should the server "
                        "repeat it\n");
    }
    return EXIT_ALL_PASSED;
}

int check_make_tls(struct check_command *c)
{
    struct why why;
    struct tls_params params = {.min = TLS_VERSION_1_2};
    enum err err = ERR_OK;
    if (c->ca_file != NULL) {
        err = doc_read_file(c->ca_file, CA_FILE_MAX, &c->arena, &params.trust_pem, &why);
    }
    c->stored.route.trust_pem = params.trust_pem;
    err = err == ERR_OK ? tls_setup_new(&params, &c->tls, &why) : err;
    if (err == ERR_LIBRARY && c->ca_file != NULL) {
        fprintf(stderr,
                "smtpdx check: %s: there is no certificate in PEM form that OpenSSL can read\n",
                c->ca_file);
        return EXIT_DID_NOT_LOAD;
    }
    if (err != ERR_OK) {
        fprintf(stderr, "smtpdx check: %s\n", why.text);
        return EXIT_DID_NOT_LOAD;
    }
    c->params.tls = c->tls;
    return EXIT_ALL_PASSED;
}

void check_complete(struct check_command *c)
{
    struct check_params *p = &c->params;
    unsigned char random[12];
    char hostname[256];
    struct buf id;
    p->mapper = c->mapper;
    p->wall_time = (int64_t)time(NULL);
    p->mechanism = slice_of(c->mechanism);
    p->from = slice_of(c->from);
    p->rcpt = slice_of(c->to);
    const char *name = c->helo != NULL ? c->helo : cli_hostname(hostname, sizeof hostname);
    p->helo = slice_of(name != NULL ? arena_text(&c->arena, slice_of(name)) : NULL);
    p->warn_cert_days = (int)c->warn_days;
    p->warn_token_days = (int)c->warn_token_days;
    p->retry.max = (unsigned)c->retries;
    p->retry.factor = 2;
    p->retry.jitter = 0.25;
    p->retry.max_delay_us = 60000000;
    (void)!getrandom(&p->seed, sizeof p->seed, 0);
    (void)!getrandom(random, sizeof random, 0);
    buf_init(&id, 64);
    buf_add_text(&id, "smtpdx.");
    for (size_t i = 0; i < sizeof random; i++) {
        buf_addf(&id, "%02x", random[i]);
    }
    buf_add_text(&id, "@smtpdx.invalid");
    p->message_id = arena_copy(&c->arena, buf_slice(&id));
    buf_release(&id);
}
