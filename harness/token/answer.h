/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a token endpoint answers: a token (RFC 6749 5.1), an error (5.2), or the codes of the device flow
 * (RFC 8628 3.2). Read leniently, as endpoints differ: a number may be a text, a word may be missing.
 */
#ifndef SMTPDX_TOKEN_ANSWER_H
#define SMTPDX_TOKEN_ANSWER_H

#include "doc/json.h"

struct token_answer {
    struct json *document; /* owned; NULL: the body was no JSON object. The slices borrow from it */
    struct slice access_token, refresh_token, scope, token_type;
    int64_t expires_in_s;         /* 0: not said */
    int64_t refresh_expires_in_s; /* no standard has it, some say it; 0: not said */
    struct slice error, error_description;
    struct slice device_code, user_code, verification_uri; /* of the device flow */
    int64_t interval_s;                                    /* 5 when not said (RFC 8628 3.2) */
};

/* Any octets are taken. token_answer_release may be called whatever they were. */
void token_answer_read(struct slice body, struct token_answer *out);
void token_answer_release(struct token_answer *a);

#endif
