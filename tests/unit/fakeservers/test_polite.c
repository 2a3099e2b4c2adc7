/* SPDX-License-Identifier: Apache-2.0 */
/* The polite fake: every verb in every phase, syntax, sizes, messages, TLS, and what is recorded.
 */
#include "peer.h"

#include <stdio.h>

#define GREETING "220 mx.example.test ESMTP ready; *\r\n"
#define HELLO    "250-mx.example.test Hello [127.0.0.1]\r\n"
#define CAPS     "250-SIZE 100\r\n250-8BITMIME\r\n250-DSN\r\n250 CHUNKING\r\n"

static const char *const open_caps[] = {"SIZE 100", "8BITMIME", "DSN", "CHUNKING", NULL};
static const struct spec_server open_relay = {.security = SECURITY_NONE, .clear = open_caps};

/* ---- every verb in every phase ---- */

enum { PHASES = 6 };
static const char *const ways[PHASES][6] = {
    {NULL},
    {"EHLO c\r\n", NULL},
    {"EHLO c\r\n", "MAIL FROM:<a@b>\r\n", NULL},
    {"EHLO c\r\n", "MAIL FROM:<a@b>\r\n", "RCPT TO:<c@d>\r\n", NULL},
    {"EHLO c\r\n", "MAIL FROM:<a@b>\r\n", "RCPT TO:<c@d>\r\n", "BDAT 2\r\nxx", NULL},
    {NULL}, /* the greeting refuses */
};
static const struct {
    const char *line;
    unsigned codes[PHASES]; /* HELLO READY MAIL RCPT CHUNKS REFUSED */
} cells[] = {
    {"EHLO c\r\n", {250, 250, 250, 250, 250, 503}},
    {"HELO c\r\n", {250, 250, 250, 250, 250, 503}},
    {"STARTTLS\r\n", {503, 502, 503, 503, 503, 503}},
    {"AUTH PLAIN\r\n", {503, 502, 503, 503, 503, 503}},
    {"MAIL FROM:<a@b>\r\n", {503, 250, 503, 503, 503, 503}},
    {"RCPT TO:<a@b>\r\n", {503, 503, 250, 250, 503, 503}},
    {"DATA\r\n", {503, 503, 503, 354, 503, 503}},
    {"BDAT 1 LAST\r\nx", {503, 503, 503, 250, 250, 503}},
    {"RSET\r\n", {250, 250, 250, 250, 250, 503}},
    {"NOOP\r\n", {250, 250, 250, 250, 250, 503}},
    {"VRFY x\r\n", {252, 252, 252, 252, 252, 503}},
    {"EXPN x\r\n", {502, 502, 502, 502, 502, 503}},
    {"HELP\r\n", {214, 214, 214, 214, 214, 503}},
    {"QUIT\r\n", {221, 221, 221, 221, 221, 221}},
    {"XYZZY\r\n", {500, 500, 500, 500, 500, 503}},
};

static const char *const go_away[] = {"no", NULL};
static const struct spec_action refuse[] = {{.kind = ACTION_REPLY, .code = 554, .texts = go_away}};
static const struct spec_rule refuse_rule[] = {
    {.on = "greeting", .actions = refuse, .action_count = 1}};
static const struct spec_server refusing = {
    .security = SECURITY_NONE, .clear = open_caps, .rules = refuse_rule, .rule_count = 1};

static void every_cell(void **state)
{
    (void)state;
    for (size_t v = 0; v < COUNT(cells); v++) {
        for (size_t phase = 0; phase < PHASES; phase++) {
            const struct spec_server *spec = phase == 5 ? &refusing : &open_relay;
            struct fake *f = fake_of(spec, NULL);
            struct peer p;
            peer_begin(&p, f, 0);
            for (size_t i = 0; ways[phase][i] != NULL; i++) {
                peer_step(&p, ways[phase][i], 0);
            }
            buf_reset(&p.seen);
            peer_step(&p, cells[v].line, 1);
            if ((unsigned)atoi(buf_text(&p.seen)) != cells[v].codes[phase]) {
                fail_msg("%s in phase %zu: want %u, got %s", cells[v].line, phase,
                         cells[v].codes[phase], buf_text(&p.seen));
            }
            peer_end(&p);
            fake_free(f);
        }
    }
}

