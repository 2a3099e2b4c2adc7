/* SPDX-License-Identifier: Apache-2.0 */
/* The closed list of causes as functions. */
#include "base/text.h"
#include "diagnose/diagnose.h"

static const struct {
    const char *slug, *sentence;
    enum cause_who who;
    enum cause_retry retry;
} causes[] = {
#define CAUSE(name, slug, who, retry, sentence) {slug, sentence, who, retry},
#include "diagnose/causes.def"
#undef CAUSE
};

static const char *const slugs[] = {
#define CAUSE(name, slug, who, retry, sentence) slug,
#include "diagnose/causes.def"
#undef CAUSE
};

const char *cause_who_slug(enum cause_who who)
{
    static const char *const names[] = {"nobody",    "user",     "admin",
                                        "developer", "provider", "network"};
    return names[who];
}

const char *cause_retry_slug(enum cause_retry retry)
{
    static const char *const names[] = {"never", "later", "after_fix"};
    return names[retry];
}

const char *sureness_slug(enum sureness sure)
{
    static const char *const names[] = {"possible", "likely", "certain"};
    return names[sure];
}

const char *cause_slug(enum cause cause)
{
    return causes[cause].slug;
}

const char *cause_sentence(enum cause cause)
{
    return causes[cause].sentence;
}

enum cause_who cause_who(enum cause cause)
{
    return causes[cause].who;
}

enum cause_retry cause_retry(enum cause cause)
{
    return causes[cause].retry;
}

bool cause_from_slug(struct slice slug, enum cause *out)
{
    for (size_t i = 0; i < CAUSE_COUNT; i++) {
        if (slice_eq_text(slug, slugs[i])) {
            *out = (enum cause)i;
            return true;
        }
    }
    return false;
}

const char *cause_nearest(struct slice slug)
{
    return text_nearest(slug, slugs, CAUSE_COUNT);
}
