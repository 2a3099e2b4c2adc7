/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pasted sessions of several programs: what failed, at which stage, and that no credential comes
 * out. Laws: line ends and blanks in front do not matter; no octet of a secret is in the evidence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/codec.h"
#include "diagnose/paste.h"

static struct registry *registry;

static int set_up(void **state)
{
    struct arena arena;
    struct doc_errors errors;
    (void)state;
    arena_init(&arena);
    doc_errors_init(&errors, &arena);
    must(registry_load(NULL, &registry, &errors, NULL) == ERR_OK);
    arena_release(&arena);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    registry_free(registry);
    return 0;
}

/* AGphbmVAZ21haWwuY29tAHRvcC1zZWNyZXQ= is NUL jane@gmail.com NUL top-secret */
static const struct row {
    const char *name, *text;
    enum paste_outcome outcome;
    enum stage stage;
    const char *reply; /* begins with; or "" and a fault */
    enum fault fault;
    const char *command, *user;
    unsigned long line;
    bool is_tls;
} rows[] = {
    {"swaks",
     "=== Trying smtp.gmail.com:587...\n"
     "=== Connected to smtp.gmail.com.\n"
     "<-  220 smtp.gmail.com ESMTP x - gsmtp\n"
     " -> EHLO host\n<-  250-smtp.gmail.com at your service\n<-  250 STARTTLS\n"
     " -> STARTTLS\n<-  220 2.0.0 Ready to start TLS\n"
     "=== TLS started with cipher TLSv1.3\n"
     " ~> EHLO host\n<~  250-smtp.gmail.com at your service\n<~  250 AUTH LOGIN PLAIN\n"
     " ~> AUTH PLAIN AGphbmVAZ21haWwuY29tAHRvcC1zZWNyZXQ=\n"
     "<~* 535-5.7.8 Username and Password not accepted.\n<~* 535 5.7.8 https://x - gsmtp\n"
     " ~> QUIT\n<~  221 2.0.0 closing\n=== Connection closed with remote host.\n",
     PASTE_FAILED, STAGE_AUTH, "535-5.7.8 Username", FAULT_NONE, "AUTH PLAIN", "jane@gmail.com", 14,
     true},
    {"curl -v",
     "* Connected to smtp.gmail.com (1.2.3.4) port 587\n< 220 smtp.gmail.com ESMTP\n> EHLO host\n"
     "< 250-smtp.gmail.com\n< 250 AUTH LOGIN\n> AUTH LOGIN\n< 334 VXNlcm5hbWU6\n"
     "> amFuZUBnbWFpbC5jb20=\n< 334 UGFzc3dvcmQ6\n> dG9wLXNlY3JldA==\n"
     "< 535 5.7.8 no, not top-secret\n* Closing connection\n",
     PASTE_FAILED, STAGE_AUTH, "535 5.7.8 no, not ***", FAULT_NONE, "AUTH LOGIN", "jane@gmail.com",
     11, false},
    {"openssl s_client, nobody says whose line it is",
     "CONNECTED(00000003)\nverify error:num=20:unable to get local issuer certificate\n"
     "SSL handshake has read 5000 bytes\n250 SMTPUTF8\nEHLO host\n250-mail\n250 AUTH LOGIN\n"
     "AUTH LOGIN\n334 VXNlcm5hbWU6\namFuZUBnbWFpbC5jb20=\n334 UGFzc3dvcmQ6\ndG9wLXNlY3JldA==\n"
     "535 5.7.8 Error: authentication failed\nQUIT\n221 2.0.0 Bye\nclosed\n",
     PASTE_FAILED, STAGE_AUTH, "535 5.7.8 Error", FAULT_NONE, "AUTH LOGIN", "jane@gmail.com", 13,
     true},
    {"msmtp",
     "<-- 220 x ESMTP\n--> EHLO localhost\n<-- 250 x\n--> MAIL FROM:<a@b.c>\n--> RCPT TO:<d@e.f>\n"
     "--> DATA\n<-- 250 2.1.0 Ok\n<-- 550 5.1.1 no such user\n<-- 554 5.5.1 no valid recipients\n",
     PASTE_FAILED, STAGE_RCPT, "550 5.1.1", FAULT_NONE, "RCPT", "", 8, false},
    {"PHPMailer",
     "2024-01-01 10:00:00 Connection: opening to smtp.gmail.com:587\n"
     "2024-01-01 10:00:00 SERVER -> CLIENT: 220 x ESMTP\n2024-01-01 CLIENT -> SERVER: EHLO h\n"
     "2024-01-01 SERVER -> CLIENT: 250-x\n                 250-AUTH PLAIN\n                250 OK\n"
     "2024-01-01 CLIENT -> SERVER: AUTH PLAIN AGphbmVAZ21haWwuY29tAHRvcC1zZWNyZXQ=\n"
     "2024-01-01 SERVER -> CLIENT: 535 5.7.8 bad\n"
     "2024-01-01 SMTP ERROR: AUTH command failed: 535 5.7.8 bad\n"
     "SMTP Error: Could not authenticate.\n",
     PASTE_FAILED, STAGE_AUTH, "535 5.7.8 bad", FAULT_NONE, "AUTH PLAIN", "jane@gmail.com", 8,
     false},
    {"smtplib",
     "send: 'ehlo h\\r\\n'\nreply: b'250-x\\r\\n'\nreply: b'250 AUTH PLAIN\\r\\n'\n"
     "reply: retcode (250); Msg: b'x\\nAUTH PLAIN'\n"
     "send: 'AUTH PLAIN AGphbmVAZ21haWwuY29tAHRvcC1zZWNyZXQ=\\r\\n'\n"
     "reply: b'535 5.7.8 bad\\r\\n'\nreply: retcode (535); Msg: b'5.7.8 bad'\n",
     PASTE_FAILED, STAGE_AUTH, "535 5.7.8 bad", FAULT_NONE, "AUTH PLAIN", "jane@gmail.com", 6,
     false},
    {"smtplib, the exception alone",
     "Traceback (most recent call last):\n  File \"x.py\", line 5, in login\n"
     "smtplib.SMTPAuthenticationError: (535, b'5.7.8 Username and Password not accepted. For more "
     "information, go to\\n5.7.8  https://x - gsmtp')\n",
     PASTE_FAILED, STAGE_AUTH, "535 5.7.8 Username", FAULT_NONE, "", "", 3, false},
    {"Nodemailer",
     "[2024-01-01] DEBUG [x] S: 220 x ESMTP\n[2024-01-01] DEBUG [x] C: EHLO h\n"
     "[2024-01-01] DEBUG [x] S: 250 AUTH XOAUTH2\n[2024-01-01] DEBUG [x] C: AUTH XOAUTH2 "
     "dXNlcj1qYW5lQGdtYWlsLmNvbQFhdXRoPUJlYXJlciB0b3Atc2VjcmV0AQE=\n"
     "[2024-01-01] DEBUG [x] S: 334 eyJzdGF0dXMiOiI0MDAifQ==\n[2024-01-01] DEBUG [x] C: \n"
     "[2024-01-01] DEBUG [x] S: 535 5.7.8 no\n",
     PASTE_FAILED, STAGE_AUTH, "535 5.7.8 no", FAULT_NONE, "AUTH XOAUTH2", "jane@gmail.com", 7,
     false},
    {"sendmail -v",
     "050 >>> EHLO h\n050 <<< 250 x\n>>> MAIL From:<a@b.c>\n<<< 530 5.7.0 login first\n",
     PASTE_FAILED, STAGE_MAIL, "530 5.7.0", FAULT_NONE, "MAIL", "", 4, false},
    {"Exim", "  SMTP<< 220 x\n  SMTP>> STARTTLS\n  SMTP<< 454 4.7.0 TLS not available\n",
     PASTE_FAILED, STAGE_STARTTLS, "454 4.7.0", FAULT_NONE, "STARTTLS", "", 3, false},
    {"a whole session quoted in a mail",
     "> 220 x ESMTP\n> EHLO h\n> 250 x\n> MAIL FROM:<a@b.c>\n> 553 5.7.1 not owned by user\n",
     PASTE_FAILED, STAGE_MAIL, "553 5.7.1", FAULT_NONE, "MAIL", "", 5, false},
    {"the message is refused, and looks like commands",
     "S: 220 x\nC: EHLO h\nS: 250 x\nC: DATA\nS: 354 go\nC: Subject: QUIT\nC: QUIT\nC: .\n"
     "S: 552 5.3.4 too large\n",
     PASTE_FAILED, STAGE_BODY, "552 5.3.4", FAULT_NONE, "message", "", 9, false},
    {"refused at the door", "S: 554 5.7.1 you are on a list\n", PASTE_FAILED, STAGE_GREETING,
     "554 5.7.1", FAULT_NONE, "", "", 1, false},
    {"EHLO refused, HELO taken: made good",
     "S: 220 x\nC: EHLO h\nS: 502 5.5.1 what?\nC: HELO h\nS: 250 x\nC: QUIT\nS: 221 bye\n",
     PASTE_FINE, STAGE_NONE, "", FAULT_NONE, "", "", 0, false},
    {"the second attempt is no news",
     "C: AUTH PLAIN AA==\nS: 535 5.7.8 first\nC: AUTH LOGIN\nS: 535 5.7.8 second\nC: MAIL "
     "FROM:<a>\n"
     "S: 530 5.7.0 third\n",
     PASTE_FAILED, STAGE_AUTH, "535 5.7.8 first", FAULT_NONE, "AUTH PLAIN", "", 2, false},
    {"one recipient of two",
     "C: RCPT TO:<a>\nS: 250 ok\nC: RCPT TO:<b>\nS: 550 5.1.1 who?\nC: DATA\nS: 354 go\nC: .\nS: "
     "250 ok\n",
     PASTE_FAILED, STAGE_RCPT, "550 5.1.1", FAULT_NONE, "RCPT", "", 4, false},
    {"hung up instead of a 535",
     "C: AUTH PLAIN AGphbmVAZ21haWwuY29tAHRvcC1zZWNyZXQ=\n*** Remote host closed connection "
     "unexpectedly (top-secret).\n",
     PASTE_FAILED, STAGE_AUTH, "", FAULT_CONNECTION_LOST, "", "jane@gmail.com", 2, false},
    {"the server repeats the whole login, and one that does not decode",
     "C: AUTH PLAIN AGphbmVAZ21haWwuY29tAHRvcC1zZWNyZXQ=\nC: AUTH PLAIN [top-secret\n"
     "S: 535 5.7.8 AGphbmVAZ21haWwuY29tAHRvcC1zZWNyZXQ= and [top-secret\n",
     PASTE_FAILED, STAGE_AUTH, "535 5.7.8 *** and ***", FAULT_NONE, "AUTH PLAIN", "jane@gmail.com",
     3, false},
    {"refused", "=== Trying mail.example:587...\n*** Error connecting: Connection refused\n",
     PASTE_FAILED, STAGE_CONNECT, "", FAULT_CONNECT_REFUSED, "", "", 2, false},
    {"a certificate",
     "< 220 x\n> EHLO h\n< 250 STARTTLS\n> STARTTLS\n< 220 go\n* SSL certificate problem: "
     "certificate "
     "has expired\n",
     PASTE_FAILED, STAGE_TLS, "", FAULT_TLS_EXPIRED, "", "", 6, true},
    {"a doubt about a certificate that stopped nobody",
     "verify error:num=18:self-signed certificate\n220 x\nEHLO h\n250 x\nQUIT\n221 bye\n",
     PASTE_FINE, STAGE_NONE, "", FAULT_NONE, "", "", 0, false},
    {"Java",
     "DEBUG SMTP: trying to connect to host \"smtp.office365.com\"\n"
     "javax.mail.AuthenticationFailedException: 535 5.7.3 Authentication unsuccessful [x]\n",
     PASTE_FAILED, STAGE_AUTH, "535 5.7.3", FAULT_NONE, "", "", 2, false},
    {"nothing", "hello\nworld\n", PASTE_EMPTY, STAGE_NONE, "", FAULT_NONE, "", "", 0, false},
};

