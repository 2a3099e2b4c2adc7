/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `until`: named conversations, then sweeps. The peer holds the laws (no credential in clear, QUIT
 * whenever the connection lives) over each of them.
 */
#include "peer.h"

#define IN(text) text, sizeof(text) - 1
#define CLEAR    "250-mx\r\n250-SIZE 1000000\r\n250 STARTTLS\r\n"
#define INSIDE   "250-mx\r\n250-SIZE 1000000\r\n250 AUTH PLAIN LOGIN XOAUTH2 CRAM-MD5\r\n"
#define PLAIN    "AUTH PLAIN AGphbmUAc2VzYW1lLW9wZW4tc2VzYW1l"
#define UP                                                                                         \
    {NULL, "220 mx ready\r\n", GO_ON}, {"EHLO [127.0.0.1]", CLEAR, GO_ON},                         \
        {"STARTTLS", "220 go\r\n", GO_ON},                                                         \
    {                                                                                              \
        "EHLO [127.0.0.1]", INSIDE, GO_ON                                                          \
    }

enum { ROWS = 14 };

struct row {
    const char *name;
    struct client_params params;
    struct exchange script[ROWS];
    enum client_outcome outcome;
    enum stage stage;
    enum fault fault;
    unsigned code;
    const char *seen;
};

