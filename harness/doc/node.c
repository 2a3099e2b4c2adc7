/* SPDX-License-Identifier: Apache-2.0 */
/* Looking into a document, and building one by hand. Nodes never change after they were made. */
#include "doc/node.h"

#include <string.h>

const struct node *node_get(const struct node *map, const char *key)
{
    if (map == NULL || map->kind != NODE_MAP) {
        return NULL;
    }
    for (size_t i = 0; i < map->count; i++) {
        if (slice_eq_text(map->keys[i]->text, key)) {
            return map->items[i];
        }
    }
    return NULL;
}

const struct node *node_key(const struct node *map, const char *key)
{
    if (map == NULL || map->kind != NODE_MAP) {
        return NULL;
    }
    for (size_t i = 0; i < map->count; i++) {
        if (slice_eq_text(map->keys[i]->text, key)) {
            return map->keys[i];
        }
    }
    return NULL;
}

static const struct node *get_slice(const struct node *map, struct slice key)
{
    if (map == NULL || map->kind != NODE_MAP) {
        return NULL;
    }
    for (size_t i = 0; i < map->count; i++) {
        if (slice_eq(map->keys[i]->text, key)) {
            return map->items[i];
        }
    }
    return NULL;
}

const struct node *node_path(const struct node *map, const char *path)
{
    struct slice rest = slice_of(path);
    struct slice part;
    while (map != NULL && slice_take_until(&rest, '.', &part)) {
        map = get_slice(map, part);
    }
    return map;
}

struct slice node_text(const struct node *scalar)
{
    return scalar != NULL && scalar->kind == NODE_SCALAR ? scalar->text : slice_of("");
}

bool node_is_text(const struct node *scalar, const char *text)
{
    return scalar != NULL && scalar->kind == NODE_SCALAR && slice_eq_text(scalar->text, text);
}

unsigned node_last_line(const struct node *n)
{
    unsigned last = n->line; /* the parser bounds the depth, and with it the recursion */
    for (size_t i = 0; i < (n->kind == NODE_SCALAR ? 0 : n->count); i++) {
        unsigned line = node_last_line(n->items[i]);
        last = line > last ? line : last;
    }
    return last;
}

const char *node_kind_name(enum node_kind kind)
{
    static const char *const names[] = {
        [NODE_SCALAR] = "a scalar", [NODE_LIST] = "a list", [NODE_MAP] = "a mapping"};
    return names[kind];
}

static struct node *new_at(struct arena *arena, const struct node *at, enum node_kind kind)
{
    struct node *n = arena_alloc(arena, sizeof *n);
    *n = (struct node){.kind = kind, .line = 0, .length = 1};
    if (at != NULL) {
        n->line = at->line;
        n->col = at->col;
        n->length = at->length;
        n->source = at->source;
    }
    return n;
}

const struct node *node_new_scalar(struct arena *arena, const struct node *at, struct slice text)
{
    struct node *n = new_at(arena, at, NODE_SCALAR);
    n->text = arena_copy(arena, text);
    return n;
}

static const struct node *const *copy_nodes(struct arena *arena, const struct node *const *nodes,
                                            size_t count)
{
    const struct node **copy = arena_array(arena, count, sizeof(const struct node *));
    if (count != 0) {
        memcpy(copy, nodes, count * sizeof(const struct node *));
    }
    return copy;
}

const struct node *node_new_list(struct arena *arena, const struct node *at,
                                 const struct node *const *items, size_t count)
{
    struct node *n = new_at(arena, at, NODE_LIST);
    n->items = copy_nodes(arena, items, count);
    n->count = count;
    return n;
}

const struct node *node_new_map(struct arena *arena, const struct node *at,
                                const struct node *const *keys, const struct node *const *items,
                                size_t count)
{
    struct node *n = new_at(arena, at, NODE_MAP);
    n->keys = copy_nodes(arena, keys, count);
    n->items = copy_nodes(arena, items, count);
    n->count = count;
    return n;
}
