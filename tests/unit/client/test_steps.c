/* SPDX-License-Identifier: Apache-2.0 */
/* Given steps: exactly what was told, a result for each, and still never a credential in clear. */
#include "peer.h"

#include <malloc.h>

#define IN(text) text, sizeof(text) - 1
#define HELLO                                                                                      \
    {                                                                                              \
        NULL, "220 x\r\n", GO_ON                                                                   \
    }

enum { ROWS = 10, STEPS = 8 };

/* clang-format off */
static const struct row {
    const char *name;
    struct client_step steps[STEPS];
    struct exchange script[ROWS];
    enum client_outcome outcome;
    enum fault fault;
    const char *seen;
    unsigned codes[STEPS];
    size_t unsolicited;
} rows[] = {
    { "greeting is awaited unasked", { {.verb = STEP_EHLO}, {.verb = STEP_QUIT} }, { HELLO, {"EHLO [127", "250 x\r\n", GO_ON}, {"QUIT", "221 b\r\n", THEN_CLOSE} }, OUTCOME_OK, FAULT_NONE, "EHLO QUIT", {250, 221}, 0 },
    { "QUIT is added", { {.verb = STEP_EHLO, .argument = {IN("a.test")}} }, { HELLO, {"EHLO a.test", "250 x\r\n", GO_ON} }, OUTCOME_OK, FAULT_NONE, "EHLO QUIT", {250}, 0 },
    { "illegal order", { {.verb = STEP_RCPT}, {.verb = STEP_DATA}, {.verb = STEP_RSET} }, { HELLO, {"RCPT TO:<c@d.test>", "503 no\r\n", GO_ON}, {"DATA", "503 no\r\n", GO_ON}, {"RSET", "250 ok\r\n", GO_ON} }, OUTCOME_REFUSED, FAULT_NONE, "RCPT DATA RSET QUIT", {503, 503, 250}, 0 },
    { "early talker", { {.verb = STEP_SEND_RAW, .argument = {IN("EHLO x\r\n")}}, {.verb = STEP_CONNECT}, {.verb = STEP_QUIT} }, { {"EHLO x", "554 5.5.0 early\r\n", GO_ON}, {"QUIT", "221 b\r\n", GO_ON} }, OUTCOME_REFUSED, FAULT_NONE, "EHLO QUIT", {0, 554, 221}, 0 },
    { "raw and its reply", { {.verb = STEP_RAW, .argument = {IN("HELP me\r\n")}}, {.verb = STEP_RAW, .argument = {IN("NOOP\n\r\n")}} }, { HELLO, {"HELP", "214 ok\r\n", GO_ON}, {"NOOP\n", "500 lf\r\n", GO_ON} }, OUTCOME_REFUSED, FAULT_NONE, "HELP NOOP\n QUIT", {214, 500}, 0 },
    { "parameters as written", { {.verb = STEP_MAIL, .argument = {IN("<a@b> RET=HDRS")}}, {.verb = STEP_MAIL, .argument = {IN("<>")}}, {.verb = STEP_RCPT, .argument = {IN("<\"a>b\"@c> NOTIFY=NEVER")}} }, { HELLO, {"MAIL FROM:<a@b> RET=HDRS", "250 ok\r\n", GO_ON}, {"MAIL FROM:<>", "503 nested\r\n", GO_ON}, {"RCPT TO:<\"a>b\"@c> NOTIFY=NEVER", "250 ok\r\n", GO_ON} }, OUTCOME_REFUSED, FAULT_NONE, "MAIL MAIL RCPT QUIT", {250, 503, 250}, 0 },
    { "AUTH in clear is refused by us", { {.verb = STEP_EHLO}, {.verb = STEP_AUTH}, {.verb = STEP_NOOP} }, { HELLO, {"EHLO", "250-x\r\n250 AUTH PLAIN\r\n", GO_ON}, {"NOOP", "250 ok\r\n", GO_ON} }, OUTCOME_FAILED, FAULT_AUTH_NOT_PROTECTED, "EHLO NOOP QUIT", {250, 0, 250}, 0 },
    { "STARTTLS unoffered, AUTH inside", { {.verb = STEP_STARTTLS}, {.verb = STEP_EHLO}, {.verb = STEP_AUTH} }, { HELLO, {"STARTTLS", "220 go\r\n", GO_ON}, {"EHLO", "250-x\r\n250 AUTH PLAIN\r\n", GO_ON}, {"AUTH PLAIN", "235 ok\r\n", GO_ON} }, OUTCOME_OK, FAULT_NONE, "STARTTLS [tls] EHLO AUTH QUIT", {220, 250, 235}, 0 },
    { "what was known before TLS is forgotten", { {.verb = STEP_EHLO}, {.verb = STEP_STARTTLS}, {.verb = STEP_AUTH} }, { HELLO, {"EHLO", "250-x\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n", GO_ON}, {"STARTTLS", "220 go\r\n", GO_ON} }, OUTCOME_UNPROVEN, FAULT_AUTH_NOT_OFFERED, "EHLO STARTTLS [tls] QUIT", {250, 220, 0}, 0 },
    { "STARTTLS twice", { {.verb = STEP_STARTTLS}, {.verb = STEP_STARTTLS}, {.verb = STEP_NOOP} }, { HELLO, {"STARTTLS", "220 go\r\n", GO_ON}, {"STARTTLS", "220 again\r\n", GO_ON}, {"NOOP", "250 ok\r\n", GO_ON} }, OUTCOME_FAILED, FAULT_UNEXPECTED_REPLY, "STARTTLS [tls] STARTTLS NOOP QUIT", {220, 220, 250}, 0 },
    { "a failed handshake ends it", { {.verb = STEP_STARTTLS}, {.verb = STEP_EHLO} }, { HELLO, {"STARTTLS", "220 go\r\n", THEN_TLS_BAD} }, OUTCOME_FAILED, FAULT_TLS_EXPIRED, "STARTTLS [tls]", {220, 0}, 0 },
    { "what comes in a wait is kept", { {.verb = STEP_SEND_RAW, .argument = {IN("NOOP\r\n")}}, {.verb = STEP_WAIT, .duration_us = 1000}, {.verb = STEP_NOOP} }, { HELLO, {"NOOP", "250-1\r\n250 2\r\n", GO_ON}, {"NOOP", "250 3\r\n", GO_ON} }, OUTCOME_OK, FAULT_NONE, "NOOP NOOP QUIT", {0, 0, 250}, 1 },
    { "extra replies do not shift", { {.verb = STEP_NOOP}, {.verb = STEP_VRFY, .argument = {IN("jane")}} }, { HELLO, {"NOOP", "250 1\r\n550 extra\r\n250 more\r\n", GO_ON}, {"VRFY jane", "252 2\r\n", GO_ON} }, OUTCOME_OK, FAULT_NONE, "NOOP VRFY QUIT", {250, 252}, 2 },
    { "body with dots", { {.verb = STEP_DATA}, {.verb = STEP_BODY, .argument = {IN("a\n.\nb")}} }, { HELLO, {"DATA", "354 go\r\n", GO_ON}, {"a", "", GO_ON}, {"..", "", GO_ON}, {"b", "", GO_ON}, {".", "250 ok\r\n", GO_ON} }, OUTCOME_OK, FAULT_NONE, "DATA a .. b . QUIT", {354, 250}, 0 },
    { "BDAT octet for octet", { {.verb = STEP_BDAT, .argument = {IN("x\r\n")}}, {.verb = STEP_BDAT, .argument = {IN(".\r\n")}, .is_last_chunk = true} }, { HELLO, {"BDAT 3", "", GO_ON}, {"x", "250 ok\r\n", GO_ON}, {"BDAT 3 LAST", "", GO_ON}, {".", "250 ok\r\n", GO_ON} }, OUTCOME_OK, FAULT_NONE, "BDAT x BDAT . QUIT", {250, 250}, 0 },
    { "the server has to close", { {.verb = STEP_RAW, .argument = {IN("BYE\r\n")}}, {.verb = STEP_EXPECT_CLOSE} }, { HELLO, {"BYE", "221 bye\r\n", THEN_CLOSE} }, OUTCOME_OK, FAULT_NONE, "BYE", {221, 0}, 0 },
    { "closed behind QUIT", { {.verb = STEP_QUIT}, {.verb = STEP_EXPECT_CLOSE} }, { HELLO, {"QUIT", "221 b\r\n", THEN_CLOSE} }, OUTCOME_OK, FAULT_NONE, "QUIT", {221, 0}, 0 },
    { "closed without 221", { {.verb = STEP_QUIT}, {.verb = STEP_EXPECT_CLOSE} }, { HELLO, {"QUIT", "", THEN_CLOSE} }, OUTCOME_OK, FAULT_NONE, "QUIT", {0, 0}, 0 },
    { "does not close", { {.verb = STEP_QUIT}, {.verb = STEP_EXPECT_CLOSE, .duration_us = 1000} }, { HELLO, {"QUIT", "221 b\r\n", GO_ON} }, OUTCOME_FAILED, FAULT_READ_TIMEOUT, "QUIT", {221, 0}, 0 },
    { "does not close, and gets its QUIT", { {.verb = STEP_NOOP}, {.verb = STEP_EXPECT_CLOSE, .duration_us = 1000} }, { HELLO, {"NOOP", "250 ok\r\n", GO_ON}, {"QUIT", "221 b\r\n", THEN_CLOSE} }, OUTCOME_FAILED, FAULT_READ_TIMEOUT, "NOOP QUIT", {250, 0}, 0 },
    { "closed in a wait", { {.verb = STEP_SEND_RAW, .argument = {IN("X\r\n")}}, {.verb = STEP_WAIT, .duration_us = 1000}, {.verb = STEP_EXPECT_CLOSE} }, { HELLO, {"X", "", THEN_CLOSE} }, OUTCOME_OK, FAULT_NONE, "X", {0, 0, 0}, 0 },
    { "gone before the list ends", { {.verb = STEP_EHLO}, {.verb = STEP_NOOP}, {.verb = STEP_RSET} }, { HELLO, {"EHLO", "250 x\r\n", GO_ON}, {"NOOP", "", THEN_CLOSE} }, OUTCOME_FAILED, FAULT_CONNECTION_LOST, "EHLO NOOP", {250, 0, 0}, 0 },
    { "421 goes on as told", { {.verb = STEP_NOOP}, {.verb = STEP_RSET} }, { HELLO, {"NOOP", "421 bye\r\n", GO_ON}, {"RSET", "421 bye\r\n", GO_ON} }, OUTCOME_REFUSED, FAULT_NONE, "NOOP RSET QUIT", {421, 421}, 0 },
};
/* clang-format on */

