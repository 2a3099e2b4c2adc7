/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A verdict without a document. Most cases pass, and of most of them nobody wants to read more than
 * that: only the parts of the document that `expect` looks at are made then. Whatever is not clearly a
 * pass is left to the judge, with the whole document.
 */
#ifndef SMTPDX_RUN_GLANCE_H
#define SMTPDX_RUN_GLANCE_H

#include "run/document.h"
#include "run/judge.h"

/* True: the case passed. False: it did not, or that cannot be said without the whole document. */
bool glance_passes(const struct document_input *in, const struct judge_input *judge);

#endif
