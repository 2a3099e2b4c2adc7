/* SPDX-License-Identifier: Apache-2.0 */
/* See authority.h. The documents are those of real endpoints, each from where it was seen. */
#include "fakeservers/authority.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "doc/json.h"
#include "fakeservers/authority_parts.h"

/* clang-format off */
static const struct document {
    const char *family; /* of the provider; "" any */
    const char *cause;
    unsigned status;
    const char *error, *description;
} documents[] = {
    /* github.com/simonrob/email-oauth2-proxy/issues/181, …/DougHennig/SFMail/issues/15, …/O365/python-o365/issues/323 */
    {"microsoft", "token.invalid_grant",        400, "invalid_grant", "AADSTS70043: The refresh token has expired or is invalid due to sign-in frequency checks by conditional access."},
    {"microsoft", "token.interaction_required", 400, "invalid_grant", "AADSTS50076: Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access '00000002-0000-0ff1-ce00-000000000000'."},
    /* github.com/wazuh/wazuh/issues/27069, …/n8n-io/n8n/issues/22702, …/spencerwooo/onedrive-cf-index/issues/100 */
    {"microsoft", "token.unauthorized_client",  400, "unauthorized_client", "AADSTS700016: Application with identifier 'xxxx' was not found in the directory 'xxxx'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant."},
    {"microsoft", "token.invalid_client",       401, "invalid_client", "AADSTS7000222: The provided client secret keys for app 'aad843ca-42a7-4219-a3f9-91bcf621d795' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret."},
    {"microsoft", "token.invalid_scope",        400, "invalid_scope", "AADSTS70011: The provided value for the input parameter 'scope' is not valid."},
    /* github.com/pdobsan/oama/issues/17, …/timfee/meet/issues/25, …/brockamer/findajob/issues/115 */
    {"google",    "token.invalid_grant",        400, "invalid_grant", "Token has been expired or revoked."},
    {"google",    "token.unauthorized_client",  401, "unauthorized_client", "Unauthorized"},
    {"google",    "token.invalid_client",       401, "invalid_client", "The OAuth client was not found."},
    {"google",    "token.invalid_scope",        400, "invalid_scope", "Invalid device flow scope: https://mail.google.com/"},
    /* RFC 6749 5.2 */
    {"",          "token.invalid_grant",        400, "invalid_grant", ""},
    {"",          "token.invalid_client",       401, "invalid_client", ""},
    {"",          "token.unauthorized_client",  400, "unauthorized_client", ""},
    {"",          "token.invalid_scope",        400, "invalid_scope", ""},
    {"",          "token.interaction_required", 400, "interaction_required", ""},
    {"",          "token.endpoint_unavailable", 503, "temporarily_unavailable", ""},
};
/* clang-format on */

static const char *family_of(const struct authority *a)
{
    return a->params.provider != NULL && a->params.provider->family != NULL
               ? a->params.provider->family
               : "";
}

static const struct document *document_for(const char *family, const char *cause)
{
    for (size_t i = 0; i < COUNT(documents); i++) {
        const struct document *d = &documents[i];
        if (strcmp(d->cause, cause) == 0 &&
            (d->family[0] == '\0' || strcmp(d->family, family) == 0)) {
            return d;
        }
    }
    return NULL;
}

struct slice authority_text(const struct authority *a, const char *key)
{
    const struct node *oauth2 = a->params.provider != NULL ? a->params.provider->oauth2 : NULL;
    const struct node *text = oauth2 != NULL ? node_get(oauth2, key) : NULL;
    return text != NULL ? node_text(text) : SLICE("");
}

enum err authority_new(const struct authority_params *params, struct authority **out,
                       struct why *why)
{
    struct authority *a = mem_zalloc(1, sizeof *a);
    a->params = *params;
    a->params.access_lifetime_s = params->access_lifetime_s != 0 ? params->access_lifetime_s : 3600;
    a->params.device_lifetime_s = params->device_lifetime_s != 0 ? params->device_lifetime_s : 900;
    a->params.interval_s = params->interval_s != 0 ? params->interval_s : 5;
    rng_init(&a->rng, params->seed);
    buf_init(&a->device_scope, VALUE_MAX);
    authority_code_init(&a->code);
    bool is_redirect =
        params->says != NULL && authority_redirect_from_word(params->says, &a->redirects);
    a->says = params->says != NULL ? document_for(family_of(a), params->says) : NULL;
    if (params->says != NULL && a->says == NULL && !is_redirect) {
        authority_free(a);
        return why_set(
            why, ERR_NOT_FOUND,
            "a token endpoint has no document for '%.60s'; it has for: token.invalid_grant "
            "token.invalid_client token.unauthorized_client token.invalid_scope "
            "token.interaction_required token.endpoint_unavailable; its authorization endpoint "
            "can do: redirect.denied redirect.state redirect.issuer",
            params->says);
    }
    *out = a;
    return ERR_OK;
}

