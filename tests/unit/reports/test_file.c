/* SPDX-License-Identifier: Apache-2.0 */
/* Files are written whole or not at all, and nothing is left over; the system's reason is passed
 * on. */
#include "fixture.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static const char *in_folder(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int begin(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/smtpdx-file-XXXXXX");
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static size_t files_in_folder(void)
{
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    size_t n = 0;
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        n += e->d_name[0] != '.' ? 1 : 0;
    }
    closedir(dir);
    return n;
}

static int end(void **state)
{
    (void)state;
    DIR *dir = opendir(folder);
    for (struct dirent *e = dir != NULL ? readdir(dir) : NULL; e != NULL; e = readdir(dir)) {
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            unlink(in_folder(e->d_name));
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return rmdir(folder);
}

static void wants_content(const char *path, struct slice want)
{
    struct arena arena;
    struct slice got;
    arena_init(&arena);
    assert_int_equal(doc_read_file(path, 1 << 20, &arena, &got, NULL), ERR_OK);
    assert_true(slice_eq(got, want));
    arena_release(&arena);
}

static void a_file_is_replaced_whole(void **state)
{
    (void)state;
    assert_int_equal(file_write_atomic(in_folder("a.xml"), SLICE("old, and longer"), NULL), ERR_OK);
    assert_int_equal(file_write_atomic(in_folder("a.xml"), SLICE("new\0!"), NULL), ERR_OK);
    wants_content(in_folder("a.xml"), SLICE("new\0!"));
    assert_int_equal(file_write_atomic(in_folder("empty"), slice_of(""), NULL), ERR_OK);
    wants_content(in_folder("empty"), slice_of(""));
    assert_int_equal(files_in_folder(), 2);
}

static void the_file_behind_a_link_is_replaced(void **state)
{
    (void)state;
    char target[512];
    snprintf(target, sizeof target, "%s", in_folder("target"));
    assert_int_equal(file_write_atomic(target, SLICE("1"), NULL), ERR_OK);
    assert_int_equal(symlink(target, in_folder("link")), 0);
    assert_int_equal(file_write_atomic(in_folder("link"), SLICE("2"), NULL), ERR_OK);
    wants_content(target, SLICE("2"));
    struct stat st;
    assert_int_equal(lstat(in_folder("link"), &st), 0);
    assert_true(S_ISLNK(st.st_mode));
}

static void a_full_disk_and_bad_paths_say_what_to_do(void **state)
{
    (void)state;
    static const struct {
        const char *name, *path, *said, *advice;
    } rows[] = {
        {"full device", "/dev/full", "No space left", "make room"},
        {"no folder", "/nonexistent/smtpdx/a.xml", "No such file", "create the folder"},
        {"a folder", "/tmp", "Is a directory", "name of a file"},
        {"a file in the path", "/dev/null/a.xml", "Not a directory", "another path"},
        {"read-only", "/proc/smtpdx.xml", "", ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct why why;
        enum err err = file_write_atomic(rows[i].path, SLICE("text"), &why);
        if (err != ERR_IO || strstr(why.text, rows[i].path) == NULL ||
            strstr(why.text, rows[i].said) == NULL || strstr(why.text, rows[i].advice) == NULL) {
            fail_msg("%s: %d %s", rows[i].name, err, why.text);
        }
    }
    assert_int_equal(file_write_atomic("/dev/null", SLICE("text"), NULL), ERR_OK);
}

static void a_folder_without_permission(void **state)
{
    (void)state;
    if (geteuid() == 0) {
        skip(); /* root may write everywhere */
    }
    size_t before = files_in_folder();
    assert_int_equal(chmod(folder, 0500), 0);
    struct why why;
    assert_int_equal(file_write_atomic(in_folder("b.xml"), SLICE("text"), &why), ERR_IO);
    assert_non_null(strstr(why.text, "writable"));
    assert_int_equal(chmod(folder, 0700), 0);
    assert_int_equal(files_in_folder(), before);
}

/* The disk is full half-way: a limit on the size of files does the same as a small disk. */
static void a_half_written_file_goes_away(void **state)
{
    (void)state;
    assert_int_equal(file_write_atomic(in_folder("kept.xml"), SLICE("old"), NULL), ERR_OK);
    size_t before = files_in_folder();
    struct rlimit old, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = (struct rlimit){.rlim_cur = 10, .rlim_max = old.rlim_max};
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    struct why why;
    enum err err = file_write_atomic(in_folder("kept.xml"), SLICE("more than ten octets"), &why);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(err, ERR_IO);
    assert_non_null(strstr(why.text, "File too large"));
    assert_int_equal(files_in_folder(), before);
    wants_content(in_folder("kept.xml"), SLICE("old"));
}

static void a_name_too_long_for_a_temporary_file(void **state)
{
    (void)state;
    size_t before = files_in_folder();
    char name[255];
    memset(name, 'a', sizeof name);
    name[254] = '\0';
    assert_int_equal(file_write_atomic(in_folder(name), SLICE("text"), NULL), ERR_IO);
    assert_int_equal(files_in_folder(), before);
}

static void reports_are_written_to_files(void **state)
{
    (void)state;
    struct fixture f;
    fixture_read(&f);
    struct report_options options = {.is_strict = false};
    struct why why;
    const struct report_format *junit = report_find(SLICE("junit"));
    assert_int_equal(report_write_file(junit, &f.run, &options, in_folder("TEST.xml"), &why),
                     ERR_OK);
    char *text = report_text("junit", &f.run, &options);
    wants_content(in_folder("TEST.xml"), slice_of(text));
    free(text);
    assert_int_equal(report_write_file(junit, &f.run, &options, "/dev/full", &why), ERR_IO);
    fixture_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_replaced_whole),
        cmocka_unit_test(the_file_behind_a_link_is_replaced),
        cmocka_unit_test(a_full_disk_and_bad_paths_say_what_to_do),
        cmocka_unit_test(a_folder_without_permission),
        cmocka_unit_test(a_half_written_file_goes_away),
        cmocka_unit_test(a_name_too_long_for_a_temporary_file),
        cmocka_unit_test(reports_are_written_to_files),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
