/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration: what is refused and where, what goes before what, and the laws of the table:
 * every setting has its names, takes what is built in and its example, and is in the template,
 * which parses.
 */
#include "config/config.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "check/logins.h"
#include "doc/json.h"

static struct registry *registry;

static int setup(void **state)
{
    struct arena arena;
    struct doc_errors errors;
    struct why why;
    (void)state;
    arena_init(&arena);
    doc_errors_init(&errors, &arena);
    enum err err = registry_load(NULL, &registry, &errors, &why);
    arena_release(&arena);
    return err == ERR_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    registry_free(registry);
    return 0;
}

/* What is printed of a text's errors; "" when it was taken. The caller frees. */
static char *errors_of(struct config *c, const char *text)
{
    struct arena arena;
    struct doc_errors errors;
    struct buf out;
    char *exact = mem_alloc(strlen(text) + 1); /* so that reading too far is noticed */
    memcpy(exact, text, strlen(text));
    arena_init(&arena);
    doc_errors_init(&errors, &arena);
    buf_init(&out, BUF_NO_CAP);
    enum err err = config_read(c, "/etc/smtpdx/c.yaml", slice_make(exact, strlen(text)),
                               "/home/jane", &errors);
    err = err == ERR_OK ? config_check_entries(c, registry, &errors) : err;
    config_errors_print(&errors, &out);
    assert_int_equal(err == ERR_OK, out.n == 0);
    char *printed = mem_strdup(buf_text(&out));
    buf_release(&out);
    arena_release(&arena);
    free(exact);
    return printed;
}

/* ---- what is refused ---- */

