/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The standards' codes by stage: RFC 5321 4.2.3 and 4.3.2, RFC 4954 6, RFC 3207 4, RFC 3463 and the
 * IANA registry of enhanced status codes (RFC 5248). The first row that fits decides, so rows for a
 * stage stand before those for any stage. A code alone is seldom sure.
 */
#include "diagnose/codes.h"

#define ANY STAGE_NONE

/* clang-format off */
static const struct enhanced_row {
    unsigned class, subject, detail; /* class 0: 4 and 5 */
    enum stage stage;
    enum cause cause;
    enum sureness sure;
    const char *source;
} enhanced_rows[] = {
    {0, 7,  0, STAGE_STARTTLS, CAUSE_TLS_STARTTLS_REFUSED,        SURE_LIKELY,   "RFC 3207 4"},
    {4, 7,  0, STAGE_AUTH,     CAUSE_AUTH_TEMPORARY_FAILURE,      SURE_LIKELY,   "RFC 4954 6"},
    {5, 7,  8, STAGE_AUTH,     CAUSE_AUTH_CREDENTIALS_REJECTED,   SURE_LIKELY,   "RFC 4954 6"},
    {5, 7,  9, STAGE_AUTH,     CAUSE_AUTH_MECHANISM_TOO_WEAK,     SURE_POSSIBLE, "RFC 4954 6"},
    {5, 7, 11, ANY,            CAUSE_AUTH_ENCRYPTION_REQUIRED,    SURE_LIKELY,   "RFC 4954 6"},
    {0, 7, 12, STAGE_AUTH,     CAUSE_AUTH_PASSWORD_EXPIRED,       SURE_POSSIBLE, "RFC 4954 6"},
    {5, 7, 13, STAGE_AUTH,     CAUSE_AUTH_ACCOUNT_DISABLED,       SURE_LIKELY,   "RFC 5248, 5.7.13"},
    {0, 7, 14, STAGE_AUTH,     CAUSE_AUTH_CREDENTIALS_REJECTED,   SURE_POSSIBLE, "RFC 5248, X.7.14"},
    {5, 7,  4, STAGE_AUTH,     CAUSE_AUTH_MECHANISM_UNSUPPORTED,  SURE_LIKELY,   "RFC 5248, 5.7.4"},
    {5, 5,  4, STAGE_AUTH,     CAUSE_AUTH_MECHANISM_UNSUPPORTED,  SURE_LIKELY,   "RFC 4954 4"},
    {5, 5,  2, STAGE_AUTH,     CAUSE_AUTH_BAD_ENCODING,           SURE_LIKELY,   "RFC 4954 4"},
    {5, 5,  6, STAGE_AUTH,     CAUSE_AUTH_BAD_ENCODING,           SURE_LIKELY,   "RFC 4954 4"},
    {0, 1,  1, STAGE_RCPT,     CAUSE_SEND_RECIPIENT_UNKNOWN,      SURE_LIKELY,   "RFC 3463 3.2"},
    {0, 1,  1, STAGE_BODY,     CAUSE_SEND_RECIPIENT_UNKNOWN,      SURE_LIKELY,   "RFC 3463 3.2"},
    {0, 1,  2, ANY,            CAUSE_SEND_RECIPIENT_DOMAIN_INVALID, SURE_LIKELY, "RFC 3463 3.2"},
    {0, 1,  3, ANY,            CAUSE_SEND_RECIPIENT_SYNTAX,       SURE_LIKELY,   "RFC 3463 3.2"},
    {0, 1,  6, ANY,            CAUSE_SEND_RECIPIENT_UNKNOWN,      SURE_LIKELY,   "RFC 3463 3.2"},
    {0, 1,  7, ANY,            CAUSE_SEND_SENDER_SYNTAX,          SURE_LIKELY,   "RFC 3463 3.2"},
    {0, 1,  8, ANY,            CAUSE_SEND_SENDER_DOMAIN_INVALID,  SURE_LIKELY,   "RFC 3463 3.2"},
    {5, 1, 10, ANY,            CAUSE_SEND_RECIPIENT_DOMAIN_INVALID, SURE_LIKELY, "RFC 7505 4.2"},
    {0, 2,  1, ANY,            CAUSE_SEND_RECIPIENT_DISABLED,     SURE_LIKELY,   "RFC 3463 3.3"},
    {0, 2,  2, STAGE_RCPT,     CAUSE_SEND_RECIPIENT_MAILBOX_FULL, SURE_LIKELY,   "RFC 3463 3.3"},
    {5, 2,  2, STAGE_BODY,     CAUSE_SEND_SENDER_MAILBOX_FULL,    SURE_POSSIBLE, "RFC 3463 3.3"},
    {0, 2,  3, ANY,            CAUSE_SEND_MESSAGE_TOO_LARGE,      SURE_LIKELY,   "RFC 3463 3.3"},
    {0, 3,  1, ANY,            CAUSE_SERVER_STORAGE,              SURE_LIKELY,   "RFC 3463 3.4"},
    {4, 3,  2, ANY,            CAUSE_SERVER_UNAVAILABLE,          SURE_LIKELY,   "RFC 3463 3.4"},
    {0, 3,  4, ANY,            CAUSE_SEND_MESSAGE_TOO_LARGE,      SURE_LIKELY,   "RFC 3463 3.4"},
    {4, 4,  5, ANY,            CAUSE_SERVER_BUSY,                 SURE_LIKELY,   "RFC 3463 3.5"},
    {0, 4,  6, ANY,            CAUSE_SEND_LOOP_DETECTED,          SURE_LIKELY,   "RFC 3463 3.5"},
    {0, 5,  3, ANY,            CAUSE_SEND_TOO_MANY_RECIPIENTS,    SURE_LIKELY,   "RFC 3463 3.6"},
    {5, 6,  7, ANY,            CAUSE_SEND_SMTPUTF8_UNSUPPORTED,   SURE_LIKELY,   "RFC 6531 3.6"},
    {5, 6,  9, ANY,            CAUSE_SEND_SMTPUTF8_UNSUPPORTED,   SURE_POSSIBLE, "RFC 6531 3.6"},
    {5, 6,  0, ANY,            CAUSE_SEND_MESSAGE_MALFORMED,      SURE_LIKELY,   "RFC 3463 3.7"},
    {0, 7, 20, ANY,            CAUSE_SEND_DMARC_FAILED,           SURE_LIKELY,   "RFC 7372 3.1"},
    {0, 7, 21, ANY,            CAUSE_SEND_DMARC_FAILED,           SURE_LIKELY,   "RFC 7372 3.1"},
    {0, 7, 22, ANY,            CAUSE_SEND_DMARC_FAILED,           SURE_LIKELY,   "RFC 7372 3.1"},
    {0, 7, 23, ANY,            CAUSE_SEND_DMARC_FAILED,           SURE_LIKELY,   "RFC 7372 3.2"},
    {0, 7, 25, ANY,            CAUSE_SEND_IP_BLOCKED,             SURE_LIKELY,   "RFC 7372 3.3"},
    {0, 7, 26, ANY,            CAUSE_SEND_DMARC_FAILED,           SURE_LIKELY,   "RFC 7372 3.4"},
    {0, 7, 28, ANY,            CAUSE_SEND_RATE_LIMITED,           SURE_LIKELY,   "RFC 5248, X.7.28"},
    {5, 7, 57, ANY,            CAUSE_AUTH_REQUIRED,               SURE_LIKELY,   "Exchange Online, 5.7.57"},
    {5, 7, 60, ANY,            CAUSE_SEND_SENDER_NOT_PERMITTED,   SURE_LIKELY,   "Exchange Online, 5.7.60"},
    {5, 7,  1, STAGE_GREETING, CAUSE_SERVER_ACCESS_DENIED,        SURE_LIKELY,   "RFC 3463 3.8"},
    {5, 7,  1, STAGE_MAIL,     CAUSE_SEND_SENDER_NOT_PERMITTED,   SURE_POSSIBLE, "RFC 3463 3.8"},
    {5, 7,  1, STAGE_RCPT,     CAUSE_SEND_RELAY_DENIED,           SURE_POSSIBLE, "RFC 3463 3.8"},
    {5, 7,  1, STAGE_BODY,     CAUSE_SEND_POLICY_REJECTED,        SURE_POSSIBLE, "RFC 3463 3.8"},
};

