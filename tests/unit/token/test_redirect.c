/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way out (RFC 6749 4.1.1, RFC 7636) and what comes back. Laws: the answer does not depend on
 * where the network cuts the request; no page repeats anything that came in; only our state ends
 * the matter.
 */
#include "token/redirect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "doc/json.h"
#include "token/authorize.h"

static const struct redirect_wish wish = {
    .path = SLICE_INIT("/"),
    .state = SLICE_INIT("st-1"),
    .issuer = SLICE_INIT("https://accounts.example"),
    .asked = SLICE_INIT("https://login.example:8443/authorize?x=1"),
};

#define REST " HTTP/1.1\r\nHost: 127.0.0.1:1\r\nUser-Agent: x\r\n\r\n"

/* clang-format off */
static const struct row {
    const char *name, *text;
    enum redirect_kind kind;
    const char *value; /* code, or error */
} rows[] = {
    {"a code",               "GET /?code=4%2F0a+b&state=st-1" REST,                        REDIRECT_CODE, "4/0a b"},
    {"and more",             "GET /?scope=x&state=st-1&code=c&prompt=consent" REST,        REDIRECT_CODE, "c"},
    {"its issuer",           "GET /?code=c&state=st-1&iss=https%3A%2F%2Faccounts.example" REST, REDIRECT_CODE, "c"},
    {"a fragment",           "GET /?code=c&state=st-1#_" REST,                             REDIRECT_CODE, "c"},
    {"HTTP/1.0",             "GET /?code=c&state=st-1 HTTP/1.0\r\n\r\n",                   REDIRECT_CODE, "c"},
    {"refused",              "GET /?error=access_denied&error_description=No+thanks&state=st-1" REST, REDIRECT_REFUSED, "access_denied"},
    {"no state",             "GET /?code=c" REST,                                          REDIRECT_STATE, NULL},
    {"another state",        "GET /?code=c&state=st-2" REST,                               REDIRECT_STATE, NULL},
    {"the state and more",   "GET /?code=c&state=st-11" REST,                              REDIRECT_STATE, NULL},
    {"an empty state",       "GET /?code=c&state=" REST,                                   REDIRECT_STATE, NULL},
    {"a refusal without it", "GET /?error=access_denied" REST,                             REDIRECT_STATE, NULL},
    {"another issuer",       "GET /?code=c&state=st-1&iss=https%3A%2F%2Fevil.example" REST, REDIRECT_ISSUER, NULL},
    {"the issuer and more",  "GET /?code=c&state=st-1&iss=https%3A%2F%2Faccounts.example%2F" REST, REDIRECT_ISSUER, NULL},
    {"an empty issuer",      "GET /?code=c&state=st-1&iss=" REST,                          REDIRECT_ISSUER, NULL},
    {"two codes",            "GET /?code=c&code=d&state=st-1" REST,                        REDIRECT_BAD, NULL},
    {"two states",           "GET /?code=c&state=st-2&state=st-1" REST,                    REDIRECT_BAD, NULL},
    {"a code and an error",  "GET /?code=c&error=e&state=st-1" REST,                       REDIRECT_BAD, NULL},
    {"an empty code",        "GET /?code=&state=st-1" REST,                                REDIRECT_BAD, NULL},
    {"half an escape",       "GET /?code=c%2&state=st-1" REST,                             REDIRECT_BAD, NULL},
    {"a NUL",                "GET /?code=c%00&state=st-1" REST,                            REDIRECT_BAD, NULL},
    {"a line end",           "GET /?code=c%0d%0aX&state=st-1" REST,                        REDIRECT_BAD, NULL},
    {"an icon",              "GET /favicon.ico" REST,                                      REDIRECT_OTHER, NULL},
    {"another path",         "GET /x?code=c&state=st-1" REST,                              REDIRECT_OTHER, NULL},
    {"nothing in it",        "GET /" REST,                                                 REDIRECT_OTHER, NULL},
    {"a POST",               "POST /?code=c&state=st-1" REST,                              REDIRECT_OTHER, NULL},
    {"a HEAD, which looks ahead", "HEAD /?code=c&state=st-1" REST,                         REDIRECT_OTHER, NULL},
    {"no HTTP",              "GET /?code=c&state=st-1\r\n\r\n",                            REDIRECT_BAD, NULL},
    {"HTTP/2",               "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",                           REDIRECT_BAD, NULL},
    {"TLS",                  "\x16\x03\x01\x02\x00",                                       REDIRECT_BAD, NULL},
    {"a line alone",         "GET /?code=c&state=st-1 HTTP/1.1\r\n",                       REDIRECT_MORE, NULL},
    {"nothing",              "",                                                           REDIRECT_MORE, NULL},
};

