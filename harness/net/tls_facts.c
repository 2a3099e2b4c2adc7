/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts about a TLS session and the peer's certificate, as plain text of limited length. A
 * certificate is written by a stranger: whatever is not printable ASCII in it becomes a '?', so
 * that no name can carry a NUL, a line end or an escape sequence into a report.
 */
#include "net/tls_parts.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <arpa/inet.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

enum { DAY_S = 86400 };

void tls_facts_text(char *out, size_t space, const char *p, size_t n)
{
    size_t kept = n < space - 1 ? n : space - 1;
    for (size_t i = 0; i < kept; i++) {
        out[i] = p[i] >= 0x20 && p[i] < 0x7f ? p[i] : '?';
    }
    out[kept] = '\0';
}

static void set_name(char out[TLS_TEXT_MAX], const X509_NAME *name)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *p = NULL;
    out[0] = '\0';
    if (bio != NULL && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0) {
        long n = BIO_get_mem_data(bio, &p);
        tls_facts_text(out, TLS_TEXT_MAX, p, n > 0 ? (size_t)n : 0);
    }
    BIO_free(bio);
}

static void add_address(struct tls_facts *facts, const unsigned char *p, int n)
{
    char *out = facts->names[facts->names_count];
    int family = n == 4 ? AF_INET : AF_INET6;
    if ((n == 4 || n == 16) && inet_ntop(family, p, out, TLS_TEXT_MAX) != NULL) {
        facts->names_count++;
    }
}

static void add_alternative(struct tls_facts *facts, const GENERAL_NAME *name)
{
    int type = 0;
    const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &type);
    if (facts->names_count == TLS_NAMES_MAX || (type != GEN_DNS && type != GEN_IPADD)) {
        return;
    }
    const unsigned char *p = ASN1_STRING_get0_data(value);
    int n = ASN1_STRING_length(value);
    if (type == GEN_IPADD) {
        add_address(facts, p, n);
        return;
    }
    tls_facts_text(facts->names[facts->names_count++], TLS_TEXT_MAX, (const char *)p, (size_t)n);
}

static void add_common_name(struct tls_facts *facts, const X509 *cert)
{
    const X509_NAME *subject = X509_get_subject_name(cert);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at >= 0) {
        const ASN1_STRING *s = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
        tls_facts_text(facts->names[facts->names_count++], TLS_TEXT_MAX,
                       (const char *)ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
    }
}

static void add_names(struct tls_facts *facts, const X509 *cert)
{
    GENERAL_NAMES *all = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    facts->names_count = 0;
    for (int i = 0; all != NULL && i < sk_GENERAL_NAME_num(all); i++) {
        add_alternative(facts, sk_GENERAL_NAME_value(all, i));
    }
    GENERAL_NAMES_free(all);
    if (facts->names_count == 0) {
        add_common_name(facts, cert);
    }
}

/* Whole days until the end, rounded down: -1 on the day after. */
static int days_until(const ASN1_TIME *end, int64_t now)
{
    struct tm tm;
    memset(&tm, 0, sizeof tm);
    if (!ASN1_TIME_to_tm(end, &tm)) {
        return 0;
    }
    int64_t left = (int64_t)timegm(&tm) - now;
    int64_t days = left >= 0 ? left / DAY_S : -((-left + DAY_S - 1) / DAY_S);
    return (int)(days > INT32_MAX ? INT32_MAX : days < INT32_MIN ? INT32_MIN : days);
}

void tls_facts_from_cert(struct tls_facts *facts, const X509 *cert, int64_t now)
{
    set_name(facts->issuer, X509_get_issuer_name(cert));
    set_name(facts->subject, X509_get_subject_name(cert));
    add_names(facts, cert);
    facts->days_left = days_until(X509_get0_notAfter(cert), now);
    ERR_clear_error(); /* a broken extension is no failure here */
}

void tls_facts_from_session(struct tls_facts *facts, const SSL *ssl, bool is_server)
{
    const char *name = is_server ? SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) : NULL;
    if (name != NULL) {
        tls_facts_text(facts->server_name, sizeof facts->server_name, name, strlen(name));
    }
    const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl);
    if (cipher != NULL) {
        snprintf(facts->version, sizeof facts->version, "%s",
                 tls_version_of_wire(SSL_version(ssl)));
        snprintf(facts->cipher, sizeof facts->cipher, "%s", SSL_CIPHER_get_name(cipher));
    }
}
