/* SPDX-License-Identifier: Apache-2.0 */
/* Transcripts as files: which cases get one, how large it may be, and whose files are deleted. */
#include "fixture.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST = 1024 * 1024 };

static const char mark[] = "smtpdx transcript of ";

struct place {
    char top[64], folder[96];
};

static void place_init(struct place *p)
{
    snprintf(p->top, sizeof p->top, "/tmp/smtpdx-attachments-XXXXXX");
    assert_non_null(mkdtemp(p->top));
    snprintf(p->folder, sizeof p->folder, "%s/files", p->top);
}

static void put(const struct place *p, const char *name, const char *text)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", p->folder, name);
    assert_int_equal(file_write_atomic(path, slice_of(text), NULL), ERR_OK);
}

static bool is_there(const struct place *p, const char *name)
{
    char path[300];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", p->folder, name);
    return lstat(path, &st) == 0;
}

static size_t files_in(const struct place *p)
{
    DIR *d = opendir(p->folder);
    size_t n = 0;
    for (const struct dirent *e = d != NULL ? readdir(d) : NULL; e != NULL; e = readdir(d)) {
        n += e->d_name[0] != '.';
    }
    if (d != NULL) {
        closedir(d);
    }
    return n;
}

static void place_release(struct place *p)
{
    char command[200];
    snprintf(command, sizeof command, "rm -rf '%s'", p->top);
    assert_int_equal(system(command), 0);
}

static void every_transcript_gets_a_file(void **state)
{
    (void)state;
    struct place p;
    struct fixture f;
    struct why why;
    place_init(&p);
    fixture_read(&f);
    assert_int_equal(attachments_write(&f.run, p.folder, &why), ERR_OK);
    struct report_options options = {.attachments = "x"};
    char *xml = report_text("junit", &f.run, &options);
    size_t named = 0;
    for (const char *at = xml; (at = strstr(at, "[[ATTACHMENT|x/")) != NULL; named++) {
        char name[200];
        at += strlen("[[ATTACHMENT|x/");
        snprintf(name, sizeof name, "%.*s", (int)strcspn(at, "]"), at);
        assert_true(is_there(&p, name)); /* law: the XML names what is there, and nothing else is */
    }
    assert_true(named != 0);
    assert_int_equal(files_in(&p), named);
    free(xml);
    assert_int_equal(attachments_clear(p.folder, &why), ERR_OK);
    assert_false(is_there(&p, "")); /* the folder went with the last of them */
    fixture_release(&f);
    place_release(&p);
}

static void nothing_to_write_makes_no_folder(void **state)
{
    (void)state;
    struct place p;
    struct fixture f;
    struct why why;
    place_init(&p);
    fixture_init(
        &f, SLICE("{\"results\":[{\"id\":\"a::b\",\"verdict\":\"pass\"}],\"ids\":[\"a::b\"]}"));
    assert_int_equal(attachments_write(&f.run, p.folder, &why), ERR_OK);
    assert_false(is_there(&p, ""));
    assert_int_equal(attachments_clear(p.folder, &why), ERR_OK);
    fixture_release(&f);
    place_release(&p);
}

static void a_file_is_bounded(void **state)
{
    (void)state;
    struct place p;
    struct why why;
    place_init(&p);
    struct json *result = json_map(), *list = json_list();
    json_set(result, "id", json_text("a::b"));
    json_set(result, "verdict", json_text("fail"));
    char *long_text = mem_alloc(100001);
    memset(long_text, 'x', 100000);
    long_text[100000] = '\0';
    for (int i = 0; i < 40; i++) {
        struct json *line = json_map();
        json_set(line, "text", json_text(long_text));
        json_add(list, line);
    }
    json_set(result, "transcript", list);
    struct run_record run = {.results = &result, .count = 1};
    assert_int_equal(attachments_write(&run, p.folder, &why), ERR_OK);
    struct buf path;
    struct stat st;
    buf_init(&path, 300);
    buf_addf(&path, "%s/", p.folder);
    report_attachment_name(SLICE("a::b"), &path);
    assert_int_equal(stat(buf_text(&path), &st), 0);
    assert_true(st.st_size > MOST / 2 && st.st_size < MOST + 100);
    buf_release(&path);
    free(long_text);
    json_free(result);
    place_release(&p);
}

static void only_our_files_are_deleted(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool is_ours;
        bool has_mark;
    } rows[] = {
        {"a-0123456789abcdef.txt", true, true},
        {"notes.txt", false, false},
        {"a-0123456789abcdef.xml", false, true},
        {"empty.txt", false, false},
    };
    struct place p;
    struct why why;
    place_init(&p);
    assert_int_equal(mkdir(p.folder, 0777), 0);
    char text[100], link_path[200], folder_path[200];
    snprintf(text, sizeof text, "%sa::b\n", mark);
    for (size_t i = 0; i < COUNT(rows); i++) {
        put(&p, rows[i].name, rows[i].has_mark ? text : "something else that is long enough\n");
    }
    put(&p, "empty.txt", "");
    snprintf(link_path, sizeof link_path, "%s/link.txt", p.folder);
    assert_int_equal(symlink("a-0123456789abcdef.txt", link_path), 0);
    snprintf(folder_path, sizeof folder_path, "%s/folder.txt", p.folder);
    assert_int_equal(mkdir(folder_path, 0777), 0);
    assert_int_equal(attachments_clear(p.folder, &why), ERR_OK);
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (is_there(&p, rows[i].name) == rows[i].is_ours) {
            fail_msg("%s: %s", rows[i].name, rows[i].is_ours ? "stayed" : "went");
        }
    }
    assert_true(is_there(&p, "link.txt") && is_there(&p, "folder.txt"));
    place_release(&p);
}

static void what_cannot_be_done_is_said(void **state)
{
    (void)state;
    struct place p;
    struct fixture f;
    struct why why;
    char path[200];
    place_init(&p);
    fixture_read(&f);
    snprintf(path, sizeof path, "%s/no/such", p.top);
    assert_int_equal(attachments_write(&f.run, path, &why), ERR_IO);
    assert_non_null(strstr(why.text, path));
    assert_int_equal(attachments_clear(path, &why), ERR_OK); /* nothing there, nothing to do */
    assert_int_equal(file_write_atomic(p.folder, SLICE("a file\n"), &why), ERR_OK);
    assert_int_equal(attachments_clear(p.folder, &why), ERR_IO);
    assert_int_equal(attachments_write(&f.run, p.folder, &why), ERR_IO);
    fixture_release(&f);
    place_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_transcript_gets_a_file),
        cmocka_unit_test(nothing_to_write_makes_no_folder),
        cmocka_unit_test(a_file_is_bounded),
        cmocka_unit_test(only_our_files_are_deleted),
        cmocka_unit_test(what_cannot_be_done_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
