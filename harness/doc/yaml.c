/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML events become a tree. libyaml 0.2.5 lets these through, or makes something else of them than
 * the writer meant; each is an error here, at its place, with what to write instead:
 *   duplicate keys; cyclic aliases and alias bombs; nesting without end (quadratic in '['); a NUL
 * in a text; `250 OK #1234` cut at the '#'; `{{host}}`, which is a mapping as a key; `{code:535}`,
 *   which is a key without a value; tags, merge keys, anchors on nothing; more than one document.
 * Recursion is bounded by limits->depth, aliased subtrees included.
 */
#include "doc/node.h"

#include "doc/yaml_parts.h"

#include <stdlib.h>
#include <string.h>

const struct node_limits node_limits_default = {
    .file_bytes = 4 * 1024 * 1024,
    .depth = 64,
    .nodes = 200000,
    .expanded_nodes = 100000,
    .scalar_bytes = 1024 * 1024,
};

enum { ANCHORS_MAX = 256 };

struct anchor {
    struct slice name;
    const struct node *node; /* NULL while its content is being read */
    size_t nodes, height;    /* what an alias to it adds */
};

struct loader {
    yaml_parser_t parser;
    const struct doc_source *source;
    const struct node_limits *limits;
    struct arena *arena;
    struct doc_errors *errors;
    struct yaml_cursor cursor;
    struct anchor anchors[ANCHORS_MAX];
    size_t anchor_count;
    size_t nodes, expanded;
    enum err err; /* not ERR_OK: reading has to stop */
};

/* Children while they are read; their number is not known before. */
struct children {
    const struct node **list;
    size_t count, space;
};

static void children_add(struct children *c, const struct node *n)
{
    if (c->count == c->space) {
        c->space = c->space != 0 ? c->space * 2 : 8;
        c->list = mem_realloc(c->list, c->space * sizeof(const struct node *));
    }
    c->list[c->count++] = n;
}

/* A mark as a node, to point at: the columns up to end when it is on the same line. */
static struct node place(const struct loader *l, yaml_mark_t start, yaml_mark_t end)
{
    size_t length =
        end.line == start.line && end.column > start.column ? end.column - start.column : 1;
    return (struct node){.line = (unsigned)start.line + 1,
                         .col = (unsigned)start.column + 1,
                         .length = (unsigned)length,
                         .source = l->source};
}

static const struct node *stop(struct loader *l, enum err err)
{
    l->err = err;
    return NULL;
}

static bool next_event(struct loader *l, yaml_event_t *event)
{
    if (yaml_parser_parse(&l->parser, event) != 0) {
        return true;
    }
    yaml_report_failure(&l->parser, l->source, &l->cursor, l->errors);
    (void)stop(l, ERR_SYNTAX);
    return false;
}

static struct node *new_node(struct loader *l, const yaml_event_t *event, enum node_kind kind)
{
    struct node at = place(l, event->start_mark, event->end_mark);
    if (++l->nodes > l->limits->nodes) {
        doc_error_at(l->errors, &at, "more than %zu nodes in one file", l->limits->nodes);
        (void)stop(l, ERR_LIMIT);
        return NULL;
    }
    struct node *n = arena_alloc(l->arena, sizeof *n);
    *n = at;
    n->kind = kind;
    return n;
}

static void refuse_tag(struct loader *l, const yaml_event_t *event, const yaml_char_t *tag)
{
    if (tag != NULL) {
        struct node at = place(l, event->start_mark, event->end_mark);
        doc_error_at(l->errors, &at,
                     "tags are not allowed ('%s'): a text that begins with ! must be quoted",
                     (const char *)tag);
    }
}

/* ---- anchors and aliases ---- */

static struct anchor *find_anchor(struct loader *l, const char *name)
{
    for (size_t i = l->anchor_count;
         i-- > 0;) { /* a later anchor of the same name hides the first */
        if (slice_eq_text(l->anchors[i].name, name)) {
            return &l->anchors[i];
        }
    }
    return NULL;
}

