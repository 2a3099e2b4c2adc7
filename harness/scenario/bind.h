/* SPDX-License-Identifier: Apache-2.0 */
/* Reads nodes into specs by table; every mistake becomes an error at its place. */
#ifndef SMTPDX_SCENARIO_BIND_H
#define SMTPDX_SCENARIO_BIND_H

#include "scenario/table.h"

struct bind {
    struct arena *arena;
    struct doc_errors *errors;
    const struct registry *providers;
    bool may_capture; /* a step is being read: captured values may stand in it */
};

/* Fills out (of shape->size octets, zeroed by the caller) from a mapping. */
void bind_map(struct bind *b, const struct shape *shape, const struct node *n, void *out);
/* Only the keys: are they known, are the required ones there? For what is read later. */
void bind_check_keys(struct bind *b, const struct shape *shape, const struct node *n);
void bind_field(struct bind *b, const struct field *f, const struct node *value, void *out);

/* One value; false after an error was added. what: the key, for the text. */
bool bind_text(struct bind *b, const char *what, const struct node *n, struct slice *out);
bool bind_count(struct bind *b, const char *what, const struct node *n, unsigned min, unsigned max,
                unsigned *out);
bool bind_duration(struct bind *b, const char *what, const struct node *n, int64_t *out);
bool bind_bool(struct bind *b, const char *what, const struct node *n, bool *out);
const struct choice *bind_choice(struct bind *b, const char *what, const struct node *n,
                                 const struct choices *choices);
bool bind_parts(struct bind *b, const char *what, const struct node *n, struct spec_text *out);

/* Growing arrays in the arena. */
void *bind_grow(struct bind *b, const void *list, size_t count, size_t size);

/* ---- where a runtime part stands in a substituted text: an octet that no YAML text can hold ----
 */
#define BIND_PART_BEGIN '\xFF'
#define BIND_PART_END   '\xFE'

/* Readers of FIELD_CUSTOM rows. */
void read_like(struct bind *b, const struct field *f, const struct node *value, void *out);
void read_says(struct bind *b, const struct field *f, const struct node *value, void *out);
void read_on(struct bind *b, const struct field *f, const struct node *value, void *out);
void read_script(struct bind *b, const struct field *f, const struct node *value, void *out);
void read_versions(struct bind *b, const struct field *f, const struct node *value, void *out);
void read_steps(struct bind *b, const struct field *f, const struct node *value, void *out);
void read_reply_text(struct bind *b, const struct field *f, const struct node *value, void *out);
void read_claims(struct bind *b, const struct field *f, const struct node *value, void *out);
void read_rerun_causes(struct bind *b, const struct field *f, const struct node *value, void *out);
void read_date(struct bind *b, const struct field *f, const struct node *value, void *out);
/* Actions of one rule: a scalar, a mapping, or a list of these. */
void action_read(struct bind *b, const struct node *value, struct spec_rule *rule);

#endif
