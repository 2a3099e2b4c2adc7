/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operators. One table gives each its name, on what it works, its form and how it is decided;
 * the check at load and the evaluation at run time use the same rows.
 */
#include "scenario/match_leaf.h"

#include "base/text.h"
#include "doc/pattern.h"
#include "scenario/parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { US_PER_MS = 1000 };

enum operand {
    OPERAND_VALUE,
    OPERAND_VALUES,
    OPERAND_PAIR,
    OPERAND_TEXT,
    OPERAND_REGEX,
    OPERAND_BOOL,
    OPERAND_COUNT,
    OPERAND_MATCHER,
    OPERAND_MATCHERS,
    OPERAND_ITEMS
};
enum works_on { ON_SCALAR = 1, ON_LIST = 2, ON_BOTH = 3 };

typedef bool operator_holds(enum field_type type, const struct node *n, const struct json *got);

static operator_holds holds_eq, holds_ne, holds_one_of, holds_prefix, holds_suffix, holds_contains,
    holds_regex, holds_min, holds_max, holds_between, holds_exists, holds_not, holds_all, holds_any,
    holds_includes, holds_excludes, holds_equals, holds_ordered, holds_count;

/* clang-format off */
static const struct op {
    const char *name;
    enum operand operand;
    enum works_on on;
    operator_holds *holds;
    bool is_one_enough; /* one item stands for a list of one */
} ops[] = {
    { "eq",       OPERAND_VALUE,    ON_BOTH,   holds_eq, false },
    { "ne",       OPERAND_VALUE,    ON_BOTH,   holds_ne, false },
    { "one_of",   OPERAND_VALUES,   ON_SCALAR, holds_one_of, false },
    { "prefix",   OPERAND_TEXT,     ON_SCALAR, holds_prefix, false },
    { "suffix",   OPERAND_TEXT,     ON_SCALAR, holds_suffix, false },
    { "contains", OPERAND_TEXT,     ON_SCALAR, holds_contains, false },
    { "regex",    OPERAND_REGEX,    ON_SCALAR, holds_regex, false },
    { "min",      OPERAND_VALUE,    ON_SCALAR, holds_min, false },
    { "max",      OPERAND_VALUE,    ON_SCALAR, holds_max, false },
    { "between",  OPERAND_PAIR,     ON_SCALAR, holds_between, false },
    { "exists",   OPERAND_BOOL,     ON_BOTH,   holds_exists, false },
    { "not",      OPERAND_MATCHER,  ON_BOTH,   holds_not, false },
    { "all",      OPERAND_MATCHERS, ON_BOTH,   holds_all, false },
    { "any",      OPERAND_MATCHERS, ON_BOTH,   holds_any, false },
    { "includes", OPERAND_ITEMS,    ON_LIST,   holds_includes, true },
    { "excludes", OPERAND_ITEMS,    ON_LIST,   holds_excludes, true },
    { "equals",   OPERAND_ITEMS,    ON_LIST,   holds_equals, false },
    { "ordered",  OPERAND_ITEMS,    ON_LIST,   holds_ordered, false },
    { "count",    OPERAND_COUNT,    ON_LIST,   holds_count, false },
};

