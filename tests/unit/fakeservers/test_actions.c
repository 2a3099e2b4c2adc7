/* SPDX-License-Identifier: Apache-2.0 */
/* Every action of the language, at every kind of occasion, and the counting of rules. */
#include "peer.h"

#include "doc/node.h"

#include <stdio.h>

static const char *const caps[] = {"SIZE 1000", "CHUNKING", NULL};
static const char *const login_caps[] = {"AUTH PLAIN LOGIN", NULL};

#define LIST(...)                                                                                  \
    (const struct spec_action[])                                                                   \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define REPLY(c, e, ...)                                                                           \
    {                                                                                              \
        .kind = ACTION_REPLY, .code = (c), .enhanced = (e), .texts = (const char *const[])         \
        {                                                                                          \
            __VA_ARGS__, NULL                                                                      \
        }                                                                                          \
    }
#define WITH_BYTES(k, text)                                                                        \
    {                                                                                              \
        .kind = (k), .bytes = { text, sizeof(text) - 1 }                                           \
    }
#define CONTINUE                                                                                   \
    {                                                                                              \
        .kind = ACTION_CONTINUE                                                                    \
    }
#define CLOSE(h)                                                                                   \
    {                                                                                              \
        .kind = ACTION_CLOSE, .close_how = (h)                                                     \
    }

#define HI   "220 mx.example.test ESMTP ready; *\r\n"
#define EHLO "250-mx.example.test Hello [127.0.0.1]\r\n250-SIZE 1000\r\n250 CHUNKING\r\n"

static const struct spec_chunk pieces[] = {{3, 0}, {4, 50000}, {0, 1000}};

