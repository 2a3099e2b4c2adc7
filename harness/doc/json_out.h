/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON written straight into a buffer, for streams in which building a tree first would be most of
 * the work. Same text as json_string and json_print give, and safe to show on a terminal besides.
 */
#ifndef SMTPDX_DOC_JSON_OUT_H
#define SMTPDX_DOC_JSON_OUT_H

#include "base/buf.h"

/* Appends s in quotes. Octets that are not UTF-8 become \xNN text, as in json_string; controls (C1
 * and DEL too) are escaped. */
void json_out_string(struct slice s, struct buf *out);
void json_out_text(const char *text, struct buf *out);
/* Appends , "key": and the text; the comma is left out behind '{'. */
void json_out_key(const char *key, struct buf *out);
/* Both. */
void json_out_pair(const char *key, struct slice text, struct buf *out);

#endif