/* ---- rows ---- */

static const struct {
    const char *name, *send, *want; /* after EHLO */
} lines[] = {
    {"sender with size", "MAIL FROM:<a@b> SIZE=100\r\n", "250 2.1.0 *"},
    {"sender too large", "MAIL FROM:<a@b> SIZE=101\r\n", "552 5.3.4 *"},
    {"size without a number", "MAIL FROM:<a@b> SIZE=x\r\n", "501 5.5.4 *"},
    {"size of nothing", "MAIL FROM:<a@b> SIZE\r\n", "501 5.5.4 *"},
    {"null sender", "MAIL FROM:<>\r\n", "250 *"},
    {"lower case", "mail from:<a@b> body=8bitmime\r\n", "250 *"},
    {"quoted local part", "MAIL FROM:<\"a >\\\"b\"@c>\r\n", "250 *"},
    {"trailing blank", "MAIL FROM:<a@b> \r\n", "250 *"},
    {"blank behind the colon", "MAIL FROM: <a@b>\r\n", "501 5.5.4 *"},
    {"no brackets", "MAIL FROM:a@b\r\n", "501 *"},
    {"no domain", "MAIL FROM:<a@>\r\n", "501 *"},
    {"no mailbox", "MAIL FROM:<@b>\r\n", "501 *"},
    {"no at", "MAIL FROM:<ab>\r\n", "501 *"},
    {"open bracket", "MAIL FROM:<a@b\r\n", "501 *"},
    {"parameter glued on", "MAIL FROM:<a@b>SIZE=1\r\n", "501 *"},
    {"parameter not offered", "MAIL FROM:<a@b> SMTPUTF8\r\n", "555 5.5.4 *"},
    {"unknown parameter", "MAIL FROM:<a@b> X=1\r\n", "555 *"},
    {"parameter of RCPT", "MAIL FROM:<a@b> NOTIFY=NEVER\r\n", "555 *"},
    {"8-bit without SMTPUTF8", "MAIL FROM:<\xc3\xa9@b>\r\n", "553 5.6.7 *"},
    {"8-bit recipient, MAIL without SMTPUTF8", "MAIL FROM:<a@b>\r\nRCPT TO:<\xc3\xa9@b>\r\n",
     "250 *\r\n553 5.6.7 *"},
    {"BODY of another kind", "MAIL FROM:<a@b> BODY=9BIT\r\n", "501 5.5.4 *"},
    {"BINARYMIME not offered", "MAIL FROM:<a@b> BODY=BINARYMIME\r\n", "501 5.5.4 *"},
    {"RET of another kind", "MAIL FROM:<a@b> RET=ALL\r\n", "501 5.5.4 *"},
    {"RET", "MAIL FROM:<a@b> RET=hdrs ENVID=x\r\n", "250 *"},
    {"NUL-free control", "MAIL FROM:<a\x01@b>\r\n", "500 5.5.2 *"},
    {"RCPT to nobody", "MAIL FROM:<a@b>\r\nRCPT TO:<>\r\n", "250 *\r\n501 *"},
    {"RCPT to postmaster", "MAIL FROM:<a@b>\r\nRCPT TO:<Postmaster>\r\n", "250 *\r\n250 *"},
    {"RCPT with NOTIFY", "MAIL FROM:<a@b>\r\nRCPT TO:<c@d> NOTIFY=NEVER\r\n", "250 *\r\n250 *"},
    {"DATA with an argument", "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA x\r\n", "250 *250 *501 *"},
    {"EHLO without a name", "EHLO\r\n", "501 5.5.4 *"},
    {"EHLO with two words", "EHLO a b\r\n", "501 *"},
    {"QUIT with an argument", "QUIT now\r\n", "501 *"},
    {"NOOP with an argument", "NOOP now\r\n", "250 *"},
    {"VRFY of nobody", "VRFY\r\n", "501 *"},
    {"BDAT without a size", "BDAT\r\n", "501 *"},
    {"BDAT with rubbish", "BDAT 3 FIRST\r\n", "501 *"},
    {"BDAT out of order swallows its octets", "BDAT 6\r\nQUIT\r\nNOOP\r\n",
     "503 *\r\n250 2.0.0 Ok\r\n"},
    {"blank in front", " NOOP\r\n", "500 *"},
    {"empty line", "\r\n", "500 *"},
    {"not a verb", "\x16\x03\x01\r\n", "500 *"},
    {"bare LF ends a command", "NOOP\nNOOP\r\n", "250 *\r\n250 *\r\n"},
    {"a message", "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n..x\r\n.\r\nNOOP\r\n",
     "250 *\r\n250 *\r\n354 *\r\n250 2.0.0 Ok: queued as *\r\n250 2.0.0 Ok\r\n"},
    {"a message that is too large",
     "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"
     "0123456789012345678901234567890123456789012345678901234567890123456789"
     "0123456789012345678901234567890123456789\r\n.\r\nNOOP\r\n",
     "250 *\r\n250 *\r\n354 *\r\n552 5.3.4 *\r\n250 2.0.0 Ok\r\n"},
    {"chunks", "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 3\r\nabcBDAT 0 LAST\r\n",
     "250 *\r\n250 *\r\n250 2.0.0 Ok\r\n250 2.0.0 Ok: queued as *\r\n"},
    {"QUIT", "QUIT\r\nNOOP\r\n", "221 2.0.0 Bye\r\n<FIN><DONE>"},
};

