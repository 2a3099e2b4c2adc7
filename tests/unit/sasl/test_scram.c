/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SCRAM against the vectors of RFC 5802 5 and RFC 7677 3, against a server of libgsasl (with
 * channel binding too), and against servers that cheat. The library makes the nonce itself, so this
 * program stands in for its source of randomness: the nonce of the vectors, whatever was asked for.
 */
#include "sasl_rows.h"

#include <gsasl.h>

#include "base/codec.h"

static const char *fixed_nonce = "";
static const char nonce_marker[] = "\x01\x02\x03 smtpdx test nonce";

/* The library calls these two through the dynamic linker, and the program's own come first. */
__attribute__((visibility("default"))) int gsasl_nonce(char *data, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        data[i] = nonce_marker[i % sizeof nonce_marker];
    }
    return GSASL_OK;
}

__attribute__((visibility("default"))) int gsasl_base64_to(const char *in, size_t n, char **out,
                                                           size_t *out_n)
{
    struct buf text;
    buf_init(&text, BUF_NO_CAP);
    if (n >= 8 && memcmp(in, nonce_marker, 8) == 0) {
        buf_add_text(&text, fixed_nonce);
    } else {
        base64_encode(slice_make(in, n), &text);
    }
    if (out_n != NULL) {
        *out_n = text.n;
    }
    *out = buf_take(&text);
    return GSASL_OK;
}

static const struct vector {
    const char *source, *mechanism, *nonce, *first, *server_first, *final, *server_final;
} vectors[] = {
    {"RFC 5802 5", "SCRAM-SHA-1", "fyko+d2lbbFgONRv9qkxdawL",
     "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
     "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
     "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
     "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="},
    {"RFC 7677 3", "SCRAM-SHA-256", "rOprNGfwEbeRWgbNEkqO", "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
     "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
     "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
     "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
     "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="},
};

static struct sasl_session *vector_session(const struct vector *v, struct buf *out)
{
    struct sasl_params p = {.user = slice_of("user"), .secret = slice_of("pencil")};
    fixed_nonce = v->nonce;
    struct sasl_session *s = must_start(v->mechanism, &p);
    buf_init(out, BUF_NO_CAP);
    assert_true(sasl_initial(s, out));
    check_octets(v->source, "client-first", buf_slice(out), slice_of(v->first));
    buf_reset(out);
    return s;
}

static void test_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(vectors); i++) {
        const struct vector *v = &vectors[i];
        struct buf out;
        struct why why;
        struct sasl_session *s = vector_session(v, &out);
        assert_int_equal(challenge_exact(s, slice_of(v->server_first), &out, &why), SASL_RESPOND);
        check_octets(v->source, "client-final", buf_slice(&out), slice_of(v->final));
        assert_false(sasl_is_complete(s)); /* a 235 now proves nothing */
        buf_reset(&out);
        assert_int_equal(challenge_exact(s, slice_of(v->server_final), &out, &why), SASL_RESPOND);
        assert_int_equal(out.n, 0);
        assert_true(sasl_is_complete(s));
        assert_false(sasl_server_is_disproven(s));
        assert_int_equal(challenge_exact(s, slice_of(v->server_final), &out, &why), SASL_CANCEL);
        buf_release(&out);
        sasl_free(s);
    }
}