static const char *const secrets[] = {"top-secret", "dG9wLXNlY3JldA", "AGphbmVA"};

static void has_no_secret(struct slice s)
{
    for (size_t i = 0; i < COUNT(secrets); i++) {
        assert_true(slice_find(s, slice_of(secrets[i])) == SIZE_MAX);
    }
}

static struct paste *read_all(const char *text, const char *front, const char *behind)
{
    struct paste *p = paste_new(registry);
    struct slice rest = slice_of(text), line;
    while (slice_take_until(&rest, '\n', &line)) {
        size_t n = strlen(front) + line.n + strlen(behind);
        char *exact = malloc(n + (n == 0));
        memcpy(exact, front, strlen(front));
        memcpy(exact + strlen(front), line.p, line.n);
        memcpy(exact + strlen(front) + line.n, behind, strlen(behind));
        paste_add(p, slice_make(exact, n));
        free(exact);
    }
    return p;
}

static void check(const struct row *row, const char *front, const char *behind)
{
    struct paste_result r;
    struct paste *p = read_all(row->text, front, behind);
    enum paste_outcome outcome = paste_end(p, &(struct evidence){0}, &r);
    const struct evidence *e = &r.evidence;
    bool is_same = outcome == row->outcome && e->stage == row->stage && e->fault == row->fault &&
                   slice_has_prefix(e->reply, slice_of(row->reply)) &&
                   strcmp(r.command, row->command) == 0 && slice_eq_text(e->username, row->user) &&
                   r.line == row->line &&
                   (outcome != PASTE_FAILED || r.evidence.inside_tls == row->is_tls);
    if (!is_same) {
        fail_msg("%s: outcome %d, stage %s, fault %s, command '%s', user '" SLICE_FMT
                 "', line %lu, tls %d, reply '" SLICE_FMT "'",
                 row->name, (int)outcome, stage_slug(e->stage), fault_name(e->fault), r.command,
                 SLICE_ARG(e->username), r.line, e->inside_tls, SLICE_ARG(e->reply));
    }
    has_no_secret(e->reply);
    has_no_secret(e->detail);
    has_no_secret(e->mechanism);
    has_no_secret(slice_of(r.command));
    paste_free(p);
}

