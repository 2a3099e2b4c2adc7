/* SPDX-License-Identifier: Apache-2.0 */
/* Does one value hold? Literals by type, operators by the functions that bear their names. */
#include "scenario/match_leaf.h"

#include "base/text.h"
#include "doc/pattern.h"

static bool actual_rank(enum field_type type, const struct json *got, double *out)
{
    if (type == MATCH_VERSION) {
        return leaf_rank(type, json_slice(got), out);
    }
    enum json_kind kind = json_kind(got);
    if (kind == JSON_STRING) {
        return leaf_number(json_slice(got), out);
    }
    *out = json_to_real(got);
    return kind == JSON_INT || kind == JSON_REAL;
}

/* Items of a list are compared as texts, or as verbs. */
static enum field_type item_type(enum field_type type)
{
    return type == MATCH_VERBS ? MATCH_VERBS : MATCH_TEXT;
}

static bool is_there(const struct json *got)
{
    enum json_kind kind = json_kind(got);
    if (kind == JSON_STRING) {
        return json_slice(got).n != 0;
    }
    return kind == JSON_LIST || kind == JSON_MAP ? json_count(got) != 0 : kind != JSON_NULL;
}

static bool code_holds(struct slice want, const struct json *got)
{
    int64_t code = json_to_int(got);
    if (!leaf_is_code(want) || code < 100 || code > 999) {
        double number = 0;
        return leaf_number(want, &number) && json_kind(got) == JSON_INT && number == (double)code;
    }
    char digits[3] = {(char)('0' + code / 100), (char)('0' + code / 10 % 10),
                      (char)('0' + code % 10)};
    for (size_t i = 0; i < 3; i++) {
        if (want.p[i] != 'x' && want.p[i] != digits[i]) {
            return false;
        }
    }
    return true;
}

static bool scalar_text_eq(struct slice want, const struct json *got)
{
    double a = 0, b = 0;
    switch (json_kind(got)) {
    case JSON_STRING:
        return slice_eq(want, json_slice(got));
    case JSON_BOOL:
        return slice_eq_text(want, json_to_bool(got) ? "true" : "false");
    case JSON_INT:
    case JSON_REAL:
        return leaf_number(want, &a) && actual_rank(MATCH_NUMBER, got, &b) && a == b;
    case JSON_NULL:
    case JSON_LIST:
    case JSON_MAP:
        return false;
    }
    return false;
}

static bool literal_holds(enum field_type type, const struct node *n, const struct json *got)
{
    double want = 0, is = 0;
    if (leaf_is_null(n)) {
        return json_kind(got) == JSON_NULL;
    }
    if (n->kind != NODE_SCALAR) {
        return false;
    }
    if (type == MATCH_CODE) {
        return code_holds(n->text, got);
    }
    if (type == MATCH_VERBS) {
        return slice_eq_nocase(n->text, json_slice(got));
    }
    if (type == MATCH_DURATION || type == MATCH_VERSION || type == MATCH_NUMBER) {
        return leaf_rank(type, n->text, &want) && actual_rank(type, got, &is) && want == is;
    }
    return scalar_text_eq(n->text, got);
}

bool leaf_item_holds(enum field_type type, const struct node *n, const struct json *item)
{
    return n->kind == NODE_MAP ? leaf_holds(MATCH_TEXT, n, item)
                               : literal_holds(item_type(type), n, item);
}

static bool holds_equals(enum field_type type, const struct node *n, const struct json *got)
{
    if (n->kind != NODE_LIST || json_kind(got) != JSON_LIST || n->count != json_count(got)) {
        return false;
    }
    for (size_t i = 0; i < n->count; i++) {
        if (!leaf_item_holds(type, n->items[i], json_at(got, i))) {
            return false;
        }
    }
    return true;
}

static size_t find_item(enum field_type type, const struct node *n, const struct json *got,
                        size_t from)
{
    size_t i = from;
    while (i < json_count(got) && !leaf_item_holds(type, n, json_at(got, i))) {
        i++;
    }
    return i;
}

static bool holds_includes(enum field_type type, const struct node *n, const struct json *got)
{
    if (n->kind != NODE_LIST) {
        return find_item(type, n, got, 0) != json_count(got);
    }
    for (size_t i = 0; i < n->count; i++) {
        if (find_item(type, n->items[i], got, 0) == json_count(got)) {
            return false;
        }
    }
    return json_kind(got) == JSON_LIST;
}

static bool holds_excludes(enum field_type type, const struct node *n, const struct json *got)
{
    if (n->kind != NODE_LIST) {
        return json_kind(got) == JSON_LIST && find_item(type, n, got, 0) == json_count(got);
    }
    for (size_t i = 0; i < n->count; i++) {
        if (find_item(type, n->items[i], got, 0) != json_count(got)) {
            return false;
        }
    }
    return json_kind(got) == JSON_LIST; /* a list that is not there proves nothing */
}

