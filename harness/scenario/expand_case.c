/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One case of a scenario: its values put in, checked and read by itself. What no value changes is
 * read once and shared. The id names row and axis values, never a position.
 */
#include "scenario/expansion.h"

#include "base/text.h"
#include "scenario/capture.h"

#include <string.h>

enum { TIMEOUT_DEFAULT_US = 60 * 1000000 };

/* What substitution left as it stands in the file is the same node in every case, and read once. */
static bool is_shared(const struct shared *s, const struct node *n, const struct node *base)
{
    return s->bound != NULL && s->node == n && s->base == base;
}

/* ---- named servers ---- */

/* Names of a mapping, for "did you mean". */
static const char *nearest_key(struct bind *b, const struct node *map, struct slice name)
{
    const char *names[64];
    size_t n = 0;
    for (size_t i = 0; map != NULL && i < map->count && n < COUNT(names); i++) {
        names[n++] = arena_text(b->arena, map->keys[i]->text);
    }
    return text_nearest(name, names, n);
}

static const struct node *named(struct bind *b, const struct node *map, const struct node *name,
                                const char *what)
{
    struct slice text;
    if (!bind_text(b, what, name, &text)) {
        return NULL;
    }
    const struct node *found = node_get(map, arena_text(b->arena, text));
    if (found == NULL) {
        const char *nearest = nearest_key(b, map, text);
        doc_error_at(b->errors, name, "no '" SLICE_FMT "' under '%s'%s%s%s", SLICE_ARG(text), what,
                     nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "",
                     nearest != NULL ? "'?)" : "");
    }
    return found;
}

/* What `use` names, after substitution, since the name may come from an axis. False after an error;
 * NULL in out: nothing is used. */
static bool find_base(struct expansion *x, struct scope *scope, const struct node *server,
                      const struct node **out)
{
    const struct node *use = node_get(server, "use");
    *out = NULL;
    if (use == NULL) {
        return true;
    }
    const struct node *base = named(&x->f->bind, x->f->servers, use, "servers");
    *out = base != NULL ? scope_apply(scope, base) : NULL;
    return base != NULL;
}

/* ---- one case ---- */

static const char *const *join_lists(struct bind *b, const char *const *first,
                                     const char *const *second)
{
    size_t n = 0, m = 0;
    if (first != NULL && second == NULL) {
        return first;
    }
    while (first != NULL && first[n] != NULL) {
        n++;
    }
    while (second != NULL && second[m] != NULL) {
        m++;
    }
    const char **list = arena_array(b->arena, n + m + 1, sizeof(const char *));
    for (size_t i = 0; i < n + m; i++) {
        list[i] = i < n ? first[i] : second[i - n];
    }
    return list;
}

static const struct spec_server *make_server(struct expansion *x, struct scope *scope,
                                             const struct node *n)
{
    static const char *const without[] = {"use", NULL};
    struct bind *b = &x->f->bind;
    struct shared *shared = &x->server;
    const struct node *base;
    if (!find_base(x, scope, n, &base)) {
        return NULL;
    }
    if (is_shared(shared, n, base)) {
        return shared->bound;
    }
    size_t before = b->errors->errors;
    struct spec_server *s = arena_alloc(b->arena, sizeof *s);
    *shared = (struct shared){.node = n, .base = base};
    if (base != NULL) {
        n = merge_nodes(b->arena, base, merge_without(b->arena, n, without));
    }
    server_init(s);
    bind_map(b, &shape_server, n, s);
    s->at = n;
    server_finish(b, s);
    shared->bound = b->errors->errors == before ? s : NULL;
    return s;
}

static const struct spec_endpoint *make_endpoint(struct expansion *x, struct scope *scope,
                                                 const struct node *n)
{
    struct bind *b = &x->f->bind;
    const char *name = x->raw.id;
    if (n->kind == NODE_SCALAR) {
        name = arena_text(b->arena, n->text);
        n = named(b, x->f->endpoints, n, "endpoints");
        if (n == NULL) {
            return NULL;
        }
        n = scope_apply(scope, n);
    }
    struct spec_endpoint *e = arena_alloc(b->arena, sizeof *e);
    endpoint_init(e);
    bind_map(b, &shape_endpoint, n, e);
    endpoint_finish(b, name, e);
    return e;
}

