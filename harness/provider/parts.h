/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of this folder: one provider file on its way from text to struct provider. */
#ifndef SMTPDX_PROVIDER_PARTS_H
#define SMTPDX_PROVIDER_PARTS_H

#include "provider/provider.h"

/* One file as it was read. */
struct provider_file {
    const char *name;           /* "outlook" */
    const char *path;           /* "providers/outlook.yaml" */
    const struct node *root;    /* as written; NULL when it did not parse */
    const struct node *merged;  /* with what `extends:` brings in */
    const struct node *sources; /* short name -> source, of this file only */
    bool is_merging;
};

struct provider_files {
    struct arena *arena;
    struct provider_file *list; /* by name */
    size_t count;
};

/* Checks one file against the schema of provider files; every error has its place. */
void provider_check(const struct node *root, struct doc_errors *errors);

/* Sets merged of every file. Errors: unknown or circular `extends:`. */
void provider_merge(struct provider_files *files, struct doc_errors *errors);

/* Builds the provider of a checked and merged file. Strings live in the arena. */
void provider_build(const struct provider_files *files, const struct provider_file *file,
                    struct provider *out);

/* The codes a reply text begins with: the reply code (0: none) and what follows it. */
struct reply_head {
    unsigned code;
    struct slice enhanced; /* empty: none */
    struct slice text;     /* words behind the codes, first line */
};
struct reply_head reply_head_of(struct slice text);
/* What is wrong with a whole reply text, or NULL: codes that differ between lines, the wrong
 * separator, a placeholder that does not exist, a line no server may send (RFC 5321 4.5.3.1.5). */
const char *reply_text_fault(struct slice text);

#endif
