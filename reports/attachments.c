/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transcripts beside the JUnit XML. Each file begins with a line of ours: only by it is a file
 * known as one that an earlier run left, and may be deleted.
 */
#include "reports/report.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "reports/report_case.h"

enum { FILE_MAX_BYTES = 1024 * 1024 };

static const char first_words[] = "smtpdx transcript of ";

static void add_line(const char *before, struct slice text, struct buf *out)
{
    buf_add_text(out, before);
    text_visible(text, TEXT_ONE_LINE, out);
    buf_add_char(out, '\n');
}

static void add_runs(const struct report_case *c, struct buf *out)
{
    const struct json *runs = json_get(c->result, "runs");
    for (size_t i = 0; json_kind(runs) == JSON_LIST && i < json_count(runs); i++) {
        const struct json *transcript = json_get(json_at(runs, i), "transcript");
        if (json_count(transcript) != 0) {
            buf_addf(out, "\nattempt %zu:\n", i + 1);
            report_add_transcript(transcript, out);
        }
    }
}

static void add_content(const struct report_case *c, struct buf *out)
{
    add_line(first_words, c->id, out);
    add_line("verdict: ", slice_of(verdict_slug(c->verdict)), out);
    if (c->verdict != VERDICT_PASS) {
        add_line("message: ", c->message, out);
        buf_add_char(out, '\n');
        text_visible(c->text, TEXT_KEEP_LINES, out);
    }
    if (json_count(json_get(c->result, "runs")) != 0) {
        add_runs(c, out);
    } else {
        buf_add_char(out, '\n');
        report_case_add_transcript(c, out);
    }
}

static enum err write_one(const struct report_case *c, const char *folder, struct why *why)
{
    struct buf path, content, capped;
    buf_init(&path, BUF_NO_CAP);
    buf_init(&content, BUF_NO_CAP);
    buf_init(&capped, BUF_NO_CAP);
    buf_addf(&path, "%s/", folder);
    report_attachment_name(c->id, &path);
    add_content(c, &content);
    report_add_at_most(buf_slice(&content), FILE_MAX_BYTES, &capped);
    enum err err = file_write_atomic(buf_text(&path), buf_slice(&capped), why);
    buf_release(&path);
    buf_release(&content);
    buf_release(&capped);
    return err;
}

enum err attachments_write(const struct run_record *run, const char *folder, struct why *why)
{
    bool has_folder = false;
    for (size_t i = 0; i < run->count; i++) {
        struct report_case c = report_case_at(run, i);
        if (!report_case_has_transcript(&c)) {
            continue;
        }
        if (!has_folder && mkdir(folder, 0777) != 0 && errno != EEXIST) {
            return why_set(why, ERR_IO, "making the folder %s: %s", folder, strerror(errno));
        }
        has_folder = true;
        TRY(write_one(&c, folder, why));
    }
    return ERR_OK;
}

/* A regular file whose first line is ours; what cannot be read is none of ours. */
static bool is_ours(int folder, const char *name)
{
    char head[sizeof first_words - 1];
    struct stat st;
    if (!slice_has_suffix(slice_of(name), SLICE(REPORT_ATTACHMENT_SUFFIX))) {
        return false;
    }
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        return false;
    }
    bool is_it = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
                 read(fd, head, sizeof head) == (ssize_t)sizeof head &&
                 memcmp(head, first_words, sizeof head) == 0;
    close(fd);
    return is_it;
}

enum err attachments_clear(const char *folder, struct why *why)
{
    DIR *d = opendir(folder);
    if (d == NULL) {
        return errno == ENOENT ? ERR_OK : why_set(why, ERR_IO, "%s: %s", folder, strerror(errno));
    }
    enum err err = ERR_OK;
    bool removed = false;
    for (const struct dirent *e = readdir(d); e != NULL && err == ERR_OK; e = readdir(d)) {
        if (!is_ours(dirfd(d), e->d_name)) {
            continue;
        }
        removed = true;
        if (unlinkat(dirfd(d), e->d_name, 0) != 0) {
            err = why_set(why, ERR_IO, "removing %s/%s of an earlier run: %s", folder, e->d_name,
                          strerror(errno));
        }
    }
    closedir(d);
    if (removed && err == ERR_OK) {
        (void)!rmdir(folder); /* stays when somebody else has something in it */
    }
    return err;
}