static const struct row addresses[] = {
    {"as shown",      " http://127.0.0.1:4711/?code=c&state=st-1\r\n",  REDIRECT_CODE, "c"},
    {"without path",  "http://127.0.0.1:4711?code=c&state=st-1",        REDIRECT_CODE, "c"},
    {"refused",       "http://localhost/?error=access_denied&state=st-1", REDIRECT_REFUSED, "access_denied"},
    {"another state", "http://127.0.0.1/?code=c&state=st-2",            REDIRECT_STATE, NULL},
    {"the code alone", "4/0abc",                                        REDIRECT_BAD, NULL},
    {"of another page", "http://127.0.0.1/else?code=c&state=st-1",      REDIRECT_OTHER, NULL},
    {"the address that was to be opened", "https://login.example/authorize?state=st-1", REDIRECT_OTHER, NULL},
    {"nothing",       "",                                               REDIRECT_BAD, NULL},
};
/* clang-format on */

static void check_row(const struct row *row, const struct redirect *r, size_t cut)
{
    struct slice value = buf_slice(r->kind == REDIRECT_REFUSED ? &r->error : &r->code);
    if (r->kind != row->kind || !slice_eq_text(value, row->value != NULL ? row->value : "")) {
        fail_msg("%s (%zu): kind %d, '" SLICE_FMT "'", row->name, cut, r->kind, SLICE_ARG(value));
    }
}

/* Whatever came first, only the whole head counts. */
static void test_requests(void **state)
{
    struct redirect r;
    (void)state;
    redirect_init(&r);
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t n = strlen(rows[i].text);
        for (size_t cut = 0; cut <= n; cut++) {
            char *copy = malloc(cut != 0 ? cut : 1);
            assert_non_null(copy);
            memcpy(copy, rows[i].text, cut);
            redirect_read_request(slice_make(copy, cut), &wish, &r);
            bool is_early = cut < n && r.kind != REDIRECT_MORE && r.kind != rows[i].kind;
            if (is_early) {
                fail_msg("%s: %d after %zu octets", rows[i].name, r.kind, cut);
            }
            free(copy);
        }
        redirect_read_request(slice_of(rows[i].text), &wish, &r);
        check_row(&rows[i], &r, n);
    }
    redirect_release(&r);
}

static void test_addresses(void **state)
{
    struct redirect r;
    (void)state;
    redirect_init(&r);
    for (size_t i = 0; i < COUNT(addresses); i++) {
        redirect_read_address(slice_of(addresses[i].text), &wish, &r);
        check_row(&addresses[i], &r, i);
    }
    redirect_release(&r);
}

static void test_issuer_by_its_host(void **state)
{
    static const struct {
        const char *issuer;
        enum redirect_kind kind;
    } list[] = {
        {"https://login.example:8443", REDIRECT_CODE},
        {"https://LOGIN.example:8443/tenant/v2.0", REDIRECT_CODE},
        {"https://login.example", REDIRECT_ISSUER},
        {"http://login.example:8443", REDIRECT_ISSUER},
        {"https://login.example:8443.evil.example", REDIRECT_ISSUER},
        {"login.example:8443", REDIRECT_ISSUER},
    };
    struct redirect_wish w = wish;
    struct redirect r;
    struct buf text;
    (void)state;
    w.issuer = SLICE("");
    redirect_init(&r);
    buf_init(&text, 1000);
    for (size_t i = 0; i < COUNT(list); i++) {
        buf_reset(&text);
        buf_addf(&text, "GET /?code=c&state=st-1&iss=%s" REST, list[i].issuer);
        redirect_read_request(buf_slice(&text), &w, &r);
        if (r.kind != list[i].kind) {
            fail_msg("%s: %d", list[i].issuer, r.kind);
        }
    }
    buf_release(&text);
    redirect_release(&r);
}

static void test_too_large(void **state)
{
    struct redirect r;
    struct buf text;
    (void)state;
    redirect_init(&r);
    buf_init(&text, 1 << 20);
    buf_add_text(&text, "GET /?code=c&state=st-1&x=");
    while (text.n <= REDIRECT_MAX) {
        buf_add_text(&text, "0123456789");
    }
    redirect_read_request(buf_slice(&text), &wish, &r);
    assert_int_equal(r.kind, REDIRECT_BAD);
    buf_add_text(&text, REST);
    redirect_read_request(buf_slice(&text), &wish, &r);
    assert_int_equal(r.kind, REDIRECT_BAD);
    redirect_read_address(buf_slice(&text), &wish, &r);
    assert_int_equal(r.kind, REDIRECT_BAD);
    buf_release(&text);
    redirect_release(&r);
}

