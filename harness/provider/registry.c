/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry: all provider files, embedded at build time and overridden by a folder, checked and
 * built once. Read-only afterwards, so that any number of readers may share it.
 */
#include "provider/embedded.h"
#include "provider/parts.h"

#include "base/text.h"
#include "doc/pack.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct registry {
    struct arena arena;
    struct provider *list; /* by name */
    size_t count;
    const char **names;
};

enum { FILES_MAX = 1024 };

static const char *const suffix = ".yaml";

struct load {
    struct arena *arena;
    struct doc_errors *errors;
    struct provider_files files;
};

/* The slot of a name, a new one if need be; the list stays sorted. */
static struct provider_file *slot_for(struct load *l, struct slice name)
{
    size_t at = 0;
    while (at < l->files.count && slice_cmp(slice_of(l->files.list[at].name), name) < 0) {
        at++;
    }
    struct provider_file *f = &l->files.list[at];
    if (at == l->files.count || !slice_eq_text(name, f->name)) {
        memmove(f + 1, f, (l->files.count - at) * sizeof *f);
        l->files.count++;
    }
    *f = (struct provider_file){.name = arena_text(l->arena, name)};
    return f;
}

static void read_file(struct load *l, const char *path, struct slice name, struct slice text)
{
    struct provider_file *f = slot_for(l, slice_sub(name, 0, name.n - strlen(suffix)));
    f->path = path;
    if (doc_parse_yaml(path, text, &node_limits_default, l->arena, l->errors, &f->root) != ERR_OK) {
        f->root = NULL;
        return;
    }
    provider_check(f->root, l->errors);
    f->sources = node_get(f->root, "sources");
}

/* They were parsed when the program was built, and checked by its tests. */
static void read_embedded(struct load *l)
{
    for (size_t i = 0; i < provider_embedded_count; i++) {
        const struct provider_embedded *e = &provider_embedded[i];
        struct slice name = slice_of(e->name);
        struct provider_file *f = slot_for(l, slice_sub(name, 0, name.n - strlen(suffix)));
        struct doc_source *source = arena_alloc(l->arena, sizeof *source);
        f->path = arena_printf(l->arena, "providers/%s", e->name);
        *source = (struct doc_source){f->path, slice_make(e->text, e->n)};
        f->root = node_unpack(slice_make(e->tree, e->tree_n), source, l->arena);
        f->sources = node_get(f->root, "sources");
    }
}

static bool is_provider_file(const char *name)
{
    struct slice s = slice_of(name);
    return name[0] != '.' && s.n > strlen(suffix) && slice_has_suffix(s, slice_of(suffix));
}

static enum err read_folder(struct load *l, const char *folder, struct why *why)
{
    struct dirent **names = NULL;
    int count = scandir(folder, &names, NULL, alphasort);
    enum err err = count >= 0 ? ERR_OK
                              : why_set(why, ERR_IO, "cannot list provider folder %s: %s", folder,
                                        strerror(errno));
    for (int i = 0; i < count; i++) {
        const char *name = names[i]->d_name;
        const char *path = arena_printf(l->arena, "%s/%s", folder, name);
        struct slice text;
        if (err == ERR_OK && is_provider_file(name) && l->files.count == FILES_MAX) {
            err = why_set(why, ERR_LIMIT, "more than %d provider files", FILES_MAX);
        } else if (err == ERR_OK && is_provider_file(name)) {
            err = doc_read_file(path, node_limits_default.file_bytes, l->arena, &text, why);
            if (err == ERR_OK) {
                read_file(l, path, slice_of(name), text);
            }
        }
        free(names[i]);
    }
    free(names);
    return err;
}

/* Errors outlive a registry that did not load: their sources move to the errors' own arena. */
static void rehome_errors(struct doc_errors *errors, size_t from)
{
    for (size_t i = from; i < errors->count; i++) {
        const struct doc_source *old = errors->list[i].source;
        if (old == NULL) {
            continue;
        }
        struct doc_source *copy = arena_alloc(errors->arena, sizeof *copy);
        copy->name = arena_text(errors->arena, slice_of(old->name));
        copy->text = arena_copy(errors->arena, old->text);
        for (size_t k = i; k < errors->count; k++) {
            errors->list[k].source = errors->list[k].source == old ? copy : errors->list[k].source;
        }
    }
}

static void build_all(struct registry *r, const struct load *l)
{
    r->list = arena_array(&r->arena, l->files.count + 1, sizeof *r->list);
    r->names = arena_array(&r->arena, l->files.count + 1, sizeof *r->names);
    r->count = l->files.count;
    for (size_t i = 0; i < r->count; i++) {
        provider_build(&l->files, &l->files.list[i], &r->list[i]);
        r->names[i] = r->list[i].name;
    }
}

