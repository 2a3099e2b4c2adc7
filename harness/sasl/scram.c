/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server-first-message of SCRAM, looked at strictly: a nonce that is not ours, an extension we
 * must understand and do not, no salt, or an iteration count that is too cheap or too dear are each
 * refused with their own words, and no proof leaves (RFC 5802 5.1, 7, 9; RFC 7677 4).
 */
#include "sasl/scram.h"

/* The value of the attribute `name` when it is next in *rest. */
static bool take_attribute(struct slice *rest, char name, struct slice *value)
{
    struct slice part, after = *rest;
    if (!slice_take_until(&after, ',', &part) || part.n < 2 || part.p[0] != name ||
        part.p[1] != '=') {
        return false;
    }
    *value = slice_from(part, 2);
    *rest = after;
    return true;
}

struct slice scram_client_nonce(struct slice client_first)
{
    struct slice part, rest = client_first;
    while (slice_take_until(&rest, ',', &part)) {
        if (part.n > 2 && part.p[0] == 'r' && part.p[1] == '=') {
            return slice_from(part, 2);
        }
    }
    return slice_of("");
}

static bool is_printable(struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < 0x21 || s.p[i] > 0x7e) {
            return false;
        }
    }
    return true;
}

static bool is_base64_char(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
}

static bool looks_like_base64(struct slice s)
{
    if (s.n % 4 != 0) {
        return false;
    }
    size_t padding = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '=') {
            padding++;
        } else if (padding != 0 || !is_base64_char(s.p[i])) {
            return false;
        }
    }
    return padding <= 2;
}

static const char *check_nonce(struct slice nonce, struct slice client_nonce)
{
    if (!is_printable(nonce)) {
        return "the server's nonce is not printable";
    }
    if (client_nonce.n == 0 || !slice_has_prefix(nonce, client_nonce)) {
        return "the server's nonce does not begin with ours";
    }
    return nonce.n > client_nonce.n ? NULL : "the server added nothing to our nonce";
}

static const char *check_iterations(struct slice text)
{
    uint64_t count;
    if (text.n == 0 || text.p[0] == '0' || !slice_to_u64(text, &count)) {
        return "the iteration count is not a number";
    }
    if (count < SCRAM_ITERATIONS_MIN) {
        return "fewer than 4096 iterations";
    }
    return count <= SCRAM_ITERATIONS_MAX ? NULL : "more than 600000 iterations";
}

const char *scram_check_server_first(struct slice message, struct slice client_nonce)
{
    struct slice rest = message, nonce, salt, iterations;
    if (message.n >= 2 && message.p[0] == 'm' && message.p[1] == '=') {
        return "a mandatory extension that nobody knows (m=)";
    }
    if (!take_attribute(&rest, 'r', &nonce)) {
        return "no nonce (r=) where the server's first message has to begin with it";
    }
    const char *wrong = check_nonce(nonce, client_nonce);
    if (wrong != NULL) {
        return wrong;
    }
    if (!take_attribute(&rest, 's', &salt) || salt.n == 0) {
        return "no salt (s=)";
    }
    if (!looks_like_base64(salt)) {
        return "the salt is not base64";
    }
    if (!take_attribute(&rest, 'i', &iterations)) {
        return "no iteration count (i=)";
    }
    return check_iterations(iterations);
}
