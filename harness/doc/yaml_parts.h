/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the YAML reader: octets before libyaml sees them, and words after it gave up. */
#ifndef SMTPDX_DOC_YAML_PARTS_H
#define SMTPDX_DOC_YAML_PARTS_H

#include "doc/node.h"

#include <yaml.h>

/*
 * Finds the octet that a place of libyaml stands for. Its marks count code points, so that the line
 * is walked; places come in order, so that each walk goes on where the last one ended.
 */
struct yaml_cursor {
    struct slice text;
    const size_t *line_starts; /* offsets; line_count of them */
    size_t line_count;
    size_t line, col, offset; /* where the last walk ended */
};
void yaml_cursor_init(struct yaml_cursor *c, struct slice text, struct arena *arena);
size_t yaml_cursor_offset(struct yaml_cursor *c, size_t line, size_t col); /* from 0 */

/*
 * Refuses what is no text before libyaml sees it: invalid UTF-8 (libyaml leaves its place at zero),
 * control characters, line ends that only YAML knows. False when there was an error.
 */
bool yaml_check_octets(const struct doc_source *source, struct doc_errors *errors);

/* Says in plain words why libyaml gave up, and what to write instead. */
void yaml_report_failure(const yaml_parser_t *parser, const struct doc_source *source,
                         struct yaml_cursor *cursor, struct doc_errors *errors);

#endif
