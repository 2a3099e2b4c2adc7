/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The authorization endpoint and its codes: good once, for a minute, for the client, the redirect
 * URI and the verifier that they were asked for with (RFC 6749 4.1.3, 10.5; RFC 7636 4.6). A
 * request without a proof key is refused, as RFC 8252 8.1 lets servers do.
 */
#include <string.h>

#include "base/codec.h"
#include "fakeservers/authority_parts.h"
#include "net/seal.h"

static const char *const words[] = {
    [REDIRECTS_DENIED] = "redirect.denied",
    [REDIRECTS_STATE] = "redirect.state",
    [REDIRECTS_ISSUER] = "redirect.issuer",
};

bool authority_redirect_from_word(const char *word, enum authority_redirect *out)
{
    for (size_t i = 0; i < COUNT(words); i++) {
        if (words[i] != NULL && strcmp(word, words[i]) == 0) {
            *out = (enum authority_redirect)i;
            return true;
        }
    }
    return false;
}

void authority_code_init(struct authority_code *c)
{
    struct buf *const texts[] = {&c->client_id, &c->redirect_uri, &c->challenge, &c->scope};
    for (size_t i = 0; i < COUNT(texts); i++) {
        buf_init(texts[i], VALUE_MAX);
    }
}

void authority_code_release(struct authority_code *c)
{
    struct buf *const texts[] = {&c->client_id, &c->redirect_uri, &c->challenge, &c->scope};
    for (size_t i = 0; i < COUNT(texts); i++) {
        buf_release(texts[i]);
    }
}

/* ---- the authorization endpoint ---- */

/* The last word of the provider's address: tenants and the like stand before it. */
static bool is_authorization_endpoint(const struct authority *a, struct slice path)
{
    struct slice url = authority_text(a, "authorize");
    size_t slash = SIZE_MAX;
    for (size_t i = 0; i < url.n; i++) {
        slash = url.p[i] == '/' ? i : slash;
    }
    return slash != SIZE_MAX && slice_has_suffix(path, slice_from(url, slash));
}

/* RFC 8252 7.3: the port is the client's choice. */
static bool is_loopback(struct slice uri)
{
    return slice_has_prefix(uri, SLICE("http://127.0.0.1")) ||
           slice_has_prefix(uri, SLICE("http://localhost")) ||
           slice_has_prefix(uri, SLICE("http://[::1]"));
}

static void take(struct buf *out, struct slice query, const char *name, struct buf *room)
{
    buf_reset(out);
    buf_add(out, authority_field(query, name, room));
}

static void add(struct buf *location, const char *name, struct slice value)
{
    bool has_query = slice_find_char(buf_slice(location), '?') != SIZE_MAX;
    buf_addf(location, "%c%s=", has_query ? '&' : '?', name);
    url_encode(value, location);
}

static void add_issuer(const struct authority *a, struct buf *location)
{
    struct slice known = authority_text(a, "issuer");
    if (a->redirects == REDIRECTS_ISSUER) {
        add(location, "iss", SLICE("https://mallory.example"));
    } else if (known.n != 0) {
        add(location, "iss", known);
    }
}

static void add_code(struct authority *a, int64_t now_s, struct buf *location)
{
    struct authority_code *c = &a->code;
    rng_text(&a->rng, c->text, CODE_TEXT);
    c->is_used = false;
    c->ends_s = now_s + CODE_LIFETIME_S;
    a->counts.codes++;
    add(location, "code", slice_of(c->text));
}

unsigned authority_visit(struct authority *a, int64_t now_s, struct slice path, struct slice query,
                         struct buf *location)
{
    struct authority_code *c = &a->code;
    struct buf room;
    a->counts.requests++;
    if (!is_authorization_endpoint(a, path)) {
        return 404;
    }
    buf_init(&room, VALUE_MAX);
    c->text[0] = '\0';
    take(&c->client_id, query, "client_id", &room);
    take(&c->redirect_uri, query, "redirect_uri", &room);
    take(&c->challenge, query, "code_challenge", &room);
    take(&c->scope, query, "scope", &room);
    if (c->client_id.n == 0 || !is_loopback(buf_slice(&c->redirect_uri))) {
        buf_release(&room);
        return 400;
    }
    bool is_proof = c->challenge.n != 0 &&
                    slice_eq_text(authority_field(query, "code_challenge_method", &room), "S256");
    bool is_code = slice_eq_text(authority_field(query, "response_type", &room), "code");
    buf_add(location, buf_slice(&c->redirect_uri));
    if (!is_code || !is_proof) {
        add(location, "error", SLICE("invalid_request"));
    } else if (a->redirects == REDIRECTS_DENIED) {
        add(location, "error", SLICE("access_denied"));
    } else {
        add_code(a, now_s, location);
    }
    struct slice state = authority_field(query, "state", &room);
    add(location, "state", a->redirects == REDIRECTS_STATE ? SLICE("another") : state);
    add_issuer(a, location);
    buf_release(&room);
    return 302;
}

/* ---- the code at the token endpoint ---- */

static bool is_verifier(const struct authority_code *c, struct slice verifier)
{
    unsigned char digest[32];
    struct buf text;
    buf_init(&text, 64);
    seal_digest(verifier, digest);
    base64url_encode(slice_make((const char *)digest, sizeof digest), &text);
    bool is_same = verifier.n >= 43 && slice_eq(buf_slice(&text), buf_slice(&c->challenge));
    buf_release(&text);
    return is_same;
}

unsigned authority_on_code(struct authority *a, int64_t now_s, struct slice form, struct buf *body)
{
    struct authority_code *c = &a->code;
    struct buf room;
    buf_init(&room, VALUE_MAX);
    bool is_known = c->text[0] != '\0' && !c->is_used && now_s < c->ends_s &&
                    slice_eq_text(authority_field(form, "code", &room), c->text);
    bool is_same =
        slice_eq(authority_field(form, "redirect_uri", &room), buf_slice(&c->redirect_uri)) &&
        slice_eq(authority_field(form, "client_id", &room), buf_slice(&c->client_id));
    bool is_proven = is_verifier(c, authority_field(form, "code_verifier", &room));
    buf_release(&room);
    c->is_used = true; /* whoever has tried: it is not good any more */
    return !is_known || !is_same || !is_proven
               ? authority_refuse(a, 400, "invalid_grant", "", body)
               : authority_grant(a, now_s, buf_slice(&c->scope), authority_new_refresh_token(a),
                                 body);
}
