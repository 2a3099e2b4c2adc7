/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Client and server filter against each other in memory: every leaf gives its fault and its facts,
 * every pair of versions agrees or says why not, names and addresses are verified, both ends export
 * the same value. Law over all rows: one octet at a time gives what the whole flights give.
 */
#include "tls_pair.h"

static const size_t cuts[] = {0, 1, 7};

struct pair {
    struct tls_filter *client, *server;
};

static struct pair connect_pair(struct tls_setup *client, struct tls_setup *server,
                                const char *name, size_t cut)
{
    struct pair p = {tls_filter_new(client, name, NOW), tls_filter_new(server, NULL, NOW)};
    settle(p.client, p.server, cut);
    return p;
}

static void free_pair(struct pair *p)
{
    tls_filter_free(p->client);
    tls_filter_free(p->server);
}

static void check_state(const char *name, const struct tls_filter *f, enum tls_state want)
{
    if (tls_filter_state(f) != want) {
        fail_msg("%s: state %d, want %d; why %s \"%s\"", name, (int)tls_filter_state(f), (int)want,
                 fault_name(tls_filter_facts(f)->why), tls_filter_facts(f)->detail);
    }
}

static void check_fault(const char *name, const struct tls_filter *f, enum fault want,
                        const char *says)
{
    const struct tls_facts *facts = tls_filter_facts(f);
    if (facts->why != want || strstr(facts->detail, says) == NULL) {
        fail_msg("%s: got %s \"%s\", want %s \"%s\"", name, fault_name(facts->why), facts->detail,
                 fault_name(want), says);
    }
}

/* clang-format off */
static const struct leaf_row {
    enum pki_leaf leaf;
    enum fault want;
    int days_left;
    const char *name, *issuer;
    const char *says;
} leaves[] = {
    { PKI_VALID,         FAULT_NONE,              90, "mail.example.test",  "CN=smtpdx test CA",    "" },
    { PKI_EXPIRED,       FAULT_TLS_EXPIRED,       -1, "mail.example.test",  "CN=smtpdx test CA",    "expired, 1 day ago" },
    { PKI_NOT_YET_VALID, FAULT_TLS_NOT_YET_VALID, 90, "mail.example.test",  "CN=smtpdx test CA",    "not yet valid" },
    { PKI_WRONG_HOST,    FAULT_TLS_HOSTNAME,      90, "wrong.host.invalid", "CN=smtpdx test CA",    "hostname mismatch: mail.example.test is none of wrong.host.invalid" },
    { PKI_SELF_SIGNED,   FAULT_TLS_SELF_SIGNED,   90, "mail.example.test",  "CN=mail.example.test", "self" },
    { PKI_UNTRUSTED,     FAULT_TLS_UNTRUSTED,     90, "mail.example.test",  "CN=smtpdx test CA",    "" },
    { PKI_WEAK_KEY,      FAULT_TLS_WEAK_KEY,      90, "mail.example.test",  "CN=smtpdx test CA",    "key too weak" },
    { PKI_REVOKED,       FAULT_TLS_REVOKED,       90, "mail.example.test",  "CN=smtpdx test CA",    "revoked" },
};
_Static_assert(COUNT(leaves) == PKI_LEAF_COUNT, "one row per leaf");
/* clang-format on */

static void check_leaf_facts(const struct leaf_row *row, const struct tls_facts *facts)
{
    const char *slug = pki_leaf_slug(row->leaf);
    if (facts->names_count == 0 || strcmp(facts->names[0], row->name) != 0 ||
        strcmp(facts->issuer, row->issuer) != 0 || facts->days_left != row->days_left) {
        fail_msg("%s: name \"%s\" issuer \"%s\" days %d; want \"%s\" \"%s\" %d", slug,
                 facts->names[0], facts->issuer, facts->days_left, row->name, row->issuer,
                 row->days_left);
    }
    assert_string_equal(facts->server_name, "mail.example.test");
    assert_int_equal(facts->is_verified, row->want == FAULT_NONE);
}

