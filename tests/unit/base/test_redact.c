/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets are found and hidden in whatever a mechanism, a report or a server makes of them;
 * ordinary text is left alone. Law: what was redacted holds no secret any more.
 */
#include "base/redact.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/codec.h"
#include "base/rng.h"

static const char *const secrets[] = {
    "hunter2!",
    "sixsix",
    "p\xc3\xa4ss w\xc3\xb6rd/+&<>\"'%=\\",
    "ya29.a0AfH6SNx_abcdefghijklmnopqrstuvwxyz-0123456789.ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghij~~",
    "\xff\xfe\x01\x02 raw octets",
    "two\r\nlines\r\nof a key",
};

static struct redactor *redactor_of(const char *secret)
{
    struct redactor *r = redactor_new();
    assert_int_equal(redactor_add(r, "password", slice_of(secret), NULL), ERR_OK);
    return r;
}

static void hide(const struct redactor *r, struct slice in, struct buf *out)
{
    char *exact = malloc(in.n != 0 ? in.n : 1);
    assert_non_null(exact);
    memcpy(exact, in.p, in.n);
    buf_init(out, BUF_NO_CAP);
    redactor_apply(r, slice_make(exact, in.n), out);
    assert_null(redactor_find(r, buf_slice(out)));
    free(exact);
}

static char *hidden(const struct redactor *r, struct slice in)
{
    struct buf out;
    hide(r, in, &out);
    return buf_take(&out);
}

/* Puts text between words that must survive, and wants it gone. */
static void wants_hidden(const struct redactor *r, const char *what, struct slice text)
{
    struct buf in, out;
    buf_init(&in, BUF_NO_CAP);
    buf_add_text(&in, "before ");
    buf_add(&in, text);
    buf_add_text(&in, " after");
    const char *name = redactor_find(r, buf_slice(&in));
    hide(r, buf_slice(&in), &out);
    bool is_right = name != NULL && strcmp(name, "password") == 0 &&
                    slice_find(buf_slice(&out), SLICE("***")) != SIZE_MAX &&
                    slice_has_prefix(buf_slice(&out), SLICE("before ")) &&
                    slice_has_suffix(buf_slice(&out), SLICE(" after"));
    if (!is_right) {
        fail_msg("%s: '%s' became '%s'", what, buf_text(&in), buf_text(&out));
    }
    buf_release(&in);
    buf_release(&out);
}

/* clang-format off */
/* What a mechanism sends: %u is the user, %s the secret, | an octet that is not printable. */
static const struct {
    const char *name, *form;
    char separator;
} mechanisms[] = {
    { "PLAIN",              "|%u|%s",                                            '\0' },
    { "PLAIN with authzid", "%u|%u|%s",                                          '\0' },
    { "LOGIN",              "%s",                                                '\0' },
    { "XOAUTH2",            "user=%u|auth=Bearer %s||",                          '\1' },
    { "OAUTHBEARER",        "n,a=%u,|host=h.test|port=587|auth=Bearer %s||",     '\1' },
};
static const char *const users[] = { "j", "jo", "jan", "jane", "jane@", "jane@x", "jane@outlook.com" };
/* clang-format on */

static void add_blob(struct buf *out, size_t mechanism, const char *user, const char *secret)
{
    for (const char *p = mechanisms[mechanism].form; *p != '\0'; p++) {
        if (*p == '%') {
            p++;
            buf_add_text(out, *p == 'u' ? user : secret);
        } else {
            buf_add_char(out, *p == '|' ? mechanisms[mechanism].separator : *p);
        }
    }
}

static void break_lines(struct slice in, size_t columns, const char *line_break, struct buf *out)
{
    for (size_t i = 0; i < in.n; i++) {
        buf_add_text(out, i != 0 && i % columns == 0 ? line_break : "");
        buf_add_char(out, in.p[i]);
    }
}

static void blobs_of_every_mechanism_at_every_alignment(void **state)
{
    (void)state;
    for (size_t s = 0; s < COUNT(secrets); s++) {
        struct redactor *r = redactor_of(secrets[s]);
        bool alignments[3] = {false};
        for (size_t i = 0; i < COUNT(mechanisms) * COUNT(users); i++) {
            size_t mechanism = i / COUNT(users);
            struct buf raw, blob, url, broken;
            buf_init(&raw, 4096);
            buf_init(&blob, 4096);
            buf_init(&url, 4096);
            buf_init(&broken, 4096);
            add_blob(&raw, mechanism, users[i % COUNT(users)], secrets[s]);
            alignments[slice_find(buf_slice(&raw), slice_of(secrets[s])) % 3] = true;
            base64_encode(buf_slice(&raw), &blob);
            base64url_encode(buf_slice(&raw), &url);
            wants_hidden(r, mechanisms[mechanism].name, buf_slice(&raw));
            wants_hidden(r, mechanisms[mechanism].name, buf_slice(&blob));
            wants_hidden(r, mechanisms[mechanism].name, buf_slice(&url));
            for (size_t columns = 1; columns <= 76; columns += 3) {
                static const char *const breaks[] = {"\r\n", "\n", "\r\n ", "\r\n\t  ", "\\r\\n"};
                buf_reset(&broken);
                break_lines(buf_slice(&blob), columns, breaks[columns % COUNT(breaks)], &broken);
                wants_hidden(r, "broken lines", buf_slice(&broken));
            }
            buf_release(&raw);
            buf_release(&blob);
            buf_release(&url);
            buf_release(&broken);
        }
        assert_true(alignments[0] && alignments[1] && alignments[2]);
        redactor_free(r);
    }
}