void authority_free(struct authority *a)
{
    if (a != NULL) {
        buf_release(&a->device_scope);
        authority_code_release(&a->code);
        free(a);
    }
}

const struct authority_counts *authority_counts(const struct authority *a)
{
    return &a->counts;
}

/* ---- the form ---- */

static int hex_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static void decode(struct slice text, struct buf *out)
{
    for (size_t i = 0; i < text.n; i++) {
        bool is_escape = text.p[i] == '%' && i + 2 < text.n && hex_of(text.p[i + 1]) >= 0 &&
                         hex_of(text.p[i + 2]) >= 0;
        if (is_escape) {
            buf_add_char(out, (char)(hex_of(text.p[i + 1]) * 16 + hex_of(text.p[i + 2])));
            i += 2;
        } else {
            buf_add_char(out, text.p[i] == '+' ? ' ' : text.p[i]);
        }
    }
}

struct slice authority_field(struct slice form, const char *name, struct buf *room)
{
    struct slice pair;
    buf_reset(room);
    while (slice_take_until(&form, '&', &pair)) {
        size_t equals = slice_find_char(pair, '=');
        if (slice_eq_text(slice_sub(pair, 0, equals), name) && equals != SIZE_MAX) {
            decode(slice_from(pair, equals + 1), room);
            break;
        }
    }
    return buf_slice(room);
}

/* ---- answers ---- */

unsigned authority_refuse(struct authority *a, unsigned status, const char *error,
                          const char *description, struct buf *body)
{
    struct json *map = json_map();
    a->counts.refused++;
    json_set(map, "error", json_text(error));
    if (description[0] != '\0') {
        json_set(map, "error_description", json_text(description));
    }
    json_print(map, JSON_COMPACT, body);
    json_free(map);
    return status;
}

static unsigned refuse_as(struct authority *a, const char *cause, struct buf *body)
{
    const struct document *d = document_for(family_of(a), cause);
    must(d != NULL);
    return authority_refuse(a, d->status, d->error, d->description, body);
}

/* Microsoft's access tokens are JSON Web Tokens for the service that the first scope names. */
static void write_jwt(struct authority *a, struct slice scope, int64_t expires_s, struct buf *out)
{
    struct json *claims = json_map();
    struct buf text, words;
    struct slice rest = scope, word;
    char signature[33];
    buf_init(&text, VALUE_MAX);
    buf_init(&words, VALUE_MAX);
    for (bool is_first = true; slice_take_word(&rest, &word);) {
        size_t slash = SIZE_MAX;
        for (size_t i = 0; i < word.n; i++) {
            slash = word.p[i] == '/' ? i : slash;
        }
        if (slash == SIZE_MAX) {
            continue; /* openid, offline_access: no service's */
        }
        if (is_first) {
            json_set(claims, "aud", json_string(slice_sub(word, 0, slash)));
        }
        is_first = false;
        buf_addf(&words, "%s" SLICE_FMT, words.n != 0 ? " " : "",
                 SLICE_ARG(slice_from(word, slash + 1)));
    }
    if (slice_eq_text(buf_slice(&words),
                      ".default")) { /* an application has roles, a person scopes */
        struct json *roles = json_list();
        json_add(roles, json_text("SMTP.SendAsApp"));
        json_set(claims, "roles", roles);
    } else {
        json_set(claims, "scp", json_string(buf_slice(&words)));
    }
    json_set(claims, "exp", json_int(expires_s));
    json_print(claims, JSON_COMPACT, &text);
    json_free(claims);
    base64url_encode(SLICE("{\"typ\":\"JWT\",\"alg\":\"none\"}"), out);
    buf_add_char(out, '.');
    base64url_encode(buf_slice(&text), out);
    rng_text(&a->rng, signature, sizeof signature - 1);
    buf_addf(out, ".%s", signature);
    buf_release(&text);
    buf_release(&words);
}

