/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a worker says to its parent: a frame per case that has ended. A case that passed, and of
 * which nobody wants the document, is a frame without one. A worker that has begun all it was given
 * says that too: what it has may be waiting for silent servers, and others need not wait behind it.
 */
#ifndef SMTPDX_RUN_FRAME_H
#define SMTPDX_RUN_FRAME_H

#include "base/buf.h"

#define FRAME_HUNGRY UINT32_MAX /* an index: no case, the worker could begin more */

struct frame {
    uint32_t index;        /* of the plan */
    struct slice document; /* JSON, redacted; empty: passed, and nobody wants more */
};

/* Native byte order: both ends are one program. */
void frame_add(struct buf *out, const struct frame *f);
/* Takes the first frame off in. False, and in untouched, while it is not whole. The document
 * borrows. */
bool frame_take(struct slice *in, struct frame *out);

#endif
