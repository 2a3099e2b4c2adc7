/* SPDX-License-Identifier: Apache-2.0 */
/* See regress.h. */
#include "diagnose/regress_keys.h"

static enum err bad(struct why *why, const char *file, unsigned line, const char *what,
                    struct slice word)
{
    enum err err =
        why_set(why, ERR_INVALID, "%s '" SLICE_FMT "'", what, SLICE_ARG(slice_sub(word, 0, 80)));
    return why_at(why, err, file, line, 0);
}

static enum err check_value(const struct regress_key *key, const struct json *value,
                            const char *file, unsigned line, struct why *why)
{
    bool is_list = key->kind == REGRESS_CAUSES;
    if (json_kind(value) != (is_list ? JSON_LIST : JSON_STRING)) {
        return bad(why, file, line, is_list ? "a list is wanted for" : "a text is wanted for",
                   slice_of(key->name));
    }
    if (key->kind == REGRESS_SIDE && !slice_eq_text(json_slice(value), "mx") &&
        !slice_eq_text(json_slice(value), "client")) {
        return bad(why, file, line, "side is mx or client, not", json_slice(value));
    }
    return ERR_OK;
}

static enum err check_keys(const struct json *map, const char *file, unsigned line, struct why *why)
{
    const char *name;
    struct json *value;
    const struct regress_key *key;
    if (json_kind(map) != JSON_MAP) {
        return why_at(why, why_set(why, ERR_INVALID, "a row is a JSON object"), file, line, 0);
    }
    for (size_t i = 0; json_pair(map, i, &name, &value); i++) {
        key = regress_key_find(name);
        if (key == NULL) {
            return bad(why, file, line, "a row has no key", slice_of(name));
        }
        TRY(check_value(key, value, file, line, why));
    }
    for (size_t i = 0; (key = regress_key_at(i)) != NULL; i++) {
        if (key->is_needed && json_slice(json_get(map, key->name)).n == 0) {
            return bad(why, file, line, "the row lacks", slice_of(key->name));
        }
    }
    return ERR_OK;
}

static bool sure_from_slug(struct slice slug, enum sureness *out)
{
    for (unsigned i = 0; i < SURE_COUNT; i++) {
        if (slice_eq_text(slug, sureness_slug((enum sureness)i))) {
            *out = (enum sureness)i;
            return true;
        }
    }
    return false;
}

static enum err read_judgement(const struct json *map, const char *file, struct regress_row *row,
                               struct why *why)
{
    struct slice cause = json_slice(json_get(map, "cause"));
    struct slice sure = json_slice(json_get(map, "sure_max"));
    const struct json *list = json_get(map, "acceptable");
    if (!cause_from_slug(cause, &row->cause)) {
        return bad(why, file, row->line, "unknown cause", cause);
    }
    row->sure_max = SURE_CERTAIN;
    if (json_get(map, "sure_max") != NULL && !sure_from_slug(sure, &row->sure_max)) {
        return bad(why, file, row->line, "sure_max is certain, likely or possible, not", sure);
    }
    for (size_t i = 0; i < json_count(list); i++) {
        struct slice slug = json_slice(json_at(list, i));
        if (i == REGRESS_ACCEPTABLE_MAX) {
            return bad(why, file, row->line, "too many acceptable causes, from", slug);
        }
        if (!cause_from_slug(slug, &row->acceptable[row->acceptable_count++])) {
            return bad(why, file, row->line, "unknown cause", slug);
        }
    }
    return ERR_OK;
}

static enum err read_row(const struct json *map, const char *file, struct arena *arena,
                         struct regress_row *row, struct why *why)
{
    struct slice stage = json_slice(json_get(map, "stage"));
    TRY(check_keys(map, file, row->line, why));
    if (!stage_from_slug(stage, &row->stage)) {
        return bad(why, file, row->line, "unknown stage", stage);
    }
    row->id = arena_copy(arena, json_slice(json_get(map, "id")));
    row->provider = arena_copy(arena, json_slice(json_get(map, "provider")));
    row->reply = arena_copy(arena, json_slice(json_get(map, "reply")));
    row->source = arena_copy(arena, json_slice(json_get(map, "source")));
    row->note = arena_copy(arena, json_slice(json_get(map, "note")));
    row->mechanism = arena_copy(arena, json_slice(json_get(map, "mechanism")));
    row->user = arena_copy(arena, json_slice(json_get(map, "user")));
    row->claims = arena_copy(arena, json_slice(json_get(map, "claims")));
    return read_judgement(map, file, row, why);
}

static const struct regress_row *row_by_id(const struct regress_row *rows, size_t count,
                                           struct slice id)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_eq(rows[i].id, id)) {
            return &rows[i];
        }
    }
    return NULL;
}

static size_t count_lines(struct slice text)
{
    size_t n = 1;
    for (size_t i = 0; i < text.n; i++) {
        n += text.p[i] == '\n';
    }
    return n;
}

enum err regress_read(struct slice text, const char *file, struct arena *arena,
                      struct regress_set *out, struct why *why)
{
    struct regress_row *rows = arena_array(arena, count_lines(text), sizeof *rows);
    struct slice line;
    size_t count = 0;
    for (unsigned n = 1; slice_take_until(&text, '\n', &line); n++) {
        struct json *map = NULL;
        if (slice_trim(line).n == 0) {
            continue;
        }
        enum err err = json_parse(line, &map, why);
        if (err != ERR_OK) {
            return why_at(why, err, file, n, why == NULL ? 0 : why->col);
        }
        rows[count].line = n;
        err = read_row(map, file, arena, &rows[count], why);
        json_free(map);
        TRY(err);
        if (row_by_id(rows, count, rows[count].id) != NULL) {
            return bad(why, file, n, "a row of this id was there before:", rows[count].id);
        }
        count++;
    }
    *out = (struct regress_set){rows, count};
    return ERR_OK;
}

const char *regress_mark_slug(enum regress_mark mark)
{
    static const char *const names[REGRESS_MARK_COUNT] = {"exact", "coarser", "silent", "wrong"};
    must((unsigned)mark < REGRESS_MARK_COUNT);
    return names[mark];
}

enum regress_mark regress_mark_of(const struct regress_row *row, const struct diagnosis *d)
{
    if (d->cause == row->cause) {
        return REGRESS_EXACT;
    }
    for (size_t i = 0; i < row->acceptable_count; i++) {
        if (d->cause == row->acceptable[i]) {
            return REGRESS_COARSER;
        }
    }
    return d->cause == CAUSE_UNKNOWN ? REGRESS_SILENT : REGRESS_WRONG;
}

bool regress_is_oversure(const struct regress_row *row, const struct diagnosis *d)
{
    enum regress_mark mark = regress_mark_of(row, d);
    return d->sure == SURE_CERTAIN && (mark == REGRESS_WRONG || row->sure_max < SURE_CERTAIN);
}

struct evidence regress_evidence(const struct regress_row *row, const struct registry *providers,
                                 bool with_provider)
{
    return (struct evidence){
        .provider = with_provider ? registry_find(providers, row->provider) : NULL,
        .stage = row->stage,
        .reply = row->reply,
        .mechanism = row->mechanism,
        .username = row->user,
        .claims = row->claims,
    };
}