/* clang-format off */
#define AUTH(m) .mechanism = {IN(m)}, .user = {IN("jane")}, .secret = {IN(SECRET)}, .until = STAGE_AUTH
#define MAILS_BY(u, f, t) .mechanism = {IN("PLAIN")}, .user = {IN("jane")}, .secret = {IN(SECRET)}, .until = u, .from = {IN(f)}, .rcpt = {IN(t)}
#define MAILS(u) MAILS_BY(u, "a@b.test", "c@d.test")
static const struct slice more[] = {{IN("e@f.test")}};
static const struct row rows[] = {
    { "usable", { AUTH("PLAIN") }, { UP, {PLAIN, "235 2.7.0 ok\r\n", GO_ON} }, OUTCOME_OK, STAGE_AUTH, FAULT_NONE, 235, "EHLO STARTTLS [tls] EHLO AUTH QUIT" },
    { "refused login", { AUTH("PLAIN") }, { UP, {PLAIN, "535 5.7.8 no\r\n", GO_ON} }, OUTCOME_REFUSED, STAGE_AUTH, FAULT_NONE, 535, "EHLO STARTTLS [tls] EHLO AUTH QUIT" },
    { "temporary", { AUTH("PLAIN") }, { UP, {PLAIN, "454 4.7.0 later\r\n", GO_ON} }, OUTCOME_REFUSED, STAGE_AUTH, FAULT_NONE, 454, "EHLO STARTTLS [tls] EHLO AUTH QUIT" },
    { "closed for a 535", { AUTH("PLAIN") }, { UP, {PLAIN, "", THEN_CLOSE} }, OUTCOME_FAILED, STAGE_AUTH, FAULT_CONNECTION_LOST, 0, "EHLO STARTTLS [tls] EHLO AUTH" },
    { "235 by another 2yz", { AUTH("PLAIN") }, { UP, {PLAIN, "250 ok\r\n", GO_ON} }, OUTCOME_FAILED, STAGE_AUTH, FAULT_UNEXPECTED_REPLY, 250, "EHLO STARTTLS [tls] EHLO AUTH QUIT" },
    { "no initial response", { AUTH("PLAIN"), .initial_response = INITIAL_NEVER }, { UP, {"AUTH PLAIN", "334 \r\n", GO_ON}, {"AGphbmUA", "235 ok\r\n", GO_ON} }, OUTCOME_OK, STAGE_AUTH, FAULT_NONE, 235, "EHLO STARTTLS [tls] EHLO AUTH AGphbmUAc2VzYW1lLW9wZW4tc2VzYW1l QUIT" },
    { "334 without a blank", { AUTH("PLAIN"), .initial_response = INITIAL_NEVER }, { UP, {"AUTH PLAIN", "334\r\n", GO_ON}, {"AGphbmUA", "235 ok\r\n", GO_ON} }, OUTCOME_OK, STAGE_AUTH, FAULT_NONE, 235, "EHLO STARTTLS [tls] EHLO AUTH AGphbmUAc2VzYW1lLW9wZW4tc2VzYW1l QUIT" },
    { "LOGIN", { AUTH("LOGIN") }, { UP, {"AUTH LOGIN", "334 VXNlcm5hbWU6\r\n", GO_ON}, {"amFuZQ==", "334 UGFzc3dvcmQ6\r\n", GO_ON}, {SECRET_BASE64, "235 ok\r\n", GO_ON} }, OUTCOME_OK, STAGE_AUTH, FAULT_NONE, 235, "EHLO STARTTLS [tls] EHLO AUTH amFuZQ== " SECRET_BASE64 " QUIT" },
    { "LOGIN, odd prompts", { AUTH("LOGIN") }, { UP, {"AUTH LOGIN", "334 Benutzer?\r\n", GO_ON}, {"amFuZQ==", "334\r\n", GO_ON}, {SECRET_BASE64, "235 ok\r\n", GO_ON} }, OUTCOME_OK, STAGE_AUTH, FAULT_NONE, 235, "EHLO STARTTLS [tls] EHLO AUTH amFuZQ== " SECRET_BASE64 " QUIT" },
    { "XOAUTH2 error document", { AUTH("XOAUTH2") }, { UP, {"AUTH XOAUTH2 dXNlcj1qYW5l", "334 eyJzdGF0dXMiOiI0MDAifQ==\r\n", GO_ON}, {"", "535 5.7.8 no\r\n", GO_ON} }, OUTCOME_REFUSED, STAGE_AUTH, FAULT_NONE, 535, "EHLO STARTTLS [tls] EHLO AUTH - QUIT" },
    { "challenge is rubbish", { AUTH("CRAM-MD5") }, { UP, {"AUTH CRAM-MD5", "334 !!rubbish\r\n", GO_ON}, {"*", "501 5.0.0 cancelled\r\n", GO_ON} }, OUTCOME_FAILED, STAGE_AUTH, FAULT_SASL_CHALLENGE, 501, "EHLO STARTTLS [tls] EHLO AUTH * QUIT" },
    { "a prompt for PLAIN", { AUTH("PLAIN"), .initial_response = INITIAL_NEVER }, { UP, {"AUTH PLAIN", "334 VXNlcm5hbWU6\r\n", GO_ON}, {"*", "501 cancelled\r\n", GO_ON} }, OUTCOME_FAILED, STAGE_AUTH, FAULT_SASL_CHALLENGE, 501, "EHLO STARTTLS [tls] EHLO AUTH * QUIT" },
    { "235 after cancel", { AUTH("CRAM-MD5") }, { UP, {"AUTH CRAM-MD5", "334 !\r\n", GO_ON}, {"*", "235 fine\r\n", GO_ON} }, OUTCOME_FAILED, STAGE_AUTH, FAULT_SASL_CHALLENGE, 235, "EHLO STARTTLS [tls] EHLO AUTH * QUIT" },
    { "235 too early for SCRAM", { AUTH("SCRAM-SHA-256"), .ignore_offer = true }, { UP, {"AUTH SCRAM-SHA-256 ", "235 trust me\r\n", GO_ON} }, OUTCOME_FAILED, STAGE_AUTH, FAULT_SASL_SERVER_UNPROVEN, 235, "EHLO STARTTLS [tls] EHLO AUTH QUIT" },
    { "235 before LOGIN's user name", { AUTH("LOGIN") }, { UP, {"AUTH LOGIN", "235 2.7.0 ok\r\n", GO_ON} }, OUTCOME_FAILED, STAGE_AUTH, FAULT_UNEXPECTED_REPLY, 235, "EHLO STARTTLS [tls] EHLO AUTH QUIT" },
    { "235 before LOGIN's password", { AUTH("LOGIN") }, { UP, {"AUTH LOGIN", "334 VXNlcm5hbWU6\r\n", GO_ON}, {"amFuZQ==", "235 2.7.0 ok\r\n", GO_ON} }, OUTCOME_FAILED, STAGE_AUTH, FAULT_UNEXPECTED_REPLY, 235, "EHLO STARTTLS [tls] EHLO AUTH amFuZQ== QUIT" },
    { "235 before CRAM's challenge", { AUTH("CRAM-MD5") }, { UP, {"AUTH CRAM-MD5", "235 2.7.0 ok\r\n", GO_ON} }, OUTCOME_FAILED, STAGE_AUTH, FAULT_UNEXPECTED_REPLY, 235, "EHLO STARTTLS [tls] EHLO AUTH QUIT" },
    { "235 before PLAIN's message", { AUTH("PLAIN"), .initial_response = INITIAL_NEVER }, { UP, {"AUTH PLAIN", "235 2.7.0 ok\r\n", GO_ON} }, OUTCOME_FAILED, STAGE_AUTH, FAULT_UNEXPECTED_REPLY, 235, "EHLO STARTTLS [tls] EHLO AUTH QUIT" },
    { "235 behind an error document", { AUTH("XOAUTH2") }, { UP, {"AUTH XOAUTH2 dXNlcj1qYW5l", "334 eyJzdGF0dXMiOiI0MDAifQ==\r\n", GO_ON}, {"", "235 2.7.0 ok\r\n", GO_ON} }, OUTCOME_FAILED, STAGE_AUTH, FAULT_UNEXPECTED_REPLY, 235, "EHLO STARTTLS [tls] EHLO AUTH - QUIT" },
    { "mechanism not offered", { AUTH("OAUTHBEARER") }, { UP }, OUTCOME_FAILED, STAGE_AUTH, FAULT_MECHANISM_NOT_OFFERED, 0, "EHLO STARTTLS [tls] EHLO QUIT" },
    { "mechanism by the list", { AUTH("auto:OAUTHBEARER NOSUCH LOGIN PLAIN") }, { UP, {"AUTH LOGIN", "535 no\r\n", GO_ON} }, OUTCOME_REFUSED, STAGE_AUTH, FAULT_NONE, 535, "EHLO STARTTLS [tls] EHLO AUTH QUIT" },
    { "nothing of the list", { AUTH("auto:OAUTHBEARER") }, { UP }, OUTCOME_FAILED, STAGE_AUTH, FAULT_MECHANISM_NOT_OFFERED, 0, "EHLO STARTTLS [tls] EHLO QUIT" },
    { "AUTH only in clear", { AUTH("PLAIN") }, { {NULL, "220 x\r\n", GO_ON}, {"EHLO", "250-x\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n", GO_ON}, {"STARTTLS", "220 go\r\n", GO_ON}, {"EHLO", "250 x\r\n", GO_ON} }, OUTCOME_UNPROVEN, STAGE_AUTH, FAULT_AUTH_NOT_OFFERED, 0, "EHLO STARTTLS [tls] EHLO QUIT" },
    { "STARTTLS missing", { AUTH("PLAIN") }, { {NULL, "220 x\r\n", GO_ON}, {"EHLO", "250-x\r\n250 AUTH PLAIN\r\n", GO_ON} }, OUTCOME_FAILED, STAGE_STARTTLS, FAULT_STARTTLS_MISSING, 0, "EHLO QUIT" },
    { "STARTTLS by prefix", { AUTH("PLAIN") }, { {NULL, "220 x\r\n", GO_ON}, {"EHLO", "250-x\r\n250 STARTTLSX\r\n", GO_ON} }, OUTCOME_FAILED, STAGE_STARTTLS, FAULT_STARTTLS_MISSING, 0, "EHLO QUIT" },
    { "STARTTLS refused 454", { AUTH("PLAIN") }, { {NULL, "220 x\r\n", GO_ON}, {"EHLO", CLEAR, GO_ON}, {"STARTTLS", "454 4.7.0 no\r\n", GO_ON} }, OUTCOME_REFUSED, STAGE_STARTTLS, FAULT_NONE, 454, "EHLO STARTTLS QUIT" },
    { "STARTTLS refused 502", { AUTH("PLAIN") }, { {NULL, "220 x\r\n", GO_ON}, {"EHLO", CLEAR, GO_ON}, {"STARTTLS", "502 no\r\n", GO_ON} }, OUTCOME_REFUSED, STAGE_STARTTLS, FAULT_NONE, 502, "EHLO STARTTLS QUIT" },
    { "STARTTLS answered 250", { AUTH("PLAIN") }, { {NULL, "220 x\r\n", GO_ON}, {"EHLO", CLEAR, GO_ON}, {"STARTTLS", "250 ok\r\n", GO_ON} }, OUTCOME_FAILED, STAGE_STARTTLS, FAULT_UNEXPECTED_REPLY, 250, "EHLO STARTTLS QUIT" },
    { "injected reply", { AUTH("PLAIN") }, { {NULL, "220 x\r\n", GO_ON}, {"EHLO", CLEAR, GO_ON}, {"STARTTLS", "220 go\r\n250 AUTH PLAIN\r\n", GO_ON} }, OUTCOME_FAILED, STAGE_STARTTLS, FAULT_PLAINTEXT_INJECTION, 220, "EHLO STARTTLS" },
    { "injected fragment", { AUTH("PLAIN") }, { {NULL, "220 x\r\n", GO_ON}, {"EHLO", CLEAR, GO_ON}, {"STARTTLS", "220 go\r\n2", GO_ON} }, OUTCOME_FAILED, STAGE_STARTTLS, FAULT_PLAINTEXT_INJECTION, 220, "EHLO STARTTLS" },
    { "220 before STARTTLS", { AUTH("PLAIN") }, { {NULL, "220 x\r\n", GO_ON}, {"EHLO", CLEAR "220 go\r\n", GO_ON}, {"STARTTLS", "454 no\r\n", GO_ON} }, OUTCOME_REFUSED, STAGE_STARTTLS, FAULT_NONE, 454, "EHLO STARTTLS QUIT" },
    { "half a 220 before STARTTLS", { AUTH("PLAIN") }, { {NULL, "220 x\r\n", GO_ON}, {"EHLO", CLEAR "22", GO_ON}, {"STARTTLS", "0 go\r\n454 no\r\n", GO_ON} }, OUTCOME_REFUSED, STAGE_STARTTLS, FAULT_NONE, 454, "EHLO STARTTLS QUIT" },
    { "handshake fails", { AUTH("PLAIN") }, { {NULL, "220 x\r\n", GO_ON}, {"EHLO", CLEAR, GO_ON}, {"STARTTLS", "220 go\r\n", THEN_TLS_BAD} }, OUTCOME_FAILED, STAGE_TLS, FAULT_TLS_EXPIRED, 0, "EHLO STARTTLS [tls]" },
    { "clear text for a handshake", { AUTH("PLAIN") }, { {NULL, "220 x\r\n", GO_ON}, {"EHLO", CLEAR, GO_ON}, {"STARTTLS", "220 go\r\n", THEN_TLS_TEXT} }, OUTCOME_FAILED, STAGE_STARTTLS, FAULT_PLAINTEXT_INJECTION, 220, "EHLO STARTTLS [tls]" },
    { "implicit", { AUTH("PLAIN"), .security = SECURITY_IMPLICIT }, { {NULL, "220 x\r\n", GO_ON}, {"EHLO", "250-x\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n", GO_ON}, {PLAIN, "235 ok\r\n", GO_ON} }, OUTCOME_OK, STAGE_AUTH, FAULT_NONE, 235, "[tls] EHLO AUTH QUIT" },
    { "no TLS wanted, AUTH wanted", { AUTH("PLAIN"), .security = SECURITY_NONE }, { {NULL, "220 x\r\n", GO_ON}, {"EHLO", "250-x\r\n250 AUTH PLAIN\r\n", GO_ON} }, OUTCOME_FAILED, STAGE_AUTH, FAULT_AUTH_NOT_PROTECTED, 0, "EHLO QUIT" },
    { "may_skip_tls is for NONE only", { AUTH("PLAIN"), .may_skip_tls = true }, { {NULL, "220 x\r\n", GO_ON}, {"EHLO", "250-x\r\n250 AUTH PLAIN\r\n", GO_ON} }, OUTCOME_FAILED, STAGE_STARTTLS, FAULT_STARTTLS_MISSING, 0, "EHLO QUIT" },
    { "no mechanism", { .until = STAGE_AUTH }, { UP }, OUTCOME_UNPROVEN, STAGE_EHLO, FAULT_NONE, 250, "EHLO STARTTLS [tls] EHLO QUIT" },
    { "greeting 421", { AUTH("PLAIN") }, { {NULL, "421 4.3.2 no\r\n", GO_ON} }, OUTCOME_REFUSED, STAGE_GREETING, FAULT_NONE, 421, "QUIT" },
    { "greeting 554", { AUTH("PLAIN") }, { {NULL, "554-no\r\n554 service\r\n", GO_ON} }, OUTCOME_REFUSED, STAGE_GREETING, FAULT_NONE, 554, "QUIT" },
    { "greeting 521", { AUTH("PLAIN") }, { {NULL, "521 no mail here\r\n", GO_ON} }, OUTCOME_REFUSED, STAGE_GREETING, FAULT_NONE, 521, "QUIT" },
    { "greeting is HTTP", { AUTH("PLAIN") }, { {NULL, "HTTP/1.1 400 Bad\r\nX: y\r\n\r\n", GO_ON} }, OUTCOME_FAILED, STAGE_GREETING, FAULT_PROTOCOL_ERROR, 0, "QUIT" },
    { "greeting is a TLS alert", { AUTH("PLAIN") }, { {NULL, "\x15\x03\x01", GO_ON} }, OUTCOME_FAILED, STAGE_GREETING, FAULT_TLS_WRONG_MODE, 0, "" },
    { "greeting never", { AUTH("PLAIN") }, { {NULL, "", THEN_SILENT} }, OUTCOME_FAILED, STAGE_GREETING, FAULT_READ_TIMEOUT, 0, "QUIT" },
    { "EHLO refused", { AUTH("PLAIN") }, { {NULL, "220 x\r\n", GO_ON}, {"EHLO", "502 no\r\n", GO_ON} }, OUTCOME_REFUSED, STAGE_EHLO, FAULT_NONE, 502, "EHLO QUIT" },
    { "HELO where nothing is at stake", { .until = STAGE_EHLO, .security = SECURITY_NONE }, { {NULL, "220 x\r\n", GO_ON}, {"EHLO", "502 no\r\n", GO_ON}, {"HELO", "250 x\r\n", GO_ON} }, OUTCOME_OK, STAGE_EHLO, FAULT_NONE, 250, "EHLO HELO QUIT" },
    { "HELO refused too", { .until = STAGE_EHLO, .security = SECURITY_NONE }, { {NULL, "220 x\r\n", GO_ON}, {"EHLO", "502 no\r\n", GO_ON}, {"HELO", "550 no\r\n", GO_ON} }, OUTCOME_REFUSED, STAGE_EHLO, FAULT_NONE, 550, "EHLO HELO QUIT" },
    { "until connect", { .until = STAGE_CONNECT }, { {NULL, "220 x\r\n", GO_ON} }, OUTCOME_OK, STAGE_CONNECT, FAULT_NONE, 220, "QUIT" },
    { "until tls", { .until = STAGE_TLS }, { {NULL, "220 x\r\n", GO_ON}, {"EHLO", CLEAR, GO_ON}, {"STARTTLS", "220 go\r\n", GO_ON} }, OUTCOME_OK, STAGE_TLS, FAULT_NONE, 220, "EHLO STARTTLS [tls] QUIT" },
    { "until mail", { MAILS(STAGE_MAIL) }, { UP, {PLAIN, "235 ok\r\n", GO_ON}, {"MAIL FROM:<a@b.test>", "250 ok\r\n", GO_ON}, {"RSET", "250 ok\r\n", GO_ON} }, OUTCOME_OK, STAGE_MAIL, FAULT_NONE, 250, "EHLO STARTTLS [tls] EHLO AUTH MAIL RSET QUIT" },
    { "RSET refused does not matter", { MAILS(STAGE_RCPT) }, { UP, {PLAIN, "235 ok\r\n", GO_ON}, {"MAIL", "250 ok\r\n", GO_ON}, {"RCPT TO:<c@d.test>", "250 yes\r\n", GO_ON}, {"RSET", "500 what\r\n", GO_ON} }, OUTCOME_OK, STAGE_RCPT, FAULT_NONE, 250, "EHLO STARTTLS [tls] EHLO AUTH MAIL RCPT RSET QUIT" },
    { "all recipients refused", { MAILS(STAGE_BODY), .more_rcpts = more, .more_rcpt_count = 1 }, { UP, {PLAIN, "235 ok\r\n", GO_ON}, {"MAIL", "250 ok\r\n", GO_ON}, {"RCPT TO:<c@d.test>", "550 5.1.1 who\r\n", GO_ON}, {"RCPT TO:<e@f.test>", "451 4.7.1 grey\r\n", GO_ON} }, OUTCOME_REFUSED, STAGE_RCPT, FAULT_NONE, 550, "EHLO STARTTLS [tls] EHLO AUTH MAIL RCPT RCPT QUIT" },
    { "one recipient refused", { MAILS(STAGE_BODY), .more_rcpts = more, .more_rcpt_count = 1 }, { UP, {PLAIN, "235 ok\r\n", GO_ON}, {"MAIL FROM:<a@b.test> SIZE=", "250 ok\r\n", GO_ON}, {"RCPT", "550 5.1.1 who\r\n", GO_ON}, {"RCPT", "250 ok\r\n", GO_ON}, {"DATA", "354 go\r\n", THEN_CONTENT}, {".", "250 2.0.0 queued\r\n", GO_ON} }, OUTCOME_OK, STAGE_BODY, FAULT_NONE, 250, "EHLO STARTTLS [tls] EHLO AUTH MAIL RCPT RCPT DATA . QUIT" },
    { "DATA answered 250", { MAILS(STAGE_BODY) }, { UP, {PLAIN, "235 ok\r\n", GO_ON}, {"MAIL", "250 ok\r\n", GO_ON}, {"RCPT", "250 ok\r\n", GO_ON}, {"DATA", "250 hm\r\n", GO_ON} }, OUTCOME_FAILED, STAGE_DATA, FAULT_UNEXPECTED_REPLY, 250, "EHLO STARTTLS [tls] EHLO AUTH MAIL RCPT DATA QUIT" },
    { "until data stops in content", { MAILS(STAGE_DATA) }, { UP, {PLAIN, "235 ok\r\n", GO_ON}, {"MAIL", "250 ok\r\n", GO_ON}, {"RCPT", "250 ok\r\n", GO_ON}, {"DATA", "354 go\r\n", THEN_CONTENT} }, OUTCOME_OK, STAGE_DATA, FAULT_NONE, 354, "EHLO STARTTLS [tls] EHLO AUTH MAIL RCPT DATA" },
    { "stray 354 before DATA", { MAILS(STAGE_BODY) }, { UP, {PLAIN, "235 ok\r\n", GO_ON}, {"MAIL", "250 ok\r\n", GO_ON}, {"RCPT", "250 ok\r\n354 go\r\n", GO_ON}, {"DATA", "550 no\r\n", GO_ON} }, OUTCOME_REFUSED, STAGE_DATA, FAULT_NONE, 550, "EHLO STARTTLS [tls] EHLO AUTH MAIL RCPT DATA QUIT" },
    { "421 unasked for", { MAILS(STAGE_BODY) }, { UP, {PLAIN, "235 ok\r\n421 4.3.2 shutting down\r\n", GO_ON} }, OUTCOME_REFUSED, STAGE_MAIL, FAULT_NONE, 421, "EHLO STARTTLS [tls] EHLO AUTH QUIT" },
    { "421 to a recipient", { MAILS(STAGE_BODY), .more_rcpts = more, .more_rcpt_count = 1 }, { UP, {PLAIN, "235 ok\r\n", GO_ON}, {"MAIL", "250 ok\r\n", GO_ON}, {"RCPT", "421 bye\r\n", THEN_CLOSE} }, OUTCOME_REFUSED, STAGE_RCPT, FAULT_NONE, 421, "EHLO STARTTLS [tls] EHLO AUTH MAIL RCPT QUIT" },
    { "too large", { MAILS(STAGE_BODY) }, { {NULL, "220 x\r\n", GO_ON}, {"EHLO", CLEAR, GO_ON}, {"STARTTLS", "220 go\r\n", GO_ON}, {"EHLO", "250-x\r\n250-SIZE 10\r\n250 AUTH PLAIN\r\n", GO_ON}, {PLAIN, "235 ok\r\n", GO_ON} }, OUTCOME_FAILED, STAGE_MAIL, FAULT_MESSAGE_TOO_LARGE, 0, "EHLO STARTTLS [tls] EHLO AUTH QUIT" },
    { "SMTPUTF8 not offered", { MAILS_BY(STAGE_MAIL, "j\xc3\xbcrgen@b.test", "c@d.test") }, { UP, {PLAIN, "235 ok\r\n", GO_ON} }, OUTCOME_FAILED, STAGE_MAIL, FAULT_SMTPUTF8_NOT_OFFERED, 0, "EHLO STARTTLS [tls] EHLO AUTH QUIT" },
    { "QUIT not answered", { .until = STAGE_GREETING }, { {NULL, "220 x\r\n", GO_ON}, {"QUIT", "", THEN_SILENT} }, OUTCOME_OK, STAGE_GREETING, FAULT_NONE, 220, "QUIT" },
    { "reset for 221", { .until = STAGE_GREETING }, { {NULL, "220 x\r\n", GO_ON}, {"QUIT", "", THEN_RESET} }, OUTCOME_OK, STAGE_GREETING, FAULT_NONE, 220, "QUIT" },
};
/* clang-format on */

