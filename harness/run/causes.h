/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loader does not know the closed list of causes (it belongs to diagnose), so what a scenario
 * expects of `cause` is checked here, before anything runs: a misspelt slug would fail for ever, or
 * worse, hold for ever under `ne:`.
 */
#ifndef SMTPDX_RUN_CAUSES_H
#define SMTPDX_RUN_CAUSES_H

#include "scenario/spec.h"

/* Appends an error with place, caret and the nearest slug for each unknown one; how many there were. */
size_t causes_check(const struct suite_set *set, struct buf *out);

#endif
