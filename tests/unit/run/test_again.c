/* SPDX-License-Identifier: Apache-2.0 */
/* The command that repeats a case. Law: a shell reads every word back as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/again.h"

static const struct {
    const char *name, *text, *word;
} rows[] = {
    {"plain", "scenarios/a.yaml::one", "'scenarios/a.yaml::one'"},
    {"nothing", "", "''"},
    {"brackets", "a::t[x][y=z]", "'a::t[x][y=z]'"},
    {"a space", "a b", "'a b'"},
    {"what a shell would take for its own", "$HOME `id` $(id) \\ \" * ? ~ ! # & ; | < >", NULL},
    {"a quote", "qu'ote", "'qu'\\''ote'"},
    {"only quotes", "''", "''\\'''\\'''"},
    {"a line end", "new\nline", "$'new\\012line'"},
    {"a line end, a digit, a quote, a backslash", "\n7'\\", "$'\\0127\\'\\\\'"},
    {"an escape", "\x1b[31m\x7f", "$'\\033[31m\\177'"},
    {"beyond ASCII", "\xc3\xbcml\xc3\xa4ut", "'\xc3\xbcml\xc3\xa4ut'"},
};

static void words_as_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf out;
        buf_init(&out, BUF_NO_CAP);
        again_add_word(&out, slice_of(rows[i].text));
        if (rows[i].word != NULL && strcmp(buf_text(&out), rows[i].word) != 0) {
            fail_msg("%s: got %s, want %s", rows[i].name, buf_text(&out), rows[i].word);
        }
        buf_release(&out);
    }
}

static void a_shell_reads_them_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf command;
        buf_init(&command, BUF_NO_CAP);
        buf_add_text(&command, "exec bash <<'END'\nprintf %s ");
        again_add_word(&command, slice_of(rows[i].text));
        buf_add_text(&command, "\nEND\n");
        FILE *shell = popen(buf_text(&command), "r");
        assert_non_null(shell);
        char got[256];
        size_t n = fread(got, 1, sizeof got - 1, shell);
        got[n] = '\0';
        pclose(shell);
        if (strcmp(got, rows[i].text) != 0) {
            fail_msg("%s: a shell reads '%s' back as '%s'", rows[i].name, rows[i].text, got);
        }
        buf_release(&command);
    }
}

static void whole_commands(void **state)
{
    (void)state;
    static const struct {
        const char *options, *file, *name, *want;
    } commands[] = {
        {NULL, "a.yaml", "one[r]", "again: smtpdx run 'a.yaml::one[r]'\n"},
        {"", "a.yaml", "one", "again: smtpdx run 'a.yaml::one'\n"},
        {"--sim --strict", "a.yaml", "one", "again: smtpdx run --sim --strict 'a.yaml::one'\n"},
        {NULL, "-a.yaml", "one", "again: smtpdx run './-a.yaml::one'\n"},
    };
    for (size_t i = 0; i < COUNT(commands); i++) {
        struct spec_case spec = {.file = commands[i].file, .name = commands[i].name};
        struct buf out;
        buf_init(&out, BUF_NO_CAP);
        again_add(&out, commands[i].options, &spec);
        assert_string_equal(buf_text(&out), commands[i].want);
        buf_release(&out);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_as_written),
        cmocka_unit_test(a_shell_reads_them_back),
        cmocka_unit_test(whole_commands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