static void test_sessions(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        check(&rows[i], "", "");
        check(&rows[i], "  ", "");
        check(&rows[i], "", "\r");
        check(&rows[i], "\t", " \r");
    }
}

static void test_one_is_not_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct paste *p = paste_new(registry);
        struct slice rest = slice_of(rows[i].text), line;
        for (unsigned n = 1; slice_take_until(&rest, '\n', &line); n++) {
            if (paste_is_next(p, line)) {
                fail_msg("%s: split at line %u", rows[i].name, n);
            }
            paste_add(p, line);
        }
        paste_free(p);
    }
}

/* Where each session begins, and what it comes to: a stage, "" for one that went well. */
static const struct several_row {
    const char *text;
    struct {
        unsigned from;
        const char *stage;
        unsigned long line;
    } parts[4];
} several_rows[] = {
    {"=== Trying mail.example.com:587...\n<-  220 mail.example.com ESMTP\n -> EHLO h\n<-  250 x\n"
     " -> MAIL FROM:<a@b.test>\n<** 530 5.7.0 no\n -> QUIT\n<-  221 bye\n"
     "=== Trying mail.example.com:587...\n<-  220 mail.example.com ESMTP\n -> EHLO h\n<-  250 x\n"
     " -> QUIT\n<-  221 bye\n"
     "=== Trying mail.example.com:25...\n<-  421 mail.example.com too busy\n",
     {{1, "mail", 6}, {9, "", 0}, {15, "greeting", 16}}},
    {"220 a.test ESMTP\nEHLO h\n250 STARTTLS\nSTARTTLS\n220 2.0.0 SMTP server ready\nEHLO h\n"
     "250 AUTH PLAIN\n220 a.test ESMTP\nEHLO h\n250 x\nRCPT TO:<a@b.test>\n550 5.1.1 who?\n",
     {{1, "", 0}, {8, "rcpt", 12}}},
    {"* Trying [::1]:587...\n* connect to ::1 port 587 failed: Connection refused\n"
     "* Trying 127.0.0.1:587...\n* Connected to localhost\n< 220 a.test ESMTP\n> EHLO h\n< 250 x\n"
     "> MAIL FROM:<a@b.test>\n< 550 5.7.1 no\n",
     {{1, "mail", 9}}},
};

