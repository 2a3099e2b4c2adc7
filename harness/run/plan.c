/* SPDX-License-Identifier: Apache-2.0 */
/* Selection of cases by place, id, tag, reference and level. Only reads the file system for globs.
 */
#include "run/plan.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/text.h"

struct target_list {
    struct plan_target *list;
    size_t count, space;
    struct arena *arena;
};

static void target_add(struct target_list *t, struct plan_target target)
{
    if (t->count == t->space) {
        size_t space = t->space != 0 ? t->space * 2 : 16;
        struct plan_target *list = arena_array(t->arena, space, sizeof *list);
        if (t->count != 0) {
            memcpy(list, t->list, t->count * sizeof *list);
        }
        t->list = list;
        t->space = space;
    }
    t->list[t->count++] = target;
}

/* FILE::ID. The first "::" that has a file before it; else the first one. */
static bool split_id(struct slice arg, struct arena *arena, struct plan_target *target)
{
    size_t first = slice_find(arg, SLICE("::"));
    size_t at = first;
    for (size_t next = first; next != SIZE_MAX;) {
        if (access(arena_text(arena, slice_sub(arg, 0, next)), F_OK) == 0) {
            at = next;
            break;
        }
        size_t more = slice_find(slice_from(arg, next + 1), SLICE("::"));
        next = more != SIZE_MAX ? next + 1 + more : SIZE_MAX;
    }
    if (at != SIZE_MAX) {
        target->path = arena_text(arena, slice_sub(arg, 0, at));
        target->id = arena_text(arena, slice_from(arg, at + 2));
    }
    return at != SIZE_MAX;
}

/* Cuts ":LINE" or "::ID" off the argument; what is left is the path. */
static struct plan_target split_argument(struct slice arg, struct arena *arena)
{
    struct plan_target target = {.path = arena_text(arena, arg)};
    if (access(target.path, F_OK) == 0) {
        return target; /* a file may have a colon in its name */
    }
    if (split_id(arg, arena, &target)) {
        return target;
    }
    const char *colon = memrchr(arg.p, ':', arg.n);
    uint64_t line;
    if (colon != NULL && slice_to_u64(slice_from(arg, (size_t)(colon - arg.p) + 1), &line) &&
        line > 0 && line < 1000000) {
        target.path = arena_text(arena, slice_make(arg.p, (size_t)(colon - arg.p)));
        target.line = (unsigned)line;
    }
    return target;
}

/* What lies in the same folder and has nearly this name; NULL: nothing has. */
static const char *nearest_path(const char *path, struct arena *arena)
{
    const char *slash = strrchr(path, '/');
    size_t n = slash != NULL ? (size_t)(slash - path) + 1 : 0;
    const char *folder = n != 0 ? arena_text(arena, slice_make(path, n)) : ".";
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, NULL, alphasort);
    const char **names = arena_array(arena, count > 0 ? (size_t)count : 1, sizeof *names);
    for (int i = 0; i < count; i++) {
        names[i] = arena_text(arena, slice_of(entries[i]->d_name));
        free(entries[i]);
    }
    free(entries);
    const char *nearest = count > 0 ? text_nearest(slice_of(path + n), names, (size_t)count) : NULL;
    return nearest != NULL ? arena_printf(arena, "%.*s%s", (int)n, path, nearest) : NULL;
}

static enum err fail_to_find(const char *path, struct arena *arena, struct why *why)
{
    if (path[0] == '\0') {
        return why_set(why, ERR_NOT_FOUND, "a path is empty");
    }
    if (access(path, F_OK) != 0 && errno != ENOENT && errno != ENOTDIR) {
        return why_set(why, ERR_IO, "%s: %s", path, strerror(errno));
    }
    const char *nearest = nearest_path(path, arena);
    return why_set(why, ERR_NOT_FOUND,
                   "%s: no such file or folder, and no file matches it as a pattern%s%s%s", path,
                   nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "",
                   nearest != NULL ? "'?)" : "");
}

/* Files that begin with '_' are there to be included; a pattern, ours or the shell's, names them
 * too. */
static bool is_for_inclusion(const char *path)
{
    const char *slash = strrchr(path, '/');
    return (slash != NULL ? slash[1] : path[0]) == '_';
}

