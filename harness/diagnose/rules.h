/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The replies of all provider files, compiled once: sentences into word patterns behind an index of
 * their first two words, codes without words into a short list. Read-only afterwards.
 */
#ifndef SMTPDX_DIAGNOSE_RULES_H
#define SMTPDX_DIAGNOSE_RULES_H

#include "diagnose/diagnose.h"
#include "diagnose/words.h"

struct token {
    uint64_t hash; /* 0: star */
};

struct rule {
    const struct provider_reply *reply;
    const char *place; /* "providers/outlook.yaml:88" */
    enum cause cause;
    enum sureness sure;
    const struct token *tokens;
    size_t token_count, literals;
    bool leads_star;  /* anything may stand before it */
    bool ends_star;   /* anything may follow */
    uint64_t *owners; /* bit set: providers whose file, or whose base's file, holds it */
    size_t home;      /* index of the provider whose own file it is in */
    uint32_t next;    /* next rule with the same key, as index + 1; 0: none */
};

struct rule_slot {
    uint64_t key; /* 0: free */
    uint32_t first;
};

struct rules {
    struct arena arena;
    const struct registry *registry;
    struct filler filler;
    struct rule *list; /* with words */
    size_t count;
    struct rule *codes; /* without */
    size_t code_count;
    struct rule_slot *slots; /* a power of two, at most half full */
    size_t slot_mask;
    size_t generic; /* index of the provider "generic", SIZE_MAX if there is none */
};

/* Errors: ERR_INVALID; why has file and line of the reply. */
enum err rules_build(const struct registry *registry, struct rules *out, struct why *why) MUST_USE;
void rules_release(struct rules *r);

/* First rule whose pattern begins with these words (second 0: with the first word alone), or NULL;
 * then rule_next. */
const struct rule *rules_at(const struct rules *r, uint64_t first, uint64_t second);
const struct rule *rule_next(const struct rules *r, const struct rule *rule);
bool rule_is_of(const struct rule *rule, size_t provider);

/* Matches from word `at`; *end is the word behind the last that matched. */
bool rule_matches(const struct rule *rule, const struct words *w, size_t at, size_t *end);

/* Pattern of a greeting or reply: tokens without trailing noise. */
void rule_compile(const struct filler *filler, struct slice text, struct arena *arena,
                  struct rule *out);

#endif
