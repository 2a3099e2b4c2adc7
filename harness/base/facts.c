/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the closed lists in stage.def and fault.def. */
#include "base/facts.h"

static const char *const stage_slugs[] = {
#define STAGE(name, slug, title) slug,
#include "base/stage.def"
#undef STAGE
};

static const char *const stage_titles[] = {
#define STAGE(name, slug, title) title,
#include "base/stage.def"
#undef STAGE
};

static const struct {
    const char *name, *cause, *sentence;
} faults[] = {
#define FAULT(name, cause, sentence) {#name, cause, sentence},
#include "base/fault.def"
#undef FAULT
};

static const char *const security_slugs[] = {"starttls", "implicit", "none"};

const char *stage_slug(enum stage stage)
{
    return stage_slugs[stage];
}

const char *stage_title(enum stage stage)
{
    return stage_titles[stage];
}

/* Index of word in list, or n. */
static size_t index_of(struct slice word, const char *const *list, size_t n)
{
    size_t i = 0;
    if (word.n == 0) {
        return n;
    }
    while (i < n && (list[i][0] != word.p[0] || !slice_eq_text(word, list[i]))) {
        i++;
    }
    return i;
}

bool stage_from_slug(struct slice slug, enum stage *out)
{
    size_t i = index_of(slug, stage_slugs, STAGE_COUNT);
    if (i < STAGE_COUNT) {
        *out = (enum stage)i;
    }
    return i < STAGE_COUNT;
}

const char *fault_name(enum fault fault)
{
    return faults[fault].name;
}

const char *fault_cause(enum fault fault)
{
    return faults[fault].cause;
}

const char *fault_sentence(enum fault fault)
{
    return faults[fault].sentence;
}

const char *security_slug(enum security security)
{
    return security_slugs[security];
}

bool security_from_slug(struct slice slug, enum security *out)
{
    size_t i = index_of(slug, security_slugs, SECURITY_COUNT);
    if (i < SECURITY_COUNT) {
        *out = (enum security)i;
    }
    return i < SECURITY_COUNT;
}
