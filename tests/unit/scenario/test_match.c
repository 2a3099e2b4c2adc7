/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Matchers on one result document: what holds, what does not, and where the caret goes. Laws: what
 * is evaluated has a right form; `not` turns every single matcher round.
 */
#include "scenario/match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char document[] =
    "{\"outcome\": \"refused\", \"stage\": \"auth\", \"cause\": \"auth.credentials_rejected\","
    " \"reply\": {\"code\": 535, \"enhanced\": \"5.7.139\", \"lines\": [\"one\", \"two words\"],"
    "   \"text\": \"one\\ntwo words\", \"notes\": []},"
    " \"greeting\": {\"code\": 0, \"enhanced\": \"\", \"lines\": []}, \"fault\": null,"
    " \"tls\": {\"version\": \"TLSv1.2\", \"verified\": true, \"days_left\": -3, \"why\": null},"
    " \"capabilities\": {\"clear\": [\"SIZE 100\", \"STARTTLS\"], \"tls\": [\"AUTH LOGIN "
    "XOAUTH2\"]},"
    " \"attempts\": [{\"n\": 1, \"code\": 451, \"after_ms\": 0}, {\"n\": 2, \"code\": 535, "
    "\"after_ms\": 100}],"
    " \"ms\": 1500.5, \"waited_ms\": 100, \"quit\": true,"
    " \"server_saw\": {\"connections\": 2, \"commands\": [\"EHLO\", \"AUTH\", \"QUIT\"], "
    "\"secrets\": \"none\","
    "   \"sent\": [{\"verb\": \"EHLO\", \"ms\": 1, \"inside_tls\": false},"
    "              {\"verb\": \"AUTH\", \"ms\": 12.04, \"inside_tls\": false}],"
    "   \"auth\": [{\"mechanism\": \"LOGIN\", \"inside_tls\": true}]}}";

static const char step_document[] =
    "{\"step\": \"ehlo\", \"run\": true, \"reply\": {\"code\": 250, \"lines\": []}, \"ms\": 2}";

