/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Assertions against a result document. The shape says of what kind each part is; a leaf is a
 * literal or a mapping of operators, all of which have to hold. Form and evaluation walk the same
 * tables: what loads can be evaluated.
 */
#include "scenario/match.h"

#include "scenario/capture.h"
#include "scenario/match_leaf.h"

#include "base/text.h"

#include <string.h>

/* ---- form ---- */

static void check_map(const struct shape *shape, const struct node *n, struct doc_errors *errors);

static bool is_matcher(const struct node *n)
{
    return n->kind == NODE_MAP && n->count != 0 && match_is_operator(n->keys[0]->text);
}

/* What may be said of a list of mappings besides its items one by one. */
enum quantifier {
    Q_COUNT,
    Q_EXISTS,
    Q_FIRST,
    Q_LAST,
    Q_ALL,
    Q_ANY,
    Q_INCLUDES,
    Q_NONE,
    Q_EXCLUDES,
    Q_COUNT_OF
};
static const char *const quantifiers[Q_COUNT_OF] = {
    [Q_COUNT] = "count", [Q_EXISTS] = "exists",     [Q_FIRST] = "first",
    [Q_LAST] = "last",   [Q_ALL] = "all",           [Q_ANY] = "any",
    [Q_NONE] = "none",   [Q_INCLUDES] = "includes", [Q_EXCLUDES] = "excludes",
};

static enum quantifier find_quantifier(struct slice key)
{
    size_t q = 0;
    while (q < Q_COUNT_OF && !slice_eq_text(key, quantifiers[q])) {
        q++;
    }
    return (enum quantifier)q;
}

static bool takes_list(enum quantifier q)
{
    return q == Q_ANY || q == Q_INCLUDES || q == Q_NONE || q == Q_EXCLUDES;
}

static void check_quantified(const struct field *f, const struct node *key, const struct node *n,
                             struct doc_errors *errors)
{
    enum quantifier q = find_quantifier(key->text);
    if (q == Q_COUNT) {
        leaf_check(MATCH_NUMBER, NULL, "count", n, errors);
    } else if (q == Q_EXISTS) {
        leaf_check(MATCH_BOOL, NULL, "exists", n, errors);
    } else if (q == Q_COUNT_OF) {
        doc_error_at(errors, key,
                     "unknown key '" SLICE_FMT "' in '%s': it is one of count, exists, first, "
                     "last, all, any, none, includes, excludes",
                     SLICE_ARG(slice_sub(key->text, 0, 60)), f->key);
    } else if (takes_list(q) && n->kind == NODE_LIST && n->count != 0) {
        for (size_t i = 0; i < n->count; i++) {
            check_map(f->shape, n->items[i], errors);
        }
    } else {
        check_map(f->shape, n, errors);
    }
}

static void check_items(const struct field *f, const struct node *n, struct doc_errors *errors)
{
    if (n->kind == NODE_LIST) {
        for (size_t i = 0; i < n->count; i++) {
            check_map(f->shape, n->items[i], errors);
        }
        return;
    }
    if (n->kind != NODE_MAP || n->count == 0) {
        doc_error_at(errors, n,
                     "'%s' is a list of mappings, or {count, first, last, all, any, "
                     "none}",
                     f->key);
        return;
    }
    for (size_t i = 0; i < n->count; i++) {
        check_quantified(f, n->keys[i], n->items[i], errors);
    }
}

static void check_not_sent(const struct field *f, const struct node *n, struct doc_errors *errors)
{
    if (n->kind != NODE_LIST || n->count == 0) {
        doc_error_at(errors, n,
                     "'%s' is a list of verbs: [AUTH, MAIL]; an empty one asserts nothing", f->key);
        return;
    }
    for (size_t i = 0; i < n->count; i++) {
        leaf_check_verb(n->items[i], errors);
    }
}

static void check_field(const struct shape *shape, const struct field *f, const struct node *n,
                        struct doc_errors *errors)
{
    if (f->type == MATCH_CAPTURE) {
        capture_check_form(shape, f, n, errors);
    } else if (f->type == MATCH_MAP && !is_matcher(n)) {
        check_map(f->shape, n, errors);
    } else if (f->type == MATCH_MAP) {
        leaf_check(MATCH_TEXT, NULL, f->key, n, errors);
    } else if (f->type == MATCH_ITEMS) {
        check_items(f, n, errors);
    } else if (f->type == MATCH_NOT_SENT) {
        check_not_sent(f, n, errors);
    } else {
        leaf_check(f->type, f->choices, f->key, n, errors);
    }
}

