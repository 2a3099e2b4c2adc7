/* SPDX-License-Identifier: Apache-2.0 */
/* See claims.h. Decoded octets are wiped; of the payload only what the mapper asks for is looked
 * at. */
#include "diagnose/claims.h"

#include "base/codec.h"

static struct json *part_of(struct slice token, unsigned index)
{
    struct slice part = {NULL, 0};
    struct json *map = NULL;
    struct buf text;
    for (unsigned i = 0; i <= index; i++) {
        if (!slice_take_until(&token, '.', &part)) {
            return NULL;
        }
    }
    buf_init(&text, CLAIMS_TOKEN_MAX);
    if (part.n == 0 || !base64url_decode(part, &text) ||
        json_parse(buf_slice(&text), &map, NULL) != ERR_OK || json_kind(map) != JSON_MAP) {
        json_free(map);
        map = NULL;
    }
    buf_wipe(&text);
    buf_release(&text);
    return map;
}

static unsigned dots(struct slice token)
{
    unsigned n = 0;
    for (size_t i = 0; i < token.n; i++) {
        n += token.p[i] == '.';
    }
    return n;
}

static struct slice first_of(const struct json *map, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        struct slice value = json_slice(json_get(map, names[i]));
        if (value.n != 0) {
            return value;
        }
    }
    return (struct slice){NULL, 0};
}

static void take_parts(struct claims *out)
{
    static const char *const users[] = {"upn", "preferred_username", "unique_name", "email", NULL};
    static const char *const scopes[] = {"scp", "scope", NULL};
    const struct json *audience = json_get(out->payload, "aud");
    out->audience = json_slice(json_kind(audience) == JSON_LIST ? json_at(audience, 0) : audience);
    out->expires_s = json_to_int(json_get(out->payload, "exp"));
    out->scope = first_of(out->payload, scopes);
    out->user = first_of(out->payload, users);
    out->roles = json_get(out->payload, "roles");
}

bool claims_read(struct slice token, struct claims *out)
{
    *out = (struct claims){.payload = NULL};
    if (token.n > CLAIMS_TOKEN_MAX || dots(token) != 2) {
        return false;
    }
    out->payload = part_of(token, 1);
    if (out->payload == NULL) {
        return false;
    }
    take_parts(out);
    return true;
}

bool claims_read_payload(struct slice payload, struct claims *out)
{
    struct json *map = NULL;
    *out = (struct claims){.payload = NULL};
    if (payload.n > CLAIMS_TOKEN_MAX || json_parse(payload, &map, NULL) != ERR_OK) {
        return false;
    }
    if (json_kind(map) != JSON_MAP) {
        json_free(map);
        return false;
    }
    out->payload = map;
    take_parts(out);
    return true;
}

void claims_release(struct claims *c)
{
    json_free(c->payload);
    c->payload = NULL;
}

bool claims_have_scope(const struct claims *c, struct slice scope)
{
    struct slice rest = c->scope, word;
    while (slice_take_word(&rest, &word)) {
        size_t slash = SIZE_MAX;
        for (size_t i = 0; i < word.n; i++) {
            slash = word.p[i] == '/' ? i : slash;
        }
        if (slice_eq_nocase(slash == SIZE_MAX ? word : slice_from(word, slash + 1), scope)) {
            return true;
        }
    }
    return false;
}

bool claims_have_role(const struct claims *c, struct slice prefix)
{
    for (size_t i = 0; i < json_count(c->roles); i++) {
        if (slice_has_prefix_nocase(json_slice(json_at(c->roles, i)), prefix)) {
            return true;
        }
    }
    return false;
}

bool claims_is_token_form(struct slice secret)
{
    if (slice_has_prefix(secret, SLICE("ya29."))) {
        return true;
    }
    struct json *head =
        secret.n <= CLAIMS_TOKEN_MAX && dots(secret) == 2 ? part_of(secret, 0) : NULL;
    bool is_form = head != NULL;
    json_free(head);
    return is_form;
}