/* Index of the new anchor, or SIZE_MAX when the node has none. */
static size_t begin_anchor(struct loader *l, const yaml_event_t *event, const yaml_char_t *name)
{
    if (name == NULL) {
        return SIZE_MAX;
    }
    if (l->anchor_count == ANCHORS_MAX) {
        struct node at = place(l, event->start_mark, event->end_mark);
        doc_error_at(l->errors, &at, "more than %d anchors in one file", ANCHORS_MAX);
        (void)stop(l, ERR_LIMIT);
        return SIZE_MAX;
    }
    struct slice text = arena_copy(l->arena, slice_of((const char *)name));
    l->anchors[l->anchor_count] = (struct anchor){.name = text, .nodes = l->nodes + l->expanded};
    return l->anchor_count++;
}

static void end_anchor(struct loader *l, size_t index, const struct node *n, size_t height)
{
    if (index != SIZE_MAX) {
        struct anchor *a = &l->anchors[index];
        a->node = n;
        a->height = height;
        a->nodes = l->nodes + l->expanded - a->nodes + 1;
    }
}

static const struct node *read_alias(struct loader *l, const yaml_event_t *event, size_t depth,
                                     size_t *height)
{
    const char *name = (const char *)event->data.alias.anchor;
    struct node at = place(l, event->start_mark, event->end_mark);
    const struct anchor *a = find_anchor(l, name);
    if (a == NULL) {
        doc_error_at(l->errors, &at,
                     "no anchor '&%s' before this alias: a text that begins with * must be quoted",
                     name);
        return stop(l, ERR_SYNTAX);
    }
    if (a->node == NULL) {
        doc_error_at(l->errors, &at, "the alias '*%s' stands inside its own anchor", name);
        return stop(l, ERR_SYNTAX);
    }
    l->expanded += a->nodes;
    if (l->expanded > l->limits->expanded_nodes) {
        doc_error_at(l->errors, &at, "aliases expand to more than %zu nodes",
                     l->limits->expanded_nodes);
        return stop(l, ERR_LIMIT);
    }
    if (depth + a->height > l->limits->depth) {
        doc_error_at(l->errors, &at, "nested more than %zu deep", l->limits->depth);
        return stop(l, ERR_LIMIT);
    }
    *height = a->height;
    return a->node;
}

/* ---- scalars ---- */

/*
 * `250 OK #1234`: YAML takes the rest for a comment and says nothing. A comment with a blank behind
 * its '#' is one; a '#' glued to a word behind an unquoted text was meant as text.
 */
static void refuse_lost_text(struct loader *l, const yaml_event_t *event)
{
    struct slice text = l->source->text;
    size_t at = yaml_cursor_offset(&l->cursor, event->end_mark.line, event->end_mark.column);
    size_t hash = at;
    while (hash < text.n && (text.p[hash] == ' ' || text.p[hash] == '\t')) {
        hash++;
    }
    if (hash == at || hash + 1 >= text.n || text.p[hash] != '#' ||
        strchr(" \t\r\n#!-=", text.p[hash + 1]) != NULL) {
        return;
    }
    size_t end = slice_find_char(slice_from(text, hash), '\n');
    struct node where = place(l, event->end_mark, event->end_mark);
    where.col += (unsigned)(hash - at);
    where.length = 1;
    struct slice lost = slice_trim(slice_sub(text, hash, end));
    doc_error_at(l->errors, &where,
                 "YAML takes '" SLICE_FMT "' for a comment: quote the whole text, or put a blank "
                 "behind the # of a comment",
                 SLICE_ARG(slice_sub(lost, 0, 40)));
}

