/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands and paths. The law over all rows: what is built is one line that ends in its only CR LF
 * and holds no control character; what is refused leaves the buffer as it was.
 */
#include "base/codec.h"
#include "wire/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define IN(text) text, sizeof(text) - 1
#define TEN      "aaaaaaaaaa"
#define SIXTY    TEN TEN TEN TEN TEN TEN
#define LABEL63  SIXTY "aaa"

struct row {
    const char *in;
    size_t n;
    enum err want;
    bool utf8;
};

/* clang-format off */
static const struct row addresses[] = {
    { IN("a@b"),                        ERR_OK, false },
    { IN("user+tag@example.test"),      ERR_OK, false },
    { IN("a.b!#$%&'*+-/=?^_`{|}~@x.y"), ERR_OK, false },
    { IN("\"a b\"@x.test"),             ERR_OK, false },
    { IN("\"a@b\"@x.test"),             ERR_OK, false },
    { IN("\"a\\\"b\\\\\"@x.test"),      ERR_OK, false },
    { IN("\"\"@x.test"),                ERR_OK, false },
    { IN("a@[127.0.0.1]"),              ERR_OK, false },
    { IN("a@[IPv6:2001:db8::1]"),       ERR_OK, false },
    { IN("a@[IPv6:::ffff:1.2.3.4]"),    ERR_OK, false },
    { IN("a@[tag:content]"),            ERR_OK, false },
    { IN("Postmaster"),                 ERR_OK, false },
    { IN("j\xc3\xbcrgen@example.test"), ERR_OK, true },
    { IN("a@b\xc3\xbc""cher.test"),     ERR_OK, true },
    { IN("\"j\xc3\xbc r\"@x.test"),     ERR_OK, true },
    { IN(SIXTY "aaaa@x.test"),          ERR_OK, false },
    { IN("a@" LABEL63 ".test"),         ERR_OK, false },
    { IN(""),                           ERR_INVALID, false },
    { IN("a"),                          ERR_INVALID, false },
    { IN("@b"),                         ERR_INVALID, false },
    { IN("a@"),                         ERR_INVALID, false },
    { IN("a b@x.test"),                 ERR_INVALID, false },
    { IN("a@b@c"),                      ERR_INVALID, false },
    { IN(".a@b"),                       ERR_INVALID, false },
    { IN("a.@b"),                       ERR_INVALID, false },
    { IN("a..b@c"),                     ERR_INVALID, false },
    { IN("a@b."),                       ERR_INVALID, false },
    { IN("a@.b"),                       ERR_INVALID, false },
    { IN("a@b..c"),                     ERR_INVALID, false },
    { IN("a@-b"),                       ERR_INVALID, false },
    { IN("a@b-"),                       ERR_INVALID, false },
    { IN("a@b_c"),                      ERR_INVALID, false },
    { IN("a@b>"),                       ERR_INVALID, false },
    { IN("<a@b>"),                      ERR_INVALID, false },
    { IN("@r:a@b"),                     ERR_INVALID, false },
    { IN("Jane <a@b>"),                 ERR_INVALID, false },
    { IN("a@b> SIZE=1"),                ERR_INVALID, false },
    { IN("a@b\r\nRCPT TO:<c@d>"),       ERR_INVALID, false },
    { IN("a@b\n"),                      ERR_INVALID, false },
    { IN("a\r@b"),                      ERR_INVALID, false },
    { IN("a\0@b"),                      ERR_INVALID, false },
    { IN("a@b\0"),                      ERR_INVALID, false },
    { IN("\"a\r\nb\"@c"),               ERR_INVALID, false },
    { IN("\"a\\\r\n\"@c"),              ERR_INVALID, false },
    { IN("\"a\\\0\"@c"),                ERR_INVALID, false },
    { IN("\"a\x7f\"@c"),                ERR_INVALID, false },
    { IN("\"a"),                        ERR_INVALID, false },
    { IN("\"a\\"),                      ERR_INVALID, false },
    { IN("\"a\"b@c"),                   ERR_INVALID, false },
    { IN("\"a\"@"),                     ERR_INVALID, false },
    { IN("a@[127.0.0.1"),               ERR_INVALID, false },
    { IN("a@[127.0.0.256]"),            ERR_INVALID, false },
    { IN("a@[1.2.3]"),                  ERR_INVALID, false },
    { IN("a@[1.2.3.4.5]"),              ERR_INVALID, false },
    { IN("a@[IPv6:1:2:3]"),             ERR_INVALID, false },
    { IN("a@[IPv6:1::2::3]"),           ERR_INVALID, false },
    { IN("a@[IPv6:1:2:3:4:5:6:7:8:9]"), ERR_INVALID, false },
    { IN("a@[IPv6:12345::]"),           ERR_INVALID, false },
    { IN("a@[IPv6:1:2:3:4:5:6:7:]"),    ERR_INVALID, false },
    { IN("a@[]"),                       ERR_INVALID, false },
    { IN("a@[x:]"),                     ERR_INVALID, false },
    { IN("a@[x:y]z]"),                  ERR_INVALID, false },
    { IN("j\xfc@x.test"),               ERR_INVALID, false }, /* Latin-1 */
    { IN("j\xc3@x.test"),               ERR_INVALID, false }, /* cut sequence */
    { IN("j\xc0\xaf@x.test"),           ERR_INVALID, false }, /* overlong */
    { IN("j\xc2\x85@x.test"),           ERR_INVALID, false }, /* NEL, a C1 line end */
    { IN(SIXTY "aaaaa@x.test"),         ERR_LIMIT, false },
    { IN("a@" LABEL63 "a.test"),        ERR_INVALID, false },
    { IN("a@" LABEL63 "." LABEL63 "." LABEL63 "." LABEL63), ERR_LIMIT, false },
};

