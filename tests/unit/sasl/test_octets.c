/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The octets of every mechanism of our own, against the examples of the RFCs; what they refuse to
 * carry; and that no mechanism answers rubbish with a secret.
 */
#include "sasl_rows.h"

#define S(text)                                                                                    \
    {                                                                                              \
        (text), sizeof(text) - 1                                                                   \
    }
#define A "\001"

enum { TURNS_MAX = 4 };

/* clang-format off */
static const struct conversation {
    const char *name, *mechanism;
    struct slice user, authzid, secret, host;
    unsigned port;
    struct slice first;             /* "-" for a mechanism where the server begins */
    struct { struct slice challenge, answer; } turn[TURNS_MAX]; /* answer "*": cancelled */
    size_t turns;
    bool is_complete;
    struct slice document;
} conversations[] = {
    { "RFC 4616 4, first example", "PLAIN", S("tim"), S(""), S("tanstaaftanstaaf"), S(""), 0,
      S("\0tim\0tanstaaftanstaaf"), {{ S(""), S("") }}, 0, true, S("") },
    { "RFC 4616 4, with authzid", "PLAIN", S("Kurt"), S("Ursel"), S("xipj3plmq"), S(""), 0,
      S("Ursel\0Kurt\0xipj3plmq"), {{ S(""), S("") }}, 0, true, S("") },
    { "PLAIN, not UTF-8 is sent as it is", "PLAIN", S("\xe9"), S(""), S("\xff\xfe"), S(""), 0,
      S("\0\xe9\0\xff\xfe"), {{ S(""), S("") }}, 0, true, S("") },
    { "PLAIN, challenged again", "PLAIN", S("u"), S(""), S("secret"), S(""), 0,
      S("\0u\0secret"), {{ S("more"), S("*") }}, 1, false, S("") },
    { "LOGIN, usual prompts", "LOGIN", S("jane@example.org"), S(""), S("secret"), S(""), 0, S("-"),
      {{ S("Username:"), S("jane@example.org") }, { S("Password:"), S("secret") }}, 2, true, S("") },
    { "LOGIN, one prompt only", "LOGIN", S("jane"), S(""), S("secret"), S(""), 0, S("-"),
      {{ S("User Name"), S("jane") }}, 1, false, S("") },
    { "LOGIN, swapped and strange prompts", "LOGIN", S("jane"), S(""), S("secret"), S(""), 0, S("-"),
      {{ S("Password:"), S("jane") }, { S("\xff\0"), S("secret") }}, 2, true, S("") },
    { "LOGIN, empty prompts, then a third", "LOGIN", S("jane"), S(""), S("secret"), S(""), 0, S("-"),
      {{ S(""), S("jane") }, { S(""), S("secret") }, { S("Password:"), S("*") }}, 3, false, S("") },
    { "EXTERNAL, derived", "EXTERNAL", S(""), S(""), S(""), S(""), 0,
      S(""), {{ S(""), S("") }}, 0, true, S("") },
    { "RFC 4422 A.1, named", "EXTERNAL", S(""), S("fred@example.com"), S(""), S(""), 0,
      S("fred@example.com"), {{ S(""), S("") }}, 0, true, S("") },
    { "XOAUTH2, Google's example", "XOAUTH2", S("someuser@example.com"), S(""), S("ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg"), S("h"), 25,
      S("user=someuser@example.com" A "auth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg" A A), {{ S(""), S("") }}, 0, true, S("") },
    { "XOAUTH2, refused", "XOAUTH2", S("u@example.org"), S(""), S("token"), S(""), 0,
      S("user=u@example.org" A "auth=Bearer token" A A),
      {{ S("{\"status\":\"401\"}\r\n"), S("") }, { S("{}"), S("*") }}, 2, false, S("{\"status\":\"401\"}") },
    { "XOAUTH2, no JSON", "XOAUTH2", S("u@example.org"), S(""), S("token"), S(""), 0,
      S("user=u@example.org" A "auth=Bearer token" A A), {{ S("Password:"), S("*") }}, 1, false, S("") },
    { "XOAUTH2, empty second challenge", "XOAUTH2", S("u@example.org"), S(""), S("token"), S(""), 0,
      S("user=u@example.org" A "auth=Bearer token" A A), {{ S(""), S("*") }}, 1, false, S("") },
    { "RFC 7628 4.1", "OAUTHBEARER", S("user@example.com"), S(""), S("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="), S("server.example.com"), 143,
      S("n,a=user@example.com," A "host=server.example.com" A "port=143" A "auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==" A A),
      {{ S(""), S("") }}, 0, true, S("") },
    { "RFC 7628 4.3, refused", "OAUTHBEARER", S("user@example.com"), S(""), S("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="), S("server.example.com"), 587,
      S("n,a=user@example.com," A "host=server.example.com" A "port=587" A "auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==" A A),
      {{ S("{\"status\":\"invalid_token\",\"scope\":\"example_scope\"}"), S(A) }}, 1, false,
      S("{\"status\":\"invalid_token\",\"scope\":\"example_scope\"}") },
    { "OAUTHBEARER, escaped name, no host", "OAUTHBEARER", S("a=b,c"), S(""), S("t"), S(""), 0,
      S("n,a=a=3Db=2Cc," A "auth=Bearer t" A A), {{ S(""), S("") }}, 0, true, S("") },
    { "OAUTHBEARER, authzid before user", "OAUTHBEARER", S("robot"), S("jane"), S("t"), S(""), 0,
      S("n,a=jane," A "auth=Bearer t" A A), {{ S(""), S("") }}, 0, true, S("") },
    { "OAUTHBEARER, no JSON", "OAUTHBEARER", S("u"), S(""), S("t"), S(""), 0,
      S("n,a=u," A "auth=Bearer t" A A), {{ S("{"), S("*") }}, 1, false, S("") },
    { "RFC 2195 2", "CRAM-MD5", S("tim"), S(""), S("tanstaaftanstaaf"), S(""), 0, S("-"),
      {{ S("<1896.697170952@postoffice.reston.mci.net>"), S("tim b913a602c7eda7a495b4e6e7334d3890") }}, 1, true, S("") },
    { "CRAM-MD5, empty challenge", "CRAM-MD5", S("tim"), S(""), S("tanstaaf"), S(""), 0, S("-"),
      {{ S(""), S("*") }}, 1, false, S("") },
    { "CRAM-MD5, NUL in the challenge", "CRAM-MD5", S("tim"), S(""), S("tanstaaf"), S(""), 0, S("-"),
      {{ S("<a\0b@c>"), S("*") }}, 1, false, S("") },
    { "CRAM-MD5, a second challenge", "CRAM-MD5", S("tim"), S(""), S("tanstaaftanstaaf"), S(""), 0, S("-"),
      {{ S("<1896.697170952@postoffice.reston.mci.net>"), S("tim b913a602c7eda7a495b4e6e7334d3890") }, { S("<x@y>"), S("*") }}, 2, false, S("") },
};
/* clang-format on */

