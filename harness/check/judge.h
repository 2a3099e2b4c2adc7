/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of a check, shared by its files:
 *
 *   check.c   how it goes on: dial, conversation, pause
 *   judge.c   what came of an attempt: evidence, diagnosis, verdict
 *   lines.c   the same for a person, a line for each stage
 */
#ifndef SMTPDX_CHECK_JUDGE_H
#define SMTPDX_CHECK_JUDGE_H

#include "base/rng.h"
#include "check/check.h"

struct driver;

struct check {
    struct check_params params;
    struct arena arena;
    struct rng rng;
    struct transcript transcript;
    struct client_params client_params;
    struct check_result result;

    struct world *world; /* NULL before check_start */
    void (*on_done)(void *context);
    void *context;
    int64_t start_us;
    struct timer pause, end;
    bool is_held; /* not to begin */
    bool is_ending, is_dialling;
    struct client *client;
    struct driver *driver;
    struct dial_result dialled; /* of the last attempt; without its link */
    int64_t waited_us;
};

/* What was found beforehand and stops it; NULL: nothing does. */
const struct preflight_finding *check_refusal(const struct check *c);
void check_judge_refusal(struct check *c, const struct preflight_finding *refusal);
void check_judge_token(struct check *c, enum fault fault, const char *detail,
                       struct slice document);
/* Adds an attempt to the result, with its diagnosis and verdict. */
void check_judge(struct check *c);
/* Whole days until the token cannot be renewed any more; INT64_MAX: never, or not known. */
int64_t check_token_days(const struct check *c);
void check_write_lines(struct check *c);

#endif