static const struct row helo_names[] = {
    { IN("mail.example.test"),   ERR_OK, false },
    { IN("localhost"),           ERR_OK, false },
    { IN("[127.0.0.1]"),         ERR_OK, false },
    { IN("[IPv6:::1]"),          ERR_OK, false },
    { IN("xn--bcher-kva.test"),  ERR_OK, false },
    { IN(""),                    ERR_INVALID, false },
    { IN("127.0.0.1"),           ERR_INVALID, false },
    { IN("::1"),                 ERR_INVALID, false },
    { IN("[IPv6:1]"),            ERR_INVALID, false },
    { IN("my_host"),             ERR_INVALID, false },
    { IN("my host"),             ERR_INVALID, false },
    { IN("a..b"),                ERR_INVALID, false },
    { IN("a."),                  ERR_INVALID, false },
    { IN("b\xc3\xbc""cher.test"), ERR_INVALID, false },
    { IN("x\r\nMAIL FROM:<a@b>"), ERR_INVALID, false },
    { IN("x\n"),                 ERR_INVALID, false },
    { IN("x\0y"),                ERR_INVALID, false },
    { IN("[x:\r\n]"),            ERR_INVALID, false },
    { IN(LABEL63 "." LABEL63 "." LABEL63 "." LABEL63 "a"), ERR_LIMIT, false },
};
/* clang-format on */

static struct slice exact(const char *in, size_t n)
{
    char *copy = malloc(n != 0 ? n : 1);
    assert_non_null(copy);
    memcpy(copy, in, n);
    return slice_make(copy, n);
}

static void check_line(const char *name, enum err want, enum err got, const struct buf *out)
{
    if (got != want) {
        fail_msg("'%s': want %s, got %s", name, err_name(want), err_name(got));
    }
    struct slice line = slice_from(buf_slice(out), 4); /* behind "KEEP" */
    assert_true(slice_has_prefix(buf_slice(out), SLICE("KEEP")));
    if (got != ERR_OK) {
        assert_int_equal(line.n, 0);
        return;
    }
    assert_true(line.n > 2);
    for (size_t i = 0; i < line.n - 2; i++) {
        if ((unsigned char)line.p[i] < ' ' || line.p[i] == 0x7f) {
            fail_msg("'%s': a control character at %zu", name, i);
        }
    }
    assert_memory_equal(line.p + line.n - 2, "\r\n", 2);
}