/* Every leaf, every cut, TLS 1.2 and 1.3. */
static void test_leaves(void **state)
{
    static const enum tls_version at[] = {TLS_VERSION_1_2, TLS_VERSION_1_3};
    struct pki *pki = *state;
    struct tls_setup *client = client_setup(pki);
    for (size_t i = 0; i < COUNT(leaves) * COUNT(cuts) * COUNT(at); i++) {
        const struct leaf_row *row = &leaves[i % COUNT(leaves)];
        enum tls_version version = at[i / COUNT(leaves) % COUNT(at)];
        const char *slug = pki_leaf_slug(row->leaf);
        struct tls_setup *server = server_setup(pki, row->leaf, TLS_FAULT_NONE, version);
        struct pair p =
            connect_pair(client, server, "mail.example.test", cuts[i / COUNT(leaves) / COUNT(at)]);
        bool is_good = row->want == FAULT_NONE;
        check_state(slug, p.client, is_good ? TLS_UP : TLS_FAILED);
        check_state(slug, p.server, is_good ? TLS_UP : TLS_FAILED);
        check_fault(slug, p.client, row->want, row->says);
        check_leaf_facts(row, tls_filter_facts(p.client));
        if (!is_good) {
            check_fault(slug, p.server, FAULT_TLS_HANDSHAKE, "alert");
        }
        assert_string_equal(tls_filter_facts(p.server)->server_name, "mail.example.test");
        free_pair(&p);
        tls_setup_free(server);
    }
    tls_setup_free(client);
}

/* That a revocation list was good yesterday says nothing of another time, nor of a list that some
 * other authority of the same name made: what is remembered of it (tls_crl.c) must not leak. */
static void test_list_memory(void **state)
{
    static const struct {
        int days;      /* from NOW; the list begins a day before it */
        bool is_other; /* another CA's certificate, list and all */
        enum fault want;
    } rows[] = {
        {0, false, FAULT_NONE},         {-2, false, FAULT_TLS_UNTRUSTED}, {0, false, FAULT_NONE},
        {0, true, FAULT_TLS_UNTRUSTED}, {0, false, FAULT_NONE},           {30, false, FAULT_NONE},
    };
    struct pki *pki = *state, *other = make_pki();
    struct tls_setup *client = client_setup(pki);
    struct tls_setup *ours = server_setup(pki, PKI_VALID, TLS_FAULT_NONE, TLS_VERSION_1_3);
    struct tls_setup *theirs = server_setup(other, PKI_VALID, TLS_FAULT_NONE, TLS_VERSION_1_3);
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t now = NOW + rows[i].days * (int64_t)86400;
        struct pair p = {tls_filter_new(client, "mail.example.test", now),
                         tls_filter_new(rows[i].is_other ? theirs : ours, NULL, now)};
        settle(p.client, p.server, 0);
        if (tls_filter_facts(p.client)->why != rows[i].want) {
            fail_msg("row %zu: %s \"%s\", want %s", i, fault_name(tls_filter_facts(p.client)->why),
                     tls_filter_facts(p.client)->detail, fault_name(rows[i].want));
        }
        free_pair(&p);
    }
    tls_setup_free(client);
    tls_setup_free(ours);
    tls_setup_free(theirs);
    pki_free(other);
}

/* Who asked not to verify gets through, and the facts still say what is wrong. */
static void test_skip_verify(void **state)
{
    struct pki *pki = *state;
    struct tls_params params = {.trust_pem = pki_trust_pem(pki), .skip_verify = true};
    struct tls_setup *client = make_setup(&params);
    for (size_t i = 0; i < COUNT(leaves); i++) {
        struct tls_setup *server =
            server_setup(pki, leaves[i].leaf, TLS_FAULT_NONE, TLS_VERSION_ANY);
        struct pair p = connect_pair(client, server, "mail.example.test", 0);
        check_state(pki_leaf_slug(leaves[i].leaf), p.client, TLS_UP);
        check_fault(pki_leaf_slug(leaves[i].leaf), p.client, leaves[i].want, leaves[i].says);
        check_leaf_facts(&leaves[i], tls_filter_facts(p.client));
        free_pair(&p);
        tls_setup_free(server);
    }
    tls_setup_free(client);
}

