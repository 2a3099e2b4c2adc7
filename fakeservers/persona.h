/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the fake speaks: greeting, capability lines and the words for each cause, from the provider
 * file where it has them and from the plain modern server `esmtp` where it has not.
 */
#ifndef SMTPDX_FAKESERVERS_PERSONA_H
#define SMTPDX_FAKESERVERS_PERSONA_H

#include "base/arena.h"
#include "provider/provider.h"
#include "scenario/spec.h"

struct persona {
    const struct provider *provider; /* NULL: esmtp without a file */
    const char *const *clear, *const *tls;
    enum security security;
    struct arena *arena; /* borrowed */
    const char *host;
    bool is_google, is_microsoft; /* by family: they answer bad tokens differently */
};

/* What it says for a cause, and whether it hangs up then. */
struct persona_words {
    const char *text; /* with placeholders, lines separated by LF; NULL: not worded */
    bool closes;
};

/* Errors: ERR_INVALID (no such persona; why names the nearest). */
enum err persona_init(struct persona *p, const struct spec_server *spec,
                      const struct registry *providers, const char *host, struct arena *arena,
                      struct why *why) MUST_USE;

const char *persona_greeting(const struct persona *p); /* begins with a code */
const char *persona_hello(const struct persona *p);    /* text without code */
/* Reply on success of a verb ("MAIL", "BODY"); NULL for a verb without one. */
const char *persona_polite(const struct persona *p, const char *verb);
/* The provider's own words only: at that stage, or anywhere when it words it nowhere else. */
struct persona_words persona_says(const struct persona *p, struct slice cause, struct slice variant,
                                  enum stage stage);
/* As persona_says, and plain words when the provider has none. text may still be NULL. */
struct persona_words persona_words_for(const struct persona *p, const char *cause,
                                       enum stage stage);
/* The JSON document that answers a bad token, or NULL when the persona refuses at once. */
const char *persona_error_document(const struct persona *p, bool is_oauthbearer);
/* Does a token of this scope (audience) do for this persona? Unknown or empty: yes. */
bool persona_scope_ok(const struct persona *p, struct slice scope);
bool persona_audience_ok(const struct persona *p, struct slice audience);
bool persona_wants_full_address(const struct persona *p);
/* May an account's own password sign in? The cause when not, NULL when it may or nothing is known.
 */
const char *persona_password_refusal(const struct persona *p);

/* Capability lists: whole words, without case. */
bool capability_has(const char *const *lines, const char *keyword);
bool capability_has_auth(const char *const *lines, struct slice mechanism);
uint64_t capability_size(const char *const *lines); /* of SIZE; 0 when none */

/* "Tue, 24 Nov 2026 04:12:31 +0000" (RFC 5322 3.3); out holds 32. */
void persona_date(int64_t seconds, char out[32]);

#endif
