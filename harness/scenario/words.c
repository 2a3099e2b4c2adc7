/* SPDX-License-Identifier: Apache-2.0 */
/* The closed lists, and finding a word in them. */
#include "scenario/table.h"

#include "base/text.h"

#define LIST_BEGIN(name)       static const struct choice name##_words[] = {
#define WORD(slug, value, doc) {slug, value, doc},
#define LIST_END(name)                                                                             \
    }                                                                                              \
    ;                                                                                              \
    const struct choices choices_##name = {#name, name##_words, COUNT(name##_words)};
#include "scenario/words.def"
#undef LIST_BEGIN
#undef WORD
#undef LIST_END

static const struct choice stage_words[] = {
#define STAGE(name, slug, title) {slug, STAGE_##name, title},
#include "base/stage.def"
#undef STAGE
};
const struct choices choices_stages = {"stages", stage_words, COUNT(stage_words)};

static const struct choice fault_words[] = {
#define FAULT(name, cause, sentence) {#name, FAULT_##name, sentence},
#include "base/fault.def"
#undef FAULT
};
const struct choices choices_faults = {"faults", fault_words, COUNT(fault_words)};

static const struct choice cause_words[] = {
#define CAUSE(name, slug, who, retry, sentence) {slug, 0, sentence},
#include "base/cause.def"
#undef CAUSE
};
const struct choices choices_causes = {"causes", cause_words, COUNT(cause_words)};

/* Faults are named in the code's way (TLS_EXPIRED) and written in the language's (tls-expired). */
static bool is_same(const char *slug, struct slice word)
{
    for (size_t i = 0; i < word.n; i++) {
        char c = slug[i];
        c = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        if (slug[i] == '\0' || (c == '_' ? '-' : c) != word.p[i]) {
            return false;
        }
    }
    return slug[word.n] == '\0';
}

const struct choice *choices_find(const struct choices *c, struct slice word)
{
    for (size_t i = 0; i < c->count; i++) {
        bool is_it = c == &choices_faults ? is_same(c->list[i].slug, word)
                                          : slice_eq_text(word, c->list[i].slug);
        if (is_it) {
            return &c->list[i];
        }
    }
    return NULL;
}

const char *choices_nearest(const struct choices *c, struct slice word)
{
    const char *slugs[160];
    size_t n = 0;
    for (size_t i = 0; i < c->count && n < COUNT(slugs); i++) {
        slugs[n++] = c->list[i].slug;
    }
    return text_nearest(word, slugs, n);
}
