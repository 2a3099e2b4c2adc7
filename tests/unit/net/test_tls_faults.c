/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that can go wrong on purpose or by a wrong port: each tls_fault ends within bounded
 * steps and leaves the fault that a person has to see; text where TLS should be is the wrong mode;
 * an end of the transport is a fault at every octet of the handshake. Law: every cut gives the
 * same.
 */
#include "tls_pair.h"

#include "net/tls_parts.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

static const size_t cuts[] = {0, 1, 3, 64};

static void check(const char *name, const struct tls_filter *f, enum tls_state state,
                  enum fault want, const char *says)
{
    const struct tls_facts *facts = tls_filter_facts(f);
    if (tls_filter_state(f) != state || facts->why != want || strstr(facts->detail, says) == NULL) {
        fail_msg("%s: got state %d %s \"%s\", want state %d %s \"%s\"", name,
                 (int)tls_filter_state(f), fault_name(facts->why), facts->detail, (int)state,
                 fault_name(want), says);
    }
}

/* clang-format off */
static const struct fault_row {
    enum tls_fault fault;
    enum tls_version max;
    enum tls_state client;       /* when all is over */
    enum fault want;
    const char *says;
    bool is_up, is_truncated, wants_close;
    const char *plain;           /* what of "220 hello" the client could read */
} rows[] = {
    { TLS_FAULT_NONE,            TLS_VERSION_1_3, TLS_CLOSED, FAULT_NONE,          "",          true,  false, false, "220 hello\r\n" },
    { TLS_FAULT_NONE,            TLS_VERSION_1_2, TLS_CLOSED, FAULT_NONE,          "",          true,  false, false, "220 hello\r\n" },
    { TLS_FAULT_ALERT,           TLS_VERSION_1_3, TLS_FAILED, FAULT_TLS_HANDSHAKE, "alert 40",  false, false, true,  "" },
    { TLS_FAULT_ALERT,           TLS_VERSION_1_2, TLS_FAILED, FAULT_TLS_HANDSHAKE, "alert 40",  false, false, true,  "" },
    { TLS_FAULT_CLOSE,           TLS_VERSION_1_3, TLS_FAILED, FAULT_TLS_HANDSHAKE, "closed during the handshake", false, false, true, "" },
    { TLS_FAULT_CLOSE,           TLS_VERSION_1_2, TLS_FAILED, FAULT_TLS_HANDSHAKE, "closed during the handshake", false, false, true, "" },
    { TLS_FAULT_TRUNCATE_RECORD, TLS_VERSION_1_3, TLS_UP,     FAULT_NONE,          "",          true,  true,  true,  "" },
    { TLS_FAULT_TRUNCATE_RECORD, TLS_VERSION_1_2, TLS_UP,     FAULT_NONE,          "",          true,  true,  true,  "" },
    { TLS_FAULT_RENEGOTIATE,     TLS_VERSION_ANY, TLS_FAILED, FAULT_TLS_HANDSHAKE, "alert 40",  true,  false, false, "" },
    { TLS_FAULT_GARBAGE,         TLS_VERSION_1_3, TLS_FAILED, FAULT_TLS_HANDSHAKE, "",          false, false, false, "" },
    { TLS_FAULT_GARBAGE,         TLS_VERSION_1_2, TLS_FAILED, FAULT_TLS_HANDSHAKE, "",          false, false, false, "" },
    { TLS_FAULT_SILENT,          TLS_VERSION_1_3, TLS_FAILED, FAULT_TLS_HANDSHAKE, "closed during the handshake", false, false, false, "" },
    { TLS_FAULT_NO_CLOSE_NOTIFY, TLS_VERSION_1_3, TLS_UP,     FAULT_NONE,          "",          true,  true,  false, "220 hello\r\n" },
    { TLS_FAULT_NO_CLOSE_NOTIFY, TLS_VERSION_1_2, TLS_UP,     FAULT_NONE,          "",          true,  true,  false, "220 hello\r\n" },
};
/* clang-format on */

