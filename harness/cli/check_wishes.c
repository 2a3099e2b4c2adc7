/* SPDX-License-Identifier: Apache-2.0 */
/* See check_command.h. Nothing here touches the network but the renewal of a stored token. */
#include "cli/check_command.h"
#include "cli/check_stored.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "check/wishes.h"
#include "net/tls.h"

const char *check_option(const struct check_command *c, enum setting s)
{
    struct config_value v = config_get(c->config, NULL, s);
    return v.from == CONFIG_OPTION ? v.text : NULL;
}

/* The option is known, and what it was given is not. */
static int wrong_word(const char *option, const struct why *why)
{
    return cli_wrong_use(&command_check, "--%s %s", option, why->text);
}

int check_read_words(struct check_command *c)
{
    struct why why;
    if (check_option(c, SETTING_STRICT) != NULL && c->params.is_forced) {
        return cli_wrong_use(&command_check, "--strict and --force say opposite things");
    }
    if (c->is_ipv4 && c->is_ipv6) {
        return cli_wrong_use(&command_check, "--ipv4 and --ipv6 leave no address to dial");
    }
    if (c->is_ipv4 || c->is_ipv6) {
        enum err err =
            config_set_option(c->config, SETTING_FAMILY, c->is_ipv4 ? "ipv4" : "ipv6", &why);
        must(err == ERR_OK);
    }
    return wish_until(c->until, &c->params.until, &why) == ERR_OK ? EXIT_ALL_PASSED
                                                                  : wrong_word("until", &why);
}

/* ---- what the options mean together ---- */

static int make_tls(struct check_command *c, const struct config_value *ca, struct slice *pem,
                    struct tls_setup **out)
{
    struct why why;
    if (configured_tls(ca->text, &c->arena, pem, out, &why) == ERR_OK) {
        return EXIT_ALL_PASSED;
    }
    bool is_ours = ca->from != CONFIG_OPTION && ca->from != CONFIG_BUILT_IN;
    fprintf(stderr, "smtpdx check: %s%s%s\n", is_ours ? ca->where : "", is_ours ? ": ca: " : "",
            why.text);
    return EXIT_DID_NOT_LOAD;
}

/* An answer for another name or port would never be asked for: somebody has mistyped it. */
static int read_resolve(const struct check_command *c)
{
    const struct check_target *t = &c->params.target;
    struct slice dialled = slice_of(t->host), host;
    unsigned dialled_port = t->port, port;
    if (c->params.resolve_count == 0) {
        return EXIT_ALL_PASSED;
    }
    if (c->params.connect_to != NULL) {
        (void)world_split_host_port(slice_of(c->params.connect_to), &dialled, &dialled_port);
    }
    for (size_t i = 0; i < c->params.resolve_count; i++) {
        if (world_resolve_ok(c->resolve[i], &host, &port) && port == dialled_port &&
            (slice_eq_text(host, "*") || slice_eq_nocase(host, dialled))) {
            return EXIT_ALL_PASSED;
        }
    }
    return cli_wrong_use(&command_check, "no --resolve is for %.*s:%u, which is dialled",
                         (int)dialled.n, dialled.p, dialled_port);
}

/* Before the first account: that one cannot be read is no matter of an account. */
int check_make_trusts(struct check_command *c, struct batch_trust *trusts)
{
    struct slice pem;
    int status = EXIT_ALL_PASSED;
    for (size_t i = 0; status == EXIT_ALL_PASSED && i < config_entry_count(c->config); i++) {
        const struct config_for alone = {{config_entry_at(c->config, i)}, 1};
        const struct config_value ca = config_get(c->config, &alone, SETTING_CA);
        struct batch_trust *t = &trusts[c->batch.trust_count];
        if (ca.from == CONFIG_ENTRY) {
            t->ca_file = ca.text;
            status = make_tls(c, &ca, &pem, &t->tls);
            c->batch.trust_count += status == EXIT_ALL_PASSED;
        }
    }
    return status;
}

/* Web servers and token endpoints are reached as this says; entries are of mail servers. */
int check_take_defaults(struct check_command *c)
{
    const struct config_value ca = config_get(c->config, NULL, SETTING_CA);
    const char *proxy = config_text(c->config, NULL, SETTING_PROXY);
    wish_hide_proxy(proxy, c->redactor);
    c->find.proxy = proxy;
    c->stored.route.proxy = proxy;
    c->stored.store_file = config_text(c->config, NULL, SETTING_STORE);
    c->stored.key_file = config_text(c->config, NULL, SETTING_KEY_FILE);
    c->has_diagnosis = config_flag(c->config, NULL, SETTING_DIAGNOSTICS);
    bool is_known =
        find_steps_read(slice_of(config_text(c->config, NULL, SETTING_FIND)), &c->find.steps);
    must(is_known);
    configured_params(c->config, NULL, &c->params);
    int status = make_tls(c, &ca, &c->stored.route.trust_pem, &c->tls);
    c->params.tls = c->tls;
    return status;
}

