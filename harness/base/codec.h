/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 (RFC 4648 4 and 5), hex, and percent encoding (RFC 3986 2.1). Pure. */
#ifndef SMTPDX_BASE_CODEC_H
#define SMTPDX_BASE_CODEC_H

#include "base/buf.h"

void base64_encode(struct slice in, struct buf *out);     /* appends, with padding */
void base64url_encode(struct slice in, struct buf *out);  /* appends, without padding */
/* Appends the decoded octets. Strict: alphabet, padding and the unused bits are checked; no white
 * space. False (and out is as before) when it is not base64. */
bool base64_decode(struct slice in, struct buf *out);
bool base64url_decode(struct slice in, struct buf *out);  /* padding optional */
void hex_encode(struct slice in, struct buf *out);        /* lower case */
bool hex_decode(struct slice in, struct buf *out);        /* either case */
void url_encode(struct slice in, struct buf *out);        /* all but the unreserved, upper-case hex */
/* A name or a value of application/x-www-form-urlencoded: + is a blank. False (and out is as before) when
 * a % has not two digits behind it. */
bool form_decode(struct slice in, struct buf *out);

#endif
