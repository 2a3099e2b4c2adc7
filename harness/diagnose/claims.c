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

/* clang-format off */
/* Audiences of other services, under which tokens for the same account are often asked for. */
static const struct audience {
    const char *name, *title;
} elsewhere[] = {
    { "https://graph.microsoft.com",          "Microsoft Graph" },
    { "https://graph.microsoft.com/",         "Microsoft Graph" },
    { "00000003-0000-0000-c000-000000000000", "Microsoft Graph" },
    { "https://graph.microsoft.us",           "Microsoft Graph" },
    { "https://microsoftgraph.chinacloudapi.cn", "Microsoft Graph" },
    { "https://graph.windows.net",            "Azure AD Graph" },
    { "00000002-0000-0000-c000-000000000000", "Azure AD Graph" },
    { "https://management.azure.com/",        "Azure Resource Manager" },
};
/* clang-format on */

static const char *audience_elsewhere(const struct claims *c)
{
    for (size_t i = 0; i < COUNT(elsewhere); i++) {
        if (slice_eq_nocase_text(c->audience, elsewhere[i].name)) {
            return elsewhere[i].title;
        }
    }
    return NULL;
}

static struct slice last_segment(struct slice scope)
{
    size_t slash = SIZE_MAX;
    for (size_t i = 0; i < scope.n; i++) {
        slash = scope.p[i] == '/' ? i : slash;
    }
    return slash == SIZE_MAX ? scope : slice_from(scope, slash + 1);
}

/* The provider's file lists the scopes that are good for SMTP; a token that shows its scopes and
 * has none of them was made for something else. An application's token has roles in their place. */
static bool lacks_scope(const struct provider *p, const struct claims *c)
{
    const struct node *scopes =
        p == NULL || p->oauth2 == NULL ? NULL : node_get(p->oauth2, "scopes");
    bool is_known = false;
    for (size_t i = 0; scopes != NULL && i < scopes->count; i++) {
        struct slice scope = last_segment(node_text(scopes->items[i]));
        if (scope.n == 0 || slice_eq_text(scope, "offline_access")) {
            continue;
        }
        if (claims_have_scope(c, scope)) {
            return false;
        }
        is_known = true;
    }
    bool shows = c->scope.n != 0 || json_count(c->roles) != 0;
    return is_known && shows && !claims_have_role(c, SLICE("SMTP."));
}

static bool is_other_user(struct slice user, const struct claims *c)
{
    return user.n != 0 && c->user.n != 0 && slice_find_char(c->user, '@') != SIZE_MAX &&
           slice_find_char(user, '@') != SIZE_MAX && !slice_eq_nocase(user, c->user);
}

unsigned claims_judge(const struct claims *c, const struct claims_question *question,
                      const char **service)
{
    bool is_expired = c->expires_s != 0 && question->now_s >= c->expires_s;
    *service = audience_elsewhere(c);
    return (is_expired ? CLAIMS_EXPIRED : 0U) |
           (lacks_scope(question->provider, c) ? CLAIMS_NO_SCOPE : 0U) |
           (*service != NULL ? CLAIMS_ELSEWHERE : 0U) |
           (is_other_user(question->user, c) ? CLAIMS_OTHER_USER : 0U);
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
