/* SPDX-License-Identifier: Apache-2.0 */
/* See sign.h. */
#include "net/sign.h"

#include <limits.h>
#include <stdlib.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

enum { BITS = 2048, SIGNATURE_MAX = 2048 };

struct sign_key {
    EVP_PKEY *key;
};

/* OpenSSL would ask at the terminal. */
static int no_passphrase(char *room, int size, int is_writing, void *context)
{
    (void)room;
    (void)size;
    (void)is_writing;
    (void)context;
    return -1;
}

enum err sign_key_read(struct slice pem, struct sign_key **out, struct why *why)
{
    BIO *bio = pem.n != 0 && pem.n <= INT_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
    EVP_PKEY *key = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
    BIO_free(bio);
    ERR_clear_error();
    if (key == NULL) {
        return why_set(why, ERR_INVALID,
                       "there is no private key in PEM form without a passphrase");
    }
    if (EVP_PKEY_is_a(key, "RSA") != 1 || EVP_PKEY_get_bits(key) < BITS) {
        EVP_PKEY_free(key);
        return why_set(why, ERR_INVALID, "the private key is not RSA with at least %d bits", BITS);
    }
    struct sign_key *k = mem_zalloc(1, sizeof *k);
    k->key = key;
    *out = k;
    return ERR_OK;
}

enum err sign_key_new(struct sign_key **out, struct why *why)
{
    EVP_PKEY *key = EVP_RSA_gen(BITS);
    if (key == NULL) {
        return why_set(why, ERR_LIBRARY, "OpenSSL cannot make an RSA key");
    }
    struct sign_key *k = mem_zalloc(1, sizeof *k);
    k->key = key;
    *out = k;
    return ERR_OK;
}

void sign_key_free(struct sign_key *k)
{
    if (k != NULL) {
        EVP_PKEY_free(k->key);
        free(k);
    }
}

enum err sign_key_pem(const struct sign_key *k, struct buf *out, struct why *why)
{
    char *text = NULL;
    BIO *bio = BIO_new(BIO_s_secmem());
    bool is_written =
        bio != NULL && PEM_write_bio_PKCS8PrivateKey(bio, k->key, NULL, NULL, 0, NULL, NULL) == 1;
    long n = is_written ? BIO_get_mem_data(bio, &text) : 0;
    if (n > 0) {
        buf_add(out, slice_make(text, (size_t)n));
    }
    BIO_free(bio);
    return n > 0 ? ERR_OK : why_set(why, ERR_LIBRARY, "OpenSSL cannot write the key");
}

static const unsigned char *octets_of(struct slice s)
{
    return (const unsigned char *)(s.n != 0 ? s.p : "");
}

enum err sign_rs256(const struct sign_key *k, struct slice text, struct buf *out, struct why *why)
{
    unsigned char room[SIGNATURE_MAX];
    size_t n = sizeof room;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool is_signed = context != NULL &&
                     EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, k->key) == 1 &&
                     EVP_DigestSign(context, room, &n, octets_of(text), text.n) == 1;
    if (is_signed) {
        buf_add(out, slice_make((const char *)room, n));
    }
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return is_signed ? ERR_OK : why_set(why, ERR_LIBRARY, "OpenSSL cannot sign with the key");
}

bool sign_is_rs256(const struct sign_key *k, struct slice text, struct slice signature)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool is_good =
        context != NULL && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, k->key) == 1 &&
        EVP_DigestVerify(context, octets_of(signature), signature.n, octets_of(text), text.n) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return is_good;
}