static void check(const struct row *row, const struct peer *p, size_t step_count)
{
    const struct client_report *r = client_report(p->client);
    if (r->outcome != row->outcome || r->fault != row->fault ||
        strcmp(buf_text(&p->seen), row->seen) != 0 || r->unsolicited_count != row->unsolicited) {
        fail_msg("%s: want %s, %s, '%s', %zu unsolicited; got %s, %s, '%s', %zu (%s)", row->name,
                 client_outcome_slug(row->outcome), fault_name(row->fault), row->seen,
                 row->unsolicited, client_outcome_slug(r->outcome), fault_name(r->fault),
                 buf_text(&p->seen), r->unsolicited_count, r->detail);
    }
    assert_int_equal(r->step_count, step_count);
    for (size_t i = 0; i < step_count; i++) {
        if (r->steps[i].verb != row->steps[i].verb || r->steps[i].reply.code != row->codes[i]) {
            fail_msg("%s, step %zu: want %u, got %u", row->name, i, row->codes[i],
                     r->steps[i].reply.code);
        }
        assert_true(r->steps[i].to_us >= r->steps[i].from_us);
    }
}

static void test_steps(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t n = 0, count = 0;
        while (n < STEPS && rows[i].steps[n].verb != STEP_NONE) {
            n++;
        }
        while (count < ROWS && rows[i].script[count].say != NULL) {
            count++;
        }
        struct client_params params = {
            .mechanism = SLICE("PLAIN"),
            .user = SLICE("jane"),
            .secret = SLICE(SECRET),
            .from = SLICE("a@b.test"),
            .rcpt = SLICE("c@d.test"),
            .steps = rows[i].steps,
            .step_count = n,
        };
        struct peer p = {
            .name = rows[i].name, .script = rows[i].script, .count = count, .cut_at = SIZE_MAX};
        peer_play(&p, &params);
        check(&rows[i], &p, n);
        peer_free(&p);
    }
}

