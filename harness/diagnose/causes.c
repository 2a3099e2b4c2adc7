/* SPDX-License-Identifier: Apache-2.0 */
/* The closed list of causes and the small lists around it, from base/cause.def. */
#include "diagnose/diagnose.h"

#include "base/text.h"

static const struct cause_row {
    const char *slug;
    enum cause_who who;
    enum cause_retry retry;
    const char *sentence;
} rows[] = {
#define CAUSE(name, slug, who, retry, sentence) {slug, WHO_##who, RETRY_##retry, sentence},
#include "base/cause.def"
#undef CAUSE
};
_Static_assert(COUNT(rows) == CAUSE_COUNT, "one row per cause");

static const char *const slugs[] = {
#define CAUSE(name, slug, who, retry, sentence) slug,
#include "base/cause.def"
#undef CAUSE
};

const char *cause_who_slug(enum cause_who who)
{
    static const char *const names[WHO_COUNT] = {"nobody",    "user",     "admin",
                                                 "developer", "provider", "network"};
    must((unsigned)who < WHO_COUNT);
    return names[who];
}

const char *cause_retry_slug(enum cause_retry retry)
{
    static const char *const names[RETRY_COUNT] = {"never", "later", "after_fix"};
    must((unsigned)retry < RETRY_COUNT);
    return names[retry];
}

const char *sureness_slug(enum sureness sure)
{
    static const char *const names[SURE_COUNT] = {"possible", "likely", "certain"};
    must((unsigned)sure < SURE_COUNT);
    return names[sure];
}

const char *cause_slug(enum cause cause)
{
    must((unsigned)cause < CAUSE_COUNT);
    return rows[cause].slug;
}

const char *cause_sentence(enum cause cause)
{
    must((unsigned)cause < CAUSE_COUNT);
    return rows[cause].sentence;
}

enum cause_who cause_who(enum cause cause)
{
    must((unsigned)cause < CAUSE_COUNT);
    return rows[cause].who;
}

enum cause_retry cause_retry(enum cause cause)
{
    must((unsigned)cause < CAUSE_COUNT);
    return rows[cause].retry;
}

bool cause_from_slug(struct slice slug, enum cause *out)
{
    for (unsigned i = 0; i < CAUSE_COUNT; i++) {
        if (slice_eq_text(slug, rows[i].slug)) {
            *out = (enum cause)i;
            return true;
        }
    }
    return false;
}

const char *cause_nearest(struct slice slug)
{
    return text_nearest(slug, slugs, COUNT(slugs));
}
