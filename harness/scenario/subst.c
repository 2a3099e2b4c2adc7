/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ${…} in parsed scalars. YAML is data: a value that is put in can never become structure, except
 * that a scalar which is nothing but "${row.x}" stands for the row's whole value. What is known
 * only at run time (secrets, the server's address) is marked with octets that no YAML text can
 * hold.
 */
#include "scenario/parts.h"

#include "base/text.h"

#include <string.h>

enum { VALUE_MAX = 1024 * 1024 };

static const char *const builtin_names[] = {"server.host", "server.port", "server.addr"};

/* Where in the source a "${name}" of this scalar stands; the scalar itself if it cannot be found.
 */
static struct node place_of(const struct node *scalar, struct slice reference)
{
    struct node at = *scalar;
    if (scalar->source == NULL) {
        return at;
    }
    struct slice rest = scalar->source->text;
    for (unsigned line = 1; line < scalar->line; line++) {
        size_t end = slice_find_char(rest, '\n');
        rest = end == SIZE_MAX ? slice_of("") : slice_from(rest, end + 1);
    }
    rest = slice_sub(rest, 0, slice_find_char(rest, '\n'));
    unsigned col = 1;
    while (rest.n != 0) {
        if (col >= scalar->col && slice_has_prefix(rest, reference)) {
            at.col = col;
            at.length = (unsigned)text_columns(reference);
            break;
        }
        size_t n = text_utf8_length(rest);
        rest = slice_from(rest, n != 0 ? n : 1);
        col++;
    }
    return at;
}

static void unknown_name(struct scope *s, const struct node *scalar, struct slice reference,
                         const char *what, struct slice name, const char *const *known,
                         size_t count)
{
    struct node at = place_of(scalar, reference);
    const char *nearest = text_nearest(name, known, count);
    doc_error_at(s->errors, &at, "unknown %s '" SLICE_FMT "'%s%s%s", what,
                 SLICE_ARG(slice_sub(name, 0, 80)), nearest != NULL ? " (did you mean '" : "",
                 nearest != NULL ? nearest : "", nearest != NULL ? "'?)" : "");
}

static size_t key_names(struct scope *s, const struct node *map, const char **out, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; map != NULL && map->kind == NODE_MAP && i < map->count && n < max; i++) {
        out[n++] = arena_text(s->arena, map->keys[i]->text);
    }
    return n;
}

static size_t find_key(const struct node *map, struct slice name)
{
    for (size_t i = 0; map != NULL && map->kind == NODE_MAP && i < map->count; i++) {
        if (slice_eq(map->keys[i]->text, name)) {
            return i;
        }
    }
    return SIZE_MAX;
}

static const struct node *from_map(struct scope *s, const struct node *map, const char *what,
                                   const struct node *scalar, struct slice reference,
                                   struct slice name)
{
    size_t i = find_key(map, name);
    if (i != SIZE_MAX) {
        return map->items[i];
    }
    const char *known[64];
    size_t count = key_names(s, map, known, COUNT(known));
    unknown_name(s, scalar, reference, what, name, known, count);
    return NULL;
}

static void note_column(struct scope *s, const struct node *key)
{
    for (size_t i = 0; i < s->used_count; i++) {
        if (s->used_columns[i] == key) {
            return;
        }
    }
    if (s->used_count < COUNT(s->used_columns)) {
        s->used_columns[s->used_count++] = key;
    }
}

static const struct node *from_row(struct scope *s, const struct node *scalar,
                                   struct slice reference, struct slice name)
{
    if (s->row == NULL) {
        struct node at = place_of(scalar, reference);
        doc_error_at(s->errors, &at, "no row here: ${row.…} needs a scenario with cases");
        return NULL;
    }
    size_t i = find_key(s->row, name);
    if (i != SIZE_MAX) {
        note_column(s, s->row->keys[i]);
        return s->row->items[i];
    }
    const char *what = arena_printf(s->arena, "column in row '" SLICE_FMT "':",
                                    SLICE_ARG(node_text(node_get(s->row, "id"))));
    return from_map(s, s->row, what, scalar, reference, name);
}

static const struct node *from_axes(struct scope *s, const struct node *scalar,
                                    struct slice reference, struct slice name)
{
    if (s->axes == NULL) {
        struct node at = place_of(scalar, reference);
        doc_error_at(s->errors, &at, "no axis here: ${matrix.…} needs a scenario with a matrix");
        return NULL;
    }
    size_t i = find_key(s->axes, name);
    if (i != SIZE_MAX && i < 64) {
        s->used_axes |= UINT64_C(1) << i;
    }
    return from_map(s, s->axes, "axis", scalar, reference, name);
}

static const struct node *marked(struct scope *s, const struct node *scalar, struct slice name)
{
    struct buf b;
    buf_init(&b, VALUE_MAX);
    buf_add_char(&b, BIND_PART_BEGIN);
    buf_add(&b, name);
    buf_add_char(&b, BIND_PART_END);
    const struct node *n = node_new_scalar(s->arena, scalar, buf_slice(&b));
    buf_release(&b);
    return n;
}

