/* SPDX-License-Identifier: Apache-2.0 */
/* Loads files, selects cases, and says why there is nothing to run. */
#include "cli/selection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/world.h"
#include "run/causes.h"

void selection_init(struct selection *s)
{
    *s = (struct selection){.providers = NULL};
    arena_init(&s->arena);
    if (world_has_family(FAMILY_IPV6)) {
        cli_strings_add(&s->have, "ipv6");
    }
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
static const char **unique_paths(struct selection *s, const struct plan_target *targets,
                                 size_t count, size_t *out_count)
{
    const char **paths = arena_array(&s->arena, count, sizeof *paths);
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

static int load(struct selection *s, const struct plan_target *targets, size_t count)
{
    struct load_options options = {.providers = s->registry, .get_env = get_env};
    size_t path_count;
    const char **paths = unique_paths(s, targets, count, &path_count);
    struct buf errors;
    buf_init(&errors, BUF_NO_CAP);
    enum err err = suites_load(&options, (const char *const *)paths, path_count, &s->set, &errors);
    if (err == ERR_OK && causes_check(s->set, &errors) != 0) {
        suites_free(s->set);
        err = ERR_INVALID;
    }
    fwrite(buf_text(&errors), 1, errors.n, stderr);
    buf_release(&errors);
    if (err != ERR_OK) {
        s->set = NULL;
        return EXIT_DID_NOT_LOAD;
    }
    return EXIT_ALL_PASSED;
}

int selection_load(struct selection *s, const char *const *paths, size_t count)
{
    static const char *const default_paths[] = {"scenarios"};
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
    struct why why;
    if (s->level != NULL && !level_from(s->level, &filter.level)) {
        return EXIT_WRONG_USE;
    }
    filter.has_level = s->level != NULL;
    if (plan_parse_targets(count != 0 ? paths : default_paths, count != 0 ? count : 1, &s->arena,
                           &targets, &filter.target_count, &why) != ERR_OK) {
        fprintf(stderr, "smtpdx: %s\n", why.text);
        return EXIT_DID_NOT_LOAD;
    }
    filter.targets = targets;
    s->registry = cli_load_registry(s->providers);
    if (s->registry == NULL) {
        return EXIT_DID_NOT_LOAD;
    }
    int status = load(s, targets, filter.target_count);
    if (status != EXIT_ALL_PASSED) {
        return status;
    }
    plan_select(s->set, &filter, &s->arena, &s->plan);
    plan_apply_needs(&s->plan, s->have.list, s->have.count, &s->arena);
    return EXIT_ALL_PASSED;
}
