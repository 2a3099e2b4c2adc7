/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Matchers: `expect` mirrors the result document, and each leaf is a literal or a map with one known
 * operator. The check at load and the evaluation at run time use one table.
 */
#ifndef SMTPDX_SCENARIO_MATCH_H
#define SMTPDX_SCENARIO_MATCH_H

#include "doc/json.h"
#include "doc/node.h"

/* One assertion that was evaluated. path is "expect.server_saw.not_sent". */
struct match_check {
    const char *path;
    bool is_ok;
    const struct node *at;   /* the expectation in the file: where the caret goes */
    const char *want;        /* for a person, in the arena */
    struct json *got;        /* borrowed from the document; NULL when absent */
    const char *note;        /* "sent at +12.0 ms, in clear", or "" */
};
struct match_checks { struct match_check *list; size_t count, space; struct arena *arena; };

/* Does expect have the form of a result document? Adds errors with place and nearest name. */
void match_check_form(const struct node *expect, struct doc_errors *errors);
/* Evaluates every leaf. True when all hold. */
bool match_apply(const struct node *expect, const struct json *document, struct match_checks *out);
/* A single matcher on a text (for `when:` and step arguments). */
bool match_text(const struct node *matcher, struct slice text);

#endif
