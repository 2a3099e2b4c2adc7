/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `capture: {name: {regex, from}}` in an expect: takes a piece of what the server said, and the
 * capture must succeed, as any assertion. The name then stands in later steps and in assertions, as
 * ${name}. What is captured is known only while the case runs: until then a mark stands for it, as
 * for a secret.
 */
#include "scenario/capture.h"

#include "base/text.h"
#include "doc/pattern.h"

#include <string.h>

static const char source_default[] = "reply.text";
static const char mark[] = "capture:";

/* ---- marks ---- */

/* The next mark of a capture in text; its name. False when there is none. */
static bool next_mark(struct slice text, size_t *at, size_t *length, struct slice *name)
{
    for (size_t from = 0; from < text.n;) {
        struct slice rest = slice_from(text, from);
        size_t begin = slice_find_char(rest, BIND_PART_BEGIN);
        if (begin == SIZE_MAX) {
            return false;
        }
        struct slice inner = slice_from(rest, begin + 1);
        size_t end = slice_find_char(inner, BIND_PART_END);
        if (end == SIZE_MAX) {
            return false;
        }
        inner.n = end;
        if (slice_has_prefix(inner, slice_of(mark))) {
            *at = from + begin;
            *length = end + 2;
            *name = slice_from(inner, strlen(mark));
            return true;
        }
        from += begin + end + 2;
    }
    return false;
}

bool capture_is_marked(const struct node *n)
{
    size_t at, length;
    struct slice name;
    return n->kind == NODE_SCALAR && next_mark(n->text, &at, &length, &name);
}

/* ---- which names there are ---- */

static const struct node *captures_of(const struct node *expect)
{
    const struct node *map = node_get(expect, "capture");
    return map != NULL && map->kind == NODE_MAP ? map : NULL;
}

static bool is_name(struct slice s)
{
    bool is_good = s.n != 0 && s.n <= 40 && s.p[0] >= 'a' && s.p[0] <= 'z';
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        is_good = is_good && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_');
    }
    return is_good;
}

static void add_name(struct scope *s, const struct node *key)
{
    if (!is_name(key->text)) {
        doc_error_at(s->errors, key, "a captured value's name is of a-z, 0-9 and _, 40 at most");
        return;
    }
    if (node_get(s->vars, arena_text(s->arena, key->text)) != NULL) {
        doc_error_at(s->errors, key, "'" SLICE_FMT "' is a var already: take another name",
                     SLICE_ARG(key->text));
        return;
    }
    for (size_t i = 0; i < s->capture_count; i++) {
        if (slice_eq(s->captures[i]->text, key->text)) {
            doc_error_at(s->errors, key, "'" SLICE_FMT "' is captured in line %u already",
                         SLICE_ARG(key->text), s->captures[i]->line);
            return;
        }
    }
    if (s->capture_count == CAPTURES_MAX) {
        doc_error_at(s->errors, key, "more than %d captured values in one scenario", CAPTURES_MAX);
        return;
    }
    s->captures[s->capture_count++] = key;
}

void capture_scan(struct scope *s, const struct node *n)
{
    for (size_t i = 0; n->kind != NODE_SCALAR && i < n->count; i++) {
        const struct node *map = n->kind == NODE_MAP && slice_eq_text(n->keys[i]->text, "capture")
                                     ? captures_of(n)
                                     : NULL;
        for (size_t k = 0; map != NULL && k < map->count; k++) {
            add_name(s, map->keys[k]);
        }
        if (map == NULL) {
            capture_scan(s, n->items[i]);
        }
    }
}

void capture_check_used(struct scope *s)
{
    for (size_t i = 0; i < s->capture_count; i++) {
        if ((s->used_captures >> i & 1) == 0) {
            doc_error_at(s->errors, s->captures[i],
                         "nothing uses ${" SLICE_FMT "}: a later step or an assertion has to, or "
                         "write a matcher: reply: {text: {regex: …}}",
                         SLICE_ARG(s->captures[i]->text));
        }
    }
}

