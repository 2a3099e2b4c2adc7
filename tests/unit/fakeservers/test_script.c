/* SPDX-License-Identifier: Apache-2.0 */
/* Strict scripts: octets as written, and a complaint for whatever does not happen as written. */
#include "peer.h"

#define LINE(v, t)                                                                                 \
    {                                                                                              \
        .verb = SCRIPT_##v, .text = { t, sizeof(t) - 1 }                                           \
    }

static const struct {
    const char *name;
    struct spec_script_line script[8];
    size_t count;
    const char *steps[5];
    const char *want;      /* what came out */
    const char *complaint; /* NULL: none */
} rows[] = {
    {"as written",
     {LINE(SEND, "220 hi"),
      LINE(RECV, "EHLO *"),
      LINE(SEND, "250 x"),
      LINE(RECV, "QUIT"),
      LINE(SEND, "221 bye"),
      {.verb = SCRIPT_CLOSE}},
     6,
     {"EHLO me\r\n", "QUIT\r\n"},
     "220 hi\r\n250 x\r\n221 bye\r\n<FIN><DONE>",
     NULL},
    {"raw octets",
     {LINE(SEND_RAW, "220-a\n220"),
      LINE(SEND_RAW, " b\r\n"),
      LINE(RECV_RAW, "\x01QUIT\n"),
      {.verb = SCRIPT_CLOSE, .close_how = CLOSE_RST}},
     4,
     {"\x01QUIT\n"},
     "220-a\n220 b\r\n<RST><DONE>",
     NULL},
    {"another line",
     {LINE(SEND, "220 hi"), LINE(RECV, "EHLO *")},
     2,
     {"HELO me\r\n"},
     "220 hi\r\n<FIN><DONE>",
     "script line 2: wanted the line 'EHLO *', got 'HELO me'"},
    {"case counts", {LINE(RECV, "EHLO *")}, 1, {"ehlo me\r\n"}, "<FIN><DONE>", "script line 1: *"},
    {"bare LF",
     {LINE(RECV, "NOOP")},
     1,
     {"NOOP\n"},
     "<FIN><DONE>",
     "script line 1: wanted a line ended by CR LF 'NOOP', got 'NOOP'"},
    {"stars",
     {LINE(RECV, "MAIL FROM:<*@*> *"), {.verb = SCRIPT_CLOSE}},
     2,
     {"MAIL FROM:<a@b> SIZE=3\r\n"},
     "<FIN><DONE>",
     NULL},
    {"other raw octets",
     {LINE(RECV_RAW, "abc")},
     1,
     {"abX"},
     "<FIN><DONE>",
     "script line 1: wanted the octets 'abc', got '*X'"},
    {"pause",
     {LINE(SEND, "220 a"), {.verb = SCRIPT_DELAY, .duration_us = 5000}, LINE(SEND, "220 b")},
     3,
     {"!eof"},
     "220 a\r\n<+5000>220 b\r\n<DONE>",
     NULL},
    {"TLS",
     {LINE(SEND, "220 a"),
      LINE(RECV, "STARTTLS"),
      LINE(SEND, "220 go"),
      {.verb = SCRIPT_STARTTLS},
      LINE(RECV, "EHLO b"),
      LINE(SEND, "250 in"),
      {.verb = SCRIPT_EXPECT_CLOSE}},
     7,
     {"STARTTLS\r\n", "!tls", "EHLO b\r\n", "!eof"},
     "220 a\r\n220 go\r\n<TLS>250 in\r\n<DONE>",
     NULL},
    {"gone too early",
     {LINE(SEND, "220 a"), LINE(RECV, "QUIT")},
     2,
     {"!eof"},
     "220 a\r\n<DONE>",
     "script line 2 (recv) was not met: the client has gone"},
    {"the client has to close",
     {{.verb = SCRIPT_EXPECT_CLOSE}},
     1,
     {"NOOP\r\n"},
     "<FIN><DONE>",
     "script line 1: wanted the client to close, got '*"},
    {"half closed, then the rest",
     {{.verb = SCRIPT_CLOSE, .close_how = CLOSE_HALF},
      LINE(RECV, "QUIT"),
      {.verb = SCRIPT_EXPECT_CLOSE}},
     3,
     {"QUIT\r\n", "!eof"},
     "<HALF><DONE>",
     NULL},
    {"more than the script",
     {LINE(SEND, "220 a")},
     1,
     {"NOOP\r\n"},
     "220 a\r\n<FIN><DONE>",
     "script line 2: wanted nothing more: the script is over, got '*"},
};

static void every_script(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct spec_server spec = {
            .security = SECURITY_STARTTLS, .script = rows[i].script, .script_count = rows[i].count};
        peer_check(rows[i].name, &spec, NULL, rows[i].steps, rows[i].want);
        for (size_t cut = 0; cut < 3; cut++) {
            struct fake *f = fake_of(&spec, NULL);
            struct peer p;
            peer_begin(&p, f, 0);
            for (size_t k = 0; rows[i].steps[k] != NULL; k++) {
                peer_step(&p, rows[i].steps[k], cut);
            }
            const struct fake_report *r = fake_report(f);
            bool is_right =
                rows[i].complaint == NULL
                    ? r->complaint_count == 0
                    : r->complaint_count == 1 && is_like(rows[i].complaint, r->complaints[0]);
            if (!is_right) {
                fail_msg("%s: %zu complaints: %s", rows[i].name, r->complaint_count,
                         r->complaint_count ? r->complaints[0] : "");
            }
            peer_end(&p);
            fake_free(f);
        }
    }
}

static void recorded(void **state)
{
    (void)state;
    const struct spec_script_line script[] = {LINE(SEND, "220 a"), LINE(RECV, "EHLO *"),
                                              LINE(SEND, "250 a"), LINE(RECV, "quit")};
    const struct spec_server spec = {.script = script, .script_count = COUNT(script)};
    struct fake *f = fake_of(&spec, NULL);
    for (unsigned i = 0; i < 2; i++) { /* every connection from the start */
        struct peer p;
        peer_begin(&p, f, 0);
        peer_step(&p, "EHLO x\r\nquit\r\n", 1);
        peer_tell(&p, SESSION_EOF);
        peer_end(&p);
    }
    const struct fake_report *r = fake_report(f);
    assert_int_equal(r->command_count, 4);
    assert_true(slice_eq_text(r->commands[1].verb, "QUIT"));
    assert_true(slice_eq_text(r->commands[1].line, "quit"));
    assert_int_equal(r->quits, 2);
    assert_int_equal(r->leaked, 0);
    assert_int_equal(r->complaint_count, 0);
    fake_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_script),
        cmocka_unit_test(recorded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
