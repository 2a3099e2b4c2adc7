/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Assertions of a service account (RFC 7523), verified and refused as Google does: signature,
 * audience, an hour at most, and the scopes that the domain's administrator has delegated, which
 * here are those of the provider's file.
 */
#include "base/codec.h"
#include "doc/json.h"
#include "fakeservers/authority_parts.h"

enum { LIFETIME_MAX_S = 3600, SKEW_S = 300 };

/* clang-format off */
static const struct refusal {
    unsigned status;
    const char *error, *description;
} bad_signature    = {400, "invalid_grant", "Invalid JWT Signature."}, /* github.com/googleapis/google-cloud-python/issues/10004 */
  bad_audience     = {400, "invalid_grant", "Invalid JWT: Failed audience check."}, /* …/nithinmurali/pygsheets/issues/500 */
  bad_time         = {400, "invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim."}, /* …/a-marenkov/gsheets/issues/96 */
  bad_account      = {400, "invalid_grant", "Not a valid email or user ID."}, /* …/googleapis/google-api-python-client/issues/605 */
  not_delegated    = {401, "unauthorized_client", "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested."}; /* …/googleapis/google-api-php-client/issues/2214 */
/* clang-format on */

struct assertion {
    struct slice signed_text; /* head and claims, as they stand */
    struct buf signature;
    struct json *head, *claims;
};

static bool read_part(struct slice part, struct json **out)
{
    struct buf text;
    buf_init(&text, VALUE_MAX);
    bool is_map = base64url_decode(part, &text) &&
                  json_parse(buf_slice(&text), out, NULL) == ERR_OK && json_kind(*out) == JSON_MAP;
    buf_release(&text);
    return is_map;
}

static bool read_assertion(struct slice text, struct assertion *out)
{
    struct slice rest = text, head, claims;
    buf_init(&out->signature, VALUE_MAX);
    if (!slice_take_until(&rest, '.', &head) || !slice_take_until(&rest, '.', &claims)) {
        return false;
    }
    out->signed_text = slice_sub(text, 0, head.n + 1 + claims.n);
    return read_part(head, &out->head) && read_part(claims, &out->claims) &&
           base64url_decode(rest, &out->signature);
}

static struct slice claim(const struct assertion *s, const char *name)
{
    return json_slice(json_get(s->claims, name));
}

static bool is_in_time(const struct assertion *s, int64_t now_s)
{
    int64_t from_s = json_to_int(json_get(s->claims, "iat"));
    int64_t until_s = json_to_int(json_get(s->claims, "exp"));
    return from_s != 0 && from_s <= now_s + SKEW_S && until_s > now_s && until_s > from_s &&
           until_s - from_s <= LIFETIME_MAX_S;
}

static bool is_delegated(const struct authority *a, struct slice scopes)
{
    const struct provider *p = a->params.provider;
    const struct node *list = p != NULL && p->oauth2 != NULL ? node_get(p->oauth2, "scopes") : NULL;
    struct slice word;
    bool has_any = false;
    while (slice_take_word(&scopes, &word)) {
        bool is_known = false;
        for (size_t i = 0; list != NULL && i < list->count; i++) {
            is_known = is_known || slice_eq(word, node_text(list->items[i]));
        }
        if (!is_known) {
            return false;
        }
        has_any = true;
    }
    return has_any;
}

/* NULL: it is good. */
static const struct refusal *look(const struct authority *a, const struct assertion *s,
                                  int64_t now_s)
{
    if (!slice_eq_text(claim(s, "iss"), a->params.service_email)) {
        return &bad_account;
    }
    bool is_signed =
        slice_eq_text(json_slice(json_get(s->head, "alg")), "RS256") &&
        slice_eq_text(json_slice(json_get(s->head, "kid")), a->params.service_key_id) &&
        sign_is_rs256(a->params.service_key, s->signed_text, buf_slice(&s->signature));
    if (!is_signed) {
        return &bad_signature;
    }
    return !slice_eq(claim(s, "aud"), authority_text(a, "token")) ? &bad_audience
           : !is_in_time(s, now_s)                                ? &bad_time
           : !is_delegated(a, claim(s, "scope"))                  ? &not_delegated
                                                                  : NULL;
}

unsigned authority_on_assertion(struct authority *a, int64_t now_s, struct slice form,
                                struct buf *body)
{
    struct buf text, type;
    struct assertion s = {.head = NULL};
    unsigned status;
    buf_init(&text, VALUE_MAX);
    buf_init(&type, VALUE_MAX);
    bool is_type = slice_eq_text(authority_field(form, "grant_type", &type),
                                 "urn:ietf:params:oauth:grant-type:jwt-bearer");
    bool is_whole = read_assertion(authority_field(form, "assertion", &text), &s);
    if (!is_type || a->params.service_key == NULL) {
        status = authority_refuse(a, 400, "unsupported_grant_type", "", body);
    } else if (!is_whole) {
        status = authority_refuse(a, 400, bad_signature.error, bad_signature.description, body);
    } else {
        const struct refusal *no = look(a, &s, now_s);
        status = no != NULL ? authority_refuse(a, no->status, no->error, no->description, body)
                            : authority_grant(a, now_s, claim(&s, "scope"), NULL, body);
    }
    json_free(s.head);
    json_free(s.claims);
    buf_release(&s.signature);
    buf_release(&type);
    buf_release(&text);
    return status;
}
