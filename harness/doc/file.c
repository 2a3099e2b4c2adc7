/* SPDX-License-Identifier: Apache-2.0 */
/* The one place where a document is read from disk. */
#include "doc/node.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static enum err why_file(struct why *why, enum err err, const char *path, const char *text)
{
    (void)why_set(why, err, "%s: %s", path, text);
    return why_at(why, err, path, 0, 0);
}

/* One octet more than allowed is asked for, so that a file that grew is noticed too. */
static enum err read_all(FILE *f, const char *path, size_t max, struct buf *out, struct why *why)
{
    struct stat st;
    if (fstat(fileno(f), &st) == 0 && S_ISDIR(st.st_mode)) {
        return why_file(why, ERR_IO, path, strerror(EISDIR));
    }
    char block[16384];
    size_t n = 0;
    while (out->n <= max && (n = fread(block, 1, sizeof block, f)) != 0) {
        buf_add(out, slice_make(block, n));
    }
    if (ferror(f)) {
        return why_file(why, ERR_IO, path, strerror(errno));
    }
    if (out->n > max) {
        (void)why_set(why, ERR_LIMIT, "%s: larger than %zu bytes", path, max);
        return why_at(why, ERR_LIMIT, path, 0, 0);
    }
    return ERR_OK;
}

enum err doc_read_file(const char *path, size_t max, struct arena *arena, struct slice *out,
                       struct why *why)
{
    FILE *f = fopen(path, "rbe");
    if (f == NULL) {
        return why_file(why, ERR_IO, path, strerror(errno));
    }
    struct buf b;
    buf_init(&b, BUF_NO_CAP);
    enum err err = read_all(f, path, max, &b, why);
    if (err == ERR_OK) {
        *out = arena_copy(arena, buf_slice(&b));
    }
    buf_release(&b);
    fclose(f);
    return err;
}
