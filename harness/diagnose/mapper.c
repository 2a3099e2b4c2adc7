/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From evidence to judgement. The order in which evidence counts, the one table of it:
 *
 *   1  a fault of the connection, TLS or SASL exchange    what happened is known
 *   2  the reply that a wrapper quotes                    "530 … Error: 535 5.7.139 …"
 *   3  a sentence of the provider                         codes, wholeness and length decide among
 * several 4  a sentence of anybody's server (generic)           or of another provider, when none
 * was named 5  what is known of the credential                    the provider takes no passwords;
 * a token was sent 6  the enhanced status code at this stage 7  the reply code at this stage 8
 * unknown: the reply is quoted as it came
 *
 * Sureness only falls on the way: a sentence is as sure as the provider file says, less when only
 * part of the reply is explained or a code speaks against it.
 */
#include <stdlib.h>
#include <string.h>

#include "diagnose/codes.h"
#include "diagnose/rules.h"

enum err mapper_new(const struct registry *providers, struct mapper **out, struct why *why)
{
    struct mapper *m = mem_zalloc(1, sizeof *m);
    arena_init(&m->arena);
    m->providers = providers;
    m->set_count = registry_count(providers);
    m->sets = arena_array(&m->arena, m->set_count, sizeof *m->sets);
    for (size_t i = 0; i < m->set_count; i++) {
        const struct provider *p = registry_at(providers, i);
        struct rule_set *set = &m->sets[i];
        *set = (struct rule_set){.provider = p, .is_generic = strcmp(p->name, "generic") == 0};
        set->list = arena_array(&m->arena, p->reply_count, sizeof *set->list);
        for (; set->count < p->reply_count; set->count++) {
            enum err err =
                rule_compile(p, &p->replies[set->count], &m->arena, &set->list[set->count], why);
            if (err != ERR_OK) {
                mapper_free(m);
                return err;
            }
        }
    }
    *out = m;
    return ERR_OK;
}

void mapper_free(struct mapper *m)
{
    if (m != NULL) {
        arena_release(&m->arena);
        free(m);
    }
}

/* ---- the result under construction ---- */

static void because(struct diagnosis *d, const char *text)
{
    if (d->because_count < DIAGNOSIS_BECAUSE_MAX) {
        d->because[d->because_count++] = text;
    }
}

static void alternative(struct diagnosis *d, enum cause cause, const char *tell)
{
    for (size_t i = 0; i < d->alternative_count; i++) {
        if (d->alternatives[i].cause == cause) {
            return;
        }
    }
    if (cause != d->cause && d->alternative_count < DIAGNOSIS_ALTERNATIVES_MAX) {
        d->alternatives[d->alternative_count].cause = cause;
        d->alternatives[d->alternative_count].tell = tell;
        d->alternative_count++;
    }
}

/* How to tell a cause from its neighbours, for those that share their wording in the field. */
static const char *tell_for(enum cause cause)
{
    static const struct {
        enum cause cause;
        const char *tell;
    } rows[] = {
        {CAUSE_AUTH_CREDENTIALS_REJECTED,
         "sign in on the web with the same user name and password"},
        {CAUSE_AUTH_APP_PASSWORD_REQUIRED, "the account has two-step verification switched on"},
        {CAUSE_AUTH_BASIC_AUTH_DISABLED, "OAuth2 works where the right password does not"},
        {CAUSE_AUTH_SMTP_AUTH_DISABLED,
         "a valid OAuth2 token is refused as well; ask the administrator for the SMTP AUTH setting "
         "of tenant and mailbox"},
        {CAUSE_AUTH_CONDITIONAL_ACCESS,
         "the same login works from another network, or the sign-in log names a policy"},
        {CAUSE_AUTH_ACCOUNT_LOCKED,
         "it worked before, and began to fail after several wrong attempts"},
        {CAUSE_AUTH_TOKEN_EXPIRED, "look at the token's exp claim"},
        {CAUSE_AUTH_TOKEN_REJECTED,
         "look at the token's aud and user claims against the host and user name"},
        {CAUSE_AUTH_SCOPE_INSUFFICIENT,
         "look at the token's scp or scope claim for the SMTP scope"},
        {CAUSE_AUTH_RATE_LIMITED, "wait some minutes and try once"},
        {CAUSE_NETWORK_INTERCEPTED,
         "compare the greeting and the certificate from another network"},
        {CAUSE_TLS_WRONG_MODE, "try the other TLS mode: implicit TLS on 465, STARTTLS on 587"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].cause == cause) {
            return rows[i].tell;
        }
    }
    return cause_sentence(cause);
}

