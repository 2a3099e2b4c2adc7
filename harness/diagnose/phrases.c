/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words that servers of all kinds (and, of network and TLS, programs) use for a thing, where no rule knows the
 * sentence. They say
 * more than a code that was picked carelessly, and never enough to be sure: always `possible`, with
 * what the codes say beside it. First row first; the more specific stands before the more general.
 */
#include "diagnose/judge.h"

enum {
    START = 1 << STAGE_GREETING | 1 << STAGE_EHLO,
    LOGIN = 1 << STAGE_AUTH,
    MAIL = 1 << STAGE_MAIL,
    RCPT = 1 << STAGE_RCPT,
    BODY = 1 << STAGE_DATA | 1 << STAGE_BODY,
    SEND = MAIL | RCPT | BODY,
    ALL = START | LOGIN | SEND,
    NET = 1 << STAGE_RESOLVE | 1 << STAGE_CONNECT | 1 << STAGE_TLS,
    SECURE = 1 << STAGE_CONNECT | 1 << STAGE_STARTTLS | 1 << STAGE_TLS,
};

/* clang-format off */
static const struct phrase {
    const char *words; /* in any case, from the start of a word */
    unsigned stages;
    enum cause cause;
} phrases[] = {
    { "too many connections",       ALL,   CAUSE_SERVER_TOO_MANY_CONNECTIONS },
    { "too many concurrent",        ALL,   CAUSE_SERVER_TOO_MANY_CONNECTIONS },
    { "too many sessions",          ALL,   CAUSE_SERVER_TOO_MANY_CONNECTIONS },
    { "number of sessions",         ALL,   CAUSE_SERVER_TOO_MANY_CONNECTIONS },
    { "concurrent connection",      ALL,   CAUSE_SERVER_TOO_MANY_CONNECTIONS },
    { "connection limit",           ALL,   CAUSE_SERVER_TOO_MANY_CONNECTIONS },
    { "too frequent",               START | SEND, CAUSE_SEND_RATE_LIMITED },
    { "greylist",                   SEND,  CAUSE_SEND_GREYLISTED },
    { "graylist",                   SEND,  CAUSE_SEND_GREYLISTED },
    /* login */
    { "app password",               LOGIN, CAUSE_AUTH_APP_PASSWORD_REQUIRED },
    { "application-specific password", LOGIN, CAUSE_AUTH_APP_PASSWORD_REQUIRED },
    { "application specific password", LOGIN, CAUSE_AUTH_APP_PASSWORD_REQUIRED },
    { "authorization code",         LOGIN, CAUSE_AUTH_APP_PASSWORD_REQUIRED },
    { "basic authentication is",    LOGIN, CAUSE_AUTH_BASIC_AUTH_DISABLED },
    { "full email address",         LOGIN, CAUSE_AUTH_USERNAME_FORMAT },
    { "full e-mail address",        LOGIN, CAUSE_AUTH_USERNAME_FORMAT },
    { "password expired",           LOGIN, CAUSE_AUTH_PASSWORD_EXPIRED },
    { "password has expired",       LOGIN, CAUSE_AUTH_PASSWORD_EXPIRED },
    { "password is expired",        LOGIN, CAUSE_AUTH_PASSWORD_EXPIRED },
    { "token expired",              LOGIN, CAUSE_AUTH_TOKEN_EXPIRED },
    { "token has expired",          LOGIN, CAUSE_AUTH_TOKEN_EXPIRED },
    { "too many",                   LOGIN, CAUSE_AUTH_RATE_LIMITED },
    { "rate limit",                 LOGIN, CAUSE_AUTH_RATE_LIMITED },
    { "account locked",             LOGIN, CAUSE_AUTH_ACCOUNT_LOCKED },
    { "account is locked",          LOGIN, CAUSE_AUTH_ACCOUNT_LOCKED },
    { "temporarily locked",         LOGIN, CAUSE_AUTH_ACCOUNT_LOCKED },
    { "account disabled",           LOGIN, CAUSE_AUTH_ACCOUNT_DISABLED },
    { "account is disabled",        LOGIN, CAUSE_AUTH_ACCOUNT_DISABLED },
    { "account suspended",          LOGIN, CAUSE_AUTH_ACCOUNT_DISABLED },
    { "suspended",                  LOGIN, CAUSE_AUTH_ACCOUNT_DISABLED },
    { "credits exceeded",           LOGIN | SEND, CAUSE_SEND_QUOTA_EXCEEDED },
    { "web browser",                LOGIN, CAUSE_AUTH_WEB_LOGIN_REQUIRED },
    { "web interface",              LOGIN, CAUSE_AUTH_WEB_LOGIN_REQUIRED },
    { "use web ",                   LOGIN, CAUSE_AUTH_WEB_LOGIN_REQUIRED },
    { "invalid format",             LOGIN, CAUSE_AUTH_BAD_ENCODING },
    { "submission port",            LOGIN, CAUSE_AUTH_MECHANISM_UNSUPPORTED },
    { "paid plan",                  LOGIN, CAUSE_AUTH_SUBSCRIPTION_REQUIRED },
    { "base64",                     LOGIN, CAUSE_AUTH_BAD_ENCODING },
    { "cannot decode",              LOGIN, CAUSE_AUTH_BAD_ENCODING },
    { "temporary",                  LOGIN, CAUSE_AUTH_TEMPORARY_FAILURE },
    { "temporarily",                LOGIN, CAUSE_AUTH_TEMPORARY_FAILURE },
    { "encryption required",        LOGIN, CAUSE_AUTH_ENCRYPTION_REQUIRED },
    { "mechanism",                  LOGIN, CAUSE_AUTH_MECHANISM_UNSUPPORTED },
    { "authentication type",        LOGIN, CAUSE_AUTH_MECHANISM_UNSUPPORTED },
    /* who may send what from where */
    { "starttls command first",     ALL,   CAUSE_TLS_REQUIRED },
    { "requires tls",               ALL,   CAUSE_TLS_REQUIRED },
    { "authentication required",    MAIL | RCPT | BODY, CAUSE_AUTH_REQUIRED },
    { "authentication is required", MAIL | RCPT | BODY, CAUSE_AUTH_REQUIRED },
    { "must authenticate",          SEND,  CAUSE_AUTH_REQUIRED },
    { "please authenticate",        SEND,  CAUSE_AUTH_REQUIRED },
    { "unauthenticated sender",     SEND,  CAUSE_AUTH_REQUIRED },
    { "not authenticated",          SEND,  CAUSE_AUTH_REQUIRED },
    { "not logged in",              SEND,  CAUSE_AUTH_REQUIRED },
    { "not verified",               SEND,  CAUSE_SEND_SENDER_UNVERIFIED },
    { "unverified",                 MAIL | BODY, CAUSE_SEND_SENDER_UNVERIFIED },
    { "sandbox",                    SEND,  CAUSE_SEND_SANDBOX },
    { "authorized to send from",    SEND,  CAUSE_SEND_SENDER_NOT_PERMITTED },
    { "allowed to send as",         SEND,  CAUSE_SEND_SENDER_NOT_PERMITTED },
    { "permitted to send as",       SEND,  CAUSE_SEND_SENDER_NOT_PERMITTED },
    { "permissions to send as",     SEND,  CAUSE_SEND_SENDER_NOT_PERMITTED },
    { "not owned by",               SEND,  CAUSE_SEND_SENDER_NOT_PERMITTED },
    { "must use this domain",       SEND,  CAUSE_SEND_SENDER_NOT_PERMITTED },
    { "unusual sending",            SEND,  CAUSE_SEND_ACCOUNT_SUSPENDED },
    { "is paused",                  SEND,  CAUSE_SEND_ACCOUNT_SUSPENDED },
    { "account suspended",          SEND,  CAUSE_SEND_ACCOUNT_SUSPENDED },
    { "account is suspended",       MAIL | BODY, CAUSE_SEND_ACCOUNT_SUSPENDED },
    { "account has been suspended", MAIL | BODY, CAUSE_SEND_ACCOUNT_SUSPENDED },
    { "too many recipients",        SEND,  CAUSE_SEND_TOO_MANY_RECIPIENTS },
    { "temporarily deferred",       SEND,  CAUSE_SEND_RATE_LIMITED },
    { "too many emails",            SEND,  CAUSE_SEND_RATE_LIMITED },
    { "too many messages",          SEND,  CAUSE_SEND_RATE_LIMITED },
    { "rate limit",                 SEND,  CAUSE_SEND_RATE_LIMITED },
    { "throttl",                    SEND,  CAUSE_SEND_RATE_LIMITED },
    { "per second",                 SEND,  CAUSE_SEND_RATE_LIMITED },
    { "per minute",                 SEND,  CAUSE_SEND_RATE_LIMITED },
    { "daily",                      SEND,  CAUSE_SEND_QUOTA_EXCEEDED },
    { "per day",                    SEND,  CAUSE_SEND_QUOTA_EXCEEDED },
    { "monthly",                    SEND,  CAUSE_SEND_QUOTA_EXCEEDED },
    { "sending limit",              SEND,  CAUSE_SEND_QUOTA_EXCEEDED },
    { "relaying",                   SEND,  CAUSE_SEND_RELAY_DENIED },
    { "relay access",               SEND,  CAUSE_SEND_RELAY_DENIED },
    { "relay not permitted",        SEND,  CAUSE_SEND_RELAY_DENIED },
    { "unable to relay",            SEND,  CAUSE_SEND_RELAY_DENIED },
    /* recipients */
    { "domain not found",           RCPT,  CAUSE_SEND_RECIPIENT_DOMAIN_INVALID },
    { "domain does not exist",      RCPT,  CAUSE_SEND_RECIPIENT_DOMAIN_INVALID },
    { "domain not found",           MAIL,  CAUSE_SEND_SENDER_DOMAIN_INVALID },
    { "domain does not exist",      MAIL,  CAUSE_SEND_SENDER_DOMAIN_INVALID },
    { "overquota",                  RCPT | BODY, CAUSE_SEND_RECIPIENT_MAILBOX_FULL },
    { "over quota",                 RCPT | BODY, CAUSE_SEND_RECIPIENT_MAILBOX_FULL },
    { "mailbox full",               RCPT | BODY, CAUSE_SEND_RECIPIENT_MAILBOX_FULL },
    { "mailbox is full",            RCPT | BODY, CAUSE_SEND_RECIPIENT_MAILBOX_FULL },
    { "exceeded storage allocation", RCPT, CAUSE_SEND_RECIPIENT_MAILBOX_FULL },
    { "mailbox disabled",           RCPT | BODY, CAUSE_SEND_RECIPIENT_DISABLED },
    { "account is inactive",        RCPT | BODY, CAUSE_SEND_RECIPIENT_DISABLED },
    { "user unknown",               RCPT | BODY, CAUSE_SEND_RECIPIENT_UNKNOWN },
    { "unknown user",               RCPT | BODY, CAUSE_SEND_RECIPIENT_UNKNOWN },
    { "no such user",               RCPT | BODY, CAUSE_SEND_RECIPIENT_UNKNOWN },
    { "no such recipient",          RCPT | BODY, CAUSE_SEND_RECIPIENT_UNKNOWN },
    { "no mailbox",                 RCPT | BODY, CAUSE_SEND_RECIPIENT_UNKNOWN },
    { "mailbox not found",          RCPT | BODY, CAUSE_SEND_RECIPIENT_UNKNOWN },
    { "recipient not found",        RCPT | BODY, CAUSE_SEND_RECIPIENT_UNKNOWN },
    { "user doesn't have",          RCPT | BODY, CAUSE_SEND_RECIPIENT_UNKNOWN },
    { "does not exist",             RCPT,  CAUSE_SEND_RECIPIENT_UNKNOWN },
    /* the message */
    { "message too large",          SEND,  CAUSE_SEND_MESSAGE_TOO_LARGE },
    { "message size exceed",        SEND,  CAUSE_SEND_MESSAGE_TOO_LARGE },
    { "size limit",                 MAIL | BODY, CAUSE_SEND_MESSAGE_TOO_LARGE },
    { "dmarc",                      SEND,  CAUSE_SEND_DMARC_FAILED },
    { "dkim",                       SEND,  CAUSE_SEND_DMARC_FAILED },
    { "spf",                        SEND,  CAUSE_SEND_DMARC_FAILED },
    { "rfc compliant",              BODY,  CAUSE_SEND_MESSAGE_MALFORMED },
    { "from header",                BODY,  CAUSE_SEND_MESSAGE_MALFORMED },
    { "from: header",               BODY,  CAUSE_SEND_MESSAGE_MALFORMED },
    { "duplicate header",           BODY,  CAUSE_SEND_MESSAGE_MALFORMED },
    { "virus",                      BODY,  CAUSE_SEND_CONTENT_REJECTED },
    { "malware",                    BODY,  CAUSE_SEND_CONTENT_REJECTED },
    { "phishing",                   BODY,  CAUSE_SEND_CONTENT_REJECTED },
    { "dt:spm",                     BODY,  CAUSE_SEND_CONTENT_REJECTED },
    /* the sending address */
    { "spamhaus",                   START | SEND, CAUSE_SEND_IP_BLOCKED },
    { "blacklist",                  START | SEND, CAUSE_SEND_IP_BLOCKED },
    { "blocklist",                  START | SEND, CAUSE_SEND_IP_BLOCKED },
    { "block list",                 START | SEND, CAUSE_SEND_IP_BLOCKED },
    { "dnsbl",                      START | SEND, CAUSE_SEND_IP_BLOCKED },
    { "ptr record",                 START | SEND, CAUSE_SEND_IP_BLOCKED },
    { "reverse dns",                START | SEND, CAUSE_SEND_IP_BLOCKED },
    { "poor reputation",            START | SEND, CAUSE_SEND_IP_BLOCKED },
    /* last, what is said of anything */
    { "spam",                       BODY,  CAUSE_SEND_CONTENT_REJECTED },
    { "mail loop",                  SEND,  CAUSE_SEND_LOOP_DETECTED },
    { "too many hops",              SEND,  CAUSE_SEND_LOOP_DETECTED },
    { "policy reasons",             SEND,  CAUSE_SEND_POLICY_REJECTED },
    { "policy restrictions",        SEND,  CAUSE_SEND_POLICY_REJECTED },
    { "policy violation",           SEND,  CAUSE_SEND_POLICY_REJECTED },
    /* what programs and libraries say of network and TLS: OpenSSL, Schannel, Java, Go, rustls, Node, libc */
    { "forcibly closed by the remote", NET | START, CAUSE_NETWORK_CONNECTION_LOST },
    { "connection reset by peer",   NET | START, CAUSE_NETWORK_CONNECTION_LOST },
    { "econnreset",                 NET | START, CAUSE_NETWORK_CONNECTION_LOST },
    { "broken pipe",                NET | START, CAUSE_NETWORK_CONNECTION_LOST },
    { "unexpected eof",             NET | START, CAUSE_NETWORK_CONNECTION_LOST },
    { "connection refused",         NET,   CAUSE_NETWORK_CONNECT_REFUSED },
    { "actively refused",           NET,   CAUSE_NETWORK_CONNECT_REFUSED },
    { "econnrefused",               NET,   CAUSE_NETWORK_CONNECT_REFUSED },
    { "getaddrinfo",                NET,   CAUSE_NETWORK_DNS_FAILURE },
    { "enotfound",                  NET,   CAUSE_NETWORK_DNS_FAILURE },
    { "no such host",               NET,   CAUSE_NETWORK_DNS_FAILURE },
    { "name or service not known",  NET,   CAUSE_NETWORK_DNS_FAILURE },
    { "could not resolve",          NET,   CAUSE_NETWORK_DNS_FAILURE },
    { "nodename nor servname",      NET,   CAUSE_NETWORK_DNS_FAILURE },
    { "temporary failure in name resolution", NET,   CAUSE_NETWORK_DNS_FAILURE },
    { "unknownhostexception",       NET,   CAUSE_NETWORK_DNS_FAILURE },
    { "no route to host",           NET,   CAUSE_NETWORK_UNREACHABLE },
    { "network is unreachable",     NET,   CAUSE_NETWORK_UNREACHABLE },
    { "ehostunreach",               NET,   CAUSE_NETWORK_UNREACHABLE },
    { "enetunreach",                NET,   CAUSE_NETWORK_UNREACHABLE },
    { "timed out",                  NET,   CAUSE_NETWORK_CONNECT_TIMEOUT },
    { "etimedout",                  NET,   CAUSE_NETWORK_CONNECT_TIMEOUT },
    { "connection timeout",         NET,   CAUSE_NETWORK_CONNECT_TIMEOUT },
    { "failed to respond",          NET,   CAUSE_NETWORK_CONNECT_TIMEOUT },
    { "wrong version number",       SECURE, CAUSE_TLS_WRONG_MODE },
    { "packet length too long",     SECURE, CAUSE_TLS_WRONG_MODE },
    { "first record does not look like a tls", SECURE, CAUSE_TLS_WRONG_MODE },
    { "unrecognized ssl message",   SECURE, CAUSE_TLS_WRONG_MODE },
    { "record layer failure",       SECURE, CAUSE_TLS_WRONG_MODE },
    { "certificate has expired",    SECURE, CAUSE_TLS_CERTIFICATE_EXPIRED },
    { "certificate expired",        SECURE, CAUSE_TLS_CERTIFICATE_EXPIRED },
    { "cert_has_expired",           SECURE, CAUSE_TLS_CERTIFICATE_EXPIRED },
    { "expired certificate",        SECURE, CAUSE_TLS_CERTIFICATE_EXPIRED },
    { "self signed certificate",    SECURE, CAUSE_TLS_SELF_SIGNED },
    { "self-signed certificate",    SECURE, CAUSE_TLS_SELF_SIGNED },
    { "self_signed_cert",           SECURE, CAUSE_TLS_SELF_SIGNED },
    { "depth_zero_self_signed",     SECURE, CAUSE_TLS_SELF_SIGNED },
    { "causedasendentity",          SECURE, CAUSE_TLS_SELF_SIGNED },
    { "self-signed",                SECURE, CAUSE_TLS_SELF_SIGNED },
    { "hostname mismatch",          SECURE, CAUSE_TLS_HOSTNAME_MISMATCH },
    { "certificate is valid for",   SECURE, CAUSE_TLS_HOSTNAME_MISMATCH },
    { "altnames",                   SECURE, CAUSE_TLS_HOSTNAME_MISMATCH },
    { "notvalidforname",            SECURE, CAUSE_TLS_HOSTNAME_MISMATCH },
    { "no subject alternative",     SECURE, CAUSE_TLS_HOSTNAME_MISMATCH },
    { "remotecertificatenamemismatch", SECURE, CAUSE_TLS_HOSTNAME_MISMATCH },
    { "hostname/ip does not match", SECURE, CAUSE_TLS_HOSTNAME_MISMATCH },
    { "unable to get local issuer", SECURE, CAUSE_TLS_UNTRUSTED_ISSUER },
    { "unable to get issuer",       SECURE, CAUSE_TLS_UNTRUSTED_ISSUER },
    { "unable_to_verify_leaf",      SECURE, CAUSE_TLS_UNTRUSTED_ISSUER },
    { "unable to verify the first", SECURE, CAUSE_TLS_UNTRUSTED_ISSUER },
    { "unable_to_get_issuer",       SECURE, CAUSE_TLS_UNTRUSTED_ISSUER },
    { "unknown authority",          SECURE, CAUSE_TLS_UNTRUSTED_ISSUER },
    { "unknownissuer",              SECURE, CAUSE_TLS_UNTRUSTED_ISSUER },
    { "pkix path building failed",  SECURE, CAUSE_TLS_UNTRUSTED_ISSUER },
    { "remotecertificatechainerrors", SECURE, CAUSE_TLS_UNTRUSTED_ISSUER },
    { "unknown ca",                 SECURE, CAUSE_TLS_UNTRUSTED_ISSUER },
    { "alert protocol version",     SECURE, CAUSE_TLS_PROTOCOL_VERSION },
    { "unsupported protocol",       SECURE, CAUSE_TLS_PROTOCOL_VERSION },
    { "no protocols available",     SECURE, CAUSE_TLS_PROTOCOL_VERSION },
    { "unsupported_ssl_version",    SECURE, CAUSE_TLS_PROTOCOL_VERSION },
    { "protocol_version",           SECURE, CAUSE_TLS_PROTOCOL_VERSION },
    { "alert handshake failure",    SECURE, CAUSE_TLS_HANDSHAKE_FAILED },
    { "handshake_failure",          SECURE, CAUSE_TLS_HANDSHAKE_FAILED },
    { "no shared cipher",           SECURE, CAUSE_TLS_HANDSHAKE_FAILED },
};
/* clang-format on */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static const char *words_of(size_t i)
{
    return phrases[i].words;
}

void phrases_index(struct starts *out, struct arena *arena)
{
    starts_build(out, words_of, COUNT(phrases), arena);
}

/* The first row below `end` whose words stand here. */
static size_t row_at(const struct starts *index, struct slice here, unsigned where, size_t end)
{
    for (size_t i = starts_first(index, here); i != 0 && i <= end; i = starts_next(index, i)) {
        const struct phrase *p = &phrases[i - 1];
        if ((p->stages & where) != 0 && starts_stand_at(here, p->words)) {
            return i - 1;
        }
    }
    return end;
}

enum cause phrase_cause(const struct starts *index, struct slice text, enum stage stage,
                        const char **words)
{
    unsigned where = stage == STAGE_NONE ? (unsigned)SEND : 1U << stage;
    size_t best = COUNT(phrases);
    for (size_t at = 0; at < text.n; at++) {
        if (is_letter(text.p[at]) && (at == 0 || !is_letter(text.p[at - 1]))) {
            best = row_at(index, slice_from(text, at), where, best);
        }
    }
    if (best == COUNT(phrases)) {
        return CAUSE_UNKNOWN;
    }
    *words = phrases[best].words;
    return phrases[best].cause;
}
