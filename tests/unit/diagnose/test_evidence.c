/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known beside the reply: the wrapping taken off it, whose server it is, the token's
 * claims, what was offered and how the connection ended.
 */
#include "diagnose/diagnose.h"

#include "base/codec.h"
#include "diagnose/enhanced.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct registry *registry;
static struct mapper *mapper;
static struct arena arena;

static int setup(void **state)
{
    struct doc_errors errors;
    struct why why = {.text = ""};
    (void)state;
    arena_init(&arena);
    doc_errors_init(&errors, &arena);
    enum err err = registry_load(NULL, &registry, &errors, &why);
    return err == ERR_OK && mapper_new(registry, &mapper, &why) == ERR_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    mapper_free(mapper);
    registry_free(registry);
    arena_release(&arena);
    return 0;
}

static struct diagnosis diagnose(struct evidence e)
{
    struct diagnosis d;
    mapper_diagnose(mapper, &e, &arena, &d);
    return d;
}

static bool says(const struct diagnosis *d, const char *words)
{
    for (size_t i = 0; i < d->because_count; i++) {
        if (strstr(d->because[i], words) != NULL) {
            return true;
        }
    }
    return false;
}

/* ---- wrapped replies ---- */

static const struct wrapped_row {
    const char *name, *provider, *reply;
    enum stage stage;
    enum cause want;
    enum sureness sure;
    unsigned code;
    const char *because;
} wrapped_rows[] = {
    {"python", "gmail",
     "smtplib.SMTPAuthenticationError: (535, b'5.7.8 Username and Password not accepted. For more "
     "information, go to\\n5.7.8  https://support.google.com/mail/?p=BadCredentials "
     "d2e1a72fcca58-6cd.12 - gsmtp')",
     STAGE_AUTH, CAUSE_AUTH_CREDENTIALS_REJECTED, SURE_LIKELY, 535, "Python"},
    {"nodemailer", "office365",
     "Error: Invalid login: 535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is "
     "disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information.",
     STAGE_NONE, CAUSE_AUTH_SMTP_AUTH_DISABLED, SURE_CERTAIN, 535, "Nodemailer"},
    {"System.Net.Mail", "office365",
     "The SMTP server requires a secure connection or the client was not authenticated. The server "
     "response was: 5.7.57 Client not authenticated to send mail",
     STAGE_NONE, CAUSE_AUTH_REQUIRED, SURE_CERTAIN, 0, "System.Net.Mail"},
    {"postfix, the inner stage decides", "esmtp",
     "host mx.example[192.0.2.1] said: 550 Purple elephants (in reply to RCPT TO command)",
     STAGE_BODY, CAUSE_SEND_RECIPIENT_UNKNOWN, SURE_POSSIBLE, 550, "a relay"},
    {"inner reply unknown: the whole is judged", "esmtp",
     "550 5.1.1 User unknown -> 559 Purple elephants", STAGE_RCPT, CAUSE_SEND_RECIPIENT_UNKNOWN,
     SURE_POSSIBLE, 550, "'user unknown' say the same"},
    {"words and reply code agree: another enhanced code does not go before them", "",
     "452 4.4.5 Insufficient disk space; try again later", STAGE_MAIL, CAUSE_SERVER_STORAGE,
     SURE_POSSIBLE, 452, "'insufficient disk' say the same"},
    {"a 535 says that it was AUTH", "", "535 Purple elephants", STAGE_NONE,
     CAUSE_AUTH_CREDENTIALS_REJECTED, SURE_POSSIBLE, 535, "codes alone"},
    {"said on connection is said in the greeting", "", "554 Purple elephants", STAGE_CONNECT,
     CAUSE_SERVER_ACCESS_DENIED, SURE_POSSIBLE, 554, "codes alone"},
};

static void test_wrapped(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(wrapped_rows); i++) {
        const struct wrapped_row *row = &wrapped_rows[i];
        struct diagnosis d = diagnose((struct evidence){
            .provider = registry_find(registry, slice_of(row->provider)),
            .stage = row->stage,
            .reply = slice_of(row->reply),
        });
        if (d.cause != row->want || d.sure != row->sure || d.code != row->code ||
            !says(&d, row->because)) {
            fail_msg("%s: want %s %s, got %s %s %u by %s (%s)", row->name, cause_slug(row->want),
                     sureness_slug(row->sure), cause_slug(d.cause), sureness_slug(d.sure), d.code,
                     d.rule, d.because_count != 0 ? d.because[d.because_count - 1] : "");
        }
    }
}

