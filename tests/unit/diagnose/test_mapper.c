/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mapper: known replies in, causes out; what a provider's file says is recognised again in
 * every shape the network or a relay gives it; nothing unknown is ever certain; any octets may
 * come.
 */
#include "diagnose/diagnose.h"

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
    err = err == ERR_OK ? mapper_new(registry, &mapper, &why) : err;
    if (err != ERR_OK) {
        print_error("%s:%u: %s\n", why.file, why.line, why.text);
    }
    return err == ERR_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    mapper_free(mapper);
    registry_free(registry);
    arena_release(&arena);
    return 0;
}

/* An exact-size copy of the reply, so that a read past its end is seen. */
static struct diagnosis diagnose(struct evidence e)
{
    struct diagnosis d;
    size_t n = e.reply.n;
    char *exact = mem_alloc(n != 0 ? n : 1);
    if (n != 0) {
        memcpy(exact, e.reply.p, n);
    }
    e.reply.p = exact;
    mapper_diagnose(mapper, &e, &arena, &d);
    free(exact);
    return d;
}

static struct diagnosis say(const char *provider, enum stage stage, const char *reply)
{
    return diagnose((struct evidence){.provider = registry_find(registry, slice_of(provider)),
                                      .stage = stage,
                                      .reply = slice_of(reply)});
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

static bool is_same(const struct diagnosis *a, const struct diagnosis *b)
{
    return a->cause == b->cause && a->sure == b->sure && a->who == b->who && a->retry == b->retry &&
           a->code == b->code && strcmp(a->enhanced, b->enhanced) == 0 &&
           a->alternative_count == b->alternative_count && strcmp(a->rule, b->rule) == 0;
}

static void test_lists(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CAUSE_COUNT; i++) {
        enum cause back = CAUSE_COUNT;
        assert_true(cause_from_slug(slice_of(cause_slug((enum cause)i)), &back));
        assert_int_equal(back, i);
        assert_true(cause_sentence((enum cause)i)[0] != '\0');
    }
    for (unsigned i = 1; i < FAULT_COUNT; i++) {
        enum cause cause;
        if (!cause_from_slug(slice_of(fault_cause((enum fault)i)), &cause)) {
            fail_msg("fault %s names no known cause", fault_name((enum fault)i));
        }
    }
    assert_string_equal(cause_nearest(SLICE("auth.requird")), "auth.required");
}

/* ---- known replies ---- */

static void check_row(const struct json *row, unsigned line)
{
    struct slice want = json_slice(json_get(row, "cause"));
    struct evidence e = {
        .provider = registry_find(registry, json_slice(json_get(row, "provider"))),
        .reply = json_slice(json_get(row, "reply")),
    };
    assert_non_null(e.provider);
    assert_true(stage_from_slug(json_slice(json_get(row, "stage")), &e.stage));
    struct diagnosis d = diagnose(e);
    if (!slice_eq_text(want, cause_slug(d.cause))) {
        fail_msg("line %u: want " SLICE_FMT ", got %s (%s, %s)", line, SLICE_ARG(want),
                 cause_slug(d.cause), sureness_slug(d.sure), d.rule);
    }
}

static void test_known_replies(void **state)
{
    struct arena scratch;
    struct slice rest, line;
    struct why why = {.text = ""};
    unsigned n = 0;
    (void)state;
    arena_init(&scratch);
    assert_int_equal(doc_read_file(SMTPDX_SOURCE_DIR "/tests/data/replies-basic.jsonl", 1 << 20,
                                   &scratch, &rest, &why),
                     ERR_OK);
    while (slice_take_until(&rest, '\n', &line)) {
        struct json *row = NULL;
        assert_int_equal(json_parse(line, &row, &why), ERR_OK);
        check_row(row, ++n);
        json_free(row);
    }
    assert_true(n >= 120);
    arena_release(&scratch);
}

/* ---- one text, several causes: what else is known decides ---- */