typedef void escape(unsigned char c, struct buf *out);

static void escape_percent(unsigned char c, struct buf *out)
{
    buf_addf(out, "%%%02x", c);
}

static void escape_unreserved(unsigned char c, struct buf *out)
{
    url_encode(slice_make((const char *)&c, 1), out);
}

static void escape_form(unsigned char c, struct buf *out)
{
    if (c == ' ') {
        buf_add_char(out, '+');
    } else {
        escape_unreserved(c, out);
    }
}

static void escape_quoted_printable(unsigned char c, struct buf *out)
{
    if (c > ' ' && c < 0x7f && c != '=') {
        buf_add_char(out, (char)c);
    } else {
        buf_addf(out, "=%02X", c);
    }
}

static void escape_json(unsigned char c, struct buf *out)
{
    if (c == '"' || c == '\\' || c == '/') {
        buf_addf(out, "\\%c", c);
    } else if (c < ' ' || c == '<') {
        buf_addf(out, "\\u%04x", c);
    } else {
        buf_add_char(out, (char)c);
    }
}

static void escape_visible(unsigned char c, struct buf *out)
{
    if (c < ' ' || c >= 0x7f) {
        buf_addf(out, "\\x%02x", c);
    } else {
        buf_add_char(out, (char)c);
    }
}

static void escape_xml(unsigned char c, struct buf *out)
{
    static const char signs[] = "&<>\"'";
    static const char *const names[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    const char *at = strchr(signs, c);
    if (c != '\0' && at != NULL) {
        buf_add_text(out, names[at - signs]);
    } else if (c < ' ') {
        buf_addf(out, "&#x%X;", c);
    } else {
        buf_add_char(out, (char)c);
    }
}

static void behind_every_escape(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        escape *escape;
    } escapes[] = {
        {"URL, lower case", escape_percent},
        {"URL", escape_unreserved},
        {"form", escape_form},
        {"quoted-printable", escape_quoted_printable},
        {"JSON", escape_json},
        {"visible", escape_visible},
        {"XML", escape_xml},
    };
    for (size_t s = 0; s < COUNT(secrets); s++) {
        struct redactor *r = redactor_of(secrets[s]);
        for (size_t k = 0; k < COUNT(escapes); k++) {
            struct buf text;
            buf_init(&text, 4096);
            for (const char *p = secrets[s]; *p != '\0'; p++) {
                escapes[k].escape((unsigned char)*p, &text);
            }
            wants_hidden(r, escapes[k].name, buf_slice(&text));
            buf_release(&text);
        }
        redactor_free(r);
    }
}

static void soft_line_breaks_and_hex(void **state)
{
    (void)state;
    struct redactor *r = redactor_of("hunter2!hunter3?");
    wants_hidden(r, "soft break", SLICE("hunter2!=\r\nhunter3?"));
    wants_hidden(r, "soft break, LF", SLICE("hunt=\ner2!hunter3?"));
    wants_hidden(r, "raw, broken", SLICE("hunter2!hun\r\nter3?"));
    wants_hidden(r, "hex",
                 SLICE("68756e7465723221"
                       "68756e746572333f"));
    wants_hidden(r, "hex, upper case",
                 SLICE("68756E7465723221"
                       "68756E746572333F"));
    wants_hidden(r, "surrogates are no trap", SLICE("\\ud800hunter2!hunter3?\\ud800\\u0041"));
    redactor_free(r);
    r = redactor_of("pass\xf0\x9f\x98\x80word");
    wants_hidden(r, "JSON, surrogate pair", SLICE("pass\\ud83d\\ude00word"));
    wants_hidden(r, "XML, number", SLICE("pass&#128512;word"));
    wants_hidden(r, "code point", SLICE("pass\\u{1F600}word"));
    redactor_free(r);
}

static void ordinary_text_is_untouched(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "250 2.1.0 Sender OK",
        "hunter is a word, and so is hunter2",
        "535 5.7.139 Authentication unsuccessful [x=1&y=%20z]\r\n",
        "AUTH PLAIN AGphbmUAc2VjcmV0", /* another password */
        "*** stays ***",
        "\\x41 &amp; =3D %25 +1 \\u{202E}\r\n folded",
        "*",
    };
    struct redactor *r = redactor_of("hunter2!");
    for (size_t i = 0; i < COUNT(texts); i++) {
        char *out = hidden(r, slice_of(texts[i]));
        assert_string_equal(out, texts[i]);
        free(out);
    }
    redactor_free(r);
    char *out = hidden(NULL, SLICE("hunter2!"));
    assert_string_equal(out, "hunter2!");
    free(out);
}

