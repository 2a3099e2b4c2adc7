/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing in by a browser, and by a service account's key, against the fake authority: what is
 * right gets a token, and each thing that is wrong gets none.
 */
#include "token/flow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/codec.h"
#include "doc/json.h"
#include "fakeservers/authority.h"
#include "token/assertion.h"
#include "token/authorize.h"
#include "token/redirect.h"

#define REDIRECT "http://127.0.0.1:4711/"
#define EMAIL    "sender@project.iam.gserviceaccount.com"
#define AUDIENCE "https://oauth2.googleapis.com/token"
#define SCOPE    "https://mail.google.com/"

static struct registry *registry;
static struct sign_key *key, *other_key;

static int setup(void **state)
{
    struct arena arena;
    struct doc_errors errors;
    struct why why;
    (void)state;
    arena_init(&arena);
    doc_errors_init(&errors, &arena);
    enum err err = registry_load(NULL, &registry, &errors, &why);
    arena_release(&arena);
    return err == ERR_OK && sign_key_new(&key, &why) == ERR_OK &&
                   sign_key_new(&other_key, &why) == ERR_OK
               ? 0
               : -1;
}

static int teardown(void **state)
{
    (void)state;
    registry_free(registry);
    sign_key_free(key);
    sign_key_free(other_key);
    return 0;
}

static struct authority *google(const char *says)
{
    struct authority *a = NULL;
    struct why why;
    const struct authority_params params = {.provider = registry_find(registry, SLICE("gmail")),
                                            .seed = 1,
                                            .keeps_refresh_token = true,
                                            .refresh_lifetime_s = 7 * 24 * 3600,
                                            .service_key = key,
                                            .service_email = EMAIL,
                                            .service_key_id = "k1",
                                            .says = says};
    if (authority_new(&params, &a, &why) != ERR_OK) {
        fail_msg("%s", why.text);
    }
    return a;
}

/* The answer to one request of a flow; true: a token. */
static bool ask(struct authority *a, const struct token_flow_params *params, int64_t now_s,
                struct token_result *out, char said[256])
{
    struct token_flow *f = NULL;
    struct token_act act;
    struct buf body;
    struct why why;
    if (token_flow_new(params, &f, &why) != ERR_OK) {
        fail_msg("%s", why.text);
    }
    buf_init(&body, 1 << 20);
    token_flow_next(f, now_s, &act);
    assert_int_equal(act.kind, TOKEN_ACT_POST);
    unsigned status = authority_answer(a, now_s, SLICE("POST"), SLICE("/token"), act.form, &body);
    token_flow_answer(f, now_s, status, buf_slice(&body), 0);
    token_flow_next(f, now_s, &act);
    *out = *token_flow_result(f);
    snprintf(said, 256, "%s", buf_text(&body));
    buf_release(&body);
    token_flow_free(f);
    return act.kind == TOKEN_ACT_DONE;
}

/* ---- the browser ---- */

static const struct token_client client = {
    .token_url = AUDIENCE, .id = SLICE_INIT("id 1"), .scope = SLICE_INIT(SCOPE)};

/* Where the authority sends a browser that has opened our question. */
static enum redirect_kind visit(struct authority *a, const struct token_proof *proof,
                                struct redirect *r)
{
    struct buf url, location;
    const struct token_question q = {.url = "https://accounts.google.com/o/oauth2/v2/auth",
                                     .client_id = client.id,
                                     .redirect_uri = SLICE_INIT(REDIRECT),
                                     .scope = client.scope,
                                     .user = SLICE_INIT("jane@gmail.com")};
    const struct redirect_wish wish = {.path = SLICE_INIT("/"),
                                       .state = slice_of(proof->state),
                                       .issuer = SLICE_INIT("https://accounts.google.com"),
                                       .asked = slice_of(q.url)};
    buf_init(&url, 4096);
    buf_init(&location, 4096);
    token_question_url(&q, proof, &url);
    size_t mark = slice_find_char(buf_slice(&url), '?');
    unsigned status = authority_visit(a, 1000, SLICE("/o/oauth2/v2/auth"),
                                      slice_from(buf_slice(&url), mark + 1), &location);
    assert_int_equal(status, 302);
    redirect_read_address(buf_slice(&location), &wish, r);
    buf_release(&url);
    buf_release(&location);
    return r->kind;
}

