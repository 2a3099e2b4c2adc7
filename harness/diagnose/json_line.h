/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence as one JSON object and the diagnosis as another: the form in which programs talk to the
 * mapper, a line each (docs/explain.md). Nothing of the input is copied, and no tree is built.
 */
#ifndef SMTPDX_DIAGNOSE_JSON_LINE_H
#define SMTPDX_DIAGNOSE_JSON_LINE_H

#include "diagnose/diagnose.h"
#include "doc/json_scan.h"

enum { JSON_LINE_KEYS_MAX = 64, JSON_LINE_OFFERED_MAX = 64 };

struct input_key;
struct json_line_key {
    const struct input_key *input; /* NULL: the caller's own, or a part of the answer */
    bool is_answer;
};

/* One line while it is worked on; the fields are the module's own but for those that say so. */
struct json_line {
    const struct registry *registry; /* borrowed */
    struct evidence evidence;        /* read: borrows from the text and from here */
    struct slice unknown_provider;   /* read: a name without a provider file, or empty */
    struct slice session;            /* read: a whole one in place of a reply, or empty */
    struct json_seen_pair pairs[JSON_LINE_KEYS_MAX];
    /* By place, of the line before: those of one stream have the same keys in the same order, mostly. */
    struct json_guess guesses[JSON_LINE_KEYS_MAX];
    struct json_line_key keys[JSON_LINE_KEYS_MAX];
    const struct provider *last_provider;
    size_t count;
    uint64_t kept; /* bit i: pair i is the caller's own and goes into the answer */
    struct slice offered_clear[JSON_LINE_OFFERED_MAX], offered_tls[JSON_LINE_OFFERED_MAX];
    struct slice certificate_names[JSON_LINE_OFFERED_MAX];
    struct buf room; /* strings that had escapes */
};

void json_line_init(struct json_line *l, const struct registry *registry);
void json_line_release(struct json_line *l); /* may be called twice */

/*
 * Reads one object. What it does not say is taken from given.
 *
 *   text   one object; borrowed until the next call
 *
 * A provider that no file describes is no error: the reply is judged without. Errors: ERR_SYNTAX,
 * ERR_LIMIT, ERR_INVALID (no object; a value of the wrong kind; an unknown stage, credential or
 * fault, with the nearest known one); why has the column where the grammar is at fault. Even then
 * the caller's own keys that were read are kept.
 */
enum err json_line_read(struct json_line *l, struct slice text, const struct evidence *given,
                        struct why *why) MUST_USE;

/* Appends "key":value of what the input held that is neither evidence nor the name of a part of the
 * answer, in its order. For use behind '{'. */
void json_line_add_kept(const struct json_line *l, struct buf *out);

/* Puts together what answers say of a cause and of what is to be done, for as long as the arena lives.
 * `tell`: how the cause is told from others. */
void cause_render(enum cause cause, const char *tell, struct arena *arena, struct cause_json *out);
void advice_render(struct advice *advice, struct arena *arena);

/* Appends the parts of the answer, in the order of docs/explain.md, behind '{' or another pair. The
 * names and values are those of diagnosis_to_json, and more. */
void json_line_add_diagnosis(const struct diagnosis *d, struct buf *out);

#endif