/* ---- form ---- */

/* Does the path name one value of the document? */
static bool is_source(const struct shape *shape, struct slice path)
{
    struct slice part;
    const struct field *f = NULL;
    while (slice_take_until(&path, '.', &part)) {
        f = shape != NULL ? shape_find(shape, part) : NULL;
        if (f == NULL) {
            return false;
        }
        shape = f->type == MATCH_MAP ? f->shape : NULL;
    }
    return f != NULL && f->from == NULL &&
           (f->type == MATCH_TEXT || f->type == MATCH_WORD || f->type == MATCH_VERSION);
}

static void check_pattern(const struct node *n, struct doc_errors *errors)
{
    struct pattern *p = NULL;
    struct why why;
    if (n->kind != NODE_SCALAR || n->text.n == 0) {
        doc_error_at(errors, n, "'regex' is a text, with the piece to keep in brackets");
    } else if (capture_is_marked(n)) {
        doc_error_at(errors, n, "a captured value cannot stand in a regular expression");
    } else if (pattern_new(n->text, 0, &p, &why) != ERR_OK) {
        doc_error_at(errors, n, "%s", why.text);
    } else if (pattern_groups(p) > 1) {
        doc_error_at(errors, n,
                     "%u groups, and one can be captured: write (?:…) for the others, or capture "
                     "twice",
                     pattern_groups(p));
    }
    pattern_free(p);
}

static void check_one(const struct shape *shape, const struct field *f, const struct node *n,
                      struct doc_errors *errors)
{
    struct bind b = {.errors = errors};
    size_t before = errors->errors;
    bind_check_keys(&b, f->shape, n);
    if (errors->errors != before) {
        return;
    }
    check_pattern(node_get(n, "regex"), errors);
    const struct node *from = node_get(n, "from");
    const char *path = from != NULL ? "" : source_default;
    struct slice source = from != NULL ? node_text(from) : slice_of(path);
    if (!is_source(shape, source)) {
        doc_error_at(errors, from != NULL ? from : n,
                     "'from' names one text of the document, as reply.text or greeting.text");
    }
}

void capture_check_form(const struct shape *shape, const struct field *f, const struct node *n,
                        struct doc_errors *errors)
{
    if (n->kind != NODE_MAP || n->count == 0) {
        doc_error_at(errors, n, "'capture' is a mapping: name: {regex: \"queued as (\\\\S+)\"}");
        return;
    }
    for (size_t i = 0; i < n->count; i++) {
        check_one(shape, f, n->items[i], errors);
    }
}

/* ---- order ---- */

/* Has one of the first steps captured it? */
static bool is_captured(const struct spec_probe *p, size_t steps, struct slice name)
{
    for (size_t i = 0; i < steps; i++) {
        const struct node *map = captures_of(p->steps[i].expect);
        for (size_t k = 0; map != NULL && k < map->count; k++) {
            if (slice_eq(map->keys[k]->text, name)) {
                return true;
            }
        }
    }
    return false;
}

static void too_early(struct bind *b, const struct node *at, struct slice name)
{
    doc_error_at(b->errors, at, "${" SLICE_FMT "} is not captured yet when this step runs",
                 SLICE_ARG(name));
}

static void check_order_in(struct bind *b, const struct spec_probe *p, size_t steps,
                           const struct node *n)
{
    size_t at, length;
    struct slice name;
    for (size_t i = 0; n->kind != NODE_SCALAR && i < n->count; i++) {
        check_order_in(b, p, steps, n->items[i]);
    }
    if (n->kind == NODE_SCALAR && next_mark(n->text, &at, &length, &name) &&
        !is_captured(p, steps, name)) {
        too_early(b, n, name);
    }
}

void capture_check_order(struct bind *b, const struct spec_probe *p)
{
    for (size_t i = 0; i < p->step_count; i++) {
        const struct spec_step *s = &p->steps[i];
        for (size_t k = 0; k < s->argument.count; k++) {
            const struct spec_part *part = &s->argument.parts[k];
            if (part->kind == SPEC_CAPTURE && !is_captured(p, i, part->text)) {
                too_early(b, s->argument.at, part->text);
            }
        }
        if (s->expect != NULL) {
            check_order_in(b, p, i + 1, s->expect);
        }
    }
}

