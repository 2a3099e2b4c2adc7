/* SPDX-License-Identifier: Apache-2.0 */
/* See assertion.h. */
#include "token/assertion.h"

#include <stdlib.h>

#include "base/codec.h"
#include "doc/json.h"
#include "net/sign.h"

enum { TEXT_MAX = 64 * 1024 };

struct service_account {
    char *email, *key_id, *token_url;
    struct sign_key *key;
};

void service_account_free(struct service_account *s)
{
    if (s != NULL) {
        free(s->email);
        free(s->key_id);
        free(s->token_url);
        sign_key_free(s->key);
        free(s);
    }
}

static enum err read_fields(const struct json *map, struct service_account *s, struct why *why)
{
    static const char *const names[] = {"client_email", "private_key_id", "private_key"};
    struct slice type = json_slice(json_get(map, "type"));
    if (!slice_eq_text(type, "service_account")) {
        return why_set(why, ERR_INVALID,
                       "it is no key file of a service account ('type' is not 'service_account'): "
                       "one is made in the Google Cloud console, IAM, service accounts, keys");
    }
    for (size_t i = 0; i < COUNT(names); i++) {
        if (json_slice(json_get(map, names[i])).n == 0) {
            return why_set(why, ERR_INVALID, "'%s' is missing", names[i]);
        }
    }
    s->email = mem_strdup(json_slice(json_get(map, "client_email")).p);
    s->key_id = mem_strdup(json_slice(json_get(map, "private_key_id")).p);
    struct slice url = json_slice(json_get(map, "token_uri"));
    s->token_url = mem_strdup(url.n != 0 ? url.p : "");
    return sign_key_read(json_slice(json_get(map, "private_key")), &s->key, why);
}

/* jansson's copy of the key is wiped before it is freed. */
static void wipe_key(struct json *map)
{
    struct slice key = json_slice(json_get(map, "private_key"));
    if (key.n != 0) {
        explicit_bzero((char *)(uintptr_t)key.p, key.n);
    }
}

enum err service_account_read(struct slice text, struct service_account **out, struct why *why)
{
    struct json *map = NULL;
    TRY(json_parse(text, &map, why));
    struct service_account *s = mem_zalloc(1, sizeof *s);
    enum err err = read_fields(map, s, why);
    wipe_key(map);
    json_free(map);
    if (err != ERR_OK) {
        service_account_free(s);
        return err;
    }
    *out = s;
    return ERR_OK;
}

const char *service_account_email(const struct service_account *s)
{
    return s->email;
}

const char *service_account_token_url(const struct service_account *s)
{
    return s->token_url;
}

/* Takes the map. */
static void add_part(struct json *map, struct buf *out)
{
    struct buf text;
    buf_init(&text, TEXT_MAX);
    json_print(map, JSON_COMPACT, &text);
    base64url_encode(buf_slice(&text), out);
    buf_release(&text);
    json_free(map);
}

static void add_claims(const struct service_account *s, const struct assertion_claims *c,
                       struct buf *out)
{
    struct json *head = json_map(), *claims = json_map();
    json_set(head, "alg", json_text("RS256"));
    json_set(head, "typ", json_text("JWT"));
    json_set(head, "kid", json_text(s->key_id));
    json_set(claims, "iss", json_text(s->email));
    json_set(claims, "sub", json_string(c->subject));
    json_set(claims, "aud", json_text(c->audience));
    json_set(claims, "scope", json_string(c->scope));
    json_set(claims, "iat", json_int(c->now_s));
    json_set(claims, "exp", json_int(c->now_s + ASSERTION_LIFETIME_S));
    add_part(head, out);
    buf_add_char(out, '.');
    add_part(claims, out);
}

enum err service_account_sign(const struct service_account *s,
                              const struct assertion_claims *claims, struct buf *out,
                              struct why *why)
{
    struct buf text, signature;
    buf_init(&text, TEXT_MAX);
    buf_init(&signature, TEXT_MAX);
    add_claims(s, claims, &text);
    enum err err = sign_rs256(s->key, buf_slice(&text), &signature, why);
    if (err == ERR_OK) {
        buf_add(out, buf_slice(&text));
        buf_add_char(out, '.');
        base64url_encode(buf_slice(&signature), out);
    }
    buf_release(&text);
    buf_release(&signature);
    return err;
}
