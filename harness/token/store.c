/* SPDX-License-Identifier: Apache-2.0 */
/* See store.h. The file is two lines: a head in clear, bound to what follows, and the sealed
 * entries. */
#include "token/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/codec.h"
#include "doc/json.h"
#include "net/seal.h"

enum { FILE_MAX = 16 * 1024 * 1024, LOOK_MS = 20, KEY_FILE_MIN = 32 };

#define FORM "smtpdx/tokens/1"

struct token_store {
    char *path, *lock_path;
    int lock;
    struct seal_key key;
    bool has_passphrase;
    unsigned log_n;
    unsigned char salt[SEAL_SALT];
    struct json *entries; /* map: name -> entry */
};

static const char *const texts[] = {"provider",      "user",          "grant",   "token_url",
                                    "client_id",     "client_secret", "scope",   "access_token",
                                    "refresh_token", "key_path",      "audience"};

/* The fields of an entry that are texts, in the order of `texts`. */
static void fields_of(struct token_entry *e, const char **fields[COUNT(texts)])
{
    const char **const list[] = {&e->provider,  &e->user,         &e->grant,
                                 &e->token_url, &e->client_id,    &e->client_secret,
                                 &e->scope,     &e->access_token, &e->refresh_token,
                                 &e->key_path,  &e->audience};
    memcpy(fields, list, sizeof list);
}

/* ---- the lock ---- */

static enum err take_lock(struct token_store *s, int patience_ms, struct why *why)
{
    s->lock = open(s->lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (s->lock < 0) {
        return why_set(why, ERR_IO, "%s: %s", s->lock_path, strerror(errno));
    }
    for (int waited = 0; flock(s->lock, LOCK_EX | LOCK_NB) != 0; waited += LOOK_MS) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return why_set(why, ERR_IO, "%s: %s", s->lock_path, strerror(errno));
        }
        if (waited >= patience_ms) {
            return why_set(why, ERR_LIMIT, "%s is in use by another process", s->path);
        }
        nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000L}, NULL);
    }
    return ERR_OK;
}

/* ---- reading ---- */

static enum err not_ours(const struct token_store *s, const char *what, struct why *why)
{
    return why_set(why, ERR_INVALID, "%s: %s; it is left as it is", s->path, what);
}

static enum err read_file(struct token_store *s, struct buf *out, struct why *why)
{
    struct stat st;
    char block[16384];
    ssize_t n = 0;
    int fd = open(s->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return why_set(why, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s: %s", s->path,
                       strerror(errno));
    }
    bool is_file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    bool is_private = is_file && (st.st_mode & (S_IRWXG | S_IRWXO)) == 0;
    while (is_private && (n = read(fd, block, sizeof block)) > 0) {
        buf_add(out, slice_make(block, (size_t)n));
    }
    close(fd);
    if (!is_file) {
        return not_ours(s, "it is no file", why);
    }
    if (!is_private) {
        return not_ours(s, "others can read it: chmod 600", why);
    }
    return n < 0          ? why_set(why, ERR_IO, "%s: %s", s->path, strerror(errno))
           : out->is_full ? not_ours(s, "it is larger than a store of tokens can be", why)
                          : ERR_OK;
}

/* Octets of a text in hex; false when there are not exactly n of them. */
static bool read_hex(const struct json *head, const char *key, unsigned char *out, size_t n)
{
    struct buf octets;
    buf_init(&octets, 256);
    bool is_good = hex_decode(json_slice(json_get(head, key)), &octets) && octets.n == n;
    if (is_good) {
        memcpy(out, octets.p, n);
    }
    buf_release(&octets);
    return is_good;
}

static enum err make_key(struct token_store *s, const struct token_store_key *key, struct why *why)
{
    s->has_passphrase = key->file.n == 0;
    if (!s->has_passphrase && key->file.n < KEY_FILE_MIN) {
        return why_set(why, ERR_INVALID,
                       "a key file holds at least %d octets: head -c 32 /dev/urandom",
                       KEY_FILE_MIN);
    }
    if (!s->has_passphrase) {
        seal_key_from_octets(key->file, &s->key);
        return ERR_OK;
    }
    if (key->passphrase.n == 0) {
        return why_set(why, ERR_INVALID, "the passphrase of the store is empty");
    }
    return seal_key_from_passphrase(key->passphrase, s->salt, s->log_n, &s->key, why);
}