/* clang-format off */
static const struct refused {
    const char *name, *text, *want; /* want stands in what is printed; "": the text is taken */
} refused[] = {
    {"nothing",            "",                                      ""},
    {"a comment alone",    "# nothing yet\n\n",                     ""},
    {"empty parts",        "defaults:\nproviders:\n",               ""},
    {"an empty entry",     "providers:\n  gmail:\n",                ""},
    {"a list",             "- a\n",                                 "c.yaml:1:1: error: the file is a mapping"},
    {"an unknown part",    "default:\n  retries: 1\n",              "c.yaml:1:1: error: the file has no key 'default' (did you mean 'defaults'?)"},
    {"a key without part", "retries: 1\n",                          "c.yaml:1:1: error: 'retries' belongs under 'defaults:'"},
    {"a server's key",     "port: 25\n",                            "c.yaml:1:1: error: 'port' belongs under 'providers:'"},
    {"an unknown key",     "defaults:\n  retires: 1\n",             "c.yaml:2:3: error: 'defaults:' has no key 'retires' (did you mean 'retries'?)"},
    {"nothing like it",    "defaults:\n  zzz: 1\n",                 "c.yaml:2:3: error: 'defaults:' has no key 'zzz'; there are: connect_timeout"},
    {"in an entry",        "providers:\n  gmail:\n    prot: 1\n",   "c.yaml:3:5: error: an entry has no key 'prot' (did you mean 'port'?)"},
    {"one for defaults",   "providers:\n  gmail:\n    jobs: 1\n",   "c.yaml:3:5: error: 'jobs' belongs under 'defaults:'"},
    {"one for an entry",   "defaults:\n  host: a.example\n",        "c.yaml:2:3: error: 'host' belongs to an entry under 'providers:'"},
    {"a misspelt provider", "providers:\n  gmial:\n    port: 25\n", "c.yaml:2:3: error: no provider 'gmial' (did you mean 'gmail'?); an entry of a name of your own says its 'host:'"},
    {"a name of one's own", "providers:\n  relay: {host: r.example}\n", ""},
    {"a domain",           "providers:\n  a.example: {user: x}\n",  ""},
    {"twice",              "providers:\n  gmail: {}\n  GMail: {}\n", "c.yaml:3:3: error: there is an entry of this name already, in line 2"},
    {"a key twice",        "defaults:\n  ca: a\n  ca: b\n",         "c.yaml:3:3: error: "},
    {"no value",           "defaults:\n  ca:\n",                    "error: ca has no value: write one, as 'company-ca.pem', or take the key out"},
    {"null",               "{\"defaults\": {\"ca\": null}}",        "c.yaml:1:21: error: ca has no value"},
    {"a list of values",   "defaults:\n  ca: [a]\n",                "c.yaml:2:7: error: ca wants one value, as 'company-ca.pem', and not a list"},
    {"a map for a value",  "defaults:\n  retries: {n: 1}\n",        "c.yaml:2:12: error: retries wants one value, as '1', and not a mapping"},
    {"no mapping",         "defaults: 5\n",                         "c.yaml:1:11: error: 'defaults:' is a mapping"},
    {"no entry",           "providers:\n  gmail: 5\n",              "c.yaml:2:10: error: an entry is a mapping"},
    {"a bare number",      "defaults:\n  timeout: 15\n",            "c.yaml:2:12: error: timeout wants a time with its unit, as 500ms, 30s or 2m, not '15'"},
    {"no time at all",     "defaults:\n  timeout: 0s\n",            "timeout wants a time"},
    {"too many",           "defaults:\n  retries: 8\n",             "retries wants a whole number from 0 to 7, not '8'"},
    {"less than none",     "defaults:\n  retries: -1\n",            "retries wants a whole number from 0 to 7, not '-1'"},
    {"a flag",             "defaults:\n  strict: perhaps\n",        "strict wants yes or no, or on or off, not 'perhaps'"},
    {"a word",             "defaults:\n  purpose: onbording\n",     "purpose does not know 'onbording' (did you mean 'onboarding'?)"},
    {"a strange word",     "defaults:\n  purpose: 7\n",             "purpose does not know '7': write ci, onboarding, bulk or migration"},
    {"a way",              "defaults:\n  find: files,svr\n",        "find takes files, autoconfig, ispdb and srv, with commas between them, or none; not 'files,svr'"},
    {"ways with blanks",   "defaults:\n  find: files, srv\n",       ""},
    {"no way",             "defaults:\n  find: none\n",             ""},
    {"a mechanism",        "providers:\n  gmail: {mechanism: PLAYN}\n", "c.yaml:2:22: error: mechanism wants one that is known, and there is no SASL mechanism 'PLAYN' (did you mean 'PLAIN'?)"},
    {"a host with a port", "providers:\n  r: {host: 'a.example:25'}\n", "host wants a host name or an address, without a port: not 'a.example:25'"},
    {"a bracketed host",   "providers:\n  r: {host: '[::1]'}\n",    "without a port or brackets"},
    {"an IPv6 host",       "providers:\n  r: {host: '::1'}\n",      ""},
    {"no port",            "providers:\n  gmail: {connect_to: a}\n", "connect_to wants HOST:PORT, as 127.0.0.1:2587, not 'a'"},
    {"a port too high",    "providers:\n  gmail: {connect_to: 'a:65536'}\n", "connect_to wants HOST:PORT"},
    {"a proxy",            "defaults: {proxy: 'ftp://a'}\n",        "proxy wants http://HOST:PORT (CONNECT)"},
    {"a name with blanks", "defaults: {helo: a b}\n",               "helo wants a name without blanks"},
    {"no YAML",            "defaults: {retries: 1\n",               "c.yaml:"},
    {"a tab",              "defaults:\n\tretries: 1\n",             "c.yaml:2:1: error: "},
    {"two documents",      "defaults:\n---\ndefaults:\n",           "c.yaml:"},
    {"a password",         "defaults:\n  password: Geheim-1\n",     "c.yaml:2:3: error: 'password': no secret stands in this file, nor where it is; take it out, and set SMTPDX_PASSWORD"},
    {"above all",          "smtp-password: Geheim-1\n",             "c.yaml:1:1: error: 'smtp-password': no secret"},
    {"of a provider",      "providers:\n  gmail: {retires: 1, appPassword: Geheim-1}\n", "c.yaml:2:23: error: 'appPassword': no secret"},
    {"a token",            "providers:\n  gmail: {access_token: Geheim-1}\n", "keep it with 'smtpdx token login'"},
    {"a client's secret",  "defaults: {client_secret: Geheim-1}\n", "set SMTPDX_CLIENT_SECRET"},
    {"a passphrase",       "defaults: {store_passphrase: Geheim-1}\n", "set SMTPDX_STORE_PASSPHRASE, or name a file with the key: key_file"},
    {"a command for it",   "defaults: {password_command: cat x}\n", "no secret stands in this file, nor where it is"},
    {"a proxy's password", "defaults: {proxy: 'http://joe:Geheim-1@p.example:3128'}\n", "c.yaml:1:19: error: a password stands in this URL, and no secret belongs into this file: set SMTPDX_PROXY"},
    {"a proxy's user",     "defaults: {proxy: 'http://joe@p.example:3128'}\n", ""},
};
/* clang-format on */

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++) {
        const struct refused *r = &refused[i];
        struct config *c = config_new();
        char *got = errors_of(c, r->text);
        bool is_right = r->want[0] == '\0' ? got[0] == '\0' : strstr(got, r->want) != NULL;
        if (!is_right) {
            print_error("%s: wanted '%s', got '%s'\n", r->name, r->want, got);
        }
        assert_true(is_right);
        assert_null(
            strstr(got, "Geheim-1")); /* no line of the file, and no value that may be one */
        free(got);
        config_free(c);
    }
}

