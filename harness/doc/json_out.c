/* SPDX-License-Identifier: Apache-2.0 */
/* See json_out.h. Runs of plain ASCII are copied as they are; all else is looked at. */
#include "doc/json_out.h"

#include <string.h>

#include "base/text.h"
#include "doc/json_plain.h"

static void add_control(unsigned code, struct buf *out)
{
    static const char letters[] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    if (code < sizeof letters && letters[code] != 0) {
        buf_addf(out, "\\%c", letters[code]);
    } else {
        buf_addf(out, "\\u%04X", code);
    }
}

/* Appends what stands at the front of s and is not plain; gives its length. */
static size_t add_special(struct slice s, struct buf *out)
{
    unsigned char c = (unsigned char)s.p[0];
    if (c == '"' || c == '\\') {
        buf_add_char(out, '\\');
        buf_add_char(out, s.p[0]);
        return 1;
    }
    if (c < 0x80) {
        add_control(c, out);
        return 1;
    }
    size_t n = text_utf8_length(s);
    if (n == 0) {
        buf_addf(out, "\\\\x%02x", c);
        return 1;
    }
    uint32_t point = text_utf8_code_point(s);
    if (point < 0xa0) {
        add_control(point, out);
    } else {
        buf_add(out, slice_sub(s, 0, n));
    }
    return n;
}

void json_out_string(struct slice s, struct buf *out)
{
    buf_add_char(out, '"');
    for (size_t at = 0; at < s.n;) {
        size_t n = json_plain(s.p + at, s.n - at);
        buf_add(out, (struct slice){s.p + at, n});
        at += n;
        if (at < s.n) {
            at += add_special((struct slice){s.p + at, s.n - at}, out);
        }
    }
    buf_add_char(out, '"');
}

void json_out_text(const char *text, struct buf *out)
{
    json_out_string((struct slice){text, strlen(text)}, out);
}

void json_out_key(const char *key, struct buf *out)
{
    bool is_first = out->n == 0 || out->p[out->n - 1] == '{';
    buf_add(out, is_first ? SLICE("\"") : SLICE(",\""));
    buf_add(out, (struct slice){key, strlen(key)});
    buf_add(out, SLICE("\":"));
}

void json_out_pair(const char *key, struct slice text, struct buf *out)
{
    json_out_key(key, out);
    json_out_string(text, out);
}
