/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known before any octet is sent. Rows: a login, and what is found of it. Law: no text repeats
 * the credential, in any form.
 */
#include "check/preflight.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/codec.h"
#include "base/redact.h"

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

enum { NOW = 1700000000 };

#define GMAIL_APP "abcdefghijklmnop"
#define SES_SMTP "BPd4cQ3n5dGqZ0T9n0mXyRk7l2ZyVb6uEwXoLr8pHq1s"
#define SES_KEY "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEYzz"

/* clang-format off */
static const struct row {
    const char *name, *provider, *user, *secret;
    enum credential_kind kind;
    enum purpose purpose;
    unsigned port;
    enum security security;
    enum fault fault;             /* of the first finding; NONE with says NULL: nothing is found */
    enum preflight_weight weight;
    const char *says;
} rows[] = {
    {"app password",        "gmail",   "jane@gmail.com",  GMAIL_APP,             CREDENTIAL_APP_PASSWORD, PURPOSE_NONE, 587, SECURITY_STARTTLS, FAULT_NONE, 0, NULL},
    {"… in groups",         "gmail",   "jane@gmail.com",  "abcd efgh ijkl mnop", CREDENTIAL_APP_PASSWORD, PURPOSE_NONE, 587, SECURITY_STARTTLS, FAULT_NONE, 0, NULL},
    {"… given as password", "gmail",   "jane@gmail.com",  GMAIL_APP,             CREDENTIAL_PASSWORD, PURPOSE_NONE, 587, SECURITY_STARTTLS, FAULT_NONE, 0, NULL},
    {"… blank behind",      "gmail",   "jane@gmail.com",  GMAIL_APP " ",         CREDENTIAL_APP_PASSWORD, PURPOSE_NONE, 587, SECURITY_STARTTLS, FAULT_CREDENTIAL_FORMAT, PREFLIGHT_REFUSAL, "without its blanks"},
    {"ordinary password",   "gmail",   "jane@gmail.com",  "Sommer2024!x",        CREDENTIAL_PASSWORD, PURPOSE_NONE, 587, SECURITY_STARTTLS, FAULT_CREDENTIAL_FORMAT, PREFLIGHT_REFUSAL, "16 small letters"},
    {"hyphens are missing", "icloud",  "jane@icloud.com", GMAIL_APP,             CREDENTIAL_APP_PASSWORD, PURPOSE_NONE, 587, SECURITY_STARTTLS, FAULT_CREDENTIAL_FORMAT, PREFLIGHT_REFUSAL, "hyphens"},
    {"local part",          "icloud",  "jane",            "abcd-efgh-ijkl-mnop", CREDENTIAL_APP_PASSWORD, PURPOSE_NONE, 587, SECURITY_STARTTLS, FAULT_USERNAME_FORMAT, PREFLIGHT_REFUSAL, "jane@icloud.com?"},
    {"literal",             "sendgrid", "jane@example.com", "SG.abcdefgh.ijklmnop", CREDENTIAL_APP_PASSWORD, PURPOSE_NONE, 587, SECURITY_STARTTLS, FAULT_USERNAME_FORMAT, PREFLIGHT_REFUSAL, "\"apikey\""},
    {"no user",             "gmail",   "",                GMAIL_APP,             CREDENTIAL_APP_PASSWORD, PURPOSE_NONE, 587, SECURITY_STARTTLS, FAULT_USERNAME_FORMAT, PREFLIGHT_REFUSAL, "--user"},
    {"user with a blank",   NULL,      "jane ",           "Sommer2024!x",        CREDENTIAL_PASSWORD, PURPOSE_NONE, 587, SECURITY_STARTTLS, FAULT_USERNAME_FORMAT, PREFLIGHT_DOUBT, "ends with a blank"},
    {"refused kind",        "outlook", "jane@outlook.com", "Sommer2024!x",       CREDENTIAL_PASSWORD, PURPOSE_NONE, 587, SECURITY_STARTTLS, FAULT_CREDENTIAL_POLICY, PREFLIGHT_DOUBT, "takes no passwords"},
    {"SMTP password",       "ses",     "AKIAIOSFODNN7EXAMPLE", SES_SMTP,         CREDENTIAL_PASSWORD, PURPOSE_NONE, 587, SECURITY_STARTTLS, FAULT_NONE, 0, NULL},
    {"secret access key",   "ses",     "AKIAIOSFODNN7EXAMPLE", SES_KEY,          CREDENTIAL_PASSWORD, PURPOSE_NONE, 587, SECURITY_STARTTLS, FAULT_CREDENTIAL_FORMAT, PREFLIGHT_REFUSAL, "derived from the secret access key"},
    {"API key",             "brevo",   "1a2b@smtp-brevo.com", "xkeysib-abcdef",  CREDENTIAL_APP_PASSWORD, PURPOSE_NONE, 587, SECURITY_STARTTLS, FAULT_CREDENTIAL_FORMAT, PREFLIGHT_REFUSAL, "an API key (xkeysib-"},
    {"unknown server",      NULL,      "jane",            "Sommer2024!x",        CREDENTIAL_PASSWORD, PURPOSE_ONBOARDING, 587, SECURITY_STARTTLS, FAULT_NONE, 0, NULL},
    {"line break inside",   NULL,      "jane",            "Sommer\n2024",        CREDENTIAL_PASSWORD, PURPOSE_NONE, 587, SECURITY_STARTTLS, FAULT_CREDENTIAL_FORMAT, PREFLIGHT_REFUSAL, "line break"},
    {"empty",               NULL,      "jane",            "",                    CREDENTIAL_PASSWORD, PURPOSE_NONE, 587, SECURITY_STARTTLS, FAULT_CREDENTIAL_FORMAT, PREFLIGHT_REFUSAL, "empty"},
    {"blank before",        NULL,      "jane",            " Sommer2024",         CREDENTIAL_PASSWORD, PURPOSE_NONE, 587, SECURITY_STARTTLS, FAULT_CREDENTIAL_FORMAT, PREFLIGHT_DOUBT, "begins or ends with a blank"},
    {"token as password",   "gmail",   "jane@gmail.com",  "ya29.a0AfB_byC",      CREDENTIAL_PASSWORD, PURPOSE_NONE, 587, SECURITY_STARTTLS, FAULT_CREDENTIAL_FORMAT, PREFLIGHT_REFUSAL, "SMTPDX_TOKEN"},
    {"Bearer",              "gmail",   "jane@gmail.com",  "Bearer ya29.a0AfB_b", CREDENTIAL_OAUTH2, PURPOSE_NONE, 587, SECURITY_STARTTLS, FAULT_CREDENTIAL_FORMAT, PREFLIGHT_REFUSAL, "the word Bearer"},
    {"refresh token",       "gmail",   "jane@gmail.com",  "1//0abcdefg-xyz",     CREDENTIAL_OAUTH2, PURPOSE_NONE, 587, SECURITY_STARTTLS, FAULT_CREDENTIAL_FORMAT, PREFLIGHT_REFUSAL, "refresh token"},
    {"a whole answer",      "gmail",   "jane@gmail.com",  "{\"access_token\":\"x\"}", CREDENTIAL_OAUTH2, PURPOSE_NONE, 587, SECURITY_STARTTLS, FAULT_CREDENTIAL_FORMAT, PREFLIGHT_REFUSAL, "access_token alone"},
    {"opaque token",        "gmail",   "jane@gmail.com",  "ya29.a0AfB_byC",      CREDENTIAL_OAUTH2, PURPOSE_ONBOARDING, 587, SECURITY_STARTTLS, FAULT_NONE, 0, NULL},
    {"onboarding",          "gmail",   "jane@gmail.com",  GMAIL_APP,             CREDENTIAL_APP_PASSWORD, PURPOSE_ONBOARDING, 587, SECURITY_STARTTLS, FAULT_CREDENTIAL_POLICY, PREFLIGHT_DOUBT, "offers OAuth2"},
    {"ci",                  "gmail",   "jane@gmail.com",  GMAIL_APP,             CREDENTIAL_APP_PASSWORD, PURPOSE_CI, 587, SECURITY_STARTTLS, FAULT_NONE, 0, NULL},
    {"migration",           "gmail",   "jane@gmail.com",  GMAIL_APP,             CREDENTIAL_APP_PASSWORD, PURPOSE_MIGRATION, 587, SECURITY_STARTTLS, FAULT_NONE, PREFLIGHT_NOTE, "write down until"},
    {"bulk by token",       "gmail",   "jane@gmail.com",  "ya29.a0AfB_byC",      CREDENTIAL_OAUTH2, PURPOSE_BULK, 587, SECURITY_STARTTLS, FAULT_CREDENTIAL_POLICY, PREFLIGHT_DOUBT, "a relay made for it"},
    {"bulk by a relay",     "ses",     "AKIAIOSFODNN7EXAMPLE", SES_SMTP,         CREDENTIAL_APP_PASSWORD, PURPOSE_BULK, 587, SECURITY_STARTTLS, FAULT_NONE, 0, NULL},
    {"465 with STARTTLS",   NULL,      "jane",            "Sommer2024!x",        CREDENTIAL_PASSWORD, PURPOSE_NONE, 465, SECURITY_STARTTLS, FAULT_CONFIGURATION, PREFLIGHT_DOUBT, "port 465 is spoken with TLS"},
    {"587 with TLS",        NULL,      "jane",            "Sommer2024!x",        CREDENTIAL_PASSWORD, PURPOSE_NONE, 587, SECURITY_IMPLICIT, FAULT_CONFIGURATION, PREFLIGHT_DOUBT, "port 587 is spoken with STARTTLS"},
    {"25",                  NULL,      "jane",            "Sommer2024!x",        CREDENTIAL_PASSWORD, PURPOSE_NONE, 25,  SECURITY_STARTTLS, FAULT_CONFIGURATION, PREFLIGHT_DOUBT, "port 25"},
    {"any other port",      NULL,      "jane",            "Sommer2024!x",        CREDENTIAL_PASSWORD, PURPOSE_NONE, 2525, SECURITY_IMPLICIT, FAULT_NONE, 0, NULL},
};
/* clang-format on */