static enum err add_glob(struct target_list *t, struct plan_target target, struct why *why)
{
    glob_t found;
    int result = glob(target.path, GLOB_MARK, NULL, &found);
    if (result != 0) {
        return fail_to_find(target.path, t->arena, why);
    }
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct plan_target one = target;
        one.path = arena_text(t->arena, slice_of(found.gl_pathv[i]));
        if (!is_for_inclusion(one.path)) {
            target_add(t, one);
        }
    }
    globfree(&found);
    return ERR_OK;
}

enum err plan_parse_targets(const char *const *args, size_t count, struct arena *arena,
                            struct plan_target **out, size_t *out_count, struct why *why)
{
    struct target_list targets = {.arena = arena};
    for (size_t i = 0; i < count; i++) {
        struct plan_target target = split_argument(slice_of(args[i]), arena);
        if (access(target.path, F_OK) == 0) {
            if (count == 1 || !is_for_inclusion(target.path)) {
                target_add(&targets, target);
            }
        } else {
            TRY(add_glob(&targets, target, why));
        }
    }
    if (targets.count == 0) {
        return why_set(why, ERR_NOT_FOUND,
                       "%s: files that begin with _ are only there to be included", args[0]);
    }
    *out = targets.list;
    *out_count = targets.count;
    return ERR_OK;
}

static struct slice without_dot_slash(struct slice path)
{
    while (slice_has_prefix(path, SLICE("./"))) {
        path = slice_from(path, 2);
    }
    return slice_trim_end(path, "/");
}

/* A line of a row selects that row; any other line of the scenario selects all of it. */
static bool has_line(const struct spec_case *c, unsigned line)
{
    if (line >= c->first_line && line <= c->last_line) {
        return true;
    }
    bool in_scenario = line >= c->scenario_first && line <= c->scenario_last;
    return in_scenario && (line < c->rows_first || line > c->rows_last);
}

/* Does the case lie in the file or folder, on the line, under the id? */
static bool target_has(const struct plan_target *target, const struct spec_case *c)
{
    struct slice path = without_dot_slash(slice_of(target->path));
    struct slice file = without_dot_slash(slice_of(c->file));
    bool in_folder = slice_has_prefix(file, path) &&
                     (file.n == path.n || file.p[path.n] == '/' || slice_eq_text(path, "."));
    if (!in_folder && !slice_eq_text(path, ".")) {
        return false;
    }
    if (target->line != 0 && !has_line(c, target->line)) {
        return false;
    }
    if (target->id == NULL) {
        return true;
    }
    /* Rows and axes stand in brackets, which a glob would take for a set: compare both ways. */
    struct slice id = slice_of(target->id);
    return slice_eq_text(id, c->name) || slice_eq_text(id, c->scenario) ||
           slice_eq_text(id, c->id) || text_glob(id, slice_of(c->name));
}

static bool any_target(const struct plan_filter *f, const struct spec_case *c)
{
    for (size_t i = 0; i < f->target_count; i++) {
        if (target_has(&f->targets[i], c)) {
            return true;
        }
    }
    return f->target_count == 0;
}

static bool any_id(const struct plan_filter *f, const struct spec_case *c)
{
    for (size_t i = 0; i < f->id_count; i++) {
        if (strcmp(f->ids[i], c->id) == 0 || text_glob(slice_of(f->ids[i]), slice_of(c->id))) {
            return true;
        }
    }
    return f->id_count == 0;
}

