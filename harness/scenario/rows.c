/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `cases: { from: FILE }`: the lines of a JSON-lines file beside the scenario are the rows, so that
 * a table which programs write and read, too, need not be copied. Each line is an object with an
 * `id`; its values become text (true, false, numbers), lists and mappings; null is the empty text.
 * A row has the column `place` besides, FILE:LINE, for titles and messages.
 */
#include "scenario/parts.h"

#include "doc/json.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS_BYTES_MAX = 64 << 20, ROWS_MAX = 20000, COLUMNS_MAX = 64 };

struct reading {
    struct bind *bind;
    const struct node *at; /* the value of `from`: where made nodes say they stand */
    const struct doc_source *source;
    const struct node *defaults;
    const struct node **rows;
    size_t count;
    const char *columns[COLUMNS_MAX];
    size_t column_count;
};

/* A place in the file of rows, for doc_error_at. */
static struct node place_of(const struct reading *r, unsigned line, unsigned col)
{
    return (struct node){.kind = NODE_SCALAR,
                         .line = line,
                         .col = col != 0 ? col : 1,
                         .length = 1,
                         .source = r->source};
}

static const struct node *text_node(struct reading *r, const char *text)
{
    return node_new_scalar(r->bind->arena, r->at,
                           slice_of(arena_text(r->bind->arena, slice_of(text))));
}

static const struct node *value_node(struct reading *r, const struct json *value);

static const struct node *list_node(struct reading *r, const struct json *list)
{
    size_t n = json_count(list);
    const struct node **items = arena_array(r->bind->arena, n + 1, sizeof *items);
    for (size_t i = 0; i < n; i++) {
        items[i] = value_node(r, json_at(list, i));
    }
    return node_new_list(r->bind->arena, r->at, items, n);
}

static const struct node *map_node(struct reading *r, const struct json *map)
{
    size_t n = json_count(map);
    const struct node **keys = arena_array(r->bind->arena, n + 1, sizeof *keys);
    const struct node **items = arena_array(r->bind->arena, n + 1, sizeof *items);
    const char *key;
    struct json *value;
    for (size_t i = 0; json_pair(map, i, &key, &value); i++) {
        keys[i] = text_node(r, key);
        items[i] = value_node(r, value);
    }
    return node_new_map(r->bind->arena, r->at, keys, items, n);
}

static const struct node *value_node(struct reading *r, const struct json *value)
{
    struct arena *arena = r->bind->arena;
    switch (json_kind(value)) {
    case JSON_STRING:
        return node_new_scalar(arena, r->at, arena_copy(arena, json_slice(value)));
    case JSON_INT:
        return text_node(r, arena_printf(arena, "%lld", (long long)json_to_int(value)));
    case JSON_REAL:
        return text_node(r, arena_printf(arena, "%.17g", json_to_real(value)));
    case JSON_BOOL:
        return text_node(r, json_to_bool(value) ? "true" : "false");
    case JSON_LIST:
        return list_node(r, value);
    case JSON_MAP:
        return map_node(r, value);
    case JSON_NULL:
        break;
    }
    return text_node(r, "");
}

/* Columns are remembered, so that `where` can name the nearest one. */
static void note_columns(struct reading *r, const struct node *row)
{
    for (size_t i = 0; i < row->count; i++) {
        size_t k = 0;
        while (k < r->column_count && !slice_eq_text(row->keys[i]->text, r->columns[k])) {
            k++;
        }
        if (k == r->column_count && k < COLUMNS_MAX) {
            r->columns[r->column_count++] = arena_text(r->bind->arena, row->keys[i]->text);
        }
    }
}

static bool check_row(struct reading *r, const struct json *row, const struct node *at)
{
    struct doc_errors *errors = r->bind->errors;
    if (json_kind(row) != JSON_MAP) {
        doc_error_at(errors, at, "a row is an object: {\"id\": \"name\", …}");
    } else if (json_kind(json_get(row, "id")) != JSON_STRING) {
        doc_error_at(errors, at, "a row needs an \"id\"");
    } else if (json_get(row, "place") != NULL) {
        doc_error_at(errors, at, "'place' is made by the loader: FILE:LINE of the row");
    } else {
        return true;
    }
    return false;
}

static void add_row(struct reading *r, const struct json *row, unsigned line)
{
    struct arena *arena = r->bind->arena;
    const struct node *n = map_node(r, row);
    const char *place = arena_printf(arena, "%s:%u", r->source->name, line);
    n = merge_with(arena, n, "place", text_node(r, place));
    if (r->defaults != NULL) {
        n = merge_nodes(arena, r->defaults, n);
    }
    note_columns(r, n);
    r->rows[r->count++] = n;
}

static void read_line(struct reading *r, struct slice text, unsigned line)
{
    struct json *row = NULL;
    struct why why = {.line = 0};
    if (slice_trim(text).n == 0) {
        return;
    }
    struct node at = place_of(r, line, 1);
    if (r->count == ROWS_MAX) {
        doc_error_at(r->bind->errors, &at, "more than %d rows in one file", ROWS_MAX);
        return;
    }
    if (json_parse(text, &row, &why) != ERR_OK) {
        at = place_of(r, line, why.col);
        doc_error_at(r->bind->errors, &at, "this line is no JSON: %s", why.text);
    } else if (check_row(r, row, &at)) {
        add_row(r, row, line);
    }
    json_free(row);
}

