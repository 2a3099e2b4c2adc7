/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The regression set: read strictly, marked honestly, and held to what the mapper has reached, so
 * that a change of a rule that costs a row is seen.
 */
#include "diagnose/audit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct registry *registry;
static struct mapper *mapper;
static struct arena arena;
static struct regress_set set;

static int setup(void **state)
{
    struct doc_errors errors;
    struct why why = {.text = ""};
    struct slice text;
    (void)state;
    arena_init(&arena);
    doc_errors_init(&errors, &arena);
    enum err err = registry_load(NULL, &registry, &errors, &why);
    err = err == ERR_OK ? mapper_new(registry, &mapper, &why) : err;
    err = err == ERR_OK ? doc_read_file(SMTPDX_SOURCE_DIR "/scenarios/mapper/replies.jsonl",
                                        1 << 22, &arena, &text, &why)
                        : err;
    err = err == ERR_OK ? regress_read(text, "replies.jsonl", &arena, &set, &why) : err;
    if (err != ERR_OK) {
        print_error("%s:%u: %s\n", why.file, why.line, why.text);
    }
    return err == ERR_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    mapper_free(mapper);
    registry_free(registry);
    arena_release(&arena);
    return 0;
}

#define ROW(id, rest)                                                                              \
    "{\"id\":\"" id "\",\"provider\":\"gmail\",\"stage\":\"auth\",\"reply\":\"535 no\","           \
    "\"source\":\"RFC 4954 6\"," rest "}\n"