/* Does any name of `list` (NULL-terminated) stand in wanted? */
static bool any_name(const char *const *list, const char *const *wanted, size_t count)
{
    for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
        for (size_t k = 0; k < count; k++) {
            if (strcasecmp(list[i], wanted[k]) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* "RFC3207" selects RFC3207#4 too. */
static bool any_ref(const struct plan_filter *f, const struct spec_case *c)
{
    for (size_t i = 0; c->refs != NULL && c->refs[i] != NULL; i++) {
        for (size_t k = 0; k < f->ref_count; k++) {
            size_t n = strlen(f->refs[k]);
            if (strncasecmp(c->refs[i], f->refs[k], n) == 0 &&
                (c->refs[i][n] == '\0' || c->refs[i][n] == '#' || c->refs[i][n] == '.')) {
                return true;
            }
        }
    }
    return f->ref_count == 0;
}

static bool is_selected(const struct plan_filter *f, const struct spec_case *c)
{
    return any_target(f, c) && any_id(f, c) && any_ref(f, c) &&
           (f->tag_count == 0 || any_name(c->tags, f->tags, f->tag_count)) &&
           !any_name(c->tags, f->not_tags, f->not_tag_count) &&
           (!f->has_level || c->level <= f->level);
}

void plan_select(const struct suite_set *set, const struct plan_filter *filter, struct arena *arena,
                 struct plan *out)
{
    size_t total = 0;
    for (size_t i = 0; i < suites_count(set); i++) {
        total += suites_at(set, i)->case_count;
    }
    out->cases = arena_array(arena, total, sizeof *out->cases);
    out->count = 0;
    for (size_t i = 0; i < suites_count(set); i++) {
        const struct suite *suite = suites_at(set, i);
        for (size_t k = 0; k < suite->case_count; k++) {
            if (is_selected(filter, &suite->cases[k])) {
                out->cases[out->count++] = (struct plan_case){.spec = &suite->cases[k]};
            }
        }
    }
}

void plan_skip_endpoints(struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->cases[i].spec->endpoint != NULL && plan->cases[i].skip == NULL) {
            plan->cases[i].skip = "needs the network: a real endpoint cannot be simulated";
        }
    }
}

/* Nobody dials a real server by accident: an endpoint without any `needs` needs live. */
static const char *const *needs_of(const struct spec_case *c)
{
    static const char *const live[] = {"live", NULL};
    bool has_needs = c->needs != NULL && c->needs[0] != NULL;
    return c->endpoint != NULL && !has_needs ? live : c->needs;
}

void plan_apply_needs(struct plan *plan, const char *const *have, size_t have_count,
                      struct arena *arena)
{
    for (size_t i = 0; i < plan->count; i++) {
        const char *const *needs = needs_of(plan->cases[i].spec);
        for (size_t k = 0; needs != NULL && needs[k] != NULL; k++) {
            const char *const one[] = {needs[k], NULL};
            if (plan->cases[i].skip == NULL && !any_name(one, have, have_count)) {
                plan->cases[i].skip =
                    strcmp(needs[k], "live") == 0
                        ? "needs live: real endpoints run only with --live"
                    : strcmp(needs[k], "ipv6") == 0
                        ? "needs ipv6: this machine's loopback has none"
                        : arena_printf(arena, "needs %s: skipped without --have %s", needs[k],
                                       needs[k]);
            }
        }
    }
}

/* NULL: nothing of it is left. */
static const struct node *expect_of(const struct node *expect, const struct spec_mapper *mapper,
                                    struct arena *arena)
{
    static const char *const usual[] = {"cause", NULL};
    const char *const *says = mapper->says != NULL ? mapper->says : usual;
    const struct node **keys = arena_array(arena, expect->count, sizeof(const struct node *));
    const struct node **items = arena_array(arena, expect->count, sizeof(const struct node *));
    size_t n = 0;
    for (size_t i = 0; i < expect->count; i++) {
        const char *const one[] = {arena_text(arena, expect->keys[i]->text), NULL};
        size_t count = 0;
        while (says[count] != NULL) {
            count++;
        }
        if (any_name(one, says, count)) {
            keys[n] = expect->keys[i];
            items[n++] = expect->items[i];
        }
    }
    return n != 0 ? node_new_map(arena, expect, keys, items, n) : NULL;
}

void plan_ask(struct plan *plan, const struct spec_mapper *mapper, struct arena *arena)
{
    size_t n = 0;
    for (size_t i = 0; i < plan->count; i++) {
        const struct spec_case *ours = plan->cases[i].spec;
        if (ours->classify == NULL || ours->probe != NULL || ours->classify->command != NULL) {
            continue;
        }
        struct spec_classify *classify = arena_alloc(arena, sizeof *classify);
        struct spec_case *theirs = arena_alloc(arena, sizeof *theirs);
        *classify = *ours->classify;
        classify->command = mapper->of.command;
        classify->map = mapper->of.map;
        classify->process = mapper->of.process;
        classify->timeout_us = mapper->of.timeout_us;
        *theirs = *ours;
        theirs->classify = classify;
        theirs->expect_fail = NULL;
        theirs->expect = expect_of(ours->expect, mapper, arena);
        plan->cases[n] = (struct plan_case){.spec = theirs, .skip = plan->cases[i].skip};
        if (theirs->expect == NULL && plan->cases[n].skip == NULL) {
            plan->cases[n].skip = "the mapper says nothing of what this case expects";
        }
        n++;
    }
    plan->count = n;
}