static void make_proof(struct token_proof *out)
{
    unsigned char octets[PROOF_OCTETS];
    memset(octets, 7, sizeof octets);
    octets[40] = 8;
    token_proof_make(octets, out);
}

/* What is wrong with the way the code comes to the token endpoint. */
enum wrong { NOTHING, VERIFIER, NO_VERIFIER, REDIRECT_URI, CLIENT, CODE, LATE, WRONG_COUNT };

static void test_code(void **state)
{
    struct token_proof proof;
    struct token_result result;
    char said[256];
    (void)state;
    make_proof(&proof);
    for (unsigned wrong = 0; wrong < WRONG_COUNT; wrong++) {
        struct authority *a = google(NULL);
        struct redirect r;
        redirect_init(&r);
        assert_int_equal(visit(a, &proof, &r), REDIRECT_CODE);
        struct token_flow_params params = {.grant = TOKEN_GRANT_CODE,
                                           .client = client,
                                           .code = buf_slice(&r.code),
                                           .redirect_uri = SLICE_INIT(REDIRECT),
                                           .verifier = slice_of(proof.verifier)};
        params.verifier = wrong == VERIFIER      ? slice_of(proof.challenge)
                          : wrong == NO_VERIFIER ? SLICE("")
                                                 : params.verifier;
        params.redirect_uri =
            wrong == REDIRECT_URI ? SLICE("http://127.0.0.1:4712/") : params.redirect_uri;
        params.client.id = wrong == CLIENT ? SLICE("id 2") : params.client.id;
        params.code = wrong == CODE ? SLICE("guessed") : params.code;
        bool is_had = ask(a, &params, wrong == LATE ? 1061 : 1001, &result, said);
        if (is_had != (wrong == NOTHING)) {
            fail_msg("%u: %s", wrong, said);
        }
        if (wrong == NOTHING) {
            assert_int_equal(result.expires_s, 1001 + 3600);
            assert_int_equal(result.refresh_expires_s, 1001 + 7 * 24 * 3600);
        }
        assert_false(ask(a, &params, 1002, &result, said)); /* a code is good once */
        assert_int_equal(authority_counts(a)->codes, 1);
        redirect_release(&r);
        authority_free(a);
    }
}

static void test_what_the_browser_brings(void **state)
{
    static const struct {
        const char *says;
        enum redirect_kind kind;
    } rows[] = {{NULL, REDIRECT_CODE},
                {"redirect.denied", REDIRECT_REFUSED},
                {"redirect.state", REDIRECT_STATE},
                {"redirect.issuer", REDIRECT_ISSUER}};
    struct token_proof proof;
    (void)state;
    make_proof(&proof);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct authority *a = google(rows[i].says);
        struct redirect r;
        redirect_init(&r);
        assert_int_equal(visit(a, &proof, &r), rows[i].kind);
        redirect_release(&r);
        authority_free(a);
    }
}

