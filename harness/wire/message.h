/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A minimal correct message (RFC 5322 3.6, RFC 2045) that a person recognises as a test and that no
 * program answers (RFC 3834 Auto-Submitted). No value can start a header of its own: control
 * characters are refused, text outside ASCII becomes encoded words (RFC 2047), or stays as it is in
 * addresses that need SMTPUTF8 anyway.
 */
#ifndef SMTPDX_WIRE_MESSAGE_H
#define SMTPDX_WIRE_MESSAGE_H

#include "base/buf.h"
#include "base/err.h"

struct message_params {
    struct slice from;      /* address without brackets */
    const struct slice *to; /* addresses; at least one */
    size_t to_count;
    int64_t date;            /* seconds since 1970; written in UTC */
    struct slice message_id; /* left@right without <>; RFC 5322 3.6.4 dot-atoms */
    struct slice subject;    /* UTF-8; empty: "smtpdx test message" */
    struct slice text; /* UTF-8 body with any line ends; empty: a sentence that says what this is */
};

/* Appends the message with CR LF line ends. Errors: ERR_INVALID, ERR_LIMIT (as path_check; a
 * message-id or a subject that cannot stand in a header); then nothing is appended. */
enum err message_build(const struct message_params *params, struct buf *out,
                       struct why *why) MUST_USE;

/* "Thu, 01 Jan 1970 00:00:00 +0000" (RFC 5322 3.3). */
void message_date(int64_t seconds, char out[40]);

#endif
