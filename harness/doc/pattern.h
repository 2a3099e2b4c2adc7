/* SPDX-License-Identifier: Apache-2.0 */
/* Regular expressions behind one small face (PCRE2), with limits so that no pattern can hang. */
#ifndef SMTPDX_DOC_PATTERN_H
#define SMTPDX_DOC_PATTERN_H

#include "base/err.h"
#include "base/slice.h"

struct pattern; /* opaque, immutable; may be shared */

enum { PATTERN_NOCASE = 1, PATTERN_ANCHORED = 2 /* whole subject */, PATTERN_LITERAL = 4 };
enum { PATTERN_GROUPS_MAX = 10 };

/* Errors: ERR_SYNTAX with what PCRE2 says and the offset. */
enum err pattern_new(struct slice source, unsigned flags, struct pattern **out,
                     struct why *why) MUST_USE;
void pattern_free(struct pattern *p);
/* How many groups it captures. */
unsigned pattern_groups(const struct pattern *p);

enum pattern_result { PATTERN_NO, PATTERN_YES, PATTERN_GAVE_UP /* match limit */ };
/* groups may be NULL; groups[0] is the whole match; unset ones are empty. Borrowed from subject. */
enum pattern_result pattern_match(const struct pattern *p, struct slice subject,
                                  struct slice groups[PATTERN_GROUPS_MAX]);

#endif
