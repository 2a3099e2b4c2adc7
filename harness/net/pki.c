/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A certificate authority for one run (RFC 5280): P-256 keys, a CRL made once that already lists
 * the serials set aside for revoked leaves, and leaves that are each wrong in one way. Nothing here
 * is ever written to a file, and no key outlives the run.
 */
#include "net/pki.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

enum {
    DAY_S = 86400,
    REVOKED_SERIAL = 1000, /* the first of those on the CRL; the rest count from FIRST_SERIAL */
    REVOKED_COUNT = 64,
    FIRST_SERIAL = 5000,
    PKI_NAMES_MAX = 32,
    COMMON_NAME_MAX = 64 /* RFC 5280 ub-common-name */
};

static const char authority_name[] = "smtpdx test CA";

/* Who signs a leaf. */
enum signer { SIGNED_BY_CA, SIGNED_BY_STRANGER, SIGNED_BY_ITSELF };

/* clang-format off */
static const struct leaf_rule {
    const char *slug;
    enum signer signer;
    int64_t begins_days, ends_days; /* from now */
    bool is_weak, is_wrong_host, is_revoked;
} rules[] = {
    [PKI_VALID]         = { "valid",         SIGNED_BY_CA,       -1,  90, false, false, false },
    [PKI_EXPIRED]       = { "expired",       SIGNED_BY_CA,       -90, -1, false, false, false },
    [PKI_NOT_YET_VALID] = { "not-yet-valid", SIGNED_BY_CA,       1,   90, false, false, false },
    [PKI_WRONG_HOST]    = { "wrong-host",    SIGNED_BY_CA,       -1,  90, false, true,  false },
    [PKI_SELF_SIGNED]   = { "self-signed",   SIGNED_BY_ITSELF,   -1,  90, false, false, false },
    [PKI_UNTRUSTED]     = { "untrusted",     SIGNED_BY_STRANGER, -1,  90, false, false, false },
    [PKI_WEAK_KEY]      = { "weak-key",      SIGNED_BY_CA,       -1,  90, true,  false, false },
    [PKI_REVOKED]       = { "revoked",       SIGNED_BY_CA,       -1,  90, false, false, true  },
};
_Static_assert(COUNT(rules) == PKI_LEAF_COUNT, "one row per leaf");
/* clang-format on */

struct authority {
    X509 *cert;
    EVP_PKEY *key;
};

struct issued {
    struct issued *next;
    enum pki_leaf leaf;
    struct buf names; /* separated by line feeds */
    struct buf cert_pem, key_pem;
};

struct pki {
    int64_t now;
    struct authority ca, stranger;
    struct buf trust_pem;
    struct issued *issued;
    long next_serial;
    unsigned revoked;
};

const char *pki_leaf_slug(enum pki_leaf leaf)
{
    return leaf < PKI_LEAF_COUNT ? rules[leaf].slug : "";
}

bool pki_leaf_from_slug(struct slice slug, enum pki_leaf *out)
{
    for (size_t i = 0; i < COUNT(rules); i++) {
        if (slice_eq_text(slug, rules[i].slug)) {
            *out = (enum pki_leaf)i;
            return true;
        }
    }
    return false;
}

static enum err library_failed(struct why *why, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    enum err err = why_set(why, ERR_LIBRARY, "OpenSSL, %s: %s", what, reason ? reason : "failed");
    ERR_clear_error();
    return err;
}

/* Adds one extension in OpenSSL's own notation. */
static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool ok = extension != NULL && X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
    return ok;
}

static bool set_times(X509 *cert, int64_t now, int64_t begins_days, int64_t ends_days)
{
    return ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)(now + begins_days * DAY_S)) &&
           ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)(now + ends_days * DAY_S));
}

static bool set_common_name(X509_NAME *name, const char *text)
{
    size_t n = strlen(text);
    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)text,
                                      (int)(n < COMMON_NAME_MAX ? n : COMMON_NAME_MAX), -1, 0) == 1;
}

static bool fill_authority(struct authority *a, int64_t now)
{
    X509 *c = a->cert;
    return X509_set_version(c, X509_VERSION_3) && ASN1_INTEGER_set(X509_get_serialNumber(c), 1) &&
           set_times(c, now, -365, 3650) &&
           set_common_name(X509_get_subject_name(c), authority_name) &&
           X509_set_issuer_name(c, X509_get_subject_name(c)) && X509_set_pubkey(c, a->key) &&
           add_extension(c, c, NID_basic_constraints, "critical,CA:TRUE") &&
           add_extension(c, c, NID_key_usage, "critical,keyCertSign,cRLSign") &&
           add_extension(c, c, NID_subject_key_identifier, "hash") &&
           X509_sign(c, a->key, EVP_sha256()) > 0;
}

static enum err authority_init(struct authority *a, int64_t now, struct why *why)
{
    a->key = EVP_EC_gen("P-256");
    a->cert = X509_new();
    if (a->key == NULL || a->cert == NULL || !fill_authority(a, now)) {
        return library_failed(why, "certificate authority");
    }
    return ERR_OK;
}

