/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads replies incrementally (RFC 5321 4.2, 4.2.1, 4.5.3.1.5). What a server does wrong is noted,
 * not lost: a diagnostic tool has to say what it saw. The answer is the same wherever the network
 * cuts the octets.
 *
 * Tolerated and noted: bare LF, bare CR, blank lines, missing text, lines over 512 octets, NUL,
 * 8-bit and control characters, codes that differ within one class (the last line's counts), codes
 * of a known class outside the grammar, odd enhanced codes. Not a reply (READ_BAD): no code, a code
 * of two or four digits, a class outside 2 to 5, no separator, codes of different classes in one
 * reply, and what never ends.
 */
#ifndef SMTPDX_WIRE_REPLY_H
#define SMTPDX_WIRE_REPLY_H

#include "base/buf.h"
#include "base/err.h"
#include "wire/enhanced.h"

enum reply_note {
#define REPLY_NOTE(name, words) REPLY_NOTE_##name,
#include "wire/reply_notes.def"
#undef REPLY_NOTE
    REPLY_NOTE_COUNT
};
const char *reply_note_words(enum reply_note note);
#define REPLY_HAS(notes, name) (((notes) >> REPLY_NOTE_##name & 1U) != 0)

enum { REPLY_LINE_MAX = 512, REPLY_OCTETS_MAX = 64 * 1024, REPLY_LINES_MAX = 1000 };

struct reply {
    unsigned code;             /* 0: none that makes sense */
    struct enhanced enhanced;  /* of the first line that has one */
    unsigned notes;            /* bits: 1U << enum reply_note */
    const struct slice *lines; /* text without code, separator and enhanced code */
    size_t line_count;
    struct slice raw; /* as it came, line ends included */
};

enum read_result { READ_MORE, READ_REPLY, READ_BAD };

/* Fields are the reader's own. */
struct reply_reader {
    struct buf raw;
    size_t line_at;    /* offset in raw of the line being read */
    size_t max_octets; /* of one reply */
    size_t max_lines;
    unsigned code; /* of the last line read */
    unsigned notes;
    bool is_bad;
    bool is_done; /* raw holds a reply that was handed out */
    struct enhanced enhanced;
    struct line_place {
        size_t at, n;
    } * places; /* owned */
    size_t count, space;
    struct slice *lines; /* owned, made when a reply is handed out */
};

/* 0 means the default for either cap. */
void reply_reader_init(struct reply_reader *r, size_t max_octets, size_t max_lines);
void reply_reader_release(struct reply_reader *r); /* may be called twice */
void reply_reader_reset(struct reply_reader *r);   /* forgets what was read, a READ_BAD too */

/*
 * Reads one reply, however the network cut it (RFC 5321 4.2).
 *
 *   in    octets not yet read; borrowed
 *   used  out: octets taken from in; never those behind the reply's last line
 *   out   out: set on READ_REPLY and READ_BAD; borrows from r until the next call
 *
 * READ_MORE asks for more octets. READ_BAD is a fault of the peer: out holds what came so far with
 * the notes that say why and code 0; every later call repeats it and takes nothing.
 */
enum read_result reply_read(struct reply_reader *r, struct slice in, size_t *used,
                            struct reply *out) MUST_USE;

/*
 * The peer has gone or stayed silent: hands out what there is of an unfinished reply, noted as
 * such, with the code its lines agree on. False when nothing was pending. The reader is reset by
 * the next reply_read.
 */
bool reply_end(struct reply_reader *r, struct reply *out);

#endif