static void every_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++) {
        char want[600];
        const char *steps[] = {"EHLO c\r\n", lines[i].send, NULL};
        snprintf(want, sizeof want, GREETING HELLO CAPS "%s", lines[i].want);
        peer_check(lines[i].name, &open_relay, NULL, steps, want);
    }
}

/* What MAIL asked for holds for the whole transaction, and for no other (RFC 3030 3, RFC 6531 3.5).
 */
static void mail_parameters(void **state)
{
    static const char *const caps[] = {"8BITMIME", "BINARYMIME", "CHUNKING", "SMTPUTF8", NULL};
    static const struct spec_server spec = {.security = SECURITY_NONE, .clear = caps};
    static const char hello[] =
        GREETING HELLO "250-8BITMIME\r\n250-BINARYMIME\r\n250-CHUNKING\r\n250 SMTPUTF8\r\n";
    /* clang-format off */
    static const struct {
        const char *name, *send, *want;
    } rows[] = {
        { "BINARYMIME comes by BDAT", "MAIL FROM:<a@b> BODY=BINARYMIME\r\nRCPT TO:<c@d>\r\nDATA\r\nBDAT 3 LAST\r\n\n\n.",
          "250 *\r\n250 *\r\n503 5.5.1 *\r\n250 2.0.0 Ok: queued as *" },
        { "not after RSET", "MAIL FROM:<a@b> BODY=BINARYMIME\r\nRSET\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n",
          "250 *\r\n250 *\r\n250 *\r\n250 *\r\n354 *" },
        { "SMTPUTF8", "MAIL FROM:<a@b> SMTPUTF8\r\nRCPT TO:<\xc3\xa9@b>\r\n", "250 *\r\n250 *" },
        { "SMTPUTF8, not after RSET", "MAIL FROM:<a@b> SMTPUTF8\r\nRSET\r\nMAIL FROM:<a@b>\r\nRCPT TO:<\xc3\xa9@b>\r\n",
          "250 *\r\n250 *\r\n250 *\r\n553 5.6.7 *" },
    };
    /* clang-format on */
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char want[600];
        const char *steps[] = {"EHLO c\r\n", rows[i].send, NULL};
        snprintf(want, sizeof want, "%s%s", hello, rows[i].want);
        peer_check(rows[i].name, &spec, NULL, steps, want);
    }
}