/* ---- whose server it is ---- */

static const struct recognise_row {
    const char *name, *given, *host, *greeting, *reply, *want;
    enum sureness sure;
    const char *because;
} recognise_rows[] = {
    {"given, whatever else says", "icloud", "smtp.gmail.com", "220 smtp.gmail.com ESMTP x - gsmtp",
     "535 5.7.8 no - gsmtp", "icloud", SURE_CERTAIN, ""},
    {"host", "", "smtp.office365.com", "", "535 no - gsmtp", "office365", SURE_CERTAIN,
     "by the host's name"},
    {"greeting", "", "", "220 smtp.gmail.com ESMTP x - gsmtp", "535 no", "gmail", SURE_LIKELY,
     "by the greeting"},
    {"suffix", "", "", "", "559 Purple elephants a1b2.3 - gsmtp", "gmail", SURE_LIKELY,
     "by the style of the reply"},
    {"host of the farm", "", "", "", "559 Elephants [AM5PR0101CA0001.eurprd01.prod.outlook.com]",
     "office365", SURE_LIKELY, "by the style of the reply"},
    {"the store's agent", "", "", "", "559 STOREDRV.Elephants; purple", "exchange", SURE_LIKELY,
     "by the style of the reply"},
    {"iCloud", "", "", "", "559 see https://support.apple.com/1", "icloud", SURE_LIKELY,
     "by the style of the reply"},
    {"an address is no mark", "", "", "", "550 5.1.1 <jane@mail.icloud.com> elephants", "",
     SURE_POSSIBLE, ""},
    {"inside a word is no mark", "", "", "", "550 agsmtp elephants", "", SURE_POSSIBLE, ""},
    {"nothing", "", "", "", "559 Purple elephants", "", SURE_POSSIBLE, ""},
};

static void test_recognise(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(recognise_rows); i++) {
        const struct recognise_row *row = &recognise_rows[i];
        struct diagnosis d = diagnose((struct evidence){
            .provider = registry_find(registry, slice_of(row->given)),
            .host = slice_of(row->host),
            .greeting = slice_of(row->greeting),
            .stage = STAGE_QUIT,
            .reply = slice_of(row->reply),
        });
        const char *got = d.provider == NULL ? "" : d.provider->name;
        if (strcmp(got, row->want) != 0 || d.provider_sure != row->sure ||
            (row->because[0] != '\0' && !says(&d, row->because))) {
            fail_msg("%s: want '%s', got '%s' %s", row->name, row->want, got,
                     sureness_slug(d.provider_sure));
        }
    }
}

/* What a provider offers inside TLS says whose it is, all lines together and no fewer. */
static void test_recognise_offer(void **state)
{
    const struct provider *gmail = registry_find(registry, SLICE("gmail"));
    struct slice lines[16];
    size_t n = 0;
    (void)state;
    for (; gmail->tls[n] != NULL; n++) {
        lines[n] = slice_of(gmail->tls[n]);
    }
    struct evidence e = {.stage = STAGE_AUTH,
                         .reply = SLICE("535 no"),
                         .offered_tls = lines,
                         .offered_tls_count = n};
    struct diagnosis d = diagnose(e);
    assert_ptr_equal(d.provider, gmail);
    assert_true(says(&d, "by the capability lines"));
    e.offered_tls_count = n - 1;
    assert_null(diagnose(e).provider);
}

/* ---- the token's claims and the secret's form ---- */

static struct slice jwt(const char *payload)
{
    struct buf out;
    buf_init(&out, 4096);
    base64url_encode(SLICE("{\"typ\":\"JWT\",\"alg\":\"RS256\"}"), &out);
    buf_add_char(&out, '.');
    base64url_encode(slice_of(payload), &out);
    buf_add_text(&out, ".c2lnbmF0dXJl");
    struct slice token = arena_copy(&arena, buf_slice(&out));
    buf_release(&out);
    return token;
}

