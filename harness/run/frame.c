/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of the pipe between worker and parent: index and length, then the document. */
#include "run/frame.h"

#include <string.h>

#include "base/err.h"

void frame_add(struct buf *out, const struct frame *f)
{
    must(f->document.n <= UINT32_MAX);
    uint32_t head[2] = {f->index, (uint32_t)f->document.n};
    buf_add(out, slice_make((const char *)head, sizeof head));
    buf_add(out, f->document);
}

bool frame_take(struct slice *in, struct frame *out)
{
    uint32_t head[2];
    if (in->n < sizeof head) {
        return false;
    }
    memcpy(head, in->p, sizeof head);
    if (in->n - sizeof head < head[1]) {
        return false;
    }
    *out = (struct frame){.index = head[0], .document = slice_sub(*in, sizeof head, head[1])};
    *in = slice_from(*in, sizeof head + head[1]);
    return true;
}
