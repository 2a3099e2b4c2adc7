/* SPDX-License-Identifier: Apache-2.0 */
/* smtpdx check: can mail be submitted to this server with this credential; if not, why, and who
 * must do what. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/redact.h"
#include "base/text.h"
#include "check/answer.h"
#include "cli/check_batch.h"
#include "cli/check_credential.h"
#include "cli/check_logins.h"
#include "cli/check_report.h"
#include "cli/check_view.h"
#include "cli/cli.h"
#include "cli/explain.h"
#include "cli/logins.h"
#include "cli/stored.h"
#include "net/tls.h"
#include "run/interrupt.h"

enum { CA_FILE_MAX = 4 * 1024 * 1024, LOOK_US = 100000, ABANDON_LOOKS = 3 };

struct check_command {
    struct credential_wish wish;
    struct check_params params;
    const char *user, *mechanism, *from, *to, *helo, *ca_file, *folder, *until, *security, *purpose;
    const char *credential, *junit, *metrics;
    uint64_t retries, warn_days, login_max, jobs, per_provider;
    struct batch_params batch;
    bool is_json, is_ipv4, is_ipv6, is_stored;
    struct stored_token stored;
    const char *stored_name;       /* of its entry */
    struct token_flow *token_flow; /* that gave no token; NULL: none */
    bool is_renewed;
    int64_t token_ends_s; /* of the stored token; 0: not known */
    struct check_look look;

    struct arena arena;
    struct registry *registry;
    struct mapper *mapper;
    struct credential secret;
    struct redactor *redactor;
    struct tls_setup *tls;
    const char *given; /* the target */
    bool is_done;
};

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
    OPT_SECURITY,
    OPT_CA,
    OPT_CONNECT_TO,
    OPT_PROXY,
    OPT_IPV4,
    OPT_IPV6,
    OPT_HELO,
    OPT_TIMEOUT,
    OPT_CONNECT_TIMEOUT,
    OPT_RETRIES,
    OPT_BACKOFF,
    OPT_LOGINS,
    OPT_WARN_CERT,
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
    [OPT_SECURITY] = {"security", 0, "MODE",
                      "starttls, implicit or none (default: the endpoint's)"},
    [OPT_CA] = {"ca", 0, "FILE", "trust these certificates instead of the system's"},
    [OPT_CONNECT_TO] = {"connect-to", 0, "HOST:PORT",
                        "dial this; names and rules stay the target's"},
    [OPT_PROXY] = {"proxy", 0, "URL", "http://… (CONNECT), socks5://… or socks5h://…"},
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

