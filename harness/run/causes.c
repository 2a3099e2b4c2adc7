/* SPDX-License-Identifier: Apache-2.0 */
/* Every slug that an expectation names has to be on the list. */
#include "run/causes.h"

#include "diagnose/diagnose.h"

/* Matchers whose value is a part of a slug, or no slug at all. */
static bool takes_slugs(struct slice operator)
{
    return slice_eq_text(operator, "eq") || slice_eq_text(operator, "ne") ||
           slice_eq_text(operator, "one_of") || slice_eq_text(operator, "any") ||
           slice_eq_text(operator, "all") || slice_eq_text(operator, "not");
}

static bool is_no_cause(struct slice text)
{
    return slice_eq_text(text, "null") || slice_eq_text(text, "~") || text.n == 0;
}

static void check(const struct node *n, struct doc_errors *errors)
{
    enum cause cause;
    if (n->kind == NODE_SCALAR) {
        if (is_no_cause(n->text) || cause_from_slug(n->text, &cause)) {
            return;
        }
        const char *nearest = cause_nearest(n->text);
        doc_error_at(errors, n, "unknown cause '" SLICE_FMT "'%s%s%s", SLICE_ARG(n->text),
                     nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "",
                     nearest != NULL ? "'?)" : "");
        return;
    }
    for (size_t i = 0; i < n->count; i++) {
        if (n->kind == NODE_LIST || takes_slugs(n->keys[i]->text)) {
            check(n->items[i], errors);
        }
    }
}

size_t causes_check(const struct suite_set *set, struct buf *out)
{
    size_t count = 0;
    for (size_t i = 0; i < suites_count(set); i++) {
        struct arena arena;
        struct doc_errors errors;
        arena_init(&arena);
        doc_errors_init(&errors, &arena);
        const struct suite *suite = suites_at(set, i);
        for (size_t k = 0; k < suite->case_count; k++) {
            const struct node *cause = node_get(suite->cases[k].expect, "cause");
            if (cause != NULL) {
                check(cause, &errors);
            }
        }
        doc_errors_print(&errors, out);
        count += errors.errors;
        arena_release(&arena);
    }
    return count;
}
