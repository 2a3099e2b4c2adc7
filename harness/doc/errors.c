/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors with a place, and how they look: "file:line:col: error: text", the line, a caret.
 * What is printed comes from files that anyone may have written, so that everything harmful to a
 * terminal is made visible first, and the caret is put by columns and not by octets.
 */
#include "doc/node.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LINE_COLUMNS = 110, BEFORE_CARET = 60, TAB_STOP = 8 };

void doc_errors_init(struct doc_errors *e, struct arena *arena)
{
    *e = (struct doc_errors){.arena = arena};
}

static char *visible_text(struct arena *arena, const char *format, va_list args)
{
    char text[2048];
    vsnprintf(text, sizeof text, format, args);
    struct buf b;
    buf_init(&b, 4 * sizeof text);
    text_visible(slice_of(text), TEXT_ONE_LINE, &b);
    char *copy = arena_text(arena, buf_slice(&b));
    buf_release(&b);
    return copy;
}

/* The same thing can be found once per case of a table: said once. */
static bool is_known(const struct doc_errors *e, const struct doc_error *d)
{
    for (size_t i = 0; i < e->count; i++) {
        const struct doc_error *k = &e->list[i];
        if (k->source == d->source && k->line == d->line && k->col == d->col &&
            strcmp(k->text, d->text) == 0) {
            return true;
        }
    }
    return false;
}

/* In the order of the file, whatever the order in which they were found. */
static bool stands_before(const struct doc_error *a, const struct doc_error *b)
{
    if (a->source == NULL || a->source != b->source || a->line == 0) {
        return false;
    }
    return a->line != b->line ? a->line < b->line : a->col < b->col;
}

static void add(struct doc_errors *e, const struct node *where, bool is_warning, const char *format,
                va_list args)
{
    struct doc_error d = {.is_warning = is_warning, .length = 1};
    if (where != NULL) {
        d.source = where->source;
        d.line = where->line;
        d.col = where->col;
        d.length = where->length;
    }
    d.text = visible_text(e->arena, format, args);
    if (is_known(e, &d)) {
        return;
    }
    e->errors += !is_warning;
    if (e->count == DOC_ERRORS_MAX) {
        e->dropped++;
        return;
    }
    size_t at = e->count++;
    while (at > 0 && stands_before(&d, &e->list[at - 1])) {
        e->list[at] = e->list[at - 1];
        at--;
    }
    e->list[at] = d;
}

void doc_error_at(struct doc_errors *e, const struct node *where, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(e, where, false, format, args);
    va_end(args);
}

void doc_warning_at(struct doc_errors *e, const struct node *where, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(e, where, true, format, args);
    va_end(args);
}

/* One code point of a source line as it is shown, and how many columns it takes. */
struct cell {
    size_t octets, columns;
};

static struct cell cell_show(struct slice rest, size_t column, struct buf *out)
{
    size_t octets = text_utf8_length(rest);
    octets = octets != 0 ? octets : 1;
    buf_reset(out);
    if (rest.p[0] == '\t') {
        size_t columns = TAB_STOP - column % TAB_STOP;
        for (size_t i = 0; i < columns; i++) {
            buf_add_char(out, ' ');
        }
        return (struct cell){octets, columns};
    }
    text_visible(slice_sub(rest, 0, octets), TEXT_ONE_LINE, out);
    return (struct cell){octets, text_columns(buf_slice(out))};
}

static struct slice source_line(const struct doc_source *source, unsigned line)
{
    struct slice rest = source->text;
    for (unsigned i = 1; i < line; i++) {
        size_t at = slice_find_char(rest, '\n');
        rest = at == SIZE_MAX ? slice_of("") : slice_from(rest, at + 1);
    }
    return slice_trim_end(slice_sub(rest, 0, slice_find_char(rest, '\n')), "\r");
}

/* Columns on the screen of the caret's start and end and of the whole line. */
struct layout {
    size_t start, end, total;
};