static const struct evidence_row {
    const char *name, *provider, *reply;
    enum stage stage;
    enum credential_kind credential;
    const char *mechanism, *username, *document, *greeting;
    enum cause want;
    enum sureness sure;
    enum cause alternative; /* CAUSE_UNKNOWN: none asked for */
} evidence_rows[] = {
    {"bare 5.7.3, nothing known", "office365", "535 5.7.3 Authentication unsuccessful", STAGE_AUTH,
     CREDENTIAL_NONE, "", "", "", "", CAUSE_AUTH_TOKEN_REJECTED, SURE_POSSIBLE,
     CAUSE_AUTH_SMTP_AUTH_DISABLED},
    {"bare 5.7.3, a token", "office365", "535 5.7.3 Authentication unsuccessful", STAGE_AUTH,
     CREDENTIAL_OAUTH2, "XOAUTH2", "", "", "", CAUSE_AUTH_TOKEN_REJECTED, SURE_LIKELY,
     CAUSE_AUTH_SCOPE_INSUFFICIENT},
    {"bare 5.7.3, a password", "office365", "535 5.7.3 Authentication unsuccessful", STAGE_AUTH,
     CREDENTIAL_PASSWORD, "LOGIN", "", "", "", CAUSE_AUTH_CREDENTIALS_REJECTED, SURE_LIKELY,
     CAUSE_AUTH_BASIC_AUTH_DISABLED},
    {"a password where none is taken", "outlook", "535 5.7.3 Authentication unsuccessful",
     STAGE_AUTH, CREDENTIAL_PASSWORD, "LOGIN", "", "", "", CAUSE_AUTH_BASIC_AUTH_DISABLED,
     SURE_LIKELY, CAUSE_AUTH_TOKEN_REJECTED},
    {"code alone where no password is taken", "outlook", "535", STAGE_AUTH, CREDENTIAL_PASSWORD,
     "LOGIN", "", "", "", CAUSE_AUTH_BASIC_AUTH_DISABLED, SURE_LIKELY,
     CAUSE_AUTH_CREDENTIALS_REJECTED},
    {"the provider's own words stay", "outlook",
     "535 5.7.139 Authentication unsuccessful, the user credentials were incorrect.", STAGE_AUTH,
     CREDENTIAL_PASSWORD, "LOGIN", "", "", "", CAUSE_AUTH_CREDENTIALS_REJECTED, SURE_CERTAIN,
     CAUSE_UNKNOWN},
    {"gmail, some password", "gmail", "535 5.7.8 Username and Password not accepted.", STAGE_AUTH,
     CREDENTIAL_PASSWORD, "PLAIN", "jane@gmail.com", "", "", CAUSE_AUTH_CREDENTIALS_REJECTED,
     SURE_LIKELY, CAUSE_AUTH_APP_PASSWORD_REQUIRED},
    {"gmail, local part", "gmail", "535 5.7.8 Username and Password not accepted.", STAGE_AUTH,
     CREDENTIAL_APP_PASSWORD, "PLAIN", "jane", "", "", CAUSE_AUTH_USERNAME_FORMAT, SURE_LIKELY,
     CAUSE_AUTH_CREDENTIALS_REJECTED},
    {"gmail, a token", "gmail", "535 5.7.8 Username and Password not accepted.", STAGE_AUTH,
     CREDENTIAL_OAUTH2, "XOAUTH2", "jane@gmail.com", "", "", CAUSE_AUTH_TOKEN_REJECTED, SURE_LIKELY,
     CAUSE_AUTH_TOKEN_EXPIRED},
    {"334 document: scope", "gmail", "535 5.7.8 Username and Password not accepted.", STAGE_AUTH,
     CREDENTIAL_OAUTH2, "OAUTHBEARER", "", "{\"status\":\"insufficient_scope\",\"scope\":\"x\"}",
     "", CAUSE_AUTH_SCOPE_INSUFFICIENT, SURE_CERTAIN, CAUSE_AUTH_TOKEN_REJECTED},
    {"334 document: rubbish", "gmail", "535 5.7.8 Username and Password not accepted.", STAGE_AUTH,
     CREDENTIAL_OAUTH2, "XOAUTH2", "", "{\"status\":", "", CAUSE_AUTH_TOKEN_REJECTED, SURE_LIKELY,
     CAUSE_AUTH_SCOPE_INSUFFICIENT},
    {"icloud, local part", "icloud",
     "535 5.7.8 Error: authentication failed: authentication failure", STAGE_AUTH,
     CREDENTIAL_APP_PASSWORD, "PLAIN", "jane", "", "", CAUSE_AUTH_USERNAME_FORMAT, SURE_LIKELY,
     CAUSE_AUTH_APP_PASSWORD_REQUIRED},
    {"454 at STARTTLS", "esmtp", "454 nope", STAGE_STARTTLS, CREDENTIAL_NONE, "", "", "", "",
     CAUSE_TLS_STARTTLS_REFUSED, SURE_POSSIBLE, CAUSE_UNKNOWN},
    {"454 at AUTH never means the password", "outlook", "454 4.7.0 nope", STAGE_AUTH,
     CREDENTIAL_PASSWORD, "LOGIN", "", "", "", CAUSE_AUTH_TEMPORARY_FAILURE, SURE_POSSIBLE,
     CAUSE_UNKNOWN},
    {"530 with STARTTLS words at MAIL", "icloud", "530 5.7.0 Must issue a STARTTLS command first",
     STAGE_MAIL, CREDENTIAL_NONE, "", "", "", "", CAUSE_TLS_REQUIRED, SURE_CERTAIN, CAUSE_UNKNOWN},
    {"530 without words", "icloud", "530 5.7.1", STAGE_MAIL, CREDENTIAL_NONE, "", "", "", "",
     CAUSE_AUTH_REQUIRED, SURE_LIKELY, CAUSE_TLS_REQUIRED},
    {"504 at AUTH", "icloud", "504 5.5.4", STAGE_AUTH, CREDENTIAL_NONE, "", "", "", "",
     CAUSE_AUTH_MECHANISM_UNSUPPORTED, SURE_LIKELY, CAUSE_UNKNOWN},
    {"538", "icloud", "538", STAGE_AUTH, CREDENTIAL_NONE, "", "", "", "",
     CAUSE_AUTH_ENCRYPTION_REQUIRED, SURE_LIKELY, CAUSE_UNKNOWN},
    {"534", "esmtp", "534 5.7.9", STAGE_AUTH, CREDENTIAL_NONE, "", "", "", "",
     CAUSE_AUTH_MECHANISM_TOO_WEAK, SURE_LIKELY, CAUSE_UNKNOWN},
    {"421 at AUTH", "icloud", "421 4.3.0", STAGE_AUTH, CREDENTIAL_PASSWORD, "PLAIN", "", "", "",
     CAUSE_SERVER_UNAVAILABLE, SURE_LIKELY, CAUSE_UNKNOWN},
    {"421 at RCPT", "icloud", "421", STAGE_RCPT, CREDENTIAL_NONE, "", "", "", "",
     CAUSE_SERVER_UNAVAILABLE, SURE_LIKELY, CAUSE_UNKNOWN},
    {"another server answers", "gmail", "535 Incorrect authentication data", STAGE_AUTH,
     CREDENTIAL_PASSWORD, "PLAIN", "", "",
     "220-host.example.net ESMTP Exim 4.96 #2 Wed, 14 Jun 2023 12:42:36 -0400\r\n"
     "220-We do not authorize the use of this system to transport unsolicited,\r\n"
     "220 and/or bulk e-mail.\r\n",
     CAUSE_NETWORK_INTERCEPTED, SURE_LIKELY, CAUSE_AUTH_CREDENTIALS_REJECTED},
    {"a relay's wrapping", "esmtp",
     "550 5.0.0 host mx.example said: 535 5.7.139 Authentication unsuccessful, basic "
     "authentication is disabled.",
     STAGE_MAIL, CREDENTIAL_NONE, "", "", "", "", CAUSE_AUTH_BASIC_AUTH_DISABLED, SURE_LIKELY,
     CAUSE_UNKNOWN},
    {"a policy, not a lock-out", "office365",
     "535 5.7.139 Authentication unsuccessful, user is locked by your organization's security "
     "defaults policy. Contact your administrator.",
     STAGE_AUTH, CREDENTIAL_PASSWORD, "LOGIN", "", "", "", CAUSE_AUTH_CONDITIONAL_ACCESS,
     SURE_CERTAIN, CAUSE_UNKNOWN},
    {"a new sentence behind a known code", "gmail", "535 5.7.8 The moon is in the wrong phase",
     STAGE_AUTH, CREDENTIAL_NONE, "", "", "", "", CAUSE_AUTH_CREDENTIALS_REJECTED, SURE_POSSIBLE,
     CAUSE_UNKNOWN},
    {"nothing known", "icloud", "599 5.9.9 The moon is in the wrong phase", STAGE_QUIT,
     CREDENTIAL_NONE, "", "", "", "", CAUSE_UNKNOWN, SURE_POSSIBLE, CAUSE_UNKNOWN},
    {"empty", "icloud", "", STAGE_AUTH, CREDENTIAL_NONE, "", "", "", "", CAUSE_UNKNOWN,
     SURE_POSSIBLE, CAUSE_UNKNOWN},
};