static void check_row(const struct fault_row *row, struct tls_setup *client_side,
                      struct tls_setup *server_side, size_t cut)
{
    const char *name = tls_fault_slug(row->fault);
    struct tls_filter *client = tls_filter_new(client_side, "mail.example.test", NOW);
    struct tls_filter *server = tls_filter_new(server_side, NULL, NOW);
    settle(client, server, cut);
    if (row->fault == TLS_FAULT_SILENT) {
        check(name, client, TLS_HANDSHAKING, FAULT_NONE, "");
    }
    tls_filter_send(server, slice_of("220 hello\r\n"));
    settle(client, server, cut);
    tls_filter_close(server);
    settle(client, server, cut);
    tls_filter_eof(client);
    check(name, client, row->client, row->want, row->says);
    assert_int_equal(tls_filter_facts(client)->is_up, row->is_up);
    assert_int_equal(tls_filter_is_truncated(client), row->is_truncated);
    assert_int_equal(tls_filter_wants_close(server), row->wants_close);
    if (row->fault != TLS_FAULT_RENEGOTIATE) {
        assert_string_equal(buf_text(tls_filter_plain_out(client)), row->plain);
    }
    tls_filter_eof(server);
    assert_false(row->want != FAULT_NONE && tls_filter_facts(server)->why == FAULT_NONE);
    tls_filter_free(client);
    tls_filter_free(server);
}

static void test_faults(void **state)
{
    struct pki *pki = *state;
    struct tls_setup *client = client_setup(pki);
    for (size_t i = 0; i < COUNT(rows) * COUNT(cuts); i++) {
        const struct fault_row *row = &rows[i % COUNT(rows)];
        struct tls_setup *server = server_setup(pki, PKI_VALID, row->fault, row->max);
        check_row(row, client, server, cuts[i / COUNT(rows)]);
        tls_setup_free(server);
    }
    tls_setup_free(client);
}

static void test_every_fault_has_a_row(void **state)
{
    (void)state;
    for (int f = 0; f < TLS_FAULT_COUNT; f++) {
        bool is_there = false;
        for (size_t i = 0; i < COUNT(rows); i++) {
            is_there = is_there || rows[i].fault == (enum tls_fault)f;
        }
        assert_true(is_there);
    }
}

/* clang-format off */
#define B(text) { (text), sizeof(text) - 1 }
static const struct first_row {
    const char *name;
    struct slice octets;
    bool to_server, then_eof;
    enum fault want;
} firsts[] = {
    { "greeting",                B("220 mx.example.test ESMTP\r\n"),   false, false, FAULT_TLS_WRONG_MODE },
    { "refusal",                 B("554-go away\r\n554 now\r\n"),      false, false, FAULT_TLS_WRONG_MODE },
    { "HTTP",                    B("HTTP/1.1 400 Bad Request\r\n\r\n"), false, false, FAULT_TLS_WRONG_MODE },
    { "short text, then the end", B("220"),                            false, true,  FAULT_TLS_WRONG_MODE },
    { "EHLO to a TLS server",    B("EHLO client.example.test\r\n"),    true,  false, FAULT_TLS_WRONG_MODE },
    { "GET to a TLS server",     B("GET / HTTP/1.1\r\n\r\n"),          true,  false, FAULT_TLS_WRONG_MODE },
    { "nothing, then the end",   B(""),                                false, true,  FAULT_TLS_HANDSHAKE },
    { "nothing to a server",     B(""),                                true,  true,  FAULT_TLS_HANDSHAKE },
    { "zeros",                   B("\0\0\0\0\0\0\0\0\0\0\0"),          false, false, FAULT_TLS_HANDSHAKE },
    { "alert: version",          B("\x15\x03\x01\0\x02\x02\x46"),      false, false, FAULT_TLS_VERSION },
    { "alert: certificate wanted", B("\x15\x03\x03\0\x02\x02\x74"),    false, false, FAULT_TLS_CLIENT_CERT },
    { "alert: handshake failure", B("\x15\x03\x03\0\x02\x02\x28"),     false, false, FAULT_TLS_HANDSHAKE },
    { "alert: internal error",   B("\x15\x03\x03\0\x02\x02\x50"),      false, false, FAULT_TLS_HANDSHAKE },
    { "close_notify",            B("\x15\x03\x03\0\x02\x01\0"),       false, false, FAULT_TLS_HANDSHAKE },
    { "half an alert",           B("\x15\x03\x03\0"),                  false, true,  FAULT_TLS_HANDSHAKE },
};
/* clang-format on */

