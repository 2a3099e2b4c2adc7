/* SPDX-License-Identifier: Apache-2.0 */
/* See json_line.h. A table says what each key of the input means. */
#include "diagnose/json_line.h"

#include <string.h>

#include "base/text.h"

typedef enum err take_value(struct json_line *l, struct json_seen value, struct why *why);

static struct slice text_of(struct json_line *l, struct json_seen v)
{
    return json_scan_text(v, &l->room);
}

static enum err unknown(struct slice word, const char *what, const char *nearest, struct why *why)
{
    return why_set(why, ERR_INVALID, "unknown %s '" SLICE_FMT "'%s%s%s", what,
                   SLICE_ARG(slice_sub(word, 0, 60)), nearest != NULL ? " (did you mean '" : "",
                   nearest != NULL ? nearest : "", nearest != NULL ? "'?)" : "");
}

static enum err take_provider(struct json_line *l, struct json_seen v, struct why *why)
{
    struct slice name = text_of(l, v);
    (void)why;
    if (l->evidence.provider == NULL || !slice_eq_text(name, l->evidence.provider->name)) {
        bool is_last = l->last_provider != NULL && slice_eq_text(name, l->last_provider->name);
        l->evidence.provider = is_last ? l->last_provider : registry_find(l->registry, name);
        l->last_provider = l->evidence.provider;
        l->unknown_provider = l->evidence.provider == NULL ? name : (struct slice){"", 0};
    }
    return ERR_OK;
}

static enum err take_stage(struct json_line *l, struct json_seen v, struct why *why)
{
    const char *slugs[STAGE_COUNT];
    struct slice slug = text_of(l, v);
    if (stage_from_slug(slug, &l->evidence.stage)) {
        return ERR_OK;
    }
    for (size_t i = 0; i < STAGE_COUNT; i++) {
        slugs[i] = stage_slug((enum stage)i);
    }
    return unknown(slug, "stage", text_nearest(slug, slugs, STAGE_COUNT), why);
}

static enum err take_credential(struct json_line *l, struct json_seen v, struct why *why)
{
    const char *slugs[CREDENTIAL_COUNT];
    struct slice slug = text_of(l, v);
    if (credential_from_slug(slug, &l->evidence.credential)) {
        return ERR_OK;
    }
    for (size_t i = 0; i < CREDENTIAL_COUNT; i++) {
        slugs[i] = credential_slug((enum credential_kind)i);
    }
    return unknown(slug, "credential", text_nearest(slug, slugs, CREDENTIAL_COUNT), why);
}

static enum err take_fault(struct json_line *l, struct json_seen v, struct why *why)
{
    const char *names[FAULT_COUNT];
    struct slice name = text_of(l, v);
    for (size_t i = 0; i < FAULT_COUNT; i++) {
        names[i] = fault_name((enum fault)i);
        if (slice_eq_nocase_text(name, names[i])) {
            l->evidence.fault = (enum fault)i;
            return ERR_OK;
        }
    }
    return unknown(name, "fault", text_nearest(name, names, FAULT_COUNT), why);
}

static void take_lines(struct json_line *l, struct json_seen v, struct slice *lines, size_t *count)
{
    struct json_seen items[JSON_LINE_OFFERED_MAX];
    json_scan_list(v, items, JSON_LINE_OFFERED_MAX, count);
    for (size_t i = 0; i < *count; i++) {
        lines[i] = text_of(l, items[i]);
    }
}

static enum err take_offered_clear(struct json_line *l, struct json_seen v, struct why *why)
{
    (void)why;
    take_lines(l, v, l->offered_clear, &l->evidence.offered_clear_count);
    l->evidence.offered_clear = l->offered_clear;
    return ERR_OK;
}

static enum err take_offered_tls(struct json_line *l, struct json_seen v, struct why *why)
{
    (void)why;
    take_lines(l, v, l->offered_tls, &l->evidence.offered_tls_count);
    l->evidence.offered_tls = l->offered_tls;
    return ERR_OK;
}

static enum err take_certificate_names(struct json_line *l, struct json_seen v, struct why *why)
{
    (void)why;
    take_lines(l, v, l->certificate_names, &l->evidence.certificate_name_count);
    l->evidence.certificate_names = l->certificate_names;
    return ERR_OK;
}

/* The object as it stands: whoever needs a claim reads it. Rows of the regression set have it as a
 * text. */
