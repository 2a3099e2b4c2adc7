/* SPDX-License-Identifier: Apache-2.0 */
/* libxml2's writer with a sanitiser in front. The only file that includes libxml2. */
#include "reports/xml.h"

#include <stdio.h>
#include <stdlib.h>

#include <libxml/xmlwriter.h>

#include "base/text.h"
#include "reports/report_case.h"

struct xml {
    xmlBufferPtr bytes;
    xmlTextWriterPtr writer;
    bool has_failed;
};

/* The library's calls return -1 on failure; the first one spoils the document. */
static void note(struct xml *x, int result)
{
    x->has_failed = x->has_failed || result < 0;
}

struct xml *xml_new(void)
{
    struct xml *x = mem_zalloc(1, sizeof *x);
    x->bytes = xmlBufferCreate();
    if (x->bytes == NULL) {
        die_no_memory();
    }
    xmlBufferSetAllocationScheme(x->bytes, XML_BUFFER_ALLOC_DOUBLEIT);
    x->writer = xmlNewTextWriterMemory(x->bytes, 0);
    if (x->writer == NULL) {
        die_no_memory();
    }
    note(x, xmlTextWriterSetIndent(x->writer, 1));
    note(x, xmlTextWriterSetIndentString(x->writer, BAD_CAST "  "));
    note(x, xmlTextWriterStartDocument(x->writer, "1.0", "UTF-8", NULL));
    return x;
}

void xml_free(struct xml *x)
{
    if (x == NULL) {
        return;
    }
    if (x->writer != NULL) {
        xmlFreeTextWriter(x->writer);
    }
    xmlBufferFree(x->bytes);
    free(x);
}

void xml_open(struct xml *x, const char *name)
{
    note(x, xmlTextWriterStartElement(x->writer, BAD_CAST name));
}

void xml_close(struct xml *x)
{
    note(x, xmlTextWriterEndElement(x->writer));
}

/* Harmless first, then capped: an escape is longer than what it stands for. */
static void add_safe(struct slice s, enum text_visible how, struct buf *out)
{
    struct buf visible;
    buf_init(&visible, BUF_NO_CAP);
    text_visible(s, how, &visible);
    report_add_capped(buf_slice(&visible), out);
    buf_release(&visible);
}

void xml_attr(struct xml *x, const char *name, struct slice value)
{
    struct buf safe;
    buf_init(&safe, BUF_NO_CAP);
    add_safe(value, TEXT_ONE_LINE, &safe);
    note(x, xmlTextWriterWriteAttribute(x->writer, BAD_CAST name, BAD_CAST buf_text(&safe)));
    buf_release(&safe);
}

void xml_attr_int(struct xml *x, const char *name, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    xml_attr(x, name, slice_of(text));
}

void xml_attr_seconds(struct xml *x, const char *name, int64_t ms)
{
    struct buf text;
    buf_init(&text, 64);
    report_add_seconds(ms, &text);
    xml_attr(x, name, buf_slice(&text));
    buf_release(&text);
}

void xml_text(struct xml *x, struct slice text)
{
    struct buf safe;
    buf_init(&safe, BUF_NO_CAP);
    add_safe(text, TEXT_KEEP_LINES, &safe);
    note(x, xmlTextWriterWriteString(x->writer, BAD_CAST buf_text(&safe)));
    buf_release(&safe);
}

enum err xml_finish(struct xml *x, struct buf *out, struct why *why)
{
    note(x, xmlTextWriterEndDocument(x->writer));
    xmlFreeTextWriter(x->writer); /* writes out what it still holds */
    x->writer = NULL;
    if (x->has_failed) {
        return why_set(why, ERR_LIBRARY, "libxml2 could not write the document");
    }
    int n = xmlBufferLength(x->bytes);
    buf_add(out, slice_make((const char *)xmlBufferContent(x->bytes), n > 0 ? (size_t)n : 0));
    return ERR_OK;
}