static const struct node *from_secrets(struct scope *s, const struct node *scalar,
                                       struct slice reference, struct slice whole)
{
    struct slice name = slice_from(whole, strlen("secret:"));
    const char *known[SCOPE_SECRETS_MAX];
    for (size_t i = 0; i < s->secret_count; i++) {
        known[i] = s->secrets[i].name;
        if (slice_eq_text(name, known[i])) {
            s->used_secrets |= UINT64_C(1) << i;
            return marked(s, scalar, whole);
        }
    }
    unknown_name(s, scalar, reference, "secret", name, known, s->secret_count);
    return NULL;
}

static const struct node *from_env(struct scope *s, const struct node *scalar,
                                   struct slice reference, struct slice name)
{
    struct node at = place_of(scalar, reference);
    if (!s->may_env) {
        doc_error_at(s->errors, &at, "${env:…} stands only under vars and secrets: name it there");
        return NULL;
    }
    const char *value = s->options->get_env != NULL
                            ? s->options->get_env(arena_text(s->arena, name), s->options->context)
                            : NULL;
    struct slice text = slice_of(value);
    for (struct slice rest = text; rest.n != 0;) {
        size_t n = text_utf8_length(rest);
        if (n == 0) {
            doc_error_at(s->errors, &at, "the variable's value is not UTF-8");
            return NULL;
        }
        rest = slice_from(rest, n);
    }
    return node_new_scalar(s->arena, scalar, text); /* unset is empty */
}

/* Value of one name; NULL after an error. */
static const struct node *value_of(struct scope *s, const struct node *scalar,
                                   struct slice reference, struct slice name)
{
    if (slice_has_prefix(name, SLICE("row."))) {
        return from_row(s, scalar, reference, slice_from(name, 4));
    }
    if (slice_has_prefix(name, SLICE("matrix."))) {
        return from_axes(s, scalar, reference, slice_from(name, 7));
    }
    if (slice_has_prefix(name, SLICE("secret:"))) {
        return from_secrets(s, scalar, reference, name);
    }
    if (slice_has_prefix(name, SLICE("env:"))) {
        return from_env(s, scalar, reference, slice_from(name, 4));
    }
    if (slice_has_prefix(name, SLICE("file:")) || slice_eq_text(name, "ca_file")) {
        struct node at = place_of(scalar, reference);
        doc_error_at(s->errors, &at,
                     "'" SLICE_FMT "' is the path of a file for client commands, and this version "
                     "has no client subject: the probe takes ${secret:…} and trusts the fake "
                     "server's CA by itself",
                     SLICE_ARG(slice_sub(name, 0, 80)));
        return NULL;
    }
    for (size_t i = 0; i < COUNT(builtin_names); i++) {
        if (slice_eq_text(name, builtin_names[i])) {
            return marked(s, scalar, name);
        }
    }
    for (size_t i = 0; i < s->capture_count; i++) {
        if (slice_eq(s->captures[i]->text, name)) {
            s->used_captures |= UINT32_C(1) << i;
            return marked(s, scalar,
                          slice_of(arena_printf(s->arena, "capture:" SLICE_FMT, SLICE_ARG(name))));
        }
    }
    size_t i = find_key(s->vars, name);
    if (i != SIZE_MAX) {
        const struct node *value = s->vars->items[i];
        return value->kind == NODE_SCALAR ? node_new_scalar(s->arena, scalar, value->text) : value;
    }
    const char *known[64];
    size_t count = COUNT(builtin_names);
    memcpy(known, builtin_names, sizeof builtin_names);
    for (size_t k = 0; k < s->capture_count; k++) {
        known[count++] = arena_text(s->arena, s->captures[k]->text);
    }
    count += key_names(s, s->vars, &known[count], COUNT(known) - count);
    unknown_name(s, scalar, reference, "name", name, known, count);
    return NULL;
}

/* The text between "${" and "}"; false when it does not end. */
static bool take_reference(struct slice at, struct slice *reference, struct slice *name)
{
    size_t end = slice_find_char(at, '}');
    if (end == SIZE_MAX) {
        return false;
    }
    *reference = slice_sub(at, 0, end + 1);
    *name = slice_trim(slice_sub(at, 2, end - 2));
    return true;
}

/* Adds one "${…}"; how many octets of the input it took, 0 after an error. */
static size_t add_reference(struct scope *s, const struct node *scalar, struct slice at,
                            struct buf *out)
{
    struct slice reference, name;
    if (!take_reference(at, &reference, &name)) {
        struct node where = place_of(scalar, slice_of("${"));
        doc_error_at(s->errors, &where, "'${' without '}': write $${ for the two characters");
        return 0;
    }
    const struct node *value = value_of(s, scalar, reference, name);
    if (value == NULL) {
        return 0;
    }
    if (value->kind != NODE_SCALAR) {
        struct node where = place_of(scalar, reference);
        doc_error_at(s->errors, &where, "'" SLICE_FMT "' is %s: it can only stand alone",
                     SLICE_ARG(name), node_kind_name(value->kind));
        return 0;
    }
    buf_add(out, value->text);
    return reference.n;
}