static void expect_part(struct paste *p, const struct several_row *row, unsigned part,
                        unsigned from)
{
    struct paste_result r;
    enum paste_outcome outcome = paste_end(p, &(struct evidence){0}, &r);
    const char *stage = outcome == PASTE_FAILED ? stage_slug(r.evidence.stage) : "";
    assert_true(part < COUNT(row->parts) && row->parts[part].from == from);
    assert_string_equal(stage, row->parts[part].stage);
    assert_int_equal(r.line, row->parts[part].line);
}

static void test_several_sessions(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(several_rows); i++) {
        const struct several_row *row = &several_rows[i];
        struct paste *p = paste_new(registry);
        struct slice rest = slice_of(row->text), line;
        unsigned part = 0, from = 1;
        for (unsigned n = 1; slice_take_until(&rest, '\n', &line); n++) {
            if (paste_is_next(p, line)) {
                expect_part(p, row, part++, from);
                from = n;
                paste_begin(p);
            }
            paste_add(p, line);
        }
        expect_part(p, row, part++, from);
        assert_true(part == COUNT(row->parts) || row->parts[part].from == 0);
        paste_free(p);
    }
}

/* What a session has sent is hidden where the next one prints it; also when there were many. */
static void test_secrets_of_several(void **state)
{
    struct paste_result r;
    struct paste *p = paste_new(registry);
    (void)state;
    for (unsigned i = 0; i < 60; i++) {
        char secret[40], blob[80];
        struct buf encoded;
        buf_init(&encoded, BUF_NO_CAP);
        int n = snprintf(secret, sizeof secret, "%cjane%cPassWord-%u", 0, 0, i);
        base64_encode(slice_make(secret, (size_t)n), &encoded);
        snprintf(blob, sizeof blob, "AUTH PLAIN " SLICE_FMT, SLICE_ARG(buf_slice(&encoded)));
        buf_release(&encoded);
        paste_add(p, SLICE("220 a.test ESMTP"));
        paste_add(p, slice_of(blob));
        paste_add(p, SLICE("535 5.7.8 no"));
        assert_true(paste_is_next(p, SLICE("220 a.test ESMTP")));
        assert_int_equal(paste_end(p, &(struct evidence){0}, &r), PASTE_FAILED);
        paste_begin(p);
        snprintf(blob, sizeof blob, "421 a.test %s is not welcome", secret + 6);
        paste_add(p, slice_of(blob));
        assert_int_equal(paste_end(p, &(struct evidence){0}, &r), PASTE_FAILED);
        assert_true(slice_find(r.evidence.reply, slice_of(secret + 6)) == SIZE_MAX);
        paste_begin(p);
    }
    paste_free(p);
}