static void write_access_token(struct authority *a, struct slice scope, int64_t expires_s,
                               struct buf *out)
{
    char text[CODE_TEXT + 1];
    bool is_microsoft = strcmp(family_of(a), "microsoft") == 0;
    if (is_microsoft) {
        write_jwt(a, scope, expires_s, out);
    } else {
        rng_text(&a->rng, text, CODE_TEXT);
        buf_addf(out, "%s%s", strcmp(family_of(a), "google") == 0 ? "ya29." : "tok1.", text);
    }
    struct access *kept = &a->access[a->access_count++ % TOKENS_MAX];
    memcpy(kept->octets, out->p + out->n - sizeof kept->octets, sizeof kept->octets);
    kept->expires_s = expires_s;
}

bool authority_knows(const struct authority *a, struct slice access_token, int64_t now_s)
{
    size_t n = sizeof a->access[0].octets;
    for (size_t i = 0; i < a->access_count && i < TOKENS_MAX && access_token.n >= n; i++) {
        if (memcmp(access_token.p + access_token.n - n, a->access[i].octets, n) == 0) {
            return now_s < a->access[i].expires_s;
        }
    }
    return false;
}

const char *authority_new_refresh_token(struct authority *a)
{
    struct issued *t = &a->refresh[a->refresh_count++ % TOKENS_MAX];
    char text[CODE_TEXT + 1];
    rng_text(&a->rng, text, CODE_TEXT);
    snprintf(t->text, sizeof t->text, "rt.%s", text);
    t->state = TOKEN_GOOD;
    return t->text;
}

static struct issued *find_refresh(struct authority *a, struct slice token)
{
    for (size_t i = 0; i < a->refresh_count && i < TOKENS_MAX; i++) {
        if (slice_eq_text(token, a->refresh[i].text)) {
            return &a->refresh[i];
        }
    }
    return NULL;
}

unsigned authority_grant(struct authority *a, int64_t now_s, struct slice scope,
                         const char *refresh, struct buf *body)
{
    struct json *map = json_map();
    struct buf access;
    buf_init(&access, VALUE_MAX);
    write_access_token(a, scope, now_s + a->params.access_lifetime_s, &access);
    a->counts.tokens++;
    json_set(map, "token_type", json_text("Bearer"));
    json_set(map, "scope", json_string(scope));
    json_set(map, "expires_in", json_int(a->params.access_lifetime_s));
    json_set(map, "access_token", json_string(buf_slice(&access)));
    if (refresh != NULL) {
        json_set(map, "refresh_token", json_text(refresh));
    }
    if (refresh != NULL && a->params.refresh_lifetime_s != 0) {
        json_set(map, "refresh_token_expires_in", json_int(a->params.refresh_lifetime_s));
    }
    json_print(map, JSON_COMPACT, body);
    json_free(map);
    buf_release(&access);
    return 200;
}

/* ---- grants ---- */

static unsigned on_refresh(struct authority *a, int64_t now_s, struct slice form, struct buf *body)
{
    struct buf value, scope;
    buf_init(&value, VALUE_MAX);
    buf_init(&scope, VALUE_MAX);
    struct issued *known = find_refresh(a, authority_field(form, "refresh_token", &value));
    struct slice wanted = authority_field(form, "scope", &scope);
    unsigned status;
    if (known == NULL || known->state != TOKEN_GOOD) {
        a->counts.reused += known != NULL;
        status = refuse_as(a, "token.invalid_grant", body);
    } else {
        const char *next = NULL;
        if (!a->params.keeps_refresh_token) {
            known->state = TOKEN_REPLACED;
            a->counts.rotations++;
            next = authority_new_refresh_token(a);
        }
        status = authority_grant(a, now_s, wanted, next, body);
    }
    buf_release(&value);
    buf_release(&scope);
    return status;
}

static unsigned on_client(struct authority *a, int64_t now_s, struct slice form, struct buf *body)
{
    struct buf value;
    buf_init(&value, VALUE_MAX);
    unsigned status =
        authority_field(form, "client_secret", &value).n == 0
            ? refuse_as(a, "token.invalid_client", body)
            : authority_grant(a, now_s, authority_field(form, "scope", &value), NULL, body);
    buf_release(&value);
    return status;
}