static const struct node *read_scalar(struct loader *l, const yaml_event_t *event)
{
    struct node *n = new_node(l, event, NODE_SCALAR);
    if (n == NULL) {
        return NULL;
    }
    struct slice value =
        slice_make((const char *)event->data.scalar.value, event->data.scalar.length);
    n->is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (value.n > l->limits->scalar_bytes) {
        doc_error_at(l->errors, n, "a text of more than %zu bytes", l->limits->scalar_bytes);
        return stop(l, ERR_LIMIT);
    }
    if (slice_find_char(value, '\0') != SIZE_MAX) {
        doc_error_at(l->errors, n, "this text holds a NUL (\\0 or \\x00); it would end there");
    }
    if (n->is_plain) {
        refuse_lost_text(l, event);
        if (value.n == 0 && event->data.scalar.anchor != NULL) {
            doc_error_at(l->errors, n,
                         "an anchor on nothing: a text that begins with & must be quoted");
        }
    }
    n->text = arena_copy(l->arena, value);
    return n;
}

/* ---- collections ---- */

static const struct node *read_node(struct loader *l, const yaml_event_t *event, size_t depth,
                                    size_t *height);

/* Reads nodes until the end of the collection. False when reading has to stop. */
static bool read_children(struct loader *l, yaml_event_type_t end, size_t depth, size_t *height,
                          struct children *out, yaml_mark_t *end_mark)
{
    for (;;) {
        yaml_event_t event;
        if (!next_event(l, &event)) {
            return false;
        }
        bool is_end = event.type == end;
        *end_mark = event.end_mark;
        size_t below = 0;
        const struct node *n = is_end ? NULL : read_node(l, &event, depth + 1, &below);
        yaml_event_delete(&event);
        if (is_end) {
            return true;
        }
        if (n == NULL) {
            return false;
        }
        *height = below + 1 > *height ? below + 1 : *height;
        children_add(out, n);
    }
}

/* What to underline of a collection: all of it if it is on one line, else its first part. */
static void set_length(struct node *n, const struct children *c, yaml_mark_t end)
{
    if (end.line + 1 == n->line && end.column + 1 > n->col) {
        n->length = (unsigned)end.column + 1 - n->col;
    } else if (c->count != 0 && c->list[0]->line == n->line && c->list[0]->col == n->col) {
        n->length = c->list[0]->length;
    }
}

static const struct node *finish_list(struct loader *l, struct node *n, const struct children *c)
{
    const struct node **items = arena_array(l->arena, c->count, sizeof(const struct node *));
    if (c->count != 0) {
        memcpy(items, c->list, c->count * sizeof(const struct node *));
    }
    n->items = items;
    n->count = c->count;
    return n;
}

static int compare_keys(const void *a, const void *b)
{
    const struct node *x = *(const struct node *const *)a;
    const struct node *y = *(const struct node *const *)b;
    int order = slice_cmp(x->text, y->text);
    if (order != 0) {
        return order;
    }
    return x->line != y->line ? (x->line > y->line) - (x->line < y->line)
                              : (x->col > y->col) - (x->col < y->col);
}

static void refuse_duplicates(struct loader *l, const struct node *map)
{
    const struct node **sorted = mem_alloc(map->count * sizeof(const struct node *));
    if (map->count != 0) {
        memcpy(sorted, map->keys, map->count * sizeof(const struct node *));
        qsort(sorted, map->count, sizeof(const struct node *), compare_keys);
    }
    for (size_t i = 1; i < map->count; i++) {
        if (slice_eq(sorted[i]->text, sorted[i - 1]->text)) {
            doc_error_at(l->errors, sorted[i],
                         "duplicate key '" SLICE_FMT "' (first on line %u): keep one of the two",
                         SLICE_ARG(slice_sub(sorted[i]->text, 0, 80)), sorted[i - 1]->line);
        }
    }
    free(sorted);
}

static bool has_text_at(struct loader *l, const struct node *n, const char *text)
{
    size_t at = yaml_cursor_offset(&l->cursor, n->line - 1, n->col - 1);
    return slice_has_prefix(slice_from(l->source->text, at), slice_of(text));
}