static enum err take_claims(struct json_line *l, struct json_seen v, struct why *why)
{
    struct json *inner = NULL;
    if (v.kind == JSON_MAP) {
        l->evidence.claims = v.raw;
        return ERR_OK;
    }
    l->evidence.claims = text_of(l, v);
    enum err err = json_parse(l->evidence.claims, &inner, NULL);
    bool is_map = err == ERR_OK && json_kind(inner) == JSON_MAP;
    json_free(inner);
    return is_map ? ERR_OK : why_set(why, ERR_INVALID, "\"claims\" wants an object");
}

static enum err take_session(struct json_line *l, struct json_seen v, struct why *why)
{
    (void)why;
    l->session = text_of(l, v);
    return ERR_OK;
}

static enum err take_now(struct json_line *l, struct json_seen v, struct why *why)
{
    uint64_t seconds = 0;
    if (!slice_to_u64(v.raw, &seconds) || seconds > INT64_MAX) {
        return why_set(why, ERR_INVALID, "\"now\" wants whole seconds since 1970");
    }
    l->evidence.now_s = (int64_t)seconds;
    return ERR_OK;
}

/* What a key means: a text, a flag, or something to be understood. */
enum meaning { IS_TEXT, IS_FLAG, IS_WORD, IS_LINES, IS_MAP, IS_SECONDS };

static const struct input_key {
    struct slice name;
    enum meaning meaning;
    size_t place; /* of the field in struct evidence, for texts and flags */
    take_value *take;
} input_keys[] = {
    {SLICE_INIT("reply"), IS_TEXT, offsetof(struct evidence, reply), NULL},
    {SLICE_INIT("provider"), IS_WORD, 0, take_provider},
    {SLICE_INIT("stage"), IS_WORD, 0, take_stage},
    {SLICE_INIT("credential"), IS_WORD, 0, take_credential},
    {SLICE_INIT("mechanism"), IS_TEXT, offsetof(struct evidence, mechanism), NULL},
    {SLICE_INIT("user"), IS_TEXT, offsetof(struct evidence, username), NULL},
    {SLICE_INIT("fault"), IS_WORD, 0, take_fault},
    {SLICE_INIT("detail"), IS_TEXT, offsetof(struct evidence, detail), NULL},
    {SLICE_INIT("host"), IS_TEXT, offsetof(struct evidence, host), NULL},
    {SLICE_INIT("greeting"), IS_TEXT, offsetof(struct evidence, greeting), NULL},
    {SLICE_INIT("error_document"), IS_TEXT, offsetof(struct evidence, error_document), NULL},
    {SLICE_INIT("token"), IS_TEXT, offsetof(struct evidence, secret), NULL},
    {SLICE_INIT("claims"), IS_MAP, 0, take_claims},
    {SLICE_INIT("now"), IS_SECONDS, 0, take_now},
    {SLICE_INIT("session"), IS_WORD, 0, take_session},
    {SLICE_INIT("offered_clear"), IS_LINES, 0, take_offered_clear},
    {SLICE_INIT("offered_tls"), IS_LINES, 0, take_offered_tls},
    {SLICE_INIT("certificate_names"), IS_LINES, 0, take_certificate_names},
    {SLICE_INIT("inside_tls"), IS_FLAG, offsetof(struct evidence, inside_tls), NULL},
    {SLICE_INIT("auth_sent"), IS_FLAG, offsetof(struct evidence, auth_sent), NULL},
    {SLICE_INIT("auth_accepted"), IS_FLAG, offsetof(struct evidence, auth_accepted), NULL},
};

static bool is_kind(enum meaning meaning, enum json_kind kind)
{
    static const enum json_kind wanted[] = {
        [IS_TEXT] = JSON_STRING, [IS_FLAG] = JSON_BOOL, [IS_WORD] = JSON_STRING,
        [IS_LINES] = JSON_LIST,  [IS_MAP] = JSON_MAP,   [IS_SECONDS] = JSON_INT};
    return kind == wanted[meaning] || (meaning == IS_MAP && kind == JSON_STRING);
}