static size_t rows_of(const struct exchange *script)
{
    size_t n = 1;
    while (n < ROWS && script[n].want != NULL) {
        n++;
    }
    return n;
}

static void check(const struct row *row, const struct peer *p)
{
    const struct client_report *r = client_report(p->client);
    if (r->outcome != row->outcome || r->stage != row->stage || r->fault != row->fault ||
        r->reply.code != row->code || strcmp(buf_text(&p->seen), row->seen) != 0) {
        fail_msg("%s (step %zu): want %s at %s, %s, %u, '%s'; got %s at %s, %s, %u, '%s' (%s)",
                 row->name, p->step, client_outcome_slug(row->outcome), stage_slug(row->stage),
                 fault_name(row->fault), row->code, row->seen, client_outcome_slug(r->outcome),
                 stage_slug(r->stage), fault_name(r->fault), r->reply.code, buf_text(&p->seen),
                 r->detail);
    }
}

static void test_conversations(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct peer p = {.name = rows[i].name,
                         .script = rows[i].script,
                         .count = rows_of(rows[i].script),
                         .cut_at = SIZE_MAX};
        peer_play(&p, &rows[i].params);
        check(&rows[i], &p);
        peer_free(&p);
    }
}

/* Law: octet by octet the same, where every octet belongs to a reply that was asked for. */
static void test_octet_by_octet(void **state)
{
    (void)state;
    static const char *const apart[] = {"injected reply",      "injected fragment",
                                        "220 before STARTTLS", "half a 220 before STARTTLS",
                                        "greeting is HTTP",    "stray 354 before DATA",
                                        "421 unasked for"};
    for (size_t i = 0; i < COUNT(rows); i++) {
        bool is_apart = false;
        for (size_t k = 0; k < COUNT(apart); k++) {
            is_apart = is_apart || strcmp(apart[k], rows[i].name) == 0;
        }
        if (is_apart) {
            continue; /* what came in one segment with what was asked for is the point there */
        }
        struct peer p = {.name = rows[i].name,
                         .script = rows[i].script,
                         .step = 1,
                         .count = rows_of(rows[i].script),
                         .cut_at = SIZE_MAX};
        peer_play(&p, &rows[i].params);
        check(&rows[i], &p);
        peer_free(&p);
    }
}

