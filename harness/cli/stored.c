/* SPDX-License-Identifier: Apache-2.0 */
/* See stored.h. */
#include "cli/stored.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/check_credential.h"

enum { SECRET_MAX = 64 * 1024, PATIENCE_MS = 10000 };

void stored_init(struct stored_token *s, struct redactor *redactor)
{
    s->redactor = redactor;
    buf_init(&s->phrase, SECRET_MAX);
    buf_init(&s->key_octets, SECRET_MAX);
}

void stored_release(struct stored_token *s)
{
    struct buf *const secrets[] = {&s->phrase, &s->key_octets};
    for (size_t i = 0; i < COUNT(secrets); i++) {
        buf_wipe(secrets[i]);
        buf_release(secrets[i]);
    }
    token_store_free(s->store);
    s->store = NULL;
}

void stored_hide(const struct stored_token *s, const char *name, struct slice secret)
{
    struct why why;
    (void)!redactor_add(s->redactor, name, secret, &why); /* one too short to be hidden */
}

static enum err read_key(struct stored_token *s, struct token_store_key *key, struct why *why)
{
    int signal;
    const char *phrase = getenv("SMTPDX_STORE_PASSPHRASE");
    if (s->key_file != NULL) {
        TRY(credential_read_file(s->key_file, &s->key_octets, why));
        key->file = buf_slice(&s->key_octets);
        return ERR_OK;
    }
    if (phrase != NULL && phrase[0] != '\0') {
        buf_add_text(&s->phrase, phrase);
    } else if (isatty(STDIN_FILENO) != 1 ||
               !credential_ask("Passphrase of the token store: ", &s->phrase, &signal)) {
        return why_set(why, ERR_UNSUPPORTED,
                       "the store of tokens needs its key: set SMTPDX_STORE_PASSPHRASE, or use "
                       "--key-file");
    }
    key->passphrase = buf_slice(&s->phrase);
    stored_hide(s, "passphrase", key->passphrase);
    return ERR_OK;
}

enum err stored_open(struct stored_token *s, bool may_create, struct why *why)
{
    struct token_store_key key = {.passphrase = {NULL, 0}};
    s->may_create = may_create;
    if (s->store_file != NULL) {
        snprintf(s->path, sizeof s->path, "%s", s->store_file);
    } else {
        TRY(state_path("tokens", s->path, why));
    }
    if (!may_create && access(s->path, F_OK) != 0) {
        return why_set(why, ERR_NOT_FOUND,
                       "there is no store of tokens yet (%s): 'smtpdx token login' makes one",
                       s->path);
    }
    TRY(read_key(s, &key, why));
    return token_store_open(s->path, &key, may_create, PATIENCE_MS, &s->store, why);
}

void stored_close(struct stored_token *s)
{
    token_store_free(s->store);
    s->store = NULL;
}

enum err stored_reopen(struct stored_token *s, struct why *why)
{
    const struct token_store_key key = {.passphrase = buf_slice(&s->phrase),
                                        .file = buf_slice(&s->key_octets)};
    return s->store != NULL
               ? ERR_OK
               : token_store_open(s->path, &key, s->may_create, PATIENCE_MS, &s->store, why);
}

enum err stored_find(const struct stored_token *s, const char *word, struct arena *arena,
                     const char **name, struct why *why)
{
    struct token_entry e;
    unsigned found = 0;
    for (size_t i = 0; token_store_at(s->store, i, &e); i++) {
        bool is_name = strcmp(e.name, word) == 0;
        if (is_name || strcmp(e.user, word) == 0) {
            *name = arena_text(arena, slice_of(e.name));
            found = is_name ? 1 : found + 1;
        }
        if (is_name) {
            break;
        }
    }
    return found == 1 ? ERR_OK
                      : why_set(why, ERR_NOT_FOUND, "%s '%s'",
                                found == 0 ? "the store has no token of"
                                           : "several tokens in the store are of",
                                word);
}

void stored_get(struct stored_token *s, const char *name, struct token_entry *out)
{
    bool is_there = token_store_find(s->store, name, out);
    must(is_there);
    stored_hide(s, "access token", slice_of(out->access_token));
    stored_hide(s, "refresh token", slice_of(out->refresh_token));
    stored_hide(s, "client secret", slice_of(out->client_secret));
}