static struct layout measure(struct slice line, size_t col, size_t length, struct buf *scratch)
{
    struct layout l = {SIZE_MAX, SIZE_MAX, 0};
    for (size_t point = 1; line.n != 0; point++) {
        l.start = point == col ? l.total : l.start;
        l.end = point == col + length ? l.total : l.end;
        struct cell c = cell_show(line, l.total, scratch);
        l.total += c.columns;
        line = slice_from(line, c.octets);
    }
    l.start = l.start != SIZE_MAX ? l.start : l.total;
    l.end = l.end != SIZE_MAX ? l.end : l.total;
    l.end = l.end > l.start ? l.end : l.start + 1;
    return l;
}

/* Shows the columns from, …, to of a line; what is cut off on either side is one "…". */
static void show_window(struct slice line, size_t from, size_t to, struct buf *scratch,
                        struct buf *out)
{
    size_t column = 0;
    bool is_cut = false;
    if (from != 0) {
        buf_add_text(out, "…");
    }
    while (line.n != 0 && !is_cut) {
        struct cell c = cell_show(line, column, scratch);
        line = slice_from(line, c.octets);
        if (column + c.columns > to) {
            is_cut = true;
        } else if (column >= from) {
            buf_add(out, buf_slice(scratch));
        } else if (column + c.columns > from) { /* half a wide character, or part of a tab */
            for (size_t i = from; i < column + c.columns; i++) {
                buf_add_char(out, ' ');
            }
        }
        column += c.columns;
    }
    buf_add_text(out, is_cut ? "…\n" : "\n");
}

static void gutter(struct buf *out, int width)
{
    buf_addf(out, "%*s |", width, "");
}

static void print_caret(const struct doc_source *source, unsigned line, unsigned col,
                        unsigned length, const char *note, struct buf *scratch, struct buf *out)
{
    struct slice text = source_line(source, line);
    struct layout l = measure(text, col, length, scratch);
    size_t from = 0;
    size_t to = l.total;
    if (l.total > LINE_COLUMNS) {
        from = l.start > BEFORE_CARET ? l.start - BEFORE_CARET : 0;
        to = from + LINE_COLUMNS;
    }
    char number[16];
    int width = snprintf(number, sizeof number, "%u", line);
    gutter(out, width);
    buf_addf(out, "\n%s | ", number);
    show_window(text, from, to, scratch, out);
    gutter(out, width);
    size_t end = l.end < to || l.start >= to ? l.end : to;
    for (size_t i = from; i < l.start + 1 + (from != 0); i++) {
        buf_add_char(out, ' ');
    }
    for (size_t i = l.start; i < end; i++) {
        buf_add_char(out, '^');
    }
    if (note[0] != '\0') {
        buf_addf(out, " %s", note);
    }
    buf_add_char(out, '\n');
}

void doc_print_caret(const struct doc_source *source, unsigned line, unsigned col, unsigned length,
                     const char *note, struct buf *out)
{
    if (source == NULL || line == 0) {
        return;
    }
    struct buf scratch;
    buf_init(&scratch, 64);
    print_caret(source, line, col, length, note != NULL ? note : "", &scratch, out);
    buf_release(&scratch);
}

void doc_errors_print(const struct doc_errors *e, struct buf *out)
{
    for (size_t i = 0; i < e->count; i++) {
        const struct doc_error *d = &e->list[i];
        if (d->source != NULL) {
            buf_addf(out, "%s:", d->source->name);
        }
        if (d->line != 0) {
            buf_addf(out, "%u:%u:", d->line, d->col);
        }
        buf_addf(out, "%s%s: %s\n", d->source != NULL || d->line != 0 ? " " : "",
                 d->is_warning ? "warning" : "error", d->text);
        doc_print_caret(d->source, d->line, d->col, d->length, "", out);
    }
    if (e->dropped != 0) {
        buf_addf(out, "and %zu more\n", e->dropped);
    }
}