/* clang-format off */
static const struct exchange full[] = {
    UP, {PLAIN, "235 2.7.0 ok\r\n", GO_ON}, {"MAIL FROM:<a@b.test>", "250 2.1.0 ok\r\n", GO_ON},
    {"RCPT TO:<c@d.test>", "250 2.1.5 ok\r\n", GO_ON}, {"DATA", "354 go\r\n", THEN_CONTENT},
    {".", "250 2.0.0 queued\r\n", GO_ON},
};
static const enum stage full_stages[] = {STAGE_GREETING, STAGE_EHLO, STAGE_STARTTLS, STAGE_EHLO,
    STAGE_AUTH, STAGE_MAIL, STAGE_RCPT, STAGE_DATA, STAGE_BODY};
static const struct client_params full_params = { MAILS(STAGE_BODY) };

/* Each of these in place of each answer. */
static const struct {
    const char *name, *say;
    enum peer_then then;
    enum client_outcome outcome;
    enum fault fault;
    unsigned code;
} troubles[] = {
    { "refused 5yz",  "550 5.7.1 no\r\n",    GO_ON,       OUTCOME_REFUSED, FAULT_NONE, 550 },
    { "refused 4yz",  "451-4.3.0 not\r\n451 4.3.0 now\r\n", GO_ON, OUTCOME_REFUSED, FAULT_NONE, 451 },
    { "421",          "421 4.3.2 bye\r\n",   THEN_CLOSE,  OUTCOME_REFUSED, FAULT_NONE, 421 },
    { "421 and open", "421 4.3.2 bye\r\n",   GO_ON,       OUTCOME_REFUSED, FAULT_NONE, 421 },
    { "closed",       "",                    THEN_CLOSE,  OUTCOME_FAILED,  FAULT_CONNECTION_LOST, 0 },
    { "reset",        "",                    THEN_RESET,  OUTCOME_FAILED,  FAULT_CONNECTION_RESET, 0 },
    { "silent",       "",                    THEN_SILENT, OUTCOME_FAILED,  FAULT_READ_TIMEOUT, 0 },
    { "half and silent", "250-a\r\n2",       THEN_SILENT, OUTCOME_FAILED,  FAULT_READ_TIMEOUT, 0 },
    { "half and closed", "550 5.7.1 n",      THEN_CLOSE,  OUTCOME_FAILED,  FAULT_CONNECTION_LOST, 550 },
    { "garbage",      "hello\r\n",           GO_ON,       OUTCOME_FAILED,  FAULT_PROTOCOL_ERROR, 0 },
    { "two digits",   "25 ok\r\n",           GO_ON,       OUTCOME_FAILED,  FAULT_PROTOCOL_ERROR, 0 },
    { "classes differ", "250-a\r\n550 b\r\n", GO_ON,      OUTCOME_FAILED,  FAULT_PROTOCOL_ERROR, 0 },
    { "class 6",      "650 a\r\n",           GO_ON,       OUTCOME_FAILED,  FAULT_PROTOCOL_ERROR, 0 },
    { "class 3",      "399 a\r\n",           GO_ON,       OUTCOME_FAILED,  FAULT_UNEXPECTED_REPLY, 399 },
};
/* clang-format on */

