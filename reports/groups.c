/* SPDX-License-Identifier: Apache-2.0 */
/* Groups by file, else by suite. Cases come file by file, so the last group is nearly always right.
 */
#include "reports/groups.h"

#include <stdlib.h>

static bool belongs(const struct group *g, const struct report_case *c)
{
    bool knows_files = g->file.n != 0 && c->file.n != 0;
    return knows_files ? slice_eq(g->file, c->file) : slice_eq(g->suite, c->suite);
}

static struct group *group_of(struct groups *g, const struct report_case *c)
{
    for (size_t i = g->count; i > 0; i--) {
        if (belongs(&g->list[i - 1], c)) {
            return &g->list[i - 1];
        }
    }
    g->list = mem_realloc(g->list, (g->count + 1) * sizeof *g->list);
    struct group *group = &g->list[g->count++];
    *group = (struct group){.suite = c->suite, .file = c->file};
    return group;
}

static void add_member(struct group *group, size_t i)
{
    bool is_full = (group->count & (group->count - 1)) == 0; /* room doubles: 1, 2, 4, … */
    if (is_full) {
        size_t space = group->count != 0 ? group->count * 2 : 1;
        group->members = mem_realloc(group->members, space * sizeof *group->members);
    }
    group->members[group->count++] = i;
}

void groups_init(struct groups *g, const struct run_record *run)
{
    *g = (struct groups){.count = 0};
    for (size_t i = 0; i < run->count; i++) {
        struct report_case c = report_case_at(run, i);
        struct group *group = group_of(g, &c);
        group->file = group->file.n != 0 ? group->file : c.file;
        add_member(group, i);
        group->failures += report_case_is_failure(&c) ? 1 : 0;
        group->errors += c.verdict == VERDICT_ERROR ? 1 : 0;
        group->skipped += c.verdict == VERDICT_SKIP || c.verdict == VERDICT_XFAIL ? 1 : 0;
        group->ms += c.ms;
    }
}

void groups_release(struct groups *g)
{
    for (size_t i = 0; i < g->count; i++) {
        free(g->list[i].members);
    }
    free(g->list);
    *g = (struct groups){.count = 0};
}
