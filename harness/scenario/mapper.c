/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody else's mapper: what its words stand for, and the file of `run --mapper`. */
#include "scenario/parts.h"

#include <string.h>

static const int64_t TIMEOUT_MAX_US = 600000000;

/* "auth.*" */
static bool is_kind(struct slice word)
{
    return slice_has_suffix(word, SLICE(".*"));
}

static bool word_means(struct slice word, const char *cause)
{
    return is_kind(word) ? slice_has_prefix(slice_of(cause), slice_sub(word, 0, word.n - 1))
                         : slice_eq_text(word, cause);
}

bool mapper_means(const struct node *value, const char *cause)
{
    bool is_meant = value->kind == NODE_SCALAR && word_means(value->text, cause);
    for (size_t i = 0; value->kind == NODE_LIST && i < value->count; i++) {
        is_meant = is_meant || word_means(node_text(value->items[i]), cause);
    }
    return is_meant;
}

static void check_word(struct bind *b, const struct node *n)
{
    struct slice word;
    if (!bind_text(b, "map", n, &word)) {
        return;
    }
    for (size_t i = 0; i < choices_causes.count; i++) {
        if (word_means(word, choices_causes.list[i].slug)) {
            return;
        }
    }
    const char *nearest = is_kind(word) ? NULL : choices_nearest(&choices_causes, word);
    doc_error_at(b->errors, n, "unknown cause '" SLICE_FMT "'%s%s%s", SLICE_ARG(word),
                 nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "",
                 nearest != NULL ? "'?)" : ": `smtpdx causes` lists them");
}

static void check_map(struct bind *b, const struct node *map)
{
    if (map->kind != NODE_MAP || map->count == 0) {
        doc_error_at(b->errors, map, "'map' is a mapping of the command's words to causes");
        return;
    }
    for (size_t i = 0; i < map->count; i++) {
        const struct node *value = map->items[i];
        if (value->kind == NODE_LIST && value->count == 0) {
            doc_error_at(b->errors, value, "the list of causes is empty");
        } else if (value->kind != NODE_LIST) {
            check_word(b, value);
        }
        for (size_t k = 0; value->kind == NODE_LIST && k < value->count; k++) {
            check_word(b, value->items[k]);
        }
    }
}

void mapper_finish(struct bind *b, const struct spec_classify *c)
{
    if (c->map != NULL) {
        check_map(b, c->map);
    }
    if (c->timeout_us > TIMEOUT_MAX_US) {
        doc_error_at(b->errors, c->at, "'timeout' is at most 10m");
    }
}

static void check_says(struct bind *b, const struct spec_mapper *m)
{
    static const char *const known[] = {"cause", "sure", "who", "retry"};
    for (size_t i = 0; m->says != NULL && m->says[i] != NULL; i++) {
        bool is_known = false;
        for (size_t k = 0; k < COUNT(known); k++) {
            is_known = is_known || strcmp(m->says[i], known[k]) == 0;
        }
        if (!is_known) {
            doc_error_at(b->errors, node_get(m->at, "says"),
                         "'says' is a list of cause, sure, who and retry, and '%s' is none of them",
                         m->says[i]);
        }
    }
}

enum err mapper_file_load(const char *path, struct arena *arena, const struct spec_mapper **out,
                          struct buf *out_errors)
{
    struct doc_errors errors;
    struct slice text;
    struct why why;
    const struct node *root = NULL;
    struct spec_mapper *m = arena_alloc(arena, sizeof *m);
    *m = (struct spec_mapper){.at = NULL};
    *out = NULL;
    if (doc_read_file(path, node_limits_default.file_bytes, arena, &text, &why) != ERR_OK) {
        buf_addf(out_errors, "smtpdx: %s\n", why.text);
        return ERR_IO;
    }
    doc_errors_init(&errors, arena);
    struct bind b = {.arena = arena, .errors = &errors};
    if (doc_parse_yaml(path, text, NULL, arena, &errors, &root) == ERR_OK) {
        bind_map(&b, &shape_mapper, root, m);
        m->of.at = m->at = root;
        mapper_finish(&b, &m->of);
        check_says(&b, m);
    }
    doc_errors_print(&errors, out_errors);
    *out = m;
    return errors.errors == 0 ? ERR_OK : ERR_INVALID;
}
