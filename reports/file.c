/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes a file so that a reader sees the old one or the new one, never half of one: a CI system
 * collects reports while we may be killed. On any failure the temporary file goes away again.
 */
#include "reports/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAMES_TRIED = 100 };

/* clang-format off */
static const struct {
    int number;
    const char *advice;
} advices[] = {
    { ENOENT,  "create the folder first" },
    { ENOTDIR, "part of the path is a file; choose another path" },
    { EISDIR,  "this is a folder; give the name of a file in it" },
    { EACCES,  "make the folder writable, or choose another path" },
    { EPERM,   "make the folder writable, or choose another path" },
    { EROFS,   "the file system is read-only; choose another path" },
    { ENOSPC,  "the disk is full; make room, or choose another path" },
    { EDQUOT,  "the quota is used up; make room, or choose another path" },
    { EPIPE,   "whoever was to read it has gone" },
};
/* clang-format on */

enum err report_io_error(const char *what, const char *path, int number, struct why *why)
{
    const char *advice = NULL;
    for (size_t i = 0; i < COUNT(advices); i++) {
        advice = advices[i].number == number ? advices[i].advice : advice;
    }
    return why_set(why, ERR_IO, "%s %s: %s%s%s%s", what, path, strerror(number),
                   advice != NULL ? " (" : "", advice != NULL ? advice : "",
                   advice != NULL ? ")" : "");
}

/* 0, or what the system said. */
static int write_all(int fd, struct slice bytes)
{
    while (bytes.n != 0) {
        ssize_t n = write(fd, bytes.p, bytes.n);
        if (n < 0 && errno != EINTR) {
            return errno;
        }
        bytes = slice_from(bytes, n > 0 ? (size_t)n : 0);
    }
    return 0;
}

/* A device or a pipe: there is nothing to rename, and nothing to keep. */
static enum err write_through(const char *path, struct slice bytes, struct why *why)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        return report_io_error("opening", path, errno, why);
    }
    int number = write_all(fd, bytes);
    if (close(fd) != 0 && number == 0) {
        number = errno;
    }
    return number == 0 ? ERR_OK : report_io_error("writing", path, number, why);
}

/* Creates a file beside path; its name goes into *temporary, which the caller frees. */
static int open_beside(const char *path, char **temporary)
{
    size_t space = strlen(path) + 64;
    *temporary = mem_alloc(space);
    int fd = -1;
    for (int i = 0; i < NAMES_TRIED; i++) {
        snprintf(*temporary, space, "%s.%ld-%d.tmp", path, (long)getpid(), i);
        fd = open(*temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST) {
            break;
        }
    }
    return fd;
}

static enum err write_and_rename(const char *path, struct slice bytes, struct why *why)
{
    char *temporary;
    int fd = open_beside(path, &temporary);
    if (fd < 0) {
        int number = errno;
        free(temporary);
        return report_io_error("creating", path, number, why);
    }
    int number = write_all(fd, bytes);
    if (number == 0 && fsync(fd) != 0 && errno != EINVAL && errno != ENOSYS) {
        number = errno;
    }
    if (close(fd) != 0 && number == 0) {
        number = errno;
    }
    if (number == 0 && rename(temporary, path) != 0) {
        number = errno;
    }
    if (number != 0) {
        unlink(temporary);
    }
    free(temporary);
    return number == 0 ? ERR_OK : report_io_error("writing", path, number, why);
}

enum err file_write_atomic(const char *path, struct slice bytes, struct why *why)
{
    struct stat st;
    bool exists = stat(path, &st) == 0;
    if (exists && S_ISDIR(st.st_mode)) {
        return report_io_error("writing", path, EISDIR, why);
    }
    if (exists && !S_ISREG(st.st_mode)) {
        return write_through(path, bytes, why);
    }
    /* the file behind a link is replaced, not the link */
    char *real = exists ? realpath(path, NULL) : NULL;
    enum err err = write_and_rename(real != NULL ? real : path, bytes, why);
    free(real);
    return err;
}

enum err report_write_file(const struct report_format *format, const struct run_record *run,
                           const struct report_options *options, const char *path, struct why *why)
{
    struct buf out;
    buf_init(&out, BUF_NO_CAP);
    enum err err = format->write(run, options, &out, why);
    if (err == ERR_OK && out.is_full) {
        err = why_set(why, ERR_IO, "writing %s: the report is larger than 1 GiB", path);
    }
    if (err == ERR_OK && strcmp(path, "-") == 0) {
        int number = write_all(STDOUT_FILENO, buf_slice(&out));
        err = number == 0 ? ERR_OK : report_io_error("writing", "standard output", number, why);
    } else if (err == ERR_OK) {
        err = file_write_atomic(path, buf_slice(&out), why);
    }
    buf_release(&out);
    return err;
}
