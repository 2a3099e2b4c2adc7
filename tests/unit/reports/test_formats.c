/* SPDX-License-Identifier: Apache-2.0 */
/* JSON, TAP, GitHub annotations and Markdown: golden files, escapes, caps. */
#include "fixture.h"

static const struct report_options plain = {.columns = 80};

static void golden_files(void **state)
{
    (void)state;
    static const struct {
        const char *format, *file;
    } rows[] = {
        {"json", "report.json"},
        {"tap", "report.tap"},
        {"github", "github.txt"},
        {"markdown", "summary.md"},
    };
    struct fixture f;
    fixture_read(&f);
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *text = report_text(rows[i].format, &f.run, &plain);
        compare_golden(rows[i].file, text);
        free(text);
    }
    fixture_release(&f);
}

static void formats_are_found_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < report_format_count; i++) {
        assert_ptr_equal(report_find(slice_of(report_formats[i].name)), &report_formats[i]);
        assert_int_equal(report_formats[i].suffix[0], '.');
    }
    assert_null(report_find(SLICE("JUNIT")));
    assert_null(report_find(SLICE("")));
}

/* n failures, every third one without a level, every fourth an error. */
static void many_init(struct fixture *f, size_t n)
{
    struct buf json;
    buf_init(&json, BUF_NO_CAP);
    buf_add_text(&json, "{\"ids\":[],\"results\":[");
    for (size_t i = 0; i < n; i++) {
        buf_addf(&json, "%s{\"id\":\"a::%zu\",\"verdict\":\"%s\",\"level\":\"%s\",\"text\":\"",
                 i != 0 ? "," : "", i, i % 4 == 3 ? "error" : "fail", i % 3 == 2 ? "" : "must");
        for (size_t k = 0; k < 200; k++) {
            buf_add_text(&json, "```` text \\u001b\\n");
        }
        buf_add_text(&json, "\"}");
    }
    buf_add_text(&json, "]}");
    fixture_init(f, buf_slice(&json));
    buf_release(&json);
}

static size_t count_of(const char *text, const char *part)
{
    size_t n = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part)) {
        n++;
    }
    return n;
}

