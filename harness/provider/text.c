/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reply texts as provider files hold them: the codes in front (RFC 5321 4.2, RFC 3463 2), lines
 * separated by LF, and placeholders in braces for what varies from one connection to the next.
 */
#include "provider/parts.h"

enum { REPLY_LINE_MAX = 510 }; /* RFC 5321 4.5.3.1.5: 512 with CR LF */

static const char *const placeholders[] = {"host", "id", "time", "address", "ip", "user", "any"};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t digits(struct slice s, size_t at)
{
    size_t n = 0;
    while (at + n < s.n && is_digit(s.p[at + n])) {
        n++;
    }
    return n;
}

/* class "." subject "." detail with at most three digits each, then a blank or the end. */
static size_t enhanced_length(struct slice s)
{
    if (s.n < 5 || (s.p[0] != '2' && s.p[0] != '4' && s.p[0] != '5') || s.p[1] != '.') {
        return 0;
    }
    size_t subject = digits(s, 2), dot = 2 + subject;
    size_t detail = digits(s, dot + 1), end = dot + 1 + detail;
    bool is_form = subject >= 1 && subject <= 3 && dot < s.n && s.p[dot] == '.' && detail >= 1 &&
                   detail <= 3 && (end == s.n || s.p[end] == ' ');
    return is_form ? end : 0;
}

struct reply_head reply_head_of(struct slice text)
{
    struct slice line = slice_sub(text, 0, slice_find_char(text, '\n'));
    struct reply_head head = {0, {NULL, 0}, line};
    if (digits(line, 0) == 3 && line.p[0] >= '2' && line.p[0] <= '5' &&
        (line.n == 3 || line.p[3] == ' ' || line.p[3] == '-')) {
        head.code = (unsigned)(line.p[0] - '0') * 100 + (unsigned)(line.p[1] - '0') * 10 +
                    (unsigned)(line.p[2] - '0');
        head.text = slice_from(line, 4);
    }
    size_t n = enhanced_length(head.text);
    head.enhanced = slice_sub(head.text, 0, n);
    head.text = slice_trim(slice_from(head.text, n));
    return head;
}

static bool is_placeholder(struct slice name)
{
    for (size_t i = 0; i < COUNT(placeholders); i++) {
        if (slice_eq_text(name, placeholders[i])) {
            return true;
        }
    }
    return false;
}

static const char *braces_fault(struct slice line)
{
    for (size_t at = 0; at < line.n; at++) {
        if (line.p[at] != '{') {
            continue;
        }
        struct slice rest = slice_from(line, at + 1);
        size_t end = slice_find_char(rest, '}');
        if (end == SIZE_MAX || !is_placeholder(slice_sub(rest, 0, end))) {
            return "braces hold one of {host} {id} {time} {address} {ip} {user} {any}";
        }
    }
    return NULL;
}

const char *reply_text_fault(struct slice text)
{
    unsigned code = reply_head_of(text).code;
    struct slice rest = text, line;
    if (slice_trim(text).n == 0) {
        return "a reply cannot be empty";
    }
    while (slice_take_until(&rest, '\n', &line)) {
        if (line.n > REPLY_LINE_MAX) {
            return "no reply line may be longer than 510 octets";
        }
        for (size_t i = 0; i < line.n; i++) {
            if ((unsigned char)line.p[i] < ' ') {
                return "a reply line holds no control characters";
            }
        }
        if (code != 0 && reply_head_of(line).code != code) {
            return "every line of a reply begins with the same code";
        }
        if (code != 0 && line.n > 3 && line.p[3] != (rest.n != 0 ? '-' : ' ')) {
            return "'-' stands behind the code of every line but the last, a blank behind the last";
        }
        const char *fault = braces_fault(line);
        if (fault != NULL) {
            return fault;
        }
    }
    return NULL;
}

static const struct slice *fill_of(const struct provider_fill *fill, struct slice name)
{
    const struct slice *values[] = {&fill->host,    &fill->id, &fill->time,
                                    &fill->address, &fill->ip, &fill->user};
    for (size_t i = 0; i < COUNT(values); i++) {
        if (slice_eq_text(name, placeholders[i])) {
            return values[i];
        }
    }
    return NULL;
}

void provider_fill(const char *text, const struct provider_fill *fill, struct buf *out)
{
    struct slice rest = slice_of(text);
    while (rest.n != 0) {
        size_t at = slice_find_char(rest, '{');
        buf_add(out, slice_sub(rest, 0, at));
        if (at == SIZE_MAX) {
            return;
        }
        rest = slice_from(rest, at);
        size_t end = slice_find_char(rest, '}');
        const struct slice *value =
            end == SIZE_MAX ? NULL : fill_of(fill, slice_sub(rest, 1, end - 1));
        if (value == NULL) {
            buf_add_char(out, '{');
            rest = slice_from(rest, 1);
            continue;
        }
        buf_add(out, *value);
        rest = slice_from(rest, end + 1);
    }
}