static const struct {
    const char *name;
    struct spec_rule rule;
    const struct spec_action actions[5];
    const char *send; /* in clear, no AUTH offered */
    const char *want;
    enum { PLAIN_SERVER, STARTTLS_SERVER, LOGIN_SERVER } server;
} rows[] = {
    /* replies, and what follows from their code */
    {"reply",
     {.on = "EHLO"},
     {REPLY(502, "5.5.1", "no")},
     "EHLO c\r\nMAIL FROM:<a@b>\r\n",
     HI "502 5.5.1 no\r\n503 5.5.1 Say EHLO first\r\n",
     0},
    {"reply without enhanced code",
     {.on = "NOOP"},
     {REPLY(250, "", "fine")},
     "NOOP\r\n",
     HI "250 fine\r\n",
     0},
    {"reply in several lines",
     {.on = "EHLO"},
     {REPLY(250, "", "mx", "SIZE 5", "DSN")},
     "EHLO c\r\nMAIL FROM:<a@b>\r\n",
     HI "250-mx\r\n250-SIZE 5\r\n250 DSN\r\n250 2.1.0 Ok\r\n",
     0},
    {"a scripted 250 opens what polite would refuse",
     {.on = "MAIL"},
     {REPLY(250, "", "ok")},
     "EHLO c\r\nMAIL FROM: bad\r\nRCPT TO:<c@d>\r\n",
     HI EHLO "250 ok\r\n250 2.1.5 Ok\r\n",
     0},
    {"a scripted 451 opens nothing",
     {.on = "MAIL"},
     {REPLY(451, "4.3.0", "later")},
     "EHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n",
     HI EHLO "451 4.3.0 later\r\n503 5.5.1 Need MAIL before RCPT\r\n",
     0},
    {"reply_raw",
     {.on = "NOOP"},
     {WITH_BYTES(ACTION_REPLY_RAW, "250-a\n250 b\r\n")},
     "NOOP\r\n",
     HI "250-a\n250 b\r\n",
     0},
    {"greeting refused",
     {.on = "greeting"},
     {REPLY(554, "5.7.1", "go")},
     "EHLO c\r\nQUIT\r\n",
     "554 5.7.1 go\r\n503 *\r\n221 2.0.0 Bye\r\n<FIN><DONE>",
     0},
    {"421 at the greeting, closed",
     {.on = "greeting"},
     {REPLY(421, "", "busy"), CLOSE(CLOSE_FIN)},
     "EHLO c\r\n",
     "421 busy\r\n<FIN><DONE>",
     0},
    {"connect, closed", {.on = "connect"}, {CLOSE(CLOSE_RST)}, "", "<RST><DONE>", 0},
    {"connect, late",
     {.on = "connect"},
     {{.kind = ACTION_STALL, .duration_us = 30000000}},
     "",
     "<+30000000>" HI,
     0},
    {"connect speaks for the greeting",
     {.on = "connect"},
     {REPLY(220, "", "hey")},
     "NOOP\r\n",
     "220 hey\r\n250 2.0.0 Ok\r\n",
     0},
    {"unknown verb",
     {.on = "XCLIENT"},
     {REPLY(220, "", "sure")},
     "xclient a=b\r\n",
     HI "220 sure\r\n",
     0},
    {"body refused",
     {.on = "body"},
     {REPLY(554, "5.7.1", "spam")},
     "EHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nx\r\n.\r\nNOOP\r\n",
     HI EHLO "250 *\r\n250 *\r\n354 *\r\n554 5.7.1 spam\r\n250 2.0.0 Ok\r\n",
     0},
    {"DATA refused",
     {.on = "DATA"},
     {REPLY(451, "", "no")},
     "EHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nNOOP\r\n",
     HI EHLO "250 *\r\n250 *\r\n451 no\r\n250 2.0.0 Ok\r\n",
     0},
    {"the last BDAT is a body",
     {.on = "body"},
     {REPLY(554, "", "spam")},
     "EHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 1\r\nxBDAT 1 LAST\r\ny",
     HI EHLO "250 *\r\n250 *\r\n250 2.0.0 Ok\r\n554 spam\r\n",
     0},
    {"QUIT answered by 500 does not close",
     {.on = "QUIT"},
     {REPLY(500, "", "stay")},
     "QUIT\r\nNOOP\r\n",
     HI "500 stay\r\n250 2.0.0 Ok\r\n",
     0},
    /* time */
    {"delay",
     {.on = "NOOP"},
     {{.kind = ACTION_DELAY, .duration_us = 2000000}},
     "NOOP\r\nNOOP\r\n",
     HI "<+2000000>250 2.0.0 Ok\r\n<+2000000>250 2.0.0 Ok\r\n",
     0},
    {"stall, then something else",
     {.on = "NOOP"},
     {{.kind = ACTION_STALL, .duration_us = 30000000}, REPLY(450, "", "x")},
     "NOOP\r\n",
     HI "<+30000000>450 x\r\n",
     0},
    {"stop reading",
     {.on = "NOOP"},
     {{.kind = ACTION_CONTINUE}, {.kind = ACTION_STOP_READING, .duration_us = 30000000}},
     "NOOP\r\n",
     HI "250 2.0.0 Ok\r\n<DEAF><+30000000><HEARS>",
     0},
    {"drip",
     {.on = "NOOP"},
     {{.kind = ACTION_DRIP, .count = 6, .duration_us = 50000}},
     "NOOP\r\nQUIT\r\n",
     HI "250 2.<+50000>0.0 Ok<+50000>\r\n221 2.0.0 Bye\r\n<FIN><DONE>",
     0},
    {"drip of the greeting",
     {.on = "greeting"},
     {{.kind = ACTION_DRIP, .count = 4, .duration_us = 1000}, REPLY(220, "", "x")},
     "",
     "220 <+1000>x\r\n",
     0},
    {"chunks",
     {.on = "NOOP"},
     {{.kind = ACTION_CHUNKS, .chunks = pieces, .chunk_count = 3}},
     "NOOP\r\nQUIT\r\n",
     HI "250<+50000> 2.0<+1000>.0 Ok\r\n221 *",
     0},
    /* closing */
    {"FIN in place of an answer",
     {.on = "EHLO"},
     {CLOSE(CLOSE_FIN)},
     "EHLO c\r\nNOOP\r\n",
     HI "<FIN><DONE>",
     0},
    {"RST in place of an answer",
     {.on = "EHLO"},
     {CLOSE(CLOSE_RST)},
     "EHLO c\r\n",
     HI "<RST><DONE>",
     0},
    {"half closed: reads on, says nothing",
     {.on = "EHLO"},
     {CONTINUE, CLOSE(CLOSE_HALF)},
     "EHLO c\r\nNOOP\r\nQUIT\r\n",
     HI EHLO "<HALF>",
     0},
    {"nothing is said behind a half close",
     {.on = "EHLO"},
     {CONTINUE, CLOSE(CLOSE_HALF), REPLY(250, "", "late")},
     "EHLO c\r\n",
     HI EHLO "<HALF>",
     0},
    {"answer, wait, close",
     {.on = "NOOP"},
     {CONTINUE, {.kind = ACTION_DELAY, .duration_us = 1000}, CLOSE(CLOSE_FIN)},
     "NOOP\r\n",
     HI "250 2.0.0 Ok\r\n<+1000><FIN><DONE>",
     0},
    /* octets */
    {"inject rides on the answer",
     {.on = "NOOP"},
     {WITH_BYTES(ACTION_INJECT, "250 evil\r\n")},
     "NOOP\r\n",
     HI "250 2.0.0 Ok\r\n250 evil\r\n",
     0},
    {"inject behind the 220 of STARTTLS",
     {.on = "STARTTLS"},
     {WITH_BYTES(ACTION_INJECT, "250 evil\r\n")},
     "EHLO c\r\nSTARTTLS\r\n",
     "*220 2.0.0 Ready to start TLS\r\n250 evil\r\n<TLS>",
     STARTTLS_SERVER},
    {"STARTTLS refused",
     {.on = "STARTTLS"},
     {REPLY(454, "4.7.0", "no")},
     "EHLO c\r\nSTARTTLS\r\nNOOP\r\n",
     "*454 4.7.0 no\r\n250 2.0.0 Ok\r\n",
     STARTTLS_SERVER},
    {"STARTTLS with a 220 of the script",
     {.on = "STARTTLS"},
     {REPLY(220, "", "go")},
     "EHLO c\r\nSTARTTLS\r\n",
     "*220 go\r\n<TLS>",
     STARTTLS_SERVER},
    {"truncated, then silence",
     {.on = "NOOP"},
     {{.kind = ACTION_TRUNCATE, .count = 5}},
     "NOOP\r\nQUIT\r\n",
     HI "250 2",
     0},
    {"truncated 220: no handshake",
     {.on = "STARTTLS"},
     {{.kind = ACTION_TRUNCATE, .count = 5}},
     "EHLO c\r\nSTARTTLS\r\nNOOP\r\n",
     "*220 2",
     STARTTLS_SERVER},
    {"truncated, then closed",
     {.on = "NOOP"},
     {{.kind = ACTION_TRUNCATE, .count = 5}, CONTINUE, CLOSE(CLOSE_FIN)},
     "NOOP\r\n",
     HI "250 2<FIN><DONE>",
     0},
    {"truncate longer than the reply",
     {.on = "NOOP"},
     {{.kind = ACTION_TRUNCATE, .count = 500}},
     "NOOP\r\nQUIT\r\n",
     HI "250 2.0.0 Ok\r\n221 *",
     0},
    {"endless lines carry the code",
     {.on = "EHLO"},
     {{.kind = ACTION_ENDLESS_LINES, .count = 2}},
     "EHLO c\r\n",
     HI "250-X-ENDLESS 0\r\n250-X-ENDLESS 1\r\n",
     0},
    {"endless greeting",
     {.on = "greeting"},
     {{.kind = ACTION_ENDLESS_LINES, .count = 1}},
     "",
     "220-X-ENDLESS 0\r\n",
     0},
    {"drop_tls outside TLS is a complaint",
     {.on = "NOOP"},
     {{.kind = ACTION_DROP_TLS}, CONTINUE},
     "NOOP\r\n",
     HI "250 2.0.0 Ok\r\n",
     0},
    /* AUTH */
    {"AUTH answered at once",
     {.on = "AUTH"},
     {REPLY(535, "5.7.8", "no")},
     "EHLO c\r\nAUTH LOGIN\r\nNOOP\r\n",
     "*LOGIN\r\n535 5.7.8 no\r\n250 2.0.0 Ok\r\n",
     LOGIN_SERVER},
    {"AUTH accepted whatever it was",
     {.on = "AUTH"},
     {REPLY(235, "", "in")},
     "EHLO c\r\nAUTH XYZZY\r\nMAIL FROM:<a@b>\r\n",
     "*LOGIN\r\n235 in\r\n250 2.1.0 Ok\r\n",
     LOGIN_SERVER},
    {"another prompt",
     {.on = "AUTH"},
     {REPLY(334, "", "VXNlciBOYW1lAA==")},
     "EHLO c\r\nAUTH LOGIN\r\nYQ==\r\nYg==\r\n",
     "*LOGIN\r\n334 VXNlciBOYW1lAA==\r\n334 UGFzc3dvcmQ6\r\n235 *",
     LOGIN_SERVER},
    {"a challenge before the verdict",
     {.on = "AUTH"},
     {REPLY(334, "", "e30=")},
     "EHLO c\r\nAUTH PLAIN AGEAYg==\r\n\r\n",
     "*LOGIN\r\n334 e30=\r\n235 *",
     LOGIN_SERVER},
    {"a response refused",
     {.on = "sasl", .after = 1},
     {REPLY(454, "4.7.0", "later")},
     "EHLO c\r\nAUTH LOGIN\r\nYQ==\r\nYg==\r\nNOOP\r\n",
     "*LOGIN\r\n334 *\r\n334 *\r\n454 4.7.0 later\r\n250 2.0.0 Ok\r\n",
     LOGIN_SERVER},
    {"says at the verdict, not at the command",
     {.on = "AUTH"},
     {{.kind = ACTION_SAYS, .cause = "auth.rate_limited", .variant = ""}},
     "EHLO c\r\nAUTH LOGIN\r\nYQ==\r\nYg==\r\n",
     "*LOGIN\r\n334 *\r\n334 *\r\n454 4.7.0 Too many login attempts*\r\n",
     LOGIN_SERVER},
    {"says of a mechanism at the command",
     {.on = "AUTH"},
     {{.kind = ACTION_SAYS, .cause = "auth.mechanism_too_weak", .variant = ""}},
     "EHLO c\r\nAUTH LOGIN\r\n",
     "*LOGIN\r\n534 5.7.9 *\r\n",
     LOGIN_SERVER},
    {"says at the greeting",
     {.on = "greeting"},
     {{.kind = ACTION_SAYS, .cause = "server.access_denied", .variant = ""}},
     "",
     "554 5.7.1 Access denied\r\n",
     0},
    /* counting */
    {"times",
     {.on = "NOOP", .times = 2},
     {REPLY(450, "", "no")},
     "NOOP\r\nNOOP\r\nNOOP\r\n",
     HI "450 no\r\n450 no\r\n250 2.0.0 Ok\r\n",
     0},
    {"after",
     {.on = "NOOP", .after = 1, .times = 1},
     {REPLY(450, "", "no")},
     "NOOP\r\nNOOP\r\nNOOP\r\n",
     HI "250 2.0.0 Ok\r\n450 no\r\n250 2.0.0 Ok\r\n",
     0},
    {"in lower case", {.on = "NOOP"}, {REPLY(450, "", "no")}, "noop\r\n", HI "450 no\r\n", 0},
};