static void test_addresses(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(addresses); i++) {
        struct slice in = exact(addresses[i].in, addresses[i].n);
        struct path path;
        struct why why;
        struct buf mail, rcpt;
        buf_init(&mail, 5000);
        buf_init(&rcpt, 5000);
        buf_add_text(&mail, "KEEP");
        buf_add_text(&rcpt, "KEEP");
        enum err got = path_check(in, &path, &why);
        if (got != addresses[i].want ||
            (got == ERR_OK && path.needs_smtputf8 != addresses[i].utf8)) {
            fail_msg("'%s': want %s utf8 %d, got %s utf8 %d", addresses[i].in,
                     err_name(addresses[i].want), addresses[i].utf8, err_name(got),
                     path.needs_smtputf8);
        }
        check_line(addresses[i].in, got, command_rcpt(in, (struct slice){0}, &rcpt, &why), &rcpt);
        struct command_mail params = {.from = in};
        check_line(addresses[i].in, in.n != 0 ? got : ERR_OK, command_mail(&params, &mail, &why),
                   &mail);
        buf_release(&mail);
        buf_release(&rcpt);
        free((char *)(uintptr_t)in.p);
    }
}

static void test_helo_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(helo_names); i++) {
        struct slice in = exact(helo_names[i].in, helo_names[i].n);
        struct why why;
        struct buf out;
        buf_init(&out, 5000);
        buf_add_text(&out, "KEEP");
        enum err got = command_hello(COMMAND_EHLO, in, &out, &why);
        check_line(helo_names[i].in, helo_names[i].want, got, &out);
        buf_release(&out);
        free((char *)(uintptr_t)in.p);
    }
}

static void test_mail_parameters(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct { struct command_mail mail; const char *want; } rows[] = {
        { { .from = {IN("a@b")} },                                              "MAIL FROM:<a@b>\r\n" },
        { { .from = {NULL, 0} },                                                "MAIL FROM:<>\r\n" },
        { { .from = {IN("a@b")}, .has_size = true, .size = 1024 },              "MAIL FROM:<a@b> SIZE=1024\r\n" },
        { { .from = {IN("a@b")}, .has_size = true, .size = UINT64_MAX },        "MAIL FROM:<a@b> SIZE=18446744073709551615\r\n" },
        { { .from = {IN("a@b")}, .body = COMMAND_BODY_8BITMIME, .smtputf8 = true }, "MAIL FROM:<a@b> BODY=8BITMIME SMTPUTF8\r\n" },
        { { .from = {IN("a@b")}, .body = COMMAND_BODY_7BIT },                   "MAIL FROM:<a@b> BODY=7BIT\r\n" },
        { { .from = {IN("a@b")}, .has_auth = true },                            "MAIL FROM:<a@b> AUTH=<>\r\n" },
        { { .from = {IN("a@b")}, .has_auth = true, .auth = {IN("e+=\r\n@x")} }, "MAIL FROM:<a@b> AUTH=e+2B+3D+0D+0A@x\r\n" },
        { { .from = {IN("a@b")}, .more = {IN(" RET=HDRS  ENVID=x ")} },         "MAIL FROM:<a@b> RET=HDRS ENVID=x\r\n" },
        { { .from = {IN("a@b")}, .more = {IN("X=\r\nRCPT")} },                  NULL },
        { { .from = {IN("a@b")}, .more = {IN("=x")} },                          NULL },
        { { .from = {IN("a@b")}, .more = {IN("X=")} },                          NULL },
        { { .from = {IN("a@b")}, .more = {IN("X=a=b")} },                       NULL },
        { { .from = {IN("a@b")}, .more = {IN("-X")} },                          NULL },
    };
    /* clang-format on */
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf out;
        struct why why;
        buf_init(&out, 5000);
        enum err got = command_mail(&rows[i].mail, &out, &why);
        if ((got == ERR_OK) != (rows[i].want != NULL) ||
            strcmp(buf_text(&out), rows[i].want != NULL ? rows[i].want : "") != 0) {
            fail_msg("row %zu: want %s, got %s", i, rows[i].want, buf_text(&out));
        }
        buf_release(&out);
    }
}

