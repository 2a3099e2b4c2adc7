/* SPDX-License-Identifier: Apache-2.0 */
/* See logins.h. A file of JSON lines, rewritten as a whole under a lock and put in place at once.
 */
#include "check/logins.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "doc/json.h"
#include "doc/node.h"

enum { STATE_MAX = 4 * 1024 * 1024, PATH_MAX_OCTETS = 440 };

struct book {
    char path[PATH_MAX_OCTETS], fresh[PATH_MAX_OCTETS], lock_path[PATH_MAX_OCTETS];
    int lock;
    struct arena arena;
    struct buf kept;  /* the lines of this hour */
    unsigned count;   /* of the account */
    int64_t oldest_s; /* of them */
    size_t last_at;   /* where the last of them begins in kept */
};

static enum err io_error(const char *path, struct why *why)
{
    return why_set(why, ERR_IO, "%s: %s", path, strerror(errno));
}

static bool is_of(const struct json *line, const struct logins_account *account)
{
    return slice_eq_nocase_text(json_slice(json_get(line, "host")), account->host) &&
           json_to_int(json_get(line, "port")) == account->port &&
           slice_eq_nocase(json_slice(json_get(line, "user")), account->user);
}

/* Lines that cannot be read, or are of another hour (or of a clock that was wrong), are dropped. */
static void keep(struct book *b, struct slice text, const struct logins_account *account,
                 int64_t now_s)
{
    struct json *line = NULL;
    if (json_parse(text, &line, NULL) != ERR_OK) {
        return;
    }
    int64_t at = json_to_int(json_get(line, "at"));
    if (at > now_s - LOGINS_WINDOW_S && at <= now_s + LOGINS_WINDOW_S) {
        if (is_of(line, account)) {
            b->count++;
            b->oldest_s = b->count == 1 || at < b->oldest_s ? at : b->oldest_s;
            b->last_at = b->kept.n;
        }
        buf_add(&b->kept, text);
        buf_add_char(&b->kept, '\n');
    }
    json_free(line);
}

static enum err path_in(const char *folder, const char *name, char out[PATH_MAX_OCTETS],
                        struct why *why)
{
    int n = snprintf(out, PATH_MAX_OCTETS, "%s/%s", folder, name);
    return n > 0 && n < PATH_MAX_OCTETS
               ? ERR_OK
               : why_set(why, ERR_IO, "the path of the folder is too long: %.80s…", folder);
}

static enum err open_book(struct book *b, const struct logins_account *account, int64_t now_s,
                          struct why *why)
{
    struct slice text = {NULL, 0}, line;
    TRY(path_in(account->folder, "logins", b->path, why));
    TRY(path_in(account->folder, "logins.new", b->fresh, why));
    TRY(path_in(account->folder, "logins.lock", b->lock_path, why));
    b->lock = open(b->lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (b->lock < 0 || flock(b->lock, LOCK_EX) != 0) {
        return io_error(b->lock_path, why);
    }
    if (access(b->path, F_OK) == 0) {
        TRY(doc_read_file(b->path, STATE_MAX, &b->arena, &text, why));
    }
    while (slice_take_until(&text, '\n', &line)) {
        keep(b, line, account, now_s);
    }
    return ERR_OK;
}

static enum err save(const struct book *b, struct why *why)
{
    int fd = open(b->fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        return io_error(b->fresh, why);
    }
    bool is_written = b->kept.n == 0 || write(fd, b->kept.p, b->kept.n) == (ssize_t)b->kept.n;
    is_written = is_written && fsync(fd) == 0;
    is_written = close(fd) == 0 && is_written;
    if (!is_written || rename(b->fresh, b->path) != 0) {
        enum err err = io_error(b->fresh, why);
        unlink(b->fresh);
        return err;
    }
    return ERR_OK;
}

static void add(struct book *b, const struct logins_account *account, int64_t now_s)
{
    struct json *line = json_map();
    json_set(line, "at", json_int(now_s));
    json_set(line, "host", json_text(account->host));
    json_set(line, "port", json_int(account->port));
    json_set(line, "user", json_string(account->user));
    json_print(line, JSON_COMPACT, &b->kept);
    buf_add_char(&b->kept, '\n');
    json_free(line);
    b->count++;
}

static void book_init(struct book *b)
{
    *b = (struct book){.lock = -1};
    arena_init(&b->arena);
    buf_init(&b->kept, STATE_MAX);
}

static void book_release(struct book *b)
{
    if (b->lock >= 0) {
        close(b->lock); /* and with it the lock */
    }
    buf_release(&b->kept);
    arena_release(&b->arena);
}

enum err logins_take(const struct logins_account *account, int64_t now_s, unsigned max,
                     unsigned *used, struct why *why)
{
    struct book b;
    book_init(&b);
    enum err err = open_book(&b, account, now_s, why);
    if (err == ERR_OK && b.count >= max) {
        int64_t wait_s = b.oldest_s + LOGINS_WINDOW_S - now_s;
        err = why_set(why, ERR_LIMIT,
                      "%u logins of this account were not accepted within the last hour, and more "
                      "could lock it: the next one may be tried in %" PRId64 " minutes",
                      b.count, wait_s / 60 + 1);
    } else if (err == ERR_OK) {
        add(&b, account, now_s);
        *used = b.count;
        err = save(&b, why);
    }
    book_release(&b);
    return err;
}

enum err logins_give_back(const struct logins_account *account, int64_t now_s, struct why *why)
{
    struct book b;
    book_init(&b);
    enum err err = open_book(&b, account, now_s, why);
    if (err == ERR_OK && b.count != 0) {
        size_t end =
            b.last_at + slice_find_char(slice_from(buf_slice(&b.kept), b.last_at), '\n') + 1;
        memmove(b.kept.p + b.last_at, b.kept.p + end, b.kept.n - end);
        buf_truncate(&b.kept, b.kept.n - (end - b.last_at));
        err = save(&b, why);
    }
    book_release(&b);
    return err;
}
