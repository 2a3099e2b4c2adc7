/* SPDX-License-Identifier: Apache-2.0 */
/* AUTH: every mechanism right, wrong, cancelled and garbled; accounts, tokens, states. The clients
 * of the challenge-response mechanisms are libgsasl's, not ours. */
#include "peer.h"

#include "base/codec.h"

#include <gsasl.h>
#include <stdio.h>

static const char *const caps[] = {
    "AUTH PLAIN LOGIN XOAUTH2 OAUTHBEARER EXTERNAL CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256 "
    "SCRAM-SHA-256-PLUS NTLM",
    NULL};

static const struct spec_part password[] = {{SPEC_SECRET, {"password", 8}}};
static const struct spec_part app_password[] = {{SPEC_LITERAL, {"abcd efgh", 9}}};
static const struct spec_part token[] = {{SPEC_LITERAL, {"tok", 3}}};
static const struct spec_account accounts[] = {
    {.user = {"jane@a.test", 11},
     .password = {password, 1, NULL},
     .token = {token, 1, NULL},
     .token_expires_us = 60000000},
    {.user = {"app@a.test", 10}, .app_password = {app_password, 1, NULL}},
    {.user = {"gone@a.test", 11},
     .password = {password, 1, NULL},
     .state = "auth.account_disabled"},
};
static const struct spec_server any = {.security = SECURITY_NONE, .clear = caps};
static const struct spec_server known = {.security = SECURITY_NONE,
                                         .clear = caps,
                                         .accounts = accounts,
                                         .account_count = COUNT(accounts)};

/* A base64 helper that lives for the test: "{…}" in a step is encoded, ^ stands for NUL, ~ for ^A.
 */
static char *coded(const char *text)
{
    struct buf out, raw;
    buf_init(&out, BUF_NO_CAP);
    buf_init(&raw, BUF_NO_CAP);
    for (bool inside = false; *text != '\0'; text++) {
        if (*text == '{') {
            inside = true;
            buf_reset(&raw);
        } else if (*text == '}') {
            inside = false;
            base64_encode(buf_slice(&raw), &out);
        } else if (inside) {
            buf_add_char(&raw, *text == '^' ? '\0' : *text == '~' ? '\001' : *text);
        } else {
            buf_add_char(&out, *text);
        }
    }
    buf_release(&raw);
    return buf_take(&out);
}

#define DOCUMENT "334 eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIiwic2NvcGUiOiJtYWlsIn0=\r\n"
#define OK       "235 2.7.0 Authentication successful\r\n"
#define NO       "535 5.7.8 Authentication credentials invalid\r\n"