static void check_map(const struct shape *shape, const struct node *n, struct doc_errors *errors)
{
    if (n->kind != NODE_MAP) {
        doc_error_at(errors, n, "'%s' is a mapping (%s), not %s", shape->name, shape->doc,
                     node_kind_name(n->kind));
        return;
    }
    if (n->count == 0) {
        doc_error_at(errors, n, "'%s' is empty: it asserts nothing", shape->name);
    }
    for (size_t i = 0; i < n->count; i++) {
        const struct field *f = shape_find(shape, n->keys[i]->text);
        if (f != NULL && f->type == FIELD_REFUSED) {
            doc_error_at(errors, n->keys[i], "'%s': %s", f->key, f->doc);
            continue;
        }
        if (f != NULL) {
            check_field(shape, f, n->items[i], errors);
            continue;
        }
        const char *nearest = shape_nearest(shape, n->keys[i]->text);
        doc_error_at(errors, n->keys[i], "unknown key '" SLICE_FMT "' in '%s'%s%s%s",
                     SLICE_ARG(slice_sub(n->keys[i]->text, 0, 80)), shape->name,
                     nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "",
                     nearest != NULL ? "'?)" : "");
    }
}

void match_check_shape(const struct shape *shape, const struct node *expect,
                       struct doc_errors *errors)
{
    check_map(shape, expect, errors);
}

void match_check_form(const struct node *expect, struct doc_errors *errors)
{
    check_map(&shape_expect, expect, errors);
}

static bool has_mark(const struct node *n)
{
    bool has_one = capture_is_marked(n);
    for (size_t i = 0; n->kind != NODE_SCALAR && i < n->count; i++) {
        has_one = has_one || has_mark(n->items[i]);
    }
    return has_one;
}

void match_check_text(const struct node *matcher, struct doc_errors *errors)
{
    if (has_mark(matcher)) {
        doc_error_at(errors, matcher,
                     "the fake server knows no captured values: they go into "
                     "later steps and into assertions");
        return;
    }
    leaf_check(MATCH_TEXT, NULL, "when", matcher, errors);
}

/* ---- evaluation ---- */

struct walk {
    struct match_checks *out;
    struct arena *arena;
    bool is_ok; /* of everything so far */
};

static void add_check(struct walk *w, const char *path, const struct node *at, bool is_ok,
                      const struct json *got, const char *want, const char *note)
{
    w->is_ok = w->is_ok && is_ok;
    struct match_checks *c = w->out;
    if (c == NULL) {
        return;
    }
    if (c->count == c->space) {
        size_t space = c->space != 0 ? 2 * c->space : 16;
        struct match_check *list = arena_array(c->arena, space, sizeof *list);
        if (c->count != 0) {
            memcpy(list, c->list, c->count * sizeof *list);
        }
        c->list = list;
        c->space = space;
    }
    c->list[c->count++] = (struct match_check){.path = path,
                                               .is_ok = is_ok,
                                               .at = at,
                                               .want = want,
                                               .got = (struct json *)(uintptr_t)got,
                                               .note = note,
                                               .tell = ""};
}

static void walk_map(struct walk *w, const struct shape *shape, const struct node *n,
                     const struct json *doc, const char *path);

static void walk_leaf(struct walk *w, enum field_type type, const struct node *n,
                      const struct json *got, const char *path)
{
    struct buf want;
    buf_init(&want, 4096);
    leaf_describe(n, &want);
    const char *text = arena_text(w->arena, buf_slice(&want));
    bool is_ok = leaf_holds(type, n, got);
    bool is_time = type == MATCH_DURATION && json_kind(got) == JSON_REAL;
    add_check(w, path, n, is_ok, got, text,
              is_ok || !is_time
                  ? ""
                  : arena_printf(w->arena, "wanted %s, got %.1f ms", text, json_to_real(got)));
    if (!is_ok && w->out != NULL) {
        buf_reset(&want);
        leaf_tell(type, n, got, &want);
        w->out->list[w->out->count - 1].tell = arena_text(w->arena, buf_slice(&want));
    }
    buf_release(&want);
}