static enum err read_head(struct token_store *s, struct slice line,
                          const struct token_store_key *key, unsigned char nonce[SEAL_NONCE],
                          struct why *why)
{
    struct json *head = NULL;
    if (json_parse(line, &head, NULL) != ERR_OK ||
        !slice_eq_text(json_slice(json_get(head, "form")), FORM)) {
        json_free(head);
        return not_ours(s, "it is no store of tokens of this version", why);
    }
    bool wants_passphrase = slice_eq_text(json_slice(json_get(head, "key")), "scrypt");
    bool is_whole = read_hex(head, "nonce", nonce, SEAL_NONCE) &&
                    (!wants_passphrase || read_hex(head, "salt", s->salt, SEAL_SALT));
    int64_t log_n = json_to_int(json_get(head, "log_n"));
    json_free(head);
    if (!is_whole || (wants_passphrase && (log_n < 10 || log_n > 20))) {
        return not_ours(s, "it is damaged", why);
    }
    if (wants_passphrase != (key->file.n == 0)) {
        return not_ours(s, wants_passphrase ? "its key is a passphrase" : "its key is a file", why);
    }
    s->log_n = wants_passphrase ? (unsigned)log_n : SEAL_LOG_N;
    return make_key(s, key, why);
}

static enum err read_entries(struct token_store *s, struct slice head, struct slice body,
                             const unsigned char nonce[SEAL_NONCE], struct why *why)
{
    struct buf sealed, plain;
    struct why inner;
    buf_init(&sealed, FILE_MAX);
    buf_init(&plain, FILE_MAX);
    enum err err = ERR_OK;
    if (!base64_decode(slice_trim(body), &sealed)) {
        err = not_ours(s, "it is damaged", why);
    } else if (seal_open(&s->key, nonce, head, buf_slice(&sealed), &plain, &inner) != ERR_OK) {
        err = not_ours(s, inner.text, why);
    } else if (json_parse(buf_slice(&plain), &s->entries, NULL) != ERR_OK ||
               json_kind(s->entries) != JSON_MAP) {
        err = not_ours(s, "it is damaged", why);
    }
    buf_wipe(&plain);
    buf_release(&plain);
    buf_release(&sealed);
    return err;
}

static enum err read_store(struct token_store *s, const struct token_store_key *key,
                           bool may_create, struct why *why)
{
    struct buf text;
    unsigned char nonce[SEAL_NONCE];
    buf_init(&text, FILE_MAX);
    enum err err = read_file(s, &text, why);
    if (err == ERR_NOT_FOUND && may_create) {
        err = seal_random(s->salt, SEAL_SALT, why);
        s->log_n = SEAL_LOG_N;
        err = err == ERR_OK ? make_key(s, key, why) : err;
        s->entries = json_map();
    } else if (err == ERR_OK) {
        struct slice body = buf_slice(&text), head;
        bool has_lines = slice_take_until(&body, '\n', &head);
        err = has_lines ? read_head(s, head, key, nonce, why) : not_ours(s, "it is empty", why);
        err = err == ERR_OK ? read_entries(s, head, body, nonce, why) : err;
    }
    buf_release(&text);
    return err;
}

enum err token_store_open(const char *path, const struct token_store_key *key, bool may_create,
                          int patience_ms, struct token_store **out, struct why *why)
{
    struct token_store *s = mem_zalloc(1, sizeof *s);
    struct buf lock_path;
    buf_init(&lock_path, 8192);
    buf_addf(&lock_path, "%s.lock", path);
    s->path = mem_strdup(path);
    s->lock_path = buf_take(&lock_path);
    s->lock = -1;
    *out = NULL;
    enum err err = !may_create && access(path, F_OK) != 0
                       ? why_set(why, ERR_NOT_FOUND, "%s: %s", path, strerror(errno))
                       : take_lock(s, patience_ms, why);
    err = err == ERR_OK ? read_store(s, key, may_create, why) : err;
    if (err != ERR_OK) {
        token_store_free(s);
        return err;
    }
    *out = s;
    return ERR_OK;
}

void token_store_free(struct token_store *s)
{
    if (s == NULL) {
        return;
    }
    if (s->lock >= 0) {
        close(s->lock);
    }
    json_free(s->entries);
    seal_key_wipe(&s->key);
    free(s->path);
    free(s->lock_path);
    free(s);
}

/* ---- entries ---- */

size_t token_store_count(const struct token_store *s)
{
    return json_count(s->entries);
}

static void read_entry(const char *name, const struct json *map, struct token_entry *out)
{
    const char **fields[COUNT(texts)];
    *out = (struct token_entry){.name = name};
    fields_of(out, fields);
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct slice text = json_slice(json_get(map, texts[i]));
        *fields[i] = text.n != 0 ? text.p : "";
    }
    out->expires_s = json_to_int(json_get(map, "expires"));
    out->refresh_expires_s = json_to_int(json_get(map, "refresh_expires"));
    out->obtained_s = json_to_int(json_get(map, "obtained"));
    out->rotations = json_to_int(json_get(map, "rotations"));
}

bool token_store_at(const struct token_store *s, size_t i, struct token_entry *out)
{
    const char *name;
    struct json *map;
    if (!json_pair(s->entries, i, &name, &map)) {
        return false;
    }
    read_entry(name, map, out);
    return true;
}

