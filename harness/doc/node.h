/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A YAML document as a tree that knows where every part stands. Types come from the schema that
 * reads the tree, never from the look of a scalar: a scalar is text, and `is_plain` only says
 * whether it was unquoted. Nodes live in the arena they were parsed into and never change.
 *
 * The traps of libyaml that the parser turns into errors are listed in yaml.c.
 */
#ifndef SMTPDX_DOC_NODE_H
#define SMTPDX_DOC_NODE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAP };

/* The file a node came from; lives as long as the node's arena. */
struct doc_source {
    const char *name;  /* as the user gave it */
    struct slice text; /* the whole file, for carets */
};

struct node {
    enum node_kind kind;
    bool is_plain;     /* scalar without quotes */
    unsigned line, col; /* from 1; columns count code points */
    unsigned length;   /* columns to underline, at least 1 */
    const struct doc_source *source;
    struct slice text; /* scalar: unescaped value, may hold any octet but NUL */
    size_t count;      /* list: items; map: pairs */
    const struct node *const *items; /* list: items; map: values */
    const struct node *const *keys;  /* map only: scalars, unique */
};

struct node_limits {
    size_t file_bytes, depth, nodes, expanded_nodes, scalar_bytes;
};
extern const struct node_limits node_limits_default; /* 4 MiB, 64, 200,000, 100,000, 1 MiB */

/* Errors of one file, each with its place; the first 20 are kept and the rest counted. */
enum { DOC_ERRORS_MAX = 20 };
struct doc_error {
    const struct doc_source *source;
    unsigned line, col, length;
    bool is_warning;
    char *text; /* in the arena; says what to do instead */
};
struct doc_errors {
    struct arena *arena; /* borrowed */
    struct doc_error list[DOC_ERRORS_MAX];
    size_t count;   /* kept */
    size_t dropped; /* over the limit */
    size_t errors;  /* without warnings, dropped ones included */
};

void doc_errors_init(struct doc_errors *e, struct arena *arena);
void doc_error_at(struct doc_errors *e, const struct node *where, const char *format, ...)
    PRINTF(3, 4);
void doc_warning_at(struct doc_errors *e, const struct node *where, const char *format, ...)
    PRINTF(3, 4);
/* All errors, each as "file:line:col: error: text", the line and a caret (see LANGUAGE in docs/). */
void doc_errors_print(const struct doc_errors *e, struct buf *out);
/* The source line of a place with a caret and a note behind it; for failures at run time. */
void doc_print_caret(const struct doc_source *source, unsigned line, unsigned col, unsigned length,
                     const char *note, struct buf *out);

/*
 * Parses exactly one YAML document. name and text are copied into the arena.
 * On any error *out is NULL and the errors say why; they carry source and place.
 * Errors: ERR_SYNTAX (not YAML, or a trap), ERR_LIMIT.
 */
enum err doc_parse_yaml(const char *name, struct slice text, const struct node_limits *limits,
                        struct arena *arena, struct doc_errors *errors,
                        const struct node **out) MUST_USE;

/* Reads a whole file of at most max octets. *out is owned by the arena. Errors: ERR_IO (with why,
 * file name and what the system said), ERR_LIMIT. */
enum err doc_read_file(const char *path, size_t max, struct arena *arena, struct slice *out,
                       struct why *why) MUST_USE;

/* Value of a key, or NULL (also when map is NULL or no map). */
const struct node *node_get(const struct node *map, const char *key);
/* Place of the key itself, for "unknown key" carets; NULL when absent. */
const struct node *node_key(const struct node *map, const char *key);
/* Walks "a.b.c" through maps; NULL when any part is absent. */
const struct node *node_path(const struct node *map, const char *path);
/* Text of a scalar, or the empty slice. */
struct slice node_text(const struct node *scalar);
bool node_is_text(const struct node *scalar, const char *text);
/* The last line any part of the tree begins on. */
unsigned node_last_line(const struct node *n);
const char *node_kind_name(enum node_kind kind); /* "a scalar", "a list", "a mapping" */

/* Builders, for values made by substitution or by a program: places come from `at`. */
const struct node *node_new_scalar(struct arena *arena, const struct node *at, struct slice text);
const struct node *node_new_list(struct arena *arena, const struct node *at,
                                 const struct node *const *items, size_t count);
const struct node *node_new_map(struct arena *arena, const struct node *at,
                                const struct node *const *keys, const struct node *const *items,
                                size_t count);

#endif