static void test_every_trouble_at_every_stage(void **state)
{
    (void)state;
    for (size_t at = 0; at < COUNT(full); at++) {
        for (size_t i = 0; i < COUNT(troubles); i++) {
            struct exchange script[COUNT(full)];
            char name[100];
            memcpy(script, full, sizeof full);
            script[at].say = troubles[i].say;
            script[at].then = troubles[i].then;
            snprintf(name, sizeof name, "%s at %s", troubles[i].name, stage_slug(full_stages[at]));
            struct peer p = {.name = name, .script = script, .count = at + 1, .cut_at = SIZE_MAX};
            peer_play(&p, &full_params);
            const struct client_report *r = client_report(p.client);
            enum client_outcome outcome = troubles[i].outcome;
            unsigned code = troubles[i].code;
            if (strcmp(troubles[i].name, "half and silent") == 0) {
                code = r->reply.code; /* "250-a" and "2": noted, no code to go by */
            }
            if (r->outcome != outcome || r->stage != full_stages[at] ||
                r->fault != troubles[i].fault || r->reply.code != code) {
                fail_msg("%s: want %s at %s, %s, %u; got %s at %s, %s, %u", name,
                         client_outcome_slug(outcome), stage_slug(full_stages[at]),
                         fault_name(troubles[i].fault), code, client_outcome_slug(r->outcome),
                         stage_slug(r->stage), fault_name(r->fault), r->reply.code);
            }
            bool is_unknown = full_stages[at] == STAGE_BODY && outcome == OUTCOME_FAILED;
            assert_int_equal(r->delivery_unknown, is_unknown);
            assert_false(r->mail_accepted);
            assert_int_equal(r->auth_accepted, at > 4);
            peer_free(&p);
        }
    }
}

