/* SPDX-License-Identifier: Apache-2.0 */
/* See seal.h. */
#include "net/seal.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

enum { LOG_N_MIN = 10, LOG_N_MAX = 20, BLOCKS = 8 };

enum err seal_random(void *out, size_t n, struct why *why)
{
    must(n <= INT_MAX);
    return RAND_bytes(out, (int)n) == 1
               ? ERR_OK
               : why_set(why, ERR_LIBRARY, "OpenSSL has no random numbers");
}

enum err seal_key_from_passphrase(struct slice passphrase, const unsigned char salt[SEAL_SALT],
                                  unsigned log_n, struct seal_key *out, struct why *why)
{
    if (log_n < LOG_N_MIN || log_n > LOG_N_MAX) {
        return why_set(why, ERR_INVALID, "scrypt's cost is out of bounds");
    }
    uint64_t n = (uint64_t)1 << log_n;
    uint64_t memory = 128 * n * BLOCKS + (1 << 20);
    int is_made = EVP_PBE_scrypt(passphrase.n != 0 ? passphrase.p : "", passphrase.n, salt,
                                 SEAL_SALT, n, BLOCKS, 1, memory, out->octets, SEAL_KEY);
    return is_made == 1 ? ERR_OK : why_set(why, ERR_LIBRARY, "OpenSSL cannot derive the key");
}

void seal_digest(struct slice text, unsigned char out[32])
{
    unsigned size = 32;
    int is_made = EVP_Digest(text.n != 0 ? text.p : "", text.n, out, &size, EVP_sha256(), NULL);
    must(is_made == 1 && size == 32);
}

void seal_key_from_octets(struct slice octets, struct seal_key *out)
{
    seal_digest(octets, out->octets);
}

void seal_key_wipe(struct seal_key *key)
{
    OPENSSL_cleanse(key, sizeof *key);
}

static const unsigned char *octets_of(struct slice s)
{
    return (const unsigned char *)(s.n != 0 ? s.p : "");
}

enum err seal(const struct seal_key *key, const unsigned char nonce[SEAL_NONCE], struct slice bound,
              struct slice plain, struct buf *out, struct why *why)
{
    must(plain.n < INT_MAX && bound.n < INT_MAX);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    unsigned char *room = mem_alloc(plain.n + SEAL_TAG);
    int n = 0, m = 0;
    bool is_good = context != NULL &&
                   EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, key->octets, nonce) == 1 &&
                   EVP_EncryptUpdate(context, NULL, &n, octets_of(bound), (int)bound.n) == 1 &&
                   EVP_EncryptUpdate(context, room, &n, octets_of(plain), (int)plain.n) == 1 &&
                   EVP_EncryptFinal_ex(context, room + n, &m) == 1 &&
                   EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, SEAL_TAG, room + n + m) == 1;
    if (is_good) {
        buf_add(out, slice_make((const char *)room, (size_t)(n + m) + SEAL_TAG));
    }
    EVP_CIPHER_CTX_free(context);
    free(room);
    return is_good ? ERR_OK : why_set(why, ERR_LIBRARY, "OpenSSL cannot encrypt");
}

enum err seal_open(const struct seal_key *key, const unsigned char nonce[SEAL_NONCE],
                   struct slice bound, struct slice sealed, struct buf *out, struct why *why)
{
    if (sealed.n < SEAL_TAG || sealed.n > INT_MAX) {
        return why_set(why, ERR_INVALID, "it is too short to be what was encrypted");
    }
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    size_t length = sealed.n - SEAL_TAG;
    unsigned char *room = mem_alloc(length + 1), tag[SEAL_TAG];
    int n = 0, m = 0;
    memcpy(tag, sealed.p + length, SEAL_TAG);
    bool is_good = context != NULL &&
                   EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, key->octets, nonce) == 1 &&
                   EVP_DecryptUpdate(context, NULL, &n, octets_of(bound), (int)bound.n) == 1 &&
                   EVP_DecryptUpdate(context, room, &n, octets_of(sealed), (int)length) == 1 &&
                   EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, SEAL_TAG, tag) == 1 &&
                   EVP_DecryptFinal_ex(context, room + n, &m) == 1;
    if (is_good) {
        buf_add(out, slice_make((const char *)room, length));
    }
    OPENSSL_cleanse(room, length);
    EVP_CIPHER_CTX_free(context);
    free(room);
    return is_good ? ERR_OK : why_set(why, ERR_INVALID, "another key, or somebody has changed it");
}