static void test_evidence(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(evidence_rows); i++) {
        const struct evidence_row *row = &evidence_rows[i];
        struct diagnosis d = diagnose((struct evidence){
            .provider = registry_find(registry, slice_of(row->provider)),
            .stage = row->stage,
            .reply = slice_of(row->reply),
            .credential = row->credential,
            .mechanism = slice_of(row->mechanism),
            .username = slice_of(row->username),
            .error_document = slice_of(row->document),
            .greeting = slice_of(row->greeting),
        });
        bool is_right =
            d.cause == row->want && d.sure == row->sure &&
            (row->alternative == CAUSE_UNKNOWN || has_alternative(&d, row->alternative));
        if (!is_right) {
            fail_msg("%s: want %s %s (or %s), got %s %s by '%s', %zu alternatives", row->name,
                     cause_slug(row->want), sureness_slug(row->sure), cause_slug(row->alternative),
                     cause_slug(d.cause), sureness_slug(d.sure), d.rule, d.alternative_count);
        }
        assert_true(d.because_count > 0);
        assert_false(has_alternative(&d, d.cause));
    }
}

/* ---- faults ---- */

static const struct fault_row {
    const char *name;
    enum fault fault;
    enum stage stage;
    bool auth_sent;
    const char *reply;
    enum cause want;
    enum sureness sure;
    enum cause alternative;
} fault_rows[] = {
    {"refused", FAULT_CONNECT_REFUSED, STAGE_CONNECT, false, "", CAUSE_NETWORK_CONNECT_REFUSED,
     SURE_CERTAIN, CAUSE_UNKNOWN},
    {"hung up on a credential", FAULT_CONNECTION_LOST, STAGE_AUTH, true, "",
     CAUSE_NETWORK_CONNECTION_LOST, SURE_LIKELY, CAUSE_AUTH_CREDENTIALS_REJECTED},
    {"hung up before it", FAULT_CONNECTION_LOST, STAGE_AUTH, false, "",
     CAUSE_NETWORK_CONNECTION_LOST, SURE_CERTAIN, CAUSE_UNKNOWN},
    {"an old good reply does not matter", FAULT_CONNECTION_LOST, STAGE_MAIL, false, "235 ok",
     CAUSE_NETWORK_CONNECTION_LOST, SURE_CERTAIN, CAUSE_UNKNOWN},
    {"said why and went", FAULT_CONNECTION_LOST, STAGE_MAIL, false, "421 4.3.2 bye",
     CAUSE_SERVER_UNAVAILABLE, SURE_POSSIBLE, CAUSE_UNKNOWN},
    {"silent greeting", FAULT_READ_TIMEOUT, STAGE_GREETING, false, "", CAUSE_NETWORK_READ_TIMEOUT,
     SURE_LIKELY, CAUSE_TLS_WRONG_MODE},
    {"silent elsewhere", FAULT_READ_TIMEOUT, STAGE_MAIL, false, "", CAUSE_NETWORK_READ_TIMEOUT,
     SURE_CERTAIN, CAUSE_UNKNOWN},
    {"message stuck", FAULT_WRITE_TIMEOUT, STAGE_BODY, false, "354 go ahead",
     CAUSE_NETWORK_WRITE_TIMEOUT, SURE_CERTAIN, CAUSE_UNKNOWN},
    {"certificate", FAULT_TLS_EXPIRED, STAGE_TLS, false, "220 go", CAUSE_TLS_CERTIFICATE_EXPIRED,
     SURE_CERTAIN, CAUSE_UNKNOWN},
    {"stripped", FAULT_STARTTLS_MISSING, STAGE_STARTTLS, false, "250 ok",
     CAUSE_TLS_STARTTLS_MISSING, SURE_CERTAIN, CAUSE_NETWORK_INTERCEPTED},
    {"injected", FAULT_PLAINTEXT_INJECTION, STAGE_STARTTLS, false, "220 go",
     CAUSE_TLS_PLAINTEXT_INJECTION, SURE_CERTAIN, CAUSE_TLS_STARTTLS_REFUSED},
};

