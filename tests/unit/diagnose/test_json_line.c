/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence from a line of JSON, and the answer. The law: the answer says what diagnosis_to_json
 * says, key by key, for every row of the regression set.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "diagnose/json_line.h"

static struct registry *registry;
static struct mapper *mapper;
static struct json_line *line;

static int set_up(void **state)
{
    struct arena arena;
    struct doc_errors errors;
    (void)state;
    arena_init(&arena);
    doc_errors_init(&errors, &arena);
    must(registry_load(NULL, &registry, &errors, NULL) == ERR_OK);
    must(mapper_new(registry, &mapper, NULL) == ERR_OK);
    arena_release(&arena);
    line = mem_alloc(sizeof *line);
    json_line_init(line, registry);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    json_line_release(line);
    free(line);
    mapper_free(mapper);
    registry_free(registry);
    return 0;
}

static void test_all_evidence(void **state)
{
    struct evidence given = {.stage = STAGE_MAIL};
    (void)state;
    assert_int_equal(
        json_line_read(
            line,
            SLICE(
                "{\"id\":7,\"provider\":\"gmail\",\"stage\":\"auth\",\"reply\":\"535-a\\n535 b\","
                "\"credential\":\"oauth2\",\"mechanism\":\"XOAUTH2\",\"user\":\"j\\u0061ne\","
                "\"fault\":\"connection_lost\",\"detail\":\"d\",\"host\":\"h\",\"greeting\":\"g\","
                "\"offered_clear\":[\"SIZE\"],\"offered_tls\":[\"AUTH PLAIN\",\"SIZE \\u0031\"],"
                "\"certificate_names\":[\"a.test\",\"*.b.test\"],"
                "\"error_document\":\"{}\",\"inside_tls\":true,\"auth_sent\":true,"
                "\"auth_accepted\":false,\"token\":\"a.b.c\",\"claims\": {\"aud\":\"x\"} "
                ",\"now\":1795776000}"),
            &given, NULL),
        ERR_OK);
    const struct evidence *e = &line->evidence;
    assert_string_equal(e->provider->name, "gmail");
    assert_int_equal(e->stage, STAGE_AUTH);
    assert_int_equal(e->fault, FAULT_CONNECTION_LOST);
    assert_int_equal(e->credential, CREDENTIAL_OAUTH2);
    assert_true(slice_eq_text(e->reply, "535-a\n535 b"));
    assert_true(slice_eq_text(e->mechanism, "XOAUTH2"));
    assert_true(slice_eq_text(e->username, "jane"));
    assert_true(slice_eq_text(e->detail, "d") && slice_eq_text(e->host, "h"));
    assert_true(slice_eq_text(e->greeting, "g") && slice_eq_text(e->error_document, "{}"));
    assert_int_equal(e->offered_clear_count, 1);
    assert_int_equal(e->offered_tls_count, 2);
    assert_true(slice_eq_text(e->offered_tls[1], "SIZE 1"));
    assert_int_equal(e->certificate_name_count, 2);
    assert_true(slice_eq_text(e->certificate_names[1], "*.b.test"));
    assert_true(e->inside_tls && e->auth_sent && !e->auth_accepted);
    assert_true(slice_eq_text(e->secret, "a.b.c"));
    assert_true(slice_eq_text(e->claims, "{\"aud\":\"x\"}"));
    assert_int_equal(e->now_s, 1795776000);
}

/* As rows of the regression set have it. */
static void test_claims_as_text(void **state)
{
    (void)state;
    assert_int_equal(json_line_read(line,
                                    SLICE("{\"reply\":\"535 no\",\"claims\":\"{\\\"aud\\\":1}\"}"),
                                    &(struct evidence){0}, NULL),
                     ERR_OK);
    assert_true(slice_eq_text(line->evidence.claims, "{\"aud\":1}"));
}

static void test_what_is_given_stays(void **state)
{
    struct evidence given = {.stage = STAGE_AUTH,
                             .provider = registry_find(registry, SLICE("gmail"))};
    (void)state;
    assert_int_equal(
        json_line_read(line, SLICE("{\"reply\":\"535\",\"stage\":null}"), &given, NULL), ERR_OK);
    assert_int_equal(line->evidence.stage, STAGE_AUTH);
    assert_ptr_equal(line->evidence.provider, given.provider);
    assert_int_equal(
        json_line_read(line, SLICE("{\"provider\":\"nobody\",\"reply\":\"535\"}"), &given, NULL),
        ERR_OK);
    assert_null(line->evidence.provider);
    assert_true(slice_eq_text(line->unknown_provider, "nobody"));
}

