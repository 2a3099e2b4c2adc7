/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what went wrong in TLS to one fault: the verification's error (RFC 5280 6, RFC 9525), the
 * alert (RFC 8446 6), OpenSSL's reason, or the first octets when they are not TLS at all
 * (RFC 8314 3.3: the port speaks the other mode).
 */
#include "net/tls_parts.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

enum { TEXT_OCTETS = 5 /* a record header: before that, nobody can tell */ };

/* clang-format off */
static const struct verify_row {
    int error;
    enum fault fault;
} verify_rows[] = {
    { X509_V_ERR_CERT_HAS_EXPIRED,                        FAULT_TLS_EXPIRED },
    { X509_V_ERR_CERT_NOT_YET_VALID,                      FAULT_TLS_NOT_YET_VALID },
    { X509_V_ERR_CERT_REVOKED,                            FAULT_TLS_REVOKED },
    { X509_V_ERR_HOSTNAME_MISMATCH,                       FAULT_TLS_HOSTNAME },
    { X509_V_ERR_EMAIL_MISMATCH,                          FAULT_TLS_HOSTNAME },
    { X509_V_ERR_IP_ADDRESS_MISMATCH,                     FAULT_TLS_HOSTNAME },
    { X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,             FAULT_TLS_SELF_SIGNED },
    { X509_V_ERR_EE_KEY_TOO_SMALL,                        FAULT_TLS_WEAK_KEY },
    { X509_V_ERR_CA_KEY_TOO_SMALL,                        FAULT_TLS_WEAK_KEY },
    { X509_V_ERR_CA_MD_TOO_WEAK,                          FAULT_TLS_WEAK_KEY },
    { X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE,        FAULT_TLS_INVALID },
    { X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY,      FAULT_TLS_INVALID },
    { X509_V_ERR_CERT_SIGNATURE_FAILURE,                  FAULT_TLS_INVALID },
    { X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD,          FAULT_TLS_INVALID },
    { X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD,           FAULT_TLS_INVALID },
    { X509_V_ERR_NO_ISSUER_PUBLIC_KEY,                    FAULT_TLS_INVALID },
    { X509_V_ERR_PATH_LENGTH_EXCEEDED,                    FAULT_TLS_INVALID },
    { X509_V_ERR_INVALID_PURPOSE,                         FAULT_TLS_INVALID },
    { X509_V_ERR_CERT_REJECTED,                           FAULT_TLS_INVALID },
    { X509_V_ERR_SUBJECT_ISSUER_MISMATCH,                 FAULT_TLS_INVALID },
    { X509_V_ERR_AKID_SKID_MISMATCH,                      FAULT_TLS_INVALID },
    { X509_V_ERR_AKID_ISSUER_SERIAL_MISMATCH,             FAULT_TLS_INVALID },
    { X509_V_ERR_KEYUSAGE_NO_CERTSIGN,                    FAULT_TLS_INVALID },
    { X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION,            FAULT_TLS_INVALID },
    { X509_V_ERR_INVALID_NON_CA,                          FAULT_TLS_INVALID },
    { X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED,              FAULT_TLS_INVALID },
    { X509_V_ERR_KEYUSAGE_NO_DIGITAL_SIGNATURE,           FAULT_TLS_INVALID },
    { X509_V_ERR_PROXY_CERTIFICATES_NOT_ALLOWED,          FAULT_TLS_INVALID },
    { X509_V_ERR_INVALID_EXTENSION,                       FAULT_TLS_INVALID },
    { X509_V_ERR_INVALID_POLICY_EXTENSION,                FAULT_TLS_INVALID },
    { X509_V_ERR_NO_EXPLICIT_POLICY,                      FAULT_TLS_INVALID },
    { X509_V_ERR_UNSUPPORTED_EXTENSION_FEATURE,           FAULT_TLS_INVALID },
    { X509_V_ERR_UNNESTED_RESOURCE,                       FAULT_TLS_INVALID },
    { X509_V_ERR_PERMITTED_VIOLATION,                     FAULT_TLS_INVALID },
    { X509_V_ERR_EXCLUDED_VIOLATION,                      FAULT_TLS_INVALID },
    { X509_V_ERR_SUBTREE_MINMAX,                          FAULT_TLS_INVALID },
    { X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE,             FAULT_TLS_INVALID },
    { X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX,           FAULT_TLS_INVALID },
    { X509_V_ERR_UNSUPPORTED_NAME_SYNTAX,                 FAULT_TLS_INVALID },
    { X509_V_ERR_PATH_LOOP,                               FAULT_TLS_INVALID },
    { X509_V_ERR_SUITE_B_INVALID_VERSION,                 FAULT_TLS_INVALID },
    { X509_V_ERR_SUITE_B_INVALID_ALGORITHM,               FAULT_TLS_INVALID },
    { X509_V_ERR_SUITE_B_INVALID_CURVE,                   FAULT_TLS_INVALID },
    { X509_V_ERR_SUITE_B_INVALID_SIGNATURE_ALGORITHM,     FAULT_TLS_INVALID },
    { X509_V_ERR_SUITE_B_LOS_NOT_ALLOWED,                 FAULT_TLS_INVALID },
    { X509_V_ERR_SUITE_B_CANNOT_SIGN_P_384_WITH_P_256,    FAULT_TLS_INVALID },
    { X509_V_ERR_PROXY_SUBJECT_NAME_VIOLATION,            FAULT_TLS_INVALID },
    { X509_V_ERR_UNSUPPORTED_SIGNATURE_ALGORITHM,         FAULT_TLS_INVALID },
    { X509_V_ERR_SIGNATURE_ALGORITHM_MISMATCH,            FAULT_TLS_INVALID },
    { X509_V_ERR_SIGNATURE_ALGORITHM_INCONSISTENCY,       FAULT_TLS_INVALID },
    { X509_V_ERR_INVALID_CA,                              FAULT_TLS_INVALID },
    { X509_V_ERR_PATHLEN_INVALID_FOR_NON_CA,              FAULT_TLS_INVALID },
    { X509_V_ERR_PATHLEN_WITHOUT_KU_KEY_CERT_SIGN,        FAULT_TLS_INVALID },
    { X509_V_ERR_KU_KEY_CERT_SIGN_INVALID_FOR_NON_CA,     FAULT_TLS_INVALID },
    { X509_V_ERR_ISSUER_NAME_EMPTY,                       FAULT_TLS_INVALID },
    { X509_V_ERR_SUBJECT_NAME_EMPTY,                      FAULT_TLS_INVALID },
    { X509_V_ERR_MISSING_AUTHORITY_KEY_IDENTIFIER,        FAULT_TLS_INVALID },
    { X509_V_ERR_MISSING_SUBJECT_KEY_IDENTIFIER,          FAULT_TLS_INVALID },
    { X509_V_ERR_EMPTY_SUBJECT_ALT_NAME,                  FAULT_TLS_INVALID },
    { X509_V_ERR_EMPTY_SUBJECT_SAN_NOT_CRITICAL,          FAULT_TLS_INVALID },
    { X509_V_ERR_CA_BCONS_NOT_CRITICAL,                   FAULT_TLS_INVALID },
    { X509_V_ERR_AUTHORITY_KEY_IDENTIFIER_CRITICAL,       FAULT_TLS_INVALID },
    { X509_V_ERR_SUBJECT_KEY_IDENTIFIER_CRITICAL,         FAULT_TLS_INVALID },
    { X509_V_ERR_CA_CERT_MISSING_KEY_USAGE,               FAULT_TLS_INVALID },
    { X509_V_ERR_EXTENSIONS_REQUIRE_VERSION_3,            FAULT_TLS_INVALID },
    { X509_V_ERR_EC_KEY_EXPLICIT_PARAMS,                  FAULT_TLS_INVALID },
};

