/* SPDX-License-Identifier: Apache-2.0 */
/* The C library: names in, the mapper's answer out. See include/smtpdx.h; nothing is kept
 * elsewhere. */
#include "api/mapper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/say.h"
#include "base/text.h"

struct smtpdx_diagnosis {
    struct arena arena;
    struct diagnosis answer;
    const char *json; /* made when it is asked for */
};

const char *smtpdx_version(void)
{
    return SMTPDX_VERSION;
}

/* ---- errors ---- */

static enum smtpdx_status
say_unknown(char *error, size_t size, const char *what,
            const char *const names[2]) /* the word, the nearest or NULL */
{
    char text[256];
    snprintf(text, sizeof text, "unknown %s '%.60s'%s%s%s", what, names[0],
             names[1] != NULL ? " (did you mean '" : "", names[1] != NULL ? names[1] : "",
             names[1] != NULL ? "'?)" : "");
    return api_say(error, size, SMTPDX_UNKNOWN_NAME, text);
}

/* ---- the mapper ---- */

static enum err load(struct smtpdx_mapper *m, const char *folder, struct doc_errors *errors,
                     struct why *why)
{
    TRY(registry_load(folder, &m->registry, errors, why));
    return mapper_new(m->registry, &m->mapper, why);
}

enum smtpdx_status smtpdx_mapper_open(const char *providers_folder, struct smtpdx_mapper **out,
                                      char *error, size_t error_size)
{
    struct arena arena;
    struct doc_errors errors;
    struct why why = {.line = 0};
    struct smtpdx_mapper *m = mem_zalloc(1, sizeof *m);
    m->version = SMTPDX_VERSION;
    enum smtpdx_status status = SMTPDX_OK;
    *out = NULL;
    arena_init(&arena);
    doc_errors_init(&errors, &arena);
    if (load(m, providers_folder, &errors, &why) != ERR_OK) {
        if (errors.count != 0) { /* the first of them says more */
            struct buf text;
            buf_init(&text, 1 << 16);
            doc_errors_print(&errors, &text);
            status = api_say(error, error_size, SMTPDX_BAD_FILE, buf_text(&text));
            buf_release(&text);
        } else {
            status = api_say_why(error, error_size, SMTPDX_BAD_FILE, &why);
        }
        smtpdx_mapper_close(m);
    } else {
        *out = m;
    }
    arena_release(&arena);
    return status;
}

void smtpdx_mapper_close(struct smtpdx_mapper *mapper)
{
    if (mapper != NULL) {
        mapper_free(mapper->mapper);
        registry_free(mapper->registry);
        free(mapper);
    }
}

/* ---- evidence ---- */

static struct slice slice_or_none(const char *text)
{
    return text != NULL ? slice_of(text) : slice_make("", 0);
}

static enum smtpdx_status take_provider(const struct smtpdx_mapper *m, const char *name,
                                        struct evidence *e, char *error, size_t size)
{
    struct slice word = slice_or_none(name);
    if (word.n == 0) {
        return SMTPDX_OK;
    }
    e->provider = registry_find(m->registry, word);
    e->provider = e->provider != NULL ? e->provider : registry_by_address(m->registry, word);
    e->provider = e->provider != NULL ? e->provider : registry_by_host(m->registry, word);
    bool is_name = slice_find_char(word, '@') == SIZE_MAX && slice_find_char(word, '.') == SIZE_MAX;
    if (e->provider != NULL || !is_name) { /* an address or host of nobody's is no error */
        return SMTPDX_OK;
    }
    return say_unknown(error, size, "provider",
                       (const char *const[2]){name, registry_nearest(m->registry, word)});
}

static enum smtpdx_status take_stage(const char *word, struct evidence *e, char *error, size_t size)
{
    const char *slugs[STAGE_COUNT];
    if (word == NULL || stage_from_slug(slice_of(word), &e->stage)) {
        return SMTPDX_OK;
    }
    for (size_t i = 0; i < STAGE_COUNT; i++) {
        slugs[i] = stage_slug((enum stage)i);
    }
    return say_unknown(
        error, size, "stage",
        (const char *const[2]){word, text_nearest(slice_of(word), slugs, STAGE_COUNT)});
}

