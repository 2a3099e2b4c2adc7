/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `where`: which of the rows that were made of a file. A column is compared with a value, or a list
 * of values; a row that lacks the column has the empty value there.
 */
#include "scenario/parts.h"

#include "base/text.h"

#include <string.h>

bool where_check(struct bind *b, const struct node *where, const char *const *columns, size_t count)
{
    size_t before = b->errors->errors;
    if (where->kind != NODE_MAP || where->count == 0) {
        doc_error_at(b->errors, where, "'where' is a mapping of columns to values: {stage: auth}");
        return false;
    }
    for (size_t i = 0; i < where->count; i++) {
        const struct node *key = where->keys[i], *value = where->items[i];
        bool is_known = false;
        for (size_t k = 0; k < count; k++) {
            is_known = is_known || slice_eq_text(key->text, columns[k]);
        }
        if (!is_known) {
            const char *near = text_nearest(key->text, columns, count);
            doc_error_at(b->errors, key, "the rows have no column '" SLICE_FMT "'%s%s%s",
                         SLICE_ARG(slice_sub(key->text, 0, 60)),
                         near != NULL ? " (did you mean '" : "", near != NULL ? near : "",
                         near != NULL ? "'?)" : "");
        }
        if (value->kind == NODE_MAP) {
            doc_error_at(b->errors, value,
                         "a column is compared with a value, or a list of values");
        }
    }
    return b->errors->errors == before;
}

static bool is_one_of(const struct node *want, struct slice is)
{
    for (size_t i = 0; want->kind == NODE_LIST && i < want->count; i++) {
        if (slice_eq(node_text(want->items[i]), is)) {
            return true;
        }
    }
    return want->kind == NODE_SCALAR && slice_eq(want->text, is);
}

static bool is_wanted(struct bind *b, const struct node *where, const struct node *row)
{
    for (size_t i = 0; where != NULL && i < where->count; i++) {
        const char *column = arena_text(b->arena, where->keys[i]->text);
        if (!is_one_of(where->items[i], node_text(node_get(row, column)))) {
            return false;
        }
    }
    return true;
}

/* Every value that is named has to be some reply's: a typing error must not leave rows out. */
static void check_value(struct bind *b, const char *column, const struct node *value,
                        const struct node *rows)
{
    const char *known[128];
    size_t count = 0;
    for (size_t i = 0; i < rows->count; i++) {
        struct slice is = node_text(node_get(rows->items[i], column));
        bool is_new = true;
        if (slice_eq(is, node_text(value))) {
            return;
        }
        for (size_t k = 0; k < count && is_new; k++) {
            is_new = !slice_eq_text(is, known[k]);
        }
        if (is_new && count < COUNT(known)) {
            known[count++] = arena_text(b->arena, is);
        }
    }
    const char *near = text_nearest(node_text(value), known, count);
    bool is_flag = count != 0 && (strcmp(known[0], "true") == 0 || strcmp(known[0], "false") == 0);
    doc_error_at(b->errors, value, "no row has '%s: " SLICE_FMT "'%s%s%s", column,
                 SLICE_ARG(slice_sub(node_text(value), 0, 80)),
                 near != NULL ? " (did you mean '" : "", near != NULL ? near : "",
                 near != NULL ? "'?)"
                 : is_flag    ? ": it is true or false"
                              : "");
}

bool where_check_values(struct bind *b, const struct node *where, const struct node *rows)
{
    size_t before = b->errors->errors;
    for (size_t i = 0; where != NULL && i < where->count; i++) {
        const char *column = arena_text(b->arena, where->keys[i]->text);
        const struct node *value = where->items[i];
        for (size_t k = 0; value->kind == NODE_LIST && k < value->count; k++) {
            check_value(b, column, value->items[k], rows);
        }
        if (value->kind == NODE_SCALAR) {
            check_value(b, column, value, rows);
        }
    }
    return b->errors->errors == before;
}

/* without: a mapping, or a list of them. */
static bool is_unwanted(struct bind *b, const struct node *without, const struct node *row)
{
    bool is_out = without != NULL && without->kind == NODE_MAP && is_wanted(b, without, row);
    for (size_t i = 0; without != NULL && without->kind == NODE_LIST && i < without->count; i++) {
        is_out = is_out || is_wanted(b, without->items[i], row);
    }
    return is_out;
}

const struct node *where_keep(struct bind *b, const struct node *where, const struct node *without,
                              const struct node *rows)
{
    const struct node **kept = arena_array(b->arena, rows->count + 1, sizeof *kept);
    size_t count = 0;
    for (size_t i = 0; i < rows->count; i++) {
        if (!is_unwanted(b, without, rows->items[i]) && is_wanted(b, where, rows->items[i])) {
            kept[count++] = rows->items[i];
        }
    }
    return node_new_list(b->arena, rows, kept, count);
}