/* A line of exactly the limit, and one octet more; the connection lives on. */
static void long_lines(void **state)
{
    (void)state;
    for (size_t over = 0; over < 2; over++) {
        struct buf line;
        buf_init(&line, BUF_NO_CAP);
        buf_add_text(&line, "NOOP ");
        while (line.n < 2048 + over) {
            buf_add_char(&line, 'x');
        }
        buf_add_text(&line, "\r\nNOOP\r\n");
        const char *steps[] = {buf_text(&line), NULL};
        peer_check("long line", &open_relay, NULL, steps,
                   over ? GREETING "500 5.5.2 Line too long\r\n250 2.0.0 Ok\r\n"
                        : GREETING "250 2.0.0 Ok\r\n250 2.0.0 Ok\r\n");
        buf_release(&line);
    }
}

static const struct {
    const char *name, *body, *want; /* behind DATA; the message as recorded, NULL: not over */
} bodies[] = {
    {"plain", "a\r\nb\r\n.\r\n", "a\r\nb\r\n"},
    {"empty", ".\r\n", ""},
    {"stuffed", "..\r\n..a\r\n.b\r\n.\r\n", ".\r\n.a\r\nb\r\n"},
    {"dot inside", "a.\r\n.\r\n", "a.\r\n"},
    {"bare LF dot bare LF ends nothing", "a\n.\nb\r\n.\r\n", "a\n.\nb\r\n"},
    {"bare LF dot CRLF ends nothing", "a\n.\r\nb\r\n.\r\n", "a\n.\r\nb\r\n"},
    {"CRLF dot LF ends nothing", "a\r\n.\nb\r\n.\r\n", "a\r\n\nb\r\n"},
    {"CRLF dot CR CR LF", "a\r\n.\r\r\n.\r\n", "a\r\n\r\r\n"},
    {"CRLF dot CR text", "a\r\n.\rb\r\n.\r\n", "a\r\n\rb\r\n"},
    {"CR CR LF dot CRLF", "a\r\r\n.\r\n", "a\r\r\n"},
    {"dot without end", "a\r\n.\r", NULL},
};

static void every_body(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bodies); i++) {
        for (size_t cut = 0; cut < 4; cut++) {
            struct fake *f = fake_of(&open_relay, NULL);
            struct peer p;
            peer_begin(&p, f, 0);
            peer_step(&p, "EHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@f>\r\nDATA\r\n",
                      cut);
            peer_step(&p, bodies[i].body, cut);
            const struct fake_report *r = fake_report(f);
            assert_int_equal(r->message_count, bodies[i].want != NULL);
            if (bodies[i].want != NULL && !slice_eq_text(r->messages[0].data, bodies[i].want)) {
                fail_msg("%s: got '" SLICE_FMT "'", bodies[i].name, SLICE_ARG(r->messages[0].data));
            }
            if (bodies[i].want != NULL) {
                assert_true(slice_eq_text(r->messages[0].from, "a@b"));
                assert_int_equal(r->messages[0].rcpt_count, 2);
                assert_true(slice_eq_text(r->messages[0].rcpts[1], "e@f"));
            }
            peer_end(&p);
            fake_free(f);
        }
    }
}

/* ---- TLS ---- */

static const struct spec_server submission = {.security = SECURITY_STARTTLS};