#define AUD_MAIL "\"aud\":\"https://outlook.office.com\""
static const struct token_row {
    const char *name, *payload;
    int64_t now_s;
    enum cause want;
    enum sureness sure;
    const char *because;
} token_rows[] = {
    {"nothing wrong",
     "{" AUD_MAIL ",\"scp\":\"SMTP.Send\",\"exp\":2000,\"upn\":\"Jane@example.com\"}", 1999,
     CAUSE_AUTH_TOKEN_REJECTED, SURE_LIKELY, "show nothing wrong"},
    {"expired", "{" AUD_MAIL ",\"scp\":\"SMTP.Send\",\"exp\":2000}", 2000, CAUSE_AUTH_TOKEN_EXPIRED,
     SURE_LIKELY, "exp lies in the past"},
    {"no clock", "{" AUD_MAIL ",\"scp\":\"SMTP.Send\",\"exp\":2000}", 0, CAUSE_AUTH_TOKEN_REJECTED,
     SURE_LIKELY, "show nothing wrong"},
    {"for Graph", "{\"aud\":\"https://graph.microsoft.com\",\"scp\":\"SMTP.Send\"}", 0,
     CAUSE_AUTH_TOKEN_REJECTED, SURE_LIKELY, "aud is that of Microsoft Graph"},
    {"for Graph, without SMTP",
     "{\"aud\":\"https://graph.microsoft.com\",\"scp\":\"Mail.Send\"}", 0,
     CAUSE_AUTH_SCOPE_INSUFFICIENT, SURE_LIKELY, "aud is that of Microsoft Graph"},
    {"for Graph by its id", "{\"aud\":[\"00000003-0000-0000-c000-000000000000\"]}", 0,
     CAUSE_AUTH_TOKEN_REJECTED, SURE_LIKELY, "aud is that of Microsoft Graph"},
    {"scope", "{" AUD_MAIL ",\"scp\":\"IMAP.AccessAsUser.All openid\"}", 0,
     CAUSE_AUTH_SCOPE_INSUFFICIENT, SURE_LIKELY, "name SMTP"},
    {"scope as a link", "{" AUD_MAIL ",\"scope\":\"x https://outlook.office.com/smtp.send\"}", 0,
     CAUSE_AUTH_TOKEN_REJECTED, SURE_LIKELY, "show nothing wrong"},
    {"an application's role", "{" AUD_MAIL ",\"roles\":[\"SMTP.SendAsApp\"]}", 0,
     CAUSE_AUTH_TOKEN_REJECTED, SURE_LIKELY, "show nothing wrong"},
    {"an application without it", "{" AUD_MAIL ",\"roles\":[\"IMAP.AccessAsApp\"]}", 0,
     CAUSE_AUTH_SCOPE_INSUFFICIENT, SURE_LIKELY, "name SMTP"},
    {"somebody else's", "{" AUD_MAIL ",\"scp\":\"SMTP.Send\",\"upn\":\"joe@example.com\"}", 0,
     CAUSE_AUTH_TOKEN_REJECTED, SURE_LIKELY, "another user"},
    {"rubbish inside", "{\"aud\":7,\"exp\":\"x\",\"roles\":{},\"scp\":[1]}", 9,
     CAUSE_AUTH_TOKEN_REJECTED, SURE_LIKELY, "show nothing wrong"},
    {"no map", "[1]", 9, CAUSE_AUTH_TOKEN_REJECTED, SURE_LIKELY, "a token was sent"},
};

/* The claims say the same whether they come inside the token or by themselves. */
static void test_token(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * COUNT(token_rows); i++) {
        const struct token_row *row = &token_rows[i / 2];
        bool is_token = i % 2 == 0;
        struct diagnosis d = diagnose((struct evidence){
            .provider = registry_find(registry, SLICE("office365")),
            .stage = STAGE_AUTH,
            .reply = SLICE("535 5.7.3 Authentication unsuccessful"),
            .mechanism = SLICE("XOAUTH2"),
            .username = SLICE("jane@example.com"),
            .secret = is_token ? jwt(row->payload) : SLICE("opaque"),
            .claims = is_token ? SLICE("") : slice_of(row->payload),
            .now_s = row->now_s,
        });
        if (d.cause != row->want || d.sure != row->sure || !says(&d, row->because) ||
            says(&d, "joe@") || says(&d, "eyJ")) {
            fail_msg("%s, %s: want %s %s because %s, got %s %s", row->name,
                     is_token ? "a token" : "claims alone", cause_slug(row->want),
                     sureness_slug(row->sure), row->because, cause_slug(d.cause),
                     sureness_slug(d.sure));
        }
    }
}

