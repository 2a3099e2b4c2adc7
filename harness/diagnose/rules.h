/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The replies of all provider files, compiled once: sentences into word patterns behind an index of
 * their first two words, codes without words into a short list. Read-only afterwards.
 */
#ifndef SMTPDX_DIAGNOSE_RULES_H
#define SMTPDX_DIAGNOSE_RULES_H

#include "diagnose/diagnose.h"
#include "diagnose/words.h"

enum { RULE_STARTS = 8192 };

struct token {
    uint64_t hash; /* 0: star */
};

struct rule {
    const struct provider_reply *reply;
    const char *place; /* "providers/outlook.yaml:88" */
    enum cause cause;
    enum sureness sure;
    enum cause alternatives[DIAGNOSIS_ALTERNATIVES_MAX];
    size_t alternative_count;
    unsigned code;               /* of the reply, 0: none */
    char enhanced[ENHANCED_MAX]; /* of the reply, filled up with NUL; "": none */
    const struct token *tokens;
    size_t token_count, literals;
    bool leads_star;  /* anything may stand before it */
    bool ends_star;   /* anything may follow */
    uint64_t *owners; /* bit set: providers whose file, or whose base's file, holds it */
    size_t home;      /* index of the provider whose own file it is in */
    uint32_t next;    /* next rule with the same key, as index + 1; 0: none */
};

/* What is to be done about a cause. */
struct advice {
    const struct provider_advice *text; /* NULL: nothing is known */
    enum cause_who who;
    enum cause_retry retry;
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
    uint64_t starts[RULE_STARTS / 64]; /* bit set: words that a pattern may begin with */
    const struct rule **by_enhanced;   /* those of list that show one, by it, then in their order */
    size_t enhanced_count;
    struct advice *advice; /* by provider, one more for none, and cause */
    size_t generic; /* index of the provider "generic", SIZE_MAX if there is none */
};

/* Errors: ERR_INVALID; why has file and line of the reply. */
enum err rules_build(const struct registry *registry, struct rules *out, struct why *why) MUST_USE;
void rules_release(struct rules *r);

/* Rules of list that show exactly this enhanced code; *count of them. */
const struct rule *const *rules_with_enhanced(const struct rules *r,
                                              const char enhanced[ENHANCED_MAX], size_t *count);
/* The provider's own advice; that for everybody where it has none. provider may be SIZE_MAX. */
const struct advice *rules_advice(const struct rules *r, size_t provider, enum cause cause);
/* False: no pattern begins with this word. */
static inline bool rules_start_with(const struct rules *r, uint64_t word)
{
    return (r->starts[word % RULE_STARTS / 64] >> (word % 64) & 1) != 0;
}
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
