/* SPDX-License-Identifier: Apache-2.0 */
/* Captured values inside this layer: names, form, order. What runs uses match.h. */
#ifndef SMTPDX_SCENARIO_CAPTURE_H
#define SMTPDX_SCENARIO_CAPTURE_H

#include "scenario/parts.h"

/* The names that a scenario, or its row (whole steps may stand there), captures go into the scope,
 * before ${…} is put in. */
void capture_scan(struct scope *s, const struct node *n);
/* After it: each of them is used. */
void capture_check_used(struct scope *s);
/* f: the field `capture` of shape. */
void capture_check_form(const struct shape *shape, const struct field *f, const struct node *n,
                        struct doc_errors *errors);
/* No step uses what a later one captures. */
void capture_check_order(struct bind *b, const struct spec_probe *p);

/* Does a captured value stand in it? */
bool capture_is_marked(const struct node *n);

/* The value that `{regex, from}` captures, borrowed from the document; empty with a problem in
 * words that go between the regex and what it was tried on. */
struct slice capture_match(const struct node *one, const struct json *document,
                           const struct json **got, const char **problem);

#endif
