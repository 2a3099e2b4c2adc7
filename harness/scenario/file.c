/* SPDX-License-Identifier: Apache-2.0 */
/* One scenario file: parsed, its includes merged under it, vars and secrets read, cases made. */
#include "scenario/file.h"

#include "scenario/parts.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { INCLUDE_DEPTH = 16, SECRETS_DECLARED_MAX = SCOPE_SECRETS_MAX - 3 };

/* The files that are being included, from the outermost in. */
struct include_chain {
    const struct include_chain *up;
    const char *path;
    unsigned depth;
};

static const char *const shared_keys[] = {"vars", "secrets", "servers", "endpoints", "defaults"};

/* "a/b/../c" and "a/./c" to one spelling, so that a cycle is seen. */
static const char *normal_path(struct arena *arena, struct slice path)
{
    struct slice parts[128];
    size_t n = 0;
    struct slice part;
    bool is_absolute = path.n != 0 && path.p[0] == '/';
    while (slice_take_until(&path, '/', &part)) {
        bool is_up = slice_eq_text(part, "..");
        if (part.n == 0 || slice_eq_text(part, ".")) {
            continue;
        }
        if (is_up && n != 0 && !slice_eq_text(parts[n - 1], "..")) {
            n--;
        } else if (n < COUNT(parts)) {
            parts[n++] = part;
        }
    }
    struct buf b;
    buf_init(&b, 8192);
    for (size_t i = 0; i < n; i++) {
        buf_add_text(&b, i != 0 || is_absolute ? "/" : "");
        buf_add(&b, parts[i]);
    }
    const char *out = arena_text(arena, buf_slice(&b));
    buf_release(&b);
    return out;
}

const char *file_beside(struct arena *arena, const char *file, struct slice name)
{
    const char *slash = strrchr(file, '/');
    int n = slash != NULL ? (int)(slash - file) + 1 : 0;
    return normal_path(arena, slice_of(arena_printf(arena, "%.*s" SLICE_FMT, n, file, SLICE_ARG(name))));
}

static const struct node *parse_file(struct file_state *f, const char *path, const struct node *at)
{
    struct slice text;
    struct why why;
    const struct node *root = NULL;
    enum err err = doc_read_file(path, node_limits_default.file_bytes, f->bind.arena, &text, &why);
    if (err != ERR_OK) {
        /* a place without a line is the file itself, and names it */
        size_t named =
            at->line == 0 && strncmp(why.text, path, strlen(path)) == 0 ? strlen(path) : 0;
        named += named != 0 && strncmp(why.text + named, ": ", 2) == 0 ? 2 : 0;
        doc_error_at(&f->errors, at, "%s", why.text + named);
        return NULL;
    }
    err = doc_parse_yaml(path, text, NULL, f->bind.arena, &f->errors, &root);
    return err == ERR_OK ? root : NULL;
}

static const struct node *shared_of(struct file_state *f, const struct node *root)
{
    const struct node *keys[COUNT(shared_keys)];
    const struct node *items[COUNT(shared_keys)];
    size_t n = 0;
    for (size_t i = 0; i < COUNT(shared_keys); i++) {
        const struct node *value = node_get(root, shared_keys[i]);
        if (value != NULL) {
            keys[n] = node_key(root, shared_keys[i]);
            items[n++] = value;
        }
    }
    return node_new_map(f->bind.arena, root, keys, items, n);
}

static void check_included(struct file_state *f, const struct node *root)
{
    bind_check_keys(&f->bind, &shape_file, root);
    for (size_t i = 0; root->kind == NODE_MAP && i < root->count; i++) {
        bool is_shared = slice_eq_text(root->keys[i]->text, "include") ||
                         slice_eq_text(root->keys[i]->text, "summary");
        for (size_t k = 0; k < COUNT(shared_keys); k++) {
            is_shared = is_shared || slice_eq_text(root->keys[i]->text, shared_keys[k]);
        }
        if (!is_shared && shape_find(&shape_file, root->keys[i]->text) != NULL) {
            doc_error_at(&f->errors, root->keys[i],
                         "an included file has vars, secrets, servers, endpoints and defaults "
                         "only");
        }
    }
}

static const struct node *with_includes(struct file_state *f, const struct node *root,
                                        const struct include_chain *chain);