static unsigned on_device_begin(struct authority *a, int64_t now_s, struct slice form,
                                struct buf *body)
{
    struct json *map = json_map();
    struct buf value;
    struct slice page = authority_text(a, "device_page");
    buf_init(&value, VALUE_MAX);
    buf_reset(&a->device_scope);
    buf_add(&a->device_scope, authority_field(form, "scope", &value));
    buf_release(&value);
    rng_text(&a->rng, a->device_code, CODE_TEXT);
    rng_text(&a->rng, a->user_code, 9);
    a->device_ends_s = now_s + a->params.device_lifetime_s;
    a->asked_s = now_s;
    a->asked = 0;
    json_set(map, "device_code", json_text(a->device_code));
    json_set(map, "user_code", json_text(a->user_code));
    json_set(map, "verification_uri",
             json_string(page.n != 0 ? page : SLICE("https://login.example/device")));
    json_set(map, "expires_in", json_int(a->params.device_lifetime_s));
    json_set(map, "interval", json_int(a->params.interval_s));
    json_print(map, JSON_COMPACT, body);
    json_free(map);
    return 200;
}

static unsigned on_device_ask(struct authority *a, int64_t now_s, struct slice form,
                              struct buf *body)
{
    struct buf value;
    buf_init(&value, VALUE_MAX);
    bool is_known = a->device_code[0] != '\0' &&
                    slice_eq_text(authority_field(form, "device_code", &value), a->device_code);
    buf_release(&value);
    int64_t since_s = now_s - a->asked_s;
    a->asked_s = now_s;
    if (!is_known) {
        return authority_refuse(a, 400, "invalid_grant", "", body);
    }
    if (now_s >= a->device_ends_s) {
        return authority_refuse(a, 400, "expired_token", "", body);
    }
    if (since_s < a->params.interval_s) {
        a->counts.hurried++;
        return authority_refuse(a, 400, "slow_down", "", body);
    }
    if (a->asked++ < a->params.pending) {
        return authority_refuse(a, 400, "authorization_pending", "", body);
    }
    a->device_code[0] = '\0'; /* good once */
    return a->params.is_declined ? authority_refuse(a, 400, "access_denied", "", body)
                                 : authority_grant(a, now_s, buf_slice(&a->device_scope),
                                                   authority_new_refresh_token(a), body);
}

static bool is_device_endpoint(struct slice path)
{
    return slice_has_suffix(path, SLICE("/devicecode")) ||
           slice_has_suffix(path, SLICE("/device/code")) ||
           slice_has_suffix(path, SLICE("/device"));
}

static unsigned by_grant(struct authority *a, int64_t now_s, struct slice form, struct buf *body)
{
    struct buf value;
    buf_init(&value, VALUE_MAX);
    struct slice grant = authority_field(form, "grant_type", &value);
    unsigned status = slice_eq_text(grant, "refresh_token") ? on_refresh(a, now_s, form, body)
                      : slice_eq_text(grant, "client_credentials") ? on_client(a, now_s, form, body)
                      : slice_has_suffix(grant, SLICE("device_code"))
                          ? on_device_ask(a, now_s, form, body)
                      : slice_eq_text(grant, "authorization_code")
                          ? authority_on_code(a, now_s, form, body)
                          : authority_refuse(a, 400, "unsupported_grant_type", "", body);
    buf_release(&value);
    return status;
}

unsigned authority_answer(struct authority *a, int64_t now_s, struct slice method,
                          struct slice path, struct slice form, struct buf *body)
{
    struct buf value;
    a->counts.requests++;
    if (!slice_eq_text(method, "POST")) {
        return authority_refuse(a, 405, "invalid_request", "only POST", body);
    }
    if (a->says != NULL && (a->params.says_times == 0 || a->said < a->params.says_times)) {
        a->said++;
        return authority_refuse(a, a->says->status, a->says->error, a->says->description, body);
    }
    buf_init(&value, VALUE_MAX);
    bool is_assertion = authority_field(form, "assertion", &value).n != 0;
    bool has_client = is_assertion || authority_field(form, "client_id", &value).n != 0;
    buf_release(&value);
    return !has_client ? authority_refuse(a, 400, "invalid_request", "client_id is missing", body)
           : is_device_endpoint(path) ? on_device_begin(a, now_s, form, body)
           : is_assertion             ? authority_on_assertion(a, now_s, form, body)
                                      : by_grant(a, now_s, form, body);
}