static void test_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(fault_rows); i++) {
        const struct fault_row *row = &fault_rows[i];
        struct diagnosis d = diagnose((struct evidence){.stage = row->stage,
                                                        .fault = row->fault,
                                                        .auth_sent = row->auth_sent,
                                                        .reply = slice_of(row->reply)});
        if (d.cause != row->want || d.sure != row->sure ||
            (row->alternative != CAUSE_UNKNOWN && !has_alternative(&d, row->alternative))) {
            fail_msg("%s: want %s %s, got %s %s", row->name, cause_slug(row->want),
                     sureness_slug(row->sure), cause_slug(d.cause), sureness_slug(d.sure));
        }
    }
    /* every fault has a judgement of its own */
    for (unsigned i = 1; i < FAULT_COUNT; i++) {
        struct diagnosis d = diagnose((struct evidence){.fault = (enum fault)i});
        assert_string_equal(cause_slug(d.cause), fault_cause((enum fault)i));
    }
}

/* Inside TLS a silent server waits for no ClientHello. */
static void test_silence_inside_tls(void **state)
{
    (void)state;
    struct diagnosis d = diagnose((struct evidence){
        .fault = FAULT_READ_TIMEOUT, .stage = STAGE_GREETING, .inside_tls = true});
    assert_int_equal(d.cause, CAUSE_NETWORK_READ_TIMEOUT);
    assert_int_equal(d.sure, SURE_CERTAIN);
    assert_false(has_alternative(&d, CAUSE_TLS_WRONG_MODE));
}