static bool add_revoked(X509_CRL *crl, long serial, int64_t since)
{
    X509_REVOKED *entry = X509_REVOKED_new();
    ASN1_INTEGER *number = ASN1_INTEGER_new();
    ASN1_TIME *time = ASN1_TIME_set(NULL, (time_t)since);
    bool ok = entry != NULL && number != NULL && time != NULL && ASN1_INTEGER_set(number, serial) &&
              X509_REVOKED_set_serialNumber(entry, number) &&
              X509_REVOKED_set_revocationDate(entry, time) && X509_CRL_add0_revoked(crl, entry);
    if (!ok) {
        X509_REVOKED_free(entry);
    }
    ASN1_INTEGER_free(number);
    ASN1_TIME_free(time);
    return ok;
}

static bool fill_crl(X509_CRL *crl, const struct authority *ca, int64_t now)
{
    ASN1_TIME *from = ASN1_TIME_set(NULL, (time_t)(now - DAY_S));
    ASN1_TIME *until = ASN1_TIME_set(NULL, (time_t)(now + 3650 * (int64_t)DAY_S));
    bool ok = from != NULL && until != NULL && X509_CRL_set_version(crl, X509_CRL_VERSION_2) &&
              X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca->cert)) &&
              X509_CRL_set1_lastUpdate(crl, from) && X509_CRL_set1_nextUpdate(crl, until);
    for (long i = 0; ok && i < REVOKED_COUNT; i++) {
        ok = add_revoked(crl, REVOKED_SERIAL + i, now - DAY_S);
    }
    ASN1_TIME_free(from);
    ASN1_TIME_free(until);
    return ok && X509_CRL_sort(crl) && X509_CRL_sign(crl, ca->key, EVP_sha256()) > 0;
}

/* Moves what a memory BIO holds to the end of a buffer. */
static void drain(BIO *bio, struct buf *out)
{
    char *p = NULL;
    long n = BIO_get_mem_data(bio, &p);
    if (n > 0) {
        buf_add(out, slice_make(p, (size_t)n));
    }
}

static enum err write_trust(struct pki *p, struct why *why)
{
    X509_CRL *crl = X509_CRL_new();
    BIO *bio = BIO_new(BIO_s_mem());
    enum err err = ERR_OK;
    if (crl == NULL || bio == NULL || !fill_crl(crl, &p->ca, p->now) ||
        !PEM_write_bio_X509(bio, p->ca.cert) || !PEM_write_bio_X509_CRL(bio, crl)) {
        err = library_failed(why, "revocation list");
    } else {
        drain(bio, &p->trust_pem);
    }
    BIO_free(bio);
    X509_CRL_free(crl);
    return err;
}

enum err pki_new(int64_t now, struct pki **out, struct why *why)
{
    *out = NULL;
    struct pki *p = mem_zalloc(1, sizeof *p);
    p->now = now;
    p->next_serial = FIRST_SERIAL;
    buf_init(&p->trust_pem, BUF_NO_CAP);
    enum err err = authority_init(&p->ca, now, why);
    if (err == ERR_OK) {
        err = authority_init(&p->stranger, now, why);
    }
    if (err == ERR_OK) {
        err = write_trust(p, why);
    }
    if (err != ERR_OK) {
        pki_free(p);
        return err;
    }
    *out = p;
    return ERR_OK;
}

static void issued_free(struct issued *i)
{
    buf_release(&i->names);
    buf_release(&i->cert_pem);
    buf_wipe(&i->key_pem);
    buf_release(&i->key_pem);
    free(i);
}

void pki_free(struct pki *p)
{
    if (p == NULL) {
        return;
    }
    while (p->issued != NULL) {
        struct issued *next = p->issued->next;
        issued_free(p->issued);
        p->issued = next;
    }
    X509_free(p->ca.cert);
    EVP_PKEY_free(p->ca.key);
    X509_free(p->stranger.cert);
    EVP_PKEY_free(p->stranger.key);
    buf_release(&p->trust_pem);
    free(p);
}

struct slice pki_trust_pem(const struct pki *p)
{
    return buf_slice(&p->trust_pem);
}

static GENERAL_NAME *general_name(const char *text)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_OCTET_STRING *address = a2i_IPADDRESS(text);
    ERR_clear_error(); /* not an address is no error */
    if (name == NULL || address != NULL) {
        if (name != NULL) {
            GENERAL_NAME_set0_value(name, GEN_IPADD, address);
        }
        return name;
    }
    ASN1_IA5STRING *host = ASN1_IA5STRING_new();
    if (host == NULL || !ASN1_STRING_set(host, text, (int)strlen(text))) {
        ASN1_IA5STRING_free(host);
        GENERAL_NAME_free(name);
        return NULL;
    }
    GENERAL_NAME_set0_value(name, GEN_DNS, host);
    return name;
}

