/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The costly part of TLS, made once and shared by many filters: OpenSSL's context with certificate,
 * trust store and policy. Clients stay at security level 2 and TLS 1.2 or newer (RFC 8997,
 * RFC 9325); servers go down to level 0, since a harness has to show clients an old peer.
 */
#include "net/tls_parts.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

enum { CLIENT_SECURITY_LEVEL = 2, SERVER_SECURITY_LEVEL = 0 };

/* clang-format off */
static const struct version_row {
    const char *slug;
    int wire;
} versions[] = {
    [TLS_VERSION_ANY] = { "",        0 },
    [TLS_VERSION_1_0] = { "TLSv1.0", TLS1_VERSION },
    [TLS_VERSION_1_1] = { "TLSv1.1", TLS1_1_VERSION },
    [TLS_VERSION_1_2] = { "TLSv1.2", TLS1_2_VERSION },
    [TLS_VERSION_1_3] = { "TLSv1.3", TLS1_3_VERSION },
};

static const char *const fault_slugs[] = {
    [TLS_FAULT_NONE]            = "none",
    [TLS_FAULT_ALERT]           = "alert",
    [TLS_FAULT_CLOSE]           = "close",
    [TLS_FAULT_TRUNCATE_RECORD] = "truncate-record",
    [TLS_FAULT_RENEGOTIATE]     = "renegotiate",
    [TLS_FAULT_GARBAGE]         = "garbage",
    [TLS_FAULT_SILENT]          = "silent",
    [TLS_FAULT_NO_CLOSE_NOTIFY] = "no-close-notify",
};
_Static_assert(COUNT(fault_slugs) == TLS_FAULT_COUNT, "one slug per fault");
/* clang-format on */

const char *tls_version_slug(enum tls_version v)
{
    return (size_t)v < COUNT(versions) ? versions[v].slug : "";
}

bool tls_version_from_slug(struct slice slug, enum tls_version *out)
{
    for (size_t i = 1; i < COUNT(versions); i++) {
        if (slice_eq_text(slug, versions[i].slug)) {
            *out = (enum tls_version)i;
            return true;
        }
    }
    return false;
}

const char *tls_version_of_wire(int wire)
{
    for (size_t i = 1; i < COUNT(versions); i++) {
        if (versions[i].wire == wire) {
            return versions[i].slug;
        }
    }
    return "";
}

const char *tls_fault_slug(enum tls_fault f)
{
    return (size_t)f < COUNT(fault_slugs) ? fault_slugs[f] : "";
}