static void test_refused_before_dialling(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct client_step bad[] = {
        { .verb = STEP_NONE },
        { .verb = STEP_EHLO, .argument = {IN("x\r\nMAIL FROM:<a@b>")} },
        { .verb = STEP_MAIL, .argument = {IN("<a@b>\r\nRCPT TO:<c@d>")} },
        { .verb = STEP_MAIL, .argument = {IN("<a@b> X=\r\n")} },
        { .verb = STEP_MAIL, .argument = {IN("<a@b")} },
        { .verb = STEP_RCPT, .argument = {IN("<>")} },
        { .verb = STEP_VRFY, .argument = {IN("a\nb")} },
        { .verb = STEP_NOOP, .argument = {IN("a\0b")} },
        { .verb = STEP_AUTH },
    };
    /* clang-format on */
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct client_params params = {.steps = &bad[i], .step_count = 1};
        struct client *c = NULL;
        struct why why;
        if (client_new(&params, &c, &why) != ERR_INVALID || c != NULL) {
            fail_msg("row %zu was taken", i);
        }
    }
}

/* clang-format off */
static const struct {
    const char *name;
    enum client_verb verb;
    struct slice late; /* no octets: the caller has none */
    const char *seen;
} late_rows[] = {
    { "given",                   STEP_VRFY, {IN("jane")},             "VRFY QUIT" },
    { "an address",              STEP_RCPT, {IN("<jane@b.test>")},    "RCPT QUIT" },
    { "not there",               STEP_VRFY, {NULL, 0},                "QUIT" },
    { "a line in it",            STEP_VRFY, {IN("x\r\nMAIL FROM:<a@b>")}, "QUIT" },
    { "no address",              STEP_RCPT, {IN("<jane@b.test")},     "QUIT" },
    { "an address with a line",  STEP_MAIL, {IN("<a@b>\r\nDATA")},    "QUIT" },
    { "a name that is none",     STEP_EHLO, {IN("a b\r\n")},          "QUIT" },
};
/* clang-format on */

