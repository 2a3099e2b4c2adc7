/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console. Laws: elsewhere than on a terminal there is no control character; on a terminal no
 * progress line reaches the last column, whatever the width, and the last one is taken away.
 */
#include "fixture.h"

#include <unistd.h>

#include "base/text.h"

/* Plays a run into a temporary file and gives back what was written. */
static char *play(const struct run_record *run, const struct report_options *options)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    struct console *c = console_new(options, fileno(file));
    static const struct console_written written[] = {
        {"JUnit", "TEST-smtpdx.xml"}, {"JSON", "out/report.json"}, {"TAP", "-"}};
    console_start(c, run->count, "sockets");
    for (size_t i = 0; i < run->count; i++) {
        console_case_start(c, run->ids[i]);
        if (i % 2 == 1) { /* two at a time, which end in the order of their start */
            for (size_t k = i - 1; k <= i; k++) {
                if (run->results[k] != NULL) {
                    console_result(c, NULL, run->results[k]);
                }
            }
        }
    }
    if (run->count % 2 == 1 && run->results[run->count - 1] != NULL) {
        console_result(c, NULL, run->results[run->count - 1]);
    }
    console_finish(c, run, written, COUNT(written));
    console_free(c);
    struct buf text;
    buf_init(&text, BUF_NO_CAP);
    char part[4096];
    rewind(file);
    for (size_t n = fread(part, 1, sizeof part, file); n != 0;
         n = fread(part, 1, sizeof part, file)) {
        buf_add(&text, slice_make(part, n));
    }
    fclose(file);
    return buf_take(&text);
}

static void golden_files(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        struct report_options options;
    } rows[] = {
        {"console-pipe.txt", {.columns = 80}},
        {"console-pipe-verbose.txt", {.is_verbose = true}},
        {"console-pipe-colour.txt", {.has_colour = true}},
        {"console-terminal-60.txt", {.is_terminal = true, .columns = 60}},
        {"console-terminal-120.txt", {.is_terminal = true, .has_colour = true, .columns = 120}},
    };
    struct fixture f;
    fixture_read(&f);
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *text = play(&f.run, &rows[i].options);
        compare_golden(rows[i].file, text);
        free(text);
    }
    fixture_release(&f);
}

static void a_pipe_gets_no_control_characters(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(
        &f,
        SLICE(
            "{\"ids\":[\"a::\\u001b[2Jb\"],\"results\":[{\"id\":\"a::\\u001b[2Jb\",\"level\":"
            "\"\\u0007\",\"verdict\":\"fail\",\"text\":\"\\u001b]0;x\\u0007 \\r\\n\\u202e \"}]}"));
    struct report_options options = {.is_verbose = true};
    char *text = play(&f.run, &options);
    for (const char *p = text; *p != '\0'; p++) {
        assert_true((unsigned char)*p >= 0x20 || *p == '\n');
    }
    assert_non_null(strstr(text, "FAIL a::\\x1b[2Jb  [\\x07]  0.000s\n"));
    assert_non_null(strstr(text, "  \\x1b]0;x\\x07 \\r\n  \\u{202E} \n"));
    free(text);
    fixture_release(&f);
}

/* The columns of a line: without escape sequences. */
static size_t columns_of(struct slice line)
{
    size_t escapes = 0;
    for (size_t i = 0; i + 2 < line.n; i++) {
        escapes += slice_has_prefix(slice_from(line, i), SLICE("\x1b[K")) ? 3 : 0;
    }
    return text_columns(line) - escapes;
}