static struct sasl_params params_of(const struct conversation *c)
{
    return (struct sasl_params){.user = c->user,
                                .authzid = c->authzid,
                                .secret = c->secret,
                                .host = c->host,
                                .port = c->port};
}

static void check_turns(const struct conversation *c, struct sasl_session *s, struct buf *out)
{
    for (size_t i = 0; i < c->turns; i++) {
        struct why why = {{0}, {0}, 0, 0};
        buf_reset(out);
        enum sasl_step step = challenge_exact(s, c->turn[i].challenge, out, &why);
        bool must_cancel = slice_eq_text(c->turn[i].answer, "*");
        if ((step == SASL_CANCEL) != must_cancel) {
            fail_msg("%s: turn %zu: %s (%s)", c->name, i + 1,
                     step == SASL_CANCEL ? "cancelled" : "answered", why.text);
        }
        assert_int_equal(must_cancel, why.text[0] != '\0');
        check_octets(c->name, "answer", buf_slice(out),
                     must_cancel ? slice_of("") : c->turn[i].answer);
    }
}

/* Every conversation, with the first message as an initial response and behind an empty challenge.
 */
static void test_conversations(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(conversations) * 2; i++) {
        const struct conversation *c = &conversations[i / 2];
        bool is_inline = i % 2 == 0, is_server_first = slice_eq_text(c->first, "-");
        struct sasl_params params = params_of(c);
        struct sasl_session *s = must_start(c->mechanism, &params);
        struct buf out;
        buf_init(&out, BUF_NO_CAP);
        assert_false(sasl_is_complete(s));
        if (is_server_first) {
            assert_false(sasl_initial(s, &out));
        } else if (is_inline) {
            assert_true(sasl_initial(s, &out));
            check_octets(c->name, "initial response", buf_slice(&out), c->first);
            assert_false(sasl_initial(s, &out)); /* never twice */
        } else {
            struct why why;
            assert_int_equal(sasl_challenge(s, slice_of(""), &out, &why), SASL_RESPOND);
            check_octets(c->name, "first answer", buf_slice(&out), c->first);
        }
        check_turns(c, s, &out);
        if (sasl_is_complete(s) != c->is_complete) {
            fail_msg("%s: complete is %d", c->name, !c->is_complete);
        }
        check_octets(c->name, "error document", sasl_error_document(s), c->document);
        buf_release(&out);
        sasl_free(s);
    }
}

