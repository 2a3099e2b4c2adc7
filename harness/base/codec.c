/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Base64 (RFC 4648 4 and 5), hex (8) and percent encoding (RFC 3986 2.1). Decoders are strict: what
 * a lenient one lets pass (white space, set unused bits) is exactly what a diagnosis must show.
 */
#include "base/codec.h"

static const char alphabet_std[65] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char alphabet_url[65] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char hex_lower[17] = "0123456789abcdef";
static const char hex_upper[17] = "0123456789ABCDEF";

static unsigned octet(struct slice s, size_t i)
{
    return i < s.n ? (unsigned char)s.p[i] : 0;
}

static void encode(struct slice in, const char *alphabet, bool has_padding, struct buf *out)
{
    for (size_t i = 0; i < in.n; i += 3) {
        unsigned word = octet(in, i) << 16 | octet(in, i + 1) << 8 | octet(in, i + 2);
        size_t left = in.n - i;
        size_t n = left >= 3 ? 4 : left + 1;
        char quad[4] = {alphabet[word >> 18], alphabet[word >> 12 & 63], '=', '='};
        quad[2] = n > 2 ? alphabet[word >> 6 & 63] : '=';
        quad[3] = n > 3 ? alphabet[word & 63] : '=';
        buf_add(out, slice_make(quad, has_padding ? 4 : n));
    }
}

void base64_encode(struct slice in, struct buf *out)
{
    encode(in, alphabet_std, true, out);
}

void base64url_encode(struct slice in, struct buf *out)
{
    encode(in, alphabet_url, false, out);
}

/* Value of a digit, or 64 when c is none; the alphabets differ in 62 and 63 only. */
static unsigned digit_value(char c, const char *alphabet)
{
    if (c >= 'A' && c <= 'Z') {
        return (unsigned)(c - 'A');
    }
    if (c >= 'a' && c <= 'z') {
        return (unsigned)(c - 'a') + 26;
    }
    if (c >= '0' && c <= '9') {
        return (unsigned)(c - '0') + 52;
    }
    return c == alphabet[62] ? 62 : c == alphabet[63] ? 63 : 64;
}

/* Decodes digits without padding; n % 4 is not 1. */
static bool decode_digits(struct slice in, const char *alphabet, struct buf *out)
{
    for (size_t i = 0; i < in.n; i += 4) {
        size_t n = in.n - i < 4 ? in.n - i : 4;
        unsigned word = 0;
        for (size_t k = 0; k < n; k++) {
            unsigned value = digit_value(in.p[i + k], alphabet);
            if (value == 64) {
                return false;
            }
            word |= value << (18 - 6 * k);
        }
        /* RFC 4648 3.5: the bits that no octet takes must be zero */
        if ((n == 2 && (word & 0xffff) != 0) || (n == 3 && (word & 0xff) != 0)) {
            return false;
        }
        char octets[3] = {(char)(word >> 16 & 255), (char)(word >> 8 & 255), (char)(word & 255)};
        buf_add(out, slice_make(octets, n - 1));
    }
    return true;
}

static bool decode(struct slice in, const char *alphabet, bool needs_padding, struct buf *out)
{
    size_t padding = 0;
    while (padding < 2 && padding < in.n && in.p[in.n - 1 - padding] == '=') {
        padding++;
    }
    bool is_padded = padding != 0 || needs_padding;
    struct slice digits = slice_sub(in, 0, in.n - padding);
    if ((is_padded && in.n % 4 != 0) || digits.n % 4 == 1) {
        return false;
    }
    size_t before = out->n;
    bool was_full = out->is_full;
    if (decode_digits(digits, alphabet, out)) {
        return true;
    }
    buf_truncate(out, before);
    out->is_full = was_full;
    return false;
}

bool base64_decode(struct slice in, struct buf *out)
{
    return decode(in, alphabet_std, true, out);
}

bool base64url_decode(struct slice in, struct buf *out)
{
    return decode(in, alphabet_url, false, out);
}

void hex_encode(struct slice in, struct buf *out)
{
    for (size_t i = 0; i < in.n; i++) {
        unsigned value = octet(in, i);
        char pair[2] = {hex_lower[value >> 4], hex_lower[value & 15]};
        buf_add(out, slice_make(pair, 2));
    }
}

static unsigned hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return (unsigned)(c - '0');
    }
    if (c >= 'a' && c <= 'f') {
        return (unsigned)(c - 'a') + 10;
    }
    return c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10 : 16;
}

bool hex_decode(struct slice in, struct buf *out)
{
    if (in.n % 2 != 0) {
        return false;
    }
    for (size_t i = 0; i < in.n; i++) {
        if (hex_value(in.p[i]) == 16) {
            return false;
        }
    }
    for (size_t i = 0; i < in.n; i += 2) {
        buf_add_char(out, (char)(hex_value(in.p[i]) << 4 | hex_value(in.p[i + 1])));
    }
    return true;
}

/* RFC 3986 2.3 */
static bool is_unreserved(char c)
{
    return digit_value(c, alphabet_url) != 64 || c == '.' || c == '~';
}

void url_encode(struct slice in, struct buf *out)
{
    for (size_t i = 0; i < in.n; i++) {
        unsigned value = octet(in, i);
        if (is_unreserved(in.p[i])) {
            buf_add_char(out, in.p[i]);
            continue;
        }
        char triple[3] = {'%', hex_upper[value >> 4], hex_upper[value & 15]};
        buf_add(out, slice_make(triple, 3));
    }
}

bool form_decode(struct slice in, struct buf *out)
{
    for (size_t i = 0; i < in.n; i++) {
        if (in.p[i] == '%' &&
            (in.n - i < 3 || hex_value(in.p[i + 1]) == 16 || hex_value(in.p[i + 2]) == 16)) {
            return false;
        }
    }
    for (size_t i = 0; i < in.n; i++) {
        if (in.p[i] == '%') {
            buf_add_char(out, (char)(hex_value(in.p[i + 1]) << 4 | hex_value(in.p[i + 2])));
            i += 2;
        } else {
            buf_add_char(out, in.p[i] == '+' ? ' ' : in.p[i]);
        }
    }
    return true;
}
