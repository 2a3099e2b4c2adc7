/* SPDX-License-Identifier: Apache-2.0 */
/* Text for people: nearest names, hostile octets made visible, widths, durations, UTC times. */
#ifndef SMTPDX_BASE_TEXT_H
#define SMTPDX_BASE_TEXT_H

#include "base/buf.h"

/* The known name nearest to a misspelt one (edit distance with transpositions, without case, at most
 * a third of its length), or NULL. */
const char *text_nearest(struct slice word, const char *const *known, size_t n);

/* Appends s with everything made visible that could harm a terminal, a log or XML: controls, C1,
 * ESC, DEL, bidi controls, what takes no room (U+200B) and invalid UTF-8 as \xNN (the former and
 * non-characters as \u{NNNN}); CR as \r,
 * LF as \n, tab as \t when it is not text_keep_lines. Nothing is deleted. */
enum text_visible { TEXT_ONE_LINE, TEXT_KEEP_LINES };
void text_visible(struct slice s, enum text_visible how, struct buf *out);

/* Length of the UTF-8 sequence at the start of s: 1 to 4, or 0 when it is not valid (RFC 3629). */
size_t text_utf8_length(struct slice s);
/* Decodes it; only after text_utf8_length said it is valid. */
uint32_t text_utf8_code_point(struct slice s);
/* Columns on a terminal: code points, with those of East Asian width counted as two. */
size_t text_columns(struct slice s);
/* Cuts s to at most n columns at a code-point boundary. */
struct slice text_cut(struct slice s, size_t columns);

/* Shell-style glob over '/'-separated names: * (not /), ** (any), ?, [a-z]. */
bool text_glob(struct slice pattern, struct slice name);

/* "500ms", "15s", "2m", "1h", "1.5s" to microseconds; a bare number is refused. */
bool text_duration(struct slice s, int64_t *out_us);
void text_add_duration(struct buf *out, int64_t us); /* "1.9 ms", "15 s", "2 min" */

/* YYYY-MM-DDThh:mm:ss in UTC from seconds since 1970; out holds 20. */
void text_utc(int64_t seconds, char out[20]);

#endif