static void test_what_was_offered(void **state)
{
    struct paste_result r;
    struct paste *p = read_all(rows[0].text, "", "");
    (void)state;
    assert_int_equal(paste_end(p, &(struct evidence){0}, &r), PASTE_FAILED);
    assert_int_equal(r.evidence.offered_clear_count, 1);
    assert_true(slice_eq_text(r.evidence.offered_clear[0], "STARTTLS"));
    assert_int_equal(r.evidence.offered_tls_count, 1);
    assert_true(slice_eq_text(r.evidence.offered_tls[0], "AUTH LOGIN PLAIN"));
    assert_true(slice_has_prefix(r.evidence.greeting, SLICE("220 smtp.gmail.com")));
    assert_true(slice_eq_text(r.evidence.host, "smtp.gmail.com"));
    assert_true(r.evidence.auth_sent && !r.evidence.auth_accepted);
    paste_free(p);
}

static void test_error_document(void **state)
{
    struct paste_result r;
    struct paste *p = read_all(rows[7].text, "", "");
    (void)state;
    assert_int_equal(paste_end(p, &(struct evidence){0}, &r), PASTE_FAILED);
    assert_true(slice_eq_text(r.evidence.error_document, "{\"status\":\"400\"}"));
    paste_free(p);
}

static const struct look_row {
    const char *text;
    bool is_session;
} look_rows[] = {
    {"535 5.7.8 no\n550 5.1.1 who?\n", false},
    {"535-5.7.8 no\n535 5.7.8 see https://x\n", false},
    {"5.7.139 Authentication unsuccessful\n", false},
    {"Authentication failed\n", false},
    {"550 host said: 550 5.1.1 who?\n", false},
    {"Error: Invalid login: 535 5.7.8 no\n", true},
    {"connect: connection refused\n", true},
    {"220 x\nEHLO h\n250 x\n", true},
    {"< 220 x\n", true},
    {"smtplib.SMTPDataError: (550, b'5.7.1 no')\n", true},
};

static void test_tells_sessions_from_replies(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(look_rows); i++) {
        struct paste_look look = {.has_client = false};
        struct slice rest = slice_of(look_rows[i].text), line;
        while (slice_take_until(&rest, '\n', &line)) {
            paste_look_at(&look, line);
        }
        if (paste_is_session(&look) != look_rows[i].is_session) {
            fail_msg("%s", look_rows[i].text);
        }
    }
}

/* 100,000 lines of each kind: bounded, and no slower than it has to be. */
static void test_long_sessions(void **state)
{
    static const char *const kinds[] = {
        "C: RCPT TO:<a>",   "S: 550-5.1.1 no",
        "S: 550 5.1.1 no",  "C: AUTH PLAIN AGphbmVAZ21haWwuY29tAHRvcC1zZWNyZXQ=",
        "S: 334 eyJ9",      "> > > > > > > >",
        "\xff\xfe\x1b[31m", ""};
    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct paste *p = paste_new(registry);
        struct paste_result r;
        for (unsigned k = 0; k < 100000; k++) {
            paste_add(p, slice_of(kinds[i]));
        }
        (void)!paste_end(p, &(struct evidence){0}, &r);
        assert_true(r.evidence.reply.n <= 64 * 1024);
        paste_free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sessions),         cmocka_unit_test(test_what_was_offered),
        cmocka_unit_test(test_error_document),   cmocka_unit_test(test_tells_sessions_from_replies),
        cmocka_unit_test(test_long_sessions),    cmocka_unit_test(test_one_is_not_split),
        cmocka_unit_test(test_several_sessions), cmocka_unit_test(test_secrets_of_several),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
