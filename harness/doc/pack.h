/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tree as octets, places included, for files that are part of the program: to unpack one takes a
 * thirtieth of the instructions of parsing it. Only for octets of our own making: damaged ones are
 * a bug and end the process.
 */
#ifndef SMTPDX_DOC_PACK_H
#define SMTPDX_DOC_PACK_H

#include "doc/node.h"

/* Appends the tree. */
void node_pack(const struct node *n, struct buf *out);
/* The tree again. Nodes live in the arena; their texts borrow from packed, which has to live as
 * long, and are NUL-terminated there. source is put into each node. */
const struct node *node_unpack(struct slice packed, const struct doc_source *source,
                               struct arena *arena);

#endif
