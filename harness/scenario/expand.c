/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From scenarios to cases: every row times every combination of the axes, each substituted, checked
 * and read by itself. Ids name rows and values, never positions.
 */
#include "scenario/expansion.h"

static const struct node *pick_axes(struct expansion *x)
{
    const struct node *m = x->raw.matrix;
    if (m == NULL) {
        return NULL;
    }
    const struct node *values[AXES_MAX];
    for (size_t i = 0; i < m->count; i++) {
        values[i] = m->items[i]->items[x->picked[i]];
    }
    return node_new_map(x->f->bind.arena, m, m->keys, values, m->count);
}

static bool is_excluded(struct expansion *x, const struct node *row, const struct node *axes)
{
    const struct node *list = x->raw.exclude;
    bool is_out = false;
    for (size_t i = 0; list != NULL && i < list->count; i++) {
        bool is_it = true;
        for (size_t k = 0; k < list->items[i]->count; k++) {
            const struct node *key = list->items[i]->keys[k];
            const struct node *want = list->items[i]->items[k];
            const struct node *is = slice_eq_text(key->text, "row")
                                        ? node_get(row, "id")
                                        : node_get(axes, arena_text(x->f->bind.arena, key->text));
            is_it = is_it && is != NULL && slice_eq(node_text(want), node_text(is));
        }
        x->excluded_any[i] = x->excluded_any[i] || is_it;
        is_out = is_out || is_it;
    }
    return is_out;
}

/* The next combination, the last axis fastest; false after the last one. */
static bool next_pick(struct expansion *x)
{
    const struct node *m = x->raw.matrix;
    for (size_t i = m != NULL ? m->count : 0; i-- > 0;) {
        if (++x->picked[i] < m->items[i]->count) {
            return true;
        }
        x->picked[i] = 0;
    }
    return false;
}

static void make_cases(struct expansion *x)
{
    static const char *const fixed[] = {"cases", "matrix", "exclude", "count", NULL};
    struct file_state *f = x->f;
    x->body = merge_without(f->bind.arena, x->node, fixed);
    const struct node *rows = x->raw.cases;
    size_t before = f->errors.errors;
    for (size_t r = 0; r < (rows != NULL ? rows->count : 1); r++) {
        const struct node *row = rows != NULL ? rows->items[r] : NULL;
        do {
            const struct node *axes = pick_axes(x);
            if (is_excluded(x, row, axes)) {
                continue;
            }
            if (f->case_count == CASES_MAX) {
                doc_error_at(&f->errors, x->node, "more than %d cases in one file", CASES_MAX);
                return;
            }
            expand_case(x, row, axes);
            /* what is wrong with one case is wrong with its neighbours, except for tables */
            if (f->errors.errors > before + DOC_ERRORS_MAX || f->errors.dropped != 0) {
                return;
            }
        } while (next_pick(x));
    }
    for (size_t i = 0; x->raw.exclude != NULL && i < x->raw.exclude->count; i++) {
        if (!x->excluded_any[i]) {
            doc_error_at(&f->errors, x->raw.exclude->items[i], "this excludes nothing");
        }
    }
}

static void expand_one(struct file_state *f, const struct node *scenario, unsigned last_line)
{
    struct expansion x = {.f = f, .last_line = last_line, .via = ""};
    size_t before = f->errors.errors;
    bind_check_keys(&f->bind, &shape_scenario, scenario);
    if (f->errors.errors != before) {
        return;
    }
    if (!axes_check_id(&f->bind, node_get(scenario, "id"), "id")) {
        return;
    }
    x.first_line = scenario->line;
    x.node = merge_defaults(f, scenario);
    x.raw.id = arena_text(f->bind.arena, node_text(node_get(scenario, "id")));
    x.raw.cases = node_get(x.node, "cases");
    x.has_made_rows = x.raw.cases != NULL && x.raw.cases->kind == NODE_MAP;
    if (x.has_made_rows) {
        x.raw.cases = replies_rows(&f->bind, x.raw.cases);
        if (x.raw.cases == NULL) {
            return;
        }
    }
    x.raw.matrix = node_get(x.node, "matrix");
    x.raw.exclude = node_get(x.node, "exclude");
    x.raw.classify = node_get(x.node, "classify");
    x.raw.expect = x.node;
    const struct node *count = node_get(x.node, "count");
    x.raw.has_count = count != NULL;
    if (count != NULL && !bind_count(&f->bind, "count", count, 1, CASES_MAX, &x.raw.count)) {
        return;
    }
    if (!axes_check(&f->bind, &x.raw)) {
        return;
    }
    if (x.raw.exclude != NULL) {
        x.excluded_any = arena_array(f->bind.arena, x.raw.exclude->count, sizeof(bool));
    }
    make_cases(&x);
}

static void refuse_same_ids(struct file_state *f, const struct node *list, size_t i)
{
    const struct node *id = node_get(list->items[i], "id");
    for (size_t k = 0; id != NULL && k < i; k++) {
        const struct node *other = node_get(list->items[k], "id");
        if (other != NULL && node_text(id).n != 0 && slice_eq(node_text(other), node_text(id))) {
            doc_error_at(&f->errors, id, "duplicate id '" SLICE_FMT "' (first on line %u)",
                         SLICE_ARG(node_text(id)), other->line);
            return;
        }
    }
}

static unsigned lines_of(const struct doc_source *source)
{
    unsigned lines = 1;
    for (size_t i = 0; i + 1 < source->text.n; i++) {
        lines += source->text.p[i] == '\n' ? 1 : 0;
    }
    return lines;
}

void expand_scenarios(struct file_state *f)
{
    const struct node *list = f->head.scenarios;
    if (list == NULL || list->kind != NODE_LIST || list->count == 0) {
        doc_error_at(&f->errors, list != NULL ? list : f->root,
                     "a scenario file needs a list of 'scenarios' (a file that is only included "
                     "has a name that begins with _)");
        return;
    }
    if (f->head.has_count && f->head.count != list->count) {
        doc_error_at(&f->errors, list, "'count' says %u scenarios, and there are %zu",
                     f->head.count, list->count);
    }
    unsigned end = lines_of(list->source) + 1;
    for (size_t i = 0; i < list->count; i++) {
        unsigned next = i + 1 < list->count ? list->items[i + 1]->line : end;
        refuse_same_ids(f, list, i);
        expand_one(f, list->items[i], next > list->items[i]->line ? next - 1 : next);
    }
}
