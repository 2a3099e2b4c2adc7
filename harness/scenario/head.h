/* SPDX-License-Identifier: Apache-2.0 */
/* What a file and a scenario say about themselves, before servers, probes and rows are read. */
#ifndef SMTPDX_SCENARIO_HEAD_H
#define SMTPDX_SCENARIO_HEAD_H

#include "scenario/spec.h"

struct file_head {
    const char *suite, *summary;
    enum spec_level level;
    bool has_level;
    const char *const *refs, *const *tags, *const *needs, *const *include;
    const struct node *vars, *secrets, *servers, *endpoints, *defaults, *scenarios;
    unsigned count;
    bool has_count;
};

struct scenario_head {
    const char *id, *title;
    enum spec_level level;
    bool has_level;
    const char *const *refs, *const *tags, *const *needs;
    const struct node *server, *endpoint, *probe, *classify;
    const struct node *cases, *matrix, *exclude, *expect;
    unsigned count;
    bool has_count;
    bool has_rerun;
    struct spec_rerun rerun;
    int64_t timeout_us;
    bool has_expect_fail;
    struct spec_expect_fail expect_fail;
};

/* A rule on the fake server as the file writes it; the actions stand beside these. */
struct says_read {
    const char *cause, *variant;
    unsigned times, after;
};
struct drip_read {
    unsigned octets;
    int64_t every_us;
};
/* `cases: { replies: PROVIDER, where: … }` (replies.c), or `{ from: FILE, … }` (rows.c). */
struct replies_read {
    const struct provider *provider;
    const struct node *from, *where, *where_not, *defaults;
};
struct secret_read {
    const char *env, *file, *generate;
    const char *const *command;
};

#endif
