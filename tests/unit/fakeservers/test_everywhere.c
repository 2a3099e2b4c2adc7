/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every action at every occasion, counted: with `after: 1, times: 1` it happens on the second of
 * three connections and on no other, wherever the network cuts the client's octets.
 */
#include "peer.h"

#include <stdio.h>

enum { CONNECTIONS = 3, CUTS = 2 };

#define OPEN "EHLO c\r\n"
#define MAIL "MAIL FROM:<a@b>\r\n"
#define RCPT "RCPT TO:<c@d>\r\n"

/* clang-format off */
static const struct occasion {
    const char *on;
    const char *talk; /* makes it happen once */
} occasions[] = {
    { "connect",  "" },                { "greeting", "" },
    { "EHLO",     OPEN },              { "HELO",     "HELO c\r\n" },
    { "STARTTLS", OPEN "STARTTLS\r\n" }, { "AUTH",   OPEN "AUTH PLAIN AGEAYg==\r\n" },
    { "sasl",     OPEN "AUTH LOGIN\r\n*\r\n" },
    { "MAIL",     OPEN MAIL },         { "RCPT",     OPEN MAIL RCPT },
    { "DATA",     OPEN MAIL RCPT "DATA\r\n" },
    { "body",     OPEN MAIL RCPT "DATA\r\nx\r\n.\r\n" },
    { "BDAT",     OPEN MAIL RCPT "BDAT 1 LAST\r\nx" },
    { "RSET",     OPEN "RSET\r\n" },   { "NOOP",     "NOOP\r\n" },
    { "VRFY",     OPEN "VRFY x\r\n" }, { "EXPN",     OPEN "EXPN x\r\n" },
    { "HELP",     "HELP\r\n" },        { "XYZZY",    "XYZZY\r\n" },
    { "QUIT",     "QUIT\r\n" },
};

static const char *const rule_text[] = {"by the rule", NULL};
static const struct trick {
    struct spec_action action;
    const char *mark; /* in what the peer sees */
} tricks[] = {
    { { .kind = ACTION_REPLY, .code = 450, .enhanced = "4.3.2", .texts = rule_text }, "450 4.3.2 by the rule\r\n" },
    { { .kind = ACTION_REPLY_RAW, .bytes = { "450 raw\n", 8 } },       "450 raw\n" },
    { { .kind = ACTION_DELAY, .duration_us = 4711 },                   "<+4711>" },
    { { .kind = ACTION_STALL, .duration_us = 4712 },                   "<+4712>" },
    { { .kind = ACTION_STOP_READING, .duration_us = 4713 },            "<DEAF><+4713><HEARS>" },
    { { .kind = ACTION_INJECT, .bytes = { "250 poison\r\n", 12 } },    "250 poison\r\n" },
    { { .kind = ACTION_ENDLESS_LINES, .count = 1 },                    "X-ENDLESS 0\r\n" },
    { { .kind = ACTION_CLOSE, .close_how = CLOSE_RST },                "<RST>" },
    { { .kind = ACTION_CLOSE, .close_how = CLOSE_HALF },               "<HALF>" },
};

static const char *const caps[] = {"SIZE 1000", "CHUNKING", NULL};
static const char *const starttls_caps[] = {"SIZE 1000", "CHUNKING", "STARTTLS", NULL};
static const char *const login_caps[] = {"SIZE 1000", "CHUNKING", "AUTH PLAIN LOGIN", NULL};
/* clang-format on */

static size_t count_marks(const char *text, const char *mark)
{
    size_t count = 0;
    for (const char *at = strstr(text, mark); at != NULL; at = strstr(at + 1, mark)) {
        count++;
    }
    return count;
}

static void play(const struct occasion *o, const struct trick *t, size_t cut)
{
    bool wants_login = strcmp(o->on, "AUTH") == 0 || strcmp(o->on, "sasl") == 0;
    bool wants_tls = strcmp(o->on, "STARTTLS") == 0;
    const struct spec_rule rule = {
        .on = o->on, .after = 1, .times = 1, .actions = &t->action, .action_count = 1};
    const struct spec_server spec = {.security = wants_tls ? SECURITY_STARTTLS : SECURITY_NONE,
                                     .clear = wants_login ? login_caps
                                              : wants_tls ? starttls_caps
                                                          : caps,
                                     .accepts_any = true,
                                     .rules = &rule,
                                     .rule_count = 1};
    struct fake *f = fake_of(&spec, NULL);
    for (size_t i = 0; i < CONNECTIONS; i++) {
        struct peer p;
        peer_begin(&p, f, 0);
        peer_step(&p, o->talk, cut);
        size_t got = count_marks(p.seen.n != 0 ? buf_text(&p.seen) : "", t->mark);
        if (got != (i == 1 ? 1 : 0)) {
            fail_msg("%s, %s, cut %zu: %zu times on connection %zu: %s", o->on, t->mark, cut, got,
                     i, p.seen.n != 0 ? buf_text(&p.seen) : "");
        }
        peer_end(&p);
    }
    fake_free(f);
}

static void every_action_at_every_occasion(void **state)
{
    (void)state;
    for (size_t o = 0; o < COUNT(occasions); o++) {
        for (size_t t = 0; t < COUNT(tricks); t++) {
            for (size_t cut = 0; cut < CUTS; cut++) {
                play(&occasions[o], &tricks[t], cut);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_action_at_every_occasion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
