/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The regression set of the mapper: labelled replies as JSON lines, one row per line, each with its
 * source (docs/diagnosis.md has the format). Reading is strict: an unknown key or cause, a second
 * use of an id, a row without a source is an error with its line.
 */
#ifndef SMTPDX_DIAGNOSE_REGRESS_H
#define SMTPDX_DIAGNOSE_REGRESS_H

#include "diagnose/diagnose.h"

enum { REGRESS_ACCEPTABLE_MAX = 8 };

struct regress_row {
    struct slice id, provider, reply, source, note;
    struct slice mechanism, user, claims; /* n == 0: not known */
    enum stage stage;
    enum cause cause;
    enum cause acceptable[REGRESS_ACCEPTABLE_MAX]; /* coarser or shared with another row */
    size_t acceptable_count;
    enum sureness sure_max; /* the text does not allow more, however well it is known */
    unsigned line;
};

struct regress_set {
    const struct regress_row *rows;
    size_t count;
};

/* Rows live in the arena. Empty lines are skipped. `file` is named in errors only.
 * Errors: ERR_SYNTAX, ERR_INVALID; why has file and line. */
enum err regress_read(struct slice text, const char *file, struct arena *arena,
                      struct regress_set *out, struct why *why) MUST_USE;

/* Appends the JSON Schema of a row. */
void regress_schema(struct buf *out);

/* What an answer is worth.
 * REGRESS_SILENT: unknown where there was an answer. */
enum regress_mark {
    REGRESS_EXACT,
    REGRESS_COARSER,
    REGRESS_SILENT,
    REGRESS_WRONG,
    REGRESS_MARK_COUNT
};
const char *regress_mark_slug(enum regress_mark mark);
enum regress_mark regress_mark_of(const struct regress_row *row, const struct diagnosis *d);
/* Certain, and either wrong or about a text that has had several causes. */
bool regress_is_oversure(const struct regress_row *row, const struct diagnosis *d);

/* The row as evidence. A provider that the registry does not have is not given. */
struct evidence regress_evidence(const struct regress_row *row, const struct registry *providers,
                                 bool with_provider);

#endif
