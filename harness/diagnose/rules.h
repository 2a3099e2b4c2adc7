/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The replies of all provider files, compiled once: sentences into word patterns behind an index of
 * their first two words, codes without words into a short list. Read-only afterwards.
 */
#ifndef SMTPDX_DIAGNOSE_RULES_H
#define SMTPDX_DIAGNOSE_RULES_H

#include "diagnose/diagnose.h"
#include "diagnose/words.h"

enum { RULE_STARTS = 32768 };

struct token {
    uint64_t hash; /* 0: star */
};

struct rule {
    const struct provider_reply *reply;
    const char *place; /* "providers/outlook.yaml:88" */
    const char *said_own, *said_home; /* whose sentence it is, with the place: to its provider, to others */
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
    struct slice json_who, json_text; /* as they stand in an answer (json_answer.c) */
};

/* What an answer in JSON says of a cause, whatever the reply: put together once. */
struct cause_json {
    struct slice cause, sentence, alternative;
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
    uint64_t starts[RULE_STARTS / 64]; /* bit set: words, and pairs of words, that patterns begin with */
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
static inline uint64_t rules_key(uint64_t first, uint64_t second)
{
    uint64_t key = first ^ (second * 0x9e3779b97f4a7c15U);
    key ^= key >> 29;
    return key != 0 ? key : 1;
}
const struct rule *rules_of_key(const struct rules *r, uint64_t key);
/* First rule whose pattern begins with these words (second 0: with the first word alone), or NULL;
 * then rule_next. Most pairs of words begin none, which one bit tells. */
static inline const struct rule *rules_at(const struct rules *r, uint64_t first, uint64_t second)
{
    uint64_t key = rules_key(first, second);
    bool may_be = (r->starts[key % RULE_STARTS / 64] >> (key % 64) & 1) != 0;
    return may_be ? rules_of_key(r, key) : NULL;
}
const struct rule *rule_next(const struct rules *r, const struct rule *rule);
bool rule_is_of(const struct rule *rule, size_t provider);

/* Matches from word `at`; *end is the word behind the last that matched. */
bool rule_matches(const struct rule *rule, const struct words *w, size_t at, size_t *end);

/* The same where rules_at has found that it begins there. */
bool rule_goes_on(const struct rule *rule, const struct words *w, size_t at, size_t *end);

/* Pattern of a greeting or reply: tokens without trailing noise. */
void rule_compile(const struct filler *filler, struct slice text, struct arena *arena,
                  struct rule *out);

#endif
