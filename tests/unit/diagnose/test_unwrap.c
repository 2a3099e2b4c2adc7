/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What others write around a reply is taken off: relays, exceptions of client libraries,
 * command-line clients. A plain reply is left as it is. Any octets may come.
 */
#include "diagnose/unwrap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct row {
    const char *name, *text, *inner; /* inner NULL: nothing is wrapped */
    enum stage stage;
    bool is_relay;
} rows[] = {
    {"plain", "535 5.7.8 Username and Password not accepted.", NULL, STAGE_NONE, false},
    {"two lines", "535-5.7.8 no\r\n535 5.7.8 no\r\n", NULL, STAGE_NONE, false},
    {"number in a sentence", "550 Daily limit: 500 messages", NULL, STAGE_NONE, false},
    {"no failure", "host a said: 250 2.0.0 ok then", NULL, STAGE_NONE, false},
    {"postfix",
     "host mx.example[192.0.2.1] said: 550 5.1.1 <a@b.example>: unknown (in reply to RCPT TO "
     "command)",
     "550 5.1.1 <a@b.example>: unknown ", STAGE_RCPT, true},
    {"postfix, end of data", "host mx said: 552 5.3.4 big (in reply to end of DATA command)",
     "552 5.3.4 big ", STAGE_BODY, true},
    {"exim", "SMTP error from remote mail server after RCPT TO:<a@b.example>: 550 no such user",
     "550 no such user", STAGE_RCPT, true},
    {"exim, with host",
     "SMTP error from remote mail server after MAIL FROM:<a@b>: host mx.x [192.0.2.5]: 553 no",
     "553 no", STAGE_MAIL, true},
    {"arrow", "550 5.7.1 a@b -> 550 5.1.1 gone", "550 5.1.1 gone", STAGE_NONE, true},
    {"exchange", "Remote Server returned '550 5.1.1 it isn't here'", "550 5.1.1 it isn't here",
     STAGE_NONE, true},
    {"a code at the very end", "550 x -> 550", "550", STAGE_NONE, true},
    {"qmail", "192.0.2.1 failed.\nRemote host said: 550 5.1.1 gone", "550 5.1.1 gone", STAGE_NONE,
     true},
    {"DSN", "Diagnostic-Code: smtp; 550 5.1.1 gone", "550 5.1.1 gone", STAGE_NONE, true},
    {"gmail's DSN", "The response from the remote server was:\n550 5.1.1 gone", "550 5.1.1 gone",
     STAGE_NONE, true},
    {"wrapped twice", "smtplib.SMTPDataError: (550, b'5.0.0 mx said: 550 5.1.1 gone')",
     "550 5.1.1 gone", STAGE_NONE, true},
    {"python", "(535, b'5.7.8 Username and Password not accepted.')",
     "535 5.7.8 Username and Password not accepted.", STAGE_NONE, false},
    {"python, lines",
     "smtplib.SMTPAuthenticationError: (535, b'5.7.8 Username\\n5.7.8 Learn more')",
     "535 5.7.8 Username\n5.7.8 Learn more", STAGE_AUTH, false},
    {"python, apostrophe", "smtplib.SMTPSenderRefused: (530, b\"it's not you\", 'a@b')",
     "530 it's not you", STAGE_MAIL, false},
    {"python, recipients", "SMTPRecipientsRefused: {'a@b': (550, b'5.1.1 gone')}", "550 5.1.1 gone",
     STAGE_RCPT, false},
    {"smtplib's log", "reply: '535 5.7.8 no \\xc7\\xeb\\r\\n'\nreply: retcode (535)",
     "535 5.7.8 no \xc7\xeb\r\n", STAGE_NONE, false},
    {"k-9", "Negative SMTP reply: 550 5.1.1 gone", "550 5.1.1 gone", STAGE_NONE, false},
    {"go-mail, mail", "failed to issue MAIL command: 501 5.1.7 no", "501 5.1.7 no", STAGE_MAIL,
     false},
    {"mattermost", "SendMail: Error in \"Email from\", 550 Request failed", "550 Request failed",
     STAGE_NONE, false},
    {"mailpit", "error response to RCPT command for a@b.example: 550 no", "550 no", STAGE_RCPT,
     false},
    {"nodemailer", "Error: Invalid login: 535-5.7.8 no\n535 5.7.8 more",
     "535-5.7.8 no\n535 5.7.8 more", STAGE_AUTH, false},
    {"nodemailer, object", "response: '535-5.7.8 no\\n535 5.7.8 more',\n  responseCode: 535",
     "535-5.7.8 no\n535 5.7.8 more", STAGE_NONE, false},
    {"nodemailer, both", "Error: Invalid login: 535 5.7.8 no\n  response: '535 5.7.8 no',",
     "535 5.7.8 no", STAGE_AUTH, false},
    {"javamail", "javax.mail.AuthenticationFailedException: 535 5.7.139 no", "535 5.7.139 no",
     STAGE_AUTH, false},
    {"phpmailer",
     "SMTP Error: Could not authenticate. SMTP ERROR: Password command failed: 535 no!", "535 no!",
     STAGE_AUTH, false},
    {"symfony",
     "Expected response code \"235\" but got code \"535\", with message \"535 5.7.8 no\".",
     "535 5.7.8 no", STAGE_NONE, false},
    {".NET", "The server response was: 5.7.57 Client not authenticated",
     "5.7.57 Client not authenticated", STAGE_NONE, false},
    {"msmtp",
     "msmtp: authentication failed (method PLAIN)\nmsmtp: server message: 535-5.7.8 no\nmsmtp: "
     "server message: 535 5.7.8 more\nmsmtp: could not send mail",
     "535-5.7.8 no\n535 5.7.8 more\n", STAGE_NONE, false},
    {"curl", "< 235 ok\n> MAIL FROM\n< 530 5.7.0 no, first\n", "530 5.7.0 no, first\n", STAGE_NONE,
     false},
    {"swaks", "<** 535 5.7.8 no way", "535 5.7.8 no way\n", STAGE_NONE, false},
};

static bool take(const char *text, size_t n, struct arena *arena, struct unwrapped *u)
{
    char *exact = mem_alloc(n + 1);
    memcpy(exact, text, n);
    bool is_wrapped = unwrap((struct slice){exact, n}, arena, u);
    free(exact);
    return is_wrapped;
}

static void test_rows(void **state)
{
    struct arena arena;
    (void)state;
    arena_init(&arena);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct row *row = &rows[i];
        struct unwrapped u = {.by = ""};
        bool is_wrapped = take(row->text, strlen(row->text), &arena, &u);
        if (is_wrapped != (row->inner != NULL) ||
            (is_wrapped && (!slice_eq_text(u.inner, row->inner) || u.stage != row->stage ||
                            u.is_relay != row->is_relay || u.by[0] == '\0'))) {
            fail_msg("%s: got '" SLICE_FMT "' at stage %d by %s", row->name, SLICE_ARG(u.inner),
                     (int)u.stage, u.by);
        }
    }
    arena_release(&arena);
}

/* Cut anywhere, a row is read without going over its end. */
static void test_cuts(void **state)
{
    struct arena arena;
    struct unwrapped u;
    (void)state;
    arena_init(&arena);
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t n = 0; n <= strlen(rows[i].text); n++) {
            (void)take(rows[i].text, n, &arena, &u);
        }
    }
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_cuts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
