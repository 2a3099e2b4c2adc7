/* SPDX-License-Identifier: Apache-2.0 */
/* Codecs: rows of RFC 4648 and of what must be refused; law: what is encoded decodes to itself. */
#include "base/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/rng.h"

typedef void encoder(struct slice in, struct buf *out);
typedef bool decoder(struct slice in, struct buf *out);

#define IN(text)                                                                                   \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

struct row {
    const char *name;
    decoder *decode;
    struct slice in;
    const char *want; /* NULL: refused */
};

/* clang-format off */
static const struct row rows[] = {
    { "empty",                  base64_decode,    IN(""),         "" },
    { "f",                      base64_decode,    IN("Zg=="),     "f" },
    { "fo",                     base64_decode,    IN("Zm8="),     "fo" },
    { "foo",                    base64_decode,    IN("Zm9v"),     "foo" },
    { "foobar",                 base64_decode,    IN("Zm9vYmFy"), "foobar" },
    { "62 and 63",              base64_decode,    IN("+/+/"),     "\xfb\xff\xbf" },
    { "no padding",             base64_decode,    IN("Zg"),       NULL },
    { "half the padding",       base64_decode,    IN("Zg="),      NULL },
    { "padding alone",          base64_decode,    IN("===="),     NULL },
    { "two signs alone",        base64_decode,    IN("=="),       NULL },
    { "padding inside",         base64_decode,    IN("Zg==Zg=="), NULL },
    { "unused bits set, two",   base64_decode,    IN("Zh=="),     NULL },
    { "unused bits set, three", base64_decode,    IN("Zm9="),     NULL },
    { "white space",            base64_decode,    IN("Zm9v "),    NULL },
    { "line break",             base64_decode,    IN("Zm9v\r\nYmFy"), NULL },
    { "url alphabet",           base64_decode,    IN("-_-_"),     NULL },
    { "NUL",                    base64_decode,    IN("Zm9\0"),    NULL },
    { "one character",          base64_decode,    IN("Z"),        NULL },
    { "url, 62 and 63",         base64url_decode, IN("-_-_"),     "\xfb\xff\xbf" },
    { "url, no padding",        base64url_decode, IN("Zg"),       "f" },
    { "url, padding",           base64url_decode, IN("Zg=="),     "f" },
    { "url, half the padding",  base64url_decode, IN("Zg="),      NULL },
    { "url, one over",          base64url_decode, IN("Zm9vY"),    NULL },
    { "url, other alphabet",    base64url_decode, IN("+/+/"),     NULL },
    { "url, unused bits set",   base64url_decode, IN("Zh"),       NULL },
    { "hex",                    hex_decode,       IN("66fFa0"),   "f\xff\xa0" },
    { "hex, odd",               hex_decode,       IN("66f"),      NULL },
    { "hex, no digit",          hex_decode,       IN("6g"),       NULL },
    { "hex, last is no digit",  hex_decode,       IN("66 6"),     NULL },
    { "form",                   form_decode,      IN("a+b%20%2B%c3%A4&"), "a b +\xc3\xa4&" },
    { "form, cut",              form_decode,      IN("ab%2"),     NULL },
    { "form, % alone",          form_decode,      IN("%"),        NULL },
    { "form, no digit",         form_decode,      IN("%2g"),      NULL },
};
/* clang-format on */

static struct slice exact_copy(struct slice s)
{
    char *p = malloc(s.n != 0 ? s.n : 1);
    assert_non_null(p);
    memcpy(p, s.p, s.n);
    return slice_make(p, s.n);
}

static void decodes_or_refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf out;
        buf_init(&out, 100);
        buf_add_text(&out, "before");
        struct slice in = exact_copy(rows[i].in);
        bool is_ok = rows[i].decode(in, &out);
        struct slice got = slice_from(buf_slice(&out), 6);
        bool is_right = is_ok == (rows[i].want != NULL) &&
                        slice_eq_text(got, is_ok ? rows[i].want : "") && out.n >= 6;
        if (!is_right) {
            fail_msg("%s: want '%s', got %d '%s'", rows[i].name,
                     rows[i].want != NULL ? rows[i].want : "refused", is_ok, buf_text(&out));
        }
        free((void *)(uintptr_t)in.p);
        buf_release(&out);
    }
}

static void a_refusal_leaves_a_full_buffer_as_it_was(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 2);
    assert_false(base64_decode(SLICE("Zm9vZh=="), &out));
    assert_int_equal(out.n, 0);
    assert_false(out.is_full);
    buf_release(&out);
}

static void what_is_encoded_decodes_to_itself(void **state)
{
    (void)state;
    static const struct {
        encoder *encode;
        decoder *decode;
    } pairs[] = {{base64_encode, base64_decode},
                 {base64url_encode, base64url_decode},
                 {hex_encode, hex_decode},
                 {url_encode, form_decode}};
    struct rng rng;
    rng_init(&rng, 1);
    for (size_t n = 0; n < 200; n++) {
        char octets[200];
        for (size_t i = 0; i < n; i++) {
            octets[i] = (char)rng_below(&rng, 256);
        }
        struct slice in = exact_copy(slice_make(octets, n));
        for (size_t k = 0; k < COUNT(pairs); k++) {
            struct buf encoded, decoded;
            buf_init(&encoded, 1000);
            buf_init(&decoded, 1000);
            pairs[k].encode(in, &encoded);
            assert_true(pairs[k].decode(buf_slice(&encoded), &decoded));
            assert_true(slice_eq(buf_slice(&decoded), in));
            buf_release(&encoded);
            buf_release(&decoded);
        }
        free((void *)(uintptr_t)in.p);
    }
}

static void encodes_as_the_rfcs_say(void **state)
{
    (void)state;
    static const struct {
        encoder *encode;
        struct slice in;
        const char *want;
    } encodings[] = {
        {base64_encode, IN(""), ""},
        {base64_encode, IN("\0jane\0secret"), "AGphbmUAc2VjcmV0"},
        {base64_encode, IN("fooba"), "Zm9vYmE="},
        {base64_encode, IN("\xfb\xff\xbf"), "+/+/"},
        {base64url_encode, IN("\xfb\xff\xbe\xff"), "-_--_w"},
        {hex_encode, IN("\0\xfe"), "00fe"},
        {url_encode, IN("aZ9-._~"), "aZ9-._~"},
        {url_encode, IN(" +/%\xff"), "%20%2B%2F%25%FF"},
    };
    for (size_t i = 0; i < COUNT(encodings); i++) {
        struct buf out;
        buf_init(&out, 100);
        encodings[i].encode(encodings[i].in, &out);
        assert_string_equal(buf_text(&out), encodings[i].want);
        buf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_or_refuses),
        cmocka_unit_test(a_refusal_leaves_a_full_buffer_as_it_was),
        cmocka_unit_test(what_is_encoded_decodes_to_itself),
        cmocka_unit_test(encodes_as_the_rfcs_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
