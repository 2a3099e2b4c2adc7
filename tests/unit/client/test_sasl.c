/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SCRAM dialogue as the client leads it: which gs2 flag it says (RFC 5802 6), and what it makes
 * of a server whose proof is wrong. The nonce is the library's own, so the peer reads it off the
 * wire.
 */
#include "peer.h"

#include "base/codec.h"

struct talk {
    struct client *client;
    struct session session;
    struct buf sent; /* the last flight */
    bool is_done;
};

static void talk_pump(struct talk *t)
{
    struct session_act act;
    buf_reset(&t->sent);
    do {
        t->session.ops->next(t->session.self, 0, &act);
        if (act.kind == SESSION_SEND) {
            buf_add(&t->sent, act.bytes);
        }
    } while (act.kind != SESSION_WAIT && act.kind != SESSION_DONE);
    t->is_done = act.kind == SESSION_DONE;
}

static void talk_say(struct talk *t, const char *text)
{
    t->session.ops->on_input(t->session.self, 0, slice_of(text));
    talk_pump(t);
}

static void talk_challenge(struct talk *t, const char *text)
{
    struct buf line;
    buf_init(&line, BUF_NO_CAP);
    buf_add_text(&line, "334 ");
    base64_encode(slice_of(text), &line);
    buf_add_text(&line, "\r\n");
    talk_say(t, buf_text(&line));
    buf_release(&line);
}

/* Up to the AUTH command, inside TLS with a channel binding. */
static void talk_open(struct talk *t, const char *mechanism, const char *offer)
{
    const struct client_params params = {.mechanism = slice_of(mechanism),
                                         .user = SLICE("jane"),
                                         .secret = SLICE(SECRET),
                                         .security = SECURITY_IMPLICIT,
                                         .until = STAGE_AUTH};
    struct tls_facts facts = {.is_up = true, .is_verified = true};
    struct why why;
    *t = (struct talk){0};
    buf_init(&t->sent, BUF_NO_CAP);
    assert_int_equal(client_new(&params, &t->client, &why), ERR_OK);
    t->session = client_session(t->client);
    talk_pump(t);
    t->session.ops->on_news(t->session.self, 0, &(struct session_news){.event = SESSION_CONNECTED});
    talk_pump(t);
    client_set_binding(t->client, SLICE("0123456789abcdef0123456789abcdef"));
    t->session.ops->on_news(t->session.self, 0,
                            &(struct session_news){.event = SESSION_TLS_UP, .facts = &facts});
    talk_pump(t);
    talk_say(t, "220 x\r\n");
    talk_say(t, offer);
}

static void talk_close(struct talk *t)
{
    client_free(t->client);
    buf_release(&t->sent);
}

/* The decoded last word of the flight. */
static void last_word(const struct talk *t, struct buf *out)
{
    struct slice rest = slice_trim(buf_slice(&t->sent)), word, last = {NULL, 0};
    while (slice_take_word(&rest, &word)) {
        last = word;
    }
    buf_init(out, BUF_NO_CAP);
    assert_true(base64_decode(last, out));
}

static void test_gs2_flag(void **state)
{
    /* clang-format off */
    static const struct {
        const char *mechanism, *offer, *want;
    } rows[] = {
        { "SCRAM-SHA-256",      "250-x\r\n250 AUTH SCRAM-SHA-256\r\n",                    "n,,n=jane,r=" },
        { "SCRAM-SHA-256",      "250-x\r\n250 AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256\r\n", "n,,n=jane,r=" },
        { "SCRAM-SHA-1-PLUS",   "250-x\r\n250 AUTH SCRAM-SHA-1-PLUS\r\n",                 "p=tls-exporter,,n=jane,r=" },
        { "auto:SCRAM-SHA-256-PLUS SCRAM-SHA-256", "250-x\r\n250 AUTH SCRAM-SHA-256 SCRAM-SHA-256-PLUS\r\n", "p=tls-exporter,,n=jane,r=" },
        { "auto:SCRAM-SHA-256-PLUS SCRAM-SHA-256", "250-x\r\n250 AUTH SCRAM-SHA-256\r\n", "n,,n=jane,r=" },
    };
    /* clang-format on */
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct talk t;
        struct buf first;
        talk_open(&t, rows[i].mechanism, rows[i].offer);
        last_word(&t, &first);
        if (!slice_has_prefix(buf_slice(&first), slice_of(rows[i].want))) {
            fail_msg("row %zu: want %s, got %s", i, rows[i].want, buf_text(&first));
        }
        buf_release(&first);
        talk_close(&t);
    }
}

static void scram_to_proof(struct talk *t)
{
    struct buf first, answer;
    talk_open(t, "SCRAM-SHA-256", "250-x\r\n250 AUTH SCRAM-SHA-256\r\n");
    last_word(t, &first);
    size_t at = slice_find(buf_slice(&first), SLICE(",r="));
    assert_int_not_equal(at, SIZE_MAX);
    buf_init(&answer, BUF_NO_CAP);
    buf_addf(&answer, "%sXYZ,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", buf_text(&first) + at + 1);
    talk_challenge(t, buf_text(&answer));
    buf_release(&answer);
    buf_release(&first);
    last_word(t, &first);
    assert_int_not_equal(slice_find(buf_slice(&first), SLICE(",p=")), SIZE_MAX);
    buf_release(&first);
}

/* Somebody in between who does not know the password: not a clumsy server (RFC 5802 3, 9). */
static void test_wrong_proof(void **state)
{
    (void)state;
    struct talk t;
    scram_to_proof(&t);
    talk_challenge(&t, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    assert_string_equal(buf_text(&t.sent), "*\r\n");
    talk_say(&t, "235 2.7.0 welcome\r\n");
    const struct client_report *r = client_report(t.client);
    assert_int_equal(r->outcome, OUTCOME_FAILED);
    assert_string_equal(fault_name(r->fault), "SASL_SERVER_UNPROVEN");
    assert_false(r->auth_accepted);
    talk_close(&t);
}

/* What is no proof at all stays a protocol error. */
static void test_no_proof(void **state)
{
    (void)state;
    struct talk t;
    scram_to_proof(&t);
    talk_challenge(&t, "hello");
    assert_string_equal(buf_text(&t.sent), "*\r\n");
    talk_say(&t, "501 cancelled\r\n");
    assert_string_equal(fault_name(client_report(t.client)->fault), "SASL_CHALLENGE");
    talk_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gs2_flag),
        cmocka_unit_test(test_wrong_proof),
        cmocka_unit_test(test_no_proof),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