bool token_store_find(const struct token_store *s, const char *name, struct token_entry *out)
{
    for (size_t i = 0; token_store_at(s, i, out); i++) {
        if (strcmp(out->name, name) == 0) {
            return true;
        }
    }
    return false;
}

void token_store_put(struct token_store *s, const struct token_entry *entry)
{
    struct token_entry e = *entry;
    struct json *map = json_map();
    const char **fields[COUNT(texts)];
    fields_of(&e, fields);
    for (size_t i = 0; i < COUNT(texts); i++) {
        if (*fields[i] != NULL && (*fields[i])[0] != '\0') {
            json_set(map, texts[i], json_text(*fields[i]));
        }
    }
    json_set(map, "expires", json_int(e.expires_s));
    if (e.refresh_expires_s != 0) {
        json_set(map, "refresh_expires", json_int(e.refresh_expires_s));
    }
    json_set(map, "obtained", json_int(e.obtained_s));
    json_set(map, "rotations", json_int(e.rotations));
    char *name = mem_strdup(e.name); /* it may be the key that is replaced */
    json_set(s->entries, name, map);
    free(name);
}

bool token_store_remove(struct token_store *s, const char *name)
{
    struct json *rest = json_map();
    const char *key;
    struct json *map;
    bool was_there = false;
    for (size_t i = 0; json_pair(s->entries, i, &key, &map); i++) {
        if (strcmp(key, name) == 0) {
            was_there = true;
        } else {
            json_set(rest, key, json_ref(map));
        }
    }
    json_free(s->entries);
    s->entries = rest;
    return was_there;
}

/* ---- writing ---- */

static void write_head(const struct token_store *s, const unsigned char nonce[SEAL_NONCE],
                       struct buf *out)
{
    buf_addf(out, "{\"form\":\"" FORM "\",\"cipher\":\"aes-256-gcm\",\"key\":\"%s\"",
             s->has_passphrase ? "scrypt" : "file");
    if (s->has_passphrase) {
        buf_addf(out, ",\"log_n\":%u,\"r\":8,\"p\":1,\"salt\":\"", s->log_n);
        hex_encode(slice_make((const char *)s->salt, SEAL_SALT), out);
        buf_add_char(out, '"');
    }
    buf_add_text(out, ",\"nonce\":\"");
    hex_encode(slice_make((const char *)nonce, SEAL_NONCE), out);
    buf_add_text(out, "\"}");
}

static enum err write_text(const struct token_store *s, struct buf *out, struct why *why)
{
    unsigned char nonce[SEAL_NONCE];
    struct buf plain, sealed;
    TRY(seal_random(nonce, sizeof nonce, why));
    buf_init(&plain, FILE_MAX);
    buf_init(&sealed, FILE_MAX);
    json_print(s->entries, JSON_COMPACT, &plain);
    write_head(s, nonce, out);
    enum err err = seal(&s->key, nonce, buf_slice(out), buf_slice(&plain), &sealed, why);
    buf_add_char(out, '\n');
    base64_encode(buf_slice(&sealed), out);
    buf_add_char(out, '\n');
    buf_wipe(&plain);
    buf_release(&plain);
    buf_release(&sealed);
    return err;
}

/* The folder's entry has to be on the disk, too. */
static bool sync_folder(const char *path)
{
    char folder[4096];
    const char *slash = strrchr(path, '/');
    size_t n = slash == NULL ? 0 : (size_t)(slash - path);
    if (n >= sizeof folder) {
        return false;
    }
    memcpy(folder, path, n);
    folder[n] = '\0';
    int fd = open(slash == NULL ? "." : n == 0 ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return is_synced;
}

static enum err put_in_place(const struct token_store *s, struct slice text, struct why *why)
{
    struct buf fresh;
    buf_init(&fresh, 8192);
    buf_addf(&fresh, "%s.new", s->path);
    int fd = open(buf_text(&fresh), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool is_written = fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n && fsync(fd) == 0;
    int number = errno;
    if (fd >= 0 && close(fd) != 0) {
        is_written = false;
        number = errno;
    }
    if (is_written && rename(buf_text(&fresh), s->path) != 0) {
        is_written = false;
        number = errno;
    }
    if (!is_written) {
        (void)why_set(why, ERR_IO, "%s: %s", buf_text(&fresh), strerror(number));
        unlink(buf_text(&fresh));
    } else if (!sync_folder(s->path)) {
        (void)why_set(why, ERR_IO, "%s: its folder could not be synced: %s", s->path,
                      strerror(errno));
        is_written = false;
    }
    buf_release(&fresh);
    return is_written ? ERR_OK : ERR_IO;
}

enum err token_store_save(struct token_store *s, struct why *why)
{
    struct buf text;
    buf_init(&text, 2 * FILE_MAX);
    enum err err = write_text(s, &text, why);
    err = err == ERR_OK ? put_in_place(s, buf_slice(&text), why) : err;
    buf_release(&text);
    return err;
}