/* needs_request: only when the server had asked for a certificate does it mean that one is wanted */
static const struct alert_row {
    int alert;
    enum fault fault;
    bool needs_request;
} alert_rows[] = {
    { SSL3_AD_HANDSHAKE_FAILURE,        FAULT_TLS_CLIENT_CERT, true },
    { SSL3_AD_NO_CERTIFICATE,           FAULT_TLS_CLIENT_CERT, false },
    { SSL3_AD_BAD_CERTIFICATE,          FAULT_TLS_CLIENT_CERT, true },
    { SSL3_AD_UNSUPPORTED_CERTIFICATE,  FAULT_TLS_CLIENT_CERT, true },
    { SSL3_AD_CERTIFICATE_REVOKED,      FAULT_TLS_CLIENT_CERT, true },
    { SSL3_AD_CERTIFICATE_EXPIRED,      FAULT_TLS_CLIENT_CERT, true },
    { SSL3_AD_CERTIFICATE_UNKNOWN,      FAULT_TLS_CLIENT_CERT, true },
    { TLS1_AD_UNKNOWN_CA,               FAULT_TLS_CLIENT_CERT, true },
    { TLS1_AD_ACCESS_DENIED,            FAULT_TLS_CLIENT_CERT, true },
    { TLS13_AD_CERTIFICATE_REQUIRED,    FAULT_TLS_CLIENT_CERT, false },
    { TLS1_AD_PROTOCOL_VERSION,         FAULT_TLS_VERSION,     false },
    { TLS1_AD_INAPPROPRIATE_FALLBACK,   FAULT_TLS_VERSION,     false },
};

