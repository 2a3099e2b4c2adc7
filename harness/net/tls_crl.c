/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenSSL verifies the signature of a revocation list again in every handshake: a tenth of all that a
 * handshake costs. The answer depends on the list, on who issued it and on the time alone (of a list
 * for all certificates; one with an issuing distribution point is asked about each time), so a good
 * answer is remembered for as long as these three stay the same. What the list says of a certificate
 * is looked up every time.
 */
#include "net/tls_parts.h"

#include <openssl/x509v3.h>

/* OpenSSL numbers what is attached to a store, once per process. */
static CRYPTO_ONCE index_once = CRYPTO_ONCE_STATIC_INIT;
static int store_index = -1;

static void make_index(void)
{
    store_index = X509_STORE_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

/* OpenSSL's own check: what the context of a store without another one has. NULL: no memory. */
static X509_STORE_CTX_check_crl_fn own_check(void)
{
    X509_STORE_CTX_check_crl_fn check = NULL;
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    if (store != NULL && context != NULL && X509_STORE_CTX_init(context, store, NULL, NULL)) {
        check = X509_STORE_CTX_get_check_crl(context);
    }
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    return check;
}

static bool is_remembered(const struct tls_crl_memory *m, X509_CRL *list, const X509 *issuer,
                          time_t time)
{
    return m->list == list && m->issuer != NULL && issuer != NULL && m->time == time &&
           X509_cmp(m->issuer, issuer) == 0;
}

static void remember(struct tls_crl_memory *m, X509_CRL *list, X509 *issuer, time_t time)
{
    if (issuer == NULL || X509_CRL_get_ext_by_NID(list, NID_issuing_distribution_point, -1) >= 0) {
        return;
    }
    tls_crl_forget(m);
    X509_CRL_up_ref(list);
    X509_up_ref(issuer);
    m->list = list;
    m->issuer = issuer;
    m->time = time;
}

static int check_list(X509_STORE_CTX *context, X509_CRL *list)
{
    struct tls_crl_memory *m =
        X509_STORE_get_ex_data(X509_STORE_CTX_get0_store(context), store_index);
    time_t now = X509_VERIFY_PARAM_get_time(X509_STORE_CTX_get0_param(context));
    X509 *issuer = X509_STORE_CTX_get0_current_issuer(context);
    if (is_remembered(m, list, issuer, now)) {
        return 1;
    }
    int before = X509_STORE_CTX_get_error(context);
    int ok = m->own_check(context, list);
    if (ok == 1 && X509_STORE_CTX_get_error(context) == before) {
        remember(m, list, issuer, now);
    }
    return ok;
}

void tls_crl_use_memory(struct tls_setup *s)
{
    X509_STORE *store = SSL_CTX_get_cert_store(s->context);
    s->crl.own_check = own_check();
    if (s->crl.own_check != NULL && CRYPTO_THREAD_run_once(&index_once, make_index) &&
        store_index >= 0 && X509_STORE_set_ex_data(store, store_index, &s->crl)) {
        X509_STORE_set_check_crl(store, check_list);
    }
}

void tls_crl_forget(struct tls_crl_memory *m)
{
    X509_CRL_free(m->list);
    X509_free(m->issuer);
    m->list = NULL;
    m->issuer = NULL;
}
