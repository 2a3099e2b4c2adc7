/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of one cause: its sentence, who and retry, how providers word it, what they advise.
 * Provider files that build on others hold the others' replies, too: each wording is shown once.
 */
#include <stdio.h>
#include <string.h>

#include "cli/explain.h"
#include "doc/json_out.h"

struct wording {
    const struct provider *provider;
    const struct provider_reply *reply;
};

static bool is_own(const struct provider *p, const struct provider_reply *r)
{
    return strcmp(r->file, p->file) == 0;
}

/* The next wording behind (i, k), or false. With one provider all that its file holds or inherits.
 */
static bool next_wording(const struct registry *registry, const struct provider *only,
                         const char *slug, size_t *i, size_t *k, struct wording *out)
{
    for (; *i < registry_count(registry); ++*i, *k = 0) {
        const struct provider *p = registry_at(registry, *i);
        for (; (only == NULL || p == only) && *k < p->reply_count; ++*k) {
            const struct provider_reply *r = &p->replies[*k];
            if (strcmp(r->cause, slug) == 0 && (only != NULL || is_own(p, r))) {
                *out = (struct wording){p, r};
                ++*k;
                return true;
            }
        }
    }
    return false;
}

/* What this provider says instead of the usual; NULL when nothing. */
static const struct provider_advice *advice_of(const struct registry *registry,
                                               const struct provider *provider, const char *slug)
{
    const struct provider_advice *a =
        provider == NULL ? NULL : provider_advice_for(provider, slice_of(slug));
    const struct provider *generic = registry_find(registry, SLICE("generic"));
    return a != NULL || generic == NULL ? a : provider_advice_for(generic, slice_of(slug));
}

static const char *who_text(const struct provider_advice *a, enum cause cause)
{
    for (size_t i = 0; a != NULL && i < WHO_COUNT; i++) {
        if (strcmp(a->who, cause_who_slug((enum cause_who)i)) == 0) {
            return explain_who((enum cause_who)i);
        }
    }
    return explain_who(cause_who(cause));
}

static const char *retry_text(const struct provider_advice *a, enum cause cause)
{
    for (size_t i = 0; a != NULL && i < RETRY_COUNT; i++) {
        if (strcmp(a->retry, cause_retry_slug((enum cause_retry)i)) == 0) {
            return explain_retry((enum cause_retry)i);
        }
    }
    return explain_retry(cause_retry(cause));
}

static void add_wording(const struct wording *w, size_t columns, struct buf *out)
{
    struct buf head;
    buf_init(&head, BUF_NO_CAP);
    buf_addf(&head, "%s, at %s, %s (%s:%u)", w->provider->title, stage_title(w->reply->stage),
             w->reply->sure, w->reply->file, w->reply->line);
    buf_add_char(out, '\n');
    explain_field("said by", buf_slice(&head), columns, out);
    explain_field("", slice_of(w->reply->text), columns, out);
    if (w->reply->source[0] != '\0') {
        explain_field("source", slice_of(w->reply->source), columns, out);
    }
    buf_release(&head);
}

/* Advice of every provider that has its own. */
static void add_advice(const struct registry *registry, const struct provider *only,
                       const char *slug, size_t columns, struct buf *out)
{
    for (size_t i = 0; i < registry_count(registry); i++) {
        const struct provider *p = registry_at(registry, i);
        const struct provider_advice *a = provider_advice_for(p, slice_of(slug));
        if (a == NULL || a->text[0] == '\0' || (only != NULL && p != only)) {
            continue;
        }
        buf_add_char(out, '\n');
        explain_field("do at", slice_of(p->title), columns, out);
        explain_field("", slice_of(a->text), columns, out);
        if (a->link[0] != '\0') {
            explain_field("more", slice_of(a->link), columns, out);
        }
    }
}

void explain_cause(const struct registry *registry, const struct provider *provider,
                   enum cause cause, size_t columns, struct buf *out)
{
    const char *slug = cause_slug(cause);
    const struct provider_advice *advice = advice_of(registry, provider, slug);
    struct wording w;
    size_t i = 0, k = 0;
    buf_addf(out, "%s\n", slug);
    explain_field("what", slice_of(cause_sentence(cause)), columns, out);
    explain_field("who", slice_of(who_text(advice, cause)), columns, out);
    explain_field("retry", slice_of(retry_text(advice, cause)), columns, out);
    if (provider != NULL && advice != NULL &&
        provider_advice_for(provider, slice_of(slug)) == NULL) {
        explain_field("do", slice_of(advice->text), columns, out); /* that for everybody */
    }
    add_advice(registry, provider, slug, columns, out);
    while (next_wording(registry, provider, slug, &i, &k, &w)) {
        add_wording(&w, columns, out);
    }
}

static void pair(const char *key, const char *text, struct buf *out)
{
    json_out_key(key, out);
    json_out_text(text, out);
}

static void add_replies_json(const struct registry *registry, const struct provider *provider,
                             const char *slug, struct buf *out)
{
    struct wording w;
    size_t i = 0, k = 0;
    bool is_first = true;
    json_out_key("replies", out);
    buf_add_char(out, '[');
    while (next_wording(registry, provider, slug, &i, &k, &w)) {
        buf_add_text(out, is_first ? "{" : ",{");
        is_first = false;
        pair("provider", w.provider->name, out);
        pair("stage", stage_slug(w.reply->stage), out);
        pair("variant", w.reply->variant, out);
        pair("text", w.reply->text, out);
        pair("sure", w.reply->sure, out);
        pair("source", w.reply->source, out);
        pair("file", w.reply->file, out);
        json_out_key("line", out);
        buf_addf(out, "%u}", w.reply->line);
    }
    buf_add_char(out, ']');
}

static void add_advice_json(const struct registry *registry, const struct provider *only,
                            const char *slug, struct buf *out)
{
    bool is_first = true;
    json_out_key("advice", out);
    buf_add_char(out, '[');
    for (size_t i = 0; i < registry_count(registry); i++) {
        const struct provider *p = registry_at(registry, i);
        const struct provider_advice *a = provider_advice_for(p, slice_of(slug));
        if (a == NULL || (only != NULL && p != only)) {
            continue;
        }
        buf_add_text(out, is_first ? "{" : ",{");
        is_first = false;
        pair("provider", p->name, out);
        pair("who", a->who[0] != '\0' ? a->who : "", out);
        pair("retry", a->retry, out);
        pair("text", a->text, out);
        pair("link", a->link, out);
        buf_add_char(out, '}');
    }
    buf_add_char(out, ']');
}

void explain_cause_json(const struct registry *registry, const struct provider *provider,
                        enum cause cause, struct buf *out)
{
    buf_add_char(out, '{');
    pair("cause", cause_slug(cause), out);
    pair("who", cause_who_slug(cause_who(cause)), out);
    pair("retry", cause_retry_slug(cause_retry(cause)), out);
    pair("sentence", cause_sentence(cause), out);
    add_advice_json(registry, provider, cause_slug(cause), out);
    add_replies_json(registry, provider, cause_slug(cause), out);
    buf_add_text(out, "}\n");
}