static const struct {
    const char *name, *send, *want;
    const struct spec_server *spec;
} rows[] = {
    {"PLAIN, any", "AUTH PLAIN {^a^b}\r\n", OK, &any},
    {"PLAIN", "AUTH PLAIN {^jane@a.test^correct horse}\r\n", OK, &known},
    {"PLAIN in two steps", "AUTH PLAIN\r\n{^jane@a.test^correct horse}\r\n", "334 \r\n" OK, &known},
    {"PLAIN in lower case", "auth plain {^jane@a.test^correct horse}\r\n", OK, &known},
    {"PLAIN with authzid", "AUTH PLAIN {x^jane@a.test^correct horse}\r\n", OK, &known},
    {"PLAIN, wrong", "AUTH PLAIN {^jane@a.test^wrong}\r\n", NO, &known},
    {"PLAIN, unknown user", "AUTH PLAIN {^jim@a.test^correct horse}\r\n", NO, &known},
    {"PLAIN, without password", "AUTH PLAIN {^jane@a.test^}\r\n", "501 5.5.2 *", &known},
    {"PLAIN, one NUL", "AUTH PLAIN {jane^x}\r\n", "501 5.5.2 *", &known},
    {"PLAIN, three NULs", "AUTH PLAIN {^a^b^}\r\n", "501 5.5.2 *", &any},
    {"PLAIN, empty response", "AUTH PLAIN =\r\n", "501 5.5.2 *", &known},
    {"not base64", "AUTH PLAIN ***\r\n", "501 5.5.2 *", &known},
    {"bad padding", "AUTH PLAIN AGEAYg\r\n", "501 5.5.2 *", &any},
    {"cancelled", "AUTH PLAIN\r\n*\r\nNOOP\r\n", "334 \r\n501 5.7.0 *\r\n250 *", &known},
    {"app password", "AUTH PLAIN {^app@a.test^abcd efgh}\r\n", OK, &known},
    {"disabled", "AUTH PLAIN {^gone@a.test^correct horse}\r\n", "525 5.7.13 *", &known},
    {"no mechanism", "AUTH\r\n", "501 5.5.4 *", &any},
    {"unknown mechanism", "AUTH XYZZY\r\n", "504 5.5.4 *", &any},
    {"offered, not ours", "AUTH NTLM\r\n", "504 5.5.4 *", &any},
    {"not offered", "AUTH SCRAM-SHA-1-PLUS\r\n", "504 5.5.4 *", &any},
    {"second AUTH", "AUTH PLAIN {^a^b}\r\nAUTH PLAIN {^a^b}\r\n", OK "503 5.5.1 *", &any},
    {"second try after a refusal",
     "AUTH PLAIN {^jane@a.test^x}\r\nAUTH PLAIN {^jane@a.test^correct horse}\r\n", NO OK, &known},
    {"LOGIN", "AUTH LOGIN\r\n{jane@a.test}\r\n{correct horse}\r\n",
     "334 VXNlcm5hbWU6\r\n334 UGFzc3dvcmQ6\r\n" OK, &known},
    {"LOGIN with the user", "AUTH LOGIN {jane@a.test}\r\n{correct horse}\r\n",
     "334 UGFzc3dvcmQ6\r\n" OK, &known},
    {"LOGIN, wrong", "AUTH LOGIN\r\n{jane@a.test}\r\n{x}\r\n", "334 *\r\n334 *\r\n" NO, &known},
    {"LOGIN, cancelled at the password", "AUTH LOGIN\r\n{jane@a.test}\r\n*\r\n",
     "334 *\r\n334 *\r\n501 5.7.0 *", &known},
    {"LOGIN, garbage at the password", "AUTH LOGIN\r\n{jane@a.test}\r\n!\r\n",
     "334 *\r\n334 *\r\n501 5.5.2 *", &known},
    {"XOAUTH2", "AUTH XOAUTH2 {user=jane@a.test~auth=Bearer tok~~}\r\n", OK, &known},
    {"XOAUTH2 in two steps", "AUTH XOAUTH2\r\n{user=jane@a.test~auth=Bearer tok~~}\r\n",
     "334 \r\n" OK, &known},
    {"XOAUTH2, wrong", "AUTH XOAUTH2 {user=jane@a.test~auth=Bearer x~~}\r\n", NO, &known},
    {"XOAUTH2, one ^A", "AUTH XOAUTH2 {user=jane@a.test~auth=Bearer tok~}\r\n", "501 *", &known},
    {"XOAUTH2, three ^A", "AUTH XOAUTH2 {user=a~auth=Bearer tok~~~}\r\n", "501 *", &any},
    {"XOAUTH2, no scheme", "AUTH XOAUTH2 {user=a~auth=tok~~}\r\n", "501 *", &any},
    {"XOAUTH2, a password for it",
     "AUTH XOAUTH2 {user=jane@a.test~auth=Bearer correct horse~~}\r\n", NO, &known},
    {"OAUTHBEARER", "AUTH OAUTHBEARER {n,a=jane@a.test,~host=x~port=587~auth=Bearer tok~~}\r\n", OK,
     &known},
    {"OAUTHBEARER without a user", "AUTH OAUTHBEARER {n,,~auth=Bearer tok~~}\r\n", OK, &known},
    {"OAUTHBEARER, wrong", "AUTH OAUTHBEARER {n,a=jane@a.test,~auth=Bearer x~~}\r\n{~}\r\n",
     DOCUMENT NO, &known},
    {"OAUTHBEARER, wrong, cancelled", "AUTH OAUTHBEARER {n,,~auth=Bearer x~~}\r\n*\r\n",
     DOCUMENT "501 5.7.0 *", &known},
    {"OAUTHBEARER, no header", "AUTH OAUTHBEARER {~auth=Bearer x~~}\r\n", "501 *", &any},
    {"OAUTHBEARER, binding flag", "AUTH OAUTHBEARER {p=x,,~auth=Bearer x~~}\r\n", "501 *", &any},
    {"OAUTHBEARER, no token", "AUTH OAUTHBEARER {n,,~host=x~~}\r\n", "501 *", &any},
    {"EXTERNAL, any", "AUTH EXTERNAL =\r\n", OK, &any},
    {"EXTERNAL without a certificate", "AUTH EXTERNAL =\r\n", NO, &known},
    {"server first", "AUTH CRAM-MD5 {x}\r\n", "501 5.5.4 *", &known},
    {"two initial responses", "AUTH PLAIN {^a^b} x\r\n", "501 5.5.4 *", &any},
};

static void dialogs(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *send = coded(rows[i].send);
        char want[700];
        const char *steps[] = {"EHLO c\r\n", send, NULL};
        snprintf(want, sizeof want, "220 *\r\n250-*\r\n250 AUTH PLAIN *NTLM\r\n%s", rows[i].want);
        peer_check(rows[i].name, rows[i].spec, NULL, steps, want);
        free(send);
    }
}

