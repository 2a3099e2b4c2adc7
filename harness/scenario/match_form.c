/* SPDX-License-Identifier: Apache-2.0 */
/* The form of one assertion: literals by type, operators by their row in operators.def. */
#include "scenario/match_leaf.h"

#include "base/text.h"
#include "doc/pattern.h"
#include "scenario/capture.h"

#include <string.h>

enum { US_PER_MS = 1000 };

const struct operator_row operator_rows[OP_COUNT_OF] = {
#define OPERATOR(name, operand, on, one, schema, doc)                                              \
    {#name, OP_##name, OPERAND_##operand, ON_##on, one, schema, doc},
#include "scenario/operators.def"
#undef OPERATOR
};

const struct operator_row *operator_find(struct slice key)
{
    for (size_t i = 0; i < OP_COUNT_OF; i++) {
        if (slice_eq_text(key, operator_rows[i].name)) {
            return &operator_rows[i];
        }
    }
    return NULL;
}

bool match_is_operator(struct slice key)
{
    return operator_find(key) != NULL;
}

bool leaf_is_list(enum field_type type)
{
    return type == MATCH_LIST || type == MATCH_VERBS;
}

/* ---- values that have an order ---- */

bool leaf_is_null(const struct node *n)
{
    return n->kind == NODE_SCALAR && n->is_plain &&
           (slice_eq_text(n->text, "null") || slice_eq_text(n->text, "~"));
}

bool leaf_is_code(struct slice s)
{
    bool is_good = s.n == 3 && s.p[0] >= '0' && s.p[0] <= '9';
    bool has_x = false;
    for (size_t i = 1; i < s.n && is_good; i++) {
        has_x = has_x || s.p[i] == 'x';
        is_good = s.p[i] == 'x' || (!has_x && s.p[i] >= '0' && s.p[i] <= '9');
    }
    return is_good;
}

/* A decimal number; false when it is none. Own reader: strtod asks the locale. */
bool leaf_number(struct slice s, double *out)
{
    bool is_negative = s.n != 0 && s.p[0] == '-';
    s = is_negative ? slice_from(s, 1) : s;
    double value = 0, unit = 1;
    bool has_point = false, has_digit = false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '.' && !has_point) {
            has_point = true;
        } else if (s.p[i] >= '0' && s.p[i] <= '9') {
            has_digit = true;
            unit = has_point ? unit / 10 : unit;
            value = has_point ? value + (s.p[i] - '0') * unit : value * 10 + (s.p[i] - '0');
        } else {
            return false;
        }
    }
    *out = is_negative ? -value : value;
    return has_digit && s.n <= 18;
}

static bool to_rank(struct slice s, double *out)
{
    for (size_t i = 0; i < choices_tls_versions.count; i++) {
        if (slice_eq_text(s, choices_tls_versions.list[i].slug)) {
            *out = (double)i;
            return true;
        }
    }
    return slice_eq_text(s, "TLSv1") ? (*out = 0, true) : false; /* OpenSSL's name of 1.0 */
}

bool leaf_rank(enum field_type type, struct slice s, double *out)
{
    int64_t us = 0;
    if (type == MATCH_VERSION) {
        return to_rank(s, out);
    }
    if (type == MATCH_DURATION) {
        bool is_good = text_duration(s, &us);
        *out = (double)us / US_PER_MS;
        return is_good;
    }
    return leaf_number(s, out);
}

/* ---- form ---- */

static void refuse(struct doc_errors *errors, const struct node *n, const char *what,
                   const char *wanted)
{
    doc_error_at(errors, n, "'%s' is %s", what, wanted);
}

void leaf_check_verb(const struct node *n, struct doc_errors *errors)
{
    bool is_good = n->kind == NODE_SCALAR && n->text.n != 0;
    for (size_t i = 0; is_good && i < n->text.n; i++) {
        char c = n->text.p[i];
        is_good = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    }
    if (!is_good) {
        doc_error_at(errors, n, "an SMTP verb is one word: AUTH, MAIL");
    }
}

static void check_word(const struct choices *choices, const char *what, const struct node *n,
                       struct doc_errors *errors)
{
    struct bind b = {.errors = errors};
    (void)bind_choice(&b, what, n, choices);
}