static bool give_late(void *context, size_t step, struct slice *out)
{
    assert_int_equal(step, 0); /* the CONNECT that the client puts first does not count */
    *out = *(const struct slice *)context;
    return out->n != 0;
}

/* What is known only when the step begins is checked as all else: no line gets in by that way. */
static void test_late_arguments(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(late_rows); i++) {
        const struct exchange script[] = {HELLO, {"", "250 ok\r\n", GO_ON}};
        const struct client_step step = {.verb = late_rows[i].verb, .is_late = true};
        struct slice late = late_rows[i].late;
        struct client_params params = {
            .steps = &step, .step_count = 1, .late_argument = give_late, .late_context = &late};
        struct peer p = {.name = late_rows[i].name,
                         .script = script,
                         .count = strcmp(late_rows[i].seen, "QUIT") != 0 ? 2 : 1,
                         .cut_at = SIZE_MAX};
        peer_play(&p, &params);
        const struct client_report *r = client_report(p.client);
        bool is_sent = p.count == 2;
        if (strcmp(buf_text(&p.seen), late_rows[i].seen) != 0 || r->steps[0].was_run != is_sent ||
            (r->fault == FAULT_CONFIGURATION) == is_sent) {
            fail_msg("%s: want '%s', got '%s' (%s)", p.name, late_rows[i].seen, buf_text(&p.seen),
                     r->detail);
        }
        peer_free(&p);
    }
}

/* A server that talks without end while nothing was asked: the first replies are kept, and memory is
 * not filled with the rest. */
static void test_flood(void **state)
{
    (void)state;
    static const struct client_step steps[] = {{.verb = STEP_WAIT, .duration_us = 1000000}};
    struct client_params params = {.steps = steps, .step_count = 1};
    struct client *c = NULL;
    struct why why;
    struct session_act act;
    assert_int_equal(client_new(&params, &c, &why), ERR_OK);
    struct session s = client_session(c);
    s.ops->on_news(s.self, 0, &(struct session_news){.event = SESSION_CONNECTED});
    s.ops->on_input(s.self, 0, SLICE("220 x\r\n"));
    size_t before = mallinfo2().uordblks;
    for (int i = 0; i < 100000; i++) {
        s.ops->on_input(s.self, 0, i % 2 == 0 ? SLICE("250 a\r\n") : SLICE("421 b\r\n"));
        s.ops->next(s.self, 0, &act);
    }
    assert_in_range(mallinfo2().uordblks - before, 0, 200000);
    assert_int_equal(client_report(c)->unsolicited_count, 64);
    client_free(c);
}

static void test_choose(void **state)
{
    (void)state;
    const struct slice lines[] = {SLICE("SIZE 5"), SLICE("auth plain LOGIN"),
                                  SLICE("AUTH=XOAUTH2")};
    assert_true(
        slice_eq_text(client_choose(lines, 3, SLICE("SCRAM-SHA-256 XOAUTH2 PLAIN")), "XOAUTH2"));
    assert_true(slice_eq_text(client_choose(lines, 3, SLICE("PLAIN LOGIN")), "PLAIN"));
    assert_int_equal(client_choose(lines, 3, SLICE("PLAI LOGINX")).n, 0);
    assert_int_equal(client_choose(lines, 3, SLICE("")).n, 0);
    assert_int_equal(client_choose(NULL, 0, SLICE("PLAIN")).n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_refused_before_dialling),
        cmocka_unit_test(test_late_arguments),
        cmocka_unit_test(test_flood),
        cmocka_unit_test(test_choose),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