/* ---- challenge and response, against libgsasl's clients ---- */

static const struct {
    const char *mechanism, *user, *password;
    const struct spec_server *spec;
    bool is_client_first, has_binding, is_accepted;
} pairs[] = {
    {"CRAM-MD5", "jane@a.test", "correct horse", &known, false, false, true},
    {"CRAM-MD5", "jane@a.test", "wrong", &known, false, false, false},
    {"CRAM-MD5", "jim@a.test", "correct horse", &known, false, false, false},
    {"CRAM-MD5", "jim@a.test", "whatever", &any, false, false, true},
    {"CRAM-MD5", "gone@a.test", "correct horse", &known, false, false, false},
    {"DIGEST-MD5", "jane@a.test", "correct horse", &known, false, false, true},
    {"DIGEST-MD5", "jane@a.test", "wrong", &known, false, false, false},
    {"SCRAM-SHA-1", "jane@a.test", "correct horse", &known, true, false, true},
    {"SCRAM-SHA-1", "jane@a.test", "wrong", &known, true, false, false},
    {"SCRAM-SHA-256", "jane@a.test", "correct horse", &known, true, false, true},
    {"SCRAM-SHA-256", "app@a.test", "abcd efgh", &known, true, false, true},
    {"SCRAM-SHA-256", "jim@a.test", "correct horse", &known, true, false, false},
    {"SCRAM-SHA-256", "gone@a.test", "correct horse", &known, true, false, false},
    {"SCRAM-SHA-256", "jim@a.test", "whatever", &any, true, false, false}, /* nothing to check by */
    {"SCRAM-SHA-256-PLUS", "jane@a.test", "correct horse", &known, true, true, true},
};

static int client_callback(Gsasl *library, Gsasl_session *session, Gsasl_property property)
{
    const size_t i = *(const size_t *)gsasl_callback_hook_get(library);
    switch ((int)property) {
    case GSASL_AUTHID:
        return gsasl_property_set(session, property, pairs[i].user);
    case GSASL_PASSWORD:
        return gsasl_property_set(session, property, pairs[i].password);
    case GSASL_SERVICE:
        return gsasl_property_set(session, property, "smtp");
    case GSASL_HOSTNAME:
        return gsasl_property_set(session, property, "mx.example.test");
    case GSASL_CB_TLS_EXPORTER: /* base64 of 32 times 'b' */
        return pairs[i].has_binding
                   ? gsasl_property_set(session, property,
                                        "YmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmI=")
                   : GSASL_NO_CALLBACK;
    default:
        return GSASL_NO_CALLBACK;
    }
}

/* Answers a challenge with what the client makes of it; false when the client refuses it. */
static bool respond(Gsasl_session *client, struct peer *p, struct slice challenge)
{
    struct buf in, line;
    char *out = NULL;
    size_t n = 0;
    buf_init(&in, 8192);
    buf_init(&line, 16384);
    assert_true(base64_decode(challenge, &in));
    int rc = gsasl_step(client, buf_text(&in), in.n, &out, &n);
    bool is_good = rc == GSASL_OK || rc == GSASL_NEEDS_MORE;
    if (is_good) {
        base64_encode(slice_make(out, n), &line);
        buf_add_text(&line, "\r\n");
        buf_reset(&p->seen);
        peer_send(p, buf_slice(&line));
    }
    gsasl_free(out);
    buf_release(&in);
    buf_release(&line);
    return is_good;
}

static void one_pair(size_t i)
{
    Gsasl *library;
    Gsasl_session *client;
    char command[64];
    assert_int_equal(gsasl_init(&library), GSASL_OK);
    gsasl_callback_set(library, client_callback);
    gsasl_callback_hook_set(library, &i);
    assert_int_equal(gsasl_client_start(library, pairs[i].mechanism, &client), GSASL_OK);
    struct fake *f = fake_of(pairs[i].spec, NULL);
    struct peer p;
    peer_begin(&p, f, 0);
    if (pairs[i].has_binding) {
        fake_set_binding(&p.session, SLICE("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"));
    }
    peer_step(&p, "EHLO c\r\n", 0);
    buf_reset(&p.seen);
    snprintf(command, sizeof command, "AUTH %s\r\n", pairs[i].mechanism);
    peer_step(&p, command, 0);
    for (size_t round = 0; slice_has_prefix(buf_slice(&p.seen), SLICE("334 ")); round++) {
        assert_true(round < 5);
        struct buf copy;
        buf_init(&copy, 8192);
        buf_add(&copy, slice_trim(slice_from(buf_slice(&p.seen), 4)));
        bool went_on = respond(client, &p, buf_slice(&copy));
        buf_release(&copy);
        assert_true(went_on);
    }
    const struct fake_report *r = fake_report(f);
    bool is_accepted = slice_has_prefix(buf_slice(&p.seen), SLICE("235 "));
    if (is_accepted != pairs[i].is_accepted || r->auths[0].accepted != is_accepted ||
        !slice_eq_text(r->auths[0].user, pairs[i].user)) {
        fail_msg("%s for %s: %s (user " SLICE_FMT ")", pairs[i].mechanism, pairs[i].user,
                 buf_text(&p.seen), SLICE_ARG(r->auths[0].user));
    }
    assert_string_equal(r->auths[0].mechanism, pairs[i].mechanism);
    peer_end(&p);
    fake_free(f);
    gsasl_finish(client);
    gsasl_done(library);
}