/* False when the key cannot be used at all. */
static bool check_key(struct loader *l, const struct node *map, const struct node *key,
                      const struct node *value, bool is_flow)
{
    if (key->kind != NODE_SCALAR) {
        bool is_template = has_text_at(l, map, "{{") || has_text_at(l, key, "{{");
        doc_error_at(l->errors, is_template ? map : key,
                     is_template ? "'{{…}}' is a mapping to YAML, not a template: write \"${…}\", "
                                   "in quotes"
                                 : "a key must be a text, not %s",
                     node_kind_name(key->kind));
        return false;
    }
    if (key->is_plain && slice_eq_text(key->text, "<<")) {
        doc_error_at(l->errors, key, "merge keys do nothing here: use defaults, or write it out");
    }
    bool is_glued = is_flow && key->is_plain && slice_find_char(key->text, ':') != SIZE_MAX &&
                    value->kind == NODE_SCALAR && value->is_plain && value->text.n == 0;
    if (is_glued) {
        doc_error_at(l->errors, key,
                     "'" SLICE_FMT "' is all key and no value: put a blank behind "
                     "the ':', or quote the text",
                     SLICE_ARG(slice_sub(key->text, 0, 80)));
    }
    return true;
}

static const struct node *finish_map(struct loader *l, struct node *n, const struct children *c,
                                     bool is_flow)
{
    const size_t pairs = c->count / 2;
    const struct node **keys = arena_array(l->arena, pairs, sizeof(const struct node *));
    const struct node **items = arena_array(l->arena, pairs, sizeof(const struct node *));
    for (size_t i = 0; i < pairs; i++) {
        const struct node *key = c->list[2 * i];
        const struct node *value = c->list[2 * i + 1];
        if (check_key(l, n, key, value, is_flow)) {
            keys[n->count] = key;
            items[n->count++] = value;
        }
    }
    n->keys = keys;
    n->items = items;
    refuse_duplicates(l, n);
    return n;
}

static const struct node *read_collection(struct loader *l, const yaml_event_t *event, size_t depth,
                                          size_t *height)
{
    bool is_map = event->type == YAML_MAPPING_START_EVENT;
    bool is_flow = is_map && event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
    struct node *n = new_node(l, event, is_map ? NODE_MAP : NODE_LIST);
    if (n == NULL) {
        return NULL;
    }
    if (depth >= l->limits->depth) {
        doc_error_at(l->errors, n, "nested more than %zu deep", l->limits->depth);
        return stop(l, ERR_LIMIT);
    }
    struct children c = {NULL, 0, 0};
    yaml_mark_t end = event->end_mark;
    yaml_event_type_t end_type = is_map ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
    const struct node *done = NULL;
    if (read_children(l, end_type, depth, height, &c, &end)) {
        set_length(n, &c, end);
        done = is_map ? finish_map(l, n, &c, is_flow) : finish_list(l, n, &c);
    }
    free(c.list);
    return done;
}

static const struct node *read_anchored(struct loader *l, const yaml_event_t *event,
                                        const yaml_char_t *anchor, const yaml_char_t *tag,
                                        size_t depth, size_t *height)
{
    refuse_tag(l, event, tag);
    size_t index = begin_anchor(l, event, anchor);
    if (l->err != ERR_OK) {
        return NULL;
    }
    const struct node *n = event->type == YAML_SCALAR_EVENT
                               ? read_scalar(l, event)
                               : read_collection(l, event, depth, height);
    if (n != NULL) {
        end_anchor(l, index, n, *height);
    }
    return n;
}

/* NULL when reading has to stop. height: how deep it nests, 0 for a scalar. */
static const struct node *read_node(struct loader *l, const yaml_event_t *event, size_t depth,
                                    size_t *height)
{
    if (event->type == YAML_ALIAS_EVENT) {
        return read_alias(l, event, depth, height);
    }
    if (event->type == YAML_SCALAR_EVENT) {
        return read_anchored(l, event, event->data.scalar.anchor, event->data.scalar.tag, depth,
                             height);
    }
    if (event->type == YAML_SEQUENCE_START_EVENT) {
        return read_anchored(l, event, event->data.sequence_start.anchor,
                             event->data.sequence_start.tag, depth, height);
    }
    must(event->type == YAML_MAPPING_START_EVENT);
    return read_anchored(l, event, event->data.mapping_start.anchor, event->data.mapping_start.tag,
                         depth, height);
}