/* clang-format off */
static const struct name_row {
    const char *name;
    enum fault want;
    const char *sni;
} names[] = {
    { "mail.example.test",    FAULT_NONE,         "mail.example.test" },
    { "MAIL.Example.TEST",    FAULT_NONE,         "MAIL.Example.TEST" },
    { "mail.example.test.",   FAULT_NONE,         "mail.example.test" },
    { "a.wild.example.test",  FAULT_NONE,         "a.wild.example.test" },
    { "127.0.0.1",            FAULT_NONE,         "" },
    { "::1",                  FAULT_NONE,         "" },
    { "0:0:0:0:0:0:0:1",      FAULT_NONE,         "" },
    { "127.0.0.2",            FAULT_TLS_HOSTNAME, "" },
    { "::2",                  FAULT_TLS_HOSTNAME, "" },
    { "other.example.test",   FAULT_TLS_HOSTNAME, "other.example.test" },
    { "a.b.wild.example.test", FAULT_TLS_HOSTNAME, "a.b.wild.example.test" },
    { "wild.example.test",    FAULT_TLS_HOSTNAME, "wild.example.test" },
    { "example.test",         FAULT_TLS_HOSTNAME, "example.test" },
    { "",                     FAULT_TLS_HOSTNAME, "" },
    { NULL,                   FAULT_TLS_HOSTNAME, "" },
};
/* clang-format on */

static void test_names(void **state)
{
    struct pki *pki = *state;
    struct tls_setup *client = client_setup(pki);
    struct tls_setup *server = server_setup(pki, PKI_VALID, TLS_FAULT_NONE, TLS_VERSION_ANY);
    for (size_t i = 0; i < COUNT(names); i++) {
        const char *shown = names[i].name ? names[i].name : "(none)";
        struct pair p = connect_pair(client, server, names[i].name, 0);
        check_state(shown, p.client, names[i].want == FAULT_NONE ? TLS_UP : TLS_FAILED);
        check_fault(shown, p.client, names[i].want, "");
        if (strcmp(tls_filter_facts(p.server)->server_name, names[i].sni) != 0) {
            fail_msg("%s: SNI \"%s\", want \"%s\"", shown, tls_filter_facts(p.server)->server_name,
                     names[i].sni);
        }
        assert_string_equal(tls_filter_facts(p.client)->server_name, names[i].sni);
        const struct tls_facts *facts = tls_filter_facts(p.client);
        assert_int_equal(facts->names_count, 4);
        assert_string_equal(facts->names[2], "127.0.0.1");
        assert_string_equal(facts->names[3], "::1");
        free_pair(&p);
    }
    tls_setup_free(client);
    tls_setup_free(server);
}

/* The version both ends may use; ANY when there is none. */
static enum tls_version common_version(enum tls_version client_min, enum tls_version client_max,
                                       enum tls_version server_min, enum tls_version server_max)
{
    enum tls_version low = client_min > server_min ? client_min : server_min;
    enum tls_version high = client_max < server_max ? client_max : server_max;
    low = low < TLS_VERSION_1_2 ? TLS_VERSION_1_2 : low; /* never older on a client */
    return low <= high ? high : TLS_VERSION_ANY;
}

static void check_versions(struct pki *pki, const enum tls_version v[4])
{
    struct tls_params c = {.trust_pem = pki_trust_pem(pki), .min = v[0], .max = v[1]};
    struct tls_params s = {.is_server = true, .min = v[2], .max = v[3]};
    issue(pki, PKI_VALID, &s);
    struct tls_setup *client = make_setup(&c), *server = make_setup(&s);
    struct pair p = connect_pair(client, server, "mail.example.test", 0);
    enum tls_version want = common_version(v[0], v[1], v[2], v[3]);
    char name[80];
    snprintf(name, sizeof name, "client %s-%s server %s-%s", tls_version_slug(v[0]),
             tls_version_slug(v[1]), tls_version_slug(v[2]), tls_version_slug(v[3]));
    if (want == TLS_VERSION_ANY) {
        check_state(name, p.client, TLS_FAILED);
        check_fault(name, p.client, FAULT_TLS_VERSION, "");
        check_fault(name, p.server, FAULT_TLS_VERSION, "");
    } else {
        check_state(name, p.client, TLS_UP);
        assert_string_equal(tls_filter_facts(p.client)->version, tls_version_slug(want));
        assert_string_equal(tls_filter_facts(p.server)->version, tls_version_slug(want));
        assert_string_equal(tls_filter_facts(p.server)->cipher, tls_filter_facts(p.client)->cipher);
    }
    free_pair(&p);
    tls_setup_free(client);
    tls_setup_free(server);
}

static void test_versions(void **state)
{
    for (unsigned i = 0; i < 256; i++) {
        enum tls_version v[4];
        for (unsigned k = 0; k < 4; k++) {
            v[k] = (enum tls_version)(TLS_VERSION_1_0 + (i >> (2 * k)) % 4);
        }
        if (v[0] <= v[1] && v[2] <= v[3] && v[1] >= TLS_VERSION_1_2) {
            check_versions(*state, v);
        }
    }
}

