/* SPDX-License-Identifier: Apache-2.0 */
/* The form of tables and axes: rows with ids, values that can stand in an id, what is excluded. */
#include "scenario/parts.h"

#include <string.h>

enum { AXIS_VALUES_MAX = 256, ID_MAX = 120 };

static bool is_id(struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool is_good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       strchr("-_.@+/", c) != NULL;
        if (!is_good || c == '\0') {
            return false;
        }
    }
    return s.n != 0 && s.n <= ID_MAX;
}

bool axes_check_id(struct bind *b, const struct node *n, const char *what)
{
    struct slice text;
    if (!bind_text(b, what, n, &text)) {
        return false;
    }
    if (!is_id(text)) {
        doc_error_at(b->errors, n,
                     "'" SLICE_FMT "' cannot be '%s', which becomes part of an id: letters, digits "
                     "and - _ . @ + /, at most %d",
                     SLICE_ARG(slice_sub(text, 0, 60)), what, ID_MAX);
        return false;
    }
    return true;
}

/* ---- tables and axes: their form ---- */

static bool check_rows(struct bind *b, const struct scenario_head *h)
{
    size_t before = b->errors->errors;
    const struct node *rows = h->cases;
    if (rows->kind != NODE_LIST || rows->count == 0) {
        doc_error_at(b->errors, rows, AXES_ROWS_FORM);
        return false;
    }
    for (size_t i = 0; i < rows->count; i++) {
        const struct node *id = node_get(rows->items[i], "id");
        if (id == NULL) {
            doc_error_at(b->errors, rows->items[i], "a row needs an 'id'");
            continue;
        }
        (void)axes_check_id(b, id, "id");
        for (size_t k = 0; k < i; k++) {
            const struct node *other = node_get(rows->items[k], "id");
            if (other != NULL && slice_eq(node_text(other), node_text(id))) {
                doc_error_at(b->errors, id, "duplicate row id '" SLICE_FMT "' (first on line %u)",
                             SLICE_ARG(node_text(id)), other->line);
                break;
            }
        }
    }
    if (h->has_count && h->count != rows->count) {
        doc_error_at(b->errors, rows, "'count' says %u rows, and there are %zu", h->count,
                     rows->count);
    }
    return b->errors->errors == before;
}

static bool check_axis(struct bind *b, const struct node *name, const struct node *values)
{
    size_t before = b->errors->errors;
    (void)axes_check_id(b, name, "axis");
    if (values->kind != NODE_LIST || values->count == 0 || values->count > AXIS_VALUES_MAX) {
        doc_error_at(b->errors, values, "axis '" SLICE_FMT "' is a list of 1 to %d values",
                     SLICE_ARG(name->text), AXIS_VALUES_MAX);
        return false;
    }
    for (size_t i = 0; i < values->count; i++) {
        (void)axes_check_id(b, values->items[i], "axis value");
        for (size_t k = 0; k < i; k++) {
            if (slice_eq(node_text(values->items[i]), node_text(values->items[k]))) {
                doc_error_at(b->errors, values->items[i], "the axis has this value twice");
            }
        }
    }
    return b->errors->errors == before;
}

static bool check_matrix(struct bind *b, const struct scenario_head *h)
{
    const struct node *m = h->matrix;
    if (m->kind != NODE_MAP || m->count == 0 || m->count > AXES_MAX) {
        doc_error_at(b->errors, m, "'matrix' is a mapping of 1 to %d axes: {axis: [value, …]}",
                     AXES_MAX);
        return false;
    }
    bool is_good = true;
    for (size_t i = 0; i < m->count; i++) {
        is_good = check_axis(b, m->keys[i], m->items[i]) && is_good;
    }
    const struct node *via = node_get(m, "via");
    for (size_t i = 0; via != NULL && h->classify != NULL && is_good && i < via->count; i++) {
        is_good = bind_choice(b, "via", via->items[i], &choices_vias) != NULL;
    }
    return is_good;
}

/* Every item names axes (or row) with one value each, which exist. */
static bool check_exclude(struct bind *b, const struct scenario_head *h)
{
    const struct node *x = h->exclude;
    size_t before = b->errors->errors;
    if (x->kind != NODE_LIST || x->count == 0) {
        doc_error_at(b->errors, x, "'exclude' is a list: - { axis: value }");
        return false;
    }
    for (size_t i = 0; i < x->count; i++) {
        const struct node *item = x->items[i];
        if (item->kind != NODE_MAP || item->count == 0) {
            doc_error_at(b->errors, item, "a combination to exclude is a mapping: { axis: value }");
            continue;
        }
        for (size_t k = 0; k < item->count; k++) {
            const char *name = arena_text(b->arena, item->keys[k]->text);
            bool is_row = strcmp(name, "row") == 0 && h->cases != NULL;
            if (!is_row && node_get(h->matrix, name) == NULL) {
                doc_error_at(b->errors, item->keys[k], "there is no axis '%s'", name);
            }
        }
    }
    return b->errors->errors == before;
}

bool axes_check(struct bind *b, const struct scenario_head *h)
{
    bool is_good = h->cases == NULL || check_rows(b, h);
    is_good = (h->matrix == NULL || check_matrix(b, h)) && is_good;
    is_good = (h->exclude == NULL || check_exclude(b, h)) && is_good;
    if (h->cases == NULL && h->has_count) {
        doc_error_at(b->errors, h->expect,
                     "'count' counts the rows of 'cases', and there are none");
        return false;
    }
    return is_good;
}
