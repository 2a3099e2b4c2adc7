/* SPDX-License-Identifier: Apache-2.0 */
/* Loads one scenario file. */
#ifndef SMTPDX_SCENARIO_FILE_H
#define SMTPDX_SCENARIO_FILE_H

#include "scenario/spec.h"

/* The suite lives in the arena; errors counts up, and out_errors gets them printed. */
const struct suite *file_load(const struct load_options *options, const char *path,
                              struct arena *arena, size_t *errors, struct buf *out_errors);
/* The same from memory; path is what errors say and where includes are looked for. */
const struct suite *file_load_text(const struct load_options *options, const char *path,
                                   struct slice text, struct arena *arena, size_t *errors,
                                   struct buf *out_errors);

#endif