static const struct bad_row {
    const char *text;
    enum err want;
    const char *says;
} bad_rows[] = {
    {"{\"id\":1,\"stage\":\"auht\"}", ERR_INVALID, "unknown stage 'auht' (did you mean 'auth'?)"},
    {"{\"id\":1,\"credential\":\"oauth\"}", ERR_INVALID,
     "unknown credential 'oauth' (did you mean 'oauth2'?)"},
    {"{\"id\":1,\"fault\":\"DNS_FAILUR\"}", ERR_INVALID,
     "unknown fault 'DNS_FAILUR' (did you mean 'DNS_FAILURE'?)"},
    {"{\"id\":1,\"reply\":535}", ERR_INVALID, "\"reply\" wants a string"},
    {"{\"id\":1,\"inside_tls\":1}", ERR_INVALID, "\"inside_tls\" wants true or false"},
    {"{\"id\":1,\"offered_tls\":\"SIZE\"}", ERR_INVALID, "\"offered_tls\" wants a list"},
    {"{\"id\":1,\"token\":{}}", ERR_INVALID, "\"token\" wants a string"},
    {"{\"id\":1,\"claims\":\"[]\"}", ERR_INVALID, "\"claims\" wants an object"},
    {"{\"id\":1,\"claims\":\"{\"}", ERR_INVALID, "\"claims\" wants an object"},
    {"{\"id\":1,\"claims\":[]}", ERR_INVALID, "\"claims\" wants an object"},
    {"{\"id\":1,\"now\":1.5}", ERR_INVALID, "\"now\" wants whole seconds since 1970"},
    {"{\"id\":1,\"now\":-1}", ERR_INVALID, "\"now\" wants whole seconds since 1970"},
    {"{\"id\":1,\"now\":9223372036854775808}", ERR_INVALID,
     "\"now\" wants whole seconds since 1970"},
    {"{\"id\":1,\"reply\":\"x}", ERR_SYNTAX, "the string does not end"},
};

static void test_bad_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bad_rows); i++) {
        struct why why = {.line = 0};
        struct buf out;
        buf_init(&out, 1000);
        assert_int_equal(
            json_line_read(line, slice_of(bad_rows[i].text), &(struct evidence){0}, &why),
            bad_rows[i].want);
        assert_string_equal(why.text, bad_rows[i].says);
        buf_add_char(&out, '{');
        json_line_add_kept(line, &out);
        assert_string_equal(buf_text(&out), "{\"id\":1");
        buf_release(&out);
    }
}

static void test_own_keys_are_kept(void **state)
{
    struct buf out;
    (void)state;
    buf_init(&out, 1000);
    assert_int_equal(
        json_line_read(line,
                       SLICE("{\"id\":[1,{\"x\":null}],\"token\":\"t\",\"claims\":{},\"now\":1,"
                             "\"user\":\"jane\",\"cause\":\"mine\",\"reply\":\"250\","
                             "\"n\\u00e4me\":\"gr\xfc\xdf\"}"),
                       &(struct evidence){0}, NULL),
        ERR_OK);
    buf_add_char(&out, '{');
    json_line_add_kept(line, &out);
    assert_string_equal(buf_text(&out),
                        "{\"id\":[1,{\"x\":null}],\"n\\u00e4me\":\"gr\\\\xfc\\\\xdf\"");
    buf_release(&out);
}

static void check_answer(const struct diagnosis *d, unsigned number)
{
    struct json *want = json_map(), *got = NULL, *value;
    struct buf out;
    const char *key;
    buf_init(&out, BUF_NO_CAP);
    diagnosis_to_json(d, want);
    buf_add_char(&out, '{');
    json_line_add_diagnosis(d, &out);
    buf_add_char(&out, '}');
    assert_int_equal(json_parse(buf_slice(&out), &got, NULL), ERR_OK);
    for (size_t i = 0; json_pair(want, i, &key, &value); i++) {
        if (!json_eq(json_get(got, key), value)) {
            fail_msg("line %u: %s differs in %s", number, key, buf_text(&out));
        }
    }
    json_free(want);
    json_free(got);
    buf_release(&out);
}

static void test_answers(void **state)
{
    struct arena files, arena;
    struct slice rest, text;
    unsigned n = 0;
    (void)state;
    arena_init(&files);
    assert_int_equal(doc_read_file(SMTPDX_SOURCE_DIR "/tests/data/replies-basic.jsonl", 1 << 20,
                                   &files, &rest, NULL),
                     ERR_OK);
    while (slice_take_until(&rest, '\n', &text)) {
        struct diagnosis d;
        arena_init(&arena);
        assert_int_equal(json_line_read(line, text, &(struct evidence){0}, NULL), ERR_OK);
        mapper_diagnose(mapper, &line->evidence, &arena, &d);
        check_answer(&d, ++n);
        arena_release(&arena);
    }
    assert_true(n > 100);
    arena_release(&files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_evidence),        cmocka_unit_test(test_claims_as_text),
        cmocka_unit_test(test_what_is_given_stays), cmocka_unit_test(test_bad_lines),
        cmocka_unit_test(test_own_keys_are_kept),   cmocka_unit_test(test_answers),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
