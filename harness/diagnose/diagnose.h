/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The diagnostic mapper: evidence in, cause out. Pure; no globals; safe for concurrent readers.
 * Cause is a judgement, not a lookup: how sure, why, and what else it could be are part of it.
 */
#ifndef SMTPDX_DIAGNOSE_DIAGNOSE_H
#define SMTPDX_DIAGNOSE_DIAGNOSE_H

#include "base/arena.h"
#include "base/facts.h"
#include "doc/json.h"
#include "provider/provider.h"

enum cause_who { WHO_NOBODY, WHO_USER, WHO_ADMIN, WHO_DEVELOPER, WHO_PROVIDER, WHO_NETWORK, WHO_COUNT };
enum cause_retry { RETRY_NEVER, RETRY_LATER, RETRY_AFTER_FIX, RETRY_COUNT };
const char *cause_who_slug(enum cause_who who);       /* user admin developer provider network nobody */
const char *cause_retry_slug(enum cause_retry retry); /* never later after_fix */

enum cause {
#define CAUSE(name, slug, who, retry, sentence) CAUSE_##name,
#include "base/cause.def"
#undef CAUSE
    CAUSE_COUNT
};
const char *cause_slug(enum cause cause);
const char *cause_sentence(enum cause cause);
enum cause_who cause_who(enum cause cause);
enum cause_retry cause_retry(enum cause cause);
bool cause_from_slug(struct slice slug, enum cause *out);
const char *cause_nearest(struct slice slug);

enum sureness { SURE_POSSIBLE, SURE_LIKELY, SURE_CERTAIN, SURE_COUNT };
const char *sureness_slug(enum sureness sure);

/* All that is known when a submission failed. Unset parts are zero. Everything is borrowed. */
struct evidence {
    const struct provider *provider; /* given; NULL: recognised from host and greeting */
    struct slice host;
    enum stage stage;
    enum fault fault;        /* FAULT_NONE: the reply is what there is */
    struct slice detail;     /* words to the fault */
    struct slice reply;      /* whole reply as received, any number of lines, code included; empty: none */
    struct slice greeting;
    struct slice mechanism;
    enum credential_kind credential;
    struct slice username;
    struct slice secret;     /* password or token as sent; its form and claims are looked at, it is never repeated */
    struct slice claims;     /* payload of the token as JSON, when the token itself is not at hand; goes before secret */
    int64_t now_s;           /* seconds since 1970; 0: unknown, and no token counts as expired */
    const struct slice *offered_clear; size_t offered_clear_count;
    const struct slice *offered_tls; size_t offered_tls_count;
    struct slice error_document; /* the SASL 334 JSON */
    const struct slice *certificate_names; size_t certificate_name_count; /* whom the server's is for */
    bool inside_tls, auth_sent, auth_accepted;
};

struct advice;
struct cause_json;

enum { DIAGNOSIS_ALTERNATIVES_MAX = 8, DIAGNOSIS_BECAUSE_MAX = 8 };
struct diagnosis {
    enum cause cause;        /* CAUSE_UNKNOWN: no rule matched, the reply is quoted as it came */
    enum sureness sure;
    enum cause_who who;
    enum cause_retry retry;
    const char *because[DIAGNOSIS_BECAUSE_MAX]; size_t because_count; /* words, with the rule's file and line */
    struct { enum cause cause; const char *tell; } alternatives[DIAGNOSIS_ALTERNATIVES_MAX]; size_t alternative_count;
    const char *advice, *link; /* "" if none */
    const struct provider *provider; /* given or recognised; NULL */
    enum sureness provider_sure;     /* certain: given, or the host is its own */
    const char *rule;        /* "providers/outlook.yaml:88", "" if no rule */
    unsigned code; char enhanced[16]; /* as the mapper understood the reply (unwrapped) */
    const struct cause_json *causes; const struct advice *advised; /* the mapper's, for json_line.h */
};

struct mapper; /* opaque: rules compiled from a registry */
/* The registry is borrowed and must outlive it. Errors: ERR_INVALID (a reply in a provider file cannot
 * be compiled, or names an unknown cause; why has the place). */
enum err mapper_new(const struct registry *providers, struct mapper **out, struct why *why) MUST_USE;
void mapper_free(struct mapper *m);
/* Strings in the result live in the arena or in the registry. Never fails: no rule gives CAUSE_UNKNOWN. */
void mapper_diagnose(const struct mapper *m, const struct evidence *evidence, struct arena *arena,
                     struct diagnosis *out);
/* cause, sure, who, retry, because, alternatives, advice, link: the names of the result document. */
void diagnosis_to_json(const struct diagnosis *d, struct json *map);

#endif