static void test_questions_that_are_refused(void **state)
{
    static const struct {
        const char *path, *query;
        unsigned status;
        const char *location;
    } rows[] = {
        {"/elsewhere", "client_id=1", 404, ""},
        {"/o/oauth2/v2/auth", "redirect_uri=http%3A%2F%2F127.0.0.1%2F", 400, ""},
        {"/o/oauth2/v2/auth", "client_id=1&redirect_uri=https%3A%2F%2Fevil.example%2F", 400, ""},
        {"/o/oauth2/v2/auth",
         "response_type=code&client_id=1&redirect_uri=http%3A%2F%2F127.0.0.1%2F&state=s", 302,
         "http://127.0.0.1/?error=invalid_request&state=s&iss=https%3A%2F%2Faccounts.google.com"},
        {"/o/oauth2/v2/auth",
         "response_type=code&client_id=1&redirect_uri=http%3A%2F%2F127.0.0.1%2F&state=s&code_"
         "challenge=x&code_challenge_method=plain",
         302,
         "http://127.0.0.1/?error=invalid_request&state=s&iss=https%3A%2F%2Faccounts.google.com"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct authority *a = google(NULL);
        struct buf location;
        buf_init(&location, 4096);
        assert_int_equal(
            authority_visit(a, 1, slice_of(rows[i].path), slice_of(rows[i].query), &location),
            rows[i].status);
        assert_string_equal(buf_text(&location), rows[i].location);
        buf_release(&location);
        authority_free(a);
    }
}

/* ---- the service account ---- */

static struct service_account *account(const struct sign_key *k, const char *email, const char *kid)
{
    struct service_account *s = NULL;
    struct json *map = json_map();
    struct buf pem, text;
    struct why why;
    buf_init(&pem, 1 << 16);
    buf_init(&text, 1 << 16);
    assert_int_equal(sign_key_pem(k, &pem, &why), ERR_OK);
    json_set(map, "type", json_text("service_account"));
    json_set(map, "client_email", json_text(email));
    json_set(map, "private_key_id", json_text(kid));
    json_set(map, "private_key", json_string(buf_slice(&pem)));
    json_set(map, "token_uri", json_text(AUDIENCE));
    json_print(map, JSON_COMPACT, &text);
    if (service_account_read(buf_slice(&text), &s, &why) != ERR_OK) {
        fail_msg("%s", why.text);
    }
    assert_string_equal(service_account_email(s), email);
    assert_string_equal(service_account_token_url(s), AUDIENCE);
    json_free(map);
    buf_release(&pem);
    buf_release(&text);
    return s;
}

static void test_service_account(void **state)
{
    static const struct {
        const char *email, *key_id, *audience, *scope;
        bool is_other_key;
        int64_t late_s; /* asked so much after it was signed */
        const char *says;
    } rows[] = {
        {EMAIL, "k1", AUDIENCE, SCOPE, false, 0, NULL},
        {EMAIL, "k1", AUDIENCE, SCOPE, false, 3599, NULL},
        {EMAIL, "k1", AUDIENCE, SCOPE, false, -200, NULL}, /* our clock is a little ahead */
        {EMAIL, "k1", AUDIENCE, SCOPE, false, 3600, "short-lived"},
        {EMAIL, "k1", AUDIENCE, SCOPE, false, -1000, "short-lived"},
        {EMAIL, "k1", AUDIENCE, SCOPE, true, 0, "Invalid JWT Signature"},
        {EMAIL, "k2", AUDIENCE, SCOPE, false, 0, "Invalid JWT Signature"},
        {"x@example.com", "k1", AUDIENCE, SCOPE, false, 0, "Not a valid email"},
        {EMAIL, "k1", "https://example.com/token", SCOPE, false, 0, "Failed audience check"},
        {EMAIL, "k1", AUDIENCE, "https://www.googleapis.com/auth/drive", false, 0,
         "unauthorized_client"},
        {EMAIL, "k1", AUDIENCE, "", false, 0, "unauthorized_client"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct authority *a = google(NULL);
        struct service_account *s =
            account(rows[i].is_other_key ? other_key : key, rows[i].email, rows[i].key_id);
        struct buf assertion;
        struct token_result result;
        struct why why;
        char said[256];
        buf_init(&assertion, 1 << 16);
        const struct assertion_claims claims = {.audience = rows[i].audience,
                                                .subject = SLICE_INIT("jane@example.com"),
                                                .scope = slice_of(rows[i].scope),
                                                .now_s = 100000};
        assert_int_equal(service_account_sign(s, &claims, &assertion, &why), ERR_OK);
        const struct token_flow_params params = {.grant = TOKEN_GRANT_SERVICE,
                                                 .client = {.token_url = AUDIENCE},
                                                 .assertion = buf_slice(&assertion)};
        bool is_had = ask(a, &params, 100000 + rows[i].late_s, &result, said);
        bool is_right =
            rows[i].says == NULL ? is_had : !is_had && strstr(said, rows[i].says) != NULL;
        if (!is_right) {
            fail_msg("row %zu: %d %s", i, is_had, said);
        }
        buf_release(&assertion);
        service_account_free(s);
        authority_free(a);
    }
}

/* One octet of the claims, or of the signature, is another: no token. */
static void test_changed_assertion(void **state)
{
    struct authority *a = google(NULL);
    struct service_account *s = account(key, EMAIL, "k1");
    struct buf assertion;
    struct token_result result;
    struct why why;
    char said[256];
    const struct assertion_claims claims = {.audience = AUDIENCE,
                                            .subject = SLICE_INIT("jane@example.com"),
                                            .scope = SLICE_INIT(SCOPE),
                                            .now_s = 100000};
    (void)state;
    buf_init(&assertion, 1 << 16);
    assert_int_equal(service_account_sign(s, &claims, &assertion, &why), ERR_OK);
    for (size_t at = 10; at < assertion.n; at += 37) {
        char was = assertion.p[at];
        assertion.p[at] = was == 'A' ? 'B' : 'A';
        const struct token_flow_params params = {.grant = TOKEN_GRANT_SERVICE,
                                                 .client = {.token_url = AUDIENCE},
                                                 .assertion = buf_slice(&assertion)};
        assert_false(ask(a, &params, 100001, &result, said));
        assertion.p[at] = was;
    }
    assert_int_equal(authority_counts(a)->tokens, 0);
    buf_release(&assertion);
    service_account_free(s);
    authority_free(a);
}

static void test_key_files(void **state)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"{", ""},
        {"[]", "no key file of a service account"},
        {"{\"type\":\"authorized_user\"}", "no key file of a service account"},
        {"{\"installed\":{\"client_id\":\"x\"}}", "no key file of a service account"},
        {"{\"type\":\"service_account\"}", "'client_email' is missing"},
        {"{\"type\":\"service_account\",\"client_email\":\"x\",\"private_key_id\":\"k\"}",
         "'private_key' is missing"},
        {"{\"type\":\"service_account\",\"client_email\":\"x\",\"private_key_id\":\"k\",\"private_"
         "key\":\"-----BEGIN PRIVATE KEY-----\\nAAAA\\n-----END PRIVATE KEY-----\\n\"}",
         "no private key"},
        {"{\"type\":\"service_account\",\"client_email\":\"x\",\"private_key_id\":\"k\",\"private_"
         "key\":\"-----BEGIN PRIVATE KEY-----\\n"
         "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgevZzL1gdAFr88hb2\\n"
         "OF/2NxApJCzGCEDdfSp6VQO30hyhRANCAAQRWz+jn65BtOMvdyHKcvjBeBSDZH2r\\n"
         "1RTwjmYSi9R/zpBnuQ4EiMnCqfMPWiZqB4QdbAd0E7oH50VpuZ1P087G\\n"
         "-----END PRIVATE KEY-----\\n\"}",
         "not RSA"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct service_account *s = NULL;
        struct why why = {.text = ""};
        assert_int_not_equal(service_account_read(slice_of(rows[i].text), &s, &why), ERR_OK);
        if (strstr(why.text, rows[i].says) == NULL) {
            fail_msg("row %zu: %s", i, why.text);
        }
        assert_null(s);
    }
}

