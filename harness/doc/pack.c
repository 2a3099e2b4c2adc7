/* SPDX-License-Identifier: Apache-2.0 */
/* See pack.h. A byte for what it is, numbers of seven bits an octet, texts with their length and a
 * NUL. */
#include "doc/pack.h"

enum { KIND_BITS = 3, IS_PLAIN = 4 };

struct cursor {
    const unsigned char *at, *end;
    const struct doc_source *source;
    struct arena *arena;
};

static void add_number(size_t n, struct buf *out)
{
    for (; n >= 0x80; n >>= 7) {
        buf_add_char(out, (char)(n | 0x80));
    }
    buf_add_char(out, (char)n);
}

void node_pack(const struct node *n, struct buf *out)
{
    buf_add_char(out, (char)((unsigned)n->kind | (n->is_plain ? IS_PLAIN : 0U)));
    add_number(n->line, out);
    add_number(n->col, out);
    add_number(n->length, out);
    if (n->kind == NODE_SCALAR) {
        add_number(n->text.n, out);
        buf_add(out, n->text);
        buf_add_char(out, '\0');
        return;
    }
    add_number(n->count, out);
    for (size_t i = 0; i < n->count; i++) {
        if (n->kind == NODE_MAP) {
            node_pack(n->keys[i], out);
        }
        node_pack(n->items[i], out);
    }
}

static size_t take_number(struct cursor *c)
{
    size_t n = 0;
    for (unsigned shift = 0;; shift += 7) {
        must(c->at < c->end && shift < 63);
        unsigned char octet = *c->at++;
        n |= (size_t)(octet & 0x7f) << shift;
        if (octet < 0x80) {
            return n;
        }
    }
}

static const struct node *take_node(struct cursor *c);

static void take_parts(struct cursor *c, struct node *n)
{
    n->count = take_number(c);
    must(n->count <= (size_t)(c->end - c->at));
    const struct node **items = arena_array(c->arena, n->count + 1, sizeof(const struct node *));
    const struct node **keys =
        n->kind == NODE_MAP ? arena_array(c->arena, n->count + 1, sizeof(const struct node *))
                            : NULL;
    for (size_t i = 0; i < n->count; i++) {
        if (keys != NULL) {
            keys[i] = take_node(c);
        }
        items[i] = take_node(c);
    }
    n->items = items;
    n->keys = keys;
}

/* The depth is that of the file, which the parser has bounded. */
static const struct node *take_node(struct cursor *c)
{
    struct node *n = arena_alloc(c->arena, sizeof *n);
    must(c->at < c->end);
    unsigned char mark = *c->at++;
    n->kind = (enum node_kind)(mark & KIND_BITS);
    n->is_plain = (mark & IS_PLAIN) != 0;
    n->line = (unsigned)take_number(c);
    n->col = (unsigned)take_number(c);
    n->length = (unsigned)take_number(c);
    n->source = c->source;
    if (n->kind == NODE_SCALAR) {
        size_t length = take_number(c);
        must(length < (size_t)(c->end - c->at) && c->at[length] == '\0');
        n->text = slice_make((const char *)c->at, length);
        c->at += length + 1;
    } else {
        must(n->kind == NODE_LIST || n->kind == NODE_MAP);
        take_parts(c, n);
    }
    return n;
}

const struct node *node_unpack(struct slice packed, const struct doc_source *source,
                               struct arena *arena)
{
    const unsigned char *octets = (const unsigned char *)packed.p;
    struct cursor c = {octets, octets + packed.n, source, arena};
    const struct node *root = take_node(&c);
    must(c.at == c.end);
    return root;
}