/* ---- 1: faults ---- */

static bool has_masked_keyword(const struct evidence *e)
{
    for (size_t i = 0; i < e->offered_clear_count; i++) {
        if (slice_has_prefix(e->offered_clear[i], SLICE("XXXX"))) {
            return true;
        }
    }
    return false;
}

static void explain_fault(const struct evidence *e, struct arena *arena, struct diagnosis *d)
{
    must(cause_from_slug(slice_of(fault_cause(e->fault)), &d->cause)); /* a test walks fault.def */
    d->sure = SURE_CERTAIN;
    because(d, fault_sentence(e->fault));
    if (e->detail.n != 0) {
        because(d, arena_text(arena, e->detail));
    }
    if ((e->fault == FAULT_CONNECTION_LOST || e->fault == FAULT_CONNECTION_RESET) &&
        e->stage == STAGE_AUTH && e->auth_sent) {
        because(d, "some servers close instead of answering 535");
        alternative(d, CAUSE_AUTH_CREDENTIALS_REJECTED, tell_for(CAUSE_AUTH_CREDENTIALS_REJECTED));
    }
    if (e->fault == FAULT_READ_TIMEOUT && e->stage == STAGE_GREETING && !e->inside_tls) {
        alternative(d, CAUSE_TLS_WRONG_MODE, tell_for(CAUSE_TLS_WRONG_MODE));
    }
    if (e->fault == FAULT_STARTTLS_MISSING && has_masked_keyword(e)) {
        because(d,
                "a keyword of the EHLO reply is masked with X: an inspecting firewall does that");
        alternative(d, CAUSE_NETWORK_INTERCEPTED, tell_for(CAUSE_NETWORK_INTERCEPTED));
    }
    if (e->fault == FAULT_TLS_HOSTNAME || e->fault == FAULT_TLS_UNTRUSTED ||
        e->fault == FAULT_TLS_SELF_SIGNED) {
        alternative(d, CAUSE_NETWORK_INTERCEPTED, tell_for(CAUSE_NETWORK_INTERCEPTED));
    }
}

/* ---- 2 to 4: sentences ---- */

struct match {
    const struct rule *rule;
    struct fit fit;
};

static struct match best_in(const struct rule_set *set, const struct said *said, enum stage stage)
{
    struct match best = {.rule = NULL};
    for (size_t i = 0; i < set->count; i++) {
        struct fit fit = rule_fit(&set->list[i], said, stage);
        if (fit.is_match && (best.rule == NULL || fit_is_better(&fit, &best.fit))) {
            best = (struct match){&set->list[i], fit};
        }
    }
    return best;
}

enum { FOREIGN_SENTENCE = 24 /* octets a sentence of an unnamed provider has to have */ };

/* A sentence that only shares words with the reply, under other codes, decides nothing. */
static bool is_usable(const struct match *m)
{
    return m->rule != NULL &&
           (m->fit.has_codes || (m->fit.is_whole && m->fit.length >= FOREIGN_SENTENCE));
}

static struct match find_sentence(const struct mapper *m, const struct evidence *e,
                                  const struct said *said)
{
    struct match own = {.rule = NULL}, generic = {.rule = NULL}, foreign = {.rule = NULL};
    for (size_t i = 0; i < m->set_count; i++) {
        struct match found = best_in(&m->sets[i], said, e->stage);
        if (!is_usable(&found)) {
            continue;
        }
        if (m->sets[i].provider == e->provider) {
            own = found;
        } else if (m->sets[i].is_generic) {
            generic = found;
        } else if (e->provider == NULL && found.fit.is_whole && found.fit.has_codes &&
                   found.fit.length >= FOREIGN_SENTENCE &&
                   (foreign.rule == NULL || fit_is_better(&found.fit, &foreign.fit))) {
            foreign = found;
        }
    }
    return own.rule != NULL ? own : generic.rule != NULL ? generic : foreign;
}

static enum sureness sureness_of(const struct match *m, const struct evidence *e)
{
    enum sureness sure = m->rule->sure;
    bool says_enough = m->fit.is_whole || m->fit.length >= 2 * FOREIGN_SENTENCE;
    bool is_own = m->rule->provider == e->provider;
    if (!m->fit.has_codes) {
        sure = SURE_POSSIBLE;
    } else if (sure == SURE_CERTAIN && (!says_enough || !is_own || !m->fit.has_stage)) {
        sure = SURE_LIKELY;
    }
    return sure;
}

