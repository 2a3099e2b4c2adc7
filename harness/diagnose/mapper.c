/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mapper: rules compiled once, one judgement per call. A confident wrong answer is worse than
 * "unknown": whatever no rule knows stays unknown and is quoted by the caller.
 */
#include "diagnose/judge.h"

#include "diagnose/json_line.h"
#include "diagnose/unwrap.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { GREETING_WORDS_MIN = 3 };

/* How an alternative is told from the rest; the cause's own sentence where nothing is said. */
static const char *tell_of(enum cause cause)
{
    static const char *const tells[CAUSE_COUNT] = {
        [CAUSE_AUTH_APP_PASSWORD_REQUIRED] = "the same secret works in a browser: then it is the account password",
        [CAUSE_AUTH_USERNAME_FORMAT] = "the user name is not the full address",
        [CAUSE_AUTH_TOKEN_REJECTED] = "a token was used: compare its aud and upn with the account",
        [CAUSE_AUTH_TOKEN_EXPIRED] = "the token's exp lies in the past",
        [CAUSE_AUTH_SCOPE_INSUFFICIENT] = "the token's scp or scope does not name SMTP",
        [CAUSE_AUTH_SMTP_AUTH_DISABLED] = "an administrator sees SMTP AUTH off for the mailbox",
        [CAUSE_AUTH_BASIC_AUTH_DISABLED] = "a password that works on the web is refused here too",
        [CAUSE_AUTH_CREDENTIALS_REJECTED] = "the same secret does not work in a browser either",
        [CAUSE_AUTH_TEMPORARY_FAILURE] = "the same login works a few minutes later",
        [CAUSE_AUTH_REQUIRED] = "no AUTH was sent before",
        [CAUSE_TLS_REQUIRED] = "the command was sent in clear",
        [CAUSE_TLS_WRONG_MODE] = "the port is 465, or the other TLS mode gets an answer",
        [CAUSE_NETWORK_INTERCEPTED] = "greeting or certificate name another host than was asked for",
        [CAUSE_SERVER_ACCESS_DENIED] = "the same host answers from another network",
        [CAUSE_SERVER_UNAVAILABLE] = "the same command works a few minutes later",
        [CAUSE_SEND_RELAY_DENIED] = "the login was accepted before",
    };
    return tells[cause] != NULL ? tells[cause] : cause_sentence(cause);
}

void judge_because(struct judge *j, const char *format, ...)
{
    char text[512];
    va_list args;
    if (j->out->because_count == DIAGNOSIS_BECAUSE_MAX) {
        return;
    }
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    j->out->because[j->out->because_count++] = arena_text(j->arena, slice_of(text));
}

void judge_because_of(struct judge *j, const char *said)
{
    if (j->out->because_count != DIAGNOSIS_BECAUSE_MAX) {
        j->out->because[j->out->because_count++] = said;
    }
}

void judge_alternative(struct judge *j, enum cause cause)
{
    struct diagnosis *d = j->out;
    for (size_t i = 0; i < d->alternative_count; i++) {
        if (d->alternatives[i].cause == cause) {
            return;
        }
    }
    if (cause != d->cause && cause != CAUSE_UNKNOWN &&
        d->alternative_count < DIAGNOSIS_ALTERNATIVES_MAX) {
        d->alternatives[d->alternative_count].cause = cause;
        d->alternatives[d->alternative_count++].tell = tell_of(cause);
    }
}

void judge_not(struct judge *j, enum cause cause)
{
    struct diagnosis *d = j->out;
    size_t kept = 0;
    for (size_t i = 0; i < d->alternative_count; i++) {
        if (d->alternatives[i].cause != cause) {
            d->alternatives[kept++] = d->alternatives[i];
        }
    }
    d->alternative_count = kept;
}

void judge_instead(struct judge *j, enum cause cause, enum sureness sure)
{
    struct diagnosis *d = j->out;
    enum cause old = d->cause;
    enum cause rest[DIAGNOSIS_ALTERNATIVES_MAX];
    size_t count = d->alternative_count;
    for (size_t i = 0; i < count; i++) {
        rest[i] = d->alternatives[i].cause;
    }
    d->cause = cause;
    d->sure = sure;
    d->alternative_count = 0;
    judge_alternative(j, old);
    for (size_t i = 0; i < count; i++) {
        judge_alternative(j, rest[i]);
    }
}

