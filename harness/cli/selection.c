/* SPDX-License-Identifier: Apache-2.0 */
/* Loads files, selects cases, and says why there is nothing to run. */
#include "cli/selection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/world.h"
#include "run/causes.h"

void selection_init(struct selection *s)
{
    *s = (struct selection){.providers = NULL};
    arena_init(&s->arena);
    if (world_has_family(FAMILY_IPV6)) {
        cli_strings_add(&s->have, "ipv6");
    }
    s->have_found = s->have.count;
}

void selection_release(struct selection *s)
{
    suites_free(s->set);
    registry_free(s->registry);
    cli_strings_free(&s->ids);
    cli_strings_free(&s->tags);
    cli_strings_free(&s->not_tags);
    cli_strings_free(&s->refs);
    cli_strings_free(&s->have);
    arena_release(&s->arena);
}

bool selection_option(struct selection *s, size_t index, const char *value)
{
    struct cli_strings *lists[] = {&s->ids, &s->tags, &s->not_tags, &s->refs};
    if (index < COUNT(lists)) {
        cli_strings_add(lists[index], value);
    } else if (index == 4) {
        s->level = value;
    } else if (index == 5) {
        cli_strings_add(&s->have, "live");
    } else if (index == 6) {
        cli_strings_add(&s->have, value);
    } else {
        s->providers = value;
    }
    return true;
}

static const char *get_env(const char *name, void *context)
{
    (void)context;
    return getenv(name);
}

static bool level_from(const char *text, enum spec_level *out)
{
    for (int i = 0; i < LEVEL_COUNT; i++) {
        if (strcmp(text, spec_level_slug((enum spec_level)i)) == 0) {
            *out = (enum spec_level)i;
            return true;
        }
    }
    fprintf(stderr, "smtpdx: --level wants must, should, may or info, not '%s'\n", text);
    return false;
}

/* The paths to load: each once, in the order of the targets. */
static const char **unique_paths(struct arena *arena, const struct plan_target *targets,
                                 size_t count, size_t *out_count)
{
    const char **paths = arena_array(arena, count, sizeof *paths);
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        while (k < n && strcmp(paths[k], targets[i].path) != 0) {
            k++;
        }
        if (k == n) {
            paths[n++] = targets[i].path;
        }
    }
    *out_count = n;
    return paths;
}

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

static int parse(const char *const *paths, size_t count, struct arena *arena,
                 struct plan_target **targets, size_t *target_count)
{
    static const char *const usual[] = {"scenarios"};
    struct why why;
    if (count == 0 && !is_there(usual[0])) {
        fprintf(stderr, "smtpdx: there is no folder 'scenarios' here: name a file or a folder\n");
        return EXIT_DID_NOT_LOAD;
    }
    if (plan_parse_targets(count != 0 ? paths : usual, count != 0 ? count : 1, arena, targets,
                           target_count, &why) != ERR_OK) {
        fprintf(stderr, "smtpdx: %s\n", why.text);
        return EXIT_DID_NOT_LOAD;
    }
    return EXIT_ALL_PASSED;
}

static int load(const struct registry *registry, const struct plan_target *targets, size_t count,
                struct arena *arena, struct suite_set **set)
{
    struct load_options options = {.providers = registry, .get_env = get_env};
    size_t path_count;
    const char **paths = unique_paths(arena, targets, count, &path_count);
    struct buf errors;
    buf_init(&errors, BUF_NO_CAP);
    enum err err = suites_load(&options, (const char *const *)paths, path_count, set, &errors);
    if (err == ERR_OK && causes_check(*set, &errors) != 0) {
        suites_free(*set);
        err = ERR_INVALID;
    }
    fwrite(buf_text(&errors), 1, errors.n, stderr);
    buf_release(&errors);
    if (err != ERR_OK) {
        *set = NULL;
        return EXIT_DID_NOT_LOAD;
    }
    return EXIT_ALL_PASSED;
}

int selection_load_files(const struct registry *registry, const char *const *paths, size_t count,
                         struct arena *arena, struct suite_set **set)
{
    struct plan_target *targets;
    size_t target_count;
    int status = parse(paths, count, arena, &targets, &target_count);
    if (status == EXIT_ALL_PASSED) {
        status = load(registry, targets, target_count, arena, set);
    }
    if (status == EXIT_ALL_PASSED && suites_count(*set) == 0) {
        fprintf(stderr,
                "smtpdx: no scenario file (*.yaml or *.yml, not beginning with _ or .) in %s\n",
                targets[0].path);
        status = EXIT_NOTHING_SELECTED;
    }
    return status;
}

int selection_load(struct selection *s, const char *const *paths, size_t count)
{
    struct plan_filter filter = {
        .ids = s->ids.list,
        .id_count = s->ids.count,
        .tags = s->tags.list,
        .tag_count = s->tags.count,
        .not_tags = s->not_tags.list,
        .not_tag_count = s->not_tags.count,
        .refs = s->refs.list,
        .ref_count = s->refs.count,
    };
    struct plan_target *targets;
    if (s->level != NULL && !level_from(s->level, &filter.level)) {
        return EXIT_WRONG_USE;
    }
    filter.has_level = s->level != NULL;
    int status = parse(paths, count, &s->arena, &targets, &filter.target_count);
    if (status != EXIT_ALL_PASSED) {
        return status;
    }
    s->targets = filter.targets = targets;
    s->target_count = filter.target_count;
    s->registry = cli_load_registry(s->providers);
    if (s->registry == NULL) {
        return EXIT_DID_NOT_LOAD;
    }
    status = load(s->registry, targets, filter.target_count, &s->arena, &s->set);
    if (status != EXIT_ALL_PASSED) {
        return status;
    }
    plan_select(s->set, &filter, &s->arena, &s->plan);
    plan_apply_needs(&s->plan, s->have.list, s->have.count, &s->arena);
    if (s->plan.count == 0) {
        selection_explain_nothing(s);
    }
    return EXIT_ALL_PASSED;
}
