/* SPDX-License-Identifier: Apache-2.0 */
/* The command that repeats exactly one case. It is there to be pasted into a shell. */
#ifndef SMTPDX_RUN_AGAIN_H
#define SMTPDX_RUN_AGAIN_H

#include "scenario/spec.h"

/* Appends one shell word that stands for text, whatever text holds: in single quotes, or as $'…'
 * when there are control characters, so that the command stays on one line. */
void again_add_word(struct buf *out, struct slice text);
/* Appends "again: smtpdx run OPTIONS 'FILE::NAME'\n". options: shell words without which the case
 * would not be the same ("--sim"), or NULL. */
void again_add(struct buf *out, const char *options, const struct spec_case *spec);

#endif