static const struct {
    const char *name;
    const char *steps[6];
    const char *want;
} secured[] = {
    {"AUTH in clear",
     {"EHLO c\r\nAUTH PLAIN AGEAYg==\r\n"},
     "*530 5.7.0 Must issue a STARTTLS command first\r\n"},
    {"MAIL in clear", {"EHLO c\r\nMAIL FROM:<a@b>\r\n"}, "*530 5.7.0 Must issue a STARTTLS*\r\n"},
    {"STARTTLS with an argument", {"EHLO c\r\nSTARTTLS now\r\n"}, "*501 5.5.4 *\r\n"},
    {"STARTTLS", {"EHLO c\r\nSTARTTLS\r\n"}, "*STARTTLS*220 2.0.0 Ready to start TLS\r\n<TLS>"},
    {"everything is forgotten",
     {"EHLO c\r\nSTARTTLS\r\n", "!tls", "AUTH PLAIN AGEAYg==\r\n"},
     "*<TLS>503 5.5.1 Say EHLO first\r\n"},
    {"MAIL without AUTH",
     {"EHLO c\r\nSTARTTLS\r\n", "!tls", "EHLO c\r\nMAIL FROM:<a@b>\r\n"},
     "*<TLS>*AUTH *530 5.7.0 Authentication required\r\n"},
    {"no second STARTTLS",
     {"EHLO c\r\nSTARTTLS\r\n", "!tls", "EHLO c\r\nSTARTTLS\r\n"},
     "*<TLS>*250 DSN\r\n503 5.5.1 TLS is already up\r\n"},
    {"a failed handshake ends it", {"EHLO c\r\nSTARTTLS\r\n", "!tls-failed"}, "*<TLS><DONE>"},
    {"the whole way",
     {"EHLO c\r\nSTARTTLS\r\n", "!tls",
      "EHLO c\r\nAUTH PLAIN AGEAYg==\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n", "x\r\n.\r\n",
      "QUIT\r\n"},
     "*<TLS>*235 2.7.0 *250 *250 *354 *250 *221 2.0.0 Bye\r\n<FIN><DONE>"},
};

static void with_tls(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(secured); i++) {
        peer_check(secured[i].name, &submission, NULL, secured[i].steps, secured[i].want);
    }
}

/* A login from before TLS is forgotten like everything else (RFC 3207 4.2). */
static void login_before_tls(void **state)
{
    (void)state;
    static const char *const lines_clear[] = {"STARTTLS", "AUTH PLAIN", NULL};
    static const struct spec_server loose = {.security = SECURITY_STARTTLS, .clear = lines_clear};
    const char *steps[] = {"EHLO c\r\nAUTH PLAIN AGEAYg==\r\nSTARTTLS\r\n", "!tls",
                           "EHLO c\r\nMAIL FROM:<a@b>\r\n", NULL};
    peer_check("login before TLS", &loose, NULL, steps,
               "*235 *<TLS>*250 DSN\r\n530 5.7.0 Authentication required\r\n");
}

static void implicit_tls(void **state)
{
    (void)state;
    static const struct spec_server implicit = {.security = SECURITY_IMPLICIT};
    const char *steps[] = {"!tls", "EHLO c\r\n", NULL};
    peer_check("implicit", &implicit, NULL, steps, GREETING "*AUTH *250 DSN\r\n");
    const char *none[] = {"!eof", NULL};
    peer_check("nothing before TLS", &implicit, NULL, none, "<DONE>");
}

/* What is pipelined behind STARTTLS is never acted on, and is a finding. */
static void behind_starttls(void **state)
{
    (void)state;
    struct fake *f = fake_of(&submission, NULL);
    struct peer p;
    peer_begin(&p, f, 0);
    peer_step(&p, "EHLO c\r\nSTARTTLS\r\nEHLO evil\r\n", 0);
    peer_step(&p, "!tls", 0);
    peer_step(&p, "NOOP\r\n", 0);
    const struct fake_report *r = fake_report(f);
    assert_int_equal(r->complaint_count, 1);
    assert_string_equal(r->complaints[0], "11 octets came in clear behind STARTTLS");
    assert_int_equal(r->command_count, 3);
    assert_true(r->commands[2].inside_tls);
    assert_true(slice_eq_text(r->clear_bytes, "EHLO c\r\nSTARTTLS\r\nEHLO evil\r\n"));
    assert_int_equal(r->tls_handshakes, 1);
    assert_string_equal(r->tls_version, "TLSv1.3");
    peer_end(&p);
    fake_free(f);
}

/* ---- what is counted ---- */