static int by_id(const void *a, const void *b)
{
    const struct node *const *left = a, *const *right = b;
    struct slice x = node_text(node_get(*left, "id")), y = node_text(node_get(*right, "id"));
    int order = memcmp(x.p, y.p, x.n < y.n ? x.n : y.n);
    return order != 0 ? order : x.n < y.n ? -1 : x.n > y.n;
}

static void refuse_same_ids(struct reading *r)
{
    struct arena *arena = r->bind->arena;
    const struct node **sorted = arena_array(arena, r->count + 1, sizeof *sorted);
    memcpy(sorted, r->rows, r->count * sizeof(const struct node *));
    qsort(sorted, r->count, sizeof *sorted, by_id);
    for (size_t i = 1; i < r->count; i++) {
        if (by_id(&sorted[i - 1], &sorted[i]) == 0) {
            doc_error_at(r->bind->errors, r->at, "two rows are called '" SLICE_FMT "': %s and %s",
                         SLICE_ARG(slice_sub(node_text(node_get(sorted[i], "id")), 0, 80)),
                         arena_text(arena, node_text(node_get(sorted[i - 1], "place"))),
                         arena_text(arena, node_text(node_get(sorted[i], "place"))));
        }
    }
}

static size_t lines_in(struct slice text)
{
    size_t lines = 1;
    for (size_t i = 0; i < text.n; i++) {
        lines += text.p[i] == '\n';
    }
    return lines;
}

static void read_all(struct reading *r)
{
    struct arena *arena = r->bind->arena;
    struct slice rest = r->source->text, line;
    size_t most = lines_in(rest);
    most = most < ROWS_MAX ? most : ROWS_MAX;
    r->rows = arena_array(arena, most + 1, sizeof *r->rows);
    for (unsigned number = 1; rest.n != 0 && r->bind->errors->dropped == 0; number++) {
        size_t end = slice_find_char(rest, '\n');
        line = end != SIZE_MAX ? slice_sub(rest, 0, end) : rest;
        rest = end != SIZE_MAX ? slice_from(rest, end + 1) : slice_from(rest, rest.n);
        read_line(r, line, number);
    }
    refuse_same_ids(r);
}

/* The file, beside the scenario. False after an error. */
static bool open_file(struct reading *r)
{
    struct arena *arena = r->bind->arena;
    struct slice name = node_text(r->at);
    struct why why = {.line = 0};
    struct slice text;
    if (name.n == 0 || name.p[0] == '/' || slice_find(name, SLICE("..")) != SIZE_MAX) {
        doc_error_at(r->bind->errors, r->at,
                     "'from' is a JSON-lines file in this file's folder, or below it");
        return false;
    }
    const char *path = file_beside(arena, r->at->source->name, name);
    if (doc_read_file(path, ROWS_BYTES_MAX, arena, &text, &why) != ERR_OK) {
        doc_error_at(r->bind->errors, r->at, "%s", why.text);
        return false;
    }
    struct doc_source *source = arena_alloc(arena, sizeof *source);
    *source = (struct doc_source){.name = path, .text = text};
    r->source = source;
    return true;
}

static bool is_good_where(struct reading *r, const struct node *where, const struct node *rows)
{
    return where == NULL || (where_check(r->bind, where, r->columns, r->column_count) &&
                             where_check_values(r->bind, where, rows));
}

/* A mapping, or a list of them. */
static bool is_good_without(struct reading *r, const struct node *without, const struct node *rows)
{
    bool is_good = true;
    if (without == NULL || without->kind != NODE_LIST) {
        return is_good_where(r, without, rows);
    }
    for (size_t i = 0; i < without->count; i++) {
        is_good = is_good_where(r, without->items[i], rows) && is_good;
    }
    return is_good;
}

const struct node *rows_from_file(struct bind *b, const struct node *cases)
{
    struct reading r = {
        .bind = b, .at = node_get(cases, "from"), .defaults = node_get(cases, "defaults")};
    size_t before = b->errors->errors;
    const struct node *where = node_get(cases, "where"), *without = node_get(cases, "where_not");
    if (r.defaults != NULL && r.defaults->kind != NODE_MAP) {
        doc_error_at(b->errors, r.defaults, "'defaults' is a mapping of columns to values");
        return NULL;
    }
    if (!open_file(&r)) {
        return NULL;
    }
    read_all(&r);
    const struct node *rows = node_new_list(b->arena, r.at, r.rows, r.count);
    if (b->errors->errors != before || !is_good_where(&r, where, rows) ||
        !is_good_without(&r, without, rows)) {
        return NULL;
    }
    rows = where_keep(b, where, without, rows);
    if (rows->count == 0) {
        doc_error_at(b->errors, where != NULL ? where : r.at,
                     r.count == 0 ? "%s has no rows" : "no row of %s is like this", r.source->name);
        return NULL;
    }
    return rows;
}