/* clang-format off */
static const struct refusal {
    const char *name, *mechanism;
    struct slice user, authzid, secret, host, binding, nonce;
    enum err want;
    const char *says;
} refusals[] = {
    { "PLAIN without user",          "PLAIN",       S(""),     S(""),    S("secret"), S(""),    S(""), S(""), ERR_INVALID, "user name" },
    { "PLAIN without password",      "PLAIN",       S("u"),    S(""),    S(""),       S(""),    S(""), S(""), ERR_INVALID, "password" },
    { "NUL in PLAIN user",           "PLAIN",       S("u\0v"), S(""),    S("secret"), S(""),    S(""), S(""), ERR_INVALID, "0x00 at position 2" },
    { "NUL in PLAIN password",       "PLAIN",       S("u"),    S(""),    S("se\0"),   S(""),    S(""), S(""), ERR_INVALID, "0x00 at position 3" },
    { "NUL in PLAIN authzid",        "PLAIN",       S("u"),    S("\0"),  S("secret"), S(""),    S(""), S(""), ERR_INVALID, "authorization" },
    { "NUL in LOGIN user",           "LOGIN",       S("\0"),   S(""),    S("secret"), S(""),    S(""), S(""), ERR_INVALID, "user name" },
    { "LOGIN with authzid",          "LOGIN",       S("u"),    S("z"),   S("secret"), S(""),    S(""), S(""), ERR_INVALID, "authorization" },
    { "NUL in EXTERNAL",             "EXTERNAL",    S(""),     S("a\0"), S(""),       S(""),    S(""), S(""), ERR_INVALID, "authorization" },
    { "XOAUTH2 without token",       "XOAUTH2",     S("u"),    S(""),    S(""),       S(""),    S(""), S(""), ERR_INVALID, "access token" },
    { "XOAUTH2 without user",        "XOAUTH2",     S(""),     S(""),    S("t"),      S(""),    S(""), S(""), ERR_INVALID, "user name" },
    { "^A in XOAUTH2 user",          "XOAUTH2",     S("u" A "auth=Bearer x"), S(""), S("t"), S(""), S(""), S(""), ERR_INVALID, "0x01 at position 2" },
    { "^A in XOAUTH2 token",         "XOAUTH2",     S("u"),    S(""),    S("t" A),    S(""),    S(""), S(""), ERR_INVALID, "0x01" },
    { "line end in XOAUTH2 token",   "XOAUTH2",     S("u"),    S(""),    S("t\n"),    S(""),    S(""), S(""), ERR_INVALID, "0x0a" },
    { "blank in XOAUTH2 token",      "XOAUTH2",     S("u"),    S(""),    S("Bearer t"), S(""),  S(""), S(""), ERR_INVALID, "0x20" },
    { "^A in OAUTHBEARER user",      "OAUTHBEARER", S("u" A),  S(""),    S("t"),      S(""),    S(""), S(""), ERR_INVALID, "0x01" },
    { "^A in OAUTHBEARER host",      "OAUTHBEARER", S("u"),    S(""),    S("t"),      S("h" A), S(""), S(""), ERR_INVALID, "host" },
    { "NUL in OAUTHBEARER token",    "OAUTHBEARER", S("u"),    S(""),    S("t\0"),    S(""),    S(""), S(""), ERR_INVALID, "0x00" },
    { "NUL in CRAM-MD5 password",    "CRAM-MD5",    S("u"),    S(""),    S("t\0"),    S(""),    S(""), S(""), ERR_INVALID, "0x00" },
    { "CRAM-MD5 without password",   "CRAM-MD5",    S("u"),    S(""),    S(""),       S(""),    S(""), S(""), ERR_INVALID, "password" },
    { "CRAM-MD5 with authzid",       "CRAM-MD5",    S("u"),    S("a"),   S("secret"), S(""),    S(""), S(""), ERR_INVALID, "authorization" },
    { "NUL in SCRAM user",           "SCRAM-SHA-1", S("u\0"),  S(""),    S("secret"), S(""),    S(""), S(""), ERR_INVALID, "0x00" },
    { "SCRAM password prohibited",   "SCRAM-SHA-1", S("u"),    S(""),    S("a\x07"),  S(""),    S(""), S(""), ERR_INVALID, "password" },
    { "SCRAM with a nonce",          "SCRAM-SHA-1", S("u"),    S(""),    S("secret"), S(""),    S(""), S("x"), ERR_UNSUPPORTED, "nonce" },
    { "-PLUS without binding",       "SCRAM-SHA-256-PLUS", S("u"), S(""), S("secret"), S(""),   S(""), S(""), ERR_INVALID, "channel binding" },
};
/* clang-format on */