/* Does any or each item have what is asked? Said at the quantifier, not item by item. */
static bool item_holds(struct walk *w, const struct field *f, const struct node *n,
                       const struct json *item)
{
    struct walk quiet = {.arena = w->arena, .is_ok = true};
    walk_map(&quiet, f->shape, n, item, "");
    return quiet.is_ok;
}

static void walk_quantified(struct walk *w, const struct field *f, const struct node *key,
                            const struct node *n, const struct json *list, const char *path)
{
    enum quantifier q = find_quantifier(key->text);
    size_t count = json_count(list);
    size_t holding = 0;
    for (size_t i = 0; i < count; i++) {
        holding += item_holds(w, f, n, json_at(list, i));
    }
    bool is_none = q == Q_NONE || q == Q_EXCLUDES;
    bool is_ok = q == Q_ALL ? count != 0 && holding == count : (holding != 0) != is_none;
    is_ok = is_ok && (list != NULL); /* a list that is not there proves nothing */
    const char *want = q == Q_ALL ? "all of them so"
                       : is_none  ? "none of them so"
                                  : "one that is so";
    add_check(w, path, n, is_ok, list, want,
              is_ok ? ""
                    : arena_printf(w->arena, "%zu of %zu are so, wanted %s", holding, count, want));
}

static void walk_count(struct walk *w, const struct node *n, const struct json *list,
                       const char *path)
{
    struct json *number = json_int((int64_t)json_count(list));
    bool is_ok = json_kind(list) == JSON_LIST && leaf_holds(MATCH_NUMBER, n, number);
    struct buf want;
    buf_init(&want, 1024);
    leaf_describe(n, &want);
    const char *text = arena_text(w->arena, buf_slice(&want));
    add_check(w, path, n, is_ok, list, text,
              is_ok ? ""
                    : arena_printf(w->arena, "there are %zu, wanted %s", json_count(list), text));
    buf_release(&want);
    json_free(number);
}

static void walk_item_list(struct walk *w, const struct field *f, const struct node *n,
                           const struct json *list, const char *path)
{
    size_t count = json_count(list);
    bool is_ok = json_kind(list) == JSON_LIST && count == n->count;
    add_check(w, path, n, is_ok, list, arena_printf(w->arena, "%zu items", n->count),
              is_ok ? "" : arena_printf(w->arena, "there are %zu, wanted %zu", count, n->count));
    for (size_t i = 0; i < n->count && is_ok; i++) {
        walk_map(w, f->shape, n->items[i], json_at(list, i),
                 arena_printf(w->arena, "%s[%zu]", path, i));
    }
}

static void walk_one_quantifier(struct walk *w, const struct field *f, const struct node *key,
                                const struct node *n, const struct json *list, const char *path)
{
    enum quantifier q = find_quantifier(key->text);
    size_t count = json_count(list);
    if (q == Q_COUNT) {
        walk_count(w, n, list, path);
    } else if (q == Q_EXISTS) {
        add_check(w, path, n, (count != 0) == node_is_text(n, "true"), list,
                  node_is_text(n, "true") ? "at least one" : "none", "");
    } else if (q == Q_FIRST || q == Q_LAST) {
        size_t at = q == Q_LAST && count != 0 ? count - 1 : 0;
        walk_map(w, f->shape, n, json_at(list, at), path);
    } else if (takes_list(q) && n->kind == NODE_LIST) {
        for (size_t i = 0; i < n->count; i++) {
            walk_quantified(w, f, key, n->items[i], list, path);
        }
    } else {
        walk_quantified(w, f, key, n, list, path);
    }
}

static void walk_items(struct walk *w, const struct field *f, const struct node *n,
                       const struct json *list, const char *path)
{
    if (n->kind == NODE_LIST) {
        walk_item_list(w, f, n, list, path);
        return;
    }
    for (size_t i = 0; i < n->count; i++) {
        const struct node *key = n->keys[i];
        walk_one_quantifier(w, f, key, n->items[i], list,
                            arena_printf(w->arena, "%s." SLICE_FMT, path, SLICE_ARG(key->text)));
    }
}

