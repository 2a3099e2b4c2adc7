/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a value does not hold, where "wanted X, got Y" leaves a person searching: which item of a
 * list is missing or too much, which of several matchers it was.
 */
#include "scenario/match_leaf.h"

#include "base/text.h"

enum { TOLD_MAX = 5 };

static void add_item(const struct json *v, struct buf *out)
{
    if (json_kind(v) == JSON_STRING) {
        text_visible(json_slice(v), TEXT_ONE_LINE, out);
    } else {
        json_print(v, JSON_COMPACT, out);
    }
}

static size_t find(enum field_type type, const struct node *n, const struct json *got, size_t from)
{
    size_t i = from;
    while (i < json_count(got) && !leaf_item_holds(type, n, json_at(got, i))) {
        i++;
    }
    return i;
}

/* One item stands for a list of one. */
static const struct node *item_of(const struct node *n, size_t i)
{
    return n->kind == NODE_LIST ? n->items[i] : n;
}

static size_t items_of(const struct node *n)
{
    return n->kind == NODE_LIST ? n->count : 1;
}

/* "XFOO is missing" of includes, "PIPELINING is there" of excludes. */
static void tell_members(enum field_type type, const struct node *n, const struct json *got,
                         bool is_wanted, struct buf *out)
{
    size_t told = 0, more = 0;
    for (size_t i = 0; i < items_of(n); i++) {
        bool is_there = find(type, item_of(n, i), got, 0) != json_count(got);
        if (is_there == is_wanted) {
            continue;
        }
        if (told == TOLD_MAX) {
            more++;
            continue;
        }
        buf_add_text(out, told++ != 0 ? ", " : "");
        leaf_describe(item_of(n, i), out);
    }
    if (more != 0) {
        buf_addf(out, " and %zu more", more);
    }
    buf_add_text(out, told + more == 1 ? " is" : " are");
    buf_add_text(out, is_wanted ? " missing" : " there");
}

/* The first place where two lists part. */
static void tell_equals(enum field_type type, const struct node *n, const struct json *got,
                        struct buf *out)
{
    size_t i = 0;
    while (i < n->count && i < json_count(got) &&
           leaf_item_holds(type, n->items[i], json_at(got, i))) {
        i++;
    }
    buf_addf(out, "item %zu: ", i + 1);
    if (i == n->count) {
        add_item(json_at(got, i), out);
        buf_add_text(out, " is too much");
    } else if (i == json_count(got)) {
        leaf_describe(n->items[i], out);
        buf_add_text(out, " is missing");
    } else {
        buf_add_text(out, "wanted ");
        leaf_describe(n->items[i], out);
        buf_add_text(out, ", got ");
        add_item(json_at(got, i), out);
    }
}

static void tell_ordered(enum field_type type, const struct node *n, const struct json *got,
                         struct buf *out)
{
    size_t at = 0, i = 0;
    for (; i < n->count; i++) {
        at = find(type, n->items[i], got, at);
        if (at == json_count(got)) {
            break;
        }
        at++;
    }
    if (i == n->count) {
        return;
    }
    bool is_nowhere = find(type, n->items[i], got, 0) == json_count(got);
    buf_add_text(out, "no ");
    leaf_describe(n->items[i], out);
    if (!is_nowhere && i != 0) {
        buf_add_text(out, " after ");
        leaf_describe(n->items[i - 1], out);
    }
}

/* The matchers of `all` that do not hold. */
static void tell_all(enum field_type type, const struct node *n, const struct json *got,
                     struct buf *out)
{
    bool is_first = true;
    for (size_t i = 0; i < n->count; i++) {
        if (!leaf_holds(type, n->items[i], got)) {
            buf_add_text(out, is_first ? "not so: " : ", ");
            leaf_describe(n->items[i], out);
            is_first = false;
        }
    }
}

static void tell_operator(enum field_type type, enum match_op op, const struct node *n,
                          const struct json *got, struct buf *out)
{
    bool is_list = json_kind(got) == JSON_LIST;
    if (op == OP_all) {
        tell_all(type, n, got, out);
    } else if (op == OP_count && is_list) {
        buf_addf(out, "there are %zu", json_count(got));
    } else if ((op == OP_includes || op == OP_excludes) && is_list) {
        tell_members(type, n, got, op == OP_includes, out);
    } else if ((op == OP_equals || op == OP_eq) && is_list && n->kind == NODE_LIST) {
        tell_equals(type, n, got, out);
    } else if (op == OP_ordered && is_list) {
        tell_ordered(type, n, got, out);
    }
}

void leaf_tell(enum field_type type, const struct node *n, const struct json *got, struct buf *out)
{
    if (n->kind == NODE_LIST && json_kind(got) == JSON_LIST) {
        tell_equals(type, n, got, out);
    }
    for (size_t i = 0; n->kind == NODE_MAP && i < n->count; i++) {
        const struct operator_row *row = operator_find(n->keys[i]->text);
        const struct node *keys = n->keys[i], *items = n->items[i];
        const struct node one = {.kind = NODE_MAP, .count = 1, .keys = &keys, .items = &items};
        if (row != NULL && !leaf_holds(type, &one, got)) {
            buf_add_text(out, out->n != 0 ? "; " : "");
            tell_operator(type, row->op, items, got, out);
        }
    }
}