static enum smtpdx_status take_credential(const char *word, struct evidence *e, char *error,
                                          size_t size)
{
    const char *slugs[CREDENTIAL_COUNT];
    if (word == NULL || credential_from_slug(slice_of(word), &e->credential)) {
        return SMTPDX_OK;
    }
    for (size_t i = 0; i < CREDENTIAL_COUNT; i++) {
        slugs[i] = credential_slug((enum credential_kind)i);
    }
    return say_unknown(
        error, size, "credential",
        (const char *const[2]){word, text_nearest(slice_of(word), slugs, CREDENTIAL_COUNT)});
}

/* "tls-expired" is TLS_EXPIRED. */
static bool is_event(const char *word, const char *name)
{
    size_t n = strlen(word);
    bool is_same = n == strlen(name);
    for (size_t i = 0; i < n && is_same; i++) {
        char c = word[i] == '-' ? '_' : word[i];
        c = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
        is_same = c == name[i];
    }
    return is_same;
}

static enum smtpdx_status take_event(const char *word, struct evidence *e, char *error, size_t size)
{
    for (size_t i = 1; word != NULL && i < FAULT_COUNT; i++) {
        if (is_event(word, fault_name((enum fault)i))) {
            e->fault = (enum fault)i;
            return SMTPDX_OK;
        }
    }
    return word == NULL || word[0] == '\0'
               ? SMTPDX_OK
               : say_unknown(error, size, "event", (const char *const[2]){word, NULL});
}

static enum smtpdx_status take_words(const struct smtpdx_mapper *m,
                                     const struct smtpdx_evidence *in, struct evidence *e,
                                     char *error, size_t size)
{
    enum smtpdx_status status = take_provider(m, in->provider, e, error, size);
    status = status == SMTPDX_OK ? take_stage(in->stage, e, error, size) : status;
    status = status == SMTPDX_OK ? take_credential(in->credential, e, error, size) : status;
    return status == SMTPDX_OK ? take_event(in->event, e, error, size) : status;
}

enum { OFFERED_MAX = 64 };

static size_t take_lines(const char *text, struct slice *lines)
{
    struct slice rest = slice_or_none(text), line;
    size_t count = 0;
    while (count < OFFERED_MAX && slice_take_until(&rest, '\n', &line)) {
        line = slice_trim(line);
        if (line.n != 0) {
            lines[count++] = line;
        }
    }
    return count;
}

static void take_texts(const struct smtpdx_evidence *in, struct evidence *e)
{
    e->host = slice_or_none(in->host);
    e->reply = in->reply != NULL && in->reply_length != 0 ? slice_make(in->reply, in->reply_length)
                                                          : slice_or_none(in->reply);
    e->greeting = slice_or_none(in->greeting);
    e->mechanism = slice_or_none(in->mechanism);
    e->username = slice_or_none(in->user);
    e->secret = slice_or_none(in->secret);
    e->claims = slice_or_none(in->claims);
    e->error_document = slice_or_none(in->error_document);
    e->detail = slice_or_none(in->event_text);
    e->now_s = in->now;
    e->inside_tls = in->inside_tls != 0;
}

/* ---- the answer ---- */

/* Texts of the provider files become the answer's own, so that it outlives the mapper. */
static const char *keep(struct arena *arena, const char *text)
{
    return arena_text(arena, slice_or_none(text));
}

static void keep_all(struct arena *arena, struct diagnosis *d)
{
    d->advice = keep(arena, d->advice);
    d->link = keep(arena, d->link);
    d->rule = keep(arena, d->rule);
    for (size_t i = 0; i < d->because_count; i++) {
        d->because[i] = keep(arena, d->because[i]);
    }
    for (size_t i = 0; i < d->alternative_count; i++) {
        d->alternatives[i].tell = keep(arena, d->alternatives[i].tell);
    }
}

