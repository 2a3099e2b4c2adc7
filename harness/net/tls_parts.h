/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the TLS filter: what its files (tls_setup, tls_filter, tls_facts, tls_verdict) share.
 */
#ifndef SMTPDX_NET_TLS_PARTS_H
#define SMTPDX_NET_TLS_PARTS_H

#include "net/tls.h"

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <time.h>

enum { TLS_HEAD_MAX = 64 };

/* tls_crl.c: the revocation list whose signature is known to be good. */
struct tls_crl_memory {
    X509_STORE_CTX_check_crl_fn own_check;
    X509_CRL *list; /* owned reference; NULL: nothing is remembered */
    X509 *issuer;   /* owned reference */
    time_t time;    /* at which it was good */
};

struct tls_setup {
    unsigned references;
    SSL_CTX *context;
    BIO_METHOD *transport;
    bool is_server, skips_verify, has_trust;
    enum tls_fault fault;
    struct tls_crl_memory crl;
};

struct tls_filter {
    struct tls_setup *setup; /* one reference */
    SSL *ssl;
    int64_t now;
    enum tls_state state;
    struct slice in; /* octets of the running feed that OpenSSL has not taken yet */
    struct buf cipher_out, plain_out;
    struct buf unsent; /* plain text that has to wait for a running renegotiation */
    struct tls_facts facts;
    unsigned char head[TLS_HEAD_MAX]; /* the first octets that came */
    size_t head_count;
    size_t came;             /* octets that came in all (deliberate faults) */
    int verify_error;        /* X509_V_ERR_…, set by the verification */
    bool has_name;           /* there is a name to verify against */
    bool was_asked_for_cert; /* client: the server sent a CertificateRequest */
    bool is_truncated, wants_close, is_mute;
};

/* What OpenSSL's version number is called here; "" for an unknown one. */
const char *tls_version_of_wire(int wire);

/* tls_facts.c: a stranger's text, cut to its place, with '?' for what is not printable ASCII. */
void tls_facts_text(char *out, size_t space, const char *p, size_t n);
/* What a certificate says. */
void tls_facts_from_cert(struct tls_facts *facts, const X509 *cert, int64_t now);
/* Version, cipher, and the server name that was seen. */
void tls_facts_from_session(struct tls_facts *facts, const SSL *ssl, bool is_server);

/* tls_verdict.c: which fault an event is, with the words for it. */
enum fault tls_verdict_of_verify(int verify_error);
bool tls_verdict_is_text(const unsigned char *head, size_t count);
/* Of f->verify_error into facts.why and facts.detail. */
void tls_verdict_of_certificate(struct tls_filter *f);
/* Reads OpenSSL's error queue into facts.why and facts.detail and empties it. */
void tls_verdict_of_error(struct tls_filter *f);
/* The transport ended in the handshake. */
void tls_verdict_of_eof(struct tls_filter *f);

/* tls_crl.c: from now on the setup remembers; forget releases what it holds. */
void tls_crl_use_memory(struct tls_setup *s);
void tls_crl_forget(struct tls_crl_memory *m);

/* tls_filter.c: called by OpenSSL. */
int tls_transport_read(BIO *bio, char *out, size_t max, size_t *count);
int tls_transport_write(BIO *bio, const char *in, size_t n, size_t *count);
long tls_transport_ctrl(BIO *bio, int command, long number, void *pointer);
int tls_on_verify(X509_STORE_CTX *store, void *context);
int tls_on_cert_request(SSL *ssl, void *context);

#endif