static void test_first_octets(void **state)
{
    struct pki *pki = *state;
    struct tls_setup *client = client_setup(pki);
    struct tls_setup *server = server_setup(pki, PKI_VALID, TLS_FAULT_NONE, TLS_VERSION_ANY);
    for (size_t i = 0; i < COUNT(firsts) * COUNT(cuts); i++) {
        const struct first_row *row = &firsts[i % COUNT(firsts)];
        struct tls_filter *f =
            tls_filter_new(row->to_server ? server : client, "mail.example.test", NOW);
        feed_cut(f, row->octets, cuts[i / COUNT(firsts)]);
        if (row->then_eof) {
            tls_filter_eof(f);
        }
        check(row->name, f, TLS_FAILED, row->want, "");
        assert_true(tls_filter_facts(f)->detail[0] != '\0');
        feed_cut(f, row->octets, 0); /* what comes later changes nothing */
        tls_filter_send(f, slice_of("never"));
        tls_filter_close(f);
        tls_filter_eof(f);
        check(row->name, f, TLS_FAILED, row->want, "");
        assert_int_equal(tls_filter_plain_out(f)->n, 0);
        tls_filter_free(f);
    }
    tls_setup_free(client);
    tls_setup_free(server);
}

/* The server's flight cut off at every octet: never up, and always said. */
static void test_end_everywhere(void **state)
{
    struct pki *pki = *state;
    struct tls_setup *client_side = client_setup(pki);
    struct tls_setup *server_side = server_setup(pki, PKI_VALID, TLS_FAULT_NONE, TLS_VERSION_ANY);
    for (size_t at = 0;; at++) {
        struct tls_filter *client = tls_filter_new(client_side, "mail.example.test", NOW);
        struct tls_filter *server = tls_filter_new(server_side, NULL, NOW);
        (void)carry(client, server, 0);
        struct slice flight = buf_slice(tls_filter_cipher_out(server));
        assert_true(flight.n > 100 && flight.n < 4000);
        bool is_whole = at >= flight.n;
        feed_cut(client, slice_sub(flight, 0, at), 0);
        tls_filter_eof(client);
        check("cut flight", client, is_whole ? TLS_UP : TLS_FAILED,
              is_whole ? FAULT_NONE : FAULT_TLS_HANDSHAKE,
              is_whole ? "" : "closed during the handshake");
        tls_filter_free(client);
        tls_filter_free(server);
        if (is_whole) {
            break;
        }
    }
    tls_setup_free(client_side);
    tls_setup_free(server_side);
}

static int open_pki(void **state)
{
    *state = make_pki();
    return 0;
}

static int close_pki(void **state)
{
    pki_free(*state);
    return 0;
}

/* Errors of verification that no leaf of ours shows; what has no row is a chain that is not
 * trusted. */
