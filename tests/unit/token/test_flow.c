/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flows against the fake authority, on a clock of numbers: nobody waits. The whole life of a
 * token: had by the device flow, refreshed before it expires for days, rotated each time, refused
 * at last.
 */
#include "token/flow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fakeservers/authority.h"

static struct registry *registry;

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
    return err == ERR_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    registry_free(registry);
    return 0;
}

static const struct token_client client = {
    .token_url = "https://login.example/common/oauth2/v2.0/token",
    .device_url = "https://login.example/common/oauth2/v2.0/devicecode",
    .id = SLICE_INIT("client 1"),
    .secret = SLICE_INIT("s&cret=1+2"),
    .scope = SLICE_INIT("https://outlook.office.com/SMTP.Send offline_access"),
};

struct line {
    struct authority *authority;
    int64_t now_s;
    unsigned broken; /* the next so many requests do not arrive */
    unsigned status; /* answered in the authority's place when it is not 0 */
    int64_t retry_after_s;
    unsigned shown, posts;
    char code[64];
};

/* Plays until it is done or failed; true when there is a token. */
static bool play(struct line *l, struct token_flow *f)
{
    struct token_act act;
    for (unsigned steps = 0; steps < 1000; steps++) {
        token_flow_next(f, l->now_s, &act);
        switch (act.kind) {
        case TOKEN_ACT_POST: {
            struct buf body;
            buf_init(&body, 1 << 20);
            l->posts++;
            if (l->broken != 0) {
                l->broken--;
                token_flow_broken(f, l->now_s, FAULT_CONNECTION_LOST, "gone");
            } else if (l->status != 0) {
                token_flow_answer(f, l->now_s, l->status, SLICE("<html>"), l->retry_after_s);
            } else {
                unsigned status = authority_answer(l->authority, l->now_s, SLICE("POST"),
                                                   slice_of(act.url), act.form, &body);
                token_flow_answer(f, l->now_s, status, buf_slice(&body), 0);
            }
            buf_release(&body);
            break;
        }
        case TOKEN_ACT_SHOW:
            l->shown++;
            snprintf(l->code, sizeof l->code, SLICE_FMT, SLICE_ARG(act.code));
            assert_true(act.uri.n != 0);
            break;
        case TOKEN_ACT_WAIT:
            assert_true(act.until_s > l->now_s);
            l->now_s = act.until_s;
            break;
        case TOKEN_ACT_DONE:
            return true;
        case TOKEN_ACT_FAILED:
            return false;
        }
    }
    fail_msg("it never ends");
    return false;
}

static struct authority *authority(const struct authority_params *params)
{
    struct authority *a;
    struct why why;
    struct authority_params p = *params;
    p.provider = registry_find(registry, SLICE("office365"));
    if (authority_new(&p, &a, &why) != ERR_OK) {
        fail_msg("%s", why.text);
    }
    return a;
}

static struct token_flow *flow(const struct token_flow_params *params)
{
    struct token_flow *f = NULL;
    struct why why;
    struct token_flow_params p = *params;
    p.client = p.client.token_url != NULL ? p.client : client;
    if (token_flow_new(&p, &f, &why) != ERR_OK) {
        fail_msg("%s", why.text);
    }
    return f;
}

static void test_device(void **state)
{
    struct line l = {.authority = authority(&(struct authority_params){.pending = 3}),
                     .now_s = 1000};
    struct token_flow *f = flow(&(struct token_flow_params){.grant = TOKEN_GRANT_DEVICE});
    (void)state;
    assert_true(play(&l, f));
    const struct token_result *r = token_flow_result(f);
    assert_int_equal(l.shown, 1);
    assert_int_equal(l.posts, 1 + 4);
    assert_int_equal(l.now_s, 1000 + 4 * 5);
    assert_true(r->access_token.n > 20 && r->refresh_token.n > 20);
    assert_int_equal(r->expires_s, l.now_s + 3600);
    assert_true(authority_knows(l.authority, r->access_token, l.now_s));
    assert_false(authority_knows(l.authority, r->access_token, l.now_s + 3600));
    assert_int_equal(authority_counts(l.authority)->hurried, 0);
    token_flow_free(f);
    authority_free(l.authority);
}