bool tls_fault_from_slug(struct slice slug, enum tls_fault *out)
{
    for (size_t i = 0; i < COUNT(fault_slugs); i++) {
        if (slice_eq_text(slug, fault_slugs[i])) {
            *out = (enum tls_fault)i;
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

/* Nobody is asked for a pass phrase: an encrypted key is an error. */
static int no_passphrase(char *out, int space, int is_writing, void *context)
{
    (void)out;
    (void)space;
    (void)is_writing;
    (void)context;
    return -1;
}

static BIO *reader_of(struct slice text)
{
    return BIO_new_mem_buf(text.n ? text.p : "", (int)text.n);
}

/* Versions as OpenSSL numbers; ANY is TLS 1.2 and newer unless the other end of the range is older.
 */
static enum err set_versions(SSL_CTX *context, const struct tls_params *p, struct why *why)
{
    enum tls_version min = p->min, max = p->max != TLS_VERSION_ANY ? p->max : TLS_VERSION_1_3;
    if (p->fault == TLS_FAULT_RENEGOTIATE) {
        if (min == TLS_VERSION_1_3) {
            return why_set(why, ERR_INVALID, "TLS 1.3 has no renegotiation");
        }
        max = max > TLS_VERSION_1_2 ? TLS_VERSION_1_2 : max;
    }
    if (min == TLS_VERSION_ANY) {
        min = max < TLS_VERSION_1_2 ? max : TLS_VERSION_1_2;
    }
    if (min > max) {
        return why_set(why, ERR_INVALID, "the lowest TLS version (%s) is above the highest (%s)",
                       versions[min].slug, versions[max].slug);
    }
    if (!p->is_server && max < TLS_VERSION_1_2) {
        return why_set(why, ERR_INVALID, "%s is not for clients (RFC 8997)", versions[max].slug);
    }
    if (!p->is_server && min < TLS_VERSION_1_2) {
        min = TLS_VERSION_1_2;
    }
    if (!SSL_CTX_set_min_proto_version(context, versions[min].wire) ||
        !SSL_CTX_set_max_proto_version(context, versions[max].wire)) {
        return library_failed(why, "versions");
    }
    return ERR_OK;
}

/* OpenSSL keeps two lists; names that begin with TLS_ belong to TLS 1.3. */
static enum err set_ciphers(SSL_CTX *context, struct slice ciphers, struct why *why)
{
    struct buf old, new13;
    struct slice part, rest = ciphers;
    buf_init(&old, BUF_NO_CAP);
    buf_init(&new13, BUF_NO_CAP);
    while (slice_take_until(&rest, ':', &part)) {
        struct buf *list = slice_has_prefix(part, SLICE("TLS_")) ? &new13 : &old;
        buf_addf(list, "%s" SLICE_FMT, list->n ? ":" : "", SLICE_ARG(part));
    }
    bool ok = (old.n == 0 || SSL_CTX_set_cipher_list(context, buf_text(&old))) &&
              (new13.n == 0 || SSL_CTX_set_ciphersuites(context, buf_text(&new13)));
    buf_release(&old);
    buf_release(&new13);
    char what[128];
    snprintf(what, sizeof what, "ciphers '" SLICE_FMT "'", SLICE_ARG(slice_sub(ciphers, 0, 100)));
    return ok ? ERR_OK : library_failed(why, what);
}

static bool use_chain(SSL_CTX *context, BIO *bio)
{
    X509 *cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
    bool ok = cert != NULL && SSL_CTX_use_certificate(context, cert) == 1;
    X509_free(cert);
    while (ok && (cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)) != NULL) {
        ok = SSL_CTX_add1_chain_cert(context, cert) == 1;
        X509_free(cert);
    }
    if (ok) {
        ERR_clear_error(); /* the end of the text is reported as an error */
    }
    return ok;
}

static enum err set_identity(SSL_CTX *context, const struct tls_params *p, struct why *why)
{
    if (p->cert_pem.n == 0) {
        return p->is_server ? why_set(why, ERR_INVALID, "a TLS server needs a certificate")
                            : ERR_OK;
    }
    BIO *cert = reader_of(p->cert_pem), *key = reader_of(p->key_pem);
    EVP_PKEY *pkey = NULL;
    bool ok = cert != NULL && key != NULL && use_chain(context, cert);
    const char *what = "certificate";
    if (ok) {
        what = "private key";
        pkey = PEM_read_bio_PrivateKey(key, NULL, no_passphrase, NULL);
        ok = pkey != NULL && SSL_CTX_use_PrivateKey(context, pkey) == 1 &&
             SSL_CTX_check_private_key(context) == 1;
    }
    EVP_PKEY_free(pkey);
    BIO_free(cert);
    BIO_free(key);
    return ok ? ERR_OK : library_failed(why, what);
}

/* Certificates and CRLs; one CRL is enough to make revocation count. */
static bool fill_store(X509_STORE *store, const STACK_OF(X509_INFO) * infos, bool *has_crl)
{
    bool has_cert = false;
    for (int i = 0; i < sk_X509_INFO_num(infos); i++) {
        const X509_INFO *info = sk_X509_INFO_value(infos, i);
        if (info->x509 != NULL) {
            has_cert = true;
            if (!X509_STORE_add_cert(store, info->x509)) {
                return false;
            }
        }
        if (info->crl != NULL) {
            *has_crl = true;
            if (!X509_STORE_add_crl(store, info->crl)) {
                return false;
            }
        }
    }
    return has_cert;
}

static enum err set_trust_from_pem(struct tls_setup *s, struct slice pem, struct why *why)
{
    BIO *bio = reader_of(pem);
    STACK_OF(X509_INFO) *infos =
        bio != NULL ? PEM_X509_INFO_read_bio(bio, NULL, no_passphrase, NULL) : NULL;
    X509_STORE *store = SSL_CTX_get_cert_store(s->context);
    bool has_crl = false, ok = infos != NULL && fill_store(store, infos, &has_crl);
    if (ok && has_crl) {
        ok = X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK) == 1;
        tls_crl_use_memory(s);
    }
    sk_X509_INFO_pop_free(infos, X509_INFO_free);
    BIO_free(bio);
    return ok ? ERR_OK : library_failed(why, "trusted certificates");
}

static enum err set_trust(struct tls_setup *s, const struct tls_params *p, struct why *why)
{
    s->has_trust = p->trust_pem.n != 0;
    if (s->has_trust) {
        return set_trust_from_pem(s, p->trust_pem, why);
    }
    if (!p->is_server && !SSL_CTX_set_default_verify_paths(s->context)) {
        return library_failed(why, "the system's trusted certificates");
    }
    return ERR_OK;
}

static void set_policy(SSL_CTX *context, const struct tls_params *p)
{
    uint64_t options = SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE;
    if (p->fault != TLS_FAULT_RENEGOTIATE) {
        options |= SSL_OP_NO_RENEGOTIATION;
    }
    SSL_CTX_set_options(context, options);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_security_level(context,
                               p->is_server ? SERVER_SECURITY_LEVEL : CLIENT_SECURITY_LEVEL);
    SSL_CTX_set_cert_verify_callback(context, tls_on_verify, NULL);
    if (p->is_server) {
        (void)SSL_CTX_set_dh_auto(context, 1);
        SSL_CTX_set_verify(context,
                           p->wants_client_cert ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
                                                : SSL_VERIFY_NONE,
                           NULL);
    } else {
        SSL_CTX_set_cert_cb(context, tls_on_cert_request, NULL);
        SSL_CTX_set_verify(context, p->skip_verify ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    }
}

/* A BIO over the filter itself: octets go from the feed to OpenSSL and from OpenSSL to the output
 * with no memory BIO and no second copy in between. */
static bool make_transport(struct tls_setup *s)
{
    s->transport = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "smtpdx TLS filter");
    return s->transport != NULL && BIO_meth_set_read_ex(s->transport, tls_transport_read) &&
           BIO_meth_set_write_ex(s->transport, tls_transport_write) &&
           BIO_meth_set_ctrl(s->transport, tls_transport_ctrl);
}

static enum err configure(struct tls_setup *s, const struct tls_params *p, struct why *why)
{
    if (s->context == NULL || !make_transport(s) ||
        !SSL_CTX_set1_groups_list(s->context, "X25519:P-256:P-384:P-521:X448")) {
        return library_failed(why, "context");
    }
    set_policy(s->context, p);
    TRY(set_versions(s->context, p, why));
    TRY(set_ciphers(s->context, p->ciphers, why));
    TRY(set_identity(s->context, p, why));
    return set_trust(s, p, why);
}

enum err tls_setup_new(const struct tls_params *params, struct tls_setup **out, struct why *why)
{
    *out = NULL;
    struct tls_setup *s = mem_zalloc(1, sizeof *s);
    s->references = 1;
    s->is_server = params->is_server;
    s->skips_verify = params->skip_verify;
    s->fault = params->is_server ? params->fault : TLS_FAULT_NONE;
    s->context = SSL_CTX_new(params->is_server ? TLS_server_method() : TLS_client_method());
    enum err err = configure(s, params, why);
    if (err != ERR_OK) {
        tls_setup_free(s);
        return err;
    }
    *out = s;
    return ERR_OK;
}

struct tls_setup *tls_setup_ref(struct tls_setup *s)
{
    s->references++;
    return s;
}

void tls_setup_free(struct tls_setup *s)
{
    if (s == NULL || --s->references != 0) {
        return;
    }
    tls_crl_forget(&s->crl);
    SSL_CTX_free(s->context);
    BIO_meth_free(s->transport);
    free(s);
}