static const struct node *include_one(struct file_state *f, const struct node *at,
                                      const struct include_chain *chain)
{
    struct slice name;
    if (!bind_text(&f->bind, "include", at, &name)) {
        return NULL;
    }
    if (name.n == 0 || name.p[0] == '/') {
        doc_error_at(&f->errors, at, "'include' is a path from this file's folder");
        return NULL;
    }
    const char *path = file_beside(f->bind.arena, chain->path, name);
    for (const struct include_chain *c = chain; c != NULL; c = c->up) {
        if (strcmp(c->path, path) == 0) {
            doc_error_at(&f->errors, at, "'%s' includes itself", path);
            return NULL;
        }
    }
    if (chain->depth == INCLUDE_DEPTH) {
        doc_error_at(&f->errors, at, "more than %d files deep", INCLUDE_DEPTH);
        return NULL;
    }
    const struct node *root = parse_file(f, path, at);
    if (root == NULL) {
        return NULL;
    }
    struct include_chain next = {.up = chain, .path = path, .depth = chain->depth + 1};
    check_included(f, root);
    return with_includes(f, root, &next);
}

/* The shared parts of a file, what it includes beneath: later ones win, the file itself most. */
static const struct node *with_includes(struct file_state *f, const struct node *root,
                                        const struct include_chain *chain)
{
    const struct node *include = node_get(root, "include");
    const struct node *shared = NULL;
    for (size_t i = 0; include != NULL; i++) {
        bool is_list = include->kind == NODE_LIST;
        if (i == (is_list ? include->count : 1)) {
            break;
        }
        const struct node *one = include_one(f, is_list ? include->items[i] : include, chain);
        shared = merge_nodes(f->bind.arena, shared, one);
    }
    return merge_nodes(f->bind.arena, shared, shared_of(f, root));
}

/* ---- vars and secrets ---- */

static bool is_map(struct file_state *f, const struct node *n, const char *what)
{
    if (n == NULL) {
        return false;
    }
    if (n->kind != NODE_MAP) {
        doc_error_at(&f->errors, n, "'%s' is a mapping of names, not %s", what,
                     node_kind_name(n->kind));
        return false;
    }
    return true;
}

static struct scope file_scope(struct file_state *f)
{
    return (struct scope){.arena = f->bind.arena,
                          .errors = &f->errors,
                          .vars = f->vars,
                          .may_env = true,
                          .options = f->options};
}

static bool is_taken(struct slice name)
{
    return slice_has_prefix(name, SLICE("row.")) || slice_has_prefix(name, SLICE("matrix.")) ||
           slice_has_prefix(name, SLICE("server.")) || slice_find_char(name, ':') != SIZE_MAX ||
           slice_find_char(name, '}') != SIZE_MAX;
}

/* In order: a value may use those above it. */
static void read_vars(struct file_state *f, const struct node *vars)
{
    if (!is_map(f, vars, "vars")) {
        return;
    }
    const struct node **items =
        arena_array(f->bind.arena, vars->count, sizeof(const struct node *));
    for (size_t i = 0; i < vars->count; i++) {
        struct scope scope = file_scope(f);
        if (is_taken(vars->keys[i]->text)) {
            doc_error_at(&f->errors, vars->keys[i], "a name of this form is taken");
        }
        items[i] = scope_apply(&scope, vars->items[i]);
        f->vars = node_new_map(f->bind.arena, vars, vars->keys, items, i + 1);
    }
}

static void read_secret(struct file_state *f, const struct node *name, const struct node *value)
{
    struct scope scope = file_scope(f);
    struct secret_read s = {0};
    size_t before = f->errors.errors;
    if (value->kind != NODE_MAP) {
        doc_error_at(&f->errors, value,
                     "a secret does not stand in a file: write {env: NAME}, {file: path}, "
                     "{command: [...]} or {generate: password}");
        return;
    }
    bind_map(&f->bind, &shape_secret, scope_apply(&scope, value), &s);
    if (f->errors.errors == before && value->count != 1) {
        doc_error_at(&f->errors, value, "a secret has exactly one of env, file, command, generate");
    }
    if (f->errors.errors != before) {
        return;
    }
    struct spec_secret *out = &f->secret_list[f->secret_count++];
    *out = (struct spec_secret){.name = arena_text(f->bind.arena, name->text), .at = value};
    out->command = s.command;
    out->from = s.env != NULL       ? SECRET_ENV
                : s.file != NULL    ? SECRET_FILE
                : s.command != NULL ? SECRET_COMMAND
                                    : SECRET_GENERATE;
    out->value = s.env != NULL        ? s.env
                 : s.file != NULL     ? s.file
                 : s.generate != NULL ? s.generate
                                      : "";
}