static void test_verify_errors(void **state)
{
    static const struct {
        int error;
        enum fault want;
    } errors[] = {
        {X509_V_OK, FAULT_NONE},
        {X509_V_ERR_INVALID_PURPOSE, FAULT_TLS_INVALID},
        {X509_V_ERR_PERMITTED_VIOLATION, FAULT_TLS_INVALID},
        {X509_V_ERR_PATH_LENGTH_EXCEEDED, FAULT_TLS_INVALID},
        {X509_V_ERR_CERT_SIGNATURE_FAILURE, FAULT_TLS_INVALID},
        {X509_V_ERR_CA_MD_TOO_WEAK, FAULT_TLS_WEAK_KEY},
        {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, FAULT_TLS_UNTRUSTED},
        {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, FAULT_TLS_UNTRUSTED},
        {X509_V_ERR_UNABLE_TO_GET_CRL, FAULT_TLS_UNTRUSTED},
        {X509_V_ERR_CRL_NOT_YET_VALID, FAULT_TLS_UNTRUSTED},
        {X509_V_ERR_CERT_NOT_YET_VALID, FAULT_TLS_NOT_YET_VALID},
        {X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD, FAULT_TLS_INVALID},
        {X509_V_ERR_EE_KEY_TOO_SMALL, FAULT_TLS_WEAK_KEY},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(errors); i++) {
        assert_string_equal(fault_name(tls_verdict_of_verify(errors[i].error)),
                            fault_name(errors[i].want));
    }
}

/* What stands in place of a record is quoted, up to its line end, and made harmless. */
static void test_text_is_quoted(void **state)
{
    (void)state;
    struct tls_setup *setup;
    struct why why;
    struct tls_params params = {.trust_pem = pki_trust_pem(*state)};
    assert_int_equal(tls_setup_new(&params, &setup, &why), ERR_OK);
    struct tls_filter *f = tls_filter_new(setup, "mail.example.test", 1700000000);
    tls_filter_feed(f, SLICE("454 4.3.0 TLS \x1b[2Jnot available\r\nx"));
    assert_int_equal(tls_filter_facts(f)->why, FAULT_TLS_WRONG_MODE);
    assert_non_null(strstr(tls_filter_facts(f)->detail, "\"454 4.3.0 TLS ?[2Jnot available\""));
    tls_filter_free(f);
    tls_setup_free(setup);
}

/* What a server may do behind the handshake of TLS 1.3: new keys (RFC 8446 4.6.3), tickets (4.6.1);
 * the plain text stays what it was, wherever the octets are cut. */
static void behind_the_handshake(struct tls_filter *server, int what)
{
    for (int i = 0; i < 20; i++) {
        if (what == 0) {
            assert_int_equal(SSL_key_update(server->ssl, SSL_KEY_UPDATE_REQUESTED), 1);
        } else if (what == 1) {
            assert_int_equal(SSL_key_update(server->ssl, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
        } else {
            assert_int_equal(SSL_new_session_ticket(server->ssl), 1);
        }
        assert_int_equal(SSL_do_handshake(server->ssl), 1);
        tls_filter_send(server, SLICE("x"));
    }
}

static void test_behind_the_handshake(void **state)
{
    static const size_t pieces[] = {0, 1, 7};
    struct tls_setup *client = client_setup(*state);
    struct tls_setup *server = server_setup(*state, PKI_VALID, TLS_FAULT_NONE, TLS_VERSION_1_3);
    for (size_t i = 0; i < 3 * COUNT(pieces); i++) {
        size_t cut = pieces[i / 3];
        struct tls_filter *c = tls_filter_new(client, "mail.example.test", NOW);
        struct tls_filter *s = tls_filter_new(server, NULL, NOW);
        settle(c, s, cut);
        assert_int_equal(tls_filter_state(c), TLS_UP);
        behind_the_handshake(s, (int)(i % 3));
        settle(c, s, cut);
        assert_int_equal(tls_filter_state(c), TLS_UP);
        assert_string_equal(buf_text(tls_filter_plain_out(c)), "xxxxxxxxxxxxxxxxxxxx");
        tls_filter_send(c, SLICE("EHLO x\r\n"));
        settle(c, s, cut);
        assert_string_equal(buf_text(tls_filter_plain_out(s)), "EHLO x\r\n");
        tls_filter_free(c);
        tls_filter_free(s);
    }
    tls_setup_free(client);
    tls_setup_free(server);
}

/* A certificate that signs itself, for a name in the subject and, if there is one, a SAN. */
static void issue_by_hand(const char *san, struct buf *cert_pem, struct buf *key_pem)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    X509_NAME *name = X509_get_subject_name(cert);
    BIO *bio = BIO_new(BIO_s_mem());
    char *p = NULL;
    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_time_adj_ex(X509_getm_notBefore(cert), -1, 0, &(time_t){NOW});
    X509_time_adj_ex(X509_getm_notAfter(cert), 30, 0, &(time_t){NOW});
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"mail.example.test",
                               -1, -1, 0);
    X509_set_issuer_name(cert, name);
    X509_set_pubkey(cert, key);
    if (san != NULL) {
        X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, san);
        X509_add_ext(cert, ext, -1);
        X509_EXTENSION_free(ext);
    }
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_bio_X509(bio, cert), 1);
    size_t n = (size_t)BIO_get_mem_data(bio, &p);
    buf_add(cert_pem, slice_make(p, n));
    (void)BIO_reset(bio);
    assert_int_equal(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
    n = (size_t)BIO_get_mem_data(bio, &p);
    buf_add(key_pem, slice_make(p, n));
    BIO_free(bio);
    X509_free(cert);
    EVP_PKEY_free(key);
}