/* What its entries say besides. */
static int take_entries(struct check_command *c)
{
    struct slice pem;
    const struct config_value ca = config_get(c->config, &c->entries, SETTING_CA);
    const char *security = check_option(c, SETTING_SECURITY);
    const char *user = check_option(c, SETTING_USER);
    struct slice own = c->params.target.user;
    configured_params(c->config, &c->entries, &c->params);
    if (security != NULL) {
        bool is_known = security_from_slug(slice_of(security), &c->params.target.security);
        must(is_known);
    }
    c->params.user = user != NULL ? slice_of(user)
                     : own.n != 0 ? own
                                  : slice_of(config_text(c->config, &c->entries, SETTING_USER));
    if (ca.from != CONFIG_ENTRY) {
        return EXIT_ALL_PASSED;
    }
    tls_setup_free(c->tls);
    c->tls = NULL;
    int status = make_tls(c, &ca, &pem, &c->tls);
    c->params.tls = c->tls;
    return status;
}

static int find_target(struct check_command *c)
{
    struct slice address = slice_of(c->given);
    c->find.trust_pem = c->stored.route.trust_pem;
    if (find_server(c->registry, address, &c->find, &c->arena, &c->found)) {
        c->params.target = c->found.target;
        c->params.target.user = c->found.user;
        c->params.before = c->found.lines;
        c->params.before_count = c->found.line_count;
        configured_security(&c->entries, &c->params.target);
        if (c->found.target.provider != NULL) {
            config_for_add(c->config, slice_of(c->found.target.provider->name), &c->entries);
        }
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

/* An address that no entry gives a server to is looked for in the ways that --find leaves. */
int check_read_target(struct check_command *c)
{
    struct why why;
    bool is_found;
    struct check_target *t = &c->params.target;
    if (configured_target(c->config, c->registry, slice_of(c->given), &c->arena, t, &c->entries,
                          &is_found, &why) != ERR_OK) {
        return cli_wrong_use(&command_check, "%s", why.text);
    }
    int status = is_found ? EXIT_ALL_PASSED : find_target(c);
    status = status == EXIT_ALL_PASSED ? take_entries(c) : status;
    return status == EXIT_ALL_PASSED ? read_resolve(c) : status;
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

static bool kind_from(const char *word, enum credential_kind *out)
{
    return word != NULL && credential_from_slug(slice_of(word), out);
}

/* What an entry says of the kind tells two variables apart and names what is asked for; what there
 * is of another kind, said by an option or in the environment, goes before it. */
static enum err get_credential(struct check_command *c, struct why *why)
{
    struct credential_wish wish = c->wish;
    enum credential_kind usual = CREDENTIAL_NONE;
    bool is_token = wish.token_file != NULL || wish.token_command != NULL;
    bool is_password = wish.password_file != NULL || wish.password_command != NULL;
    if (kind_from(check_option(c, SETTING_CREDENTIAL), &wish.kind) ||
        !kind_from(config_text(c->config, &c->entries, SETTING_CREDENTIAL), &usual)) {
        return credential_get(&wish, &c->secret, why);
    }
    bool is_other = is_token || (is_password && usual == CREDENTIAL_OAUTH2);
    wish.may_ask = false;
    wish.kind = is_other ? CREDENTIAL_NONE : usual;
    TRY(credential_get(&wish, &c->secret, why));
    if (c->secret.kind == CREDENTIAL_NONE) {
        wish.kind = CREDENTIAL_NONE;
        TRY(credential_get(&wish, &c->secret, why));
    }
    if (c->secret.kind == CREDENTIAL_NONE && c->wish.may_ask) {
        wish.kind = usual;
        wish.may_ask = true;
        TRY(credential_get(&wish, &c->secret, why));
    }
    return ERR_OK;
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
    enum err err = get_credential(c, &why);
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

void check_complete(struct check_command *c)
{
    struct check_params *p = &c->params;
    p->mapper = c->mapper;
    p->from = slice_of(c->from);
    p->rcpt = slice_of(c->to);
    wish_complete(p, &c->arena);
}
