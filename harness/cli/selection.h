/* SPDX-License-Identifier: Apache-2.0 */
/* The options that `run` and `list` share: what is loaded and which cases of it are selected. */
#ifndef SMTPDX_CLI_SELECTION_H
#define SMTPDX_CLI_SELECTION_H

#include "cli/cli.h"
#include "run/plan.h"

struct selection {
    struct arena arena;
    const char *providers;
    struct cli_strings ids, tags, not_tags, refs, have;
    size_t have_found; /* of have: what was found out, not said */
    const char *level;
    struct registry *registry;
    struct suite_set *set;
    struct plan plan;
    const struct plan_target *targets; /* in the arena */
    size_t target_count;
};

#define SELECTION_OPTIONS                                                                          \
    {"id", 0, "GLOB", "only cases whose id matches (may be repeated)"},                            \
        {"tag", 't', "TAG", "only cases with this tag (may be repeated)"},                         \
        {"not-tag", 0, "TAG", "no cases with this tag"},                                           \
        {"ref", 0, "REF", "only cases for this reference: RFC3207 or RFC3207#4"},                  \
        {"level", 0, "LEVEL", "must, should, may or info: this level and the stricter ones"},      \
        {"live", 0, NULL, "run cases on real endpoints too"},                                      \
        {"have", 0, "NAME", "run cases that need NAME (servers, ipv6, …)"},                        \
    {                                                                                              \
        "providers", 0, "DIR", "provider files in DIR replace or add to the built-in ones"         \
    }
enum { SELECTION_OPTION_COUNT = 8 };

void selection_init(struct selection *s);
void selection_release(struct selection *s);
/* For the first SELECTION_OPTION_COUNT rows of a table. */
bool selection_option(struct selection *s, size_t index, const char *value);
/* Loads the files that paths name ("scenarios" without any): whole files, whatever line or id is
 * asked for. Prints what is wrong; EXIT_NOTHING_SELECTED when there is no file. set is the
 * caller's. */
int selection_load_files(const struct registry *registry, const char *const *paths, size_t count,
                         struct arena *arena, struct suite_set **set);
/* Why no case was selected, and the nearest names, on standard error. */
void selection_explain_nothing(const struct selection *s);
/* Loads and selects; prints what is wrong. Returns EXIT_ALL_PASSED or the exit status to end with.
 */
int selection_load(struct selection *s, const char *const *paths, size_t count);

#endif
