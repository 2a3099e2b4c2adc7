/* SPDX-License-Identifier: Apache-2.0 */
/* The log: names, redaction of a whole tree, what a run adds up to. */
#include "result/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct json *parsed(const char *text)
{
    struct json *v;
    struct why why;
    if (json_parse(slice_of(text), &v, &why) != ERR_OK) {
        fail_msg("%s: %s", text, why.text);
    }
    return v;
}

static void verdicts_have_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < VERDICT_COUNT; i++) {
        enum verdict back = VERDICT_COUNT;
        assert_true(verdict_from_slug(slice_of(verdict_slug((enum verdict)i)), &back));
        assert_int_equal(back, i);
    }
    enum verdict v = VERDICT_SKIP;
    assert_false(verdict_from_slug(SLICE("PASS"), &v));
    assert_false(verdict_from_slug(SLICE(""), &v));
    assert_int_equal(v, VERDICT_SKIP);
}

/* clang-format off */
static const struct {
    const char *name, *in, *want;
} redact_rows[] = {
    { "nothing",        "{\"a\":1,\"b\":null,\"c\":[true,1.5,\"x\"]}", "{\"a\":1,\"b\":null,\"c\":[true,1.5,\"x\"]}" },
    { "a string",       "{\"a\":\"pw hunter2!\"}",                  "{\"a\":\"pw ***\"}" },
    { "deep",           "{\"a\":{\"b\":[[{\"c\":\"hunter2!\"}]]}}", "{\"a\":{\"b\":[[{\"c\":\"***\"}]]}}" },
    { "in a list",      "{\"a\":[1,\"hunter2!\",\"y\",[\"aHVudGVyMiE=\"]]}", "{\"a\":[1,\"***\",\"y\",[\"***=\"]]}" },
    { "map in a list",  "{\"a\":[{\"b\":\"hunter2!\"},\"z\"]}",     "{\"a\":[{\"b\":\"***\"},\"z\"]}" },
    { "keys are ours",  "{\"hunter2!\":\"hunter2!\"}",              "{\"hunter2!\":\"***\"}" },
    { "order stays",    "{\"z\":\"hunter2!\",\"a\":\"hunter2!\"}",  "{\"z\":\"***\",\"a\":\"***\"}" },
    { "empty",          "{\"a\":[],\"b\":{}}",                      "{\"a\":[],\"b\":{}}" },
};
/* clang-format on */

static void no_string_keeps_a_secret(void **state)
{
    (void)state;
    struct redactor *r = redactor_new();
    assert_int_equal(redactor_add(r, "password", SLICE("hunter2!"), NULL), ERR_OK);
    for (size_t i = 0; i < COUNT(redact_rows); i++) {
        struct json *v = parsed(redact_rows[i].in);
        log_redact(v, r);
        struct buf line, want;
        buf_init(&line, 10000);
        buf_init(&want, 10000);
        log_line(v, &line);
        buf_addf(&want, "%s\n", redact_rows[i].want);
        if (!slice_eq(buf_slice(&line), buf_slice(&want))) {
            fail_msg("%s: want %s got %s", redact_rows[i].name, buf_text(&want), buf_text(&line));
        }
        buf_release(&line);
        buf_release(&want);
        json_free(v);
    }
    redactor_free(r);
}

static void a_list_shared_with_another_document_stays(void **state)
{
    (void)state;
    struct redactor *r = redactor_new();
    assert_int_equal(redactor_add(r, "password", SLICE("hunter2!"), NULL), ERR_OK);
    struct json *v = parsed("{\"a\":[\"hunter2!\"]}");
    struct json *list = json_ref(json_get(v, "a"));
    log_redact(v, r);
    assert_true(slice_eq_text(json_slice(json_at(list, 0)), "hunter2!"));
    assert_true(slice_eq_text(json_slice(json_path(v, "a.0")), "***"));
    json_free(list);
    json_free(v);
    redactor_free(r);
}