static size_t look(const struct row *r, const char *secret, struct arena *arena,
                   struct preflight_finding out[PREFLIGHT_MAX])
{
    const struct preflight_input in = {
        .provider = r->provider != NULL ? registry_find(registry, slice_of(r->provider)) : NULL,
        .user = slice_of(r->user),
        .secret = slice_of(secret),
        .kind = r->kind,
        .purpose = r->purpose,
        .now_s = NOW,
        .host = "mail.example.com",
        .port = r->port,
        .security = r->security,
    };
    assert_true((in.provider != NULL) == (r->provider != NULL));
    return preflight(&in, arena, out);
}

static void no_secret_in(const char *name, const char *secret,
                         const struct preflight_finding *list, size_t count)
{
    struct why why;
    struct redactor *redactor = redactor_new();
    if (redactor_add(redactor, "secret", slice_of(secret), &why) == ERR_OK) {
        for (size_t i = 0; i < count; i++) {
            if (redactor_find(redactor, slice_of(list[i].text)) != NULL) {
                fail_msg("%s: the text repeats the credential", name);
            }
        }
    }
    redactor_free(redactor);
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena arena;
        struct preflight_finding found[PREFLIGHT_MAX];
        arena_init(&arena);
        size_t count = look(&rows[i], rows[i].secret, &arena, found);
        if (rows[i].says == NULL) {
            if (count != 0) {
                fail_msg("%s: got %s", rows[i].name, found[0].text);
            }
        } else if (count == 0 || found[0].fault != rows[i].fault ||
                   found[0].weight != rows[i].weight ||
                   strstr(found[0].text, rows[i].says) == NULL) {
            fail_msg("%s: got %s", rows[i].name, count != 0 ? found[0].text : "nothing");
        }
        no_secret_in(rows[i].name, rows[i].secret, found, count);
        arena_release(&arena);
    }
}