static void check_ordered(enum field_type type, const char *what, const struct node *n,
                          struct doc_errors *errors)
{
    double unused = 0;
    if (leaf_rank(type, n->text, &unused) || (type == MATCH_CODE && leaf_is_code(n->text))) {
        return;
    }
    refuse(errors, n, what,
           type == MATCH_DURATION  ? "a duration with a unit: 500ms, 15s, 2m"
           : type == MATCH_VERSION ? "a TLS version: TLSv1.2"
           : type == MATCH_CODE    ? "a reply code: 535, 53x or 5xx"
                                   : "a number");
}

static void check_literal(enum field_type type, const struct choices *choices, const char *what,
                          const struct node *n, struct doc_errors *errors)
{
    if (n->kind != NODE_SCALAR) {
        doc_error_at(errors, n, "'%s' is a text or a matcher, not %s", what,
                     node_kind_name(n->kind));
    } else if (capture_is_marked(n)) {
        return; /* known when the case is over */
    } else if (slice_find_char(n->text, BIND_PART_BEGIN) != SIZE_MAX) {
        refuse(errors, n, what, "compared when the case is over: a secret cannot stand here");
    } else if (leaf_is_null(n)) {
        return;
    } else if (n->is_plain && n->text.n == 0) {
        refuse(errors, n, what, "empty: give a value, \"\" for an empty text, or null");
    } else if (type == MATCH_BOOL && !node_is_text(n, "true") && !node_is_text(n, "false")) {
        refuse(errors, n, what, "true or false");
    } else if (type == MATCH_WORD) {
        check_word(choices, what, n, errors);
    } else if (type == MATCH_VERBS) {
        leaf_check_verb(n, errors);
    } else if (type != MATCH_TEXT && type != MATCH_LIST && type != MATCH_BOOL) {
        check_ordered(type, what, n, errors);
    }
}

static void check_regex(const struct node *n, struct doc_errors *errors)
{
    struct pattern *p = NULL;
    struct why why;
    if (n->kind != NODE_SCALAR) {
        refuse(errors, n, "regex", "a text");
    } else if (capture_is_marked(n)) {
        refuse(errors, n, "regex", "no place for a captured value: use contains");
    } else if (pattern_new(n->text, 0, &p, &why) != ERR_OK) {
        doc_error_at(errors, n, "%s", why.text);
    }
    pattern_free(p);
}

static void check_item(enum field_type type, const char *what, const struct node *n,
                       struct doc_errors *errors)
{
    if (n->kind == NODE_SCALAR) {
        check_literal(type == MATCH_VERBS ? MATCH_VERBS : MATCH_TEXT, NULL, what, n, errors);
    } else {
        leaf_check(MATCH_TEXT, NULL, what, n, errors);
    }
}

static void check_list(enum field_type type, const struct operator_row *op, const char *what,
                       const struct node *n, struct doc_errors *errors)
{
    bool may_be_one = op != NULL && op->may_be_one;
    if (n->kind != NODE_LIST && may_be_one) {
        check_item(type, what, n, errors);
        return;
    }
    if (n->kind != NODE_LIST) {
        refuse(errors, n, what, "a list here");
        return;
    }
    bool is_equality = op == NULL || op->op == OP_equals || op->op == OP_eq;
    if (n->count == 0 && !is_equality) {
        doc_error_at(errors, n, "'%s' of an empty list asserts nothing", op->name);
    }
    for (size_t i = 0; i < n->count; i++) {
        check_item(type, what, n->items[i], errors);
    }
}

static void check_values(enum field_type type, const struct choices *choices,
                         const struct operator_row *op, const char *what, const struct node *n,
                         struct doc_errors *errors)
{
    bool is_pair = op->operand == OPERAND_PAIR;
    if (n->kind != NODE_LIST || n->count == 0 || (is_pair && n->count != 2)) {
        refuse(errors, n, op->name, is_pair ? "a list of two" : "a list with at least one item");
        return;
    }
    for (size_t i = 0; i < n->count; i++) {
        if (op->operand == OPERAND_MATCHERS) {
            leaf_check(type, choices, what, n->items[i], errors);
        } else {
            check_literal(type, choices, what, n->items[i], errors);
        }
    }
}