static bool has_alternative(const struct diagnosis *d, enum cause cause)
{
    for (size_t i = 0; i < d->alternative_count; i++) {
        if (d->alternatives[i].cause == cause) {
            return true;
        }
    }
    return false;
}

static void test_secret_form(void **state)
{
    const struct {
        const char *secret, *because;
        enum cause alternative;
        bool has;
    } rows[] = {
        {"abcd efgh ijkl mnop", "has the form of an app password", CAUSE_AUTH_APP_PASSWORD_REQUIRED,
         false},
        {"Tr0ub4dor&3", "does not have the form", CAUSE_AUTH_APP_PASSWORD_REQUIRED, true},
        {"ya29.a0AfH6SMB", "form of an access token", CAUSE_AUTH_TOKEN_REJECTED, true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct diagnosis d = diagnose((struct evidence){
            .provider = registry_find(registry, SLICE("gmail")),
            .stage = STAGE_AUTH,
            .reply = SLICE("535 5.7.8 Username and Password not accepted."),
            .mechanism = SLICE("PLAIN"),
            .username = SLICE("jane@gmail.com"),
            .secret = slice_of(rows[i].secret),
        });
        if (d.cause != CAUSE_AUTH_CREDENTIALS_REJECTED || !says(&d, rows[i].because) ||
            has_alternative(&d, rows[i].alternative) != rows[i].has) {
            fail_msg("%s: got %s, %zu alternatives", rows[i].because, cause_slug(d.cause),
                     d.alternative_count);
        }
    }
}

/* ---- what was offered, who answered ---- */

static void test_offer(void **state)
{
    const struct slice clear[] = {SLICE("SIZE 1"), SLICE("STARTTLS")};
    const struct slice tls[] = {SLICE("SIZE 1")};
    struct evidence e = {.stage = STAGE_AUTH,
                         .reply = SLICE("502 5.5.2 Syntax error, command unrecognized."),
                         .offered_clear = clear,
                         .offered_clear_count = COUNT(clear),
                         .offered_tls = tls,
                         .offered_tls_count = COUNT(tls)};
    (void)state;
    assert_int_equal(diagnose(e).cause, CAUSE_AUTH_ENCRYPTION_REQUIRED);
    e.inside_tls = true;
    assert_int_equal(diagnose(e).cause, CAUSE_AUTH_NOT_OFFERED);
    e.stage = STAGE_MAIL;
    assert_int_equal(diagnose(e).cause, CAUSE_SERVER_COMMAND_UNRECOGNIZED);
}

static void test_other_server(void **state)
{
    struct evidence e = {.provider = registry_find(registry, SLICE("icloud")),
                         .stage = STAGE_AUTH,
                         .greeting = SLICE("220 smtp.gmail.com ESMTP x.1 - gsmtp"),
                         .reply = SLICE("535 5.7.8 no")};
    (void)state;
    assert_int_equal(diagnose(e).cause, CAUSE_NETWORK_INTERCEPTED);
    e.fault = FAULT_TLS_HOSTNAME;
    assert_int_equal(diagnose(e).cause, CAUSE_NETWORK_INTERCEPTED);
    e.greeting = SLICE("220 iCloud SMTP - outbound.qs.icloud.com");
    assert_int_equal(diagnose(e).cause, CAUSE_TLS_HOSTNAME_MISMATCH);
    e.provider =
        registry_find(registry, SLICE("google-relay")); /* another name of the same house */
    e.greeting = SLICE("220 smtp.gmail.com ESMTP x.1 - gsmtp");
    assert_int_equal(diagnose(e).cause, CAUSE_TLS_HOSTNAME_MISMATCH);
}

/* ---- words that servers of all kinds use ---- */

static void test_phrases(void **state)
{
    const struct {
        const char *reply;
        enum stage stage;
        enum cause want, alternative;
    } rows[] = {
        {"552 5.1.1 Purple elephants are Overquota", STAGE_RCPT, CAUSE_SEND_RECIPIENT_MAILBOX_FULL,
         CAUSE_SEND_RECIPIENT_UNKNOWN},
        {"421 Purple elephants are temporarily deferred", STAGE_BODY, CAUSE_SEND_RATE_LIMITED,
         CAUSE_SERVER_UNAVAILABLE},
        {"535 Elephants: the password has expired", STAGE_AUTH, CAUSE_AUTH_PASSWORD_EXPIRED,
         CAUSE_AUTH_CREDENTIALS_REJECTED},
        {"559 Elephants: domain not found", STAGE_MAIL, CAUSE_SEND_SENDER_DOMAIN_INVALID,
         CAUSE_UNKNOWN},
        {"559 Elephants: domain not found", STAGE_RCPT, CAUSE_SEND_RECIPIENT_DOMAIN_INVALID,
         CAUSE_UNKNOWN},
        {"559 Elephants: domain not found", STAGE_AUTH, CAUSE_UNKNOWN, CAUSE_UNKNOWN},
        {"559 antispf elephants", STAGE_BODY, CAUSE_UNKNOWN, CAUSE_UNKNOWN}, /* inside a word */
        {"535 5.7.8 Error: authentication failed: account is locked", STAGE_AUTH,
         CAUSE_AUTH_ACCOUNT_LOCKED, CAUSE_AUTH_CREDENTIALS_REJECTED},
        {"250 too many emails", STAGE_BODY, CAUSE_UNKNOWN, CAUSE_UNKNOWN}, /* no failure */
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct diagnosis d =
            diagnose((struct evidence){.stage = rows[i].stage, .reply = slice_of(rows[i].reply)});
        if (d.cause != rows[i].want || d.sure != SURE_POSSIBLE ||
            (rows[i].alternative != CAUSE_UNKNOWN && !has_alternative(&d, rows[i].alternative))) {
            fail_msg("%s: want %s, got %s %s", rows[i].reply, cause_slug(rows[i].want),
                     cause_slug(d.cause), sureness_slug(d.sure));
        }
    }
}

/* ---- the token endpoint ---- */

static void test_oauth(void **state)
{
    const struct {
        const char *document;
        enum cause want;
        enum sureness sure;
    } rows[] = {
        {"{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS50076: you must use "
         "multi-factor authentication\"}",
         CAUSE_TOKEN_INTERACTION_REQUIRED, SURE_CERTAIN},
        {"AADSTS50057: The user account is disabled.", CAUSE_AUTH_ACCOUNT_DISABLED, SURE_CERTAIN},
        {"{\"error\":\"interaction_required\",\"error_description\":\"AADSTS70043: x\"}",
         CAUSE_TOKEN_INTERACTION_REQUIRED, SURE_CERTAIN},
        {"{\"error\":\"invalid_grant\",\"error_description\":\"Bad Request\"}",
         CAUSE_TOKEN_INVALID_GRANT, SURE_LIKELY},
        {"{\"error\":\"invalid_grant\",\"error_description\":\"Token has been expired or "
         "revoked.\"}",
         CAUSE_TOKEN_INVALID_GRANT, SURE_CERTAIN},
        {"{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS99999999: new\"}",
         CAUSE_TOKEN_INVALID_GRANT, SURE_LIKELY},
        {"AADSTS", CAUSE_UNKNOWN, SURE_POSSIBLE},
        {"{\"error\":\"elephants\"}", CAUSE_UNKNOWN, SURE_POSSIBLE},
        {"559 invalid_grant", CAUSE_UNKNOWN, SURE_POSSIBLE}, /* SMTP, not HTTP */
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct diagnosis d = diagnose((struct evidence){.reply = slice_of(rows[i].document)});
        if (d.cause != rows[i].want || d.sure != rows[i].sure) {
            fail_msg("%s: want %s %s, got %s %s", rows[i].document, cause_slug(rows[i].want),
                     sureness_slug(rows[i].sure), cause_slug(d.cause), sureness_slug(d.sure));
        }
    }
}

/* ---- codes alone ---- */

/* Details per subject in the registry of 2026: the table has each of them once. */
static void test_registry_is_whole(void **state)
{
    const unsigned last[] = {0, 10, 4, 6, 7, 6, 10, 30};
    size_t count = 0;
    (void)state;
    for (unsigned subject = 0; subject < COUNT(last); subject++) {
        for (unsigned detail = 0; detail <= last[subject]; detail++, count++) {
            char text[16];
            snprintf(text, sizeof text, "5.%u.%u", subject, detail);
            const struct enhanced_code *code = enhanced_find(text);
            if (code == NULL || code->source[0] == '\0' || code->meaning[0] == '\0') {
                fail_msg("%s is not in the table", text);
            }
        }
    }
    assert_null(enhanced_at(count));
    assert_null(enhanced_find("5.7.31"));
    assert_null(enhanced_find("5.7"));
    assert_null(enhanced_find(""));
}

/* docs/diagnosis.md has each row of the table, and class 4 leaves hope. */
static void test_registry_page(void **state)
{
    struct slice page;
    struct why why = {.text = ""};
    (void)state;
    assert_int_equal(
        doc_read_file(SMTPDX_SOURCE_DIR "/docs/diagnosis.md", 1 << 20, &arena, &page, &why),
        ERR_OK);
    for (size_t i = 0; enhanced_at(i) != NULL; i++) {
        const struct enhanced_code *code = enhanced_at(i);
        char row[160];
        snprintf(row, sizeof row, "| X.%u.%u | `%s` | `%s` |", code->subject, code->detail,
                 cause_slug(code->permanent), cause_slug(code->transient));
        if (slice_find(page, slice_of(row)) == SIZE_MAX ||
            slice_find(page, slice_of(code->meaning)) == SIZE_MAX) {
            fail_msg("docs/diagnosis.md lacks the row %s %s", row, code->meaning);
        }
        assert_true(code->transient == CAUSE_UNKNOWN ||
                    cause_retry(code->transient) != RETRY_NEVER);
    }
}

static void test_codes(void **state)
{
    const struct {
        const char *reply;
        enum stage stage;
        enum cause want;
    } rows[] = {
        {"550 5.1.6 Elephants", STAGE_RCPT, CAUSE_SEND_RECIPIENT_UNKNOWN},
        {"550 5.4.4 Elephants", STAGE_RCPT, CAUSE_SEND_RECIPIENT_DOMAIN_INVALID},
        {"550 5.7.20 Elephants", STAGE_BODY, CAUSE_SEND_DMARC_FAILED},
        {"450 4.4.5 Elephants", STAGE_BODY, CAUSE_SERVER_BUSY},
        {"559 5.7.9 Elephants", STAGE_BODY, CAUSE_UNKNOWN},         /* a login's code elsewhere */
        {"554 Elephants", STAGE_BODY, CAUSE_SEND_CONTENT_REJECTED}, /* RFC 5321 4.2.3 */
        {"550 Elephants", STAGE_MAIL, CAUSE_SEND_SENDER_NOT_PERMITTED},
        {"451 Elephants", STAGE_MAIL, CAUSE_SERVER_UNAVAILABLE},
        {"451 Elephants", STAGE_AUTH, CAUSE_AUTH_TEMPORARY_FAILURE},
        {"504 Elephants", STAGE_MAIL, CAUSE_SERVER_SYNTAX_ERROR},
        {"556 Elephants", STAGE_RCPT, CAUSE_SEND_RECIPIENT_DOMAIN_INVALID}, /* RFC 7504 4 */
        {"521 Elephants", STAGE_GREETING, CAUSE_SERVER_ACCESS_DENIED},
        {"599 5.7.9 Elephants", STAGE_AUTH, CAUSE_AUTH_MECHANISM_TOO_WEAK},
        {"503 5.5.4 Elephants", STAGE_MAIL, CAUSE_SERVER_BAD_SEQUENCE}, /* weak */
        {"559 5.5.4 Elephants", STAGE_MAIL, CAUSE_SERVER_SYNTAX_ERROR},
        {"559 5.7.3 Elephants", STAGE_MAIL, CAUSE_UNKNOWN}, /* on purpose */
        {"250 2.1.5 Elephants", STAGE_RCPT, CAUSE_UNKNOWN},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct diagnosis d =
            diagnose((struct evidence){.stage = rows[i].stage, .reply = slice_of(rows[i].reply)});
        if (d.cause != rows[i].want || d.sure != SURE_POSSIBLE) {
            fail_msg("%s: want %s, got %s %s", rows[i].reply, cause_slug(rows[i].want),
                     cause_slug(d.cause), sureness_slug(d.sure));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrapped),         cmocka_unit_test(test_recognise),
        cmocka_unit_test(test_recognise_offer), cmocka_unit_test(test_token),
        cmocka_unit_test(test_secret_form),     cmocka_unit_test(test_offer),
        cmocka_unit_test(test_other_server),    cmocka_unit_test(test_phrases),
        cmocka_unit_test(test_oauth),           cmocka_unit_test(test_registry_is_whole),
        cmocka_unit_test(test_registry_page),   cmocka_unit_test(test_codes),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
