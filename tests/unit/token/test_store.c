/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens at rest: what was put in comes out, with the right key only; nothing of it stands in the
 * file in clear; and a file that is damaged at any octet, foreign, open to others or in use is
 * refused and left as it is.
 */
#include "token/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/redact.h"

static const struct token_store_key key = {.file = SLICE_INIT("0123456789abcdef0123456789abcdef")};
static const struct token_store_key other = {.file =
                                                 SLICE_INIT("0123456789abcdef0123456789abcdeX")};

static char folder[] = "/tmp/smtpdx-store-XXXXXX";
static char path[64], lock_path[80];

static int setup(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/smtpdx-store-XXXXXX");
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/tokens", folder);
    snprintf(lock_path, sizeof lock_path, "%s.lock", path);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    unlink(lock_path);
    return rmdir(folder);
}

static const struct token_entry jane = {
    .name = "office365/jane@example.com",
    .provider = "office365",
    .user = "jane@example.com",
    .grant = "device",
    .token_url = "https://login.example/token",
    .client_id = "client-1",
    .client_secret = "Client-Secret-0123456789",
    .scope = "https://outlook.office.com/SMTP.Send",
    .access_token = "Access-Token-0123456789",
    .refresh_token = "Refresh-Token-0123456789",
    .expires_s = 1700003600,
    .obtained_s = 1700000000,
    .rotations = 2,
};

static struct token_store *must_open(const struct token_store_key *k, bool may_create)
{
    struct token_store *s;
    struct why why = {.text = ""};
    if (token_store_open(path, k, may_create, 0, &s, &why) != ERR_OK) {
        fail_msg("%s", why.text);
    }
    return s;
}

static void write_one(const struct token_store_key *k)
{
    struct why why;
    struct token_store *s = must_open(k, true);
    token_store_put(s, &jane);
    assert_int_equal(token_store_save(s, &why), ERR_OK);
    token_store_free(s);
}

static struct buf whole_file(void)
{
    struct buf out;
    char block[4096];
    size_t n;
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    buf_init(&out, 1 << 20);
    while ((n = fread(block, 1, sizeof block, f)) != 0) {
        buf_add(&out, slice_make(block, n));
    }
    fclose(f);
    return out;
}

static void put_file(struct slice text, mode_t mode)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text.p, 1, text.n, f), text.n);
    fclose(f);
    assert_int_equal(chmod(path, mode), 0);
}

static void refused(const struct token_store_key *k, enum err want, const char *says)
{
    struct token_store *s;
    struct why why = {.text = ""};
    struct buf before = whole_file();
    enum err err = token_store_open(path, k, true, 0, &s, &why);
    if (err != want || strstr(why.text, says) == NULL) {
        fail_msg("wanted %s with '%s', got %s: %s", err_name(want), says, err_name(err), why.text);
    }
    assert_null(s);
    struct buf after = whole_file();
    assert_true(slice_eq(buf_slice(&before), buf_slice(&after)));
    buf_release(&before);
    buf_release(&after);
}

