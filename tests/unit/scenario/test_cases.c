/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that load: which cases come of them, and what the specs hold. Laws: the same file in block
 * and in flow style gives the same cases; ids are unique; loading twice gives the same.
 */
#include "scenario/spec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static struct registry *providers;
static char folder[64];

static int set_up(void **state)
{
    (void)state;
    struct arena arena;
    struct doc_errors errors;
    struct why why;
    arena_init(&arena);
    doc_errors_init(&errors, &arena);
    enum err err = registry_load(NULL, &providers, &errors, &why);
    arena_release(&arena);
    snprintf(folder, sizeof folder, "/tmp/smtpdx-cases-XXXXXX");
    return err == ERR_OK && mkdtemp(folder) != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    registry_free(providers);
    return rmdir(folder);
}

static const char *env_of(const char *name, void *context)
{
    (void)context;
    return strcmp(name, "WHO") == 0 ? "joe" : NULL;
}

struct files {
    const char *name, *text;
};

/* Writes the files, loads the first, removes them. */
static struct suite_set *load(const struct files *files, size_t count, struct buf *errors)
{
    char paths[4][160];
    for (size_t i = 0; i < count; i++) {
        snprintf(paths[i], sizeof paths[i], "%s/%s", folder, files[i].name);
        FILE *f = fopen(paths[i], "w");
        assert_non_null(f);
        fputs(files[i].text, f);
        fclose(f);
    }
    struct load_options options = {.providers = providers, .root = folder, .get_env = env_of};
    struct suite_set *set = NULL;
    const char *path = paths[0];
    buf_init(errors, BUF_NO_CAP);
    enum err err = suites_load(&options, &path, 1, &set, errors);
    for (size_t i = 0; i < count; i++) {
        unlink(paths[i]);
    }
    if (err != ERR_OK) {
        fail_msg("does not load:\n%s", buf_text(errors));
    }
    return set;
}

static struct suite_set *load_text(const char *text)
{
    struct buf errors;
    struct files file = {"f.yaml", text};
    struct suite_set *set = load(&file, 1, &errors);
    buf_release(&errors);
    return set;
}

#define HEAD "suite: s\nscenarios:\n"
#define EHLO "    server: { like: esmtp }\n    probe: { until: ehlo }\n    expect: { outcome: ok }\n"

/* clang-format off */
static const struct row { const char *name, *text, *ids; } rows[] = {
    { "one", HEAD "  - id: a\n" EHLO, "s::a " },
    { "suite from the path", "scenarios:\n  - id: a\n" EHLO, "f::a " },
    { "rows", HEAD
      "  - id: a\n    count: 2\n    cases: [{ id: x, c: 250 }, { id: y, c: 5xx }]\n"
      "    server: { like: esmtp }\n    probe: { until: ehlo }\n    expect: { reply: { code: \"${row.c}\" } }\n",
      "s::a[x] s::a[y] " },
    { "rows and axes, the last axis fastest", HEAD
      "  - id: a\n    cases: [{ id: x }, { id: y }]\n    matrix: { p: [gmail, icloud], v: [ehlo, starttls] }\n"
      "    server: { like: \"${matrix.p}\" }\n    probe: { until: \"${matrix.v}\" }\n    expect: { outcome: ok }\n",
      "s::a[x][p=gmail][v=ehlo] s::a[x][p=gmail][v=starttls] s::a[x][p=icloud][v=ehlo] s::a[x][p=icloud][v=starttls] "
      "s::a[y][p=gmail][v=ehlo] s::a[y][p=gmail][v=starttls] s::a[y][p=icloud][v=ehlo] s::a[y][p=icloud][v=starttls] " },
    { "exclude", HEAD
      "  - id: a\n    cases: [{ id: x }, { id: y }]\n    matrix: { p: [gmail, icloud] }\n"
      "    exclude: [{ row: y, p: gmail }]\n"
      "    server: { like: \"${matrix.p}\" }\n    probe: { until: ehlo }\n    expect: { outcome: ok }\n",
      "s::a[x][p=gmail] s::a[x][p=icloud] s::a[y][p=icloud] " },
    { "via", HEAD
      "  - id: a\n    matrix: { via: [classify, wire] }\n"
      "    classify: { provider: outlook, stage: auth, reply: \"535 5.7.139 no\" }\n    expect: { cause: unknown }\n",
      "s::a[via=classify] s::a[via=wire] " },
    { "a step asserts", HEAD
      "  - id: a\n    server: { like: esmtp }\n    probe: { steps: [connect, { ehlo: me.test, expect: 250 }, quit] }\n",
      "s::a " },
};
/* clang-format on */

