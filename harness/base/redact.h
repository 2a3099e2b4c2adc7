/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one place that knows every secret of a run and hides it wherever text leaves the program.
 * Redaction happens where the log is written, so that no output can hold a secret.
 *
 * A secret is found raw; as base64 and base64url at all three alignments (the inner characters that
 * do not depend on the neighbours; the two outer ones are hidden with them); as hex in either case;
 * and each of these behind URL, form, quoted-printable, JSON, C or XML escapes and behind line
 * breaks. What a mechanism builds of it (PLAIN, LOGIN, XOAUTH2 and OAUTHBEARER blobs) contains one
 * of these, which a test proves for every mechanism. Time is linear in the text.
 * A secret shorter than REDACT_MIN octets is refused: it would blank out ordinary words.
 */
#ifndef SMTPDX_BASE_REDACT_H
#define SMTPDX_BASE_REDACT_H

#include "base/buf.h"

enum { REDACT_MIN = 6 };

struct redactor; /* opaque */

struct redactor *redactor_new(void);
void redactor_free(struct redactor *r); /* wipes; NULL is fine */

/* Registers one secret under a name for a person ("password"). Register all before the first text is
 * searched: a later one costs as much as all of them. Errors: ERR_LIMIT when too short. */
enum err redactor_add(struct redactor *r, const char *name, struct slice secret,
                      struct why *why) MUST_USE;

/* Appends in to out with every form of every secret replaced by "***" (one for forms that touch).
 * redactor_find then finds nothing in what was appended, unless out's cap cut it. */
void redactor_apply(const struct redactor *r, struct slice in, struct buf *out);

/* Name of the first secret that occurs in any form, or NULL. r may be NULL (nothing registered). */
const char *redactor_find(const struct redactor *r, struct slice in);

#endif