/* The common name counts for nothing, with a SAN or without (RFC 9525 2, 6.3). */
static void test_common_name(void **state)
{
    /* clang-format off */
    static const struct {
        const char *san, *host;
        enum fault want;
    } certificates[] = {
        { NULL,                        "mail.example.test",  FAULT_TLS_HOSTNAME },
        { "DNS:other.example.test",    "mail.example.test",  FAULT_TLS_HOSTNAME },
        { "DNS:other.example.test",    "other.example.test", FAULT_NONE },
        { "IP:127.0.0.1",              "mail.example.test",  FAULT_TLS_HOSTNAME },
        { "DNS:127.0.0.1",             "127.0.0.1",          FAULT_TLS_HOSTNAME },
        { "DNS:m*.example.test",       "mail.example.test",  FAULT_TLS_HOSTNAME },
        { "DNS:*",                     "localhost",          FAULT_TLS_HOSTNAME },
        { "DNS:mail.example.test.evil.test", "mail.example.test", FAULT_TLS_HOSTNAME },
        { "DNS:xn--bcher-kva.example.test", "xn--bcher-kva.example.test", FAULT_NONE },
    };
    /* clang-format on */
    (void)state;
    for (size_t i = 0; i < COUNT(certificates); i++) {
        struct buf cert, key;
        buf_init(&cert, BUF_NO_CAP);
        buf_init(&key, BUF_NO_CAP);
        issue_by_hand(certificates[i].san, &cert, &key);
        struct tls_setup *server = make_setup(&(struct tls_params){
            .is_server = true, .cert_pem = buf_slice(&cert), .key_pem = buf_slice(&key)});
        struct tls_setup *client = make_setup(&(struct tls_params){.trust_pem = buf_slice(&cert)});
        struct tls_filter *c = tls_filter_new(client, certificates[i].host, NOW);
        struct tls_filter *s = tls_filter_new(server, NULL, NOW);
        settle(c, s, 0);
        if (tls_filter_facts(c)->why != certificates[i].want ||
            tls_filter_facts(c)->is_verified != (certificates[i].want == FAULT_NONE)) {
            fail_msg("row %zu: %s, %s", i, fault_name(tls_filter_facts(c)->why),
                     tls_filter_facts(c)->detail);
        }
        tls_filter_free(c);
        tls_filter_free(s);
        tls_setup_free(client);
        tls_setup_free(server);
        buf_release(&cert);
        buf_release(&key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_fault_has_a_row), cmocka_unit_test(test_faults),
        cmocka_unit_test(test_first_octets),          cmocka_unit_test(test_end_everywhere),
        cmocka_unit_test(test_verify_errors),         cmocka_unit_test(test_text_is_quoted),
        cmocka_unit_test(test_behind_the_handshake),  cmocka_unit_test(test_common_name),
    };
    return cmocka_run_group_tests(tests, open_pki, close_pki);
}
