/* SPDX-License-Identifier: Apache-2.0 */
/* One scenario while its cases are made: what expand.c (which ones) hands to expand_case.c (each).
 */
#ifndef SMTPDX_SCENARIO_EXPANSION_H
#define SMTPDX_SCENARIO_EXPANSION_H

#include "scenario/parts.h"

/* A part as the last case had it: its node, what it builds on, and what was read from them. */
struct shared {
    const struct node *node, *base;
    const void *bound; /* NULL: nothing, or nothing good */
};

/* One scenario while its cases are made. */
struct expansion {
    struct file_state *f;
    const struct node *node;  /* merged with the defaults */
    struct scenario_head raw; /* before substitution: id, rows, axes */
    unsigned first_line, last_line;
    size_t picked[AXES_MAX]; /* value of each axis, of the combination at hand */
    bool *excluded_any;      /* per item of exclude: did it leave something out? */
    const char *via;         /* "" or the value of the axis `via` */
    bool has_made_rows;      /* out of a provider file (replies.c): values, all columns free */
    const struct node *body; /* node without rows and axes: what is substituted for each case */
    struct shared server, probe;
    const struct node *checked_expect; /* whose form is known to be right, or told to be wrong */
};

/* Makes the case of this row (NULL: no table) and this combination of the axes (NULL: none), and
 * adds it to the file's; or errors. */
void expand_case(struct expansion *x, const struct node *row, const struct node *axes);

#endif