static const struct node *apply_text(struct scope *s, const struct node *n)
{
    struct buf out;
    buf_init(&out, VALUE_MAX);
    struct slice rest = n->text;
    bool is_good = true;
    while (rest.n != 0 && is_good) {
        size_t used = 1;
        if (slice_has_prefix(rest, SLICE("$${"))) {
            buf_add_text(&out, "${");
            used = 3;
        } else if (slice_has_prefix(rest, SLICE("${"))) {
            used = add_reference(s, n, rest, &out);
            is_good = used != 0;
        } else {
            size_t next = slice_find_char(slice_from(rest, 1), '$');
            used = next != SIZE_MAX ? next + 1 : rest.n;
            buf_add(&out, slice_sub(rest, 0, used));
        }
        rest = slice_from(rest, used);
    }
    if (out.is_full) {
        doc_error_at(s->errors, n, "more than %d octets after ${…} was put in", VALUE_MAX);
    }
    const struct node *done = is_good ? node_new_scalar(s->arena, n, buf_slice(&out)) : n;
    buf_release(&out);
    return done;
}

/* Is the scalar nothing but one reference? Then the value stands for itself, with its own place. */
static const struct node *apply_scalar(struct scope *s, const struct node *n)
{
    struct slice reference, name;
    if (slice_find(n->text, SLICE("${")) == SIZE_MAX) {
        return n;
    }
    if (slice_has_prefix(n->text, SLICE("${")) && take_reference(n->text, &reference, &name) &&
        reference.n == n->text.n) {
        const struct node *value = value_of(s, n, reference, name);
        return value != NULL ? value : n;
    }
    return apply_text(s, n);
}

/* Keys are scalars too: `on: {"${row.verb}": …}`. What comes in must be a text, and no key twice.
 * keys: those before it as they became, NULL when none has changed so far. */
static const struct node *apply_key(struct scope *s, const struct node *map, size_t i,
                                    const struct node *const *keys)
{
    const struct node *key = apply_scalar(s, map->keys[i]);
    if (key->kind != NODE_SCALAR) {
        doc_error_at(s->errors, map->keys[i], "a key must be a text, not %s",
                     node_kind_name(key->kind));
        return map->keys[i];
    }
    for (size_t k = 0; key != map->keys[i] && k < i; k++) {
        const struct node *earlier = keys != NULL ? keys[k] : map->keys[k];
        if (slice_eq(earlier->text, key->text)) {
            doc_error_at(s->errors, map->keys[i], "duplicate key '" SLICE_FMT "'",
                         SLICE_ARG(slice_sub(key->text, 0, 80)));
        }
    }
    return key;
}

/* A copy to write into, made at the first change; n->keys and n->items until then. */
struct copied {
    const struct node **keys, **items;
};

static void copy_once(struct scope *s, const struct node *n, struct copied *c)
{
    if (c->items == NULL && n->count != 0) {
        c->keys = arena_array(s->arena, n->count, sizeof *c->keys);
        c->items = arena_array(s->arena, n->count, sizeof *c->items);
        memcpy(c->items, n->items, n->count * sizeof *c->items);
        if (n->kind == NODE_MAP) {
            memcpy(c->keys, n->keys, n->count * sizeof *c->keys);
        }
    }
}

/* A list that came in for one item of `one_of` is so many items of it. */
static const struct node *spliced(struct scope *s, const struct node *before,
                                  const struct node *list)
{
    size_t space = 0, n = 0;
    for (size_t i = 0; i < list->count; i++) {
        bool came_in = before->items[i]->kind == NODE_SCALAR && list->items[i]->kind == NODE_LIST;
        space += came_in ? list->items[i]->count : 1;
    }
    const struct node **items = arena_array(s->arena, space, sizeof(const struct node *));
    for (size_t i = 0; i < list->count; i++) {
        const struct node *item = list->items[i];
        bool came_in = before->items[i]->kind == NODE_SCALAR && item->kind == NODE_LIST;
        for (size_t k = 0; k < (came_in ? item->count : 1); k++) {
            items[n++] = came_in ? item->items[k] : item;
        }
    }
    return node_new_list(s->arena, list, items, n);
}

const struct node *scope_apply(struct scope *s, const struct node *n)
{
    struct copied c = {NULL, NULL};
    if (n->kind == NODE_SCALAR) {
        return apply_scalar(s, n);
    }
    for (size_t i = 0; i < n->count; i++) {
        const struct node *key = n->kind == NODE_MAP ? apply_key(s, n, i, c.keys) : NULL;
        const struct node *item = scope_apply(s, n->items[i]);
        if (key != NULL && item != n->items[i] && item->kind == NODE_LIST &&
            n->items[i]->kind == NODE_LIST && slice_eq_text(key->text, "one_of")) {
            item = spliced(s, n->items[i], item);
        }
        if (item != n->items[i] || (key != NULL && key != n->keys[i])) {
            copy_once(s, n, &c);
            c.keys[i] = key;
            c.items[i] = item;
        }
    }
    if (c.items == NULL) {
        return n;
    }
    return n->kind == NODE_LIST ? node_new_list(s->arena, n, c.items, n->count)
                                : node_new_map(s->arena, n, c.keys, c.items, n->count);
}