static void test_exporter(void **state)
{
    static const enum tls_version at[] = {TLS_VERSION_1_2, TLS_VERSION_1_3};
    struct pki *pki = *state;
    struct tls_setup *client = client_setup(pki);
    char last[32] = "";
    for (size_t i = 0; i < COUNT(at); i++) {
        char ours[32], theirs[32];
        struct tls_setup *server = server_setup(pki, PKI_VALID, TLS_FAULT_NONE, at[i]);
        struct tls_filter *early = tls_filter_new(client, "mail.example.test", NOW);
        assert_false(tls_filter_binding(early, ours));
        tls_filter_free(early);
        struct pair p = connect_pair(client, server, "mail.example.test", 0);
        assert_true(tls_filter_binding(p.client, ours));
        assert_true(tls_filter_binding(p.server, theirs));
        assert_memory_equal(ours, theirs, 32);
        assert_memory_not_equal(ours, last, 32);
        memcpy(last, ours, 32);
        free_pair(&p);
        tls_setup_free(server);
    }
    tls_setup_free(client);
}

/* 100 kB each way, at every cut; then close_notify both ways. */
static void test_data(void **state)
{
    struct pki *pki = *state;
    struct tls_setup *client = client_setup(pki);
    struct tls_setup *server = server_setup(pki, PKI_VALID, TLS_FAULT_NONE, TLS_VERSION_ANY);
    size_t n = 100 * 1000;
    char *text = malloc(n);
    for (size_t i = 0; i < n; i++) {
        text[i] = (char)(i * 7);
    }
    for (size_t i = 0; i < COUNT(cuts); i++) {
        struct pair p = connect_pair(client, server, "mail.example.test", cuts[i]);
        tls_filter_send(p.client, slice_make(text, n));
        tls_filter_send(p.server, slice_make(text, n));
        settle(p.client, p.server, cuts[i]);
        assert_true(slice_eq(buf_slice(tls_filter_plain_out(p.client)), slice_make(text, n)));
        assert_true(slice_eq(buf_slice(tls_filter_plain_out(p.server)), slice_make(text, n)));
        tls_filter_close(p.server);
        settle(p.client, p.server, cuts[i]);
        check_state("closed by the server", p.client, TLS_CLOSED);
        check_state("closing", p.server, TLS_UP);
        tls_filter_eof(p.client);
        assert_false(tls_filter_is_truncated(p.client));
        tls_filter_close(p.client);
        settle(p.client, p.server, cuts[i]);
        check_state("closed by both", p.server, TLS_CLOSED);
        free_pair(&p);
    }
    free(text);
    tls_setup_free(client);
    tls_setup_free(server);
}

/* A server that wants a certificate: TLS 1.2 refuses in the handshake, TLS 1.3 after the client is
 * up, and with a certificate both go through. */
static void test_client_cert(void **state)
{
    static const enum tls_version at[] = {TLS_VERSION_1_2, TLS_VERSION_1_3};
    struct pki *pki = *state;
    for (size_t i = 0; i < COUNT(at) * COUNT(cuts) * 3; i++) {
        int kind = (int)(i % 3); /* no certificate, a good one, an expired one */
        struct tls_params s = {.is_server = true,
                               .wants_client_cert = true,
                               .max = at[i / 3 % COUNT(at)],
                               .trust_pem = pki_trust_pem(pki)};
        struct tls_params c = {.trust_pem = pki_trust_pem(pki)};
        issue(pki, PKI_VALID, &s);
        if (kind != 0) {
            issue(pki, kind == 1 ? PKI_VALID : PKI_EXPIRED, &c);
        }
        struct tls_setup *server = make_setup(&s), *client = make_setup(&c);
        struct pair p = connect_pair(client, server, "mail.example.test", cuts[i / 3 / COUNT(at)]);
        bool is_13 = s.max == TLS_VERSION_1_3;
        check_state("client", p.client, kind == 1 ? TLS_UP : TLS_FAILED);
        check_state("server", p.server, kind == 1 ? TLS_UP : TLS_FAILED);
        assert_int_equal(tls_filter_facts(p.client)->is_up, kind == 1 || is_13);
        check_fault("client", p.client, kind == 1 ? FAULT_NONE : FAULT_TLS_CLIENT_CERT,
                    kind == 1 ? "" : "alert");
        check_fault("server", p.server,
                    kind == 0   ? FAULT_TLS_CLIENT_CERT
                    : kind == 1 ? FAULT_NONE
                                : FAULT_TLS_EXPIRED,
                    "");
        assert_int_equal(tls_filter_facts(p.server)->is_verified, kind == 1);
        free_pair(&p);
        tls_setup_free(server);
        tls_setup_free(client);
    }
}

