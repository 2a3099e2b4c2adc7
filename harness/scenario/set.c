/* SPDX-License-Identifier: Apache-2.0 */
/* All suites of a run: folders walked in name order, ids compared across files. */
#include "scenario/spec.h"

#include "scenario/file.h"
#include "scenario/table.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FOLDER_DEPTH = 32 };

struct suite_set {
    struct arena arena;
    const struct suite **list;
    size_t count, space;
};

struct loading {
    const struct load_options *options;
    struct suite_set *set;
    struct buf *out_errors;
    size_t errors;
    bool is_io;
};

const char *spec_level_slug(enum spec_level level)
{
    for (size_t i = 0; i < choices_levels.count; i++) {
        if (choices_levels.list[i].value == (int)level) {
            return choices_levels.list[i].slug;
        }
    }
    return "";
}

static void load_error(struct loading *l, const char *path, const char *text)
{
    l->errors++;
    l->is_io = true;
    buf_addf(l->out_errors, "%s: error: %s\n", path, text);
}

static bool was_loaded(const struct suite_set *s, const char *path)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->list[i]->file, path) == 0) {
            return true;
        }
    }
    return false;
}

static void load_file(struct loading *l, const char *path)
{
    struct suite_set *s = l->set;
    if (was_loaded(s, path)) { /* named twice, or inside a folder that is named too */
        return;
    }
    if (s->count == s->space) {
        s->space = s->space != 0 ? 2 * s->space : 16;
        s->list = mem_realloc(s->list, s->space * sizeof(const struct suite *));
    }
    s->list[s->count++] = file_load(l->options, path, &s->arena, &l->errors, l->out_errors);
}

/* Files that begin with '_' are there to be included. */
static int is_wanted(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && entry->d_name[0] != '_';
}

static bool is_yaml(const char *name)
{
    return slice_has_suffix(slice_of(name), SLICE(".yaml")) ||
           slice_has_suffix(slice_of(name), SLICE(".yml"));
}

static int by_octets(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name); /* not the locale's order */
}

/* The folders we are in; a link back to one of them would lead round in a circle. */
struct folder {
    const struct folder *outer;
    dev_t dev;
    ino_t ino;
};

static bool is_inside(const struct folder *f, const struct stat *st)
{
    while (f != NULL && (f->dev != st->st_dev || f->ino != st->st_ino)) {
        f = f->outer;
    }
    return f != NULL;
}

static void load_folder(struct loading *l, const char *path, unsigned depth,
                        const struct folder *outer)
{
    struct stat own;
    if (stat(path, &own) == 0 && is_inside(outer, &own)) {
        return;
    }
    const struct folder here = {outer, own.st_dev, own.st_ino};
    struct dirent **names = NULL;
    int count = scandir(path, &names, is_wanted, by_octets);
    if (count < 0 || depth > FOLDER_DEPTH) {
        load_error(l, path, count < 0 ? strerror(errno) : "nested too deeply");
    }
    for (int i = 0; i < count; i++) {
        struct stat st;
        const char *slash = path[0] != '\0' && path[strlen(path) - 1] == '/' ? "" : "/";
        const char *inner = arena_printf(&l->set->arena, "%s%s%s", path, slash, names[i]->d_name);
        bool is_there = stat(inner, &st) == 0;
        if (is_there && S_ISDIR(st.st_mode) && depth <= FOLDER_DEPTH) {
            load_folder(l, inner, depth + 1, &here);
        } else if (is_there && S_ISREG(st.st_mode) && is_yaml(names[i]->d_name)) {
            load_file(l, inner);
        }
        free(names[i]);
    }
    free(names);
}

static void load_path(struct loading *l, const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        load_error(l, path, strerror(errno));
    } else if (S_ISDIR(st.st_mode)) {
        load_folder(l, path, 0, NULL);
    } else {
        load_file(l, path);
    }
}

static int compare_ids(const void *a, const void *b)
{
    const struct spec_case *x = *(const struct spec_case *const *)a;
    const struct spec_case *y = *(const struct spec_case *const *)b;
    int order = strcmp(x->id, y->id);
    return order != 0 ? order : strcmp(x->file, y->file);
}

static void refuse_same_ids(struct loading *l)
{
    size_t total = 0, n = 0;
    for (size_t i = 0; i < l->set->count; i++) {
        total += l->set->list[i]->case_count;
    }
    const struct spec_case **all = mem_alloc(total * sizeof(const struct spec_case *));
    for (size_t i = 0; i < l->set->count; i++) {
        for (size_t k = 0; k < l->set->list[i]->case_count; k++) {
            all[n++] = &l->set->list[i]->cases[k];
        }
    }
    if (total != 0) {
        qsort(all, total, sizeof(const struct spec_case *), compare_ids);
    }
    for (size_t i = 1; i < total; i++) {
        if (strcmp(all[i]->id, all[i - 1]->id) == 0) {
            l->errors++;
            buf_addf(l->out_errors,
                     "%s:%u:%u: error: duplicate id '%s' (first in %s:%u): give one of the "
                     "suites another name\n",
                     all[i]->file, all[i]->line, all[i]->col, all[i]->id, all[i - 1]->file,
                     all[i - 1]->line);
        }
    }
    free(all);
}

enum err suites_load(const struct load_options *options, const char *const *paths, size_t count,
                     struct suite_set **out, struct buf *out_errors)
{
    struct suite_set *s = mem_zalloc(1, sizeof *s);
    struct loading l = {.options = options, .set = s, .out_errors = out_errors};
    *out = NULL;
    arena_init(&s->arena);
    for (size_t i = 0; i < count; i++) {
        load_path(&l, paths[i]);
    }
    if (l.errors == 0) {
        refuse_same_ids(&l);
    }
    if (l.errors != 0) {
        suites_free(s);
        return l.is_io ? ERR_IO : ERR_INVALID;
    }
    *out = s;
    return ERR_OK;
}

void suites_free(struct suite_set *s)
{
    if (s != NULL) {
        arena_release(&s->arena);
        free(s->list);
        free(s);
    }
}

size_t suites_count(const struct suite_set *s)
{
    return s->count;
}

const struct suite *suites_at(const struct suite_set *s, size_t i)
{
    return s->list[i];
}