static struct spec_server server_of(size_t i, struct spec_rule *rule)
{
    size_t n = 0;
    while (n < 5 && (n == 0 || rows[i].actions[n].kind != 0 || rows[i].actions[n].code != 0)) {
        n++;
    }
    *rule = rows[i].rule;
    rule->actions = rows[i].actions;
    rule->action_count = n;
    struct spec_server s = {
        .security = SECURITY_NONE, .clear = caps, .rules = rule, .rule_count = 1};
    if (rows[i].server == STARTTLS_SERVER) {
        s.security = SECURITY_STARTTLS;
        s.clear = NULL;
    } else if (rows[i].server == LOGIN_SERVER) {
        s.clear = login_caps;
    }
    return s;
}

static void every_action(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct spec_rule rule;
        struct spec_server spec = server_of(i, &rule);
        const char *steps[] = {rows[i].send, NULL};
        peer_check(rows[i].name, &spec, NULL, steps, rows[i].want);
    }
}

/* Law: whatever the rule, a client that leaves in the middle, at any octet, ends the session. */
static void gone_at_any_octet(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct spec_rule rule;
        struct spec_server spec = server_of(i, &rule);
        for (size_t n = 0; n <= strlen(rows[i].send); n++) {
            struct fake *f = fake_of(&spec, NULL);
            struct peer p;
            peer_begin(&p, f, 0);
            if (!p.is_done) {
                peer_send(&p, slice_make(rows[i].send, n));
                peer_tell(&p, n % 2 == 0 ? SESSION_EOF : SESSION_RESET);
            }
            assert_true(p.is_done);
            const struct fake_report *r = fake_report(f);
            assert_true(r->leaked + r->quits <= 1);
            peer_end(&p);
            fake_free(f);
        }
    }
}

