/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the files of `smtpdx explain`: what was asked for, and the ways in and out.
 *
 *   cmd_explain.c     options, what is explained
 *   explain_input.c   JSON lines, replies and pasted sessions from a descriptor, in constant memory
 *   explain_session.c pasted sessions
 *   explain_text.c    a diagnosis for a person
 *   explain_cause.c   what is known of a cause
 *   explain_audit.c   the mapper held against labelled replies
 */
#ifndef SMTPDX_CLI_EXPLAIN_H
#define SMTPDX_CLI_EXPLAIN_H

#include "diagnose/diagnose.h"

enum explain_form { EXPLAIN_AUTO, EXPLAIN_JSON, EXPLAIN_REPLIES, EXPLAIN_SESSION };

struct explain {
    const struct registry *registry; /* borrowed */
    const struct mapper *mapper;     /* borrowed */
    struct evidence given;           /* by options; a line of JSON may say otherwise */
    enum explain_form form;
    bool is_json;
    size_t columns;   /* of the text for a person */
    struct buf out;   /* not yet written */
    bool has_printed; /* answers before this one: an empty line stands between */
    unsigned long explained, unknown, bad;
    unsigned long sessions; /* of this text */
    enum cause last_cause;  /* of the session before; CAUSE_UNKNOWN: none, or another outcome */
    struct buf last_reply;  /* likewise */
};

/* Judges one reply and appends the answer to x->out. extra (may be NULL) adds pairs in front. */
void explain_reply(struct explain *x, const struct evidence *e);

/*
 * Everything that comes from the descriptor, up to its end; writes to standard output.
 * name is for messages. False when it cannot be read (said on standard error).
 */
bool explain_stream(struct explain *x, int fd, const char *name) MUST_USE;
/* The same for a text given as an argument. */
void explain_argument(struct explain *x, struct slice text);
/* Writes what is in x->out. */
void explain_flush(struct explain *x);
/* For each answer: it is counted, and an empty line stands between two. */
void explain_count(struct explain *x, const struct diagnosis *d);
void explain_between(struct explain *x);

struct paste;
struct json_line;
/* A line of a text with one session or several; what one comes to is said when the next begins. */
void explain_session_line(struct explain *x, struct paste *p, struct slice text);
void explain_session_end(struct explain *x, struct paste *p);
/* A JSON object with a whole session in it: one answer, of several sessions the last one's. */
void explain_session_object(struct explain *x, const struct json_line *l);

/* Appends the text for a person; reply is quoted, and may be empty. */
void explain_text(const struct diagnosis *d, const struct evidence *e, size_t columns,
                  struct buf *out);
/* Appends "name   text" with the text wrapped and indented; every octet made harmless. */
void explain_field(const char *name, struct slice text, size_t columns, struct buf *out);

/* Takes one line of at most columns off *rest; a word that is longer is broken only where it is no
 * link. The text has to be harmless already. */
struct slice explain_take_line(struct slice *rest, size_t columns);

/* What is known of one cause, of one provider (or NULL: all), appended to out. */
void explain_cause(const struct registry *registry, const struct provider *provider,
                   enum cause cause, size_t columns, struct buf *out);
void explain_cause_json(const struct registry *registry, const struct provider *provider,
                        enum cause cause, struct buf *out);

/* The mapper held against the rows of a file (NULL: those that ship). Prints; returns the exit
 * status: 1 when an answer was certain and wrong, or surer than the row allows. */
int explain_audit(const struct registry *registry, const char *path, bool is_json);

/* For a person; also used where causes are listed. */
const char *explain_who(enum cause_who who);
const char *explain_retry(enum cause_retry retry);
/* Width for text that a person reads: the terminal's, or the usual one. */
size_t explain_columns(void);

#endif