/* ---- what goes before what ---- */

static const char *const file = "defaults: {retries: 1, timeout: 10s, ca: ca.pem, store: ~/s, "
                                "key_file: /k, strict: yes}\n"
                                "providers:\n"
                                "  gmail:\n"
                                "    retries: 2\n"
                                "    backoff: 5s\n"
                                "    strict: 'off'\n"
                                "  example.com: {backoff: 6s, purpose: bulk}\n";

static const char *environment(const char *name)
{
    return strcmp(name, "SMTPDX_RETRIES") == 0           ? "3"
           : strcmp(name, "SMTPDX_CONNECT_TIMEOUT") == 0 ? "7s"
           : strcmp(name, "SMTPDX_PURPOSE") == 0         ? ""
           : strcmp(name, "SMTPDX_HOST") == 0            ? "not.asked.for"
                                                         : NULL;
}

static struct config *loaded(void)
{
    struct config *c = config_new();
    char *errors = errors_of(c, file);
    assert_string_equal(errors, "");
    free(errors);
    return c;
}

static void assert_value(const struct config *c, const struct config_for *e, enum setting s,
                         const char *text, const char *where)
{
    struct config_value v = config_get(c, e, s);
    assert_non_null(v.text);
    assert_string_equal(v.text, text);
    assert_string_equal(v.where, where);
}

static void test_precedence(void **state)
{
    (void)state;
    struct why why;
    struct config_for gmail = {.count = 0}, both = {.count = 0};
    struct config *c = loaded();
    config_for_add(c, SLICE("GMAIL"), &gmail);
    config_for_add(c, SLICE("nobody"), &gmail);
    config_for_add(c, SLICE("gmail"), &gmail);
    assert_int_equal(gmail.count, 1);
    config_for_add(c, SLICE("Example.com"), &both);
    config_for_add(c, SLICE("gmail"), &both);
    assert_value(c, NULL, SETTING_JOBS, "8", "built in");
    assert_value(c, NULL, SETTING_RETRIES, "1", "/etc/smtpdx/c.yaml:1");
    assert_value(c, &gmail, SETTING_RETRIES, "2", "/etc/smtpdx/c.yaml:4");
    assert_value(c, &gmail, SETTING_TIMEOUT, "10s", "/etc/smtpdx/c.yaml:1");
    assert_value(c, &both, SETTING_BACKOFF, "6s", "/etc/smtpdx/c.yaml:7"); /* the nearest first */
    assert_value(c, &both, SETTING_RETRIES, "2", "/etc/smtpdx/c.yaml:4");
    assert_int_equal(config_read_environment(c, environment, &why), ERR_OK);
    assert_value(c, NULL, SETTING_RETRIES, "3", "SMTPDX_RETRIES");
    assert_value(c, &gmail, SETTING_RETRIES, "3", "SMTPDX_RETRIES");
    assert_value(c, &both, SETTING_PURPOSE, "bulk", "/etc/smtpdx/c.yaml:7"); /* empty: not set */
    assert_null(config_text(c, &both, SETTING_HOST)); /* no default, so no variable */
    assert_int_equal(config_set_option(c, SETTING_RETRIES, "4", &why), ERR_OK);
    assert_value(c, &gmail, SETTING_RETRIES, "4", "--retries");
    assert_int_equal(config_set_option(c, SETTING_WARN_CERT_DAYS, "4", &why), ERR_OK);
    assert_value(c, NULL, SETTING_WARN_CERT_DAYS, "4", "--warn-cert-days");
    assert_int_equal(config_set_option(c, SETTING_RETRIES, "x", &why), ERR_INVALID);
    assert_string_equal(why.text, "--retries wants a whole number from 0 to 7, not 'x'");
    assert_value(c, &gmail, SETTING_RETRIES, "4", "--retries");
    config_free(c);
}