static bool take_time(const char *option, const char *value, int64_t *out)
{
    if (text_duration(slice_of(value), out) && *out > 0) {
        return true;
    }
    cli_wrong_use(&command_check, "--%s wants a time with its unit, as 500ms, 30s or 2m, not '%s'",
                  option, value);
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

static bool take_word(struct check_command *c, size_t index, const char *value)
{
    const char **const places[COUNT(options)] = {
        [OPT_USER] = &c->user,
        [OPT_CREDENTIAL] = &c->credential,
        [OPT_PASSWORD_FILE] = &c->wish.password_file,
        [OPT_PASSWORD_COMMAND] = &c->wish.password_command,
        [OPT_TOKEN_FILE] = &c->wish.token_file,
        [OPT_TOKEN_COMMAND] = &c->wish.token_command,
        [OPT_STORE] = &c->stored.store_file,
        [OPT_KEY_FILE] = &c->stored.key_file,
        [OPT_TOKEN_CONNECT_TO] = &c->stored.route.connect_to,
        [OPT_MECHANISM] = &c->mechanism,
        [OPT_PURPOSE] = &c->purpose,
        [OPT_UNTIL] = &c->until,
        [OPT_FROM] = &c->from,
        [OPT_TO] = &c->to,
        [OPT_SECURITY] = &c->security,
        [OPT_CA] = &c->ca_file,
        [OPT_CONNECT_TO] = &c->params.connect_to,
        [OPT_PROXY] = &c->params.proxy,
        [OPT_HELO] = &c->helo,
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
        [OPT_STORED] = &c->is_stored,       [OPT_STRICT] = &c->params.is_strict,
        [OPT_FORCE] = &c->params.is_forced, [OPT_SEND] = &c->params.may_send,
        [OPT_IPV4] = &c->is_ipv4,           [OPT_IPV6] = &c->is_ipv6,
        [OPT_JSON] = &c->is_json,           [OPT_VERBOSE] = &c->look.is_verbose,
        [OPT_QUIET] = &c->look.is_quiet,
    };
    *places[index] = true;
    return true;
}

static bool on_option(void *context, size_t index, const char *value)
{
    struct check_command *c = context;
    switch (index) {
    case OPT_TIMEOUT:
        return take_time("timeout", value, &c->params.timeout.total);
    case OPT_CONNECT_TIMEOUT:
        return take_time("connect-timeout", value, &c->params.timeout.connect);
    case OPT_BACKOFF:
        return take_time("backoff", value, &c->params.retry.base_us);
    case OPT_RETRIES:
        return cli_number("retries", value, 0, CHECK_ATTEMPTS_MAX - 1, &c->retries);
    case OPT_JOBS:
        return cli_number("jobs", value, 1, 256, &c->jobs);
    case OPT_PER_PROVIDER:
        return cli_number("per-provider", value, 1, 256, &c->per_provider);
    case OPT_SHARD:
        return take_shard(c, value);
    case OPT_LOGINS:
        return cli_number("logins-per-hour", value, 0, 1000, &c->login_max);
    case OPT_WARN_CERT:
        return cli_number("warn-cert-days", value, 1, 3650, &c->warn_days);
    default:
        return value != NULL ? take_word(c, index, value) : take_flag(c, index);
    }
}

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

static int read_words(struct check_command *c)
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

static int read_route(const struct check_command *c)
{
    struct slice host;
    unsigned port;
    if (c->params.connect_to != NULL &&
        !world_split_host_port(slice_of(c->params.connect_to), &host, &port)) {
        return cli_wrong_use(&command_check,
                             "--connect-to wants HOST:PORT, as 127.0.0.1:2587, not "
                             "'%s'",
                             c->params.connect_to);
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

static int read_target(struct check_command *c)
{
    static const char *const modes[] = {"starttls", "implicit", "none"};
    struct why why;
    struct check_target *t = &c->params.target;
    if (check_target_read(c->registry, slice_of(c->given), &c->arena, t, &why) != ERR_OK) {
        return cli_wrong_use(&command_check, "%s", why.text);
    }
    if (c->security != NULL && !security_from_slug(slice_of(c->security), &t->security)) {
        return unknown_word("security", c->security, modes, COUNT(modes));
    }
    c->params.user = c->user != NULL ? slice_of(c->user) : t->user;
    return read_route(c);
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
    int64_t left_s = e->expires_s - (int64_t)time(NULL);
    c->params.kind = CREDENTIAL_OAUTH2;
    c->token_ends_s = e->expires_s;
    c->params.secret = slice_of(arena_text(&c->arena, slice_of(e->access_token)));
    c->params.token_text =
        e->expires_s == 0
            ? arena_printf(&c->arena, "%s the store", c->is_renewed ? "renewed and kept in" : "of")
            : arena_printf(&c->arena, "%s the store, good for %lld minutes",
                           c->is_renewed ? "renewed and kept in" : "of", (long long)left_s / 60);
}

/* Renews it; what went wrong with that becomes the check's verdict. Errors: of ours. */
static enum err renew_stored(struct check_command *c, struct why *why)
{
    struct token_entry e;
    struct token_flow *flow = NULL;
    TRY(stored_reopen(&c->stored, why));
    if (!token_store_find(c->stored.store, c->stored_name, &e)) {
        return why_set(why, ERR_NOT_FOUND, "the token of '%s' is not in the store any more",
                       c->stored_name);
    }
    if (!slice_eq_text(c->params.secret, e.access_token) &&
        token_is_fresh(&e, (int64_t)time(NULL))) { /* another process was faster */
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
    err = err == ERR_OK ? stored_find(&c->stored, arena_text(&c->arena, c->params.user), &c->arena,
                                      &c->stored_name, &why)
                        : err;
    if (err == ERR_OK) {
        stored_get(&c->stored, c->stored_name, &e);
        take_stored(c, &e);
        err = token_is_fresh(&e, (int64_t)time(NULL)) ? ERR_OK : renew_stored(c, &why);
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

static int read_credential(struct check_command *c)
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

static int make_tls(struct check_command *c)
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

static void complete(struct check_command *c)
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

/* ---- the check ---- */

static void on_done(void *context)
{
    ((struct check_command *)context)->is_done = true;
}

/* Until it is done or somebody is tired of waiting; a dial that was abandoned gets a moment. */
static void wait_for(struct check_command *c, struct world *world, struct check *check)
{
    while (!c->is_done) {
        (void)world_run_once(world, LOOK_US);
        if (interrupt_number() != 0) {
            check_cancel(check);
        }
    }
    for (unsigned i = 0; interrupt_number() != 0 && i < ABANDON_LOOKS; i++) {
        (void)world_run_once(world, LOOK_US);
    }
}

static void print(const struct check_command *c, const struct check *check)
{
    struct buf text, safe;
    buf_init(&text, BUF_NO_CAP);
    buf_init(&safe, BUF_NO_CAP);
    if (c->is_json) {
        struct json *json = check_to_json(check, slice_of(c->given), c->look.is_verbose);
        json_print(json, JSON_COMPACT, &text);
        buf_add_char(&text, '\n');
        json_free(json);
    } else {
        check_view(check, &c->look, &text);
    }
    redactor_apply(c->redactor, buf_slice(&text), &safe);
    (void)!fwrite(safe.p, 1, safe.n, stdout);
    buf_release(&text);
    buf_release(&safe);
}

/* False when a file could not be written; said on standard error. */
static bool write_files(const struct check_command *c, const struct check *check)
{
    struct why why;
    struct buf text;
    const struct check_look look = {.columns = 100, .is_verbose = true};
    int64_t left_s = c->token_ends_s != 0 ? c->token_ends_s - (int64_t)time(NULL) : -1;
    bool is_written = true;
    buf_init(&text, BUF_NO_CAP);
    check_view(check, &look, &text);
    if (c->junit != NULL && check_write_junit(check, slice_of(c->given), buf_slice(&text),
                                              c->redactor, c->junit, &why) != ERR_OK) {
        fprintf(stderr, "smtpdx check: %s\n", why.text);
        is_written = false;
    }
    if (c->metrics != NULL &&
        check_write_metrics(check, slice_of(c->given), left_s, c->metrics, &why) != ERR_OK) {
        fprintf(stderr, "smtpdx check: %s\n", why.text);
        is_written = false;
    }
    buf_release(&text);
    return is_written;
}

static int status_of(const struct check *check)
{
    static const int statuses[] = {
        [CHECK_USABLE] = EXIT_ALL_PASSED,
        [CHECK_REACHED] = EXIT_ALL_PASSED,
        [CHECK_NOT_USABLE] = EXIT_SOMETHING_FAILED,
        [CHECK_UNKNOWN] = EXIT_NOT_JUDGED,
    };
    int number = interrupt_number();
    return number != 0 ? 128 + number : statuses[check_result(check)->verdict];
}

/* NULL after printing why. */
static struct check *checked(struct check_command *c, struct world *world)
{
    struct why why;
    struct check *check = NULL;
    if (check_new(&c->params, &check, &why) != ERR_OK) {
        cli_wrong_use(&command_check, "%s", why.text);
        return NULL;
    }
    if (c->token_flow != NULL) {
        const struct token_result *r = token_flow_result(c->token_flow);
        check_token_failed(check, r->fault, r->detail, r->document);
    }
    bool has_taken = check_take_login(check, (unsigned)c->login_max);
    c->is_done = false;
    check_start(check, world, on_done, c);
    wait_for(c, world, check);
    if (has_taken) {
        check_settle_login(check);
    }
    return check;
}

/* A token that was refused because its time is over is renewed once, whatever was said of its time.
 */
static bool may_renew(const struct check_command *c, const struct check *check)
{
    const struct check_result *r = check_result(check);
    return c->is_stored && !c->is_renewed && c->token_flow == NULL && interrupt_number() == 0 &&
           r->has_diagnosis && r->diagnosis.cause == CAUSE_AUTH_TOKEN_EXPIRED;
}

static void say_not_renewed(struct check_command *c, const struct why *why)
{
    struct diagnosis d;
    if (c->token_flow == NULL) {
        fprintf(stderr, "smtpdx check: the token could not be renewed: %s\n", why->text);
        return;
    }
    token_diagnose(c->mapper, c->params.target.provider, c->token_flow, &c->arena, &d);
    fprintf(stderr, "smtpdx check: the token could not be renewed: %s (%s)\n",
            cause_sentence(d.cause), cause_slug(d.cause));
}

static int check_in(struct check_command *c, struct world *world)
{
    struct why why;
    interrupt_catch();
    struct check *check = checked(c, world);
    if (check != NULL && may_renew(c, check)) {
        if (renew_stored(c, &why) == ERR_OK && c->is_renewed) {
            check_free(check);
            check = checked(c, world);
        } else { /* what the mail server said stays the verdict */
            say_not_renewed(c, &why);
        }
        stored_close(&c->stored);
    }
    int status = EXIT_WRONG_USE;
    if (check != NULL) {
        print(c, check);
        status = status_of(check);
        if (!write_files(c, check) && status == EXIT_ALL_PASSED) {
            status = EXIT_NO_REPORT;
        }
    }
    interrupt_release();
    check_free(check);
    return status;
}

static int with_world(struct check_command *c)
{
    struct why why;
    struct world *world;
    if (world_new_sockets(&world, &why) != ERR_OK) {
        fprintf(stderr, "smtpdx check: %s\n", why.text);
        return EXIT_NOT_JUDGED;
    }
    int status = check_in(c, world);
    world_free(world);
    return status;
}

static int load(struct check_command *c)
{
    struct why why = {.line = 0};
    int status = read_words(c);
    if (status != EXIT_ALL_PASSED) {
        return status;
    }
    c->registry = cli_load_registry(c->folder);
    if (c->registry == NULL) {
        return EXIT_DID_NOT_LOAD;
    }
    if (mapper_new(c->registry, &c->mapper, &why) != ERR_OK) {
        fprintf(stderr, "smtpdx: %s:%u: %s\n", why.file, why.line, why.text);
        return EXIT_DID_NOT_LOAD;
    }
    return make_tls(c);
}

static int check_one(struct check_command *c)
{
    int status = load(c);
    status = status == EXIT_ALL_PASSED ? read_target(c) : status;
    status = status == EXIT_ALL_PASSED ? read_credential(c) : status;
    if (status == EXIT_ALL_PASSED) {
        complete(c);
        status = with_world(c);
    }
    return status;
}

/* What is said of one account, or of the shape of its output, does not go with many. */
static int check_many(struct check_command *c)
{
    bool is_of_one = c->user != NULL || c->wish.password_file != NULL || c->is_stored ||
                     c->wish.password_command != NULL || c->wish.token_file != NULL ||
                     c->wish.token_command != NULL || c->credential != NULL ||
                     c->security != NULL || c->params.may_send || c->junit != NULL ||
                     c->metrics != NULL || c->look.is_verbose;
    if (is_of_one) {
        return cli_wrong_use(&command_check,
                             "--batch takes user, credential and security from each "
                             "line; --send, --stored, --junit, --metrics and --verbose "
                             "are for one account");
    }
    int status = load(c);
    status = status == EXIT_ALL_PASSED ? read_route(c) : status;
    if (status != EXIT_ALL_PASSED) {
        return status;
    }
    complete(c);
    c->batch.registry = c->registry;
    c->batch.common = c->params;
    c->batch.jobs = (unsigned)c->jobs;
    c->batch.per_group = (unsigned)c->per_provider;
    c->batch.logins_per_hour = (unsigned)c->login_max;
    return batch_run(&c->batch);
}

static int run(int argc, char **argv)
{
    struct check_command c = {.jobs = 8,
                              .per_provider = 2,
                              .batch = {.shard = 1, .shards = 1},
                              .retries = 3,
                              .login_max = LOGINS_USUAL,
                              .params.retry.base_us = 1000000};
    int first;
    arena_init(&c.arena);
    credential_init(&c.secret);
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
    mapper_free(c.mapper);
    registry_free(c.registry);
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
        "server alone is looked at.\n\n"
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