static enum err take_pair(struct json_line *l, const struct input_key *key, struct json_seen v,
                          struct why *why)
{
    static const char *const kinds[] = {
        [IS_TEXT] = "a string", [IS_FLAG] = "true or false",
        [IS_WORD] = "a string", [IS_LINES] = "a list",
        [IS_MAP] = "an object", [IS_SECONDS] = "whole seconds since 1970"};
    char *field = (char *)&l->evidence + key->place;
    if (v.kind == JSON_NULL) {
        return ERR_OK; /* as if it were not there */
    }
    if (!is_kind(key->meaning, v.kind)) {
        return why_set(why, ERR_INVALID, "\"%s\" wants %s", key->name.p, kinds[key->meaning]);
    }
    switch (key->meaning) {
    case IS_TEXT:
        *(struct slice *)(void *)field = text_of(l, v);
        return ERR_OK;
    case IS_FLAG:
        *(bool *)field = v.raw.p[0] == 't';
        return ERR_OK;
    case IS_WORD:
    case IS_LINES:
    case IS_MAP:
    case IS_SECONDS:
        break;
    }
    return key->take(l, v, why);
}

/* Parts of the answer: a caller's own key of that name would say two things at once. */
static bool is_answer(struct slice name)
{
    static const struct slice names[] = {
        SLICE_INIT("cause"),    SLICE_INIT("sure"),    SLICE_INIT("who"),
        SLICE_INIT("retry"),    SLICE_INIT("because"), SLICE_INIT("alternatives"),
        SLICE_INIT("advice"),   SLICE_INIT("link"),    SLICE_INIT("rule"),
        SLICE_INIT("sentence"), SLICE_INIT("code"),    SLICE_INIT("enhanced"),
        SLICE_INIT("error"),    SLICE_INIT("line"),    SLICE_INIT("note"),
    };
    for (size_t i = 0; i < COUNT(names); i++) {
        if (names[i].n == name.n && memcmp(names[i].p, name.p, name.n) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_name(struct slice a, struct slice b)
{
    return a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

static const struct input_key *input_key(struct slice name)
{
    for (size_t i = 0; i < COUNT(input_keys); i++) {
        if (is_name(input_keys[i].name, name)) {
            return &input_keys[i];
        }
    }
    return NULL;
}

/* What the key of pair i means; remembered for the line after. */
static struct json_line_key key_at(struct json_line *l, size_t i)
{
    if (!l->pairs[i].is_guessed) {
        struct slice name = text_of(l, l->pairs[i].key), raw = l->pairs[i].key.raw;
        const struct input_key *key = input_key(name);
        struct json_guess *guess = &l->guesses[i];
        bool fits = !l->pairs[i].key.has_escapes && raw.n <= sizeof guess->raw;
        l->keys[i] = (struct json_line_key){key, key == NULL && is_answer(name)};
        guess->n = fits ? (unsigned char)raw.n : 0;
        memcpy(guess->raw, raw.p, guess->n);
    }
    return l->keys[i];
}

void json_line_init(struct json_line *l, const struct registry *registry)
{
    l->registry = registry;
    l->count = 0;
    l->kept = 0;
    memset(l->guesses, 0, sizeof l->guesses);
    l->last_provider = NULL;
    buf_init(&l->room, BUF_NO_CAP);
}

void json_line_release(struct json_line *l)
{
    buf_release(&l->room);
}

/* Escaped strings are decoded one behind the other: the room must not move meanwhile. */
static void make_room(struct json_line *l, size_t n)
{
    if (l->room.space < n) {
        buf_release(&l->room);
        l->room = (struct buf){.p = mem_alloc(n + 1), .space = n, .max = BUF_NO_CAP};
    }
    buf_truncate(&l->room, 0);
}

enum err json_line_read(struct json_line *l, struct slice text, const struct evidence *given,
                        struct why *why)
{
    l->evidence = *given;
    l->unknown_provider = (struct slice){"", 0};
    l->session = (struct slice){"", 0};
    l->kept = 0;
    l->count = 0;
    make_room(l, text.n);
    enum err bad = json_scan_map(text, l->guesses, l->pairs, JSON_LINE_KEYS_MAX, &l->count, why);
    for (size_t i = 0; i < l->count; i++) {
        const struct json_line_key key = key_at(l, i);
        if (key.input == NULL) {
            l->kept |= key.is_answer ? 0 : (uint64_t)1 << i;
        } else if (bad == ERR_OK) {
            bad = take_pair(l, key.input, l->pairs[i].value, why);
        }
    }
    return bad;
}
