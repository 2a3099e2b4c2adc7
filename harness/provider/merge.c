/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `extends: NAME`: what a file leaves out comes from the file it builds on. Replies and advice are
 * added up, the file's own first; who a provider is (title, endpoints, domains, hosts) is never
 * inherited. Nodes keep their place, so that a rule still names the file it stands in.
 */
#include "provider/parts.h"

#include "base/text.h"

enum { KEYS_MAX = 64 };

struct merge {
    const struct node *keys[KEYS_MAX], *items[KEYS_MAX];
    size_t count;
};

static bool is_one_of(struct slice key, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        if (slice_eq_text(key, names[i])) {
            return true;
        }
    }
    return false;
}

static const struct node *join_lists(struct arena *arena, const struct node *own,
                                     const struct node *base)
{
    size_t count = own->count + base->count;
    const struct node **items = arena_array(arena, count, sizeof *items);
    for (size_t i = 0; i < count; i++) {
        items[i] = i < own->count ? own->items[i] : base->items[i - own->count];
    }
    return node_new_list(arena, own, items, count);
}

static void merge_add(struct merge *m, const struct node *key, const struct node *item)
{
    must(m->count < KEYS_MAX); /* a checked file has far fewer keys */
    m->keys[m->count] = key;
    m->items[m->count++] = item;
}

static const struct node *merge_roots(struct arena *arena, const struct node *own,
                                      const struct node *base)
{
    static const char *const never[] = {"title",   "endpoints", "imap", "domains",
                                        "hosts",   "extends",   "sources", NULL};
    static const char *const added[] = {"replies", "advice", NULL};
    struct merge m = {.count = 0};
    for (size_t i = 0; i < own->count; i++) {
        struct slice key = own->keys[i]->text;
        const struct node *item = own->items[i];
        for (size_t k = 0; k < base->count && is_one_of(key, added); k++) {
            if (slice_eq(base->keys[k]->text, key)) {
                item = join_lists(arena, item, base->items[k]);
            }
        }
        merge_add(&m, own->keys[i], item);
    }
    for (size_t k = 0; k < base->count; k++) {
        bool is_own = false;
        for (size_t i = 0; i < own->count; i++) {
            is_own = is_own || slice_eq(own->keys[i]->text, base->keys[k]->text);
        }
        if (!is_own && !is_one_of(base->keys[k]->text, never)) {
            merge_add(&m, base->keys[k], base->items[k]);
        }
    }
    return node_new_map(arena, own, m.keys, m.items, m.count);
}

static struct provider_file *file_find(struct provider_files *files, struct slice name)
{
    for (size_t i = 0; i < files->count; i++) {
        if (slice_eq_text(name, files->list[i].name)) {
            return &files->list[i];
        }
    }
    return NULL;
}

static void unknown_base(const struct provider_files *files, const struct node *at,
                         struct doc_errors *errors)
{
    const char **names = arena_array(files->arena, files->count, sizeof *names);
    for (size_t i = 0; i < files->count; i++) {
        names[i] = files->list[i].name;
    }
    const char *near = text_nearest(at->text, names, files->count);
    doc_error_at(errors, at, "no provider file '" SLICE_FMT "'%s%s%s", SLICE_ARG(at->text),
                 near != NULL ? " (did you mean '" : "", near != NULL ? near : "",
                 near != NULL ? "'?)" : "");
}

static void merge_file(struct provider_files *files, struct provider_file *f,
                       struct doc_errors *errors)
{
    const struct node *extends = node_get(f->root, "extends");
    if (f->merged != NULL || f->root == NULL) {
        return;
    }
    f->merged = f->root;
    if (extends == NULL) {
        return;
    }
    struct provider_file *base = file_find(files, extends->text);
    if (base == NULL) {
        unknown_base(files, extends, errors);
        return;
    }
    if (base->is_merging || base == f) {
        doc_error_at(errors, extends, "'extends' goes round in a circle");
        return;
    }
    f->is_merging = true;
    f->merged = NULL;
    merge_file(files, base, errors);
    f->is_merging = false;
    f->merged = base->merged != NULL ? merge_roots(files->arena, f->root, base->merged) : f->root;
}

void provider_merge(struct provider_files *files, struct doc_errors *errors)
{
    for (size_t i = 0; i < files->count; i++) {
        merge_file(files, &files->list[i], errors);
    }
}
