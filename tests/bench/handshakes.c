/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The peer of the TLS row of ci/bench: full TLS 1.3 handshakes of two bare OpenSSL objects over
 * memory BIOs, with the certificate, trust and checks that a scenario has, and nothing else.
 *
 *   bench-handshakes COUNT PROCESSES      prints handshake pairs per second, all processes together
 */
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "net/pki.h"
#include "rate.h"

static const char host[] = "mail.example.test";

static void die(const char *what)
{
    fprintf(stderr, "bench-handshakes: %s\n", what);
    exit(1);
}

static SSL_CTX *server_context(struct pki *pki)
{
    const char *const names[] = {host, "localhost", "127.0.0.1", "::1"};
    struct slice cert, key;
    struct why why;
    if (pki_issue(pki, PKI_VALID, names, COUNT(names), &cert, &key, &why) != ERR_OK) {
        die(why.text);
    }
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    BIO *bio = BIO_new_mem_buf(cert.p, (int)cert.n);
    X509 *x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO *key_bio = BIO_new_mem_buf(key.p, (int)key.n);
    EVP_PKEY *pkey = PEM_read_bio_PrivateKey(key_bio, NULL, NULL, NULL);
    if (SSL_CTX_use_certificate(context, x509) != 1 || SSL_CTX_use_PrivateKey(context, pkey) != 1) {
        die("no certificate");
    }
    SSL_CTX_set_num_tickets(context, 0); /* nobody resumes */
    X509_free(x509);
    EVP_PKEY_free(pkey);
    BIO_free(bio);
    BIO_free(key_bio);
    return context;
}

static SSL_CTX *client_context(struct pki *pki)
{
    struct slice pem = pki_trust_pem(pki);
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    X509_STORE *store = SSL_CTX_get_cert_store(context);
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    STACK_OF(X509_INFO) *infos = PEM_X509_INFO_read_bio(bio, NULL, NULL, NULL);
    for (int i = 0; i < sk_X509_INFO_num(infos); i++) {
        const X509_INFO *info = sk_X509_INFO_value(infos, i);
        if (info->x509 != NULL) {
            X509_STORE_add_cert(store, info->x509);
        }
        if (info->crl != NULL) {
            X509_STORE_add_crl(store, info->crl);
            X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
        }
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    sk_X509_INFO_pop_free(infos, X509_INFO_free);
    BIO_free(bio);
    return context;
}

static SSL *new_end(SSL_CTX *context, BIO *in, BIO *out)
{
    SSL *ssl = SSL_new(context);
    BIO_up_ref(in);
    BIO_up_ref(out);
    SSL_set_bio(ssl, in, out);
    return ssl;
}

static void handshake(SSL_CTX *client_side, SSL_CTX *server_side)
{
    BIO *up = BIO_new(BIO_s_mem()), *down = BIO_new(BIO_s_mem());
    SSL *client = new_end(client_side, down, up), *server = new_end(server_side, up, down);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    SSL_set_tlsext_host_name(client, host);
    SSL_set1_host(client, host);
    for (int i = 0; i < 8 && (!SSL_is_init_finished(client) || !SSL_is_init_finished(server));
         i++) {
        SSL_do_handshake(client);
        SSL_do_handshake(server);
    }
    if (!SSL_is_init_finished(client) || !SSL_is_init_finished(server) ||
        SSL_version(client) != TLS1_3_VERSION || SSL_get_verify_result(client) != X509_V_OK) {
        die("a handshake failed");
    }
    SSL_free(client);
    SSL_free(server);
    BIO_free(up);
    BIO_free(down);
}

static void run(long count, void *context)
{
    struct pki *pki = context;
    SSL_CTX *server = server_context(pki), *client = client_context(pki);
    for (long i = 0; i < count; i++) {
        handshake(client, server);
    }
    SSL_CTX_free(server);
    SSL_CTX_free(client);
}

int main(int argc, char **argv)
{
    struct pki *pki = NULL;
    struct why why;
    if (pki_new((int64_t)time(NULL), &pki, &why) != ERR_OK) {
        die(why.text);
    }
    int status = rate_main(argc, argv, run, pki);
    pki_free(pki);
    return status;
}
