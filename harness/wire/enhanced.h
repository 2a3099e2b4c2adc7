/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enhanced status codes (RFC 3463, carried in replies by RFC 2034): class.subject.detail at the
 * start of a reply's text. They refine the reply code and never override it.
 */
#ifndef SMTPDX_WIRE_ENHANCED_H
#define SMTPDX_WIRE_ENHANCED_H

#include "base/slice.h"

enum { ENHANCED_TEXT = 16 }; /* "5.999.999" and a NUL fit */

struct enhanced {
    unsigned class; /* 2, 4 or 5; 0: there is none */
    unsigned subject, detail;
};

/*
 * Takes an enhanced code off the front of a reply's text.
 *
 *   text  behind the reply code and its separator; borrowed
 *   rest  out: the text without the code and the blanks behind it; the whole text if there is none
 *
 * False when the text does not start with one: three numbers of at most three digits without
 * leading zeros, class 2, 4 or 5, followed by a blank or the end (so "220 4.5.6.7 ready" has none).
 */
bool enhanced_take(struct slice text, struct enhanced *out, struct slice *rest);

/* RFC 2034 4: the class must be the first digit of the reply code. */
bool enhanced_fits(const struct enhanced *e, unsigned reply_code);
bool enhanced_eq(const struct enhanced *a, const struct enhanced *b);

/* "5.7.139", or "" when there is none. */
void enhanced_text(const struct enhanced *e, char out[ENHANCED_TEXT]);

#endif