/* clang-format off */
static const struct row { bool holds; const char *expect; } rows[] = {
    { true,  "outcome: refused" },
    { false, "outcome: ok" },
    { true,  "outcome: { one_of: [ok, refused] }" },
    { false, "outcome: { one_of: [ok, failed] }" },
    { true,  "cause: { prefix: auth. }" },
    { false, "cause: { prefix: tls. }" },
    { true,  "cause: { suffix: rejected }" },
    { false, "cause: { suffix: Rejected }" },                /* all but verbs exactly */
    { true,  "cause: { contains: credentials }" },
    { true,  "cause: { ne: unknown }" },
    { true,  "cause: { regex: '^auth[.][a-z_]+$' }" },
    { false, "cause: { regex: '^tls' }" },
    { true,  "cause: { prefix: auth, suffix: rejected }" },  /* all in one mapping */
    { false, "cause: { prefix: auth, suffix: accepted }" },
    { true,  "cause: { not: { prefix: tls } }" },
    { true,  "cause: { all: [{ prefix: auth }, { not: unknown }] }" },
    { true,  "cause: { any: [unknown, { prefix: auth }] }" },
    { false, "cause: { any: [unknown, { prefix: tls }] }" },
    { true,  "cause: { exists: true }" },
    { false, "cause: { exists: false }" },
    { true,  "advice: { exists: false }" },
    { true,  "fault: null" },
    { false, "cause: null" },
    { true,  "reply: { code: 535, enhanced: 5.7.139 }" },
    { true,  "reply: { code: 5xx }" },
    { true,  "reply: { code: 53x }" },
    { false, "reply: { code: 54x }" },
    { true,  "reply: { code: { one_of: [4xx, 5xx] } }" },
    { true,  "reply: { code: { between: [500, 599] } }" },
    { false, "reply: { code: { max: 499 } }" },
    { false, "reply: { code: 5350 }" },
    { true,  "greeting: { code: { exists: false }, enhanced: { exists: false } }" },
    { false, "reply: { enhanced: 5.7.1 }" },
    { true,  "reply: { lines: [one, two words] }" },
    { false, "reply: { lines: [one] }" },
    { false, "reply: { lines: [two words, one] }" },
    { true,  "reply: { lines: { includes: [two words] } }" },
    { true,  "reply: { lines: { includes: one } }" },
    { true,  "reply: { lines: { includes: [{ contains: words }] } }" },
    { false, "reply: { lines: { includes: [one, three] } }" },
    { true,  "reply: { lines: { excludes: [three] } }" },
    { false, "reply: { lines: { excludes: { prefix: tw } } }" },
    { true,  "reply: { lines: { count: 2 } }" },
    { false, "reply: { lines: { count: { min: 3 } } }" },
    { true,  "reply: { lines: { equals: [one, { prefix: two }] } }" },
    { true,  "reply: { notes: [] }" },
    { false, "capabilities: { clear: [] }" },
    { false, "because: { excludes: [x] }" },                 /* absent proves nothing */
    { true,  "tls: { version: { min: TLSv1.2 }, verified: true }" },
    { false, "tls: { version: { min: TLSv1.3 } }" },
    { true,  "tls: { version: { max: TLSv1.3 } }" },
    { true,  "tls: { version: TLSv1.2, days_left: { max: 0 } }" },
    { true,  "tls: { days_left: -3, why: null }" },
    { false, "tls: { verified: false }" },
    { true,  "elapsed: { min: 1s, max: 2s }" },
    { false, "elapsed: { max: 1500ms }" },
    { true,  "waited: 100ms" },
    { true,  "waited_ms: 100" },
    { true,  "quit: true" },
    { true,  "attempts: { count: 2 }" },
    { false, "attempts: { count: 3 }" },
    { true,  "attempts: { first: { code: 451 }, last: { code: 535, after: 100ms } }" },
    { true,  "attempts: { any: { code: 4xx } }" },
    { false, "attempts: { all: { code: 4xx } }" },
    { true,  "attempts: { none: { code: 2xx } }" },
    { false, "attempts: { excludes: { code: 4xx } }" },
    { true,  "attempts: [{ n: 1 }, { n: 2, after_ms: 100 }]" },
    { false, "attempts: [{ n: 1 }]" },
    { false, "stages: { none: { ok: false } }" },            /* absent proves nothing */
    { true,  "server_saw: { commands: [ehlo, auth, QUIT] }" }, /* verbs without case */
    { false, "server_saw: { commands: [EHLO, QUIT] }" },
    { true,  "server_saw: { commands: { ordered: [EHLO, QUIT] } }" },
    { false, "server_saw: { commands: { ordered: [QUIT, EHLO] } }" },
    { true,  "server_saw: { commands: { excludes: [MAIL] }, secrets: none }" },
    { true,  "server_saw: { not_sent: [MAIL, RCPT] }" },
    { false, "server_saw: { not_sent: [auth] }" },
    { true,  "server_saw: { auth: [{ mechanism: LOGIN }] }" },
    { false, "server_saw: { auth: [] }" },
    { true,  "server_saw: { connections: { min: 1, max: 2 } }" },
};
/* clang-format on */

struct loaded {
    struct arena arena;
    struct doc_errors errors;
    const struct node *expect;
    struct json *document;
};

static void load(struct loaded *l, const char *yaml, const char *json)
{
    arena_init(&l->arena);
    doc_errors_init(&l->errors, &l->arena);
    enum err err =
        doc_parse_yaml("e.yaml", slice_of(yaml), NULL, &l->arena, &l->errors, &l->expect);
    assert_int_equal(err, ERR_OK);
    assert_int_equal(json_parse(slice_of(json), &l->document, NULL), ERR_OK);
}

static void release(struct loaded *l)
{
    json_free(l->document);
    arena_release(&l->arena);
}