/* Two rules on one verb: the second takes over when the first is spent; counts go on over
 * connections. */
static void counts_over_connections(void **state)
{
    (void)state;
    const struct spec_rule two[] = {
        {.on = "NOOP", .times = 1, .actions = LIST(REPLY(450, "", "one")), .action_count = 1},
        {.on = "NOOP", .times = 1, .actions = LIST(REPLY(451, "", "two")), .action_count = 1}};
    const struct spec_server spec = {
        .security = SECURITY_NONE, .clear = caps, .rules = two, .rule_count = 2};
    static const char *const wants[] = {"*450 one\r\n", "*451 two\r\n", "*250 2.0.0 Ok\r\n"};
    struct fake *f = fake_of(&spec, NULL);
    for (size_t i = 0; i < COUNT(wants); i++) {
        struct peer p;
        peer_begin(&p, f, 0);
        peer_step(&p, "NOOP\r\n", 0);
        assert_true(is_like(wants[i], buf_text(&p.seen)));
        peer_end(&p);
    }
    fake_free(f);
}

static void when_looks_at_the_argument(void **state)
{
    (void)state;
    struct arena arena;
    struct doc_errors errors;
    const struct node *when = NULL;
    arena_init(&arena);
    doc_errors_init(&errors, &arena);
    assert_int_equal(doc_parse_yaml("t", SLICE("{ contains: bob }"), &node_limits_default, &arena,
                                    &errors, &when),
                     ERR_OK);
    const struct spec_rule rule = {
        .on = "RCPT", .when = when, .actions = LIST(REPLY(550, "5.1.1", "no")), .action_count = 1};
    const struct spec_server spec = {
        .security = SECURITY_NONE, .clear = caps, .rules = &rule, .rule_count = 1};
    const char *steps[] = {
        "EHLO c\r\nMAIL FROM:<bob@b>\r\nRCPT TO:<al@b>\r\nRCPT TO:<bob@b>\r\nRCPT TO:<al@b>\r\n",
        NULL};
    peer_check("when", &spec, NULL, steps,
               HI EHLO "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n550 5.1.1 no\r\n250 2.1.5 Ok\r\n");
    arena_release(&arena);
}

