/* SPDX-License-Identifier: Apache-2.0 */
/* What a look into the mailbox means: the words, the cause, who must act. */
#include "check/round_trip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* clang-format off */
static const struct {
    struct mailbox_answer answer;
    bool is_token;
    const char *state, *cause, *who, *text; /* cause NULL: none; text: a part of it */
} rows[] = {
    {{.state = MAILBOX_ARRIVED, .folder = "INBOX", .us = 3000000}, false, "arrived", NULL, NULL, "arrived in INBOX after 3.2 s"},
    {{.state = MAILBOX_ARRIVED, .folder = "Bin", .is_junk = true, .us = 3000000}, false, "arrived", NULL, NULL, "in the junk folder (Bin) after 3.2 s"},
    {{.state = MAILBOX_NOT_THERE, .us = 119800000, .looks = 19}, false, "not_there", NULL, NULL, "not there after 2 min, looked 19 times in INBOX; there is no junk folder"},
    {{.state = MAILBOX_NOT_THERE, .us = 800000, .looks = 1, .has_junk_folder = true}, false, "not_there", NULL, NULL, "looked 1 time in INBOX and the junk folder"},
    {{.state = MAILBOX_NO_LOGIN, .logins = 1, .detail = "Sorry"}, false, "unreadable", "auth.credentials_rejected", "user", "the login was refused: Sorry"},
    {{.state = MAILBOX_NO_LOGIN, .logins = 1, .code = "AUTHENTICATIONFAILED"}, true, "unreadable", "auth.token_rejected", "developer", "the login was refused"},
    {{.state = MAILBOX_NO_LOGIN, .logins = 1, .code = "expired"}, false, "unreadable", "auth.password_expired", "user", "the login was refused"},
    {{.state = MAILBOX_NO_LOGIN, .logins = 1, .code = "EXPIRED"}, true, "unreadable", "auth.token_expired", "developer", "the login was refused"},
    {{.state = MAILBOX_NO_LOGIN, .logins = 1, .code = "UNAVAILABLE"}, false, "unreadable", "auth.temporary_failure", "provider", "the login was refused"},
    {{.state = MAILBOX_NO_LOGIN, .logins = 1, .code = "CONTACTADMIN"}, false, "unreadable", "auth.account_disabled", "admin", "the login was refused"},
    {{.state = MAILBOX_NO_LOGIN, .fault = FAULT_MECHANISM_NOT_OFFERED}, true, "unreadable", "auth.mechanism_unsupported", "developer", "offers no login for a token"},
    {{.state = MAILBOX_NO_LOGIN, .fault = FAULT_MECHANISM_NOT_OFFERED}, false, "unreadable", "auth.mechanism_unsupported", "developer", "offers no login for a password"},
    {{.state = MAILBOX_BROKEN, .fault = FAULT_TLS_EXPIRED, .detail = "x"}, false, "unreadable", "tls.certificate_expired", "provider", "the certificate has expired: x"},
    {{.state = MAILBOX_BROKEN, .fault = FAULT_CONNECTION_LOST, .is_logged_in = true}, false, "unreadable", "network.connection_lost", "network", "closed the connection"},
    {{.state = MAILBOX_BROKEN, .fault = FAULT_PROTOCOL_ERROR}, false, "unreadable", "server.protocol_error", "provider", "not what is wanted of IMAP"},
    {{.state = MAILBOX_HELD, .detail = "no login is left"}, false, "unreadable", NULL, NULL, "not looked into: no login is left"},
    {{.state = MAILBOX_CANCELLED}, false, "interrupted", NULL, NULL, "interrupted"},
};
/* clang-format on */

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena arena;
        struct round_trip t;
        arena_init(&arena);
        round_trip_judge(&rows[i].answer, 200000, rows[i].is_token, &arena, &t);
        const char *cause = t.has_cause ? cause_slug(t.cause) : "",
                   *who = t.has_cause ? cause_who_slug(t.who) : "";
        if (strcmp(round_trip_slug(t.state), rows[i].state) != 0 ||
            strcmp(cause, rows[i].cause != NULL ? rows[i].cause : "") != 0 ||
            strcmp(who, rows[i].who != NULL ? rows[i].who : "") != 0 ||
            strstr(t.text, rows[i].text) == NULL) {
            fail_msg("row %zu: %s, %s, %s: %s", i, round_trip_slug(t.state), cause, who, t.text);
        }
        /* who reads it is told what to do, unless all is well or it was they who stopped it */
        bool is_said = t.state == ROUND_TRIP_INTERRUPTED || rows[i].answer.state == MAILBOX_HELD ||
                       (t.state == ROUND_TRIP_ARRIVED && !t.is_junk);
        assert_int_equal(t.advice[0] != '\0', !is_said);
        assert_int_equal(t.us, 200000 + rows[i].answer.us);
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
