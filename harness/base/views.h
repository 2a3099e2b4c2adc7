/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Views of a text: the same text as somebody sees it who undoes percent, quoted-printable, JSON or
 * XML escapes, or line breaks put into a long blob. Every octet of a view knows where it comes
 * from, so that what is found in a view can be hidden in the text. Internal to redact.c.
 */
#ifndef SMTPDX_BASE_VIEWS_H
#define SMTPDX_BASE_VIEWS_H

#include "base/slice.h"

struct view {
    const char *octets;
    const size_t *from,
        *to; /* place of octet i in the text: [from[i], to[i]); NULL: it is the text */
    size_t n;
};

/* Called for every view; false ends the walk. Everything is borrowed for the call. */
typedef bool view_visit(void *context, const struct view *view);

/* Shows the text itself, then every view in which it looks different. */
void views_walk(struct slice text, view_visit *visit, void *context);

#endif
