/* SPDX-License-Identifier: Apache-2.0 */
/* The regression set that ships, scenarios/mapper/replies.jsonl, embedded at build, so that an
 * installed program can be asked how good it is. */
#ifndef SMTPDX_DIAGNOSE_SHIPPED_H
#define SMTPDX_DIAGNOSE_SHIPPED_H

#include <stddef.h>

#define REGRESS_SHIPPED_FILE "scenarios/mapper/replies.jsonl"
extern const unsigned char regress_shipped[]; /* NUL-terminated */
extern const size_t regress_shipped_count;    /* octets before that */

#endif