static const struct reason_row {
    int reason;
    enum fault fault;
} reason_rows[] = {
    { SSL_R_UNSUPPORTED_PROTOCOL,               FAULT_TLS_VERSION },
    { SSL_R_NO_PROTOCOLS_AVAILABLE,             FAULT_TLS_VERSION },
    { SSL_R_VERSION_TOO_LOW,                    FAULT_TLS_VERSION },
    { SSL_R_VERSION_TOO_HIGH,                   FAULT_TLS_VERSION },
    { SSL_R_WRONG_SSL_VERSION,                  FAULT_TLS_VERSION },
    { SSL_R_UNKNOWN_SSL_VERSION,                FAULT_TLS_VERSION },
    { SSL_R_INAPPROPRIATE_FALLBACK,             FAULT_TLS_VERSION },
    { SSL_R_HTTP_REQUEST,                       FAULT_TLS_WRONG_MODE },
    { SSL_R_HTTPS_PROXY_REQUEST,                FAULT_TLS_WRONG_MODE },
    { SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE,  FAULT_TLS_CLIENT_CERT },
};
/* clang-format on */

enum fault tls_verdict_of_verify(int verify_error)
{
    if (verify_error == X509_V_OK) {
        return FAULT_NONE;
    }
    for (size_t i = 0; i < COUNT(verify_rows); i++) {
        if (verify_rows[i].error == verify_error) {
            return verify_rows[i].fault;
        }
    }
    return FAULT_TLS_UNTRUSTED;
}

/* "220 ", "HTTP/", "EHLO", "554-": text where a record should be. No content type is printable. */
bool tls_verdict_is_text(const unsigned char *head, size_t count)
{
    size_t n = count < TEXT_OCTETS ? count : TEXT_OCTETS;
    for (size_t i = 0; i < n; i++) {
        bool is_blank = head[i] == '\r' || head[i] == '\n' || head[i] == '\t';
        if (!is_blank && (head[i] < 0x20 || head[i] > 0x7e)) {
            return false;
        }
    }
    return n > 0;
}

static enum fault verdict_of_alert(int alert, bool was_asked)
{
    for (size_t i = 0; i < COUNT(alert_rows); i++) {
        if (alert_rows[i].alert == alert && (was_asked || !alert_rows[i].needs_request)) {
            return alert_rows[i].fault;
        }
    }
    return FAULT_TLS_HANDSHAKE;
}

static enum fault verdict_of_reason(int reason)
{
    for (size_t i = 0; i < COUNT(reason_rows); i++) {
        if (reason_rows[i].reason == reason) {
            return reason_rows[i].fault;
        }
    }
    return FAULT_TLS_HANDSHAKE;
}