static const struct spec_probe *make_probe(struct expansion *x, const struct scenario_head *h,
                                           bool is_live)
{
    struct bind *b = &x->f->bind;
    if (is_shared(&x->probe, h->probe, NULL)) {
        return x->probe.bound;
    }
    size_t before = b->errors->errors;
    struct spec_probe *p = arena_alloc(b->arena, sizeof *p);
    probe_init(p);
    bind_map(b, &shape_probe, h->probe, p);
    probe_finish(b, p, is_live);
    x->probe = (struct shared){.node = h->probe, .bound = b->errors->errors == before ? p : NULL};
    return p;
}

static bool steps_assert(const struct spec_probe *p)
{
    for (size_t i = 0; p != NULL && i < p->step_count; i++) {
        if (p->steps[i].expect != NULL) {
            return true;
        }
    }
    return false;
}

static void check_asserts(struct expansion *x, const struct spec_case *c)
{
    struct bind *b = &x->f->bind;
    if (c->expect != NULL && c->expect == x->checked_expect) {
        return;
    }
    x->checked_expect = c->expect;
    if (c->expect != NULL) {
        match_check_form(c->expect, b->errors);
    } else if (!steps_assert(c->probe)) {
        doc_error_at(b->errors, x->node, "'%s' asserts nothing: it needs an 'expect' of its own",
                     x->raw.id);
    }
}

/* Which subject and which stage; the error names what is missing or too much. */
static void check_subject(struct expansion *x, const struct scenario_head *h)
{
    struct bind *b = &x->f->bind;
    bool is_via = x->via[0] != '\0';
    const char *problem = NULL;
    if (h->probe == NULL && h->classify == NULL) {
        problem = "a scenario needs a subject: probe or classify";
    } else if (h->probe != NULL && h->classify != NULL) {
        problem = "a scenario has one subject: probe or classify";
    } else if (h->classify != NULL && (h->server != NULL || h->endpoint != NULL)) {
        problem = is_via ? "with the axis 'via' the server is made from classify: leave it out"
                         : "classify needs no server: leave it out, or use matrix: {via: "
                           "[classify, wire]}";
    } else if (h->probe != NULL && h->server == NULL && h->endpoint == NULL) {
        problem = "a probe needs a server (a fake one) or an endpoint (a real one)";
    } else if (h->server != NULL && h->endpoint != NULL) {
        problem = "a scenario has a server or an endpoint, not both";
    }
    if (problem != NULL) {
        doc_error_at(b->errors, x->node, "%s", problem);
    }
}

static void make_classify(struct expansion *x, const struct scenario_head *h, struct spec_case *c,
                          uint64_t *secrets)
{
    struct file_state *f = x->f;
    struct spec_classify *s = arena_alloc(f->bind.arena, sizeof *s);
    size_t before = f->errors.errors;
    classify_init(s);
    bind_map(&f->bind, &shape_classify, h->classify, s);
    classify_finish(&f->bind, s);
    c->classify = s;
    if (strcmp(x->via, "wire") != 0 || f->errors.errors != before) {
        return;
    }
    if (s->command != NULL) {
        doc_error_at(&f->errors, s->at, "a 'command' is asked about replies: leave 'via: wire' out");
        return;
    }
    struct spec_server *server = arena_alloc(f->bind.arena, sizeof *server);
    struct spec_probe *probe = arena_alloc(f->bind.arena, sizeof *probe);
    const char *secret = NULL;
    (void)wire_build(&f->bind, s, server, probe, &secret);
    c->server = server;
    c->probe = probe;
    for (size_t i = 0; secret != NULL && i < f->secret_count; i++) {
        if (strcmp(f->secret_list[i].name, secret) == 0) {
            *secrets |= UINT64_C(1) << i;
        }
    }
}

