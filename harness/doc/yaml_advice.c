/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libyaml says when it gives up helps few people. Each row: a part of its words, the character
 * at the place (0: any), what we say instead. The first row that fits wins; if none does, its own
 * words are shown.
 */
#include "doc/yaml_parts.h"

#include <string.h>

/* clang-format off */
static const struct advice {
    const char *problem;
    char at;             /* character at the place, 0 for any */
    char before;         /* character before it, 0 for any */
    bool is_at_context;  /* the mistake stands where the construct began */
    const char *text;
} advices[] = {
    { "did not find expected ',' or", '{', '$', false,
      "an unquoted ${…} inside [ ] or { } does not parse, its braces belong to the flow: quote it, or use block style" },
    { "did not find expected ',' or", ':', 0, false,
      "a ':' inside an unquoted text: quote the whole text (or the list or mapping around it is not closed)" },
    { "did not find expected ',' or", 0, 0, true,
      "this list or mapping has no end where one is expected: close it, put a ',' between the items, and quote a text that holds , : # [ ] { or }" },
    { "mapping values are not allowed in this context", 0, 0, false,
      "': ' inside an unquoted text: quote the whole text (or, if this is a key, indent it like the keys before it)" },
    { "found character that cannot start any token", '\t', 0, false,
      "a tab cannot indent: use spaces" },
    { "found character that cannot start any token", '%', 0, false, "a text that begins with % must be quoted" },
    { "found character that cannot start any token", '@', 0, false, "a text that begins with @ must be quoted" },
    { "found character that cannot start any token", '`', 0, false, "a text that begins with ` must be quoted" },
    { "found a tab character", 0, 0, false, "a tab cannot indent: use spaces" },
    { "did not find expected alphabetic or numeric character", 0, 0, true,
      "a text that begins with * or & must be quoted (they are YAML's aliases and anchors)" },
    { "found unexpected end of stream", 0, 0, true, "the quote that begins here is never closed" },
    { "found unknown escape character", 0, 0, false,
      "no such escape in a double-quoted text: use single quotes, or double the backslash" },
    { "did not find expected hexdecimal number", 0, 0, false, "\\x, \\u and \\U need 2, 4 and 8 hexadecimal digits" },
    { "found invalid Unicode character escape code", 0, 0, false, "no such Unicode character" },
    { "could not find expected ':'", 0, 0, true,
      "a key needs a ':' behind it on the same line (and has at most 1024 characters)" },
    { "did not find expected comment or line break", 0, 0, false,
      "nothing but a comment may follow here; a text that begins with | or > must be quoted" },
    { "did not find expected key", 0, 0, false,
      "does not fit into the mapping around it: check the indentation, and quote a text that goes on after its closing quote" },
    { "did not find expected '-' indicator", 0, 0, false,
      "does not fit into the list around it: check the indentation and the '-'" },
    { "block sequence entries are not allowed in this context", 0, 0, false,
      "a list cannot begin on the line of its key: put the '-' on the next line" },
    { "did not find expected <document start>", 0, 0, false,
      "something stands behind the end of the document: check the indentation" },
    { "did not find expected node content", 0, 0, false, "a value is missing here" },
    { "found undefined tag handle", 0, 0, true, "tags are not allowed: a text that begins with ! must be quoted" },
    { "exceeded maximum depth", 0, 0, false, "nested too deeply" },
};
/* clang-format on */

static char char_at(struct slice text, size_t at)
{
    return at < text.n ? text.p[at] : '\0';
}

static const struct advice *find_advice(const char *problem, struct slice text, size_t at)
{
    for (size_t i = 0; i < COUNT(advices); i++) {
        const struct advice *a = &advices[i];
        if (strstr(problem, a->problem) != NULL && (a->at == 0 || a->at == char_at(text, at)) &&
            (a->before == 0 || (at > 0 && text.p[at - 1] == a->before))) {
            return a;
        }
    }
    return NULL;
}

static struct node place_of(const struct doc_source *source, yaml_mark_t mark)
{
    return (struct node){.line = (unsigned)mark.line + 1,
                         .col = (unsigned)mark.column + 1,
                         .length = 1,
                         .source = source};
}

void yaml_report_failure(const yaml_parser_t *parser, const struct doc_source *source,
                         struct yaml_cursor *cursor, struct doc_errors *errors)
{
    if (parser->error == YAML_MEMORY_ERROR) {
        die_no_memory();
    }
    const char *problem = parser->problem != NULL ? parser->problem : "not YAML";
    size_t offset =
        yaml_cursor_offset(cursor, parser->problem_mark.line, parser->problem_mark.column);
    const struct advice *a = find_advice(problem, source->text, offset);
    bool at_context = a != NULL && a->is_at_context && parser->context != NULL;
    struct node at = place_of(source, at_context ? parser->context_mark : parser->problem_mark);
    if (a != NULL) {
        doc_error_at(errors, &at, "%s", a->text);
    } else {
        doc_error_at(errors, &at, "%s%s%s", parser->context != NULL ? parser->context : "",
                     parser->context != NULL ? ": " : "", problem);
    }
}