/* A server that wants more time between two questions gets it. */
static void test_slow_down(void **state)
{
    struct line l = {.authority = authority(&(struct authority_params){.interval_s = 5}),
                     .now_s = 1};
    struct token_flow *f = flow(&(struct token_flow_params){.grant = TOKEN_GRANT_DEVICE});
    struct token_act act;
    (void)state;
    token_flow_next(f, 1, &act);
    token_flow_answer(
        f, 1, 200,
        SLICE(
            "{\"device_code\":\"d\",\"user_code\":\"u\",\"verification_url\":\"https://x.example\","
            "\"expires_in\":\"100\",\"interval\":2}"),
        0);
    token_flow_next(f, 1, &act);
    assert_int_equal(act.kind, TOKEN_ACT_SHOW);
    token_flow_next(f, 1, &act);
    assert_int_equal(act.until_s, 3);
    token_flow_next(f, 3, &act);
    token_flow_answer(f, 3, 400, SLICE("{\"error\":\"slow_down\"}"), 0);
    token_flow_next(f, 3, &act);
    assert_int_equal(act.until_s, 3 + 7);
    token_flow_next(f, 10, &act);
    token_flow_answer(f, 10, 400, SLICE("{\"error\":\"authorization_pending\"}"), 0);
    token_flow_next(f, 10, &act);
    assert_int_equal(act.until_s, 17);
    token_flow_next(f, 17, &act);
    token_flow_answer(f, 98, 400, SLICE("{\"error\":\"authorization_pending\"}"), 0);
    token_flow_next(f, 98, &act); /* the code ends at 101: no use waiting */
    assert_int_equal(act.kind, TOKEN_ACT_FAILED);
    token_flow_free(f);
    authority_free(l.authority);
}

static void test_declined_and_expired(void **state)
{
    static const struct authority_params rows[] = {{.is_declined = true},
                                                   {.device_lifetime_s = 12, .pending = 100}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct line l = {.authority = authority(&rows[i]), .now_s = 50};
        struct token_flow *f = flow(&(struct token_flow_params){.grant = TOKEN_GRANT_DEVICE});
        assert_false(play(&l, f));
        assert_int_equal(token_flow_result(f)->access_token.n, 0);
        assert_true(token_flow_result(f)->document.n != 0);
        token_flow_free(f);
        authority_free(l.authority);
    }
}

/* Thirty days: refreshed ten minutes before the end, each time with the token of the time before.
 */
static void test_thirty_days(void **state)
{
    struct line l = {.authority = authority(&(struct authority_params){.pending = 1}),
                     .now_s = 1700000000};
    struct token_flow *f = flow(&(struct token_flow_params){.grant = TOKEN_GRANT_DEVICE});
    char refresh[128];
    int64_t end_s = l.now_s + 30 * 24 * 3600;
    unsigned rotations = 0;
    (void)state;
    assert_true(play(&l, f));
    while (l.now_s < end_s) {
        const struct token_result *r = token_flow_result(f);
        snprintf(refresh, sizeof refresh, SLICE_FMT, SLICE_ARG(r->refresh_token));
        l.now_s = r->expires_s - 600;
        assert_true(authority_knows(l.authority, r->access_token, l.now_s));
        token_flow_free(f);
        f = flow(&(struct token_flow_params){.grant = TOKEN_GRANT_REFRESH,
                                             .refresh_token = slice_of(refresh)});
        assert_true(play(&l, f));
        assert_true(token_flow_result(f)->is_rotated);
        rotations++;
    }
    assert_true(rotations > 800);
    assert_int_equal(authority_counts(l.authority)->reused, 0);
    token_flow_free(f);
    f = flow(&(struct token_flow_params){.grant = TOKEN_GRANT_REFRESH, /* one that was replaced */
                                         .retries = 3,
                                         .refresh_token = slice_of(refresh)});
    l.posts = 0;
    assert_false(play(&l, f));
    assert_int_equal(l.posts, 1); /* a refusal is never asked for twice */
    assert_int_equal(authority_counts(l.authority)->reused, 1);
    assert_non_null(strstr(token_flow_result(f)->document.p, "AADSTS70043"));
    token_flow_free(f);
    authority_free(l.authority);
}

static void test_kept_refresh_token(void **state)
{
    struct line l = {.authority =
                         authority(&(struct authority_params){.keeps_refresh_token = true})};
    struct token_flow *f = flow(&(struct token_flow_params){.grant = TOKEN_GRANT_DEVICE});
    (void)state;
    assert_true(play(&l, f));
    struct token_flow *g = flow(&(struct token_flow_params){
        .grant = TOKEN_GRANT_REFRESH, .refresh_token = token_flow_result(f)->refresh_token});
    assert_true(play(&l, g));
    assert_false(token_flow_result(g)->is_rotated);
    assert_true(slice_eq(token_flow_result(g)->refresh_token, token_flow_result(f)->refresh_token));
    token_flow_free(g);
    token_flow_free(f);
    authority_free(l.authority);
}

static void test_client_credentials(void **state)
{
    struct line l = {.authority = authority(&(struct authority_params){.seed = 3})};
    struct token_flow *f = flow(&(struct token_flow_params){.grant = TOKEN_GRANT_CLIENT});
    (void)state;
    assert_true(play(&l, f));
    assert_int_equal(token_flow_result(f)->refresh_token.n, 0);
    token_flow_free(f);
    authority_free(l.authority);
}

