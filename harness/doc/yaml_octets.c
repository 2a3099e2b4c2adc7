/* SPDX-License-Identifier: Apache-2.0 */
/* The octets of a YAML file before the parser: UTF-8, control characters, places. RFC 3629. */
#include "doc/yaml_parts.h"

#include "base/text.h"

enum {
    POINT_DEL = 0x7F,
    POINT_NEL = 0x85,
    POINT_C1_END = 0x9F,
    POINT_LINE_SEPARATOR = 0x2028,
    POINT_PARAGRAPH_SEPARATOR = 0x2029,
    POINT_BOM = 0xFEFF,
    POINT_NON_CHARACTER = 0xFFFE,
    POINT_SURROGATES = 0xD800,
    POINT_SURROGATES_END = 0xDFFF,
};

void yaml_cursor_init(struct yaml_cursor *c, struct slice text, struct arena *arena)
{
    size_t lines = 1;
    for (size_t i = 0; i < text.n; i++) {
        lines += text.p[i] == '\n';
    }
    size_t *starts = arena_array(arena, lines, sizeof *starts);
    size_t n = 1;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\n') {
            starts[n++] = i + 1;
        }
    }
    *c = (struct yaml_cursor){.text = text, .line_starts = starts, .line_count = lines};
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xC0U) == 0x80U;
}

size_t yaml_cursor_offset(struct yaml_cursor *c, size_t line, size_t col)
{
    if (line >= c->line_count) {
        return c->text.n;
    }
    if (line != c->line || col < c->col) {
        c->line = line;
        c->col = 0;
        c->offset = c->line_starts[line];
    }
    while (c->col < col && c->offset < c->text.n) {
        c->offset++;
        while (c->offset < c->text.n && is_continuation(c->text.p[c->offset])) {
            c->offset++;
        }
        c->col++;
    }
    return c->offset;
}

/* Why a code point may not stand in a file, or NULL. */
static const char *refuse_point(uint32_t point)
{
    if (point == '\t' || point == '\n') {
        return NULL;
    }
    if (point < ' ' || (point >= POINT_DEL && point <= POINT_C1_END && point != POINT_NEL)) {
        return "a control character; write it as an escape in a double-quoted text";
    }
    if (point == POINT_NEL || point == POINT_LINE_SEPARATOR || point == POINT_PARAGRAPH_SEPARATOR) {
        return "a line end that only YAML knows; use LF, or an escape in a double-quoted text";
    }
    if (point == POINT_BOM) {
        return "a byte order mark inside the file; remove it";
    }
    if (point == POINT_NON_CHARACTER || point == POINT_NON_CHARACTER + 1 ||
        (point >= POINT_SURROGATES && point <= POINT_SURROGATES_END)) {
        return "not a character; remove it";
    }
    return NULL;
}

static void refuse(const struct doc_source *source, struct doc_errors *errors, unsigned line,
                   unsigned col, size_t offset, const char *what)
{
    struct node at = {.line = line, .col = col, .length = 1, .source = source};
    doc_error_at(errors, &at, "byte 0x%02X at offset %zu is %s",
                 (unsigned char)source->text.p[offset], offset, what);
}

bool yaml_check_octets(const struct doc_source *source, struct doc_errors *errors)
{
    struct slice text = source->text;
    unsigned line = 1;
    unsigned col = 1;
    size_t before = errors->errors;
    for (size_t at = 0; at < text.n && errors->errors == before;) {
        struct slice rest = slice_from(text, at);
        size_t n = text_utf8_length(rest);
        uint32_t point = n != 0 ? text_utf8_code_point(rest) : 0;
        bool is_crlf = point == '\r' && rest.n > 1 && rest.p[1] == '\n';
        if (n == 0) {
            refuse(source, errors, line, col, at, "not UTF-8; save the file as UTF-8");
            n = 1;
        } else if (point == '\r' && !is_crlf) {
            refuse(source, errors, line, col, at, "a CR without LF; end lines with LF");
        } else if (!is_crlf && refuse_point(point) != NULL) {
            refuse(source, errors, line, col, at, refuse_point(point));
        }
        at += n;
        line += point == '\n';
        col = point == '\n' ? 1 : col + 1;
    }
    return errors->errors == before;
}