/* The stream ends, hangs or breaks behind every octet: it must end, and never with a false success.
 */
static void test_cut_at_every_octet(void **state)
{
    (void)state;
    static const enum peer_then ways[] = {THEN_CLOSE, THEN_RESET, THEN_SILENT};
    size_t total = 0;
    for (size_t i = 0; i < COUNT(full); i++) {
        total += strlen(full[i].say);
    }
    for (size_t w = 0; w < COUNT(ways); w++) {
        for (size_t at = 0; at < total; at++) {
            for (size_t step = 0; step < 2; step++) {
                char name[60];
                snprintf(name, sizeof name, "cut at %zu by %d", at, ways[w]);
                struct peer p = {.name = name,
                                 .script = full,
                                 .count = COUNT(full),
                                 .step = step,
                                 .cut_at = at,
                                 .cut = ways[w]};
                peer_play(&p, &full_params);
                const struct client_report *r = client_report(p.client);
                if (r->outcome != OUTCOME_FAILED || r->fault == FAULT_NONE ||
                    r->stage == STAGE_NONE) {
                    fail_msg("%s: %s at %s, %s", name, client_outcome_slug(r->outcome),
                             stage_slug(r->stage), fault_name(r->fault));
                }
                assert_int_equal(r->delivery_unknown, r->stage == STAGE_BODY);
                peer_free(&p);
            }
        }
    }
}

static void test_report_of_success(void **state)
{
    (void)state;
    struct peer p = {.name = "full", .script = full, .count = COUNT(full), .cut_at = SIZE_MAX};
    peer_play(&p, &full_params);
    const struct client_report *r = client_report(p.client);
    assert_int_equal(r->outcome, OUTCOME_OK);
    assert_true(r->auth_sent && r->auth_accepted && r->auth_inside_tls && r->mail_accepted);
    assert_true(r->quit_sent && r->quit_answered && !r->delivery_unknown);
    assert_string_equal(r->mechanism, "PLAIN");
    assert_string_equal(r->tls_facts.version, "TLSv1.3");
    assert_int_equal(r->clear_count, 2);
    assert_int_equal(r->tls_count, 2);
    assert_true(slice_eq_text(r->clear[1], "STARTTLS"));
    assert_true(slice_eq_text(r->tls[0], "SIZE 1000000"));
    assert_int_equal(r->greeting.code, 220);
    assert_string_equal(r->reply.enhanced, "2.0.0");
    assert_true(slice_eq_text(r->reply.lines[0], "queued"));
    static const enum stage want[] = {STAGE_CONNECT, STAGE_GREETING, STAGE_EHLO, STAGE_STARTTLS,
                                      STAGE_TLS,     STAGE_EHLO,     STAGE_AUTH, STAGE_MAIL,
                                      STAGE_RCPT,    STAGE_DATA,     STAGE_BODY, STAGE_QUIT};
    assert_int_equal(r->stage_count, COUNT(want));
    for (size_t i = 0; i < COUNT(want); i++) {
        assert_int_equal(r->stages[i].stage, want[i]);
        assert_true(r->stages[i].is_ok);
    }
    peer_free(&p);
}