static void ids_of(const struct suite_set *set, struct buf *out)
{
    for (size_t i = 0; i < suites_count(set); i++) {
        const struct suite *s = suites_at(set, i);
        for (size_t k = 0; k < s->case_count; k++) {
            buf_addf(out, "%s ", s->cases[k].id);
        }
    }
}

static void test_ids(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct suite_set *set = load_text(rows[i].text);
        struct buf got;
        buf_init(&got, BUF_NO_CAP);
        ids_of(set, &got);
        if (strcmp(buf_text(&got), rows[i].ids) != 0) {
            fail_msg("%s: got %s, want %s", rows[i].name, buf_text(&got), rows[i].ids);
        }
        buf_release(&got);
        suites_free(set);
    }
}

static const struct spec_case *first(const struct suite_set *set)
{
    return &suites_at(set, 0)->cases[0];
}

static void test_block_and_flow_are_the_same(void **state)
{
    (void)state;
    static const char *const styles[] = {
        HEAD "  - { id: a, level: should, refs: [RFC1#2], server: { like: gmail, on: { EHLO: { delay: 2s, "
             "reply: [250, ok] } } }, probe: { provider: gmail, until: ehlo }, expect: { outcome: ok } }\n",
        HEAD "  - id: a\n    level: \"should\"\n    refs:\n      - RFC1#2\n    server:\n      like: 'gmail'\n"
             "      on:\n        EHLO:\n          reply:\n            - 250\n            - ok\n          delay: 2s\n"
             "    probe:\n      provider: gmail\n      until: ehlo\n    expect:\n      outcome: ok\n",
    };
    for (size_t i = 0; i < COUNT(styles); i++) {
        struct suite_set *set = load_text(styles[i]);
        const struct spec_case *c = first(set);
        assert_string_equal(c->id, "s::a");
        assert_int_equal(c->level, LEVEL_SHOULD);
        assert_string_equal(c->refs[0], "RFC1#2");
        assert_null(c->refs[1]);
        assert_string_equal(c->server->like, "gmail");
        assert_int_equal(c->server->rule_count, 1);
        const struct spec_rule *r = &c->server->rules[0];
        assert_string_equal(r->on, "EHLO");
        assert_int_equal(r->action_count, 2); /* the delay first, whatever the file's order */
        assert_int_equal(r->actions[0].kind, ACTION_DELAY);
        assert_int_equal(r->actions[0].duration_us, 2000000);
        assert_int_equal(r->actions[1].kind, ACTION_REPLY);
        assert_int_equal(r->actions[1].code, 250);
        assert_string_equal(r->actions[1].enhanced, "");
        assert_string_equal(r->actions[1].texts[0], "ok");
        assert_null(r->actions[1].texts[1]);
        assert_int_equal(c->probe->until, STAGE_EHLO);
        assert_string_equal(c->probe->provider->name, "gmail");
        assert_true(node_is_text(node_get(c->expect, "outcome"), "ok"));
        suites_free(set);
    }
}