static void test_refused_params(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refusals); i++) {
        const struct refusal *r = &refusals[i];
        struct sasl_params p = {.user = r->user,
                                .authzid = r->authzid,
                                .secret = r->secret,
                                .host = r->host,
                                .binding = r->binding,
                                .nonce = r->nonce};
        struct sasl_session *s = NULL;
        struct why why = {{0}, {0}, 0, 0};
        enum err got = sasl_new(sasl_find(slice_of(r->mechanism)), &p, &s, &why);
        if (got != r->want || s != NULL || strstr(why.text, r->says) == NULL) {
            fail_msg("%s: got %s \"%s\", want %s with \"%s\"", r->name, err_name(got), why.text,
                     err_name(r->want), r->says);
        }
        sasl_free(s);
    }
    struct sasl_session *s = NULL;
    struct sasl_params none = {.port = 0};
    assert_int_equal(sasl_new(NULL, &none, &s, NULL), ERR_NOT_FOUND);
}

static void test_table(void **state)
{
    (void)state;
    assert_ptr_equal(sasl_find(slice_of("xoauth2")), sasl_find(slice_of("XOAUTH2")));
    assert_null(sasl_find(slice_of("XOAUTH")));
    assert_null(sasl_find(slice_of("")));
    assert_null(sasl_find(slice_of("DIGEST-MD5")));
    for (size_t i = 0; i < sasl_mechanism_count; i++) {
        const struct sasl_mechanism *m = &sasl_mechanisms[i];
        assert_ptr_equal(sasl_find(slice_of(m->name)), m);
        assert_int_equal(m->proves_server, strncmp(m->name, "SCRAM-", 6) == 0);
        assert_int_equal(m->wants_binding, slice_has_suffix(slice_of(m->name), slice_of("-PLUS")));
    }
}