static void test_starttls_hint(void **state)
{
    const struct slice clear[] = {SLICE("SIZE 1"), SLICE("starttls")};
    (void)state;
    struct diagnosis d = diagnose((struct evidence){.fault = FAULT_AUTH_NOT_OFFERED,
                                                    .stage = STAGE_AUTH,
                                                    .offered_clear = clear,
                                                    .offered_clear_count = COUNT(clear)});
    assert_int_equal(d.cause, CAUSE_AUTH_NOT_OFFERED);
    assert_true(has_alternative(&d, CAUSE_TLS_REQUIRED));
}

/* ---- the round trip: what the fake says for a cause comes back as that cause ---- */

static void fill(const char *text, struct buf *out)
{
    const struct provider_fill values = {
        SLICE("mx1.example.net"),  SLICE("f10sm1a4899ejl.97"), SLICE("2026-05-17T18:38:18.362Z"),
        SLICE("jane@example.org"), SLICE("192.0.2.7"),         SLICE("bob@example.com")};
    buf_reset(out);
    provider_fill(text, &values, out);
}

/* The shapes a reply takes on its way: wire, log, one line, without codes on later lines. */
enum shape { SHAPE_CRLF, SHAPE_LF, SHAPE_ONE_LINE, SHAPE_WRAPPED, SHAPE_UPPER, SHAPE_COUNT };

static void reshape(struct slice text, enum shape shape, struct buf *out)
{
    size_t column = 0;
    buf_reset(out);
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        column = c == '\n' ? 0 : column + 1;
        if (c == '\n') {
            buf_add_text(out, shape == SHAPE_CRLF ? "\r\n" : shape == SHAPE_ONE_LINE ? " " : "\n");
        } else if (shape == SHAPE_WRAPPED && c == ' ' && column > 40) {
            buf_add_text(out, "\n    "); /* as mail programs fold a long line */
            column = 0;
        } else {
            buf_add_char(out, (char)(shape == SHAPE_UPPER && c >= 'a' && c <= 'z' ? c - 32 : c));
        }
    }
    buf_add_text(out, shape == SHAPE_CRLF ? "\r\n" : "");
}

static void round_trip(const struct provider *p, const struct provider_reply *r)
{
    struct buf text, shaped;
    buf_init(&text, 65536);
    buf_init(&shaped, 65536);
    fill(r->text, &text);
    for (int s = 0; s < SHAPE_COUNT; s++) {
        reshape(buf_slice(&text), (enum shape)s, &shaped);
        struct diagnosis d = diagnose(
            (struct evidence){.provider = p, .stage = r->stage, .reply = buf_slice(&shaped)});
        if (strcmp(cause_slug(d.cause), r->cause) != 0 ||
            strcmp(sureness_slug(d.sure), r->sure) != 0) {
            fail_msg("%s at %s:%u (%s '%s', shape %d): got %s %s by %s: %s", p->name, r->file,
                     r->line, r->cause, r->variant, s, cause_slug(d.cause), sureness_slug(d.sure),
                     d.rule, buf_text(&shaped));
        }
        assert_true(d.code == r->code || strcmp(r->variant, "wrapped") == 0);
        assert_ptr_equal(d.provider, p);
    }
    buf_release(&text);
    buf_release(&shaped);
}

static void test_round_trip(void **state)
{
    size_t played = 0;
    (void)state;
    for (size_t i = 0; i < registry_count(registry); i++) {
        const struct provider *p = registry_at(registry, i);
        for (size_t k = 0; k < p->reply_count; k++) {
            if (p->replies[k].may_play) {
                round_trip(p, &p->replies[k]);
                played++;
            }
        }
    }
    assert_true(played > 300);
}

/* Without a provider, another provider's or the inbound side's words never make the wrong cause
 * certain: either the file's cause, or less than certain. */
