/* SPDX-License-Identifier: Apache-2.0 */
/* Defaults under scenarios, named servers under what a scenario changes. Trees, never text. */
#include "scenario/parts.h"

#include <string.h>

static bool is_matcher(const struct node *n)
{
    return n->kind == NODE_MAP && n->count != 0 && match_is_operator(n->keys[0]->text);
}

struct pairs {
    const struct node **keys, **items;
    size_t count;
};

static struct pairs pairs_new(struct arena *arena, size_t space)
{
    return (struct pairs){arena_array(arena, space, sizeof(const struct node *)),
                          arena_array(arena, space, sizeof(const struct node *)), 0};
}

static void pairs_set(struct pairs *p, const struct node *key, const struct node *value)
{
    size_t i = 0;
    while (i < p->count && !slice_eq(p->keys[i]->text, key->text)) {
        i++;
    }
    p->keys[i] = key;
    p->items[i] = value;
    p->count += i == p->count;
}

static const struct node *pairs_get(const struct pairs *p, struct slice key)
{
    for (size_t i = 0; i < p->count; i++) {
        if (slice_eq(p->keys[i]->text, key)) {
            return p->items[i];
        }
    }
    return NULL;
}

const struct node *merge_nodes(struct arena *arena, const struct node *under,
                               const struct node *over)
{
    if (under == NULL || over == NULL) {
        return over != NULL ? over : under;
    }
    if (under->kind != NODE_MAP || over->kind != NODE_MAP || is_matcher(under) ||
        is_matcher(over)) {
        return over;
    }
    struct pairs p = pairs_new(arena, under->count + over->count);
    for (size_t i = 0; i < under->count; i++) {
        pairs_set(&p, under->keys[i], under->items[i]);
    }
    for (size_t i = 0; i < over->count; i++) {
        const struct node *below = pairs_get(&p, over->keys[i]->text);
        pairs_set(&p, over->keys[i], merge_nodes(arena, below, over->items[i]));
    }
    return node_new_map(arena, over, p.keys, p.items, p.count);
}

const struct node *merge_without(struct arena *arena, const struct node *map,
                                 const char *const *names)
{
    if (map == NULL || map->kind != NODE_MAP) {
        return map;
    }
    struct pairs p = pairs_new(arena, map->count);
    for (size_t i = 0; i < map->count; i++) {
        bool is_out = false;
        for (size_t k = 0; names[k] != NULL; k++) {
            is_out = is_out || slice_eq_text(map->keys[i]->text, names[k]);
        }
        if (!is_out) {
            p.keys[p.count] = map->keys[i];
            p.items[p.count++] = map->items[i];
        }
    }
    return node_new_map(arena, map, p.keys, p.items, p.count);
}

const struct node *merge_with(struct arena *arena, const struct node *map, const char *key,
                              const struct node *value)
{
    const struct node *name = node_new_scalar(arena, value, slice_of(key));
    const struct node *extra = node_new_map(arena, map, &name, &value, 1);
    const char *const names[] = {key, NULL};
    return merge_nodes(arena, merge_without(arena, map, names), extra);
}

/* ---- defaults ---- */

static const struct node *merge_part(struct file_state *f, const struct node *n, const char *key,
                                     bool may_add)
{
    const struct node *own = node_get(n, key);
    const struct node *under = node_get(f->defaults, key);
    if (under == NULL || (own == NULL && !may_add)) {
        return n;
    }
    bool names_persona = strcmp(key, "server") == 0 &&
                         (node_get(own, "use") != NULL || node_get(own, "like") != NULL);
    if (names_persona) {
        static const char *const personas[] = {"use", "like", NULL};
        under = merge_without(f->bind.arena, under, personas);
    }
    return merge_with(f->bind.arena, n, key, merge_nodes(f->bind.arena, under, own));
}

/* `server: name` is short for `server: {use: name}`. */
static const struct node *spell_out_server(struct file_state *f, const struct node *n)
{
    const struct node *server = node_get(n, "server");
    if (server == NULL || server->kind != NODE_SCALAR) {
        return n;
    }
    struct arena *arena = f->bind.arena;
    const struct node *use = node_new_scalar(arena, server, slice_of("use"));
    return merge_with(arena, n, "server", node_new_map(arena, server, &use, &server, 1));
}

const struct node *merge_defaults(struct file_state *f, const struct node *n)
{
    n = spell_out_server(f, n);
    bool is_mapper = node_get(n, "classify") != NULL;
    bool has_server = node_get(n, "server") != NULL;
    bool has_endpoint = node_get(n, "endpoint") != NULL;
    n = merge_part(f, n, "endpoint", !has_server && !has_endpoint && !is_mapper);
    has_endpoint = node_get(n, "endpoint") != NULL;
    n = merge_part(f, n, "server", !has_endpoint && !is_mapper);
    n = merge_part(f, n, "probe", !is_mapper);
    n = merge_part(f, n, "retry", !is_mapper);
    n = merge_part(f, n, "timeout", true);
    return merge_part(f, n, "expect", false);
}