static void test_round_trip(void **state)
{
    struct token_entry e;
    struct stat st;
    (void)state;
    write_one(&key);
    struct token_store *s = must_open(&key, false);
    assert_int_equal(token_store_count(s), 1);
    assert_true(token_store_find(s, jane.name, &e));
    assert_string_equal(e.refresh_token, jane.refresh_token);
    assert_string_equal(e.client_secret, jane.client_secret);
    assert_int_equal(e.expires_s, jane.expires_s);
    assert_int_equal(e.rotations, 2);
    assert_false(token_store_find(s, "nobody", &e));
    token_store_free(s);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void test_nothing_in_clear(void **state)
{
    struct why why;
    struct redactor *r = redactor_new();
    (void)state;
    write_one(&key);
    assert_int_equal(redactor_add(r, "access", slice_of(jane.access_token), &why), ERR_OK);
    assert_int_equal(redactor_add(r, "refresh", slice_of(jane.refresh_token), &why), ERR_OK);
    assert_int_equal(redactor_add(r, "secret", slice_of(jane.client_secret), &why), ERR_OK);
    assert_int_equal(redactor_add(r, "user", slice_of(jane.user), &why), ERR_OK);
    struct buf text = whole_file();
    assert_null(redactor_find(r, buf_slice(&text)));
    buf_release(&text);
    redactor_free(r);
}

static void test_no_two_files_alike(void **state)
{
    (void)state;
    write_one(&key);
    struct buf first = whole_file();
    write_one(&key);
    struct buf second = whole_file();
    assert_false(slice_eq(buf_slice(&first), buf_slice(&second))); /* a nonce is used once */
    buf_release(&first);
    buf_release(&second);
}

static void test_passphrase(void **state)
{
    const struct token_store_key phrase = {.passphrase = SLICE("correct horse battery")};
    const struct token_store_key wrong = {.passphrase = SLICE("correct horse batterY")};
    const struct token_store_key none = {.passphrase = SLICE("")};
    (void)state;
    unlink(path);
    write_one(&phrase);
    token_store_free(must_open(&phrase, false));
    refused(&wrong, ERR_INVALID, "another key");
    refused(&none, ERR_INVALID, "passphrase of the store is empty");
    refused(&key, ERR_INVALID, "its key is a passphrase");
    unlink(path);
}

static void test_every_octet_counts(void **state)
{
    (void)state;
    write_one(&key);
    struct buf good = whole_file();
    for (size_t i = 0; i + 1 < good.n; i++) { /* the last line end may go */
        char was = good.p[i];
        good.p[i] = (char)(was ^ 1);
        put_file(buf_slice(&good), 0600);
        struct token_store *s = NULL;
        struct why why;
        if (token_store_open(path, &key, true, 0, &s, &why) == ERR_OK) {
            fail_msg("octet %zu ('%c') may be changed", i, was);
        }
        good.p[i] = was;
    }
    for (size_t n = 0; n + 1 < good.n; n += 7) { /* a file that was cut short */
        put_file(slice_sub(buf_slice(&good), 0, n), 0600);
        refused(&key, ERR_INVALID, "it is left as it is");
    }
    put_file(buf_slice(&good), 0600);
    token_store_free(must_open(&key, false));
    buf_release(&good);
}

static void test_foreign(void **state)
{
    static const char *const files[] = {
        "{}\n", "hello\nworld\n", "{\"form\":\"smtpdx/tokens/2\"}\nAAAA\n",
        "\177ELF\n",
        "{\"form\":\"smtpdx/tokens/1\",\"key\":\"file\",\"nonce\":\"00\"}\nAAAA\n"};
    (void)state;
    for (size_t i = 0; i < COUNT(files); i++) {
        put_file(slice_of(files[i]), 0600);
        refused(&key, ERR_INVALID, "it is left as it is");
    }
    unlink(path);
    write_one(&key);
    refused(&other, ERR_INVALID, "another key");
    refused(&(struct token_store_key){.file = SLICE("short")}, ERR_INVALID, "at least 32");
    assert_int_equal(chmod(path, 0640), 0);
    refused(&key, ERR_INVALID, "others can read it");
    assert_int_equal(chmod(path, 0600), 0);
}

static void test_absent(void **state)
{
    struct token_store *s;
    struct why why;
    (void)state;
    unlink(path);
    assert_int_equal(token_store_open(path, &key, false, 0, &s, &why), ERR_NOT_FOUND);
    token_store_free(must_open(&key, true)); /* nothing is written before it is saved */
    assert_int_not_equal(access(path, F_OK), 0);
    write_one(&key);
}

static void test_two_writers(void **state)
{
    struct token_store *first = must_open(&key, true), *second;
    struct why why;
    (void)state;
    assert_int_equal(token_store_open(path, &key, true, 50, &second, &why), ERR_LIMIT);
    assert_non_null(strstr(why.text, "in use by another process"));
    token_store_free(first);
    token_store_free(must_open(&key, true));
    for (int i = 0; i < 8; i++) { /* eight at once: none is lost */
        if (fork() == 0) {
            char name[32];
            struct token_entry e = jane;
            struct token_store *s = NULL;
            snprintf(name, sizeof name, "x/%d", i);
            e.name = name;
            if (token_store_open(path, &key, true, 20000, &s, &why) != ERR_OK) {
                _exit(1);
            }
            token_store_put(s, &e);
            _exit(token_store_save(s, &why) == ERR_OK ? 0 : 2);
        }
    }
    for (int i = 0; i < 8; i++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    struct token_store *s = must_open(&key, false);
    assert_int_equal(token_store_count(s), 9);
    token_store_free(s);
}

static void test_entries(void **state)
{
    struct why why;
    struct token_entry e;
    (void)state;
    unlink(path);
    struct token_store *s = must_open(&key, true);
    struct token_entry joe = jane;
    joe.name = "gmail/joe@example.com";
    token_store_put(s, &jane);
    token_store_put(s, &joe);
    assert_true(token_store_at(s, 1, &e)); /* an entry made of what the store holds itself */
    e.access_token = "Second-Token-0123456789";
    token_store_put(s, &e);
    assert_true(token_store_find(s, joe.name, &e));
    assert_string_equal(e.access_token, "Second-Token-0123456789");
    assert_true(token_store_remove(s, jane.name));
    assert_false(token_store_remove(s, jane.name));
    assert_int_equal(token_store_count(s), 1);
    assert_int_equal(token_store_save(s, &why), ERR_OK);
    token_store_free(s);
    s = must_open(&key, false);
    assert_int_equal(token_store_count(s), 1);
    token_store_free(s);
}

/* A full disk, or a folder that is gone: the old store stays. */
static void test_cannot_write(void **state)
{
    struct why why = {.text = ""};
    char fresh[80];
    (void)state;
    write_one(&key);
    struct token_store *s = must_open(&key, false);
    snprintf(fresh, sizeof fresh, "%s.new", path);
    assert_int_equal(mkdir(fresh, 0700), 0);
    assert_int_equal(token_store_save(s, &why), ERR_IO);
    assert_int_equal(rmdir(fresh), 0);
    token_store_free(s);
    token_store_free(must_open(&key, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_nothing_in_clear),
        cmocka_unit_test(test_no_two_files_alike),
        cmocka_unit_test(test_passphrase),
        cmocka_unit_test(test_every_octet_counts),
        cmocka_unit_test(test_foreign),
        cmocka_unit_test(test_absent),
        cmocka_unit_test(test_two_writers),
        cmocka_unit_test(test_entries),
        cmocka_unit_test(test_cannot_write),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