static void test_provider_unknown(void **state)
{
    struct buf text;
    (void)state;
    buf_init(&text, 65536);
    for (size_t i = 0; i < registry_count(registry); i++) {
        const struct provider *p = registry_at(registry, i);
        for (size_t k = 0; k < p->reply_count; k++) {
            const struct provider_reply *r = &p->replies[k];
            fill(r->text, &text);
            struct diagnosis d =
                diagnose((struct evidence){.stage = r->stage, .reply = buf_slice(&text)});
            if (strcmp(cause_slug(d.cause), r->cause) != 0 && d.sure == SURE_CERTAIN) {
                fail_msg("%s:%u %s: certain of %s by %s", r->file, r->line, r->cause,
                         cause_slug(d.cause), d.rule);
            }
        }
    }
    buf_release(&text);
}

/* What many servers say means what it usually means, until it is known which server says it. */
static void test_shared_words(void **state)
{
    static const struct {
        const char *provider, *reply;
        enum cause want;
    } rows[] = {
        {"", "550 5.7.1 Relaying denied", CAUSE_SEND_RELAY_DENIED},
        {"mailgun", "550 5.7.1 Relaying denied", CAUSE_AUTH_REQUIRED},
        {"gmail", "550 5.7.1 Relaying denied", CAUSE_SEND_RELAY_DENIED},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct diagnosis d = say(rows[i].provider, STAGE_RCPT, rows[i].reply);
        assert_int_equal(d.cause, rows[i].want);
    }
}