static void test_slugs(void **state)
{
    (void)state;
    for (int i = 0; i < TLS_FAULT_COUNT; i++) {
        enum tls_fault got = TLS_FAULT_COUNT;
        assert_true(tls_fault_from_slug(slice_of(tls_fault_slug((enum tls_fault)i)), &got));
        assert_int_equal(got, i);
    }
    for (int i = TLS_VERSION_1_0; i <= TLS_VERSION_1_3; i++) {
        enum tls_version got = TLS_VERSION_ANY;
        assert_true(tls_version_from_slug(slice_of(tls_version_slug((enum tls_version)i)), &got));
        assert_int_equal(got, i);
    }
    for (int i = 0; i < PKI_LEAF_COUNT; i++) {
        enum pki_leaf got = PKI_LEAF_COUNT;
        assert_true(pki_leaf_from_slug(slice_of(pki_leaf_slug((enum pki_leaf)i)), &got));
        assert_int_equal(got, i);
    }
    enum tls_version v;
    assert_false(tls_version_from_slug(slice_of("SSLv3"), &v));
    assert_false(tls_version_from_slug(slice_of(""), &v));
}

/* clang-format off */
static const struct setup_row {
    const char *name;
    struct tls_params params;
    bool has_cert;
    enum err want;
} setups[] = {
    { "server without certificate", { .is_server = true },                                                           false, ERR_INVALID },
    { "empty version range",        { .is_server = true, .min = TLS_VERSION_1_3, .max = TLS_VERSION_1_2 },           true,  ERR_INVALID },
    { "old client",                 { .max = TLS_VERSION_1_1 },                                                      false, ERR_INVALID },
    { "old server",                 { .is_server = true, .max = TLS_VERSION_1_0 },                                   true,  ERR_OK },
    { "renegotiation in 1.3",       { .is_server = true, .min = TLS_VERSION_1_3, .fault = TLS_FAULT_RENEGOTIATE },   true,  ERR_INVALID },
    { "unknown cipher",             { .is_server = true, .ciphers = { "NO-SUCH", 7 } },                              true,  ERR_LIBRARY },
    { "unknown TLS 1.3 suite",      { .is_server = true, .ciphers = { "TLS_NO_SUCH", 11 } },                         true,  ERR_LIBRARY },
    { "rubbish as trust",           { .trust_pem = { "rubbish", 7 } },                                               false, ERR_LIBRARY },
    { "rubbish as certificate",     { .is_server = true, .cert_pem = { "x", 1 }, .key_pem = { "y", 1 } },            false, ERR_LIBRARY },
    { "system trust",               { .is_server = false },                                                          false, ERR_OK },
};
/* clang-format on */

static void test_setups(void **state)
{
    struct pki *pki = *state;
    for (size_t i = 0; i < COUNT(setups); i++) {
        struct tls_params p = setups[i].params;
        struct tls_setup *s = NULL;
        struct why why = {{0}, {0}, 0, 0};
        if (setups[i].has_cert) {
            issue(pki, PKI_VALID, &p);
        }
        enum err got = tls_setup_new(&p, &s, &why);
        if (got != setups[i].want || (s != NULL) != (got == ERR_OK)) {
            fail_msg("%s: got %s \"%s\", want %s", setups[i].name, err_name(got), why.text,
                     err_name(setups[i].want));
        }
        tls_setup_free(s);
    }
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slugs),       cmocka_unit_test(test_setups),
        cmocka_unit_test(test_leaves),      cmocka_unit_test(test_skip_verify),
        cmocka_unit_test(test_names),       cmocka_unit_test(test_versions),
        cmocka_unit_test(test_exporter),    cmocka_unit_test(test_data),
        cmocka_unit_test(test_client_cert), cmocka_unit_test(test_list_memory),
    };
    return cmocka_run_group_tests(tests, open_pki, close_pki);
}