/* clang-format off */
static const struct cheat {
    const char *name, *first, *final; /* final NULL: the first has to be cancelled */
    enum sasl_step want;
    bool is_disproven;
    const char *says;
} cheats[] = {
    { "foreign nonce",        "r=XXko+d2lbbFgONRv9qkxdawL3rfc,s=QSXCR+Q6sek8bf92,i=4096", NULL, SASL_CANCEL, false, "does not begin" },
    { "nonce not extended",   "r=fyko+d2lbbFgONRv9qkxdawL,s=QSXCR+Q6sek8bf92,i=4096",     NULL, SASL_CANCEL, false, "added nothing" },
    { "nonce cut",            "r=fyko,s=QSXCR+Q6sek8bf92,i=4096",                         NULL, SASL_CANCEL, false, "does not begin" },
    { "nonce unprintable",    "r=fyko+d2lbbFgONRv9qkxdawL\x7f,s=QSXCR+Q6sek8bf92,i=4096", NULL, SASL_CANCEL, false, "printable" },
    { "mandatory extension",  "m=ext,r=fyko+d2lbbFgONRv9qkxdawL3,s=QSXCR+Q6sek8bf92,i=4096", NULL, SASL_CANCEL, false, "extension" },
    { "no salt",              "r=fyko+d2lbbFgONRv9qkxdawL3,s=,i=4096",                    NULL, SASL_CANCEL, false, "salt" },
    { "salt not base64",      "r=fyko+d2lbbFgONRv9qkxdawL3,s=QSX,i=4096",                 NULL, SASL_CANCEL, false, "base64" },
    { "salt padding inside",  "r=fyko+d2lbbFgONRv9qkxdawL3,s=Q=SX,i=4096",                NULL, SASL_CANCEL, false, "base64" },
    { "no count",             "r=fyko+d2lbbFgONRv9qkxdawL3,s=QSXCR+Q6sek8bf92",           NULL, SASL_CANCEL, false, "iteration" },
    { "count 0",              "r=fyko+d2lbbFgONRv9qkxdawL3,s=QSXCR+Q6sek8bf92,i=0",       NULL, SASL_CANCEL, false, "iteration" },
    { "count too low",        "r=fyko+d2lbbFgONRv9qkxdawL3,s=QSXCR+Q6sek8bf92,i=4095",    NULL, SASL_CANCEL, false, "fewer than 4096" },
    { "count absurd",         "r=fyko+d2lbbFgONRv9qkxdawL3,s=QSXCR+Q6sek8bf92,i=2000000000", NULL, SASL_CANCEL, false, "more than" },
    { "count beyond 64 bits", "r=fyko+d2lbbFgONRv9qkxdawL3,s=QSXCR+Q6sek8bf92,i=99999999999999999999", NULL, SASL_CANCEL, false, "iteration" },
    { "count negative",       "r=fyko+d2lbbFgONRv9qkxdawL3,s=QSXCR+Q6sek8bf92,i=-1",      NULL, SASL_CANCEL, false, "iteration" },
    { "empty",                "",                                                         NULL, SASL_CANCEL, false, "nonce" },
    { "proof at once",        "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",                           NULL, SASL_CANCEL, false, "nonce" },
    { "proof wrong",          "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096", "v=rmF9pqV8S7suAoZWja4dJRkFsKR=", SASL_CANCEL, true, "wrong" },
    { "proof of zeros",       "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096", "v=AAAAAAAAAAAAAAAAAAAAAAAAAAA=", SASL_CANCEL, true, "wrong" },
    { "proof missing",        "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096", "", SASL_CANCEL, false, "neither" },
    { "server error",         "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096", "e=invalid-proof", SASL_RESPOND, false, "" },
};
/* clang-format on */

static void test_cheats(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cheats); i++) {
        const struct cheat *c = &cheats[i];
        struct why why = {{0}, {0}, 0, 0};
        struct buf out;
        struct sasl_session *s = vector_session(&vectors[0], &out);
        enum sasl_step step = challenge_exact(s, slice_of(c->first), &out, &why);
        if (c->final != NULL) {
            assert_int_equal(step, SASL_RESPOND);
            buf_reset(&out);
            step = challenge_exact(s, slice_of(c->final), &out, &why);
        }
        if (step != c->want || strstr(why.text, c->says) == NULL || out.n != 0) {
            fail_msg("%s: step %d, said \"%s\", out \"%s\"", c->name, (int)step, why.text,
                     buf_text(&out));
        }
        assert_false(sasl_is_complete(s));
        assert_int_equal(sasl_server_is_disproven(s), c->is_disproven);
        buf_release(&out);
        sasl_free(s);
    }
}