static void test_values(void **state)
{
    (void)state;
    struct config_for gmail = {.count = 0};
    struct config *c = loaded();
    config_for_add(c, SLICE("gmail"), &gmail);
    assert_string_equal(config_text(c, NULL, SETTING_CA), "/etc/smtpdx/ca.pem");
    assert_string_equal(config_text(c, NULL, SETTING_STORE), "/home/jane/s");
    assert_string_equal(config_text(c, NULL, SETTING_KEY_FILE), "/k");
    assert_null(config_text(c, NULL, SETTING_PROXY));
    assert_int_equal(config_time_us(c, NULL, SETTING_TIMEOUT), 10000000);
    assert_int_equal(config_number(c, &gmail, SETTING_RETRIES), 2);
    assert_true(config_flag(c, NULL, SETTING_STRICT));
    assert_false(config_flag(c, &gmail, SETTING_STRICT));
    assert_true(config_flag(c, NULL, SETTING_DIAGNOSTICS));
    config_free(c);
}

static const char *wrong(const char *name)
{
    return strcmp(name, "SMTPDX_PER_PROVIDER") == 0 ? "many" : NULL;
}

static void test_wrong_variable(void **state)
{
    (void)state;
    struct why why;
    struct config *c = config_new();
    assert_int_equal(config_read_environment(c, wrong, &why), ERR_INVALID);
    assert_string_equal(
        why.text,
        "SMTPDX_PER_PROVIDER in the environment wants a whole number from 1 to 256, not 'many'");
    config_free(c);
}

/* Without a home '~' means nothing, and that is no reason to make a file of that name. */
static void test_no_home(void **state)
{
    (void)state;
    struct arena arena;
    struct doc_errors errors;
    struct config *c = config_new();
    arena_init(&arena);
    doc_errors_init(&errors, &arena);
    assert_int_equal(
        config_read(c, "c.yaml", SLICE("defaults:\n  store: ~/x\n  ca: a\n"), NULL, &errors),
        ERR_INVALID);
    assert_int_equal(errors.list[0].line, 2);
    assert_non_null(strstr(errors.list[0].text, "HOME is not set"));
    assert_string_equal(config_text(c, NULL, SETTING_CA), "a"); /* beside a file without a folder */
    arena_release(&arena);
    config_free(c);
}

/* ---- JSON ---- */

static void test_json(void **state)
{
    (void)state;
    struct config_for e = {.count = 0};
    struct config *c = config_new();
    char *errors = errors_of(
        c,
        "{\n\t\"defaults\":{\"retries\":5,\"strict\":true,\"proxy\":\"http:\\/\\/p.example:1\"},\n"
        "  \"providers\": {\"mail.example.com\": {\"port\": 465, \"user\": "
        "\"J\\u00fcrgen\"}}\n}\n");
    assert_string_equal(errors, "");
    free(errors);
    config_for_add(c, SLICE("mail.example.com"), &e);
    assert_int_equal(config_number(c, NULL, SETTING_RETRIES), 5);
    assert_true(config_flag(c, NULL, SETTING_STRICT));
    assert_string_equal(config_text(c, NULL, SETTING_PROXY), "http://p.example:1");
    assert_string_equal(config_text(c, &e, SETTING_USER), "J\xc3\xbcrgen");
    assert_value(c, &e, SETTING_PORT, "465", "/etc/smtpdx/c.yaml:3");
    config_free(c);
}

/* ---- laws of the table ---- */

static void test_table(void **state)
{
    (void)state;
    struct why why;
    for (unsigned s = 0; s < SETTING_COUNT; s++) {
        char option[SETTING_VARIABLE_MAX], space[SETTING_VARIABLE_MAX];
        const struct setting_info *info = setting_info((enum setting)s);
        assert_int_equal(setting_of_key(slice_of(info->key)), s);
        snprintf(option, sizeof option, "%s", info->key);
        for (char *p = option; *p != '\0'; p++) {
            *p = *p == '_' ? '-' : *p;
        }
        assert_int_equal(setting_of_option(option), s);
        const char *variable = setting_variable((enum setting)s, space);
        assert_int_equal(strncmp(variable, "SMTPDX_", 7), 0);
        assert_int_equal(strcasecmp(variable + 7, info->key), 0);
        assert_int_equal(setting_check((enum setting)s, slice_of(info->example), &why), ERR_OK);
        bool has_value = info->built_in[0] != '\0';
        assert_true(has_value != (info->without[0] != '\0'));
        assert_true(!has_value ||
                    setting_check((enum setting)s, slice_of(info->built_in), &why) == ERR_OK);
        assert_true(info->places != 0 && info->places <= 3 && info->doc[0] != '\0');
        assert_int_not_equal(setting_check((enum setting)s, SLICE("\x01"), &why), ERR_OK);
        assert_int_not_equal(setting_check((enum setting)s, SLICE(""), &why), ERR_OK);
    }
    assert_int_equal(setting_of_option("json"), SETTING_COUNT);
    assert_int_equal(setting_of_option(""), SETTING_COUNT);
}

