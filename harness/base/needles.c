/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trie of all needles with the links of Aho and Corasick. Edges live in one hash table, so that
 * a node costs a few octets and a step is one look-up; the root, where ordinary text stays most of
 * the time, has a table of its own.
 */
#include "base/needles.h"

#include <stdlib.h>
#include <string.h>

enum { ROOT = 0, SPACE_FIRST = 256 };

struct node {
    uint32_t fail; /* the longest proper suffix that is a prefix of some needle */
    uint32_t depth;
    struct needle_end own, end; /* of this node alone; with what its suffixes bring */
};

struct edge {
    uint32_t from, to; /* to is 0 in an empty slot: nothing leads to the root */
    unsigned char c;
};

struct needles {
    struct node *nodes;
    size_t count, space;
    struct edge *edges; /* a power of two, at most half full */
    size_t slots;
    uint32_t root[256];
    bool is_prepared;
};

/* Needles are secrets: memory that held them is zeroed before it goes back. */
static void wipe_free(void *p, size_t n)
{
    if (p != NULL) {
        explicit_bzero(p, n);
    }
    free(p);
}

struct needles *needles_new(void)
{
    struct needles *n = mem_zalloc(1, sizeof *n);
    n->space = SPACE_FIRST;
    n->slots = (size_t)SPACE_FIRST * 2;
    n->nodes = mem_zalloc(n->space, sizeof *n->nodes);
    n->edges = mem_zalloc(n->slots, sizeof *n->edges);
    n->count = 1;
    return n;
}

void needles_free(struct needles *n)
{
    if (n == NULL) {
        return;
    }
    wipe_free(n->nodes, n->space * sizeof *n->nodes);
    wipe_free(n->edges, n->slots * sizeof *n->edges);
    wipe_free(n, sizeof *n);
}

/* The slot that holds the edge, or the empty one where it would be. */
static struct edge *slot_of(struct edge *edges, size_t slots, uint32_t from, unsigned char c)
{
    uint64_t key = ((uint64_t)from << 8 | c) * 0x9e3779b97f4a7c15U;
    size_t at = (size_t)(key >> 32) & (slots - 1);
    while (edges[at].to != 0 && (edges[at].from != from || edges[at].c != c)) {
        at = (at + 1) & (slots - 1);
    }
    return &edges[at];
}

static uint32_t child_of(const struct needles *n, uint32_t from, unsigned char c)
{
    return from == ROOT ? n->root[c] : slot_of(n->edges, n->slots, from, c)->to;
}

static void grow(struct needles *n)
{
    size_t space = n->space * 2, slots = n->slots * 2;
    must(space < UINT32_MAX / 2);
    struct node *nodes = mem_zalloc(space, sizeof *nodes);
    memcpy(nodes, n->nodes, n->count * sizeof *nodes);
    struct edge *edges = mem_zalloc(slots, sizeof *edges);
    for (size_t i = 0; i < n->slots; i++) {
        if (n->edges[i].to != 0) {
            *slot_of(edges, slots, n->edges[i].from, n->edges[i].c) = n->edges[i];
        }
    }
    wipe_free(n->nodes, n->space * sizeof *nodes);
    wipe_free(n->edges, n->slots * sizeof *edges);
    n->nodes = nodes;
    n->space = space;
    n->edges = edges;
    n->slots = slots;
}

static uint32_t add_child(struct needles *n, uint32_t from, unsigned char c)
{
    if (n->count == n->space) {
        grow(n);
    }
    uint32_t child = (uint32_t)n->count++;
    n->nodes[child] = (struct node){.depth = n->nodes[from].depth + 1};
    if (from == ROOT) {
        n->root[c] = child;
    } else {
        *slot_of(n->edges, n->slots, from, c) = (struct edge){from, child, c};
    }
    return child;
}

void needles_add(struct needles *n, const struct needle *needle)
{
    must(needle->text.n != 0);
    uint32_t at = ROOT;
    for (size_t i = 0; i < needle->text.n; i++) {
        unsigned char c = (unsigned char)needle->text.p[i];
        uint32_t child = child_of(n, at, c);
        at = child != 0 ? child : add_child(n, at, c);
    }
    struct needle_end *own = &n->nodes[at].own;
    size_t length = needle->text.n + needle->left;
    uint32_t owner = own->length != 0 ? own->owner : needle->owner;
    *own = (struct needle_end){
        .length = own->length > length ? own->length : length,
        .right = own->right > needle->right ? own->right : needle->right,
        .owner = owner,
    };
    n->is_prepared = false;
}

/* What ends here: its own needle, widened by those of its suffixes. */
static struct needle_end joined(const struct needle_end *own, const struct needle_end *suffix)
{
    if (own->length == 0) {
        return *suffix;
    }
    return (struct needle_end){
        .length = own->length > suffix->length ? own->length : suffix->length,
        .right = own->right > suffix->right ? own->right : suffix->right,
        .owner = own->owner,
    };
}

static uint32_t step(const struct needles *n, uint32_t state, unsigned char c)
{
    uint32_t child = child_of(n, state, c);
    while (child == 0 && state != ROOT) {
        state = n->nodes[state].fail;
        child = child_of(n, state, c);
    }
    return child;
}

/* Edges by the depth of their parents, so that a link only ever points to a finished node. */
static struct edge *edges_by_depth(const struct needles *n)
{
    size_t *first = mem_zalloc(n->count + 2, sizeof *first);
    for (size_t i = 1; i < n->count; i++) {
        first[n->nodes[i].depth + 1]++;
    }
    for (size_t i = 1; i < n->count + 2; i++) {
        first[i] += first[i - 1];
    }
    struct edge *sorted = mem_zalloc(n->count, sizeof *sorted);
    for (size_t c = 0; c < COUNT(n->root); c++) {
        if (n->root[c] != 0) {
            sorted[first[1]++] = (struct edge){ROOT, n->root[c], (unsigned char)c};
        }
    }
    for (size_t i = 0; i < n->slots; i++) {
        if (n->edges[i].to != 0) {
            sorted[first[n->nodes[n->edges[i].to].depth]++] = n->edges[i];
        }
    }
    free(first);
    return sorted;
}

void needles_prepare(struct needles *n)
{
    if (n->is_prepared) {
        return;
    }
    struct edge *sorted = edges_by_depth(n);
    for (size_t i = 0; i + 1 < n->count; i++) {
        const struct edge *e = &sorted[i];
        struct node *to = &n->nodes[e->to];
        to->fail = e->from == ROOT ? ROOT : step(n, n->nodes[e->from].fail, e->c);
        to->end = joined(&to->own, &n->nodes[to->fail].end);
    }
    wipe_free(sorted, n->count * sizeof *sorted);
    n->is_prepared = true;
}

uint32_t needles_step(const struct needles *n, uint32_t state, unsigned char c)
{
    return step(n, state, c);
}

const struct needle_end *needles_end(const struct needles *n, uint32_t state)
{
    return &n->nodes[state].end;
}