const struct operator_row operator_rows[] = {
    { "eq",       "{}",                                     "equal; the same as a literal" },
    { "ne",       "{}",                                     "not equal" },
    { "one_of",   "{\"type\": \"array\", \"minItems\": 1}", "equal to one of these" },
    { "prefix",   "{\"type\": \"string\"}",                 "begins with" },
    { "suffix",   "{\"type\": \"string\"}",                 "ends with" },
    { "contains", "{\"type\": \"string\"}",                 "has in it" },
    { "regex",    "{\"type\": \"string\"}",                 "a regular expression (PCRE2) is found in it" },
    { "min",      "{}",                                     "at least: numbers, durations, TLS versions, codes" },
    { "max",      "{}",                                     "at most" },
    { "between",  "{\"type\": \"array\", \"minItems\": 2, \"maxItems\": 2}", "from the first to the second, both included" },
    { "exists",   "{\"type\": \"boolean\"}",                "is there and not empty" },
    { "not",      "{}",                                     "what stands here does not hold" },
    { "all",      "{\"type\": \"array\", \"minItems\": 1}", "all of these hold" },
    { "any",      "{\"type\": \"array\", \"minItems\": 1}", "one of these holds" },
    { "includes", "{}", "a list that has this, or all of these, in any order" },
    { "excludes", "{}", "a list that has not this, or none of these" },
    { "equals",   "{\"type\": \"array\"}",                  "a list of exactly these; the same as a literal list" },
    { "ordered",  "{\"type\": \"array\", \"minItems\": 1}", "a list that has these in this order, others between them" },
    { "count",    "{}",                                     "how many items the list has" },
};
/* clang-format on */
static_assert(COUNT(operator_rows) == COUNT(ops), "every operator is documented");
const size_t operator_count = COUNT(operator_rows);

static const struct op *find_op(struct slice key)
{
    for (size_t i = 0; i < COUNT(ops); i++) {
        if (slice_eq_text(key, ops[i].name)) {
            return &ops[i];
        }
    }
    return NULL;
}

bool match_is_operator(struct slice key)
{
    return find_op(key) != NULL;
}

static bool is_list_type(enum field_type type)
{
    return type == MATCH_LIST || type == MATCH_VERBS;
}

/* ---- values that have an order ---- */

static bool is_null_literal(const struct node *n)
{
    return n->kind == NODE_SCALAR && n->is_plain &&
           (slice_eq_text(n->text, "null") || slice_eq_text(n->text, "~"));
}

static bool is_code_pattern(struct slice s)
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
static bool to_number(struct slice s, double *out)
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

static bool expected_rank(enum field_type type, struct slice s, double *out)
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
    return to_number(s, out);
}

static bool actual_rank(enum field_type type, const struct json *got, double *out)
{
    if (type == MATCH_VERSION) {
        return to_rank(json_slice(got), out);
    }
    enum json_kind kind = json_kind(got);
    if (kind == JSON_STRING) {
        return to_number(json_slice(got), out);
    }
    *out = json_to_real(got);
    return kind == JSON_INT || kind == JSON_REAL;
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
    if (expected_rank(type, n->text, &unused) || (type == MATCH_CODE && is_code_pattern(n->text))) {
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
    } else if (slice_find_char(n->text, BIND_PART_BEGIN) != SIZE_MAX) {
        refuse(errors, n, what, "compared when the case is over: a secret cannot stand here");
    } else if (is_null_literal(n)) {
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
    } else if (pattern_new(n->text, 0, &p, &why) != ERR_OK) {
        doc_error_at(errors, n, "%s", why.text);
    }
    pattern_free(p);
}