/* '#' before a key, and before nothing else, goes away. */
static void uncomment(struct slice text, struct buf *out)
{
    for (size_t i = 0; i < text.n; i++) {
        bool is_mark = text.p[i] == '#' && i + 1 < text.n && islower((unsigned char)text.p[i + 1]);
        if (!is_mark) {
            buf_add_char(out, text.p[i]);
        }
    }
}

static void test_template(void **state)
{
    (void)state;
    struct buf template, filled, manual;
    struct config *empty = config_new(), *full = config_new();
    struct config_for e = {.count = 0};
    buf_init(&template, BUF_NO_CAP);
    buf_init(&filled, BUF_NO_CAP);
    buf_init(&manual, BUF_NO_CAP);
    config_template(&template);
    config_manual(&manual);
    uncomment(buf_slice(&template), &filled);
    char *errors = errors_of(empty, buf_text(&template));
    assert_string_equal(errors, "");
    free(errors);
    errors = errors_of(full, buf_text(&filled));
    assert_string_equal(errors, "");
    free(errors);
    config_for_add(full, SLICE("gmail"), &e);
    assert_int_equal(config_entry_count(empty), 0);
    for (unsigned s = 0; s < SETTING_COUNT; s++) {
        const struct setting_info *info = setting_info((enum setting)s);
        char row[80];
        struct config_value was = config_get(empty, NULL, (enum setting)s);
        struct config_value is = config_get(full, &e, (enum setting)s);
        assert_int_equal(was.from, CONFIG_BUILT_IN);
        assert_int_equal(is.from, (info->places & SETTING_IN_DEFAULTS) != 0 ? CONFIG_DEFAULTS
                                                                            : CONFIG_ENTRY);
        snprintf(row, sizeof row, "| `%s` |", info->key);
        assert_non_null(strstr(buf_text(&manual), row));
    }
    buf_release(&template);
    buf_release(&filled);
    buf_release(&manual);
    config_free(empty);
    config_free(full);
}

/* ---- what is shown ---- */

static const char *with_proxy(const char *name)
{
    return strcmp(name, "SMTPDX_PROXY") == 0 ? "http://joe:Geheim@1@p.example:3128" : NULL;
}

static void test_shown(void **state)
{
    (void)state;
    struct why why;
    struct buf text, object;
    struct json *json = NULL;
    struct config *c = loaded();
    struct config_target target = {.given = "gmail", .server = "smtp.gmail.com:587"};
    buf_init(&text, BUF_NO_CAP);
    buf_init(&object, BUF_NO_CAP);
    assert_int_equal(config_read_environment(c, with_proxy, &why), ERR_OK);
    config_show(c, NULL, &text);
    config_show_json(c, NULL, &object);
    assert_null(strstr(buf_text(&text), "Geheim"));
    assert_null(strstr(buf_text(&object), "Geheim"));
    assert_non_null(strstr(buf_text(&text), "http://joe:***@p.example:3128"));
    assert_int_equal(json_parse(buf_slice(&object), &json, &why), ERR_OK);
    assert_int_equal(json_to_int(json_path(json, "settings.retries.value")), 1);
    assert_string_equal(json_slice(json_path(json, "settings.retries.from")).p, "defaults");
    assert_true(json_to_bool(json_path(json, "settings.strict.value")));
    assert_string_equal(json_slice(json_path(json, "providers.gmail.backoff.where")).p,
                        "/etc/smtpdx/c.yaml:5");
    json_free(json);
    buf_reset(&object);
    config_for_add(c, SLICE("gmail"), &target.entries);
    config_show_json(c, &target, &object);
    assert_int_equal(json_parse(buf_slice(&object), &json, &why), ERR_OK);
    assert_int_equal(json_to_int(json_path(json, "settings.retries.value")), 2);
    assert_string_equal(json_slice(json_path(json, "settings.retries.from")).p, "entry");
    assert_int_equal(json_count(json_get(json, "settings")), SETTING_COUNT);
    json_free(json);
    buf_release(&text);
    buf_release(&object);
    config_free(c);
}

/* The C library has no configuration file, and the same bound on logins. */
static void test_bound_on_logins(void **state)
{
    struct config *c = config_new();
    (void)state;
    assert_int_equal(config_number(c, NULL, SETTING_LOGINS_PER_HOUR), LOGINS_USUAL);
    config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bound_on_logins),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_precedence),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_wrong_variable),
        cmocka_unit_test(test_no_home),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_template),
        cmocka_unit_test(test_shown),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
