/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The claims of an access token, when it is a JSON Web Token (RFC 7519): read, never verified, and
 * never repeated to anybody. Most providers' tokens are opaque, and then nothing is known.
 */
#ifndef SMTPDX_DIAGNOSE_CLAIMS_H
#define SMTPDX_DIAGNOSE_CLAIMS_H

#include "doc/json.h"
#include "provider/provider.h"

enum { CLAIMS_TOKEN_MAX = 16384 }; /* longer ones are not looked at */

struct claims {
    struct json *payload;     /* owned */
    int64_t expires_s;        /* seconds since 1970; 0: the token does not say */
    struct slice audience;    /* the first one; these borrow from payload */
    struct slice scope;       /* "scp" or "scope", blank-separated */
    struct slice user;        /* "upn", "preferred_username", "unique_name" or "email" */
    const struct json *roles; /* of an application's token; NULL: none */
};

/* False when the token is not a JWT (out is empty then). claims_release may be called either way.
 */
bool claims_read(struct slice token, struct claims *out);
/* The same from the payload alone, decoded: a JSON object of up to CLAIMS_TOKEN_MAX octets. */
bool claims_read_payload(struct slice payload, struct claims *out);
void claims_release(struct claims *c);

/* Case of ASCII letters does not count: "SMTP.Send" among the scopes. */
bool claims_have_scope(const struct claims *c, struct slice scope);
bool claims_have_role(const struct claims *c, struct slice prefix);

/* What can be wrong with a token that is to be used here; the words say what, and never whose. */
enum claims_wrong {
    CLAIMS_EXPIRED = 1 << 0,
    CLAIMS_NO_SCOPE = 1 << 1,   /* shows its permissions, and none is for SMTP at this provider */
    CLAIMS_ELSEWHERE = 1 << 2,  /* its audience is another service of the provider */
    CLAIMS_OTHER_USER = 1 << 3, /* names another user; delegation may allow it */
};
struct claims_question {
    const struct provider *provider; /* NULL: scopes are not judged */
    struct slice user;               /* empty: not judged */
    int64_t now_s;                   /* 0: no token counts as expired */
};
/* A sum of enum claims_wrong. service: whose the audience is ("Microsoft Graph"), or NULL. */
unsigned claims_judge(const struct claims *c, const struct claims_question *question,
                      const char **service);

/* Three parts of base64url, the first a JSON object: the form of a JWT or of a provider's own
 * tokens (Google's begin with "ya29."); no password has it. */
bool claims_is_token_form(struct slice secret);

#endif