/* Items of a list are compared as texts, or as verbs. */
static enum field_type item_type(enum field_type type)
{
    return type == MATCH_VERBS ? MATCH_VERBS : MATCH_TEXT;
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

static void check_list(enum field_type type, const struct op *op, const char *what,
                       const struct node *n, struct doc_errors *errors)
{
    bool may_be_one = op != NULL && op->is_one_enough;
    if (n->kind != NODE_LIST && may_be_one) {
        check_item(type, what, n, errors);
        return;
    }
    if (n->kind != NODE_LIST) {
        refuse(errors, n, what, "a list here");
        return;
    }
    bool is_equality = op == NULL || op->holds == holds_equals || op->holds == holds_eq;
    if (n->count == 0 && !is_equality) {
        doc_error_at(errors, n, "'%s' of an empty list asserts nothing", op->name);
    }
    for (size_t i = 0; i < n->count; i++) {
        check_item(type, what, n->items[i], errors);
    }
}

static void check_values(enum field_type type, const struct choices *choices, const struct op *op,
                         const char *what, const struct node *n, struct doc_errors *errors)
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

static void check_order_operand(enum field_type type, const struct op *op, const struct node *n,
                                struct doc_errors *errors)
{
    bool has_order = type == MATCH_NUMBER || type == MATCH_DURATION || type == MATCH_VERSION ||
                     type == MATCH_CODE;
    for (size_t i = 0; i < (n->kind == NODE_LIST ? n->count : 1); i++) {
        const struct node *item = n->kind == NODE_LIST ? n->items[i] : n;
        double unused = 0;
        if (!has_order) {
            doc_error_at(errors, n, "'%s' needs something that has an order", op->name);
        } else if (item->kind != NODE_SCALAR || !expected_rank(type, item->text, &unused)) {
            refuse(errors, item, op->name,
                   type == MATCH_DURATION  ? "a duration with a unit: 500ms, 15s, 2m"
                   : type == MATCH_VERSION ? "a TLS version: TLSv1.2"
                                           : "a number");
        }
    }
}

static void check_operand(enum field_type type, const struct choices *choices, const struct op *op,
                          const char *what, const struct node *n, struct doc_errors *errors)
{
    switch (op->operand) {
    case OPERAND_VALUE:
        if (op->holds == holds_min || op->holds == holds_max) {
            check_order_operand(type, op, n, errors);
        } else if (is_list_type(type)) {
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
    const char *names[COUNT(ops)];
    for (size_t i = 0; i < COUNT(ops); i++) {
        names[i] = ops[i].name;
    }
    if (n->count == 0) {
        doc_error_at(errors, n, "'%s' is empty: it asserts nothing", what);
    }
    for (size_t i = 0; i < n->count; i++) {
        const struct op *op = find_op(n->keys[i]->text);
        unsigned works = is_list_type(type) ? ON_LIST : ON_SCALAR;
        if (op == NULL) {
            const char *nearest = text_nearest(n->keys[i]->text, names, COUNT(names));
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
    } else if (is_list_type(type) && !is_null_literal(n)) {
        check_list(type, NULL, what, n, errors);
    } else {
        check_literal(type, choices, what, n, errors);
    }
}

/* ---- evaluation ---- */

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
    if (!is_code_pattern(want) || code < 100 || code > 999) {
        double number = 0;
        return to_number(want, &number) && json_kind(got) == JSON_INT && number == (double)code;
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
        return to_number(want, &a) && actual_rank(MATCH_NUMBER, got, &b) && a == b;
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
    if (is_null_literal(n)) {
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
        return expected_rank(type, n->text, &want) && actual_rank(type, got, &is) && want == is;
    }
    return scalar_text_eq(n->text, got);
}

static bool item_holds(enum field_type type, const struct node *n, const struct json *item)
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
        if (!item_holds(type, n->items[i], json_at(got, i))) {
            return false;
        }
    }
    return true;
}

static size_t find_item(enum field_type type, const struct node *n, const struct json *got,
                        size_t from)
{
    size_t i = from;
    while (i < json_count(got) && !item_holds(type, n, json_at(got, i))) {
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
    return is_list_type(type) ? holds_equals(type, n, got) : literal_holds(type, n, got);
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
    return expected_rank(type, n->text, &want) && actual_rank(type, got, &is) && is >= want;
}

static bool holds_max(enum field_type type, const struct node *n, const struct json *got)
{
    double want = 0, is = 0;
    return expected_rank(type, n->text, &want) && actual_rank(type, got, &is) && is <= want;
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

bool leaf_holds(enum field_type type, const struct node *n, const struct json *got)
{
    if (n->kind != NODE_MAP) {
        return n->kind == NODE_LIST ? holds_equals(type, n, got) : literal_holds(type, n, got);
    }
    bool holds = n->count != 0;
    for (size_t i = 0; i < n->count; i++) {
        const struct op *op = find_op(n->keys[i]->text);
        holds = holds && op != NULL && op->holds(type, n->items[i], got);
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