/* ---- the document ---- */

static void check_document_start(struct loader *l, const yaml_event_t *event, size_t number)
{
    struct node at = place(l, event->start_mark, event->end_mark);
    if (number > 0) {
        doc_error_at(l->errors, &at, "a second document: put it into a file of its own");
        (void)stop(l, ERR_SYNTAX);
    } else if (event->data.document_start.tag_directives.start !=
               event->data.document_start.tag_directives.end) {
        doc_error_at(l->errors, &at, "%%TAG: tags are not allowed");
    }
}

static const struct node *read_document(struct loader *l)
{
    const struct node *root = NULL;
    yaml_event_type_t type = YAML_NO_EVENT;
    for (size_t documents = 0; l->err == ERR_OK && type != YAML_STREAM_END_EVENT;) {
        yaml_event_t event;
        if (!next_event(l, &event)) {
            break;
        }
        type = event.type;
        size_t height = 0;
        if (type == YAML_DOCUMENT_START_EVENT) {
            check_document_start(l, &event, documents++);
        } else if (type != YAML_STREAM_START_EVENT && type != YAML_DOCUMENT_END_EVENT &&
                   type != YAML_STREAM_END_EVENT) {
            root = read_node(l, &event, 0, &height);
        }
        yaml_event_delete(&event);
    }
    if (l->err == ERR_OK && root == NULL) {
        struct node at = {.line = 1, .col = 1, .length = 1, .source = l->source};
        doc_error_at(l->errors, &at, "the file is empty");
    }
    return root;
}

static const struct doc_source *new_source(const char *name, struct slice text, struct arena *arena)
{
    struct doc_source *s = arena_alloc(arena, sizeof *s);
    if (slice_has_prefix(text, SLICE("\xEF\xBB\xBF"))) {
        text = slice_from(text, 3);
    }
    s->name = arena_text(arena, slice_of(name));
    s->text = arena_copy(arena, text);
    return s;
}

static const struct node *parse(const struct doc_source *source, const struct node_limits *limits,
                                struct arena *arena, struct doc_errors *errors, enum err *err)
{
    struct loader *l = mem_zalloc(1, sizeof *l);
    l->source = source;
    l->limits = limits;
    l->arena = arena;
    l->errors = errors;
    yaml_cursor_init(&l->cursor, source->text, arena);
    if (yaml_parser_initialize(&l->parser) == 0) {
        die_no_memory();
    }
    yaml_parser_set_encoding(&l->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&l->parser, (const unsigned char *)source->text.p, source->text.n);
    const struct node *root = read_document(l);
    yaml_parser_delete(&l->parser);
    *err = l->err;
    free(l);
    return root;
}

enum err doc_parse_yaml(const char *name, struct slice text, const struct node_limits *limits,
                        struct arena *arena, struct doc_errors *errors, const struct node **out)
{
    *out = NULL;
    limits = limits != NULL ? limits : &node_limits_default;
    size_t before = errors->errors;
    if (text.n > limits->file_bytes) {
        struct node at = {.source = new_source(name, slice_of(""), arena)};
        doc_error_at(errors, &at, "larger than %zu bytes", limits->file_bytes);
        return ERR_LIMIT;
    }
    const struct doc_source *source = new_source(name, text, arena);
    if (!yaml_check_octets(source, errors)) {
        return ERR_SYNTAX;
    }
    enum err err = ERR_OK;
    const struct node *root = parse(source, limits, arena, errors, &err);
    if (errors->errors != before) {
        return err != ERR_OK ? err : ERR_SYNTAX;
    }
    *out = root;
    return ERR_OK;
}