/* A record header of TLS: content types 20 to 23, major version 3 (RFC 8446 5.1). */
static bool is_tls_head(const unsigned char *head, size_t count)
{
    return count >= 2 && head[0] >= 0x14 && head[0] <= 0x17 && head[1] == 3;
}

static void set_detail(struct tls_facts *facts, enum fault fault, const char *words)
{
    facts->why = fault;
    snprintf(facts->detail, sizeof facts->detail, "%s", words);
}

static void set_alert(struct tls_filter *f, int alert, const char *words)
{
    const char *name = SSL_alert_desc_string_long(alert);
    bool is_known = strcmp(name, "unknown") != 0; /* OpenSSL names no alert of TLS 1.3 here */
    f->facts.why = verdict_of_alert(alert, f->was_asked_for_cert);
    snprintf(f->facts.detail, sizeof f->facts.detail, "%s (alert %d%s%s)", words, alert,
             is_known ? ", " : "", is_known ? name : "");
}

/* Quotes the line that stands where a record should: it says what is really there. */
static void set_text(struct tls_filter *f, const char *words)
{
    char quote[TLS_HEAD_MAX + 1];
    size_t n = 0;
    while (n < f->head_count && f->head[n] != '\r' && f->head[n] != '\n') {
        n++;
    }
    tls_facts_text(quote, sizeof quote, (const char *)f->head, n);
    f->facts.why = FAULT_TLS_WRONG_MODE;
    snprintf(f->facts.detail, sizeof f->facts.detail, "%s: \"%s\"", words, quote);
}

/* OpenSSL's words, with what a person has to compare them with. */
void tls_verdict_of_certificate(struct tls_filter *f)
{
    struct tls_facts *facts = &f->facts;
    const char *words = X509_verify_cert_error_string(f->verify_error);
    struct buf text;
    facts->why = tls_verdict_of_verify(f->verify_error);
    buf_init(&text, sizeof facts->detail - 1);
    buf_add_text(&text, words);
    if (facts->why == FAULT_TLS_HOSTNAME && f->has_name && facts->names_count != 0) {
        bool has_sni = facts->server_name[0] != '\0';
        buf_addf(&text, ": %s is none of", has_sni ? facts->server_name : "the address");
        for (size_t i = 0; i < facts->names_count; i++) {
            buf_addf(&text, "%s %s", i != 0 ? "," : "", facts->names[i]);
        }
    } else if (facts->why == FAULT_TLS_EXPIRED && facts->days_left < 0) {
        buf_addf(&text, ", %d day%s ago", -facts->days_left, facts->days_left == -1 ? "" : "s");
    }
    snprintf(facts->detail, sizeof facts->detail, "%s", buf_text(&text));
    buf_release(&text);
}

void tls_verdict_of_error(struct tls_filter *f)
{
    unsigned long code = ERR_peek_error();
    int reason = ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0;
    const char *text = code != 0 ? ERR_reason_error_string(code) : NULL;
    text = text != NULL ? text : "protocol error without a reason";
    if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED && f->verify_error != X509_V_OK) {
        tls_verdict_of_certificate(f);
    } else if (reason >= SSL_AD_REASON_OFFSET) {
        set_alert(f, reason - SSL_AD_REASON_OFFSET, text);
    } else if (f->state == TLS_HANDSHAKING && tls_verdict_is_text(f->head, f->head_count)) {
        set_text(f, text);
    } else if (reason == SSL_R_WRONG_VERSION_NUMBER && is_tls_head(f->head, f->head_count)) {
        /* the alert of a peer that gave up on our version comes in a record of its own version */
        set_detail(&f->facts, FAULT_TLS_VERSION, text);
    } else {
        set_detail(&f->facts, verdict_of_reason(reason), text);
    }
    ERR_clear_error();
}

void tls_verdict_of_eof(struct tls_filter *f)
{
    static const char words[] = "closed during the handshake";
    if (tls_verdict_is_text(f->head, f->head_count)) {
        set_text(f, words);
    } else {
        set_detail(&f->facts, FAULT_TLS_HANDSHAKE, words);
    }
}