enum smtpdx_status smtpdx_diagnose(const struct smtpdx_mapper *mapper,
                                   const struct smtpdx_evidence *evidence,
                                   struct smtpdx_diagnosis **out, char *error, size_t error_size)
{
    /* A caller built against an older header knows less: the rest is as if it were not set. */
    struct smtpdx_evidence in = SMTPDX_EVIDENCE_INIT;
    struct evidence e = {.stage = STAGE_NONE};
    memcpy(&in, evidence, evidence->size < sizeof in ? evidence->size : sizeof in);
    *out = NULL;
    enum smtpdx_status status = take_words(mapper, &in, &e, error, error_size);
    if (status != SMTPDX_OK) {
        return status;
    }
    struct slice offered_clear[OFFERED_MAX], offered_tls[OFFERED_MAX], names[OFFERED_MAX];
    take_texts(&in, &e);
    e.offered_clear = offered_clear;
    e.offered_clear_count = take_lines(in.offered_clear, offered_clear);
    e.offered_tls = offered_tls;
    e.offered_tls_count = take_lines(in.offered_tls, offered_tls);
    e.certificate_names = names;
    e.certificate_name_count = take_lines(in.certificate_names, names);
    struct smtpdx_diagnosis *d = mem_zalloc(1, sizeof *d);
    arena_init(&d->arena);
    mapper_diagnose(mapper->mapper, &e, &d->arena, &d->answer);
    keep_all(&d->arena, &d->answer);
    *out = d;
    return SMTPDX_OK;
}

void smtpdx_diagnosis_free(struct smtpdx_diagnosis *diagnosis)
{
    if (diagnosis != NULL) {
        arena_release(&diagnosis->arena);
        free(diagnosis);
    }
}

const char *smtpdx_cause(const struct smtpdx_diagnosis *d)
{
    return cause_slug(d->answer.cause);
}

const char *smtpdx_sentence(const struct smtpdx_diagnosis *d)
{
    return cause_sentence(d->answer.cause);
}

const char *smtpdx_sure(const struct smtpdx_diagnosis *d)
{
    return sureness_slug(d->answer.sure);
}

const char *smtpdx_who(const struct smtpdx_diagnosis *d)
{
    return cause_who_slug(d->answer.who);
}

const char *smtpdx_retry(const struct smtpdx_diagnosis *d)
{
    return cause_retry_slug(d->answer.retry);
}

const char *smtpdx_advice(const struct smtpdx_diagnosis *d)
{
    return d->answer.advice;
}

const char *smtpdx_link(const struct smtpdx_diagnosis *d)
{
    return d->answer.link;
}

const char *smtpdx_rule(const struct smtpdx_diagnosis *d)
{
    return d->answer.rule;
}

const char *smtpdx_provider(const struct smtpdx_diagnosis *d)
{
    return d->answer.provider != NULL ? d->answer.provider->name : "";
}

unsigned smtpdx_code(const struct smtpdx_diagnosis *d)
{
    return d->answer.code;
}

const char *smtpdx_enhanced(const struct smtpdx_diagnosis *d)
{
    return d->answer.enhanced;
}

size_t smtpdx_because_count(const struct smtpdx_diagnosis *d)
{
    return d->answer.because_count;
}

const char *smtpdx_because(const struct smtpdx_diagnosis *d, size_t i)
{
    return i < d->answer.because_count ? d->answer.because[i] : NULL;
}

size_t smtpdx_alternative_count(const struct smtpdx_diagnosis *d)
{
    return d->answer.alternative_count;
}

const char *smtpdx_alternative(const struct smtpdx_diagnosis *d, size_t i)
{
    return i < d->answer.alternative_count ? cause_slug(d->answer.alternatives[i].cause) : NULL;
}

const char *smtpdx_alternative_tell(const struct smtpdx_diagnosis *d, size_t i)
{
    return i < d->answer.alternative_count ? d->answer.alternatives[i].tell : NULL;
}

const char *smtpdx_diagnosis_json(struct smtpdx_diagnosis *d)
{
    if (d->json == NULL) {
        struct json *map = json_map();
        struct buf text;
        buf_init(&text, BUF_NO_CAP);
        diagnosis_to_json(&d->answer, map);
        json_print(map, JSON_COMPACT, &text);
        d->json = arena_text(&d->arena, buf_slice(&text));
        buf_release(&text);
        json_free(map);
    }
    return d->json;
}

/* ---- causes ---- */

size_t smtpdx_cause_count(void)
{
    return CAUSE_COUNT;
}

const char *smtpdx_cause_name(size_t i)
{
    return i < CAUSE_COUNT ? cause_slug((enum cause)i) : NULL;
}

const char *smtpdx_cause_sentence(size_t i)
{
    return i < CAUSE_COUNT ? cause_sentence((enum cause)i) : NULL;
}