/* Law: a token of 12 kB arrives whole, and is the only long thing in the message. */
static void test_long_token(void **state)
{
    (void)state;
    size_t n = 12 * 1024;
    char *token = malloc(n);
    memset(token, 'x', n);
    static const char *const names[] = {"XOAUTH2", "OAUTHBEARER"};
    for (size_t i = 0; i < COUNT(names); i++) {
        struct sasl_params p = {.user = slice_of("u@example.org"), .secret = slice_make(token, n)};
        struct sasl_session *s = must_start(names[i], &p);
        struct buf out;
        buf_init(&out, BUF_NO_CAP);
        assert_true(sasl_initial(s, &out));
        assert_true(slice_find(buf_slice(&out), slice_make(token, n)) != SIZE_MAX);
        assert_true(out.n < n + 64);
        assert_true(slice_has_suffix(buf_slice(&out), slice_of("x" A A)));
        buf_release(&out);
        sasl_free(s);
    }
    free(token);
}

static const struct slice rubbish[] = {
    S("\0"),      S("\xff\xff\xff"), S("{"),
    S("}"),       S("r="),           S("r=,s=,i="),
    S("v=AAAA"),  S("m=x,r=y"),      S("\r\n"),
    S("*"),       S("=="),           S("220 ready"),
    S("e=other"), S("Password:\0"),  S("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
};

/* Laws for every mechanism against rubbish, twenty times over: it ends in a cancellation that
 * stays; a cancellation adds nothing and says why; SCRAM is never complete; the password itself
 * leaves only where the mechanism says that it does. */
static void test_rubbish(void **state)
{
    (void)state;
    char binding[32] = "0123456789abcdef0123456789abcde";
    for (size_t i = 0; i < sasl_mechanism_count * COUNT(rubbish) * 2; i++) {
        const struct sasl_mechanism *m = &sasl_mechanisms[i % sasl_mechanism_count];
        struct slice bad = rubbish[i / sasl_mechanism_count % COUNT(rubbish)];
        bool is_inline = i >= sasl_mechanism_count * COUNT(rubbish);
        struct sasl_params p = {.user = slice_of("jane"), .secret = slice_of("hunter2hunter2")};
        p.binding = slice_make(m->wants_binding ? binding : "", m->wants_binding ? 32 : 0);
        struct sasl_session *s = must_start(m->name, &p);
        struct buf out;
        buf_init(&out, BUF_NO_CAP);
        if (is_inline) {
            (void)sasl_initial(s, &out);
        }
        enum sasl_step step = SASL_RESPOND;
        for (int turn = 0; turn < 20; turn++) {
            struct why why = {{0}, {0}, 0, 0};
            size_t before = out.n;
            enum sasl_step next = challenge_exact(s, bad, &out, &why);
            assert_false(step == SASL_CANCEL && next != SASL_CANCEL);
            assert_false(next == SASL_CANCEL && (out.n != before || why.text[0] == '\0'));
            assert_null(strstr(why.text, "hunter2"));
            step = next;
        }
        assert_int_equal(step, SASL_CANCEL);
        assert_false(sasl_is_complete(s));
        if (!m->sends_secret) {
            assert_true(slice_find(buf_slice(&out), p.secret) == SIZE_MAX);
        }
        buf_release(&out);
        sasl_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),          cmocka_unit_test(test_conversations),
        cmocka_unit_test(test_refused_params), cmocka_unit_test(test_long_token),
        cmocka_unit_test(test_rubbish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