/* What came in clear behind the 220 is quoted, its first line, made harmless. */
static void test_injection_is_quoted(void **state)
{
    (void)state;
    static const struct exchange script[] = {
        {NULL, "220 x\r\n", GO_ON},
        {"EHLO", CLEAR, GO_ON},
        {"STARTTLS", "220 go\r\n454 4.3.0 TLS\x1b[2J not available\r\nmore", GO_ON}};
    struct client_params params = {AUTH("PLAIN")};
    struct peer p = {
        .name = "quoted", .script = script, .count = COUNT(script), .cut_at = SIZE_MAX};
    peer_play(&p, &params);
    const char *detail = client_report(p.client)->detail;
    assert_non_null(strstr(detail, "\"454 4.3.0 TLS"));
    assert_non_null(strstr(detail, "not available\""));
    assert_null(strchr(detail, 0x1b));
    peer_free(&p);
}

static void test_unverified_is_unproven(void **state)
{
    (void)state;
    struct peer p = {.name = "unverified",
                     .script = full,
                     .count = COUNT(full),
                     .cut_at = SIZE_MAX,
                     .is_unverified = true};
    peer_play(&p, &full_params);
    assert_int_equal(client_report(p.client)->outcome, OUTCOME_UNPROVEN);
    assert_int_equal(client_report(p.client)->stage, STAGE_BODY);
    peer_free(&p);
    static const struct exchange clear[] = {{NULL, "220 x\r\n", GO_ON},
                                            {"EHLO", "250-x\r\n250 AUTH PLAIN\r\n", GO_ON},
                                            {PLAIN, "235 ok\r\n", GO_ON}};
    struct client_params params = {AUTH("PLAIN"), .security = SECURITY_NONE, .may_skip_tls = true};
    struct peer q = {.name = "in clear",
                     .script = clear,
                     .count = COUNT(clear),
                     .cut_at = SIZE_MAX,
                     .may_be_in_clear = true};
    peer_play(&q, &params);
    assert_int_equal(client_report(q.client)->outcome, OUTCOME_UNPROVEN);
    assert_true(client_report(q.client)->auth_accepted);
    peer_free(&q);
}

static void test_error_document_and_large_token(void **state)
{
    (void)state;
    char token[12289]; /* in base64 longer than an AUTH command may be */
    memset(token, 'T', sizeof token - 1);
    token[sizeof token - 1] = '\0';
    static const struct exchange script[] = {
        UP,
        {"AUTH XOAUTH2", "334 \r\n", GO_ON},
        {"dXNlcj1qYW5lAWF1dGg9QmVhcmVyIFRUVF", "334 eyJzdGF0dXMiOiI0MDAifQ==\r\n", GO_ON},
        {"", "535 5.7.8 no\r\n", GO_ON}};
    struct client_params params = {AUTH("XOAUTH2")};
    params.secret = slice_of(token);
    struct peer p = {
        .name = "large token", .script = script, .count = COUNT(script), .cut_at = SIZE_MAX};
    peer_play(&p, &params);
    const struct client_report *r = client_report(p.client);
    assert_int_equal(r->outcome, OUTCOME_REFUSED);
    assert_int_equal(r->reply.code, 535);
    assert_true(slice_eq_text(r->error_document, "{\"status\":\"400\"}"));
    peer_free(&p);
}

static void test_time(void **state)
{
    (void)state;
    static const struct {
        int64_t total, greeting, quit, want;
    } rows_of_time[] = {
        {0, 7000000, 2000000, 9000000}, {3000000, 7000000, 2000000, 5000000}, {0, 0, 0, 305000000}};
    for (size_t i = 0; i < COUNT(rows_of_time); i++) {
        struct client_params params = {AUTH("PLAIN")};
        params.timeout.total = rows_of_time[i].total;
        params.timeout.greeting = rows_of_time[i].greeting;
        params.timeout.quit = rows_of_time[i].quit;
        static const struct exchange silent[] = {{NULL, "", THEN_SILENT}};
        struct peer p = {.name = "time", .script = silent, .count = 1, .cut_at = SIZE_MAX};
        peer_play(&p, &params);
        assert_int_equal(p.now, rows_of_time[i].want);
        assert_non_null(strstr(client_report(p.client)->detail,
                               rows_of_time[i].total ? "whole session" : "implicit TLS"));
        assert_true(client_report(p.client)->quit_sent && !client_report(p.client)->quit_answered);
        peer_free(&p);
    }
}

/* An answer that comes after its time is owed, and is not taken for the answer to QUIT. */
static void test_late_answer(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct { const char *say; bool is_answered; size_t unsolicited; } late[] = {
        { "250 late\r\n221 bye\r\n",              true,  1 },
        { "250-late\r\n250 really\r\n221 bye\r\n", true, 1 },
        { "221 bye\r\n",                            true,  0 },
        { "250 late\r\n",                           false, 1 },
        { "250 late\r\n500 what\r\n221 b\r\n",    false, 2 },
    };
    /* clang-format on */
    for (size_t i = 0; i < COUNT(late); i++) {
        const struct exchange script[] = {
            {NULL, "220 x\r\n", GO_ON}, {"EHLO", "", GO_ON}, {"QUIT", late[i].say, GO_ON}};
        struct client_params params = {.until = STAGE_EHLO};
        struct peer p = {.name = late[i].say, .script = script, .count = 3, .cut_at = SIZE_MAX};
        peer_play(&p, &params);
        const struct client_report *r = client_report(p.client);
        assert_int_equal(r->fault, FAULT_READ_TIMEOUT);
        if (r->quit_answered != late[i].is_answered ||
            r->unsolicited_count != late[i].unsolicited) {
            fail_msg("%s: answered %d, %zu unsolicited", late[i].say, r->quit_answered,
                     r->unsolicited_count);
        }
        peer_free(&p);
    }
}

