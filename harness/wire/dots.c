/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dot-stuffing. A CR ends the line at once, and a LF right behind it is then swallowed: so nothing
 * has to be held back at the edge of a buffer.
 */
#include "wire/dots.h"

#include <string.h>

void dots_init(struct dots *d, enum dots_mode mode)
{
    *d = (struct dots){.mode = mode};
}

/* Octets up to the next CR or LF. */
static size_t plain_run(struct slice s)
{
    const char *lf = s.n != 0 ? memchr(s.p, '\n', s.n) : NULL;
    size_t n = lf != NULL ? (size_t)(lf - s.p) : s.n;
    const char *cr = n != 0 ? memchr(s.p, '\r', n) : NULL;
    return cr != NULL ? (size_t)(cr - s.p) : n;
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

static bool has_eight_bit(struct slice s)
{
    unsigned char seen = 0;
    for (size_t i = 0; i < s.n; i++) { /* no early way out: compilers make vectors of this */
        seen |= (unsigned char)s.p[i];
    }
    return (seen & 0x80U) != 0;
}

static void measure_run(struct slice run, bool is_header, struct message_measure *out)
{
    bool is_eight_bit = has_eight_bit(run);
    out->octets += run.n;
    out->has_nul = out->has_nul || memchr(run.p, '\0', run.n) != NULL;
    out->has_eight_bit = out->has_eight_bit || is_eight_bit;
    out->has_eight_bit_header = out->has_eight_bit_header || (is_header && is_eight_bit);
}

static void measure_line_end(size_t line, struct message_measure *out)
{
    out->octets += 2;
    out->longest_line = line + 2 > out->longest_line ? line + 2 : out->longest_line;
}

void message_measure(struct slice message, struct message_measure *out)
{
    size_t line = 0;
    bool is_header = true, has_cr = false;
    *out = (struct message_measure){0};
    while (message.n != 0) {
        size_t n = plain_run(message);
        if (n != 0) {
            measure_run(slice_sub(message, 0, n), is_header, out);
            line += n;
            has_cr = false;
            message = slice_from(message, n);
            continue;
        }
        bool is_cr = message.p[0] == '\r';
        if (is_cr || !has_cr) { /* the LF of CRLF ends no second line */
            is_header = is_header && line != 0;
            measure_line_end(line, out);
            line = 0;
        }
        has_cr = is_cr;
        message = slice_from(message, 1);
    }
    if (line != 0) {
        measure_line_end(line, out);
    }
}