/* What is temporary is tried again after 1, 2 and 4 seconds, or when the server says. */
static void test_temporary(void **state)
{
    static const struct {
        unsigned broken, status, retries;
        int64_t retry_after_s, took_s;
        bool is_good;
        unsigned posts;
    } rows[] = {
        {0, 0, 3, 0, 0, true, 1},      {2, 0, 3, 0, 3, true, 3},
        {9, 0, 3, 0, 7, false, 4},     {0, 503, 2, 0, 3, false, 3},
        {0, 503, 2, 30, 60, false, 3}, {0, 429, 1, 9999, 300, false, 2},
        {0, 404, 3, 0, 0, false, 1},   {0, 200, 3, 0, 0, false, 1},
        {1, 0, 0, 0, 0, false, 1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct line l = {.authority = authority(&(struct authority_params){.seed = 1}),
                         .broken = rows[i].broken,
                         .status = rows[i].status,
                         .retry_after_s = rows[i].retry_after_s};
        struct token_flow *f = flow(
            &(struct token_flow_params){.grant = TOKEN_GRANT_CLIENT, .retries = rows[i].retries});
        bool is_good = play(&l, f);
        if (is_good != rows[i].is_good || l.now_s != rows[i].took_s || l.posts != rows[i].posts) {
            fail_msg("row %zu: %d after %lld s and %u requests", i, is_good, (long long)l.now_s,
                     l.posts);
        }
        token_flow_free(f);
        authority_free(l.authority);
    }
}

static void test_what_is_lacking(void **state)
{
    static const struct {
        struct token_flow_params params;
        const char *says;
    } rows[] = {
        {{.grant = TOKEN_GRANT_REFRESH}, "client id"},
        {{.grant = TOKEN_GRANT_REFRESH,
          .client = {.id = SLICE_INIT("x"), .token_url = "https://x"}},
         "no refresh token"},
        {{.grant = TOKEN_GRANT_DEVICE, .client = {.id = SLICE_INIT("x"), .token_url = "https://x"}},
         "no device endpoint"},
        {{.grant = TOKEN_GRANT_CLIENT, .client = {.id = SLICE_INIT("x"), .token_url = "https://x"}},
         "client secret"},
        {{.grant = TOKEN_GRANT_CODE, .client = {.id = SLICE_INIT("x"), .token_url = "https://x"}},
         "authorization code"},
        {{.grant = TOKEN_GRANT_SERVICE, .client = {.token_url = "https://x"}}, "assertion"},
        {{.grant = TOKEN_GRANT_CLIENT,
          .client = {.id = SLICE_INIT("x"), .secret = SLICE_INIT("y")}},
         "no token endpoint"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct token_flow *f = NULL;
        struct why why = {.text = ""};
        assert_int_equal(token_flow_new(&rows[i].params, &f, &why), ERR_INVALID);
        if (strstr(why.text, rows[i].says) == NULL) {
            fail_msg("row %zu: %s", i, why.text);
        }
    }
}

/* Octets that would change the form are escaped, and come out on the other side as they went in. */
static void test_forms(void **state)
{
    struct buf form;
    (void)state;
    buf_init(&form, 4096);
    grant_refresh(&client, SLICE("a&b=c d%+\xc3\xa4"), &form);
    assert_string_equal(
        buf_text(&form),
        "grant_type=refresh_token&refresh_token=a%26b%3Dc%20d%25%2B%C3%A4&client_id=client%201&"
        "client_secret=s%26cret%3D1%2B2&scope=https%3A%2F%2Foutlook.office.com%2FSMTP.Send%"
        "20offline_access");
    buf_truncate(&form, 0);
    grant_code(&client, SLICE("c"), SLICE("http://127.0.0.1:1/"), SLICE("v"), &form);
    assert_non_null(strstr(buf_text(&form), "&code_verifier=v&"));
    buf_release(&form);
}

/* Any octets as an answer: an end, never a crash, and no token out of nothing. */
static void test_hostile_answers(void **state)
{
    static const char *const bodies[] = {
        "",
        "{",
        "[]",
        "null",
        "{\"access_token\":7}",
        "{\"access_token\":\"\"}",
        "{\"access_token\":{}}",
        "{\"error\":null}",
        "\xff\xfe",
        "{\"access_token\":\"x\",\"expires_in\":-5}",
        "{\"access_token\":\"x\",\"expires_in\":\"99999999999999999999\"}",
        "{\"access_token\":\"x\",\"expires_in\":1e300}"};
    (void)state;
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct token_flow *f = flow(&(struct token_flow_params){.grant = TOKEN_GRANT_CLIENT});
        struct token_act act;
        token_flow_next(f, 0, &act);
        token_flow_answer(f, 0, 200, slice_of(bodies[i]), 0);
        token_flow_next(f, 0, &act);
        bool has_token = strstr(bodies[i], "\"x\"") != NULL;
        assert_int_equal(act.kind, has_token ? TOKEN_ACT_DONE : TOKEN_ACT_FAILED);
        assert_true(token_flow_result(f)->expires_s >= 0);
        token_flow_free(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_device),
        cmocka_unit_test(test_slow_down),
        cmocka_unit_test(test_declined_and_expired),
        cmocka_unit_test(test_thirty_days),
        cmocka_unit_test(test_kept_refresh_token),
        cmocka_unit_test(test_client_credentials),
        cmocka_unit_test(test_temporary),
        cmocka_unit_test(test_what_is_lacking),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_hostile_answers),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