static void test_addresses_to_come_back_to(void **state)
{
    static const struct {
        const char *text, *with_port, *without; /* NULL: refused */
    } list[] = {
        {"http://127.0.0.1", "http://127.0.0.1:5", "http://127.0.0.1"},
        {"http://127.0.0.1/", "http://127.0.0.1:5/", "http://127.0.0.1/"},
        {"http://localhost:8080/done", "http://localhost:5/done", "http://localhost/done"},
        {"https://127.0.0.1/", NULL, NULL},
        {"http://127.0.0.1.evil.example/", NULL, NULL},
        {"http://user@127.0.0.1/", NULL, NULL},
        {"http://10.0.0.1/", NULL, NULL},
        {"http://127.0.0.1:65536/", NULL, NULL},
        {"http://127.0.0.1:x/", NULL, NULL},
        {"http://127.0.0.1/?a", NULL, NULL},
        {"http://127.0.0.1/a b", NULL, NULL},
        {"127.0.0.1", NULL, NULL},
        {"", NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(list); i++) {
        struct redirect_uri uri;
        struct why why;
        struct buf out;
        buf_init(&out, 100);
        enum err err = redirect_uri_read(slice_of(list[i].text), &uri, &why);
        if ((err == ERR_OK) != (list[i].with_port != NULL)) {
            fail_msg("%s: %s", list[i].text, err_name(err));
        }
        if (err == ERR_OK) {
            redirect_uri_add(&uri, 5, &out);
            assert_string_equal(buf_text(&out), list[i].with_port);
            buf_reset(&out);
            redirect_uri_add(&uri, 0, &out);
            assert_string_equal(buf_text(&out), list[i].without);
        }
        buf_release(&out);
    }
}

/* Each page is a whole answer, and made of our words alone. */
static void test_pages(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < REDIRECT_KIND_COUNT; kind++) {
        struct buf page;
        buf_init(&page, 1 << 16);
        redirect_page((enum redirect_kind)kind, &page);
        const char *body = strstr(buf_text(&page), "\r\n\r\n");
        const char *length = strstr(buf_text(&page), "Content-Length: ");
        assert_non_null(body);
        assert_non_null(length);
        assert_int_equal(strtoul(length + 16, NULL, 10), strlen(body + 4));
        assert_non_null(strstr(body, "</html>"));
        assert_true((strstr(buf_text(&page), "HTTP/1.1 200 ") != NULL) ==
                    (kind == REDIRECT_CODE || kind == REDIRECT_REFUSED));
        buf_release(&page);
    }
}

static void test_document(void **state)
{
    struct redirect r;
    struct buf text;
    struct json *map = NULL;
    (void)state;
    redirect_init(&r);
    buf_init(&text, 1000);
    redirect_read_request(
        SLICE("GET /?error=a%22b&error_description=%7B%ff&state=st-1 HTTP/1.1\r\n\r\n"), &wish, &r);
    assert_int_equal(r.kind, REDIRECT_REFUSED);
    redirect_document(&r, &text);
    assert_int_equal(json_parse(buf_slice(&text), &map, NULL), ERR_OK);
    assert_true(slice_eq_text(json_slice(json_get(map, "error")), "a\"b"));
    json_free(map);
    buf_release(&text);
    redirect_release(&r);
}

/* The example of RFC 7636, appendix B: verifier and challenge. */
static void test_proof(void **state)
{
    static const unsigned char octets[PROOF_OCTETS] = {
        116, 24,  223, 180, 151, 153, 224, 37,  79, 250, 96, 125, 216, 173, 187, 186,
        22,  212, 37,  77,  105, 214, 191, 240, 91, 88,  5,  88,  83,  132, 141, 121};
    struct token_proof p;
    (void)state;
    token_proof_make(octets, &p);
    assert_string_equal(p.verifier, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    assert_string_equal(p.challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    assert_int_equal(strlen(p.state), 43);
    assert_string_not_equal(p.state, p.verifier);
    token_proof_wipe(&p);
    assert_int_equal(p.verifier[0], 0);
}

static void test_question(void **state)
{
    struct token_proof p = {.verifier = "secret", .challenge = "cha", .state = "sta"};
    struct token_question q = {.url = "https://login.example/a",
                               .client_id = SLICE_INIT("id 1"),
                               .redirect_uri = SLICE_INIT("http://127.0.0.1:1/"),
                               .scope = SLICE_INIT("a b"),
                               .user = SLICE_INIT("j&d@example.com")};
    struct buf url;
    (void)state;
    buf_init(&url, 1000);
    token_question_url(&q, &p, &url);
    assert_string_equal(
        buf_text(&url),
        "https://login.example/a?response_type=code&client_id=id%201&redirect_uri=http%3A%2F%2F127."
        "0.0.1%3A1%2F&scope=a%20b&state=sta&code_challenge=cha&code_challenge_method=S256&login_"
        "hint=j%26d%40example.com");
    buf_reset(&url);
    q.url = "https://login.example/a?p=1";
    token_question_url(&q, &p, &url);
    assert_non_null(strstr(buf_text(&url), "/a?p=1&response_type=code&"));
    assert_null(strstr(buf_text(&url), "secret"));
    buf_release(&url);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_issuer_by_its_host),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_addresses_to_come_back_to),
        cmocka_unit_test(test_document),
        cmocka_unit_test(test_proof),
        cmocka_unit_test(test_question),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