static void test_rows(void **state)
{
    (void)state;
    size_t failed = 0;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct loaded l;
        load(&l, rows[i].expect, document);
        match_check_form(l.expect, &l.errors);
        struct match_checks checks = {.arena = &l.arena};
        bool holds = match_apply(l.expect, l.document, &checks);
        bool all = true;
        for (size_t k = 0; k < checks.count; k++) {
            all = all && checks.list[k].is_ok;
            assert_non_null(checks.list[k].at);
            assert_non_null(checks.list[k].want);
            assert_non_null(checks.list[k].note);
        }
        if (holds != rows[i].holds || all != holds || checks.count == 0 || l.errors.errors != 0) {
            print_error("%s: got %d, want %d (%zu checks, form: %s)\n", rows[i].expect, holds,
                        rows[i].holds, checks.count,
                        l.errors.count != 0 ? l.errors.list[0].text : "right");
            failed++;
        }
        release(&l);
    }
    assert_int_equal(failed, 0);
}

static void test_the_failing_leaf_is_named(void **state)
{
    (void)state;
    struct loaded l;
    load(&l, "outcome: refused\nserver_saw:\n  secrets: none\n  not_sent: [MAIL, AUTH]\n",
         document);
    struct match_checks checks = {.arena = &l.arena};
    assert_false(match_apply(l.expect, l.document, &checks));
    assert_int_equal(checks.count, 4);
    assert_string_equal(checks.list[0].path, "expect.server_saw.secrets"); /* the wire first */
    const struct match_check *c = &checks.list[2];
    assert_string_equal(c->path, "expect.server_saw.not_sent");
    assert_false(c->is_ok);
    assert_int_equal(c->at->line, 4);
    assert_int_equal(c->at->col, 20);
    assert_string_equal(c->want, "no AUTH");
    assert_string_equal(c->note, "sent at +12.0 ms, in clear");
    assert_string_equal(checks.list[3].path, "expect.outcome");
    release(&l);
}

static void test_step(void **state)
{
    (void)state;
    struct loaded l;
    load(&l, "reply: { code: 2xx }\nrun: true\nstep: ehlo\ntime: { max: 1s }\n", step_document);
    struct match_checks checks = {.arena = &l.arena};
    assert_true(match_apply(l.expect, l.document, &checks));
    assert_int_equal(checks.count, 4);
    release(&l);
}

static void test_text(void **state)
{
    (void)state;
    static const struct text_row {
        const char *matcher, *text;
        bool holds;
    } texts[] = {
        {"{ contains: '@' }", "<a@b>", true},   {"{ contains: '@' }", "", false},
        {"XOAUTH2", "XOAUTH2", true},           {"XOAUTH2", "LOGIN", false},
        {"{ regex: '^<.*>$' }", "<a@b>", true}, {"{ not: { prefix: PLAIN } }", "LOGIN", true},
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct loaded l;
        load(&l, texts[i].matcher, "{}");
        if (match_text(l.expect, slice_of(texts[i].text)) != texts[i].holds) {
            fail_msg("%s on '%s' is not %d", texts[i].matcher, texts[i].text, texts[i].holds);
        }
        release(&l);
    }
}

/* clang-format off */
static const struct { const char *expect, *says; } told[] = { /* says: the note, or what is told besides */
    { "cause: null", "" },
    { "reply: { lines: [one, 'two words', three] }", "item 3: three is missing" },
    { "reply: { lines: [one] }", "item 2: two words is too much" },
    { "reply: { lines: [one, { prefix: three }] }", "item 2: wanted prefix three, got two words" },
    { "server_saw: { commands: { equals: [EHLO, quit, AUTH] } }", "item 2: wanted quit, got AUTH" },
    { "server_saw: { commands: { includes: [MAIL, ehlo, RCPT] } }", "MAIL, RCPT are missing" },
    { "server_saw: { commands: { includes: MAIL } }", "MAIL is missing" },
    { "server_saw: { commands: { excludes: [MAIL, AUTH] } }", "AUTH is there" },
    { "server_saw: { commands: { ordered: [AUTH, EHLO] } }", "no EHLO after AUTH" },
    { "server_saw: { commands: { ordered: [EHLO, MAIL] } }", "no MAIL" },
    { "server_saw: { commands: { count: { min: 4 } } }", "there are 3" },
    { "server_saw: { commands: { includes: MAIL, count: 3, excludes: AUTH } }", "MAIL is missing; AUTH is there" },
    { "cause: { all: [{ prefix: auth. }, { suffix: _expired }] }", "not so: suffix _expired" },
    { "elapsed: { max: 1s }", "wanted max 1s, got 1500.5 ms" },
};
/* clang-format on */

