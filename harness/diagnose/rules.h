/* SPDX-License-Identifier: Apache-2.0 */
/* Rules compiled from the replies in provider files. */
#ifndef SMTPDX_DIAGNOSE_RULES_H
#define SMTPDX_DIAGNOSE_RULES_H

#include "diagnose/diagnose.h"
#include "diagnose/said.h"

enum { RULE_PIECES_MAX = 12 };

struct rule {
    const struct provider *provider;
    const struct provider_reply *reply;
    enum cause cause;
    enum sureness sure;
    unsigned code;
    struct enhanced enhanced;
    struct slice pieces[RULE_PIECES_MAX]; /* words between the placeholders, in order */
    size_t piece_count;
    size_t length;         /* octets of all pieces: how much it says */
    bool is_open_at_start; /* begins with a placeholder */
};

struct rule_set {
    const struct provider *provider;
    struct rule *list;
    size_t count;
    bool is_generic; /* the file "generic": anybody's server */
};

struct mapper {
    struct arena arena;
    const struct registry *providers;
    struct rule_set *sets;
    size_t set_count;
};

/* How well a rule fits. A larger one fits better, part by part in this order. */
struct fit {
    bool is_match;
    bool is_whole;      /* nothing but ids, hosts and times around it */
    bool has_codes;     /* no code speaks against it */
    bool has_stage;     /* said where the provider says it */
    bool is_submission; /* not the inbound side's */
    size_t length;
};
struct fit rule_fit(const struct rule *rule, const struct said *said, enum stage stage);
bool fit_is_better(const struct fit *a, const struct fit *b);

enum err rule_compile(const struct provider *p, const struct provider_reply *reply,
                      struct arena *arena, struct rule *out, struct why *why) MUST_USE;

#endif