/* ---- while the case runs ---- */

struct slice capture_match(const struct node *one, const struct json *document,
                           const struct json **got, const char **problem)
{
    struct slice groups[PATTERN_GROUPS_MAX] = {{NULL, 0}};
    const struct node *from = node_get(one, "from");
    char path[128];
    struct slice source = from != NULL ? node_text(from) : slice_of(source_default);
    struct pattern *p = NULL;
    must(source.n < sizeof path); /* a path of the document: the loader saw to it */
    memcpy(path, source.p, source.n);
    path[source.n] = '\0';
    *got = json_path(document, path);
    *problem = "";
    if (json_kind(*got) != JSON_STRING ||
        pattern_new(node_text(node_get(one, "regex")), 0, &p, NULL) != ERR_OK) {
        *problem = "there is nothing to capture from";
        return (struct slice){NULL, 0};
    }
    bool is_found = pattern_match(p, json_slice(*got), groups) == PATTERN_YES;
    struct slice value = groups[pattern_groups(p) != 0 ? 1 : 0];
    pattern_free(p);
    if (!is_found) {
        *problem = "is not found in";
    } else if (value.n == 0) {
        *problem = "captures nothing in";
    } else if (value.n > CAPTURE_MAX_BYTES) {
        *problem = "captures more than 4096 octets of";
    }
    return (*problem)[0] == '\0' ? value : (struct slice){NULL, 0};
}

void match_take_captures(const struct node *expect, const struct json *document,
                         struct match_captures *out)
{
    const struct node *map = captures_of(expect);
    for (size_t i = 0; map != NULL && i < map->count && out->count < CAPTURES_MAX; i++) {
        const struct json *got;
        const char *problem;
        struct slice value = capture_match(map->items[i], document, &got, &problem);
        if (value.n != 0) {
            out->list[out->count++] =
                (struct match_capture){map->keys[i]->text, arena_copy(out->arena, value)};
        }
    }
}

bool match_captured(const struct match_captures *c, struct slice name, struct slice *out)
{
    for (size_t i = 0; i < c->count; i++) {
        if (slice_eq(c->list[i].name, name)) {
            *out = c->list[i].value;
            return true;
        }
    }
    return false;
}

static const struct node *put_scalar(const struct node *n, const struct match_captures *c)
{
    struct buf text;
    struct slice rest = n->text, name;
    size_t at, length;
    if (!next_mark(rest, &at, &length, &name)) {
        return n;
    }
    buf_init(&text, BUF_NO_CAP);
    while (next_mark(rest, &at, &length, &name)) {
        struct slice value;
        buf_add(&text, slice_sub(rest, 0, at));
        if (match_captured(c, name, &value)) {
            buf_add(&text, value);
        } else {
            buf_addf(&text, "(${" SLICE_FMT "}: nothing captured)", SLICE_ARG(name));
        }
        rest = slice_from(rest, at + length);
    }
    buf_add(&text, rest);
    const struct node *out = node_new_scalar(c->arena, n, buf_slice(&text));
    buf_release(&text);
    return out;
}

const struct node *match_put_captures(const struct node *n, const struct match_captures *c)
{
    if (n == NULL || n->kind == NODE_SCALAR) {
        return n != NULL ? put_scalar(n, c) : NULL;
    }
    const struct node **items = arena_array(c->arena, n->count, sizeof(const struct node *));
    bool is_changed = false;
    for (size_t i = 0; i < n->count; i++) {
        items[i] = match_put_captures(n->items[i], c);
        is_changed = is_changed || items[i] != n->items[i];
    }
    if (!is_changed) {
        return n;
    }
    return n->kind == NODE_LIST ? node_new_list(c->arena, n, items, n->count)
                                : node_new_map(c->arena, n, n->keys, items, n->count);
}