enum err registry_load(const char *folder, struct registry **out, struct doc_errors *errors,
                       struct why *why)
{
    struct registry *r = mem_zalloc(1, sizeof *r);
    size_t before = errors->errors, kept = errors->count;
    *out = NULL;
    arena_init(&r->arena);
    struct load l = {&r->arena, errors, {.arena = &r->arena}};
    l.files.list = arena_array(&r->arena, FILES_MAX + 1, sizeof *l.files.list);
    read_embedded(&l);
    enum err err = folder == NULL ? ERR_OK : read_folder(&l, folder, why);
    if (err == ERR_OK && errors->errors == before) {
        provider_merge(&l.files, errors);
    }
    if (err == ERR_OK && errors->errors != before) {
        err = why_set(why, ERR_INVALID, "a provider file did not load");
        for (size_t i = 0; i < l.files.count; i++) {
            err = l.files.list[i].root == NULL
                      ? why_set(why, ERR_SYNTAX, "%s is not YAML", l.files.list[i].path)
                      : err;
        }
    }
    rehome_errors(errors, kept);
    if (err != ERR_OK) {
        registry_free(r);
        return err;
    }
    build_all(r, &l);
    *out = r;
    return ERR_OK;
}

void registry_free(struct registry *r)
{
    if (r != NULL) {
        arena_release(&r->arena);
        free(r);
    }
}

size_t registry_count(const struct registry *r)
{
    return r->count;
}

const struct provider *registry_at(const struct registry *r, size_t i)
{
    must(i < r->count);
    return &r->list[i];
}

const struct provider *registry_find(const struct registry *r, struct slice name)
{
    size_t low = 0, high = r->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = slice_cmp(name, slice_of(r->list[mid].name));
        if (order == 0) {
            return &r->list[mid];
        }
        low = order > 0 ? mid + 1 : low;
        high = order < 0 ? mid : high;
    }
    return NULL;
}

size_t registry_index(const struct registry *r, const struct provider *p)
{
    uintptr_t first = (uintptr_t)r->list, place = (uintptr_t)p;
    bool is_ours = place >= first && place < first + r->count * sizeof *p;
    return is_ours ? (place - first) / sizeof *p : SIZE_MAX;
}

static bool is_glob_match(struct arena *scratch, const char *glob, struct slice host)
{
    struct slice lower = arena_copy(scratch, host);
    char *p = arena_text(scratch, lower);
    for (size_t i = 0; p[i] != '\0'; i++) {
        p[i] = (char)(p[i] >= 'A' && p[i] <= 'Z' ? p[i] + 32 : p[i]);
    }
    return text_glob(slice_of(glob), slice_of(p));
}

static bool answers_under(const struct provider *p, struct slice host, struct arena *scratch)
{
    for (size_t i = 0; i < p->endpoint_count; i++) {
        if (slice_eq_nocase_text(host, p->endpoints[i].host)) {
            return true;
        }
    }
    for (size_t i = 0; p->host_globs[i] != NULL; i++) {
        if (is_glob_match(scratch, p->host_globs[i], host)) {
            return true;
        }
    }
    return false;
}

const struct provider *registry_by_host(const struct registry *r, struct slice host)
{
    struct arena scratch;
    const struct provider *found = NULL;
    if (host.n != 0 && host.p[host.n - 1] == '.') {
        host.n--; /* a rooted name is the same host */
    }
    bool is_loopback = slice_has_prefix(host, SLICE("127."));
    arena_init(&scratch);
    for (size_t i = 0; i < r->count && found == NULL && host.n != 0 && !is_loopback; i++) {
        found = answers_under(&r->list[i], host, &scratch) ? &r->list[i] : NULL;
    }
    arena_release(&scratch);
    return found;
}

const struct provider *registry_by_address(const struct registry *r, struct slice address)
{
    size_t at = SIZE_MAX;
    for (size_t i = 0; i < address.n; i++) {
        at = address.p[i] == '@' ? i : at;
    }
    for (size_t i = 0; at != SIZE_MAX && i < r->count; i++) {
        for (size_t k = 0; r->list[i].domains[k] != NULL; k++) {
            if (slice_eq_nocase_text(slice_from(address, at + 1), r->list[i].domains[k])) {
                return &r->list[i];
            }
        }
    }
    return NULL;
}

const char *registry_nearest(const struct registry *r, struct slice name)
{
    return text_nearest(name, r->names, r->count);
}