static void test_reading(void **state)
{
    static const struct {
        const char *name, *text, *says; /* says: "" when it is fine */
        unsigned line;
    } rows[] = {
        {"good", ROW("a", "\"cause\":\"auth.required\",\"sure_max\":\"likely\""), "", 0},
        {"empty lines", "\n\n" ROW("a", "\"cause\":\"auth.required\"") "\n", "", 0},
        {"no JSON", "\n{", "", 2},
        {"cause", ROW("a", "\"cause\":\"auth.requird\""), "unknown cause 'auth.requird'", 1},
        {"acceptable", ROW("a", "\"cause\":\"auth.required\",\"acceptable\":[\"x\"]"),
         "unknown cause 'x'", 1},
        {"sure", ROW("a", "\"cause\":\"auth.required\",\"sure_max\":\"very\""), "not 'very'", 1},
        {"key", ROW("a", "\"cause\":\"auth.required\",\"couse\":\"x\""), "no key 'couse'", 1},
        {"no map", "[1]", "is a JSON object", 1},
        {"number", ROW("a", "\"cause\":7"), "a text is wanted for 'cause'", 1},
        {"note", ROW("a", "\"cause\":\"unknown\",\"note\":null"), "a text is wanted for 'note'", 1},
        {"no list", ROW("a", "\"cause\":\"unknown\",\"acceptable\":\"unknown\""),
         "a list is wanted for 'acceptable'", 1},
        {"list of numbers", ROW("a", "\"cause\":\"unknown\",\"acceptable\":[7]"),
         "unknown cause ''", 1},
        {"side", ROW("a", "\"cause\":\"unknown\",\"side\":\"left\""), "mx or client, not 'left'",
         1},
        {"lacks", "{\"id\":\"a\"}", "lacks 'provider'", 1},
        {"twice", ROW("a", "\"cause\":\"unknown\"") ROW("a", "\"cause\":\"unknown\""),
         "there before: 'a'", 2},
        {"stage",
         "{\"id\":\"a\",\"provider\":\"b\",\"stage\":\"c\",\"reply\":\"d\",\"cause\":\"e\","
         "\"source\":\"f\"}",
         "unknown stage 'c'", 1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct regress_set got;
        struct why why = {.text = ""};
        enum err err = regress_read(slice_of(rows[i].text), "x.jsonl", &arena, &got, &why);
        if ((err == ERR_OK) != (rows[i].line == 0) || strstr(why.text, rows[i].says) == NULL ||
            why.line != rows[i].line) {
            fail_msg("%s: got %s at line %u", rows[i].name, why.text, why.line);
        }
    }
}

/* What a row says of its circumstances is what the mapper is asked with. */
static void test_circumstances(void **state)
{
    struct regress_set got;
    struct why why = {.text = ""};
    (void)state;
    assert_int_equal(regress_read(slice_of(ROW("a", "\"cause\":\"auth.username_format\","
                                                    "\"user\":\"jane\",\"mechanism\":\"LOGIN\","
                                                    "\"claims\":\"{}\"")),
                                  "x.jsonl", &arena, &got, &why),
                     ERR_OK);
    struct evidence e = regress_evidence(&got.rows[0], registry, true);
    assert_true(slice_eq_text(e.username, "jane"));
    assert_true(slice_eq_text(e.mechanism, "LOGIN"));
    assert_true(slice_eq_text(e.claims, "{}"));
    assert_string_equal(e.provider->name, "gmail");
    assert_null(regress_evidence(&got.rows[0], registry, false).provider);
}

static void test_marks(void **state)
{
    const struct regress_row row = {.cause = CAUSE_AUTH_TOKEN_EXPIRED,
                                    .acceptable = {CAUSE_AUTH_TOKEN_REJECTED},
                                    .acceptable_count = 1,
                                    .sure_max = SURE_LIKELY};
    const struct {
        enum cause cause;
        enum sureness sure;
        enum regress_mark mark;
        bool is_oversure;
    } rows[] = {
        {CAUSE_AUTH_TOKEN_EXPIRED, SURE_LIKELY, REGRESS_EXACT, false},
        {CAUSE_AUTH_TOKEN_EXPIRED, SURE_CERTAIN, REGRESS_EXACT, true},
        {CAUSE_AUTH_TOKEN_REJECTED, SURE_POSSIBLE, REGRESS_COARSER, false},
        {CAUSE_UNKNOWN, SURE_POSSIBLE, REGRESS_SILENT, false},
        {CAUSE_AUTH_REQUIRED, SURE_LIKELY, REGRESS_WRONG, false},
        {CAUSE_AUTH_REQUIRED, SURE_CERTAIN, REGRESS_WRONG, true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct diagnosis d = {.cause = rows[i].cause, .sure = rows[i].sure};
        assert_int_equal(regress_mark_of(&row, &d), rows[i].mark);
        assert_int_equal(regress_is_oversure(&row, &d), rows[i].is_oversure);
    }
}

/* The floor rises with the rules; it is never lowered to let a change through. */
static void test_floor(void **state)
{
    const struct {
        bool with_provider;
        unsigned exact, wrong;
    } floors[] = {{true, 261, 2}, {false, 256, 5}};
    (void)state;
    for (size_t i = 0; i < COUNT(floors); i++) {
        struct audit_counts c = audit_count(mapper, registry, &set, floors[i].with_provider);
        assert_int_equal(c.certain_wrong, 0);
        assert_int_equal(c.oversure, 0);
        if (c.marks[REGRESS_EXACT] < floors[i].exact || c.marks[REGRESS_WRONG] > floors[i].wrong) {
            fail_msg("provider %s: %u exact (floor %u), %u wrong (at most %u): see smtpdx explain "
                     "--audit",
                     floors[i].with_provider ? "given" : "not given", c.marks[REGRESS_EXACT],
                     floors[i].exact, c.marks[REGRESS_WRONG], floors[i].wrong);
        }
    }
}

static void test_report(void **state)
{
    static const char *const titles[] = {"## accuracy",
                                         "## confusion, provider given",
                                         "## confusion, provider not given",
                                         "## rows by provider",
                                         "## rows by cause",
                                         "## rules that no row reaches",
                                         "## rules that another shadows",
                                         "## rows that two rules claim"};
    struct buf out;
    (void)state;
    buf_init(&out, BUF_NO_CAP);
    audit_report(mapper, registry, &set, &out);
    for (size_t i = 0; i < COUNT(titles); i++) {
        assert_non_null(strstr(buf_text(&out), titles[i]));
    }
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reading), cmocka_unit_test(test_circumstances),
        cmocka_unit_test(test_marks),   cmocka_unit_test(test_floor),
        cmocka_unit_test(test_report),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