static void progress_never_reaches_the_last_column(void **state)
{
    (void)state;
    struct buf json;
    buf_init(&json, BUF_NO_CAP);
    buf_add_text(&json, "{\"results\":[");
    for (size_t i = 0; i < 30; i++) {
        buf_addf(&json, "%s{\"id\":\"s::%zu\",\"verdict\":\"%s\"}", i != 0 ? "," : "", i, "pass");
    }
    buf_add_text(&json, "],\"ids\":[");
    for (size_t i = 0; i < 30; i++) {
        buf_addf(&json, "%s\"s::%zu\"", i != 0 ? "," : "", i);
    }
    buf_add_text(&json, "]}");
    struct fixture f;
    fixture_init(&f, buf_slice(&json));
    f.run.ids = mem_alloc(f.run.count * sizeof *f.run.ids);
    for (size_t i = 0; i < f.run.count; i++) {
        ((const char **)(uintptr_t)f.run.ids)[i] =
            "wide/\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87::a-name-that-is-longer-than-any-"
            "terminal-is-wide-and-goes-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on";
    }
    for (unsigned columns = 1; columns <= 220; columns++) {
        struct report_options options = {.is_terminal = true, .columns = columns};
        char *text = play(&f.run, &options);
        char *last = strrchr(text, '\r');
        assert_non_null(last);
        assert_int_equal(strncmp(last, "\r\x1b[K30 cases: 30 passed in 0 ms", 31), 0);
        bool has_bar = false;
        struct slice rest = slice_make(text, (size_t)(last - text)), line;
        while (slice_take_until(&rest, '\r', &line)) {
            assert_true(columns_of(line) < columns);
            has_bar = has_bar || slice_find(line, SLICE("  [")) != SIZE_MAX;
        }
        assert_int_equal(has_bar, columns >= 1 + 4 + 7 + 24 + 10);
        free(text);
    }
    free((void *)(uintptr_t)f.run.ids);
    fixture_release(&f);
    buf_release(&json);
}

static void thousands_of_cases_draw_hundreds_of_lines(void **state)
{
    (void)state;
    enum { CASES = 10000 };
    struct json *pass = json_map();
    json_set(pass, "verdict", json_text("pass"));
    struct json **results = mem_alloc(CASES * sizeof *results);
    const char **ids = mem_alloc(CASES * sizeof *ids);
    for (size_t i = 0; i < CASES; i++) {
        results[i] = pass;
        ids[i] = "a::b";
    }
    struct run_record run = {.results = results, .ids = ids, .count = CASES, .ms = 1900};
    run_record_count(&run);
    struct report_options options = {.is_terminal = true, .columns = 80};
    char *text = play(&run, &options);
    assert_in_range(strlen(text), 10000, 100000);
    free(text);
    options.is_terminal = false;
    text = play(&run, &options);
    assert_string_equal(
        text, "  1000/10000\n  2000/10000\n  3000/10000\n  4000/10000\n"
              "  5000/10000\n  6000/10000\n  7000/10000\n  8000/10000\n"
              "  9000/10000\n10000 cases: 10000 passed in 1.9 s"
              "   JUnit: TEST-smtpdx.xml   JSON: out/report.json   TAP: standard output\n");
    free(text);
    free(results);
    free(ids);
    json_free(pass);
}

static void a_strict_run_calls_a_warning_a_failure(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f, SLICE("{\"ids\":[\"a::b\"],\"results\":[{\"id\":\"a::b\",\"verdict\":\"fail\","
                           "\"level\":\"should\",\"message\":\"m\",\"ms\":7}]}"));
    struct report_options options = {.columns = 80};
    char *text = play(&f.run, &options);
    assert_string_equal(
        text, "WARN a::b  [should]  0.007s\n  m\n\n1 case: 0 passed, 1 with a warning "
              "in 0 ms   JUnit: TEST-smtpdx.xml   JSON: out/report.json   TAP: standard output\n");
    free(text);
    options.should_fails = f.run.should_fails = true;
    run_record_count(&f.run);
    text = play(&f.run, &options);
    assert_string_equal(
        text, "FAIL a::b  [should]  0.007s\n  m\n\n1 case: 0 passed, 1 failed "
              "in 0 ms   JUnit: TEST-smtpdx.xml   JSON: out/report.json   TAP: standard output\n");
    free(text);
    fixture_release(&f);
}

static void a_closed_reader_is_no_failure(void **state)
{
    (void)state;
    struct fixture f;
    fixture_read(&f);
    struct report_options options = {.columns = 80};
    struct console *c = console_new(&options, -1);
    console_start(c, 1, "sockets");
    console_result(c, NULL, f.run.results[1]);
    console_finish(c, &f.run, NULL, 0);
    console_free(c);
    console_free(NULL);
    fixture_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_files),
        cmocka_unit_test(a_pipe_gets_no_control_characters),
        cmocka_unit_test(progress_never_reaches_the_last_column),
        cmocka_unit_test(thousands_of_cases_draw_hundreds_of_lines),
        cmocka_unit_test(a_strict_run_calls_a_warning_a_failure),
        cmocka_unit_test(a_closed_reader_is_no_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