static void add_alternatives(struct diagnosis *d, const char *slugs)
{
    struct slice rest = slice_of(slugs), word;
    enum cause cause;
    while (slice_take_word(&rest, &word)) {
        if (cause_from_slug(word, &cause)) {
            alternative(d, cause, tell_for(cause));
        }
    }
}

static void explain_sentence(const struct match *m, const struct evidence *e, struct arena *arena,
                             struct diagnosis *d)
{
    const struct rule *rule = m->rule;
    d->cause = rule->cause;
    d->sure = sureness_of(m, e);
    d->rule = arena_printf(arena, "%s:%u", rule->reply->file, rule->reply->line);
    const char *whose = rule->provider == e->provider ? "the provider's own sentence"
                        : strcmp(rule->provider->name, "generic") == 0
                            ? "a sentence many servers use"
                            : "a sentence of another provider";
    because(d, arena_printf(arena, "%s (%s)", whose, d->rule));
    if (!m->fit.has_codes) {
        because(d, "but with other codes than it is known with");
    }
    if (!m->fit.has_stage) {
        because(d, arena_printf(arena, "known from %s, said here at %s",
                                stage_slug(rule->reply->stage), stage_slug(e->stage)));
    }
    if (rule->reply->is_mx) {
        because(d, "the inbound side says this; relays pass it on");
    }
    add_alternatives(d, rule->reply->alternatives);
}

/* ---- 5: the credential ---- */

static bool is_token_login(const struct evidence *e)
{
    return slice_eq_nocase_text(e->mechanism, "XOAUTH2") ||
           slice_eq_nocase_text(e->mechanism, "OAUTHBEARER") ||
           (e->mechanism.n == 0 && e->credential == CREDENTIAL_OAUTH2);
}

static const struct provider_credential *refused_credential(const struct evidence *e)
{
    enum credential_kind kind = e->credential;
    for (size_t i = 0; e->provider != NULL && i < e->provider->credential_count; i++) {
        const struct provider_credential *c = &e->provider->credentials[i];
        if (c->kind == kind && !c->is_accepted) {
            return c;
        }
    }
    return NULL;
}

/*
 * "Wrong user or password" is what servers say of tokens, too, and what they say where no password
 * could be right. What is known of the credential then says more than the sentence.
 */
static void weigh_credential(const struct evidence *e, struct diagnosis *d)
{
    if (d->cause != CAUSE_AUTH_CREDENTIALS_REJECTED || e->stage != STAGE_AUTH) {
        return;
    }
    const struct provider_credential *refused = refused_credential(e);
    enum cause better;
    if (is_token_login(e)) {
        d->cause = CAUSE_AUTH_TOKEN_REJECTED;
        d->sure = SURE_LIKELY;
        because(d, "a token was sent, not a password");
        alternative(d, CAUSE_AUTH_TOKEN_EXPIRED, tell_for(CAUSE_AUTH_TOKEN_EXPIRED));
        alternative(d, CAUSE_AUTH_SCOPE_INSUFFICIENT, tell_for(CAUSE_AUTH_SCOPE_INSUFFICIENT));
        if (e->error_document.n != 0) {
            because(d, "the server sent an OAuth2 error document before its refusal");
        }
    } else if (d->sure != SURE_CERTAIN && refused != NULL && refused->cause[0] != '\0' &&
               cause_from_slug(slice_of(refused->cause), &better)) {
        d->cause = better;
        d->sure = SURE_LIKELY;
        because(d, refused->because);
        alternative(d, CAUSE_AUTH_CREDENTIALS_REJECTED, tell_for(CAUSE_AUTH_CREDENTIALS_REJECTED));
    }
}

/* ---- 6 and 7: codes ---- */

static void explain_codes(const struct said *said, const struct evidence *e, struct arena *arena,
                          struct diagnosis *d)
{
    struct code_meaning meaning = code_enhanced_meaning(&said->enhanced, said->code, e->stage);
    const char *what = "enhanced status code";
    if (meaning.cause == CAUSE_UNKNOWN) {
        meaning = code_reply_meaning(said->code, e->stage);
        what = "reply code";
    }
    d->cause = meaning.cause;
    d->sure = meaning.cause != CAUSE_UNKNOWN ? meaning.sure : SURE_POSSIBLE;
    if (meaning.cause != CAUSE_UNKNOWN) {
        because(d, arena_printf(arena, "no known sentence; the %s at this stage (%s)", what,
                                meaning.source));
    } else {
        because(d, "no rule knows this reply");
    }
}