static void check_order_operand(enum field_type type, const struct operator_row *op,
                                const struct node *n, struct doc_errors *errors)
{
    bool has_order = type == MATCH_NUMBER || type == MATCH_DURATION || type == MATCH_VERSION ||
                     type == MATCH_CODE;
    for (size_t i = 0; i < (n->kind == NODE_LIST ? n->count : 1); i++) {
        const struct node *item = n->kind == NODE_LIST ? n->items[i] : n;
        double unused = 0;
        if (!has_order) {
            doc_error_at(errors, n, "'%s' needs something that has an order", op->name);
        } else if (item->kind != NODE_SCALAR || !leaf_rank(type, item->text, &unused)) {
            refuse(errors, item, op->name,
                   type == MATCH_DURATION  ? "a duration with a unit: 500ms, 15s, 2m"
                   : type == MATCH_VERSION ? "a TLS version: TLSv1.2"
                                           : "a number");
        }
    }
}

static void check_operand(enum field_type type, const struct choices *choices,
                          const struct operator_row *op, const char *what, const struct node *n,
                          struct doc_errors *errors)
{
    switch (op->operand) {
    case OPERAND_VALUE:
        if (op->op == OP_min || op->op == OP_max) {
            check_order_operand(type, op, n, errors);
        } else if (leaf_is_list(type)) {
            check_list(type, op, what, n, errors);
        } else {
            check_literal(type, choices, what, n, errors);
        }
        break;
    case OPERAND_PAIR:
        check_values(type, choices, op, what, n, errors);
        check_order_operand(type, op, n, errors);
        break;
    case OPERAND_VALUES:
    case OPERAND_MATCHERS:
        check_values(type, choices, op, what, n, errors);
        break;
    case OPERAND_TEXT:
        check_literal(MATCH_TEXT, NULL, op->name, n, errors);
        break;
    case OPERAND_REGEX:
        check_regex(n, errors);
        break;
    case OPERAND_BOOL:
        check_literal(MATCH_BOOL, NULL, op->name, n, errors);
        break;
    case OPERAND_COUNT:
        leaf_check(MATCH_NUMBER, NULL, op->name, n, errors);
        break;
    case OPERAND_MATCHER:
        leaf_check(type, choices, what, n, errors);
        break;
    case OPERAND_ITEMS:
        check_list(type, op, what, n, errors);
        break;
    }
}

static void check_operators(enum field_type type, const struct choices *choices, const char *what,
                            const struct node *n, struct doc_errors *errors)
{
    const char *names[OP_COUNT_OF];
    for (size_t i = 0; i < OP_COUNT_OF; i++) {
        names[i] = operator_rows[i].name;
    }
    if (n->count == 0) {
        doc_error_at(errors, n, "'%s' is empty: it asserts nothing", what);
    }
    for (size_t i = 0; i < n->count; i++) {
        const struct operator_row *op = operator_find(n->keys[i]->text);
        unsigned works = leaf_is_list(type) ? ON_LIST : ON_SCALAR;
        if (op == NULL) {
            const char *nearest = text_nearest(n->keys[i]->text, names, OP_COUNT_OF);
            doc_error_at(errors, n->keys[i], "unknown matcher '" SLICE_FMT "' in '%s'%s%s%s",
                         SLICE_ARG(slice_sub(n->keys[i]->text, 0, 60)), what,
                         nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "",
                         nearest != NULL ? "'?)" : "");
        } else if ((op->on & works) == 0) {
            doc_error_at(errors, n->keys[i], "'%s' works on %s, and '%s' is %s", op->name,
                         works == ON_LIST ? "single values" : "lists", what,
                         works == ON_LIST ? "a list (try includes)" : "a single value");
        } else {
            check_operand(type, choices, op, what, n->items[i], errors);
        }
    }
}

void leaf_check(enum field_type type, const struct choices *choices, const char *what,
                const struct node *n, struct doc_errors *errors)
{
    if (n->kind == NODE_MAP) {
        check_operators(type, choices, what, n, errors);
    } else if (leaf_is_list(type) && !leaf_is_null(n)) {
        check_list(type, NULL, what, n, errors);
    } else {
        check_literal(type, choices, what, n, errors);
    }
}
