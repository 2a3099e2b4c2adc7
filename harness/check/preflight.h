/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be known of a login before any octet is sent: the user name against the provider's rule,
 * the form of the credential, what a token says of itself, the port and its TLS mode, and whether the
 * kind of credential is right for the purpose. Pure. Words never repeat a secret.
 */
#ifndef SMTPDX_CHECK_PREFLIGHT_H
#define SMTPDX_CHECK_PREFLIGHT_H

#include "base/arena.h"
#include "provider/provider.h"

enum purpose { PURPOSE_NONE, PURPOSE_CI, PURPOSE_ONBOARDING, PURPOSE_BULK, PURPOSE_MIGRATION, PURPOSE_COUNT };
const char *purpose_slug(enum purpose purpose); /* "" ci onboarding bulk migration */
bool purpose_from_slug(struct slice slug, enum purpose *out);

struct preflight_input {
    const struct provider *provider; /* NULL: only what holds everywhere is looked at */
    struct slice user, secret;       /* both empty: no login is planned */
    enum credential_kind kind;       /* as the person gave it */
    enum purpose purpose;
    int64_t now_s;                   /* seconds since 1970 */
    const char *host;                /* as configured */
    unsigned port;
    enum security security;
};

enum preflight_weight {
    PREFLIGHT_NOTE,    /* worth knowing */
    PREFLIGHT_DOUBT,   /* likely to fail, or not what the purpose wants; --strict makes it a refusal */
    PREFLIGHT_REFUSAL, /* cannot work: nothing is sent */
};
const char *preflight_weight_slug(enum preflight_weight weight); /* note doubt refusal */
struct preflight_finding {
    enum fault fault; /* whose cause it has; FAULT_NONE for a note without one */
    enum preflight_weight weight;
    const char *text; /* in the arena */
};

enum { PREFLIGHT_MAX = 12 };

/* Returns how many findings there are, at most PREFLIGHT_MAX, in the order in which they are looked
 * for (user name, credential, token, endpoint, purpose). */
size_t preflight(const struct preflight_input *in, struct arena *arena,
                 struct preflight_finding out[PREFLIGHT_MAX]);

/*
 * The kind that the secret has by its form: a password that looks as the provider's app passwords do
 * is one. Otherwise `kind` as it was given.
 */
enum credential_kind preflight_kind(const struct provider *p, enum credential_kind kind,
                                    struct slice secret);

/* Is a password the wrong thing for this purpose at this provider, because it takes OAuth2? */
bool preflight_forbids_password(const struct provider *p, enum credential_kind kind,
                                enum purpose purpose);

#endif
