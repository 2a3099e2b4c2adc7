/* SPDX-License-Identifier: Apache-2.0 */
/* See rules.h. A pattern is literal words and stars; matching backtracks to the last star only,
 * which is complete for such patterns and linear in practice. */
#include "diagnose/rules.h"

#include "diagnose/json_line.h"

#include <stdlib.h>
#include <string.h>

enum { TOKENS_MAX = 256 };

/* {name} becomes one octet that the word reader takes for a star. */
static struct slice starred(struct slice text, struct arena *arena)
{
    char *p = arena_alloc(arena, text.n + 1);
    size_t n = 0;
    for (size_t at = 0; at < text.n; at++) {
        size_t end = text.p[at] == '{' ? slice_find_char(slice_from(text, at), '}') : SIZE_MAX;
        if (end != SIZE_MAX) {
            p[n++] = '\x01';
            at += end;
        } else {
            p[n++] = text.p[at];
        }
    }
    return slice_make(p, n);
}

/* What a sentence may end in without saying anything: ids, links, "learn more at". */
static size_t without_tail(const struct filler *filler, const struct words *w)
{
    size_t n = w->count;
    while (n != 0 &&
           ((w->list[n - 1].flags & WORD_NOISE) != 0 || filler_has(filler, w->list[n - 1].hash))) {
        n--;
    }
    return n != 0 ? n : w->count;
}

void rule_compile(const struct filler *filler, struct slice text, struct arena *arena,
                  struct rule *out)
{
    struct words w;
    words_read(starred(text, arena), WORDS_OF_PATTERN, &w);
    size_t begin = 0, end = without_tail(filler, &w);
    while (begin < end && (w.list[begin].flags & WORD_STAR) != 0) {
        begin++;
        out->leads_star = true;
    }
    out->ends_star = slice_has_suffix(text, SLICE("{any}"));
    struct token *tokens = arena_array(arena, end - begin + 1, sizeof *tokens);
    for (size_t i = begin; i < end; i++) {
        bool is_star = (w.list[i].flags & WORD_STAR) != 0;
        if (is_star && out->token_count != 0 && tokens[out->token_count - 1].hash == 0) {
            continue; /* two stars in a row are one */
        }
        tokens[out->token_count++].hash = is_star ? 0 : w.list[i].hash;
        out->literals += !is_star;
    }
    while (out->token_count != 0 && tokens[out->token_count - 1].hash == 0) {
        out->token_count--;
    }
    out->tokens = tokens;
}

/* From token t on, at word i. */
static bool matches_from(const struct rule *rule, const struct words *w, size_t t, size_t i,
                         size_t *end)
{
    size_t star = SIZE_MAX, mark = 0;
    while (t < rule->token_count) {
        if (rule->tokens[t].hash == 0) {
            star = t++;
            mark = i;
        } else if (i < w->count && w->list[i].hash == rule->tokens[t].hash) {
            i++;
            t++;
        } else if (star != SIZE_MAX && mark < w->count) {
            t = star + 1;
            i = ++mark;
        } else {
            return false;
        }
    }
    *end = i;
    return true;
}

bool rule_matches(const struct rule *rule, const struct words *w, size_t at, size_t *end)
{
    return matches_from(rule, w, 0, at, end);
}

bool rule_goes_on(const struct rule *rule, const struct words *w, size_t at, size_t *end)
{
    bool has_two = rule->token_count > 1 && rule->tokens[1].hash != 0;
    return matches_from(rule, w, has_two ? 2 : 1, has_two ? at + 2 : at + 1, end);
}

static uint64_t rule_key(const struct rule *r)
{
    uint64_t second = r->token_count > 1 ? r->tokens[1].hash : 0;
    return rules_key(r->tokens[0].hash, second);
}

static struct rule_slot *slot_of(const struct rules *r, uint64_t key)
{
    size_t at = (size_t)key & r->slot_mask;
    while (r->slots[at].key != 0 && r->slots[at].key != key) {
        at = (at + 1) & r->slot_mask;
    }
    return &r->slots[at];
}

const struct rule *rules_of_key(const struct rules *r, uint64_t key)
{
    const struct rule_slot *slot = slot_of(r, key);
    return slot->key == 0 ? NULL : &r->list[slot->first - 1];
}

const struct rule *rule_next(const struct rules *r, const struct rule *rule)
{
    return rule->next == 0 ? NULL : &r->list[rule->next - 1];
}

bool rule_is_of(const struct rule *rule, size_t provider)
{
    return provider != SIZE_MAX && (rule->owners[provider / 64] >> (provider % 64) & 1) != 0;
}

static void say_whose(struct rules *r)
{
    for (size_t i = 0; i < r->count; i++) {
        struct rule *rule = &r->list[i];
        bool is_generic = rule_is_of(rule, r->generic);
        const char *title = registry_at(r->registry, rule->home)->title;
        const struct slice own[] = {SLICE_INIT("the provider's own sentence ("),
                                    slice_of(rule->place), SLICE_INIT(")")};
        const struct slice home[] = {is_generic ? SLICE("a sentence of common server software")
                                                : SLICE("a sentence of "),
                                     slice_of(is_generic ? "" : title), SLICE_INIT(" ("),
                                     slice_of(rule->place), SLICE_INIT(")")};
        rule->said_own = arena_join(&r->arena, own, COUNT(own));
        rule->said_home = arena_join(&r->arena, home, COUNT(home));
    }
}