/* ---- tokens ---- */

static const char *jwt(const char *payload, struct arena *arena)
{
    struct buf out;
    buf_init(&out, 8192);
    base64url_encode(SLICE("{\"alg\":\"none\",\"typ\":\"JWT\"}"), &out);
    buf_add_char(&out, '.');
    base64url_encode(slice_of(payload), &out);
    buf_add_text(&out, ".c2lnbmF0dXJl");
    const char *text = arena_text(arena, buf_slice(&out));
    buf_release(&out);
    return text;
}

#define MAIL "\"aud\":\"https://outlook.office.com\""

static void test_tokens(void **state)
{
    /* clang-format off */
    static const struct {
        const char *payload;
        enum fault fault;
        enum preflight_weight weight;
    } tokens[] = {
        {"{" MAIL ",\"scp\":\"SMTP.Send\",\"exp\":1700000001,\"upn\":\"jane@example.com\"}", FAULT_NONE, 0},
        {"{" MAIL ",\"scp\":\"SMTP.Send\",\"exp\":1700000000}", FAULT_TOKEN_EXPIRED, PREFLIGHT_REFUSAL},
        {"{" MAIL ",\"scp\":\"IMAP.AccessAsUser.All\"}", FAULT_TOKEN_SCOPE, PREFLIGHT_REFUSAL},
        {"{\"aud\":\"https://graph.microsoft.com\",\"scp\":\"SMTP.Send\"}", FAULT_TOKEN_AUDIENCE, PREFLIGHT_REFUSAL},
        {"{" MAIL ",\"scp\":\"SMTP.Send\",\"upn\":\"joe@example.com\"}", FAULT_TOKEN_AUDIENCE, PREFLIGHT_DOUBT},
    };
    /* clang-format on */
    static const struct row row = {
        .provider = "office365", .user = "jane@example.com", .kind = CREDENTIAL_OAUTH2, .port = 587};
    (void)state;
    for (size_t i = 0; i < COUNT(tokens); i++) {
        struct arena arena;
        struct preflight_finding found[PREFLIGHT_MAX];
        arena_init(&arena);
        const char *token = jwt(tokens[i].payload, &arena);
        size_t count = look(&row, token, &arena, found);
        if (tokens[i].fault == FAULT_NONE) {
            assert_int_equal(count, 0);
        } else if (count == 0 || found[0].fault != tokens[i].fault ||
                   found[0].weight != tokens[i].weight) {
            fail_msg("%s: got %s", tokens[i].payload, count != 0 ? found[0].text : "nothing");
        }
        no_secret_in(tokens[i].payload, token, found, count);
        arena_release(&arena);
    }
}