/* What is claimed, as somebody else reads it. */
static void test_claims(void **state)
{
    struct service_account *s = account(key, EMAIL, "k1");
    struct buf assertion, text;
    struct slice rest, head, claims;
    struct why why;
    const struct assertion_claims c = {.audience = AUDIENCE,
                                       .subject = SLICE_INIT("jane@example.com"),
                                       .scope = SLICE_INIT(SCOPE),
                                       .now_s = 1700000000};
    (void)state;
    buf_init(&assertion, 1 << 16);
    buf_init(&text, 1 << 16);
    assert_int_equal(service_account_sign(s, &c, &assertion, &why), ERR_OK);
    rest = buf_slice(&assertion);
    assert_true(slice_take_until(&rest, '.', &head));
    assert_true(slice_take_until(&rest, '.', &claims));
    assert_true(base64url_decode(head, &text));
    assert_string_equal(buf_text(&text), "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"k1\"}");
    buf_reset(&text);
    assert_true(base64url_decode(claims, &text));
    assert_string_equal(buf_text(&text),
                        "{\"iss\":\"" EMAIL "\",\"sub\":\"jane@example.com\",\"aud\":\"" AUDIENCE
                        "\",\"scope\":\"" SCOPE "\",\"iat\":1700000000,\"exp\":1700003600}");
    buf_reset(&text);
    assert_true(base64url_decode(rest, &text));
    assert_int_equal(text.n, 256);
    buf_release(&assertion);
    buf_release(&text);
    service_account_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_code),
        cmocka_unit_test(test_what_the_browser_brings),
        cmocka_unit_test(test_questions_that_are_refused),
        cmocka_unit_test(test_service_account),
        cmocka_unit_test(test_changed_assertion),
        cmocka_unit_test(test_key_files),
        cmocka_unit_test(test_claims),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