/* Endless lines and garbage come in pieces, are bounded, and garbage repeats with the seed. */
static void bounded_output(void **state)
{
    (void)state;
    static const enum action_kind kinds[] = {ACTION_ENDLESS_LINES, ACTION_GARBAGE};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct buf first;
        buf_init(&first, BUF_NO_CAP);
        for (size_t round = 0; round < 2; round++) {
            const struct spec_action action = {.kind = kinds[i], .count = 200000};
            const struct spec_rule rule = {.on = "NOOP", .actions = &action, .action_count = 1};
            const struct spec_server spec = {
                .security = SECURITY_NONE, .clear = caps, .rules = &rule, .rule_count = 1};
            struct fake *f = fake_of(&spec, NULL);
            struct peer p;
            peer_begin(&p, f, 0);
            buf_reset(&p.seen);
            peer_step(&p, "NOOP\r\n", 0);
            assert_true(p.largest <= 65536);
            assert_true(p.seen.n >= 200000 && p.seen.n < 200000 * 40);
            if (round == 0) {
                buf_add(&first, buf_slice(&p.seen));
            } else {
                assert_true(slice_eq(buf_slice(&first), buf_slice(&p.seen)));
            }
            peer_end(&p);
            fake_free(f);
        }
        buf_release(&first);
    }
}