/* The secrets of a case; cases that use the same ones share the list, and so their values. */
static void put_secrets(struct file_state *f, uint64_t mask, struct spec_case *c)
{
    for (size_t i = 0; i < f->mask_count; i++) {
        if (f->masks[i].mask == mask) {
            c->secrets = f->masks[i].list;
            c->secret_count = f->masks[i].count;
            return;
        }
    }
    struct spec_secret *list = arena_array(f->bind.arena, f->secret_count, sizeof *list);
    size_t n = 0;
    for (size_t i = 0; i < f->secret_count; i++) {
        if ((mask >> i & 1) != 0) {
            list[n++] = f->secret_list[i];
        }
    }
    c->secrets = list;
    c->secret_count = n;
    if (f->mask_count < COUNT(f->masks)) {
        f->masks[f->mask_count++] = (struct mask_list){mask, list, n};
    }
}

/* "suite::id[row][axis=value]": the name is its end. */
static void put_name(struct expansion *x, const struct node *row, const struct node *axes,
                     struct spec_case *c)
{
    struct buf id;
    buf_init(&id, 8192);
    buf_add_text(&id, c->suite);
    buf_add_text(&id, "::");
    size_t name_at = id.n;
    buf_add_text(&id, x->raw.id);
    if (row != NULL) {
        buf_add_char(&id, '[');
        buf_add(&id, node_text(node_get(row, "id")));
        buf_add_char(&id, ']');
    }
    for (size_t i = 0; axes != NULL && i < axes->count; i++) {
        buf_add_char(&id, '[');
        buf_add(&id, axes->keys[i]->text);
        buf_add_char(&id, '=');
        buf_add(&id, node_text(axes->items[i]));
        buf_add_char(&id, ']');
    }
    c->id = arena_text(x->f->bind.arena, buf_slice(&id));
    c->name = c->id + name_at;
    buf_release(&id);
}

static void put_head(struct expansion *x, const struct scenario_head *h, const struct node *row,
                     const struct node *axes, struct spec_case *c)
{
    struct file_state *f = x->f;
    c->suite = f->suite->name;
    c->scenario = x->raw.id;
    put_name(x, row, axes, c);
    c->title = h->title != NULL ? h->title : c->scenario;
    const struct node *at = row != NULL ? row : x->node;
    c->file = f->suite->file;
    c->line = at->line;
    c->col = at->col;
    c->first_line = row != NULL ? row->line : x->first_line;
    c->last_line = row != NULL ? node_last_line(row) : x->last_line;
    c->scenario_first = x->first_line;
    c->scenario_last = x->last_line;
    const struct node *rows = x->raw.cases;
    c->rows_first = rows != NULL ? rows->line : 0;
    c->rows_last = rows != NULL ? node_last_line(rows) : 0;
    c->level = h->has_level ? h->level : f->head.has_level ? f->head.level : LEVEL_MUST;
    c->refs = join_lists(&f->bind, f->head.refs, h->refs);
    c->tags = join_lists(&f->bind, f->head.tags, h->tags);
    c->needs = join_lists(&f->bind, f->head.needs, h->needs);
    c->timeout_us = h->timeout_us != 0 ? h->timeout_us : TIMEOUT_DEFAULT_US;
    c->expect = h->expect;
    c->of = f->suite;
}