/* A server of libgsasl that knows one password, and a binding that may differ from the client's. */
struct server {
    Gsasl *handle;
    Gsasl_session *session;
};

static int on_property(Gsasl *handle, Gsasl_session *session, Gsasl_property property)
{
    (void)handle;
    if (property == GSASL_PASSWORD) {
        return gsasl_property_set(session, GSASL_PASSWORD, "pencil");
    }
    if (property == GSASL_CB_TLS_EXPORTER) {
        const char *binding = gsasl_session_hook_get(session);
        return binding ? gsasl_property_set(session, property, binding) : GSASL_NO_CALLBACK;
    }
    return GSASL_NO_CALLBACK;
}

static bool exchange(const char *mechanism, struct sasl_session *client, char *binding)
{
    struct server server;
    struct buf message;
    struct why why;
    assert_int_equal(gsasl_init(&server.handle), GSASL_OK);
    gsasl_callback_set(server.handle, on_property);
    assert_int_equal(gsasl_server_start(server.handle, mechanism, &server.session), GSASL_OK);
    gsasl_session_hook_set(server.session, binding);
    buf_init(&message, BUF_NO_CAP);
    assert_true(sasl_initial(client, &message));
    bool is_accepted = false, is_over = false;
    while (!is_over) {
        char *answer = NULL;
        size_t n = 0;
        int rc = gsasl_step(server.session, buf_text(&message), message.n, &answer, &n);
        is_accepted = rc == GSASL_OK;
        is_over = rc != GSASL_OK && rc != GSASL_NEEDS_MORE;
        buf_reset(&message);
        if (!is_over && n != 0) {
            is_over = challenge_exact(client, slice_make(answer, n), &message, &why) == SASL_CANCEL;
        }
        is_over = is_over || is_accepted;
        gsasl_free(answer);
    }
    buf_release(&message);
    gsasl_finish(server.session);
    gsasl_done(server.handle);
    return is_accepted;
}

/* clang-format off */
static const struct pairing {
    const char *mechanism, *password, *client_binding, *server_binding;
    bool want;
} pairings[] = {
    { "SCRAM-SHA-1",        "pencil", "",       NULL,       true },
    { "SCRAM-SHA-1",        "pencils", "",      NULL,       false },
    { "SCRAM-SHA-256",      "pencil", "",       NULL,       true },
    { "SCRAM-SHA-256",      "Pencil", "",       NULL,       false },
    { "SCRAM-SHA-1-PLUS",   "pencil", "abcdef", "YWJjZGVm", true },
    { "SCRAM-SHA-1-PLUS",   "pencil", "abcdef", "YWJjZGVn", false },
    { "SCRAM-SHA-256-PLUS", "pencil", "abcdef", "YWJjZGVm", true },
    { "SCRAM-SHA-256-PLUS", "pencil", "abcdef", "YWJjZGVn", false },
    { "SCRAM-SHA-256-PLUS", "pencils", "abcdef", "YWJjZGVm", false },
};
/* clang-format on */

static void test_server(void **state)
{
    (void)state;
    fixed_nonce = "abcdefghijklmnopqrstuvwx";
    for (size_t i = 0; i < COUNT(pairings); i++) {
        const struct pairing *row = &pairings[i];
        struct sasl_params p = {.user = slice_of("us=er,x"),
                                .secret = slice_of(row->password),
                                .binding = slice_of(row->client_binding)};
        struct sasl_session *client = must_start(row->mechanism, &p);
        char binding[16] = "";
        snprintf(binding, sizeof binding, "%s", row->server_binding ? row->server_binding : "");
        bool got = exchange(row->mechanism, client, row->server_binding ? binding : NULL);
        if (got != row->want || sasl_is_complete(client) != row->want) {
            fail_msg("row %zu, %s: accepted %d, complete %d, want %d", i, row->mechanism, got,
                     sasl_is_complete(client), row->want);
        }
        sasl_free(client);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_cheats),
        cmocka_unit_test(test_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