static void github_shows_ten_and_says_how_many_more(void **state)
{
    (void)state;
    static const struct {
        size_t cases, lines;
        const char *last;
    } rows[] = {
        {0, 0, NULL},
        {1, 1, NULL},
        {10, 10, NULL},
        {11, 10, "and 2 more"},
        {400, 10, "and 391 more"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        many_init(&f, rows[i].cases);
        char *text = report_text("github", &f.run, &plain);
        assert_int_equal(count_of(text, "::error "), rows[i].lines);
        assert_int_equal(count_of(text, "\n"), rows[i].lines);
        assert_true(rows[i].last == NULL || strstr(text, rows[i].last) != NULL);
        const char *must_last = strstr(text, "a%3A%3A4"), *other = strstr(text, "a%3A%3A2");
        assert_true(other == NULL || must_last == NULL || must_last < other);
        free(text);
        fixture_release(&f);
    }
}

static void markdown_stays_under_a_mebibyte(void **state)
{
    (void)state;
    struct fixture f;
    many_init(&f, 1000);
    char *text = report_text("markdown", &f.run, &plain);
    assert_in_range(strlen(text), 500 * 1024, 1024 * 1024);
    assert_non_null(strstr(text, "\nand "));
    assert_int_equal(count_of(text, "\n`````text\n"), count_of(text, "<details>"));
    free(text);
    fixture_release(&f);
}

/* Strings that mean something to a format; what must not come out of it. */
static void nothing_starts_a_command_of_its_own(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(
        &f,
        SLICE("{\"ids\":[],\"interrupted\":true,\"results\":[{\"id\":\"a::b # SKIP\",\"verdict\":"
              "\"fail\",\"file\":\"x,y:z.yaml\",\"line\":3,\"message\":"
              "\"100%\\r\\n::error::x | <script>\\n1..9\\nok 7\","
              "\"text\":\"at x,y:z.yaml:33:72: here\\n::stop-commands::t\\nok 9\\n...\\n\"}]}"));
    char *text = report_text("github", &f.run, &plain);
    assert_string_equal(text, "::error file=x%2Cy%3Az.yaml,line=33,col=72,title=a%3A%3Ab # SKIP::"
                              "100%25\\r%0A::error::x | <script>%0A1..9%0Aok 7%0A"
                              "at x,y:z.yaml:33:72: here%0A::stop-commands::t%0Aok 9%0A...\n");
    free(text);
    text = report_text("tap", &f.run, &plain);
    assert_int_equal(count_of(text, "1..1\n"), 1);
    assert_non_null(strstr(text, "not ok 1 - a::b \\# SKIP\n"));
    assert_null(strstr(text, "\nok"));
    assert_null(strstr(text, "\n1..9"));
    assert_int_equal(count_of(text, "\n  ...\n"), 1);
    assert_non_null(strstr(text, "\nBail out! interrupted\n"));
    free(text);
    text = report_text("markdown", &f.run, &plain);
    assert_null(strstr(text, "<script>"));
    free(text);
    fixture_release(&f);
}

static void nothing_selected(void **state)
{
    (void)state;
    struct run_record run = {.ms = 0};
    run_record_count(&run);
    char *text = report_text("tap", &run, &plain);
    assert_string_equal(text, "TAP version 14\n1..0 # SKIP nothing selected\n");
    free(text);
    text = report_text("github", &run, &plain);
    assert_string_equal(text, "");
    free(text);
    text = report_text("json", &run, &plain);
    struct json *v;
    assert_int_equal(json_parse(slice_of(text), &v, NULL), ERR_OK);
    assert_int_equal(json_count(json_get(v, "results")), 0);
    json_free(v);
    free(text);
    text = report_text("markdown", &run, &plain);
    assert_non_null(strstr(text, "nothing was selected"));
    free(text);
}

static void json_holds_the_documents_as_they_are(void **state)
{
    (void)state;
    struct fixture f;
    fixture_read(&f);
    char *text = report_text("json", &f.run, &plain);
    struct json *v;
    assert_int_equal(json_parse(slice_of(text), &v, NULL), ERR_OK);
    assert_true(slice_eq_text(json_slice(json_get(v, "schema")), "smtpdx/run/1"));
    for (size_t i = 0; i < f.run.count; i++) {
        const struct json *got = json_at(json_get(v, "results"), i);
        assert_true(f.run.results[i] == NULL || json_eq(got, f.run.results[i]));
        assert_true(slice_eq_text(json_slice(json_get(got, "id")), f.run.ids[i]));
    }
    json_free(v);
    free(text);
    fixture_release(&f);
}

static void attachment_names_are_harmless_and_unique(void **state)
{
    (void)state;
    static const char *const ids[] = {"a::b",    "a__b", "a/:b",  "../../etc/passwd",
                                      ".hidden", "",     "\xff\n"};
    char *names[COUNT(ids)];
    for (size_t i = 0; i < COUNT(ids); i++) {
        struct buf name;
        buf_init(&name, 300);
        report_attachment_name(slice_of(ids[i]), &name);
        names[i] = buf_take(&name);
        assert_true(strchr(names[i], '/') == NULL && names[i][0] != '.');
        assert_int_equal(strspn(names[i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "0123456789-_."),
                         strlen(names[i]));
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(names[i], names[k]);
        }
    }
    for (size_t i = 0; i < COUNT(ids); i++) {
        free(names[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_files),
        cmocka_unit_test(formats_are_found_by_name),
        cmocka_unit_test(github_shows_ten_and_says_how_many_more),
        cmocka_unit_test(markdown_stays_under_a_mebibyte),
        cmocka_unit_test(nothing_starts_a_command_of_its_own),
        cmocka_unit_test(nothing_selected),
        cmocka_unit_test(json_holds_the_documents_as_they_are),
        cmocka_unit_test(attachment_names_are_harmless_and_unique),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
