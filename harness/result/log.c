/* SPDX-License-Identifier: Apache-2.0 */
/* The event log: what its verdicts are called, how its lines are made, and that no secret is in it.
 */
#include "result/log.h"

#include <assert.h>

static const char *const verdict_slugs[] = {
    [VERDICT_PASS] = "pass",   [VERDICT_FAIL] = "fail",   [VERDICT_ERROR] = "error",
    [VERDICT_SKIP] = "skip",   [VERDICT_XFAIL] = "xfail", [VERDICT_XPASS] = "xpass",
    [VERDICT_FLAKY] = "flaky",
};
static_assert(COUNT(verdict_slugs) == VERDICT_COUNT, "one slug per verdict");

const char *verdict_slug(enum verdict v)
{
    return verdict_slugs[v];
}

bool verdict_from_slug(struct slice slug, enum verdict *out)
{
    for (size_t i = 0; i < VERDICT_COUNT; i++) {
        if (slice_eq_text(slug, verdict_slugs[i])) {
            *out = (enum verdict)i;
            return true;
        }
    }
    return false;
}

/* A redacted copy of a string, or NULL when there is nothing to hide in it. */
static struct json *hidden_string(const struct json *v, const struct redactor *r)
{
    struct slice text = json_slice(v);
    if (redactor_find(r, text) == NULL) {
        return NULL;
    }
    struct buf hidden;
    buf_init(&hidden, BUF_NO_CAP);
    redactor_apply(r, text, &hidden);
    struct json *out = json_string(buf_slice(&hidden));
    buf_release(&hidden);
    return out;
}

static struct json *hidden_list(struct json *list, const struct redactor *r);

/* What is to stand in the place of v, or NULL when v can stay (maps are changed where they are). */
static struct json *replacement(struct json *v, const struct redactor *r)
{
    enum json_kind kind = json_kind(v);
    if (kind == JSON_MAP) {
        log_redact(v, r);
    }
    return kind == JSON_STRING ? hidden_string(v, r) : kind == JSON_LIST ? hidden_list(v, r) : NULL;
}

/* A list has no way to replace an item: it is written anew, with the items that stay shared. */
static struct json *hidden_list(struct json *list, const struct redactor *r)
{
    struct json *out = json_list();
    bool has_changed = false;
    for (size_t i = 0; i < json_count(list); i++) {
        struct json *item = json_at(list, i);
        struct json *hidden = replacement(item, r);
        has_changed = has_changed || hidden != NULL;
        json_add(out, hidden != NULL ? hidden : json_ref(item));
    }
    if (has_changed) {
        return out;
    }
    json_free(out);
    return NULL;
}

void log_redact(struct json *v, const struct redactor *r)
{
    must(json_kind(v) == JSON_MAP);
    const char *key;
    struct json *value;
    for (size_t i = 0; json_pair(v, i, &key, &value); i++) {
        struct json *hidden = replacement(value, r);
        if (hidden != NULL) {
            json_set(v, key, hidden);
        }
    }
}

void log_line(const struct json *event, struct buf *out)
{
    json_print(event, JSON_COMPACT, out);
    buf_add_char(out, '\n');
}
