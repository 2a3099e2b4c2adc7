/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reply reader. Octets are only gathered until a LF completes a line, and every judgement is
 * made on whole lines: that is what makes the answer independent of where the network cuts.
 */
#include "wire/reply.h"

#include <assert.h>
#include <stdlib.h>

#define BIT(name) (1U << REPLY_NOTE_##name)

static const char *const note_words[] = {
#define REPLY_NOTE(name, words) [REPLY_NOTE_##name] = words,
#include "wire/reply_notes.def"
#undef REPLY_NOTE
};
static_assert(COUNT(note_words) == REPLY_NOTE_COUNT, "words for every note");
static_assert(REPLY_NOTE_COUNT <= 32, "notes are bits of an unsigned");

const char *reply_note_words(enum reply_note note)
{
    must(note < REPLY_NOTE_COUNT);
    return note_words[note];
}

void reply_reader_init(struct reply_reader *r, size_t max_octets, size_t max_lines)
{
    *r = (struct reply_reader){
        .max_octets = max_octets != 0 ? max_octets : REPLY_OCTETS_MAX,
        .max_lines = max_lines != 0 ? max_lines : REPLY_LINES_MAX,
    };
    buf_init(&r->raw, r->max_octets);
}

void reply_reader_release(struct reply_reader *r)
{
    buf_release(&r->raw);
    free(r->places);
    free(r->lines);
    r->places = NULL;
    r->lines = NULL;
    r->count = r->space = 0;
}

void reply_reader_reset(struct reply_reader *r)
{
    buf_reset(&r->raw);
    r->line_at = 0;
    r->code = 0;
    r->notes = 0;
    r->is_bad = r->is_done = false;
    r->enhanced = (struct enhanced){0};
    r->count = 0;
}

static void keep_line(struct reply_reader *r, struct slice text)
{
    if (r->count == r->space) {
        r->space = r->space != 0 ? r->space * 2 : 8;
        r->places = mem_realloc(r->places, r->space * sizeof *r->places);
        r->lines = mem_realloc(r->lines, r->space * sizeof *r->lines);
    }
    size_t at = text.n != 0 ? (size_t)(text.p - r->raw.p) : 0;
    r->places[r->count++] = (struct line_place){at, text.n};
}

static void hand_out(struct reply_reader *r, unsigned code, struct reply *out)
{
    for (size_t i = 0; i < r->count; i++) {
        r->lines[i] = slice_sub(buf_slice(&r->raw), r->places[i].at, r->places[i].n);
    }
    *out = (struct reply){
        .code = code,
        .enhanced = r->enhanced,
        .notes = r->notes,
        .lines = r->lines,
        .line_count = r->count,
        .raw = buf_slice(&r->raw),
    };
}

/* Text without its line end; notes what is odd about either. */
static struct slice note_line_end(struct reply_reader *r, struct slice line)
{
    if (line.n > REPLY_LINE_MAX) {
        r->notes |= BIT(LINE_TOO_LONG);
    }
    if (line.n != 0 && line.p[line.n - 1] == '\n') {
        line.n--;
        if (line.n != 0 && line.p[line.n - 1] == '\r') {
            line.n--;
        } else {
            r->notes |= BIT(BARE_LF);
        }
    }
    return line;
}

static void note_octets(struct reply_reader *r, struct slice text)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c >= 0x80) {
            r->notes |= BIT(EIGHT_BIT);
        } else if (c == '\0') {
            r->notes |= BIT(NUL);
        } else if (c == '\r') {
            r->notes |= BIT(BARE_CR);
        } else if ((c < 0x20 && c != '\t') || c == 0x7f) {
            r->notes |= BIT(CONTROL);
        }
    }
}

/* The note that says why a line does not start with a reply code, or 0 (RFC 5321 4.2). */
static unsigned judge_code(struct slice text)
{
    size_t digits = 0;
    while (digits < text.n && text.p[digits] >= '0' && text.p[digits] <= '9') {
        digits++;
    }
    if (digits != 3) {
        return digits == 0 ? BIT(NO_CODE) : digits < 3 ? BIT(CODE_SHORT) : BIT(CODE_LONG);
    }
    if (text.p[0] < '2' || text.p[0] > '5') {
        return BIT(CODE_RANGE);
    }
    return text.n == 3 || text.p[3] == ' ' || text.p[3] == '-' ? 0 : BIT(SEPARATOR);
}

static void note_code(struct reply_reader *r, unsigned code)
{
    if (code / 10 % 10 > 5) {
        r->notes |= BIT(CODE_RANGE); /* 250 to 559 by the grammar, but the class can be told */
    }
    if (r->code != 0 && r->code != code) {
        r->notes |= BIT(CODES_DIFFER);
        r->is_bad = r->is_bad || r->code / 100 != code / 100;
    }
    r->code = code;
}

