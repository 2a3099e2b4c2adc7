/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Message content on the wire (RFC 5321 4.1.1.4, 4.5.2, 2.3.8): line ends become CR LF whatever
 * they were (LF, CR, CR LF, mixed), lines that start with a dot get one more, and the end is
 * exactly one CRLF.CRLF. Works on pieces of any size; the answer does not depend on where they are
 * cut. With no bare CR or LF left, no near-terminator can be read as an end by a lax server
 * (VU#302671).
 */
#ifndef SMTPDX_WIRE_DOTS_H
#define SMTPDX_WIRE_DOTS_H

#include "base/buf.h"

enum { MESSAGE_LINE_MAX = 1000 }; /* with CR LF (RFC 5321 4.5.3.1.6) */

enum dots_mode {
    DOTS_STUFF, /* for DATA */
    DOTS_PLAIN, /* line ends only: for BDAT, and to measure (RFC 1870 6: without stuffing) */
};

struct dots {
    enum dots_mode mode;
    bool is_inside_line; /* false: the next octet starts a line */
    bool has_cr;         /* the last octet was a CR whose line end is already written */
};

void dots_init(struct dots *d, enum dots_mode mode);
void dots_feed(struct dots *d, struct slice in, struct buf *out); /* appends */
/* Completes the last line and, when stuffing, appends the final dot. Then d is as after init. */
void dots_end(struct dots *d, struct buf *out);

/* What MAIL has to say of a message. */
struct message_measure {
    uint64_t octets;           /* with CR LF line ends, without stuffing (RFC 1870 6) */
    size_t longest_line;       /* with CR LF; over MESSAGE_LINE_MAX it may be cut or refused */
    bool has_eight_bit;        /* needs BODY=8BITMIME */
    bool has_eight_bit_header; /* needs SMTPUTF8 (RFC 6531 3.4) */
    bool has_nul;
};
void message_measure(struct slice message, struct message_measure *out);

#endif