static bool add_names(X509 *cert, const char *const *names, size_t count)
{
    GENERAL_NAMES *all = GENERAL_NAMES_new();
    bool ok = all != NULL;
    for (size_t i = 0; ok && i < count; i++) {
        GENERAL_NAME *name = general_name(names[i]);
        ok = name != NULL && sk_GENERAL_NAME_push(all, name) > 0;
        if (!ok) {
            GENERAL_NAME_free(name);
        }
    }
    ok = ok && X509_add1_ext_i2d(cert, NID_subject_alt_name, all, 0, X509V3_ADD_DEFAULT) == 1;
    GENERAL_NAMES_free(all);
    return ok;
}

static long take_serial(struct pki *p, bool is_revoked)
{
    return is_revoked ? REVOKED_SERIAL + (long)(p->revoked++ % REVOKED_COUNT) : p->next_serial++;
}

static bool fill_leaf(struct pki *p, const struct leaf_rule *rule, X509 *c, EVP_PKEY *key)
{
    const struct authority *by = rule->signer == SIGNED_BY_STRANGER ? &p->stranger : &p->ca;
    bool is_own = rule->signer == SIGNED_BY_ITSELF;
    X509 *issuer = is_own ? c : by->cert;
    return X509_set_version(c, X509_VERSION_3) &&
           ASN1_INTEGER_set(X509_get_serialNumber(c), take_serial(p, rule->is_revoked)) &&
           set_times(c, p->now, rule->begins_days, rule->ends_days) &&
           X509_set_issuer_name(c, X509_get_subject_name(issuer)) && X509_set_pubkey(c, key) &&
           add_extension(c, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(c, issuer, NID_ext_key_usage, "serverAuth,clientAuth") &&
           add_extension(c, issuer, NID_subject_key_identifier, "hash") &&
           (is_own || add_extension(c, issuer, NID_authority_key_identifier, "keyid")) &&
           X509_sign(c, is_own ? key : by->key, EVP_sha256()) > 0;
}

static bool write_pem(struct issued *i, X509 *cert, EVP_PKEY *key)
{
    BIO *cert_bio = BIO_new(BIO_s_mem()), *key_bio = BIO_new(BIO_s_mem());
    bool ok = cert_bio != NULL && key_bio != NULL && PEM_write_bio_X509(cert_bio, cert) &&
              PEM_write_bio_PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL);
    if (ok) {
        drain(cert_bio, &i->cert_pem);
        drain(key_bio, &i->key_pem);
    }
    BIO_free(cert_bio);
    BIO_free(key_bio);
    return ok;
}

static bool make_leaf(struct pki *p, struct issued *i, const char *const *names, size_t count)
{
    static const char *const wrong[] = {"wrong.host.invalid"};
    const struct leaf_rule *rule = &rules[i->leaf];
    const char *const *shown = rule->is_wrong_host ? wrong : names;
    size_t shown_count = rule->is_wrong_host ? COUNT(wrong) : count;
    EVP_PKEY *key = rule->is_weak ? EVP_RSA_gen(1024) : EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    bool ok = key != NULL && cert != NULL &&
              set_common_name(X509_get_subject_name(cert), shown[0]) &&
              add_names(cert, shown, shown_count) && fill_leaf(p, rule, cert, key) &&
              write_pem(i, cert, key);
    X509_free(cert);
    EVP_PKEY_free(key);
    return ok;
}

static struct issued *find_issued(struct pki *p, enum pki_leaf leaf, struct slice names)
{
    for (struct issued *i = p->issued; i != NULL; i = i->next) {
        if (i->leaf == leaf && slice_eq(buf_slice(&i->names), names)) {
            return i;
        }
    }
    return NULL;
}

static struct issued *issued_new(enum pki_leaf leaf, struct slice names)
{
    struct issued *i = mem_zalloc(1, sizeof *i);
    i->leaf = leaf;
    buf_init(&i->names, BUF_NO_CAP);
    buf_init(&i->cert_pem, BUF_NO_CAP);
    buf_init(&i->key_pem, BUF_NO_CAP);
    buf_add(&i->names, names);
    return i;
}

enum err pki_issue(struct pki *p, enum pki_leaf leaf, const char *const *names, size_t count,
                   struct slice *cert_pem, struct slice *key_pem, struct why *why)
{
    must(leaf < PKI_LEAF_COUNT && count > 0 && count <= PKI_NAMES_MAX);
    struct buf joined;
    buf_init(&joined, BUF_NO_CAP);
    for (size_t n = 0; n < count; n++) {
        buf_addf(&joined, "%s\n", names[n]);
    }
    enum err err = ERR_OK;
    struct issued *i = find_issued(p, leaf, buf_slice(&joined));
    if (i == NULL) {
        i = issued_new(leaf, buf_slice(&joined));
        if (make_leaf(p, i, names, count)) {
            i->next = p->issued;
            p->issued = i;
        } else {
            err = library_failed(why, "certificate");
            issued_free(i);
        }
    }
    if (err == ERR_OK) {
        *cert_pem = buf_slice(&i->cert_pem);
        *key_pem = buf_slice(&i->key_pem);
    }
    buf_release(&joined);
    return err;
}
