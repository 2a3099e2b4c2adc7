/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XML behind one small face (libxml2's writer). Its writer copies control characters, invalid UTF-8
 * and U+FFFE into the document and reports success, and its reader then refuses the document: so
 * every text and attribute goes through text_visible here, and there is no way around it.
 */
#ifndef SMTPDX_REPORTS_XML_H
#define SMTPDX_REPORTS_XML_H

#include "base/buf.h"
#include "base/err.h"

struct xml; /* opaque */

struct xml *xml_new(void);
void xml_free(struct xml *x); /* NULL is fine */

void xml_open(struct xml *x, const char *name);
void xml_close(struct xml *x); /* the element opened last */
/* Attributes are written right after xml_open. */
void xml_attr(struct xml *x, const char *name, struct slice value); /* capped, on one line */
void xml_attr_int(struct xml *x, const char *name, uint64_t value);
void xml_attr_seconds(struct xml *x, const char *name, int64_t ms); /* three decimals */
void xml_text(struct xml *x, struct slice text);                    /* capped, keeps lines */

/* Ends the document and appends it. Errors: ERR_LIBRARY when the library refused anything so far.
 */
enum err xml_finish(struct xml *x, struct buf *out, struct why *why) MUST_USE;

#endif
