/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens at rest: one file, encrypted (AES-256-GCM; the key from a passphrase by scrypt, or from a key
 * file), that only its owner can read. It is locked from open to free against a second writer, and
 * written anew as a whole and put in place at once, so that a crash leaves the old one or the new one.
 * What cannot be opened (another key, a damaged or foreign file) is refused and never overwritten.
 */
#ifndef SMTPDX_TOKEN_STORE_H
#define SMTPDX_TOKEN_STORE_H

#include "base/err.h"
#include "base/slice.h"

/* One account's. Texts are owned by the store; empty: not known. */
struct token_entry {
    const char *name; /* "office365/jane@example.com" */
    const char *provider, *user;
    const char *grant; /* how the first token was had: a slug of token/flow.h */
    const char *token_url, *client_id, *client_secret, *scope;
    const char *access_token, *refresh_token;
    const char *key_path; /* of a service account's key file: the key itself is never in the store */
    const char *audience; /* of its assertions */
    int64_t expires_s;    /* of the access token; 0: not said */
    int64_t refresh_expires_s; /* of the refresh token; 0: not said */
    int64_t obtained_s; /* of the access token */
    int64_t rotations;  /* how often the refresh token was replaced */
};

struct token_store; /* opaque */

struct token_store_key {
    struct slice passphrase; /* one of the two */
    struct slice file;       /* what stands in the key file: at least 32 octets */
};

/*
 * Opens the store, or makes an empty one when there is no file and may_create is set; nothing is written
 * before token_store_save. Waits for another process that has it open, at most `patience_ms`.
 * Errors: ERR_NOT_FOUND (no file), ERR_INVALID (another key, damaged, no store of ours, readable by
 * others), ERR_IO, ERR_LIMIT (still locked), ERR_LIBRARY.
 */
enum err token_store_open(const char *path, const struct token_store_key *key, bool may_create,
                          int patience_ms, struct token_store **out, struct why *why) MUST_USE;
void token_store_free(struct token_store *s); /* unlocks, wipes; NULL is fine */

size_t token_store_count(const struct token_store *s);
/* Borrowed until the store changes; false past the end, or when there is none of that name. */
bool token_store_at(const struct token_store *s, size_t i, struct token_entry *out);
bool token_store_find(const struct token_store *s, const char *name, struct token_entry *out);
/* In memory. The texts are copied. */
void token_store_put(struct token_store *s, const struct token_entry *entry);
bool token_store_remove(struct token_store *s, const char *name);
/* On disk, durably: it is there when this returns. Errors: ERR_IO, ERR_LIBRARY. */
enum err token_store_save(struct token_store *s, struct why *why) MUST_USE;

#endif