static void index_rules(struct rules *r)
{
    size_t slots = 64;
    while (slots < 2 * r->count + 2) {
        slots *= 2;
    }
    r->slots = arena_array(&r->arena, slots, sizeof *r->slots);
    r->slot_mask = slots - 1;
    for (size_t i = r->count; i > 0; i--) { /* backwards, so that chains keep the order of files */
        struct rule *rule = &r->list[i - 1];
        struct rule_slot *slot = slot_of(r, rule_key(rule));
        slot->key = rule_key(rule);
        rule->next = slot->first;
        slot->first = (uint32_t)i;
        r->starts[slot->key % RULE_STARTS / 64] |= (uint64_t)1 << (slot->key % 64);
    }
}

static int by_enhanced(const void *a, const void *b)
{
    const struct rule *x = *(const struct rule *const *)a, *y = *(const struct rule *const *)b;
    int order = memcmp(x->enhanced, y->enhanced, ENHANCED_MAX);
    return order != 0 ? order : (x > y) - (x < y);
}

static void index_enhanced(struct rules *r)
{
    r->by_enhanced = arena_array(&r->arena, r->count + 1, sizeof(struct rule *));
    for (size_t i = 0; i < r->count; i++) {
        if (r->list[i].enhanced[0] != '\0') {
            r->by_enhanced[r->enhanced_count++] = &r->list[i];
        }
    }
    qsort(r->by_enhanced, r->enhanced_count, sizeof(struct rule *), by_enhanced);
}

/* How many of them stand before this code, or, with it, before the next. */
static size_t enhanced_before(const struct rules *r, const char *enhanced, bool with_it)
{
    size_t low = 0, high = r->enhanced_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = memcmp(r->by_enhanced[mid]->enhanced, enhanced, ENHANCED_MAX);
        if (order < 0 || (with_it && order == 0)) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

const struct rule *const *rules_with_enhanced(const struct rules *r,
                                              const char enhanced[ENHANCED_MAX], size_t *count)
{
    size_t from = enhanced_before(r, enhanced, false);
    *count = enhanced_before(r, enhanced, true) - from;
    return r->by_enhanced + from;
}

static struct advice advice_from(enum cause cause, const struct provider_advice *text,
                                 struct arena *arena)
{
    struct advice a = {.text = text, .who = cause_who(cause), .retry = cause_retry(cause)};
    for (unsigned i = 0; text != NULL && i < WHO_COUNT; i++) {
        a.who = strcmp(text->who, cause_who_slug((enum cause_who)i)) == 0 ? (enum cause_who)i : a.who;
    }
    for (unsigned i = 0; text != NULL && i < RETRY_COUNT; i++) {
        a.retry = strcmp(text->retry, cause_retry_slug((enum cause_retry)i)) == 0
                      ? (enum cause_retry)i
                      : a.retry;
    }
    advice_render(&a, arena);
    return a;
}

/* What provider i says itself, over what is there for everybody; the first of several counts. */
static void add_advice(struct rules *r, size_t i, struct advice *row)
{
    const struct provider *p = registry_at(r->registry, i);
    for (size_t k = p->advice_count; k > 0; k--) {
        enum cause cause;
        must(cause_from_slug(slice_of(p->advice[k - 1].cause), &cause));
        row[cause] = advice_from(cause, &p->advice[k - 1], &r->arena);
    }
}

static void index_advice(struct rules *r)
{
    size_t providers = registry_count(r->registry);
    r->advice = arena_array(&r->arena, (providers + 1) * CAUSE_COUNT, sizeof *r->advice);
    struct advice *everybody = r->advice + providers * CAUSE_COUNT;
    for (unsigned c = 0; c < CAUSE_COUNT; c++) {
        everybody[c] = advice_from((enum cause)c, NULL, &r->arena);
    }
    if (r->generic != SIZE_MAX) {
        add_advice(r, r->generic, everybody);
    }
    for (size_t i = 0; i < providers; i++) {
        memcpy(r->advice + i * CAUSE_COUNT, everybody, CAUSE_COUNT * sizeof *everybody);
        add_advice(r, i, r->advice + i * CAUSE_COUNT);
    }
}

const struct advice *rules_advice(const struct rules *r, size_t provider, enum cause cause)
{
    size_t row = provider != SIZE_MAX ? provider : registry_count(r->registry);
    return &r->advice[row * CAUSE_COUNT + cause];
}

static enum err bad_cause(const struct provider_reply *reply, struct slice slug, struct why *why)
{
    const char *near = cause_nearest(slug);
    enum err err = why_set(why, ERR_INVALID, "unknown cause '" SLICE_FMT "'%s%s%s", SLICE_ARG(slug),
                           near != NULL ? " (did you mean '" : "", near != NULL ? near : "",
                           near != NULL ? "'?)" : "");
    return why_at(why, err, reply->file, reply->line, 0);
}

static enum sureness sure_of(const char *word)
{
    for (unsigned i = 0; i < SURE_COUNT; i++) {
        if (strcmp(word, sureness_slug((enum sureness)i)) == 0) {
            return (enum sureness)i;
        }
    }
    die_bug(__FILE__, __LINE__, "the schema lets no other word through");
}

static enum err read_alternatives(const struct provider_reply *reply, struct rule *out,
                                  struct why *why)
{
    struct slice rest = slice_of(reply->alternatives), slug;
    enum cause cause;
    while (slice_take_word(&rest, &slug)) {
        if (!cause_from_slug(slug, &cause)) {
            return bad_cause(reply, slug, why);
        }
        if (out->alternative_count < DIAGNOSIS_ALTERNATIVES_MAX) {
            out->alternatives[out->alternative_count++] = cause;
        }
    }
    return ERR_OK;
}

static void read_codes(const struct provider_reply *reply, struct rule *out)
{
    size_t n = strlen(reply->enhanced);
    out->code = reply->code;
    memcpy(out->enhanced, reply->enhanced, n < ENHANCED_MAX ? n : ENHANCED_MAX - 1);
}

/* With `extends:` the same reply belongs to several providers. */
static struct rule *rule_same(struct rule *list, size_t count, const struct provider_reply *reply)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i].reply->line == reply->line && strcmp(list[i].reply->file, reply->file) == 0) {
            return &list[i];
        }
    }
    return NULL;
}