static const struct {
    const char *name;
    const char *steps[5];
    unsigned quits, leaked, closed, complaints;
} ends[] = {
    {"QUIT", {"QUIT\r\n"}, 1, 0, 0, 0},
    {"QUIT, then gone before the answer", {"EHLO c\r\nQUIT\r\n", "!eof"}, 1, 0, 0, 0},
    {"gone", {"EHLO c\r\n", "!eof"}, 0, 1, 0, 0},
    {"reset", {"EHLO c\r\n", "!reset"}, 0, 1, 0, 0},
    {"gone at once", {"!eof"}, 0, 1, 0, 0},
    {"gone after TLS to a clear-text port", {"\x16\x03\x01", "!eof"}, 0, 0, 0, 0},
    {"gone in the handshake", {"EHLO c\r\nSTARTTLS\r\n", "!eof"}, 0, 0, 0, 0},
    {"gone inside TLS", {"EHLO c\r\nSTARTTLS\r\n", "!tls", "!eof"}, 0, 1, 0, 0},
};

static void endings(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ends); i++) {
        struct fake *f = fake_of(&submission, NULL);
        struct peer p;
        peer_begin(&p, f, 0);
        for (size_t k = 0; ends[i].steps[k] != NULL; k++) {
            peer_step(&p, ends[i].steps[k], 0);
        }
        const struct fake_report *r = fake_report(f);
        if (r->quits != ends[i].quits || r->leaked != ends[i].leaked ||
            r->closed_by_us != ends[i].closed || r->complaint_count != ends[i].complaints) {
            fail_msg("%s: quits %u leaked %u closed %u complaints %zu", ends[i].name, r->quits,
                     r->leaked, r->closed_by_us, r->complaint_count);
        }
        peer_end(&p);
        fake_free(f);
    }
}

static void commands_and_times(void **state)
{
    (void)state;
    struct fake *f = fake_of(&open_relay, NULL);
    struct peer p;
    peer_begin(&p, f, 1000);
    p.now_us = 5000;
    peer_send(&p, SLICE("ehlo c\r\nNO"));
    p.now_us = 6000;
    peer_send(&p, SLICE("OP\nMAIL FROM:<a@b>\r\n"));
    const struct fake_report *r = fake_report(f);
    assert_int_equal(r->command_count, 3);
    assert_true(slice_eq_text(r->commands[0].verb, "EHLO"));
    assert_true(slice_eq_text(r->commands[0].line, "ehlo c"));
    assert_int_equal(r->commands[0].at_us, 5000);
    assert_int_equal(r->commands[1].at_us, 6000); /* of its last octet */
    assert_true(r->commands[1].has_bare_lf);
    assert_false(r->commands[2].has_bare_lf);
    assert_true(slice_eq_text(r->commands[2].line, "MAIL FROM:<a@b>"));
    peer_end(&p);
    fake_free(f);
}

/* A client that never stops is cut off with 421, and the evidence stays bounded. */
static void floods(void **state)
{
    (void)state;
    struct fake *f = fake_of(&open_relay, NULL);
    struct peer p;
    peer_begin(&p, f, 0);
    for (size_t i = 0; i < 6000 && !p.is_done; i++) {
        peer_send(&p, SLICE("NOOP\r\n"));
    }
    const struct fake_report *r = fake_report(f);
    assert_true(p.is_done);
    assert_int_equal(r->command_count, 4096);
    assert_int_equal(r->complaint_count, 1);
    assert_true(is_like("*\r\n421 *\r\n<FIN><DONE>", buf_text(&p.seen)));
    peer_end(&p);
    fake_free(f);
}

static void too_many_connections(void **state)
{
    (void)state;
    static const struct spec_server one = {.security = SECURITY_NONE, .max_connections = 1};
    struct fake *f = fake_of(&one, NULL);
    for (unsigned i = 0; i < 2; i++) {
        struct peer p;
        peer_begin(&p, f, i);
        assert_int_equal(fake_report(f)->complaint_count, i);
        peer_end(&p);
    }
    fake_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell),           cmocka_unit_test(every_line),
        cmocka_unit_test(mail_parameters),      cmocka_unit_test(long_lines),
        cmocka_unit_test(every_body),           cmocka_unit_test(with_tls),
        cmocka_unit_test(implicit_tls),         cmocka_unit_test(login_before_tls),
        cmocka_unit_test(behind_starttls),      cmocka_unit_test(endings),
        cmocka_unit_test(commands_and_times),   cmocka_unit_test(floods),
        cmocka_unit_test(too_many_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