static bool holds_ordered(enum field_type type, const struct node *n, const struct json *got)
{
    size_t at = 0;
    for (size_t i = 0; i < n->count; i++) {
        at = find_item(type, n->items[i], got, at);
        if (at == json_count(got)) {
            return false;
        }
        at++;
    }
    return json_kind(got) == JSON_LIST;
}

static bool holds_count(enum field_type type, const struct node *n, const struct json *got)
{
    (void)type;
    if (json_kind(got) != JSON_LIST) {
        return false;
    }
    struct json *number = json_int((int64_t)json_count(got));
    bool holds = leaf_holds(MATCH_NUMBER, n, number);
    json_free(number);
    return holds;
}

static bool holds_eq(enum field_type type, const struct node *n, const struct json *got)
{
    return leaf_is_list(type) ? holds_equals(type, n, got) : literal_holds(type, n, got);
}

static bool holds_ne(enum field_type type, const struct node *n, const struct json *got)
{
    return !holds_eq(type, n, got);
}

static bool holds_one_of(enum field_type type, const struct node *n, const struct json *got)
{
    for (size_t i = 0; i < n->count; i++) {
        if (literal_holds(type, n->items[i], got)) {
            return true;
        }
    }
    return false;
}

static bool holds_prefix(enum field_type type, const struct node *n, const struct json *got)
{
    (void)type;
    return json_kind(got) == JSON_STRING && slice_has_prefix(json_slice(got), n->text);
}

static bool holds_suffix(enum field_type type, const struct node *n, const struct json *got)
{
    (void)type;
    return json_kind(got) == JSON_STRING && slice_has_suffix(json_slice(got), n->text);
}

static bool holds_contains(enum field_type type, const struct node *n, const struct json *got)
{
    (void)type;
    return json_kind(got) == JSON_STRING && slice_find(json_slice(got), n->text) != SIZE_MAX;
}

static bool holds_regex(enum field_type type, const struct node *n, const struct json *got)
{
    (void)type;
    struct pattern *p = NULL;
    if (json_kind(got) != JSON_STRING || pattern_new(n->text, 0, &p, NULL) != ERR_OK) {
        return false;
    }
    bool holds = pattern_match(p, json_slice(got), NULL) == PATTERN_YES;
    pattern_free(p);
    return holds;
}

static bool holds_min(enum field_type type, const struct node *n, const struct json *got)
{
    double want = 0, is = 0;
    return leaf_rank(type, n->text, &want) && actual_rank(type, got, &is) && is >= want;
}

static bool holds_max(enum field_type type, const struct node *n, const struct json *got)
{
    double want = 0, is = 0;
    return leaf_rank(type, n->text, &want) && actual_rank(type, got, &is) && is <= want;
}

static bool holds_between(enum field_type type, const struct node *n, const struct json *got)
{
    return n->count == 2 && holds_min(type, n->items[0], got) && holds_max(type, n->items[1], got);
}

static bool holds_exists(enum field_type type, const struct node *n, const struct json *got)
{
    bool is_none = type == MATCH_CODE && json_to_int(got) == 0;
    return (is_there(got) && !is_none) == node_is_text(n, "true");
}

static bool holds_not(enum field_type type, const struct node *n, const struct json *got)
{
    return !leaf_holds(type, n, got);
}

static bool holds_all(enum field_type type, const struct node *n, const struct json *got)
{
    for (size_t i = 0; i < n->count; i++) {
        if (!leaf_holds(type, n->items[i], got)) {
            return false;
        }
    }
    return true;
}

static bool holds_any(enum field_type type, const struct node *n, const struct json *got)
{
    for (size_t i = 0; i < n->count; i++) {
        if (leaf_holds(type, n->items[i], got)) {
            return true;
        }
    }
    return false;
}

static bool (*const operator_holds[OP_COUNT_OF])(enum field_type, const struct node *,
                                                 const struct json *) = {
#define OPERATOR(name, operand, on, one, schema, doc) [OP_##name] = holds_##name,
#include "scenario/operators.def"
#undef OPERATOR
};

bool leaf_holds(enum field_type type, const struct node *n, const struct json *got)
{
    if (n->kind != NODE_MAP) {
        return n->kind == NODE_LIST ? holds_equals(type, n, got) : literal_holds(type, n, got);
    }
    bool holds = n->count != 0;
    for (size_t i = 0; i < n->count; i++) {
        const struct operator_row *row = operator_find(n->keys[i]->text);
        holds = holds && row != NULL && operator_holds[row->op](type, n->items[i], got);
    }
    return holds;
}

void leaf_describe(const struct node *n, struct buf *out)
{
    if (n->kind == NODE_SCALAR) {
        text_visible(n->text, TEXT_ONE_LINE, out);
        return;
    }
    buf_add_text(out, n->kind == NODE_LIST ? "[" : "");
    for (size_t i = 0; i < n->count; i++) {
        buf_add_text(out, i != 0 ? ", " : "");
        if (n->kind == NODE_MAP) {
            buf_addf(out, SLICE_FMT " ", SLICE_ARG(n->keys[i]->text));
        }
        leaf_describe(n->items[i], out);
    }
    buf_add_text(out, n->kind == NODE_LIST ? "]" : "");
}