static void drop_tls(void **state)
{
    (void)state;
    const struct spec_rule rule = {
        .on = "NOOP", .actions = LIST(CONTINUE, {.kind = ACTION_DROP_TLS}), .action_count = 2};
    const struct spec_server spec = {
        .security = SECURITY_STARTTLS, .rules = &rule, .rule_count = 1};
    struct fake *f = fake_of(&spec, NULL);
    struct peer p;
    peer_begin(&p, f, 0);
    peer_step(&p, "EHLO c\r\nSTARTTLS\r\n", 0);
    peer_step(&p, "!tls", 0);
    buf_reset(&p.seen);
    peer_step(&p, "NOOP\r\n", 0);
    assert_string_equal(buf_text(&p.seen), "250 2.0.0 Ok\r\n<STOP TLS>");
    peer_step(&p, "EHLO again\r\n", 0);
    const struct fake_report *r = fake_report(f);
    assert_true(r->commands[2].inside_tls);
    assert_false(r->commands[3].inside_tls);
    assert_true(slice_eq_text(r->clear_bytes, "EHLO c\r\nSTARTTLS\r\nEHLO again\r\n"));
    peer_end(&p);
    fake_free(f);
}

/* What a client says into a stall, before it leaves, is read: a QUIT there is a QUIT. */
static void quit_into_a_stall(void **state)
{
    (void)state;
    const struct spec_rule rules[] = {
        {.on = "EHLO",
         .actions = LIST({.kind = ACTION_STALL, .duration_us = 30000000}),
         .action_count = 1},
        {.on = "greeting",
         .after = 1,
         .actions = LIST({.kind = ACTION_STALL, .duration_us = 30000000}),
         .action_count = 1}};
    const struct spec_server spec = {
        .security = SECURITY_NONE, .clear = caps, .rules = rules, .rule_count = 2};
    static const char *const said[] = {"EHLO c\r\nQUIT\r\n", "QUIT\r\n", "EHLO c\r\n"};
    struct fake *f = fake_of(&spec, NULL);
    for (unsigned i = 0; i < 3; i++) {
        struct peer p;
        peer_begin(&p, f, 0);
        peer_end(&p); /* begun patiently; from here on nobody waits */
        p.is_patient = false;
        buf_init(&p.seen, BUF_NO_CAP);
        if (i > 0) { /* a greeting that hangs: begin again without patience */
            p.session = fake_accept(f, 0);
            peer_tell(&p, SESSION_CONNECTED);
        }
        p.now_us += 5;
        peer_step(&p, said[i], 0);
        peer_tell(&p, SESSION_EOF);
        assert_true(p.is_done);
        const struct fake_report *r = fake_report(f);
        assert_int_equal(r->quits, i == 0 ? 1 : 2);
        assert_int_equal(r->any_early_talk, i == 2); /* a QUIT alone is not early talk */
        assert_int_equal(r->commands[r->command_count - 1].at_us % 1000000, 5);
        peer_end(&p);
    }
    fake_free(f);
}

static void causes_nobody_words(void **state)
{
    (void)state;
    static const struct spec_account locked[] = {{.user = {"a", 1}, .state = "auth.no_such_cause"}};
    const struct spec_rule rule = {
        .on = "AUTH",
        .actions = LIST({.kind = ACTION_SAYS, .cause = "auth.no_such_cause", .variant = ""}),
        .action_count = 1};
    const struct spec_server specs[] = {
        {.security = SECURITY_NONE, .rules = &rule, .rule_count = 1},
        {.security = SECURITY_NONE, .accounts = locked, .account_count = 1},
        {.like = "nobody", .security = SECURITY_NONE}};
    for (size_t i = 0; i < COUNT(specs); i++) {
        struct fake_params params = {.spec = &specs[i]};
        struct fake *f = NULL;
        struct why why = {0};
        assert_int_equal(fake_new(&params, &f, &why), ERR_INVALID);
        assert_null(f);
        assert_true(strstr(why.text, i == 2 ? "'nobody'" : "auth.no_such_cause") != NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_action),
        cmocka_unit_test(gone_at_any_octet),
        cmocka_unit_test(counts_over_connections),
        cmocka_unit_test(when_looks_at_the_argument),
        cmocka_unit_test(bounded_output),
        cmocka_unit_test(drop_tls),
        cmocka_unit_test(quit_into_a_stall),
        cmocka_unit_test(causes_nobody_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