static void test_actions(void **state)
{
    (void)state;
    struct suite_set *set = load_text(
        HEAD "  - id: a\n    server:\n      like: esmtp\n      on:\n"
             "        greeting: { delay: 1s }\n"
             "        EHLO: { inject: \"250 x\\r\\n\", drip: { bytes: 1, every: 50ms } }\n"
             "        MAIL: [{ reply: [451, 4.3.0, [one, two]], times: 2 }, { close: rst, after: 3, when: { contains: x } }]\n"
             "        RCPT: { chunks: [3, 50ms, rest], reply: \"550 5.1.1 no such user\" }\n"
             "        quit: close\n"
             "        AUTH: { tls: { cert: expired, versions: [TLSv1.0, TLSv1.1] }, truncate: 7 }\n"
             "    probe: { until: ehlo }\n    expect: { outcome: ok }\n");
    const struct spec_server *s = first(set)->server;
    assert_int_equal(s->rule_count, 7);
    const struct spec_rule *r = s->rules;
    assert_int_equal(r[0].action_count, 2);
    assert_int_equal(r[0].actions[1].kind, ACTION_CONTINUE);
    assert_int_equal(r[1].actions[0].kind, ACTION_DRIP);
    assert_int_equal(r[1].actions[0].duration_us, 50000);
    assert_int_equal(r[1].actions[1].kind, ACTION_CONTINUE); /* what an inject rides on */
    assert_int_equal(r[1].actions[2].kind, ACTION_INJECT);
    assert_int_equal(r[2].times, 2);
    assert_string_equal(r[2].actions[0].enhanced, "4.3.0");
    assert_string_equal(r[2].actions[0].texts[1], "two");
    assert_int_equal(r[3].after, 3);
    assert_non_null(r[3].when);
    assert_int_equal(r[3].actions[0].close_how, CLOSE_RST);
    assert_int_equal(r[4].actions[0].kind, ACTION_CHUNKS);
    assert_int_equal(r[4].actions[0].chunk_count, 2);
    assert_int_equal(r[4].actions[0].chunks[0].octets, 3);
    assert_int_equal(r[4].actions[0].chunks[1].octets, 0);
    assert_int_equal(r[4].actions[0].chunks[1].wait_us, 50000);
    assert_int_equal(r[4].actions[1].code, 550);
    assert_string_equal(r[4].actions[1].enhanced, "5.1.1");
    assert_string_equal(r[4].actions[1].texts[0], "no such user");
    assert_string_equal(r[5].on, "QUIT");
    assert_int_equal(r[5].actions[0].kind, ACTION_CLOSE);
    assert_string_equal(r[6].actions[0].tls.cert, "expired");
    assert_string_equal(r[6].actions[0].tls.min, "TLSv1.0");
    assert_string_equal(r[6].actions[0].tls.max, "TLSv1.1");
    assert_int_equal(r[6].actions[1].count, 7);
    assert_int_equal(r[6].actions[2].kind, ACTION_CONTINUE);
    suites_free(set);
}

static void test_substitution(void **state)
{
    (void)state;
    struct suite_set *set = load_text(
        "suite: s\nvars: { who: \"${env:WHO}\", user: \"${who}@example.test\", none: \"${env:NO}\" }\n"
        "secrets: { pw: { generate: password }, other: { env: OTHER } }\nscenarios:\n"
        "  - id: a\n    title: \"$${user} is ${user}${none}\"\n"
        "    cases: [{ id: r, codes: { one_of: [250, 251] }, two: [5.7.8, 5.7.9], verb: EHLO }]\n"
        "    server: { like: esmtp, on: { \"${row.verb}\": { delay: 1s } } }\n"
        "    probe: { auth: { user: \"${user}\", password: \"x${secret:pw}y${server.port}\" } }\n"
        "    expect: { reply: { code: \"${row.codes}\", enhanced: { one_of: [2.0.0, \"${row.two}\"] } } }\n");
    const struct spec_case *c = first(set);
    assert_string_equal(c->title, "${user} is joe@example.test");
    assert_true(slice_eq_text(c->probe->user, "joe@example.test"));
    const struct spec_text *p = &c->probe->password;
    assert_int_equal(p->count, 4);
    assert_true(slice_eq_text(p->parts[0].text, "x"));
    assert_int_equal(p->parts[1].kind, SPEC_SECRET);
    assert_true(slice_eq_text(p->parts[1].text, "pw"));
    assert_true(slice_eq_text(p->parts[2].text, "y"));
    assert_int_equal(p->parts[3].kind, SPEC_SERVER_PORT);
    assert_int_equal(c->secret_count, 1); /* only what the case uses */
    assert_string_equal(c->secrets[0].name, "pw");
    assert_string_equal(c->server->rules[0].on, "EHLO");
    assert_int_equal(node_path(c->expect, "reply.code.one_of")->count, 2);
    const struct node *spliced = node_path(c->expect, "reply.enhanced.one_of");
    assert_int_equal(spliced->count, 3);
    assert_true(node_is_text(spliced->items[0], "2.0.0") && node_is_text(spliced->items[2], "5.7.9"));
    suites_free(set);
}

