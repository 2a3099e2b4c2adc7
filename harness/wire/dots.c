/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dot-stuffing. A CR ends the line at once, and a LF right behind it is then swallowed: so nothing
 * has to be held back at the edge of a buffer.
 */
#include "wire/dots.h"

void dots_init(struct dots *d, enum dots_mode mode)
{
    *d = (struct dots){.mode = mode};
}

/* Octets up to the next CR or LF. */
static size_t plain_run(struct slice s)
{
    size_t n = 0;
    while (n < s.n && s.p[n] != '\r' && s.p[n] != '\n') {
        n++;
    }
    return n;
}

static void add_line_end(struct dots *d, struct buf *out)
{
    buf_add_text(out, "\r\n");
    d->is_inside_line = false;
}

static void add_run(struct dots *d, struct slice run, struct buf *out)
{
    if (!d->is_inside_line && d->mode == DOTS_STUFF && run.p[0] == '.') {
        buf_add_char(out, '.');
    }
    buf_add(out, run);
    d->is_inside_line = true;
    d->has_cr = false;
}

void dots_feed(struct dots *d, struct slice in, struct buf *out)
{
    while (in.n != 0) {
        size_t n = plain_run(in);
        if (n != 0) {
            add_run(d, slice_sub(in, 0, n), out);
            in = slice_from(in, n);
            continue;
        }
        bool is_cr = in.p[0] == '\r';
        if (is_cr || !d->has_cr) {
            add_line_end(d, out);
        }
        d->has_cr = is_cr;
        in = slice_from(in, 1);
    }
}

void dots_end(struct dots *d, struct buf *out)
{
    if (d->is_inside_line) {
        add_line_end(d, out);
    }
    if (d->mode == DOTS_STUFF) {
        buf_add_text(out, ".\r\n");
    }
    dots_init(d, d->mode);
}

void message_measure(struct slice message, struct message_measure *out)
{
    size_t line = 0;
    bool is_header = true, has_cr = false;
    *out = (struct message_measure){0};
    for (size_t i = 0; i < message.n; i++) {
        unsigned char c = (unsigned char)message.p[i];
        bool is_end = c == '\r' || (c == '\n' && !has_cr);
        bool is_swallowed = c == '\n' && has_cr;
        has_cr = c == '\r';
        if (is_swallowed) {
            continue;
        }
        if (is_end) {
            is_header = is_header && line != 0;
            out->octets += 2;
            out->longest_line = line + 2 > out->longest_line ? line + 2 : out->longest_line;
            line = 0;
            continue;
        }
        line++;
        out->octets++;
        out->has_nul = out->has_nul || c == '\0';
        out->has_eight_bit = out->has_eight_bit || c >= 0x80;
        out->has_eight_bit_header = out->has_eight_bit_header || (is_header && c >= 0x80);
    }
    if (line != 0) {
        out->octets += 2;
        out->longest_line = line + 2 > out->longest_line ? line + 2 : out->longest_line;
    }
}