static void explain_reply(const struct mapper *m, const struct evidence *e, struct arena *arena,
                          struct diagnosis *d)
{
    struct said outer, inner;
    said_read(e->reply, arena, &outer);
    struct match match = {.rule = NULL};
    const struct said *said = &outer;
    if (said_inner(&outer, &inner)) {
        match = find_sentence(m, e, &inner);
        if (match.rule != NULL) {
            because(d, "quoted inside another reply");
            said = &inner;
        }
    }
    if (match.rule == NULL) {
        match = find_sentence(m, e, &outer);
    }
    d->code = said->code;
    enhanced_text(&said->enhanced, d->enhanced);
    if (match.rule != NULL) {
        explain_sentence(&match, e, arena, d);
    } else {
        explain_codes(said, e, arena, d);
    }
    weigh_credential(e, d);
}

/* ---- advice ---- */

static void finish(struct diagnosis *d)
{
    d->who = cause_who(d->cause);
    d->retry = cause_retry(d->cause);
    if (d->cause == CAUSE_UNKNOWN && d->code >= 400 && d->code < 500) {
        d->retry = RETRY_LATER; /* RFC 5321 4.2.1: a 4yz is an invitation to try again */
    }
    d->advice = cause_sentence(d->cause);
    d->link = "";
    const struct provider_advice *advice =
        d->provider != NULL ? provider_advice_for(d->provider, slice_of(cause_slug(d->cause)))
                            : NULL;
    if (advice == NULL) {
        return;
    }
    d->advice = advice->text[0] != '\0' ? advice->text : d->advice;
    d->link = advice->link;
    for (int i = 0; i < WHO_COUNT; i++) {
        d->who = strcmp(advice->who, cause_who_slug((enum cause_who)i)) == 0 ? (enum cause_who)i
                                                                             : d->who;
    }
    for (int i = 0; i < RETRY_COUNT; i++) {
        d->retry = strcmp(advice->retry, cause_retry_slug((enum cause_retry)i)) == 0
                       ? (enum cause_retry)i
                       : d->retry;
    }
}

/* Given, or by the host dialled, or by the name in the greeting. */
static const struct provider *recognise(const struct mapper *m, const struct evidence *e)
{
    if (e->provider != NULL) {
        return e->provider;
    }
    const struct provider *p = e->host.n != 0 ? registry_by_host(m->providers, e->host) : NULL;
    struct slice rest = slice_from(e->greeting, 4), name;
    if (p == NULL && e->greeting.n > 4 && slice_take_word(&rest, &name)) {
        p = registry_by_host(m->providers, slice_trim(name));
    }
    return p;
}

void mapper_diagnose(const struct mapper *m, const struct evidence *evidence, struct arena *arena,
                     struct diagnosis *out)
{
    struct evidence e = *evidence;
    e.provider = recognise(m, evidence);
    *out = (struct diagnosis){.provider = e.provider, .rule = ""};
    if (e.fault != FAULT_NONE) {
        explain_fault(&e, arena, out);
    } else {
        explain_reply(m, &e, arena, out);
    }
    finish(out);
}

void diagnosis_to_json(const struct diagnosis *d, struct json *map)
{
    struct json *reasons = json_list(), *others = json_list();
    for (size_t i = 0; i < d->because_count; i++) {
        json_add(reasons, json_text(d->because[i]));
    }
    for (size_t i = 0; i < d->alternative_count; i++) {
        struct json *one = json_map();
        json_set(one, "cause", json_text(cause_slug(d->alternatives[i].cause)));
        json_set(one, "tell", json_text(d->alternatives[i].tell));
        json_add(others, one);
    }
    json_set(map, "cause", json_text(cause_slug(d->cause)));
    json_set(map, "sure", json_text(sureness_slug(d->sure)));
    json_set(map, "who", json_text(cause_who_slug(d->who)));
    json_set(map, "retry", json_text(cause_retry_slug(d->retry)));
    json_set(map, "because", reasons);
    json_set(map, "alternatives", others);
    json_set(map, "advice", json_text(d->advice));
    json_set(map, "link", json_text(d->link));
    json_set(map, "rule", json_text(d->rule));
}