static void test_provider_recognised(void **state)
{
    static const struct {
        const char *host, *greeting, *reply, *want;
    } rows[] = {
        {"smtp.gmail.com", "", "535 x", "gmail"},
        {"127.0.0.1", "220 smtp.gmail.com ESMTP x.1 - gsmtp\r\n", "535 x", "gmail"},
        {"", "220 iCloud SMTP - outbound.st.icloud.com\r\n", "535 x", "icloud"},
        {"", "220 A.outlook.office365.com Microsoft ESMTP MAIL Service ready at x", "535",
         "office365"},
        {"", "220 mail.example.net ESMTP Postfix", "535 x", NULL},
        {"", "", "535 5.7.139 Authentication unsuccessful, basic authentication is disabled.",
         "office365"},
        {"", "", "", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct diagnosis d = diagnose((struct evidence){.host = slice_of(rows[i].host),
                                                        .greeting = slice_of(rows[i].greeting),
                                                        .stage = STAGE_AUTH,
                                                        .reply = slice_of(rows[i].reply)});
        const char *got = d.provider == NULL ? NULL : d.provider->name;
        if ((got == NULL) != (rows[i].want == NULL) ||
            (got != NULL && strcmp(got, rows[i].want) != 0)) {
            fail_msg("row %zu: want %s, got %s", i, rows[i].want ? rows[i].want : "nobody",
                     got ? got : "nobody");
        }
    }
}

/* ---- laws ---- */

static void test_line_ends(void **state)
{
    struct buf text, a, b;
    (void)state;
    buf_init(&text, 65536);
    buf_init(&a, 65536);
    buf_init(&b, 65536);
    for (size_t i = 0; i < registry_count(registry); i++) {
        const struct provider *p = registry_at(registry, i);
        for (size_t k = 0; k < p->reply_count; k++) {
            fill(p->replies[k].text, &text);
            reshape(buf_slice(&text), SHAPE_CRLF, &a);
            reshape(buf_slice(&text), SHAPE_LF, &b);
            struct evidence e = {.provider = p, .stage = STAGE_AUTH, .reply = buf_slice(&a)};
            struct diagnosis x = diagnose(e);
            e.reply = buf_slice(&b);
            struct diagnosis y = diagnose(e);
            assert_true(is_same(&x, &y));
        }
    }
    buf_release(&text);
    buf_release(&a);
    buf_release(&b);
}

/* What a server says in GBK reaches us raw, decoded, or as the Latin-1 that a log made of it. */
static void test_charsets(void **state)
{
    static const struct {
        const char *reply;
        enum cause cause;
    } rows[] = {
        {"535 Error: \xC7\xEB\xCA\xB9\xD3\xC3\xCA\xDA\xC8\xA8\xC2\xEB\xB5\xC7\xC2\xBC\xA1\xA3"
         "\xCF\xEA\xC7\xE9\xC7\xEB\xBF\xB4: http://service.mail.qq.com/cgi-bin/help?id=28",
         CAUSE_AUTH_APP_PASSWORD_REQUIRED},
        {"535 Error: 请使用授权码登录。详情请看: http://service.mail.qq.com/",
         CAUSE_AUTH_APP_PASSWORD_REQUIRED},
        {"535 Error: ÇëÊ¹ÓÃÊÚÈ¨ÂëµÇÂ¼¡£ÏêÇéÇë¿´: http://service.mail.qq.com/",
         CAUSE_AUTH_APP_PASSWORD_REQUIRED},
        {"535 Error: \xC7\xEB\xCA\xB9\xD3\xC3",
         CAUSE_AUTH_CREDENTIALS_REJECTED}, /* cut: the code */
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct diagnosis d = say("qq", STAGE_AUTH, rows[i].reply);
        assert_string_equal(cause_slug(d.cause), cause_slug(rows[i].cause));
        assert_int_not_equal(d.sure, SURE_CERTAIN);
    }
}

/* A provider's own reading of bare codes is not that of a server nobody knows. */
static void test_codes_of_a_provider(void **state)
{
    static const char reply[] = "502 5.5.2 Syntax error, command unrecognized.";
    (void)state;
    assert_int_equal(say("yandex", STAGE_AUTH, reply).cause, CAUSE_AUTH_ENCRYPTION_REQUIRED);
    assert_int_equal(say("", STAGE_AUTH, reply).cause, CAUSE_SERVER_COMMAND_UNRECOGNIZED);
    assert_int_equal(say("gmail", STAGE_AUTH, reply).cause, CAUSE_SERVER_COMMAND_UNRECOGNIZED);
}

/* "Authentication failed" says nothing about whose server it is: what everybody says goes first. */
static void test_brief_sentences(void **state)
{
    struct diagnosis d = say("", STAGE_AUTH, "535 5.7.8 Authentication failed.");
    (void)state;
    assert_int_equal(d.cause, CAUSE_AUTH_CREDENTIALS_REJECTED);
    assert_non_null(strstr(d.rule, "generic.yaml"));
    d = say("zoho", STAGE_AUTH, "535 Authentication Failed");
    assert_non_null(strstr(d.rule, "zoho.yaml"));
    d = say("", STAGE_BODY, "553 Relaying disallowed as jane@example.com");
    assert_int_equal(d.cause, CAUSE_SEND_SENDER_NOT_PERMITTED); /* brief, and nobody else says it */
    /* long, but with several causes: Proton's, and perhaps everybody's who runs Postfix */
    d = say("", STAGE_AUTH, "535 5.7.8 Error: authentication failed: authentication failed");
    assert_int_equal(d.cause, CAUSE_AUTH_CREDENTIALS_REJECTED);
    assert_null(d.provider);
    d = say("", STAGE_AUTH, "535 Login Fail. Please enter your authorization code to login.");
    assert_non_null(d.provider);
    assert_string_equal(d.provider->name, "qq");
}

/* What a program writes around the reply does not hide a sentence of two words. */
static void test_quoted_by_programs(void **state)
{
    static const char *const texts[] = {
        "Invalid login: 535 Authentication Failed",
        "javax.mail.AuthenticationFailedException: 535 Authentication Failed",
        "Expected response code 250 but got 535, with message \"535 Authentication Failed\".",
        "(535, b'Authentication Failed')",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct diagnosis d = say("zoho", STAGE_AUTH, texts[i]);
        assert_string_equal(cause_slug(d.cause), "auth.credentials_rejected");
    }
    /* a number behind a colon inside a reply is none of its codes */
    assert_int_equal(say("", STAGE_RCPT, "450 Wait in seconds: 550 then").code, 450);
}

/* Every known sentence with its middle taken out or another word put in is no longer certain of
 * something else than before. */
static void test_unknown_is_never_certain(void **state)
{
    static const char *const texts[] = {
        "535 5.7.139 Authentication unsuccessful, flux capacitor is missing.",
        "535 5.7.8 Authentication failed because of the moon",
        "550 5.7.1 Everything is different now",
        "554 Message rejected: the postman is on strike",
        "421 4.7.0 Try again when pigs fly",
        "454 4.7.0 Temporary something",
        "534 5.7.14 What a day",
        "\xff\xfe\x80 535",
        "5.7.139",
        "hello",
    };
    (void)state;
    for (int stage = 0; stage < STAGE_COUNT; stage++) {
        for (size_t i = 0; i < COUNT(texts); i++) {
            for (size_t p = 0; p < registry_count(registry); p++) {
                struct diagnosis d =
                    say(registry_at(registry, p)->name, (enum stage)stage, texts[i]);
                if (d.sure == SURE_CERTAIN) {
                    fail_msg("'%s' at %s makes %s certain of %s by %s", texts[i],
                             stage_slug((enum stage)stage), registry_at(registry, p)->name,
                             cause_slug(d.cause), d.rule);
                }
            }
        }
    }
}

static void test_any_octets(void **state)
{
    uint64_t x = 88172645463325252U;
    char octets[700];
    (void)state;
    for (int round = 0; round < 3000; round++) {
        size_t n = (size_t)(x % sizeof octets);
        for (size_t i = 0; i < n; i++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            octets[i] = round % 2 != 0 ? (char)x : "535 -.{}[]\r\n:aA"[x % 16];
        }
        struct diagnosis d = diagnose((struct evidence){.stage = (enum stage)(x % STAGE_COUNT),
                                                        .reply = slice_make(octets, n)});
        assert_true(d.sure != SURE_CERTAIN);
        x = x * 6364136223846793005U + 1442695040888963407U;
    }
}

static void test_json(void **state)
{
    struct json *map = json_map();
    (void)state;
    struct diagnosis d = say("outlook", STAGE_AUTH, "535 5.7.3 Authentication unsuccessful");
    diagnosis_to_json(&d, map);
    static const char *const keys[] = {"cause",   "sure",         "who",    "retry",
                                       "because", "alternatives", "advice", "link"};
    assert_int_equal(json_count(map), COUNT(keys));
    for (size_t i = 0; i < COUNT(keys); i++) {
        assert_non_null(json_get(map, keys[i]));
    }
    assert_true(slice_eq_text(json_slice(json_get(map, "cause")), "auth.token_rejected"));
    assert_int_equal(json_count(json_get(map, "alternatives")), d.alternative_count);
    assert_true(json_slice(json_path(map, "alternatives.0.tell")).n != 0);
    json_free(map);
}

/* docs/causes.md and docs/providers.md keep up with the code. */
static void test_docs(void **state)
{
    struct slice text;
    struct why why = {.text = ""};
    (void)state;
    assert_int_equal(
        doc_read_file(SMTPDX_SOURCE_DIR "/docs/causes.md", 1 << 20, &arena, &text, &why), ERR_OK);
    for (unsigned i = 0; i < CAUSE_COUNT; i++) {
        const char *cell = arena_printf(&arena, "| `%s` | %s | %s |", cause_slug((enum cause)i),
                                        cause_who_slug(cause_who((enum cause)i)),
                                        cause_retry_slug(cause_retry((enum cause)i)));
        if (slice_find(text, slice_of(cell)) == SIZE_MAX) {
            fail_msg("docs/causes.md lacks: %s", cell);
        }
    }
}

static void test_bad_rules(void **state)
{
    static const struct {
        const char *reply, *says;
    } rows[] = {
        {"{cause: auth.requird, stage: mail, text: 530 x, source: RFC 1}", "auth.required"},
        {"{cause: auth.required, alternatives: [tls.requird], stage: mail, text: 530 x, source: "
         "RFC 1}",
         "tls.required"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char folder[] = "/tmp/smtpdx-mapper-XXXXXX";
        struct doc_errors errors;
        struct registry *r = NULL;
        struct mapper *m = NULL;
        struct why why = {.text = ""};
        assert_non_null(mkdtemp(folder));
        const char *path = arena_printf(&arena, "%s/bad.yaml", folder);
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        fprintf(f, "title: T\nfamily: f\nreplies:\n- %s\n", rows[i].reply);
        assert_int_equal(fclose(f), 0);
        doc_errors_init(&errors, &arena);
        assert_int_equal(registry_load(folder, &r, &errors, &why), ERR_OK);
        assert_int_equal(mapper_new(r, &m, &why), ERR_INVALID);
        assert_null(m);
        assert_int_equal(why.line, 4);
        assert_string_equal(why.file, path);
        assert_non_null(strstr(why.text, rows[i].says));
        registry_free(r);
        remove(path);
        remove(folder);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_known_replies),
        cmocka_unit_test(test_evidence),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_silence_inside_tls),
        cmocka_unit_test(test_starttls_hint),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_provider_unknown),
        cmocka_unit_test(test_shared_words),
        cmocka_unit_test(test_provider_recognised),
        cmocka_unit_test(test_line_ends),
        cmocka_unit_test(test_charsets),
        cmocka_unit_test(test_quoted_by_programs),
        cmocka_unit_test(test_brief_sentences),
        cmocka_unit_test(test_codes_of_a_provider),
        cmocka_unit_test(test_unknown_is_never_certain),
        cmocka_unit_test(test_any_octets),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_docs),
        cmocka_unit_test(test_bad_rules),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