/* clang-format off */
/* p f e s x(fail) X(pass) ~(flaky) w m(failed should, may) -(never started) ?(no verdict) */
static const struct {
    const char *cases;
    bool should_fails, is_interrupted;
    int want;
} exit_rows[] = {
    { "",     false, false, 4 },
    { "p",    false, false, 0 },
    { "ps",   false, false, 0 },
    { "px~",  false, false, 0 },
    { "s",    false, false, 0 },
    { "pf",   false, false, 1 },
    { "X",    false, false, 1 },
    { "fe",   false, false, 1 },
    { "w",    false, false, 0 },
    { "w",    true,  false, 1 },
    { "m",    false, false, 0 },
    { "m",    true,  false, 1 },
    { "wf",   false, false, 1 },
    { "we",   false, false, 5 },
    { "e",    false, false, 5 },
    { "p-",   false, false, 5 },
    { "p?",   false, false, 5 },
    { "p",    false, true,  5 },
    { "f-",   false, true,  1 },
};
/* clang-format on */

static struct json *result_of(char c)
{
    static const struct {
        char c;
        const char *json;
    } kinds[] = {
        {'p', "{\"verdict\":\"pass\"}"},
        {'f', "{\"verdict\":\"fail\",\"level\":\"must\"}"},
        {'e', "{\"verdict\":\"error\"}"},
        {'s', "{\"verdict\":\"skip\"}"},
        {'x', "{\"verdict\":\"xfail\",\"level\":\"should\"}"},
        {'X', "{\"verdict\":\"xpass\",\"level\":\"should\"}"},
        {'~', "{\"verdict\":\"flaky\"}"},
        {'w', "{\"verdict\":\"fail\",\"level\":\"should\"}"},
        {'m', "{\"verdict\":\"fail\",\"level\":\"may\"}"},
        {'?', "{\"verdict\":7}"},
    };
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (kinds[i].c == c) {
            return parsed(kinds[i].json);
        }
    }
    return NULL;
}

static void runs_add_up_to_an_exit_status(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(exit_rows); i++) {
        struct json *results[8];
        struct run_record run = {
            .results = results,
            .count = strlen(exit_rows[i].cases),
            .should_fails = exit_rows[i].should_fails,
            .is_interrupted = exit_rows[i].is_interrupted,
        };
        for (size_t k = 0; k < run.count; k++) {
            results[k] = result_of(exit_rows[i].cases[k]);
        }
        run_record_count(&run);
        size_t sum = 0;
        for (size_t v = 0; v < VERDICT_COUNT; v++) {
            sum += run.counts.by_verdict[v];
        }
        assert_int_equal(sum, run.counts.done);
        assert_int_equal(run.counts.selected, run.count);
        int got = run_record_exit_status(&run);
        if (got != exit_rows[i].want) {
            fail_msg("'%s': want %d, got %d", exit_rows[i].cases, exit_rows[i].want, got);
        }
        for (size_t k = 0; k < run.count; k++) {
            json_free(results[k]);
        }
    }
}

static void durations_are_whole_milliseconds(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        int64_t want;
    } rows[] = {
        {"{\"ms\":31}", 31},   {"{\"ms\":31.4}", 31},
        {"{\"ms\":31.5}", 32}, {"{}", 0},
        {"{\"ms\":-1}", 0},    {"{\"ms\":\"9\"}", 0},
        {"{\"ms\":0.2}", 0},   {"{\"ms\":1e300}", 1000000000000000},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct json *v = parsed(rows[i].json);
        assert_int_equal(result_ms(v), rows[i].want);
        json_free(v);
    }
    assert_int_equal(result_ms(NULL), 0);
    assert_int_equal(result_verdict(NULL), VERDICT_ERROR);
    assert_false(result_is_warning(NULL, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts_have_names),
        cmocka_unit_test(no_string_keeps_a_secret),
        cmocka_unit_test(a_list_shared_with_another_document_stays),
        cmocka_unit_test(runs_add_up_to_an_exit_status),
        cmocka_unit_test(durations_are_whole_milliseconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