static void read_secrets(struct file_state *f, const struct node *secrets)
{
    static const struct spec_secret made[] = {
        {.name = WIRE_PASSWORD, .from = SECRET_GENERATE, .value = "password"},
        {.name = WIRE_APP_PASSWORD, .from = SECRET_GENERATE, .value = "app_password"},
        {.name = WIRE_TOKEN, .from = SECRET_GENERATE, .value = "token"},
    };
    f->secret_list = arena_array(f->bind.arena, SCOPE_SECRETS_MAX, sizeof *f->secret_list);
    bool has_own = is_map(f, secrets, "secrets");
    if (has_own && secrets->count > SECRETS_DECLARED_MAX) {
        doc_error_at(&f->errors, secrets, "more than %d secrets in one file", SECRETS_DECLARED_MAX);
        has_own = false;
    }
    for (size_t i = 0; has_own && i < secrets->count; i++) {
        read_secret(f, secrets->keys[i], secrets->items[i]);
    }
    f->suite->secrets = f->secret_list;
    f->suite->secret_count = f->secret_count;
    for (size_t i = 0; i < COUNT(made); i++) {
        f->secret_list[f->secret_count] = made[i];
        f->secret_list[f->secret_count++].at = f->root;
    }
}

static const char *suite_name(struct file_state *f, const char *path)
{
    struct slice name = slice_of(path);
    struct slice root = slice_of(f->options->root != NULL ? f->options->root : ".");
    root = slice_trim_end(root, "/");
    if (slice_has_prefix(name, SLICE("./"))) {
        name = slice_from(name, 2);
    }
    if (root.n != 0 && slice_has_prefix(name, root) && name.n > root.n && name.p[root.n] == '/') {
        name = slice_from(name, root.n + 1);
    }
    if (slice_has_suffix(name, SLICE(".yaml"))) {
        name.n -= 5;
    } else if (slice_has_suffix(name, SLICE(".yml"))) {
        name.n -= 4;
    }
    return arena_text(f->bind.arena, name);
}

static void check_suite_name(struct file_state *f)
{
    struct slice name = slice_of(f->suite->name);
    if (slice_find(name, SLICE("::")) != SIZE_MAX || slice_find_char(name, '[') != SIZE_MAX) {
        const struct node *at = node_get(f->root, "suite");
        doc_error_at(&f->errors, at != NULL ? at : f->root,
                     "a suite's name holds neither '::' nor '['");
    }
}

static void read_file(struct file_state *f, const char *path)
{
    struct include_chain chain = {.path = normal_path(f->bind.arena, slice_of(path))};
    if (f->root->kind != NODE_MAP) {
        bind_check_keys(&f->bind, &shape_file, f->root);
        return;
    }
    bind_map(&f->bind, &shape_file, f->root, &f->head);
    f->suite->name = f->head.suite != NULL ? f->head.suite : suite_name(f, path);
    f->suite->summary = f->head.summary != NULL ? f->head.summary : "";
    check_suite_name(f);
    const struct node *shared = with_includes(f, f->root, &chain);
    read_vars(f, node_get(shared, "vars"));
    read_secrets(f, node_get(shared, "secrets"));
    f->servers = node_get(shared, "servers");
    f->endpoints = node_get(shared, "endpoints");
    f->defaults = node_get(shared, "defaults");
    (void)is_map(f, f->servers, "servers");
    (void)is_map(f, f->endpoints, "endpoints");
    if (f->defaults != NULL) {
        bind_check_keys(&f->bind, &shape_defaults, f->defaults);
    }
    expand_scenarios(f);
}

static const struct suite *load(const struct load_options *options, const char *path,
                                const struct slice *text, struct arena *arena, size_t *errors,
                                struct buf *out_errors)
{
    struct file_state *f = mem_zalloc(1, sizeof *f);
    doc_errors_init(&f->errors, arena);
    f->bind = (struct bind){.arena = arena, .errors = &f->errors, .providers = options->providers};
    f->options = options;
    struct suite *suite = arena_alloc(arena, sizeof *suite);
    suite->name = suite->file = arena_text(arena, slice_of(path));
    suite->summary = "";
    f->suite = suite;
    struct doc_source *source = arena_alloc(arena, sizeof *source);
    source->name = suite->file;
    struct node at = {.source = source}; /* the file itself, for what has no line */
    if (text == NULL) {
        f->root = parse_file(f, path, &at);
    } else if (doc_parse_yaml(path, *text, NULL, arena, &f->errors, &f->root) != ERR_OK) {
        f->root = NULL;
    }
    if (f->root != NULL) {
        read_file(f, path);
    }
    suite->cases = f->cases;
    suite->case_count = f->case_count;
    *errors += f->errors.errors;
    doc_errors_print(&f->errors, out_errors);
    free(f);
    return suite;
}

const struct suite *file_load(const struct load_options *options, const char *path,
                              struct arena *arena, size_t *errors, struct buf *out_errors)
{
    return load(options, path, NULL, arena, errors, out_errors);
}

const struct suite *file_load_text(const struct load_options *options, const char *path,
                                   struct slice text, struct arena *arena, size_t *errors,
                                   struct buf *out_errors)
{
    return load(options, path, &text, arena, errors, out_errors);
}
