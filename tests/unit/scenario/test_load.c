/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that must not load: each file of tests/selftest/load says in its first lines, as
 * "# expect: line:col: text", every error it must give, and no other may come.
 */
#include "scenario/spec.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define FOLDER "tests/selftest/load"

static struct registry *providers;

static int load_registry(void **state)
{
    (void)state;
    struct arena arena;
    struct doc_errors errors;
    struct why why;
    arena_init(&arena);
    doc_errors_init(&errors, &arena);
    enum err err = registry_load(NULL, &providers, &errors, &why);
    arena_release(&arena);
    return err == ERR_OK ? 0 : -1;
}

static int free_registry(void **state)
{
    (void)state;
    registry_free(providers);
    return 0;
}

/* "path:3:4: error: text" of every printed error becomes "# expect: 3:4: text"; the path is that of
 * the file or of one it includes. */
static void normalise(struct slice printed, struct buf *out)
{
    struct slice line;
    while (slice_take_until(&printed, '\n', &line)) {
        size_t at = slice_find(line, SLICE("error: "));
        if (!slice_has_prefix(line, SLICE(FOLDER "/")) || at == SIZE_MAX) {
            continue;
        }
        size_t path = slice_find_char(line, ':') + 1;
        struct slice place = slice_trim(slice_sub(line, path, at - path));
        buf_addf(out, "# expect: " SLICE_FMT "%s" SLICE_FMT "\n", SLICE_ARG(place),
                 place.n != 0 ? " " : "", SLICE_ARG(slice_from(line, at + 7)));
    }
}

static void expected(struct slice text, struct buf *out)
{
    struct slice line;
    while (slice_take_until(&text, '\n', &line) && slice_has_prefix(line, SLICE("# expect: "))) {
        buf_addf(out, SLICE_FMT "\n", SLICE_ARG(line));
    }
}

static bool check_file(const char *path)
{
    struct load_options options = {.providers = providers};
    struct suite_set *set = NULL;
    struct buf printed, got, want;
    struct arena arena;
    struct slice text;
    arena_init(&arena);
    buf_init(&printed, BUF_NO_CAP);
    buf_init(&got, BUF_NO_CAP);
    buf_init(&want, BUF_NO_CAP);
    assert_int_equal(doc_read_file(path, 1 << 20, &arena, &text, NULL), ERR_OK);
    enum err err = suites_load(&options, &path, 1, &set, &printed);
    assert_true((err == ERR_OK) == (set != NULL));
    normalise(buf_slice(&printed), &got);
    expected(text, &want);
    bool is_ok = err != ERR_OK && want.n != 0 && slice_eq(buf_slice(&got), buf_slice(&want));
    if (!is_ok) {
        print_error("%s:\ngot\n%swant\n%s", path, buf_text(&got), buf_text(&want));
    }
    if (set != NULL) {
        suites_free(set);
    }
    buf_release(&printed);
    buf_release(&got);
    buf_release(&want);
    arena_release(&arena);
    return is_ok;
}

static void test_broken_files(void **state)
{
    (void)state;
    DIR *folder = opendir(FOLDER);
    assert_non_null(folder);
    size_t files = 0, failed = 0;
    for (const struct dirent *e = readdir(folder); e != NULL; e = readdir(folder)) {
        if (!slice_has_suffix(slice_of(e->d_name), SLICE(".yaml")) || e->d_name[0] == '_') {
            continue;
        }
        char path[512];
        snprintf(path, sizeof path, FOLDER "/%s", e->d_name);
        files++;
        failed += !check_file(path);
    }
    closedir(folder);
    assert_true(files >= 80);
    assert_int_equal(failed, 0);
}

static void test_missing_path(void **state)
{
    (void)state;
    struct load_options options = {.providers = providers};
    struct suite_set *set = NULL;
    struct buf printed;
    buf_init(&printed, BUF_NO_CAP);
    const char *path = "tests/no-such-folder";
    assert_int_equal(suites_load(&options, &path, 1, &set, &printed), ERR_IO);
    assert_null(set);
    assert_string_equal(buf_text(&printed),
                        "tests/no-such-folder: error: No such file or directory\n");
    buf_release(&printed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_broken_files),
        cmocka_unit_test(test_missing_path),
    };
    return cmocka_run_group_tests(tests, load_registry, free_registry);
}
