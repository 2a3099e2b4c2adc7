/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of a provider, read from providers/NAME.yaml: endpoints and TLS mode, user-name
 * rule, credential kinds, capability lines per TLS state, limits, OAuth2 facts, and how this
 * provider words each cause. One file, four uses: registry, pre-flight validation, mapper
 * (reply -> cause) and fake server (cause -> reply).
 *
 * All strings are NUL-terminated, borrowed from the registry, and live as long as it does.
 */
#ifndef SMTPDX_PROVIDER_PROVIDER_H
#define SMTPDX_PROVIDER_PROVIDER_H

#include "base/facts.h"
#include "doc/node.h"

enum username_rule {
    USERNAME_ANY,          /* nothing is known */
    USERNAME_FULL_ADDRESS, /* local part @ domain */
    USERNAME_LOCAL_PART,   /* without @ */
    USERNAME_LITERAL,      /* a fixed word: "apikey" */
    USERNAME_RULE_COUNT
};

enum credential_kind {
    CREDENTIAL_NONE,
    CREDENTIAL_PASSWORD,
    CREDENTIAL_APP_PASSWORD,
    CREDENTIAL_OAUTH2,
    CREDENTIAL_COUNT
};
const char *credential_slug(enum credential_kind kind); /* none, password, app_password, oauth2 */
bool credential_from_slug(struct slice slug, enum credential_kind *out);

struct provider_endpoint {
    const char *host;
    unsigned port;
    enum security security;
    const char *source;
};

struct provider_credential {
    enum credential_kind kind;
    bool is_accepted;              /* false: known to be refused, with `because` */
    const char *const *mechanisms; /* NULL-terminated */
    const char *form;              /* regular expression the secret's form follows, or "" */
    const char *cause;             /* refused: slug of the cause a refusal has, or "" */
    const char *because, *source;
};

/* One way in which the provider words one cause. */
struct provider_reply {
    const char *cause;   /* slug */
    const char *variant; /* "" for the usual one */
    enum stage stage;    /* where it says so */
    const char *text;    /* whole reply with codes; {host} {id} {time} {address} {ip} {user} {any} vary;
                            several lines are separated by LF */
    const char *sure;    /* "certain" (default), "likely", "possible" */
    const char *source, *seen; /* URL or page; date */
    unsigned code;             /* of text, 0 when it shows none */
    const char *enhanced;      /* of text, "" when it shows none */
    const char *alternatives;  /* causes the same text has had, space-separated, or "" */
    bool closes;               /* the provider closes the connection after it */
    bool is_mx;                /* said by the inbound side; relays pass it on */
    bool may_play;             /* complete enough for the fake server to say: a reply code, words, no {any} */
    const char *file;          /* where it stands; with `extends:` this may be the other file */
    unsigned line;             /* in that file */
};

struct provider_advice {
    const char *cause;
    const char *who, *retry;   /* "" means: as the cause says */
    const char *text, *link;
};

struct provider {
    const char *name, *title, *family;
    const char *file; /* "providers/outlook.yaml" */
    const char *extends; /* name of the provider whose file this one builds on, or "" */
    const struct provider_endpoint *endpoints; /* the first is the default */
    size_t endpoint_count;
    const struct provider_endpoint *imap;      /* where its mailboxes are read; NULL: not known */
    const char *const *domains;    /* mail domains, NULL-terminated */
    const char *const *host_globs; /* further host names it answers under: "smtp.live.com" */
    enum username_rule username_rule;
    const char *username_literal;
    const char *username_source;
    const struct provider_credential *credentials;
    size_t credential_count;
    const char *greeting;               /* whole reply with its code and placeholders, or "" */
    const char *const *clear, *const *tls; /* capability lines per TLS state, NULL-terminated */
    const char *hello;                  /* text of the first EHLO line behind "250-", or "" */
    const struct node *polite;          /* map verb (or BODY) -> whole reply on success, for the fake; may be NULL */
    const struct node *limits, *oauth2; /* may be NULL */
    const struct provider_reply *replies;
    size_t reply_count;
    const struct provider_advice *advice;
    size_t advice_count;
    const struct node *root; /* the whole file */
};

/* How a scenario names the reply that has no variant, where another would be taken first. */
#define PROVIDER_VARIANT_USUAL "usual"

struct registry; /* opaque */

/*
 * Loads the embedded files; files of the same name in folder (NULL: none) replace them and further
 * ones are added. Every file is checked against the schema of provider files.
 * Errors: ERR_SYNTAX, ERR_INVALID; errors holds the places.
 */
enum err registry_load(const char *folder, struct registry **out, struct doc_errors *errors,
                       struct why *why) MUST_USE;
void registry_free(struct registry *r);

size_t registry_count(const struct registry *r);
const struct provider *registry_at(const struct registry *r, size_t i); /* by name */
size_t registry_index(const struct registry *r, const struct provider *p); /* SIZE_MAX: none of its own */
const struct provider *registry_find(const struct registry *r, struct slice name);
/* By host name of an endpoint or host glob; or by the domain of a mail address. NULL if unknown, and
 * for 127.0.0.1: anything may listen on one's own machine. */
const struct provider *registry_by_host(const struct registry *r, struct slice host);
const struct provider *registry_by_address(const struct registry *r, struct slice address);
const char *registry_nearest(const struct registry *r, struct slice name);

/* The reply in which the provider words the cause: variant "" takes the first playable one, the
 * submission side's before the inbound side's, and "usual" the one that has no variant; stage STAGE_NONE takes any. When none may be played
 * the first one; NULL when it words it nowhere. */
const struct provider_reply *provider_reply_for(const struct provider *p, struct slice cause,
                                                struct slice variant, enum stage stage);
const struct provider_advice *provider_advice_for(const struct provider *p, struct slice cause);

/* Checks a user name against the rule. True when it may be used; otherwise out says what is wrong
 * and what the provider wants, for a person (the user name itself is not repeated). */
bool provider_username_ok(const struct provider *p, struct slice username, struct buf *out);

/* Fills the placeholders of a text; {any} and unknown ones stay as they are. */
struct provider_fill {
    struct slice host, id, time, address, ip, user;
};
void provider_fill(const char *text, const struct provider_fill *fill, struct buf *out);

#endif
