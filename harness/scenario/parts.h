/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this layer need of one another. */
#ifndef SMTPDX_SCENARIO_PARTS_H
#define SMTPDX_SCENARIO_PARTS_H

#include "scenario/bind.h"
#include "scenario/head.h"
#include "scenario/match.h"

/* ---- server.c, subject.c: defaults before reading, checks and derived values after ---- */
void server_init(struct spec_server *s);
void server_finish(struct bind *b, struct spec_server *s);
const char *server_occasion(enum stage stage); /* where a rule for a stage stands; NULL: nowhere */
void probe_init(struct spec_probe *p);
void probe_finish(struct bind *b, struct spec_probe *p, bool is_live);
void endpoint_init(struct spec_endpoint *e);
void endpoint_finish(struct bind *b, const char *name, struct spec_endpoint *e);
void classify_init(struct spec_classify *c);
void classify_finish(struct bind *b, struct spec_classify *c);

/* ---- mapper.c ---- */
void mapper_finish(struct bind *b, const struct spec_classify *c); /* command, map, timeout */

/* ---- rerun.c: may this scenario be tried again as a whole? NULL when it says nothing of it. ----
 */
const struct spec_rerun *rerun_make(struct bind *b, const struct node *scenario,
                                    const struct scenario_head *h);

/* ---- match.c ---- */
void match_check_text(const struct node *matcher, struct doc_errors *errors);
void match_check_shape(const struct shape *shape, const struct node *expect,
                       struct doc_errors *errors);

/* ---- subst.c: ${…} in parsed scalars ---- */
enum { SCOPE_SECRETS_MAX = 62 };
struct scope {
    struct arena *arena;
    struct doc_errors *errors;
    const struct node *vars; /* map; NULL: none */
    const struct node *row;  /* map; NULL: no table here */
    const struct node *axes; /* map; NULL: no matrix here */
    const struct spec_secret *secrets;
    size_t secret_count;
    bool may_env; /* under vars and secrets */
    const struct load_options *options;
    uint64_t used_secrets;               /* bit per secret */
    const struct node *used_columns[64]; /* keys of the row that were named */
    size_t used_count;
    uint64_t used_axes; /* bit per axis */
    const struct node *captures[CAPTURES_MAX]; /* names, where they are captured */
    size_t capture_count;
    uint32_t used_captures; /* bit per name */
};
/* The node itself when nothing in it changes. Never NULL. */
const struct node *scope_apply(struct scope *s, const struct node *n);

/* ---- merge.c ---- */
/* over wins; mappings are merged deeply, matchers and all else are replaced. Either may be NULL. */
const struct node *merge_nodes(struct arena *arena, const struct node *under,
                               const struct node *over);
/* A mapping without some keys; NULL-terminated names. */
const struct node *merge_without(struct arena *arena, const struct node *map,
                                 const char *const *names);
const struct node *merge_with(struct arena *arena, const struct node *map, const char *key,
                              const struct node *value);
bool match_is_operator(struct slice key);

/* ---- wire.c: `via: wire` ---- */
/* What plays a classify reply from a fake server and reads it with a probe. False after an error.
 */
bool wire_build(struct bind *b, const struct spec_classify *c, struct spec_server *server,
                struct spec_probe *probe, const char **secret);
#define WIRE_PASSWORD     "wire-password"
#define WIRE_APP_PASSWORD "wire-app-password"
#define WIRE_TOKEN        "wire-token"

/* ---- axes.c: the form of cases, matrix, exclude and count ---- */
enum { AXES_MAX = 16 };
#define AXES_ROWS_FORM "'cases' is a list of rows: - { id: name, … }; or { replies: PROVIDER }; or { from: FILE }"
bool axes_check(struct bind *b, const struct scenario_head *h);
bool axes_check_id(struct bind *b, const struct node *n, const char *what);

/* ---- replies.c: `cases: { replies: PROVIDER }` ---- */
/* One row per reply of the provider, as a list of mappings. NULL after an error. */
const struct node *replies_rows(struct bind *b, const struct node *cases);

/* ---- rows.c: `cases: { from: FILE }` ---- */
/* The lines of a JSON-lines file as a list of mappings. NULL after an error. */
const struct node *rows_from_file(struct bind *b, const struct node *cases);

/* ---- where.c: which of such rows ---- */
/* The form of `where`, and that its columns are among these. False after an error. */
bool where_check(struct bind *b, const struct node *where, const char *const *columns, size_t count);
/* Every value that is named is some row's. where may be NULL. False after an error. */
bool where_check_values(struct bind *b, const struct node *where, const struct node *rows);
/* The rows that are like where (NULL: all) and not like without (NULL: none; a mapping, or a list of
 * mappings). */
const struct node *where_keep(struct bind *b, const struct node *where, const struct node *without,
                              const struct node *rows);

/* ---- file.c and expand.c: a file with its includes, and its cases ---- */
struct file_state {
    struct bind bind;
    const struct load_options *options;
    struct doc_errors errors;
    struct file_head head;
    const struct node *root;
    const struct node *vars;                           /* substituted, includes merged */
    const struct node *servers, *endpoints, *defaults; /* merged, not substituted */
    const struct node *secrets;
    struct spec_secret *secret_list;
    size_t secret_count;
    struct suite *suite;
    struct spec_case *cases;
    size_t case_count;
    struct mask_list {
        uint64_t mask;
        const struct spec_secret *list;
        size_t count;
    } masks[32];
    size_t mask_count;
};
void expand_scenarios(struct file_state *f);
/* The path of a file that is named from the folder of another one. In the arena. */
const char *file_beside(struct arena *arena, const char *file, struct slice name);
/* A scenario with the file's defaults beneath it (merge.c). */
const struct node *merge_defaults(struct file_state *f, const struct node *n);
enum { CASES_MAX = 20000 };

#endif
