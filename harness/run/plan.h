/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Selection: which cases of what was loaded are to run, and which of those are skipped with a
 * reason before anything starts (needs not met, secrets not there).
 */
#ifndef SMTPDX_RUN_PLAN_H
#define SMTPDX_RUN_PLAN_H

#include "base/arena.h"
#include "scenario/spec.h"

/* One argument of the command line, taken apart: PATH, PATH:LINE, PATH::ID or a quoted glob. */
struct plan_target {
    const char *path;
    unsigned line;  /* 0: any */
    const char *id; /* glob over "name" of a case ("error-map[*]"), or NULL */
};

struct plan_filter {
    const struct plan_target *targets; /* a case must lie in one of them */
    size_t target_count;
    const char *const *ids; /* globs over the whole id; a case must match one; empty: any */
    size_t id_count;
    const char *const *tags, *const *not_tags, *const *refs;
    size_t tag_count, not_tag_count, ref_count;
    bool has_level;
    enum spec_level level; /* this level and the stricter ones */
};

struct plan_case {
    const struct spec_case *spec;
    const char *skip; /* reason, or NULL: runs */
};

struct plan {
    struct plan_case *cases;
    size_t count;
};

/*
 * Takes "FILE:LINE" and "FILE::ID" apart and expands globs that name no existing file. Strings live
 * in the arena. Errors: ERR_NOT_FOUND when nothing is there.
 */
enum err plan_parse_targets(const char *const *args, size_t count, struct arena *arena,
                            struct plan_target **out, size_t *out_count, struct why *why) MUST_USE;

/* All cases that the filter lets through, in the order of the files. Lives in the arena. */
void plan_select(const struct suite_set *set, const struct plan_filter *filter, struct arena *arena,
                 struct plan *out);

/* In simulation there is no network: cases on real endpoints are skipped. */
void plan_skip_endpoints(struct plan *plan);
/* Marks cases whose `needs` are not in have as skipped. A case on a real endpoint that states no
 * needs needs live. */
void plan_apply_needs(struct plan *plan, const char *const *have, size_t have_count,
                      struct arena *arena);

/*
 * Leaves the cases that ask our mapper alone, and has them ask that one. What a case expects beyond
 * what it says is not looked at; a case of which nothing is left is skipped. Failures that are
 * expected of ours are not expected of it.
 */
void plan_ask(struct plan *plan, const struct spec_mapper *mapper, struct arena *arena);

#endif