enum err mapper_new(const struct registry *providers, struct mapper **out, struct why *why)
{
    struct mapper *m = mem_zalloc(1, sizeof *m);
    *out = NULL;
    enum err err = rules_build(providers, &m->rules, why);
    if (err != ERR_OK) {
        mapper_free(m);
        return err;
    }
    m->greetings =
        arena_array(&m->rules.arena, registry_count(providers) + 1, sizeof *m->greetings);
    for (size_t i = 0; i < registry_count(providers); i++) {
        struct rule *pattern = &m->greetings[i].pattern;
        rule_compile(&m->rules.filler, slice_of(registry_at(providers, i)->greeting),
                     &m->rules.arena, pattern);
        pattern->literals = pattern->literals < GREETING_WORDS_MIN ? 0 : pattern->literals;
    }
    phrases_index(&m->phrases, &m->rules.arena);
    marks_index(&m->marks, &m->rules.arena);
    sayings_index(&m->sayings, &m->rules.arena);
    paste_notes_index(&m->notes, &m->rules.arena);
    for (unsigned c = 0; c < CAUSE_COUNT; c++) {
        cause_render((enum cause)c, tell_of((enum cause)c), &m->rules.arena, &m->causes[c]);
    }
    *out = m;
    return ERR_OK;
}

void mapper_free(struct mapper *m)
{
    if (m != NULL) {
        rules_release(&m->rules);
        free(m);
    }
}

static void add_advice(struct judge *j)
{
    struct diagnosis *d = j->out;
    const struct advice *advice = rules_advice(&j->mapper->rules, j->provider, d->cause);
    d->who = advice->who;
    d->retry = advice->retry;
    if (d->cause == CAUSE_UNKNOWN && d->code >= 400 && d->code < 500 &&
        (advice->text == NULL || advice->text->retry[0] == '\0')) {
        d->retry = RETRY_LATER; /* RFC 5321 4.2.1: all that is known is the first digit */
    }
    d->advice = advice->text == NULL ? "" : advice->text->text;
    d->link = advice->text == NULL ? "" : advice->text->link;
    d->advised = advice;
    d->causes = j->mapper->causes;
}

static void judge_read(struct judge *j, struct slice text)
{
    j->text = text;
    words_read(text, WORDS_OF_REPLY, &j->words);
}

void judge_begin(const struct mapper *m, const struct evidence *e, struct arena *arena,
                 struct diagnosis *out, struct judge *j)
{
    *out = (struct diagnosis){.advice = "", .link = "", .rule = ""};
    j->mapper = m;
    j->evidence = e;
    j->arena = arena;
    j->out = out;
    j->document = (struct slice){"", 0};
    j->is_password = false;
    /* A server that speaks on connection speaks in its greeting (RFC 5321 3.1). */
    j->stage = e->stage == STAGE_CONNECT ? STAGE_GREETING : e->stage;
    judge_recognise(j);
    judge_read(j, e->reply);
}

/* The inner reply decides. Where it says nothing that is known, the whole may. */
static bool judge_wrapped(struct judge *j)
{
    struct unwrapped u;
    if (!unwrap(j->evidence->reply, j->arena, &u)) {
        return false;
    }
    enum stage outer = j->stage;
    bool is_told = u.stage != STAGE_NONE && (u.is_relay || outer == STAGE_NONE);
    j->stage = is_told ? u.stage : outer;
    judge_read(j, u.inner);
    if (judge_reply(j)) {
        judge_because(j, "the reply was unwrapped: %s", u.by);
        j->is_password = u.is_password;
        return true;
    }
    j->stage = outer;
    judge_read(j, j->evidence->reply);
    return false;
}

void mapper_diagnose(const struct mapper *m, const struct evidence *evidence, struct arena *arena,
                     struct diagnosis *out)
{
    struct judge
        j; /* not zeroed as a whole: the words are large, and are written before they are read */
    judge_begin(m, evidence, arena, out, &j);
    if (evidence->fault != FAULT_NONE) {
        judge_fault(&j);
    } else if (!judge_oauth(&j) && !judge_wrapped(&j) && !judge_reply(&j)) {
        judge_because(&j, "no rule knows these words or codes");
    }
    judge_evidence(&j);
    judge_say_provider(&j);
    add_advice(&j);
}

static struct json *texts(const char *const *list, size_t count)
{
    struct json *out = json_list();
    for (size_t i = 0; i < count; i++) {
        json_add(out, json_text(list[i]));
    }
    return out;
}

void diagnosis_to_json(const struct diagnosis *d, struct json *map)
{
    struct json *alternatives = json_list();
    for (size_t i = 0; i < d->alternative_count; i++) {
        struct json *a = json_map();
        json_set(a, "cause", json_text(cause_slug(d->alternatives[i].cause)));
        json_set(a, "tell", json_text(d->alternatives[i].tell));
        json_add(alternatives, a);
    }
    json_set(map, "cause", json_text(cause_slug(d->cause)));
    json_set(map, "sure", json_text(sureness_slug(d->sure)));
    json_set(map, "who", json_text(cause_who_slug(d->who)));
    json_set(map, "retry", json_text(cause_retry_slug(d->retry)));
    json_set(map, "because", texts(d->because, d->because_count));
    json_set(map, "alternatives", alternatives);
    json_set(map, "advice", json_text(d->advice));
    json_set(map, "link", json_text(d->link));
}