static void test_defaults_and_includes(void **state)
{
    (void)state;
    const struct files files[] = {
        {"f.yaml", "suite: s\ninclude: _shared.yaml\nvars: { b: two }\ntags: [t1]\n"
                   "defaults: { probe: { helo: me.test }, expect: { tls: { version: { min: TLSv1.2 } } } }\n"
                   "scenarios:\n  - id: a\n    tags: [t2]\n    title: \"${a} ${b}\"\n"
                   "    server: { use: outlook, security: implicit }\n    probe: { until: ehlo }\n"
                   "    expect: { outcome: ok, tls: { version: TLSv1.3 } }\n"},
        {"_shared.yaml", "vars: { a: one, b: hidden }\nservers: { outlook: { like: outlook, name: x.test } }\n"},
    };
    struct buf errors;
    struct suite_set *set = load(files, COUNT(files), &errors);
    const struct spec_case *c = first(set);
    assert_string_equal(c->title, "one two");
    assert_string_equal(c->tags[0], "t1");
    assert_string_equal(c->tags[1], "t2");
    assert_string_equal(c->server->like, "outlook");
    assert_string_equal(c->server->names_extra, "x.test");
    assert_int_equal(c->server->security, SECURITY_IMPLICIT);
    assert_true(c->server->accepts_any);
    assert_true(slice_eq_text(c->probe->helo, "me.test"));
    assert_true(node_is_text(node_path(c->expect, "tls.version"), "TLSv1.3"));
    buf_release(&errors);
    suites_free(set);
}

static void test_via_wire(void **state)
{
    (void)state;
    static const struct wire_row {
        const char *stage, *on, *mechanism;
        enum stage until;
        bool is_token;
    } stages[] = {
        {"greeting", "greeting", "", STAGE_GREETING, false},
        {"ehlo", "EHLO", "", STAGE_EHLO, false},
        {"starttls", "STARTTLS", "", STAGE_STARTTLS, false},
        {"auth", "AUTH", "LOGIN", STAGE_AUTH, false},
        {"auth", "AUTH", "XOAUTH2", STAGE_AUTH, true},
        {"mail", "MAIL", "LOGIN", STAGE_MAIL, false},
        {"rcpt", "RCPT", "LOGIN", STAGE_RCPT, false},
        {"data", "body", "LOGIN", STAGE_BODY, false},
        {"body", "body", "LOGIN", STAGE_BODY, false},
    };
    for (size_t i = 0; i < COUNT(stages); i++) {
        const struct wire_row *w = &stages[i];
        char text[512];
        snprintf(text, sizeof text,
                 HEAD "  - id: a\n    matrix: { via: [wire] }\n    classify: { provider: outlook, stage: %s, "
                      "reply: [550-a, 550 b]%s }\n    expect: { cause: unknown }\n",
                 w->stage, w->is_token ? ", credential: oauth2" : "");
        struct suite_set *set = load_text(text);
        const struct spec_case *c = first(set);
        assert_non_null(c->server);
        assert_string_equal(c->server->like, "outlook");
        assert_string_equal(c->server->rules[0].on, w->on);
        assert_true(slice_eq_text(c->server->rules[0].actions[0].bytes, "550-a\r\n550 b\r\n"));
        assert_int_equal(c->probe->until, w->until);
        assert_true(slice_eq_text(c->probe->mechanism, w->mechanism));
        assert_int_equal(c->probe->send, w->until == STAGE_BODY);
        assert_int_equal(c->secret_count, w->mechanism[0] != '\0');
        assert_int_equal(c->probe->token.count, w->is_token);
        suites_free(set);
    }
}

static void test_shipped_ids_are_unique_and_stable(void **state)
{
    (void)state;
    struct load_options options = {.providers = providers};
    const char *path = "tests/selftest/good";
    struct buf first_ids, second_ids, errors;
    buf_init(&first_ids, BUF_NO_CAP);
    buf_init(&second_ids, BUF_NO_CAP);
    buf_init(&errors, BUF_NO_CAP);
    struct buf *ids[] = {&first_ids, &second_ids};
    for (size_t i = 0; i < 2; i++) {
        struct suite_set *set = NULL;
        if (suites_load(&options, &path, 1, &set, &errors) != ERR_OK) {
            fail_msg("%s", buf_text(&errors));
        }
        ids_of(set, ids[i]);
        suites_free(set);
    }
    assert_true(first_ids.n > 100);
    assert_string_equal(buf_text(&first_ids), buf_text(&second_ids));
    buf_release(&first_ids);
    buf_release(&second_ids);
    buf_release(&errors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_block_and_flow_are_the_same),
        cmocka_unit_test(test_actions),
        cmocka_unit_test(test_substitution),
        cmocka_unit_test(test_defaults_and_includes),
        cmocka_unit_test(test_via_wire),
        cmocka_unit_test(test_shipped_ids_are_unique_and_stable),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