static void check_row_columns(struct expansion *x, const struct scope *s, const struct node *row)
{
    static const char *const free_columns[] = {"id", "note", "source"};
    struct bind *b = &x->f->bind;
    for (size_t i = 0; row != NULL && i < row->count; i++) {
        bool is_used = s->used_count == COUNT(s->used_columns);
        for (size_t k = 0; k < s->used_count; k++) {
            is_used = is_used || slice_eq(s->used_columns[k]->text, row->keys[i]->text);
        }
        for (size_t k = 0; k < COUNT(free_columns); k++) {
            is_used = is_used || slice_eq_text(row->keys[i]->text, free_columns[k]);
        }
        if (!is_used) {
            const char *known[64];
            size_t n = 0;
            for (size_t k = 0; k < s->used_count && n < COUNT(known); k++) {
                known[n++] = arena_text(b->arena, s->used_columns[k]->text);
            }
            const char *nearest = text_nearest(row->keys[i]->text, known, n);
            doc_error_at(b->errors, row->keys[i],
                         "unknown column '" SLICE_FMT "': nothing in the scenario uses "
                         "${row." SLICE_FMT "}%s%s%s",
                         SLICE_ARG(row->keys[i]->text), SLICE_ARG(row->keys[i]->text),
                         nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "",
                         nearest != NULL ? "'?)" : "");
        }
    }
}

static void check_axes_used(struct expansion *x, const struct scope *s)
{
    const struct node *m = x->raw.matrix;
    for (size_t i = 0; m != NULL && i < m->count; i++) {
        bool is_via = slice_eq_text(m->keys[i]->text, "via") && x->raw.classify != NULL;
        if (!is_via && (s->used_axes >> i & 1) == 0) {
            doc_error_at(x->f->bind.errors, m->keys[i],
                         "nothing in the scenario uses ${matrix." SLICE_FMT "}",
                         SLICE_ARG(m->keys[i]->text));
        }
    }
}

static struct scope new_scope(struct file_state *f, const struct node *row, const struct node *axes)
{
    return (struct scope){.arena = f->bind.arena,
                          .errors = &f->errors,
                          .vars = f->vars,
                          .row = row,
                          .axes = axes,
                          .secrets = f->secret_list,
                          .secret_count = f->secret_count,
                          .options = f->options};
}

void expand_case(struct expansion *x, const struct node *row, const struct node *axes)
{
    struct file_state *f = x->f;
    struct scope scope = new_scope(f, NULL, NULL);
    size_t before = f->errors.errors;
    capture_scan(&scope, x->body);
    if (row != NULL && !x->has_made_rows) {
        capture_scan(&scope, row);
    }
    /* values of a row may use vars; then the scenario may use the row */
    const struct node *values = row != NULL && !x->has_made_rows ? scope_apply(&scope, row) : row;
    scope.row = values;
    scope.axes = axes;
    const struct node *n = scope_apply(&scope, x->body);
    if (f->errors.errors != before) {
        return; /* what could not be put in would only be refused again */
    }
    struct scenario_head h = {0};
    struct spec_case c = {0};
    bind_map(&f->bind, &shape_scenario, n, &h);
    x->via =
        x->raw.classify != NULL ? arena_text(f->bind.arena, node_text(node_get(axes, "via"))) : "";
    check_subject(x, &h);
    put_head(x, &h, row, axes, &c);
    if (h.server != NULL) {
        c.server = make_server(x, &scope, h.server);
    }
    if (h.endpoint != NULL) {
        c.endpoint = make_endpoint(x, &scope, h.endpoint);
    }
    if (h.probe != NULL) {
        c.probe = make_probe(x, &h, h.endpoint != NULL);
    }
    if (h.classify != NULL) {
        make_classify(x, &h, &c, &scope.used_secrets);
    }
    c.rerun = rerun_make(&f->bind, n, &h);
    if (h.has_expect_fail) {
        struct spec_expect_fail *e = arena_alloc(f->bind.arena, sizeof *e);
        *e = h.expect_fail;
        c.expect_fail = e;
    }
    check_asserts(x, &c);
    if (!x->has_made_rows) {
        check_row_columns(x, &scope, values);
    }
    check_axes_used(x, &scope);
    capture_check_used(&scope);
    c.has_captures = scope.capture_count != 0;
    put_secrets(f, scope.used_secrets, &c);
    f->cases = bind_grow(&f->bind, f->cases, f->case_count, sizeof *f->cases);
    f->cases[f->case_count++] = c;
}