static void test_never_connected(void **state)
{
    (void)state;
    struct client *c = NULL;
    struct why why;
    struct client_params params = {AUTH("PLAIN")};
    struct session_act act;
    assert_int_equal(client_new(&params, &c, &why), ERR_OK);
    struct session s = client_session(c);
    s.ops->next(s.self, 1000, &act);
    assert_int_equal(act.kind, SESSION_WAIT);
    assert_int_equal(s.ops->deadline_us(s.self), 15001000);
    s.ops->on_time(s.self, 15001000);
    s.ops->next(s.self, 15001000, &act);
    assert_int_equal(act.kind, SESSION_DONE);
    assert_int_equal(client_report(c)->fault, FAULT_CONNECT_TIMEOUT);
    client_free(c);
    assert_int_equal(client_new(&params, &c, &why), ERR_OK);
    s = client_session(c);
    struct session_news news = {.event = SESSION_CONNECT_FAILED, .fault = FAULT_DNS_FAILURE};
    s.ops->on_news(s.self, 5, &news);
    s.ops->next(s.self, 5, &act);
    assert_int_equal(act.kind, SESSION_DONE);
    assert_int_equal(client_report(c)->stage, STAGE_RESOLVE);
    assert_int_equal(client_report(c)->outcome, OUTCOME_FAILED);
    client_free(c);
}

/* The dialling belongs to the time for everything, and to the stage it stands for. */
static void test_time_of_dialling(void **state)
{
    (void)state;
    struct client *c = NULL;
    struct why why;
    struct client_params params = {AUTH("PLAIN"), .timeout = {.total = 15000000}};
    struct session_act act;
    assert_int_equal(client_new(&params, &c, &why), ERR_OK);
    client_start(c, 1000000);
    struct session s = client_session(c);
    s.ops->on_news(s.self, 9000000, &(struct session_news){.event = SESSION_CONNECTED});
    s.ops->next(s.self, 9000000, &act);
    assert_int_equal(act.kind, SESSION_WAIT);
    assert_int_equal(s.ops->deadline_us(s.self), 16000000);
    const struct client_report *r = client_report(c);
    assert_int_equal(r->stage_count, 1);
    assert_int_equal(r->stages[0].to_us - r->stages[0].from_us, 8000000);
    client_free(c);
}

#define X37  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X999 X37 X37 X37 X37 X37 X37 X37 X37 X37 X37 X37 X37 X37 X37 X37 X37 X37 X37 X37 X37 X37 X37 X37 X37 X37 X37 X37
static void test_refused_before_dialling(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct { const char *name; struct client_params params; enum err want; } bad[] = {
        { "unknown mechanism", { AUTH("NOSUCH") },                                       ERR_NOT_FOUND },
        { "helo",              { .until = STAGE_EHLO, .helo = {IN("x\r\nMAIL")} },       ERR_INVALID },
        { "helo bare address", { .until = STAGE_EHLO, .helo = {IN("127.0.0.1")} },       ERR_INVALID },
        { "sender",            { MAILS_BY(STAGE_MAIL, "a@b\r\nRCPT", "c@d.test") },       ERR_INVALID },
        { "no sender",         { MAILS_BY(STAGE_MAIL, "", "c@d.test") },                 ERR_INVALID },
        { "recipient",         { MAILS_BY(STAGE_RCPT, "a@b.test", "c@d>\n") },            ERR_INVALID },
        { "until nothing",     { .until = STAGE_NONE },                                  ERR_INVALID },
        { "until quit",        { .until = STAGE_QUIT },                                  ERR_INVALID },
        { "line of 999",       { MAILS(STAGE_BODY), .message = {IN(X999)} },             ERR_INVALID },
        { "line of 999 to data", { MAILS(STAGE_DATA), .message = {IN(X999)} },           ERR_INVALID },
        { "line of 999, not sent", { MAILS(STAGE_RCPT), .message = {IN(X999)} },         ERR_OK },
        { "line of 998",       { MAILS(STAGE_BODY), .message = {X999, 998} },            ERR_OK },
        { "NUL in message",    { MAILS(STAGE_BODY), .message = {IN("a\n\0b")} },         ERR_INVALID },
        { "NUL in password",   { .mechanism = {IN("PLAIN")}, .user = {IN("jane")}, .secret = {IN("a\0b")}, .until = STAGE_AUTH }, ERR_INVALID },
    };
    /* clang-format on */
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct client *c = NULL;
        struct why why;
        enum err got = client_new(&bad[i].params, &c, &why);
        bool is_fine = got == ERR_OK ? c != NULL : c == NULL && why.text[0] != '\0';
        if (got != bad[i].want || !is_fine) {
            fail_msg("%s: want %s, got %s", bad[i].name, err_name(bad[i].want), err_name(got));
        }
        client_free(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conversations),
        cmocka_unit_test(test_octet_by_octet),
        cmocka_unit_test(test_every_trouble_at_every_stage),
        cmocka_unit_test(test_cut_at_every_octet),
        cmocka_unit_test(test_report_of_success),
        cmocka_unit_test(test_injection_is_quoted),
        cmocka_unit_test(test_unverified_is_unproven),
        cmocka_unit_test(test_error_document_and_large_token),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_late_answer),
        cmocka_unit_test(test_never_connected),
        cmocka_unit_test(test_time_of_dialling),
        cmocka_unit_test(test_refused_before_dialling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