static void test_auth(void **state)
{
    (void)state;
    static const char blob[9000];
    struct buf out;
    struct why why;
    buf_init(&out, 100000);
    struct slice empty = {NULL, 0};
    struct slice plain = {IN("\0test\0001234")};
    assert_int_equal(command_auth(SLICE("PLAIN"), &plain, &out, &why), ERR_OK);
    assert_string_equal(buf_text(&out), "AUTH PLAIN AHRlc3QAMTIzNA==\r\n");
    assert_int_equal(out.n, command_auth_length(SLICE("PLAIN"), plain.n));
    buf_reset(&out);
    assert_int_equal(command_auth(SLICE("EXTERNAL"), &empty, &out, &why), ERR_OK);
    assert_string_equal(buf_text(&out), "AUTH EXTERNAL =\r\n");
    assert_int_equal(out.n, command_auth_length(SLICE("EXTERNAL"), 0));
    buf_reset(&out);
    assert_int_equal(command_auth(SLICE("SCRAM-SHA-256-PLUS"), NULL, &out, &why), ERR_OK);
    assert_string_equal(buf_text(&out), "AUTH SCRAM-SHA-256-PLUS\r\n");
    buf_reset(&out);
    static const struct {
        const char *name;
        size_t n;
    } bad[] = {{IN("")},   {IN("A B")}, {IN("A\r\n")}, {IN("A\0")}, {IN("ABCDEFGHIJKLMNOPQRSTU")},
               {IN("X=Y")}};
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(command_auth(slice_make(bad[i].name, bad[i].n), NULL, &out, &why),
                         ERR_INVALID);
        assert_int_equal(out.n, 0);
    }
    struct slice large = {blob, sizeof blob}; /* 12000 octets of base64 fit, 12290 do not */
    assert_int_equal(command_sasl(large, &out, &why), ERR_OK);
    assert_int_equal(out.n, 12002);
    buf_reset(&out);
    assert_int_equal(command_auth(SLICE("XOAUTH2"), &large, &out, &why), ERR_OK);
    buf_reset(&out);
    static const char more[9216], most[49152];
    struct slice over = {more, sizeof more}; /* a response may be longer than a command */
    assert_int_equal(command_auth(SLICE("XOAUTH2"), &over, &out, &why), ERR_LIMIT);
    assert_int_equal(out.n, 0);
    assert_int_equal(command_sasl(over, &out, &why), ERR_OK);
    assert_int_equal(out.n, 12290);
    buf_reset(&out);
    assert_int_equal(command_sasl(slice_make(most, sizeof most), &out, &why), ERR_LIMIT);
    assert_int_equal(out.n, 0);
    assert_int_equal(command_sasl(empty, &out, &why), ERR_OK);
    assert_string_equal(buf_text(&out), "\r\n");
    buf_release(&out);
}

static void test_words(void **state)
{
    (void)state;
    struct buf out;
    struct why why;
    buf_init(&out, 5000);
    assert_int_equal(command_word("QUIT", SLICE(""), &out, &why), ERR_OK);
    assert_int_equal(command_word("VRFY", SLICE("jane"), &out, &why), ERR_OK);
    assert_int_equal(command_bdat(0, true, &out, &why), ERR_OK);
    assert_int_equal(command_bdat(86, false, &out, &why), ERR_OK);
    assert_string_equal(buf_text(&out), "QUIT\r\nVRFY jane\r\nBDAT 0 LAST\r\nBDAT 86\r\n");
    size_t before = out.n;
    assert_int_equal(command_word("VRFY", SLICE("a\r\nQUIT"), &out, &why), ERR_INVALID);
    assert_int_equal(command_word("NOOP", SLICE("a\0"), &out, &why), ERR_INVALID);
    char argument[600];
    memset(argument, 'x', sizeof argument);
    assert_int_equal(command_word("VRFY", slice_make(argument, 505), &out, &why), ERR_OK);
    assert_int_equal(out.n - before, 512);
    before = out.n;
    assert_int_equal(command_word("VRFY", slice_make(argument, 506), &out, &why), ERR_LIMIT);
    assert_int_equal(out.n, before);
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),       cmocka_unit_test(test_helo_names),
        cmocka_unit_test(test_mail_parameters), cmocka_unit_test(test_auth),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