static enum err add_reply(struct rules *r, const struct provider_reply *reply, size_t provider,
                          struct why *why)
{
    struct rule *rule = rule_same(r->list, r->count, reply);
    rule = rule != NULL ? rule : rule_same(r->codes, r->code_count, reply);
    size_t words = (registry_count(r->registry) + 63) / 64;
    if (rule == NULL) {
        struct rule fresh = {.reply = reply, .sure = sure_of(reply->sure), .home = provider};
        if (!cause_from_slug(slice_of(reply->cause), &fresh.cause)) {
            return bad_cause(reply, slice_of(reply->cause), why);
        }
        TRY(read_alternatives(reply, &fresh, why));
        read_codes(reply, &fresh);
        rule_compile(&r->filler, slice_of(reply->text), &r->arena, &fresh);
        fresh.place = arena_printf(&r->arena, "%s:%u", reply->file, reply->line);
        fresh.owners = arena_array(&r->arena, words, sizeof *fresh.owners);
        rule = fresh.literals != 0 ? &r->list[r->count++] : &r->codes[r->code_count++];
        *rule = fresh;
    }
    rule->owners[provider / 64] |= (uint64_t)1 << (provider % 64);
    if (strcmp(reply->file, registry_at(r->registry, provider)->file) == 0) {
        rule->home = provider;
    }
    return ERR_OK;
}

static enum err check_causes(const struct provider *p, struct why *why)
{
    enum cause cause;
    for (size_t i = 0; i < p->advice_count; i++) {
        if (!cause_from_slug(slice_of(p->advice[i].cause), &cause)) {
            return why_at(
                why,
                why_set(why, ERR_INVALID, "advice for an unknown cause '%s'", p->advice[i].cause),
                p->file, 0, 0);
        }
    }
    for (size_t i = 0; i < p->credential_count; i++) {
        if (p->credentials[i].cause[0] != '\0' &&
            !cause_from_slug(slice_of(p->credentials[i].cause), &cause)) {
            return why_at(why,
                          why_set(why, ERR_INVALID, "a credential names an unknown cause '%s'",
                                  p->credentials[i].cause),
                          p->file, 0, 0);
        }
    }
    return ERR_OK;
}

enum err rules_build(const struct registry *registry, struct rules *out, struct why *why)
{
    size_t replies = 1;
    *out = (struct rules){.registry = registry, .generic = SIZE_MAX};
    arena_init(&out->arena);
    filler_init(&out->filler);
    for (size_t i = 0; i < registry_count(registry); i++) {
        replies += registry_at(registry, i)->reply_count;
        out->generic = strcmp(registry_at(registry, i)->name, "generic") == 0 ? i : out->generic;
    }
    out->list = arena_array(&out->arena, replies, sizeof *out->list);
    out->codes = arena_array(&out->arena, replies, sizeof *out->codes);
    for (size_t i = 0; i < registry_count(registry); i++) {
        const struct provider *p = registry_at(registry, i);
        TRY(check_causes(p, why));
        for (size_t k = 0; k < p->reply_count; k++) {
            TRY(add_reply(out, &p->replies[k], i, why));
        }
    }
    index_rules(out);
    say_whose(out);
    index_enhanced(out);
    index_advice(out);
    return ERR_OK;
}

void rules_release(struct rules *r)
{
    arena_release(&r->arena);
}