/* Each verb by itself, so that the caret stands under the one that was sent after all. */
static void walk_not_sent(struct walk *w, const struct node *n, const struct json *sent,
                          const char *path)
{
    for (size_t i = 0; i < n->count; i++) {
        const struct node *verb = n->items[i];
        const struct json *found = NULL;
        for (size_t k = 0; k < json_count(sent) && found == NULL; k++) {
            const struct json *one = json_at(sent, k);
            bool is_it = slice_eq_nocase(json_slice(json_get(one, "verb")), verb->text);
            found = is_it ? one : NULL;
        }
        const char *note =
            found == NULL
                ? ""
                : arena_printf(
                      w->arena, "sent at +%.1f ms, %s", json_to_real(json_get(found, "ms")),
                      json_to_bool(json_get(found, "inside_tls")) ? "inside TLS" : "in clear");
        const char *want = arena_printf(w->arena, "no " SLICE_FMT, SLICE_ARG(verb->text));
        add_check(w, path, verb, found == NULL, found, want, note);
    }
}

static void walk_captures(struct walk *w, const struct node *n, const struct json *doc,
                          const char *path)
{
    for (size_t i = 0; i < n->count; i++) {
        const struct json *got;
        const char *problem;
        bool is_ok = capture_match(n->items[i], doc, &got, &problem).n != 0;
        const struct node *regex = node_get(n->items[i], "regex");
        struct buf text;
        buf_init(&text, 4096);
        text_visible(json_slice(got), TEXT_ONE_LINE, &text);
        const char *note = is_ok ? ""
                           : got == NULL
                               ? problem
                               : arena_printf(w->arena, "%s: %s", problem, buf_text(&text));
        buf_release(&text);
        add_check(w, arena_printf(w->arena, "%s." SLICE_FMT, path, SLICE_ARG(n->keys[i]->text)),
                  regex != NULL ? regex : n->items[i], is_ok, got,
                  arena_text(w->arena, node_text(regex)), note);
    }
}

static void walk_field(struct walk *w, const struct field *f, const struct node *n,
                       const struct json *doc, const char *path)
{
    const struct json *got = json_get(doc, f->from != NULL ? f->from : f->key);
    if (f->type == MATCH_CAPTURE) {
        walk_captures(w, n, doc, path);
    } else if (f->type == MATCH_MAP && !is_matcher(n)) {
        walk_map(w, f->shape, n, got, path);
    } else if (f->type == MATCH_MAP) {
        walk_leaf(w, MATCH_TEXT, n, got, path);
    } else if (f->type == MATCH_ITEMS) {
        walk_items(w, f, n, got, path);
    } else if (f->type == MATCH_NOT_SENT && got == NULL) {
        add_check(w, path, n, false, NULL, "a record of what was sent",
                  "there is none: no fake server took part");
    } else if (f->type == MATCH_NOT_SENT) {
        walk_not_sent(w, n, got, path);
    } else {
        walk_leaf(w, f->type, n, got, path);
    }
}

/* server_saw first: the wire decides. */
static bool is_wire(const struct node *key)
{
    return slice_eq_text(key->text, "server_saw");
}

static void walk_map(struct walk *w, const struct shape *shape, const struct node *n,
                     const struct json *doc, const char *path)
{
    if (n->kind != NODE_MAP || n->count == 0) { /* refused at load; never holds */
        add_check(w, path, n, false, doc, shape->doc, "not of the form of a result document");
        return;
    }
    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < n->count; i++) {
            if (is_wire(n->keys[i]) != (pass == 0)) {
                continue;
            }
            const struct field *f = shape_find(shape, n->keys[i]->text);
            const char *inner =
                arena_printf(w->arena, "%s%s" SLICE_FMT, path, path[0] != '\0' ? "." : "",
                             SLICE_ARG(n->keys[i]->text));
            if (f == NULL) {
                add_check(w, inner, n->keys[i], false, NULL, "a known key", "unknown key");
            } else {
                walk_field(w, f, n->items[i], doc, inner);
            }
        }
    }
}

bool match_apply(const struct node *expect, const struct json *document, struct match_checks *out)
{
    /* the document of a step says which step it is */
    bool is_step = json_get(document, "step") != NULL;
    struct walk w = {.out = out, .arena = out->arena, .is_ok = true};
    walk_map(&w, is_step ? &shape_step_expect : &shape_expect, expect, document, "expect");
    return w.is_ok;
}

bool match_text(const struct node *matcher, struct slice text)
{
    struct json *value = json_string(text);
    bool holds = leaf_holds(MATCH_TEXT, matcher, value);
    json_free(value);
    return holds;
}
