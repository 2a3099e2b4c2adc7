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
    const char *tell;        /* more words to what was wanted and got: "XFOO is missing", or "" */
};
struct match_checks { struct match_check *list; size_t count, space; struct arena *arena; };

/* Does expect have the form of a result document? Adds errors with place and nearest name. */
void match_check_form(const struct node *expect, struct doc_errors *errors);
/* Evaluates every leaf. True when all hold. */
bool match_apply(const struct node *expect, const struct json *document, struct match_checks *out);
/* ---- captured values (capture.c) ---- */
enum { CAPTURES_MAX = 16, CAPTURE_MAX_BYTES = 4096 };
struct match_capture { struct slice name, value; };
struct match_captures { struct match_capture list[CAPTURES_MAX]; size_t count; struct arena *arena; };
/* Adds what the `capture` of an expect finds in the document (of the case, or of one step). */
void match_take_captures(const struct node *expect, const struct json *document,
                         struct match_captures *out);
bool match_captured(const struct match_captures *c, struct slice name, struct slice *out);
/* The same tree with the values in their places; a value that is not there says so. */
const struct node *match_put_captures(const struct node *expect, const struct match_captures *c);

/* A single matcher on a text (for `when:` and step arguments). */
bool match_text(const struct node *matcher, struct slice text);

#endif
