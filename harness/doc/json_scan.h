/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks at one JSON object (RFC 8259) without building a tree: the pairs of its top level as they
 * stand in the text, strings decoded when asked for. For streams of many small objects; strict
 * about the grammar, but any octets from 0x80 up may stand in strings, so that a reply in Latin-1
 * or GBK pasted into a line does not spoil it.
 */
#ifndef SMTPDX_DOC_JSON_SCAN_H
#define SMTPDX_DOC_JSON_SCAN_H

#include "base/buf.h"
#include "base/err.h"
#include "doc/json.h"

enum { JSON_SCAN_DEPTH_MAX = 64 };

/* A value where it stands. raw of a string includes its quotes. */
struct json_seen {
    struct slice raw; /* borrowed from the text */
    enum json_kind kind;
    bool has_escapes; /* strings: raw has a backslash */
};

struct json_seen_pair {
    struct json_seen key, value;
    bool is_guessed; /* the key is the one that was guessed */
};

/* A key as it may stand in the text, with its quotes and without escapes; n 0: no guess. */
struct json_guess {
    unsigned char n;
    char raw[31];
};

/*
 * The pairs of a map, in their order; guesses (NULL: none, else max of them) are what keys to expect
 * where, and change nothing but the time it takes. Blanks may stand around it, nothing else.
 * Errors: ERR_SYNTAX (col is the octet, from 1), ERR_INVALID (no map), ERR_LIMIT (more than max
 * pairs, or nested too deep).
 */
enum err json_scan_map(struct slice text, const struct json_guess *guesses,
                       struct json_seen_pair *pairs, size_t max, size_t *count,
                       struct why *why) MUST_USE;

/* The items of a list that json_scan_map has seen; those beyond max are left out. */
void json_scan_list(struct json_seen list, struct json_seen *items, size_t max, size_t *count);

/* The octets of a string: borrowed from raw when nothing is escaped, else appended to room, from
 * which the slice then borrows. Other kinds give the empty slice. */
struct slice json_scan_text(struct json_seen value, struct buf *room);

#endif