static void challenges(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(pairs); i++) {
        one_pair(i);
    }
}

static void garbage_for_a_challenge(void **state)
{
    (void)state;
    static const char *const mechanisms[] = {"CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-1",
                                             "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"};
    static const char *const responses[] = {"", "AAAA", "bixhPXg=", "biwsbj1hLHI9Yg==", "*", "!"};
    for (size_t m = 0; m < COUNT(mechanisms); m++) {
        for (size_t r = 0; r < COUNT(responses); r++) {
            char text[128];
            snprintf(text, sizeof text, "AUTH %s\r\n%s\r\n*\r\nNOOP\r\n", mechanisms[m],
                     responses[r]);
            const char *steps[] = {"EHLO c\r\n", text, NULL};
            char *seen = peer_play(&known, NULL, steps, 0);
            if (strstr(seen, "235 ") != NULL || !is_like("*250 2.0.0 Ok\r\n", seen)) {
                fail_msg("%s: %s", text, seen);
            }
            free(seen);
        }
    }
}

/* ---- tokens and time ---- */

static void token_expiry(void **state)
{
    (void)state;
    static const int64_t moments[] = {59999999, 60000000};
    for (size_t i = 0; i < COUNT(moments); i++) {
        struct fake *f = fake_of(&known, NULL);
        struct peer p;
        peer_begin(&p, f, 1000000); /* the case's clock starts here */
        p.now_us += moments[i];
        char *send = coded("EHLO c\r\nAUTH XOAUTH2 {user=jane@a.test~auth=Bearer tok~~}\r\n");
        peer_step(&p, send, 0);
        assert_int_equal(fake_report(f)->auths[0].accepted, i == 0);
        free(send);
        peer_end(&p);
        fake_free(f);
    }
}

/* A 12 kB token passes, both with the command and behind it. */
static void long_tokens(void **state)
{
    (void)state;
    for (size_t with = 0; with < 2; with++) {
        struct buf text;
        buf_init(&text, BUF_NO_CAP);
        buf_add_text(&text, "EHLO c\r\nAUTH XOAUTH2");
        buf_add_text(&text, with ? " {" : "\r\n{");
        buf_add_text(&text, "user=a~auth=Bearer ");
        for (size_t i = 0; i < 12288; i++) {
            buf_add_char(&text, 't');
        }
        buf_add_text(&text, "~~}\r\n");
        char *send = coded(buf_text(&text));
        const char *steps[] = {send, NULL};
        peer_check("long token", &any, NULL, steps, with ? "*NTLM\r\n" OK : "*NTLM\r\n334 \r\n" OK);
        free(send);
        buf_release(&text);
    }
}

static void recorded(void **state)
{
    (void)state;
    struct fake *f = fake_of(&known, NULL);
    struct peer p;
    peer_begin(&p, f, 0);
    char *send = coded("EHLO c\r\nAUTH LOGIN\r\n{jane@a.test}\r\n*\r\n"
                       "auth plain {^jane@a.test^correct horse}\r\n");
    peer_step(&p, send, 1);
    const struct fake_report *r = fake_report(f);
    assert_int_equal(r->auth_count, 2);
    assert_string_equal(r->auths[0].mechanism, "LOGIN");
    assert_true(r->auths[0].cancelled);
    assert_false(r->auths[0].accepted);
    assert_false(r->auths[0].has_initial_response);
    assert_true(slice_eq_text(r->auths[0].user, "jane@a.test"));
    assert_string_equal(r->auths[1].mechanism, "PLAIN");
    assert_true(r->auths[1].accepted);
    assert_true(r->auths[1].has_initial_response);
    assert_int_equal(r->command_count, 5);
    assert_true(r->commands[2].is_sasl);
    assert_int_equal(r->commands[2].verb.n, 0);
    assert_false(r->commands[4].is_sasl);
    free(send);
    peer_end(&p);
    fake_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dialogs),
        cmocka_unit_test(challenges),
        cmocka_unit_test(garbage_for_a_challenge),
        cmocka_unit_test(token_expiry),
        cmocka_unit_test(long_tokens),
        cmocka_unit_test(recorded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