static const struct code_row {
    unsigned code;
    enum stage stage;
    enum cause cause;
    enum sureness sure;
    const char *source;
} code_rows[] = {
    {421, ANY,            CAUSE_SERVER_UNAVAILABLE,            SURE_LIKELY,   "RFC 5321 3.8"},
    {432, STAGE_AUTH,     CAUSE_AUTH_PASSWORD_EXPIRED,         SURE_POSSIBLE, "RFC 4954 6"},
    {450, STAGE_RCPT,     CAUSE_SEND_GREYLISTED,               SURE_POSSIBLE, "RFC 5321 4.2.3"},
    {451, ANY,            CAUSE_SERVER_UNAVAILABLE,            SURE_POSSIBLE, "RFC 5321 4.2.3"},
    {452, STAGE_RCPT,     CAUSE_SEND_TOO_MANY_RECIPIENTS,      SURE_POSSIBLE, "RFC 5321 4.5.3.1.10"},
    {452, ANY,            CAUSE_SERVER_STORAGE,                SURE_POSSIBLE, "RFC 5321 4.2.3"},
    {454, STAGE_STARTTLS, CAUSE_TLS_STARTTLS_REFUSED,          SURE_CERTAIN,  "RFC 3207 4"},
    {454, STAGE_AUTH,     CAUSE_AUTH_TEMPORARY_FAILURE,        SURE_LIKELY,   "RFC 4954 6"},
    {500, STAGE_STARTTLS, CAUSE_TLS_STARTTLS_REFUSED,          SURE_LIKELY,   "RFC 3207 4"},
    {501, STAGE_STARTTLS, CAUSE_TLS_STARTTLS_REFUSED,          SURE_LIKELY,   "RFC 3207 4"},
    {502, STAGE_STARTTLS, CAUSE_TLS_STARTTLS_REFUSED,          SURE_LIKELY,   "RFC 3207 4"},
    {503, STAGE_STARTTLS, CAUSE_TLS_STARTTLS_REFUSED,          SURE_LIKELY,   "RFC 3207 4"},
    {550, STAGE_STARTTLS, CAUSE_TLS_STARTTLS_REFUSED,          SURE_LIKELY,   "RFC 3207 4"},
    {554, STAGE_STARTTLS, CAUSE_TLS_STARTTLS_REFUSED,          SURE_LIKELY,   "RFC 3207 4"},
    {500, ANY,            CAUSE_SERVER_COMMAND_UNRECOGNIZED,   SURE_LIKELY,   "RFC 5321 4.2.4"},
    {501, STAGE_EHLO,     CAUSE_SERVER_EHLO_NAME_REJECTED,     SURE_LIKELY,   "RFC 5321 4.1.1.1"},
    {501, STAGE_AUTH,     CAUSE_AUTH_BAD_ENCODING,             SURE_LIKELY,   "RFC 4954 4"},
    {501, STAGE_MAIL,     CAUSE_SEND_SENDER_SYNTAX,            SURE_POSSIBLE, "RFC 5321 4.3.2"},
    {501, STAGE_RCPT,     CAUSE_SEND_RECIPIENT_SYNTAX,         SURE_POSSIBLE, "RFC 5321 4.3.2"},
    {501, ANY,            CAUSE_SERVER_SYNTAX_ERROR,           SURE_LIKELY,   "RFC 5321 4.2.3"},
    {502, ANY,            CAUSE_SERVER_COMMAND_UNRECOGNIZED,   SURE_LIKELY,   "RFC 5321 4.2.4"},
    {503, ANY,            CAUSE_SERVER_BAD_SEQUENCE,           SURE_LIKELY,   "RFC 5321 4.2.3"},
    {504, STAGE_AUTH,     CAUSE_AUTH_MECHANISM_UNSUPPORTED,    SURE_LIKELY,   "RFC 4954 4"},
    {504, ANY,            CAUSE_SERVER_SYNTAX_ERROR,           SURE_POSSIBLE, "RFC 5321 4.2.3"},
    {521, STAGE_GREETING, CAUSE_SERVER_ACCESS_DENIED,          SURE_LIKELY,   "RFC 7504 3"},
    {530, ANY,            CAUSE_AUTH_REQUIRED,                 SURE_LIKELY,   "RFC 4954 6"},
    {534, STAGE_AUTH,     CAUSE_AUTH_MECHANISM_TOO_WEAK,       SURE_POSSIBLE, "RFC 4954 6"},
    {535, STAGE_AUTH,     CAUSE_AUTH_CREDENTIALS_REJECTED,     SURE_LIKELY,   "RFC 4954 6"},
    {538, ANY,            CAUSE_AUTH_ENCRYPTION_REQUIRED,      SURE_LIKELY,   "RFC 4954 6"},
    {550, STAGE_EHLO,     CAUSE_SERVER_EHLO_NAME_REJECTED,     SURE_POSSIBLE, "RFC 5321 4.3.2"},
    {550, STAGE_GREETING, CAUSE_SERVER_ACCESS_DENIED,          SURE_POSSIBLE, "RFC 5321 3.1"},
    {550, STAGE_MAIL,     CAUSE_SEND_SENDER_NOT_PERMITTED,     SURE_POSSIBLE, "RFC 5321 4.3.2"},
    {550, STAGE_RCPT,     CAUSE_SEND_RECIPIENT_UNKNOWN,        SURE_POSSIBLE, "RFC 5321 4.2.3"},
    {550, STAGE_BODY,     CAUSE_SEND_POLICY_REJECTED,          SURE_POSSIBLE, "RFC 5321 4.2.3"},
    {551, STAGE_RCPT,     CAUSE_SEND_RELAY_DENIED,             SURE_POSSIBLE, "RFC 5321 3.4"},
    {552, STAGE_RCPT,     CAUSE_SEND_RECIPIENT_MAILBOX_FULL,   SURE_POSSIBLE, "RFC 5321 4.2.3"},
    {552, ANY,            CAUSE_SEND_MESSAGE_TOO_LARGE,        SURE_LIKELY,   "RFC 1870 6.2"},
    {553, STAGE_MAIL,     CAUSE_SEND_SENDER_SYNTAX,            SURE_POSSIBLE, "RFC 5321 4.2.3"},
    {553, STAGE_RCPT,     CAUSE_SEND_RECIPIENT_SYNTAX,         SURE_POSSIBLE, "RFC 5321 4.2.3"},
    {554, STAGE_GREETING, CAUSE_SERVER_ACCESS_DENIED,          SURE_LIKELY,   "RFC 5321 3.1"},
    {554, STAGE_RCPT,     CAUSE_SEND_RELAY_DENIED,             SURE_POSSIBLE, "RFC 5321 4.3.2"},
    {554, STAGE_BODY,     CAUSE_SEND_CONTENT_REJECTED,         SURE_POSSIBLE, "RFC 5321 4.2.3"},
    {555, ANY,            CAUSE_SERVER_SYNTAX_ERROR,           SURE_LIKELY,   "RFC 5321 4.1.1.11"},
    {556, STAGE_RCPT,     CAUSE_SEND_RECIPIENT_DOMAIN_INVALID, SURE_LIKELY,   "RFC 7504 4"},
};
/* clang-format on */

struct code_meaning code_enhanced_meaning(const struct enhanced *e, unsigned code, enum stage stage)
{
    if (e->class == 0 || (code != 0 && !enhanced_fits(e, code))) {
        return (struct code_meaning){.cause = CAUSE_UNKNOWN};
    }
    for (size_t i = 0; i < COUNT(enhanced_rows); i++) {
        const struct enhanced_row *r = &enhanced_rows[i];
        if ((r->class == 0 || r->class == e->class) && r->subject == e->subject &&
            r->detail == e->detail && (r->stage == ANY || r->stage == stage)) {
            return (struct code_meaning){r->cause, r->sure, r->source};
        }
    }
    return (struct code_meaning){.cause = CAUSE_UNKNOWN};
}

struct code_meaning code_reply_meaning(unsigned code, enum stage stage)
{
    for (size_t i = 0; i < COUNT(code_rows); i++) {
        const struct code_row *r = &code_rows[i];
        if (r->code == code && (r->stage == ANY || r->stage == stage)) {
            return (struct code_meaning){r->cause, r->sure, r->source};
        }
    }
    return (struct code_meaning){.cause = CAUSE_UNKNOWN};
}