static void only_the_secret_goes(void **state)
{
    (void)state;
    static const struct {
        const char *in, *want;
    } rows[] = {
        {"hunter2!", "***"},
        {"xhunter2!y", "x***y"},
        {"hunter2!hunter2!", "***"},
        {"hunter2! hunter2!", "*** ***"},
        {"hunter2hunter2!", "hunter2***"},
        {"C: AUTH LOGIN aHVudGVyMiE= end", "C: AUTH LOGIN ***= end"},
        {"AGpvAGh1bnRlcjIh", "AGpvA***"},        /* the character that holds its first bits too */
        {"AGphbgBodW50ZXIyIQ==", "AGphbg***=="}, /* and the one that holds its last */
        {"pw=hunter2%21&x=1", "pw=***&x=1"},
    };
    struct redactor *r = redactor_of("hunter2!");
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *out = hidden(r, slice_of(rows[i].in));
        assert_string_equal(out, rows[i].want);
        free(out);
    }
    redactor_free(r);
}

static void short_secrets_are_refused(void **state)
{
    (void)state;
    struct redactor *r = redactor_new();
    struct why why;
    assert_int_equal(redactor_add(r, "pin", SLICE("12345"), &why), ERR_LIMIT);
    assert_non_null(strstr(why.text, "pin"));
    assert_null(strstr(why.text, "12345"));
    assert_null(redactor_find(r, SLICE("12345")));
    assert_int_equal(redactor_add(r, "pin", SLICE("123456"), &why), ERR_OK);
    assert_string_equal(redactor_find(r, SLICE("x123456")), "pin");
    redactor_free(r);
    redactor_free(NULL);
}

static void many_overlapping_secrets(void **state)
{
    (void)state;
    static const char *const all[] = {"abcabcabc", "abcabc", "bcabca",
                                      "cabcab***", "***abc", "******"};
    struct redactor *r = redactor_new();
    for (size_t i = 0; i < COUNT(all); i++) {
        assert_int_equal(redactor_add(r, all[i], slice_of(all[i]), NULL), ERR_OK);
    }
    char *out = hidden(r, SLICE("xabcabcabcx abcabc*** ***abc ****** cabcabcx"));
    assert_null(strstr(out, "abcabc"));
    free(out);
    redactor_free(r);
}

/* law over random secrets and texts made of their pieces: nothing is found afterwards */
static void nothing_is_left(void **state)
{
    (void)state;
    static const char *const glue[] = {"\\", "\r\n", "=", "%", "&#", "***", "\\u00", "+", " ", "a"};
    struct rng rng;
    rng_init(&rng, 99);
    for (int round = 0; round < 400; round++) {
        struct redactor *r = redactor_new();
        struct buf text;
        char secret[13];
        buf_init(&text, 4096);
        for (int i = 0; i < 4; i++) {
            size_t n = 6 + rng_below(&rng, 7);
            rng_text(&rng, secret, n);
            for (size_t k = 0; k < n; k++) {
                secret[k] = "a\\*n=\n"[rng_below(&rng, 6)]; /* few signs: they overlap */
            }
            assert_int_equal(redactor_add(r, "s", slice_make(secret, n), NULL), ERR_OK);
            buf_add(&text, slice_make(secret, n - rng_below(&rng, 3)));
            buf_add_text(&text, glue[rng_below(&rng, COUNT(glue))]);
            base64_encode(slice_make(secret, n), &text);
        }
        char *out = hidden(r, buf_slice(&text));
        free(out);
        buf_release(&text);
        redactor_free(r);
    }
}

/* What took quadratic time would not come back from this one. */
static void long_secrets_and_texts_take_linear_time(void **state)
{
    (void)state;
    enum { SECRET = 12000, TEXT = 2000000 };
    char *secret = malloc(SECRET), *text = malloc(TEXT);
    assert_non_null(secret);
    assert_non_null(text);
    memset(secret, 'a', SECRET);
    memset(text, 'a', TEXT);
    secret[SECRET - 1] = 'b';
    struct redactor *r = redactor_new();
    assert_int_equal(redactor_add(r, "token", slice_make(secret, SECRET), NULL), ERR_OK);
    assert_null(redactor_find(r, slice_make(text, TEXT)));
    memset(secret, 'a', SECRET);
    assert_int_equal(redactor_add(r, "token", slice_make(secret, SECRET), NULL), ERR_OK);
    char *out = hidden(r, slice_make(text, TEXT));
    assert_string_equal(out, "***");
    free(out);
    free(secret);
    free(text);
    redactor_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blobs_of_every_mechanism_at_every_alignment),
        cmocka_unit_test(behind_every_escape),
        cmocka_unit_test(soft_line_breaks_and_hex),
        cmocka_unit_test(ordinary_text_is_untouched),
        cmocka_unit_test(only_the_secret_goes),
        cmocka_unit_test(short_secrets_are_refused),
        cmocka_unit_test(many_overlapping_secrets),
        cmocka_unit_test(nothing_is_left),
        cmocka_unit_test(long_secrets_and_texts_take_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