/* 3yz replies carry no enhanced codes: what follows a 334 is the challenge (RFC 2034 4, RFC 4954
 * 4). */
static struct slice note_enhanced(struct reply_reader *r, struct slice text)
{
    struct enhanced e;
    struct slice rest;
    if (r->code / 100 == 3 || !enhanced_take(text, &e, &rest)) {
        return text;
    }
    if (!enhanced_fits(&e, r->code)) {
        r->notes |= BIT(ENHANCED_CLASS);
    }
    if (r->enhanced.class == 0) {
        r->enhanced = e;
    } else if (!enhanced_eq(&r->enhanced, &e)) {
        r->notes |= BIT(ENHANCED_DIFFER);
    }
    return rest;
}

enum line_kind { LINE_GOES_ON, LINE_IS_LAST, LINE_IS_BLANK };

/* Judges one whole line; sets is_bad when it is not part of a reply. */
static enum line_kind take_line(struct reply_reader *r, struct slice line)
{
    struct slice text = note_line_end(r, line);
    note_octets(r, text);
    text = slice_trim_end(text, "\r");
    if (slice_trim(text).n == 0) {
        r->notes |= BIT(BLANK_LINE);
        return LINE_IS_BLANK;
    }
    unsigned fault = judge_code(text);
    if (fault != 0) {
        r->notes |= fault;
        r->is_bad = true;
        keep_line(r, text);
        return LINE_IS_LAST;
    }
    note_code(r, (unsigned)(text.p[0] - '0') * 100 + (unsigned)(text.p[1] - '0') * 10 +
                     (unsigned)(text.p[2] - '0'));
    bool goes_on = text.n > 3 && text.p[3] == '-';
    struct slice rest = slice_from(text, 4);
    if (rest.n == 0) {
        r->notes |= BIT(NO_TEXT);
    }
    keep_line(r, note_enhanced(r, rest));
    return goes_on ? LINE_GOES_ON : LINE_IS_LAST;
}

static enum read_result finish(struct reply_reader *r, struct reply *out)
{
    r->is_done = true;
    hand_out(r, r->is_bad ? 0 : r->code, out);
    return r->is_bad ? READ_BAD : READ_REPLY;
}

static enum read_result give_up(struct reply_reader *r, unsigned why, struct reply *out)
{
    r->notes |= why;
    r->is_bad = true;
    return finish(r, out);
}

/* Takes octets up to and with the next LF, or all there are; false when the cap is reached. */
static bool gather(struct reply_reader *r, struct slice in, size_t *taken, bool *has_line)
{
    size_t lf = slice_find_char(in, '\n');
    size_t n = lf != SIZE_MAX ? lf + 1 : in.n;
    size_t room = r->max_octets - r->raw.n;
    *has_line = lf != SIZE_MAX && n <= room;
    *taken = n <= room ? n : room;
    buf_add(&r->raw, slice_sub(in, 0, *taken));
    return n <= room;
}

enum read_result reply_read(struct reply_reader *r, struct slice in, size_t *used,
                            struct reply *out)
{
    *used = 0;
    if (r->is_bad) {
        hand_out(r, 0, out);
        return READ_BAD;
    }
    if (r->is_done) {
        reply_reader_reset(r);
    }
    while (*used < in.n) {
        size_t taken = 0;
        bool has_line = false;
        bool fits = gather(r, slice_from(in, *used), &taken, &has_line);
        *used += taken;
        if (!fits) {
            return give_up(r, BIT(TOO_MANY_OCTETS), out);
        }
        if (!has_line) {
            break;
        }
        struct slice line = slice_from(buf_slice(&r->raw), r->line_at);
        r->line_at = r->raw.n;
        enum line_kind kind = take_line(r, line);
        if (r->is_bad || kind == LINE_IS_LAST) {
            return finish(r, out);
        }
        if (r->count >= r->max_lines) {
            return give_up(r, BIT(TOO_MANY_LINES), out);
        }
    }
    return READ_MORE;
}

bool reply_end(struct reply_reader *r, struct reply *out)
{
    if (r->is_done || r->raw.n == 0) {
        return false;
    }
    struct slice rest = slice_from(buf_slice(&r->raw), r->line_at);
    r->line_at = r->raw.n;
    if (rest.n != 0) {
        r->notes |= BIT(LINE_CUT);
        r->notes |= take_line(r, rest) == LINE_IS_LAST ? 0 : BIT(LAST_LINE);
    } else if (r->count != 0) {
        r->notes |= BIT(LAST_LINE);
    }
    r->is_done = true;
    hand_out(r, r->is_bad ? 0 : r->code, out);
    r->is_bad = false;
    return true;
}