static void test_kinds(void **state)
{
    const struct provider *gmail = registry_find(registry, SLICE("gmail"));
    (void)state;
    assert_int_equal(preflight_kind(gmail, CREDENTIAL_PASSWORD, SLICE(GMAIL_APP)),
                     CREDENTIAL_APP_PASSWORD);
    assert_int_equal(preflight_kind(gmail, CREDENTIAL_PASSWORD, SLICE("Sommer2024")),
                     CREDENTIAL_PASSWORD);
    assert_int_equal(preflight_kind(gmail, CREDENTIAL_OAUTH2, SLICE(GMAIL_APP)), CREDENTIAL_OAUTH2);
    assert_int_equal(preflight_kind(NULL, CREDENTIAL_PASSWORD, SLICE(GMAIL_APP)),
                     CREDENTIAL_PASSWORD);
}

static void test_purposes(void **state)
{
    enum purpose got;
    (void)state;
    for (unsigned i = PURPOSE_CI; i < PURPOSE_COUNT; i++) {
        assert_true(purpose_from_slug(slice_of(purpose_slug((enum purpose)i)), &got));
        assert_int_equal(got, i);
    }
    assert_false(purpose_from_slug(SLICE(""), &got));
    assert_false(purpose_from_slug(SLICE("Bulk"), &got));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_purposes),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