static void test_what_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(told); i++) {
        struct loaded l;
        load(&l, told[i].expect, document);
        struct match_checks checks = {.arena = &l.arena};
        assert_false(match_apply(l.expect, l.document, &checks));
        const struct match_check *c = &checks.list[checks.count - 1];
        const char *says = c->note[0] != '\0' ? c->note : c->tell;
        if (strcmp(says, told[i].says) != 0) {
            fail_msg("%s: got '%s', want '%s'", told[i].expect, says, told[i].says);
        }
        release(&l);
    }
}

/* clang-format off */
static const struct { const char *expect, *from, *value; } captures[] = { /* value NULL: it fails */
    { "capture: { a: { regex: 'two (\\w+)' } }", "reply.text", "words" },
    { "capture: { a: { regex: 'o\\w' } }",        "reply.text", "on" },
    { "capture: { a: { regex: '^(.*)\\.', from: reply.enhanced } }", "reply.enhanced", "5.7" },
    { "capture: { a: { regex: 'three' } }",       "reply.text", NULL },
    { "capture: { a: { regex: 'one(x)?' } }",     "reply.text", NULL },
    { "capture: { a: { regex: '.', from: fault } }", "fault",   NULL },
};
/* clang-format on */

static void test_captures(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(captures); i++) {
        struct loaded l;
        load(&l, captures[i].expect, document);
        struct match_captures taken = {.arena = &l.arena};
        struct match_checks checks = {.arena = &l.arena};
        bool holds = match_apply(l.expect, l.document, &checks);
        match_take_captures(l.expect, l.document, &taken);
        bool is_ok = holds == (captures[i].value != NULL) && taken.count == (holds ? 1 : 0) &&
                     (!holds || slice_eq_text(taken.list[0].value, captures[i].value));
        if (!is_ok) {
            fail_msg("%s: holds %d, %zu captured", captures[i].expect, holds, taken.count);
        }
        release(&l);
    }
}

static void test_too_long_to_capture(void **state)
{
    (void)state;
    struct loaded l;
    char json[CAPTURE_MAX_BYTES + 100];
    struct match_captures taken;
    for (size_t n = CAPTURE_MAX_BYTES; n <= CAPTURE_MAX_BYTES + 1; n++) {
        int from = snprintf(json, sizeof json, "{\"reply\": {\"text\": \"");
        memset(json + from, 'x', n);
        snprintf(json + from + n, sizeof json - n - (size_t)from, "\"}}");
        load(&l, "capture: { a: { regex: 'x+' } }", json);
        taken = (struct match_captures){.arena = &l.arena};
        match_take_captures(l.expect, l.document, &taken);
        assert_int_equal(taken.count, n == CAPTURE_MAX_BYTES ? 1 : 0);
        release(&l);
    }
}

static void test_hostile_pattern_ends(void **state)
{
    (void)state;
    struct loaded l;
    char text[4096];
    memset(text, 'a', sizeof text);
    load(&l, "{ regex: '^(a+)+$' }", "{}");
    text[sizeof text - 1] = '!';
    assert_false(match_text(l.expect, slice_make(text, sizeof text)));
    release(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_the_failing_leaf_is_named),
        cmocka_unit_test(test_step),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_hostile_pattern_ends),
        cmocka_unit_test(test_what_is_told),
        cmocka_unit_test(test_captures),
        cmocka_unit_test(test_too_long_to_capture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
