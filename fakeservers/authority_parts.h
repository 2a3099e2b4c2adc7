/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the files of the fake authorization server.
 *
 *   authority.c        its documents, access and refresh tokens, refresh, client credentials,
 * device flow authority_code.c   the authorization endpoint, and the code that comes from there
 *   authority_jwt.c    assertions that a service account has signed
 */
#ifndef SMTPDX_FAKESERVERS_AUTHORITY_PARTS_H
#define SMTPDX_FAKESERVERS_AUTHORITY_PARTS_H

#include "fakeservers/authority.h"

enum { TOKENS_MAX = 256, CODE_TEXT = 40, VALUE_MAX = 64 * 1024, CODE_LIFETIME_S = 60 };

struct document;

/* What the authorization endpoint does with a browser. */
enum authority_redirect {
    REDIRECTS_CODE,
    REDIRECTS_DENIED, /* the person says no */
    REDIRECTS_STATE,  /* with a state that nobody has sent */
    REDIRECTS_ISSUER, /* as another server */
};
bool authority_redirect_from_word(const char *word, enum authority_redirect *out);

struct authority_code {
    char text[CODE_TEXT + 1]; /* empty: there is none */
    bool is_used;
    int64_t ends_s;
    struct buf client_id, redirect_uri, challenge, scope; /* as the browser has brought them */
};
void authority_code_init(struct authority_code *c);
void authority_code_release(struct authority_code *c);

enum token_state { TOKEN_GOOD, TOKEN_REPLACED };

struct issued {
    char text[CODE_TEXT + 8];
    enum token_state state;
};

struct authority {
    struct authority_params params;
    const struct document *says; /* at the token endpoint */
    enum authority_redirect redirects;
    struct rng rng;
    struct authority_counts counts;
    unsigned said;
    struct issued refresh[TOKENS_MAX];
    size_t refresh_count;
    struct access {
        unsigned char octets[16]; /* the beginning of its signature: tokens may be long */
        int64_t expires_s;
    } access[TOKENS_MAX];
    size_t access_count;
    char device_code[CODE_TEXT + 1], user_code[12];
    int64_t device_ends_s, asked_s;
    unsigned asked;
    struct buf device_scope;
    struct authority_code code; /* the newest */
};

/* The value of a field of a form, decoded; empty when it is not there. Borrows from room. */
struct slice authority_field(struct slice form, const char *name, struct buf *room);
/* Both append the document, and return the status. */
unsigned authority_refuse(struct authority *a, unsigned status, const char *error,
                          const char *description, struct buf *body);
/* refresh: NULL when none is given out. */
unsigned authority_grant(struct authority *a, int64_t now_s, struct slice scope,
                         const char *refresh, struct buf *body);
const char *authority_new_refresh_token(struct authority *a);
/* A text of the provider's oauth2, or empty. */
struct slice authority_text(const struct authority *a, const char *key);

unsigned authority_on_code(struct authority *a, int64_t now_s, struct slice form, struct buf *body);
unsigned authority_on_assertion(struct authority *a, int64_t now_s, struct slice form,
                                struct buf *body);

#endif
