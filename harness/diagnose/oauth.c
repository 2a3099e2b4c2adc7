/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a token endpoint says instead of a token: the error document of RFC 6749 5.2, or the part of
 * it that a program printed. `invalid_grant` alone covers expiry, consent, second factor, wrong
 * password and disabled accounts, so the provider's own number goes first, then a word that asks
 * for a person, then a sentence, then the error of the standard.
 */
#include "diagnose/judge.h"

/* clang-format off */
static const struct number {
    unsigned number;
    enum cause cause;
    enum sureness sure;
} numbers[] = {
#define AADSTS(number, cause, sure) {number, CAUSE_##cause, SURE_##sure},
#include "diagnose/aadsts.def"
#undef AADSTS
};

/* In this order: what asks for a person, what is said in a sentence, the errors of the standard. */
static const struct saying {
    const char *words;
    enum cause cause;
    enum sureness sure;
    bool is_before_number;
    const char *source;
} sayings[] = {
    { "interaction_required",  CAUSE_TOKEN_INTERACTION_REQUIRED, SURE_CERTAIN, true,  "OpenID Connect Core 3.1.2.6" },
    { "consent_required",      CAUSE_TOKEN_INTERACTION_REQUIRED, SURE_CERTAIN, true,  "OpenID Connect Core 3.1.2.6" },
    { "login_required",        CAUSE_TOKEN_INTERACTION_REQUIRED, SURE_CERTAIN, true,  "OpenID Connect Core 3.1.2.6" },
    { "invalid_rapt",          CAUSE_TOKEN_INTERACTION_REQUIRED, SURE_CERTAIN, false, "Google, reauthentication policy" },
    { "Token has been expired or revoked", CAUSE_TOKEN_INVALID_GRANT, SURE_CERTAIN, false, "Google, OAuth 2.0" },
    { "input parameter 'scope' is not valid", CAUSE_TOKEN_INVALID_SCOPE, SURE_CERTAIN, false, "Microsoft, AADSTS70011" },
    { "client secret is provided", CAUSE_TOKEN_INVALID_CLIENT,   SURE_CERTAIN, false, "Microsoft, AADSTS7000215" },
    { "Localhost URI is not allowed for", CAUSE_TOKEN_INVALID_CLIENT, SURE_LIKELY, false, "Google, device flow" },
    { "redirect_uri_mismatch", CAUSE_TOKEN_INVALID_CLIENT,       SURE_LIKELY,  false, "Google, OAuth 2.0" },
    { "deleted_client",        CAUSE_TOKEN_INVALID_CLIENT,       SURE_CERTAIN, false, "Google, OAuth 2.0" },
    { "disabled_client",       CAUSE_TOKEN_INVALID_CLIENT,       SURE_CERTAIN, false, "Google, OAuth 2.0" },
    { "Invalid JWT: Token must be a short-lived", CAUSE_TOKEN_INVALID_GRANT, SURE_LIKELY, false, "Google, service accounts: the clock" },
    { "Invalid JWT", CAUSE_TOKEN_INVALID_CLIENT, SURE_LIKELY, false, "Google, service accounts" },
    { "Client is unauthorized to retrieve", CAUSE_TOKEN_UNAUTHORIZED_CLIENT, SURE_CERTAIN, false, "Google, delegation" },
    { "OAuth client was not found", CAUSE_TOKEN_INVALID_CLIENT, SURE_CERTAIN, false, "Google, OAuth 2.0" },
    { "OAuth client was deleted", CAUSE_TOKEN_INVALID_CLIENT, SURE_CERTAIN, false, "Google, OAuth 2.0" },
    { "Account has been deleted", CAUSE_AUTH_ACCOUNT_DISABLED, SURE_CERTAIN, false, "Google, OAuth 2.0" },
    { "admin_policy_enforced", CAUSE_AUTH_CONDITIONAL_ACCESS, SURE_CERTAIN, false, "Google, OAuth 2.0" },
    { "org_internal", CAUSE_TOKEN_UNAUTHORIZED_CLIENT, SURE_CERTAIN, false, "Google, OAuth 2.0" },
    { "restricted_client", CAUSE_TOKEN_UNAUTHORIZED_CLIENT, SURE_LIKELY, false, "Google, OAuth 2.0" },
    { "INVALID_REFRESH_TOKEN", CAUSE_TOKEN_INVALID_GRANT, SURE_CERTAIN, false, "Yahoo, OAuth 2.0" },
    { "ACCESS_TOKEN_GENERATION_FAILED", CAUSE_TOKEN_ENDPOINT_UNAVAILABLE, SURE_LIKELY, false, "Yahoo, OAuth 2.0" },
    { "invalid_code",          CAUSE_TOKEN_INVALID_GRANT,        SURE_LIKELY,  false, "Zoho, OAuth 2.0" },
    { "conditional access",    CAUSE_AUTH_CONDITIONAL_ACCESS,    SURE_LIKELY,  false, "Microsoft, in a number's text" },
    { "Conditional Access",    CAUSE_AUTH_CONDITIONAL_ACCESS,    SURE_LIKELY,  false, "Microsoft, in a number's text" },
    { "redirect URI in the request", CAUSE_TOKEN_INVALID_CLIENT, SURE_LIKELY,  false, "Google, OAuth 2.0" },
    { "redirect_uri",          CAUSE_TOKEN_INVALID_CLIENT,       SURE_LIKELY,  false, "RFC 6749 4.1.3" },
    { "Client authentication failed (e.g., unknown client", CAUSE_TOKEN_INVALID_CLIENT, SURE_LIKELY, false, "league/oauth2-server, RFC 6749 5.2" },
    { "does not provide a refresh token", CAUSE_LOCAL_CONFIGURATION, SURE_LIKELY, false, "programs that need one" },
    { "access token for service account: 401", CAUSE_TOKEN_UNAUTHORIZED_CLIENT, SURE_POSSIBLE, false, "Google's library for Java" },
    { "Could not determine client ID", CAUSE_TOKEN_INVALID_CLIENT, SURE_LIKELY, false, "Google, OAuth 2.0" },
    { "bad protocol / cancel", CAUSE_TOKEN_INVALID_GRANT, SURE_POSSIBLE, false, "a SASL plug-in that got no token" },
    { "Invalid grant",         CAUSE_TOKEN_INVALID_GRANT,        SURE_LIKELY,  false, "RFC 6749 5.2, as programs say it" },
    { "unauthorized_client",   CAUSE_TOKEN_UNAUTHORIZED_CLIENT,  SURE_LIKELY,  false, "RFC 6749 5.2" },
    { "invalid_client",        CAUSE_TOKEN_INVALID_CLIENT,       SURE_LIKELY,  false, "RFC 6749 5.2" },
    { "invalid_scope",         CAUSE_TOKEN_INVALID_SCOPE,        SURE_LIKELY,  false, "RFC 6749 5.2" },
    { "invalid_grant",         CAUSE_TOKEN_INVALID_GRANT,        SURE_LIKELY,  false, "RFC 6749 5.2" },
    { "temporarily_unavailable", CAUSE_TOKEN_ENDPOINT_UNAVAILABLE, SURE_LIKELY, false, "RFC 6749 4.1.2.1" },
    { "server_error",          CAUSE_TOKEN_ENDPOINT_UNAVAILABLE, SURE_LIKELY,  false, "RFC 6749 4.1.2.1" },
    { "unsupported_grant_type", CAUSE_TOKEN_UNAUTHORIZED_CLIENT, SURE_LIKELY, false, "RFC 6749 5.2" },
    { "access_denied", CAUSE_TOKEN_INTERACTION_REQUIRED, SURE_LIKELY, false, "RFC 6749 4.1.2.1, RFC 8628 3.5" },
    { "expired_token", CAUSE_TOKEN_INVALID_GRANT, SURE_LIKELY, false, "RFC 8628 3.5" },
    { "invalid_request", CAUSE_TOKEN_INVALID_CLIENT, SURE_POSSIBLE, false, "RFC 6749 5.2" },
};
/* clang-format on */

enum { DIGITS_MAX = 8, AADSTS_WRAPS = 70002, AADSTS_LACKS = 900144 };

static const struct number *number_at(struct slice digits)
{
    uint64_t value = 0;
    size_t n = 0;
    while (n < digits.n && n < DIGITS_MAX && digits.p[n] >= '0' && digits.p[n] <= '9') {
        n++;
    }
    if (!slice_to_u64(slice_sub(digits, 0, n), &value)) {
        return NULL;
    }
    for (size_t i = 0; i < COUNT(numbers); i++) {
        if (numbers[i].number == value) {
            return &numbers[i];
        }
    }
    return NULL;
}

/* The first that is known. "AADSTS70002: Error validating credentials." stands before the number
 * that says what was wrong with them. */
static const struct number *number_in(struct slice text)
{
    const struct number *found = NULL;
    for (size_t at; (at = slice_find(text, SLICE("AADSTS"))) != SIZE_MAX;) {
        text = slice_from(text, at + 6);
        const struct number *next = number_at(text);
        if (next != NULL && (found == NULL || found->number == AADSTS_WRAPS)) {
            found = next;
        }
    }
    return found;
}

/* AADSTS900144 tells which parameter is missing. */
static enum cause cause_of(const struct number *number, struct slice text)
{
    bool is_scope = slice_find(text, SLICE("parameter: 'scope'")) != SIZE_MAX;
    return number->number == AADSTS_LACKS && is_scope ? CAUSE_TOKEN_INVALID_SCOPE : number->cause;
}

static const char *saying_text(size_t i)
{
    return sayings[i].words;
}

void sayings_index(struct starts *out, struct arena *arena)
{
    starts_build(out, saying_text, COUNT(sayings), arena);
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The first rows, of those that go before a number and of those that do not, whose words are in the
 * text; at the beginning of a word, as the errors of the standards stand. */
static void sayings_in(const struct starts *index, struct slice text, const struct saying *found[2])
{
    size_t best[2] = {COUNT(sayings), COUNT(sayings)};
    for (size_t at = 0; at < text.n; at++) {
        if (at != 0 && is_letter(text.p[at - 1])) {
            continue;
        }
        struct slice here = slice_from(text, at);
        for (size_t i = starts_first(index, here); i != 0; i = starts_next(index, i)) {
            const struct saying *s = &sayings[i - 1];
            if (i <= best[s->is_before_number] && slice_has_prefix(here, slice_of(s->words))) {
                best[s->is_before_number] = i - 1;
            }
        }
    }
    for (unsigned k = 0; k < 2; k++) {
        found[k] = best[k] == COUNT(sayings) ? NULL : &sayings[best[k]];
    }
}

static void take(struct judge *j, enum cause cause, enum sureness sure)
{
    j->out->cause = cause;
    j->out->sure = sure;
    if (sure != SURE_CERTAIN && cause == CAUSE_TOKEN_INVALID_GRANT) {
        judge_alternative(j, CAUSE_TOKEN_INTERACTION_REQUIRED);
        judge_alternative(j, CAUSE_AUTH_CREDENTIALS_REJECTED);
        judge_alternative(j, CAUSE_AUTH_ACCOUNT_DISABLED);
    }
}

bool judge_oauth(struct judge *j)
{
    struct slice text = slice_trim(j->evidence->reply);
    bool has_number = text.n != 0 && text.p[0] >= '0' && text.p[0] <= '9';
    if (text.n == 0 || (has_number && j->evidence->stage != STAGE_TOKEN)) {
        return false; /* an SMTP reply begins with its code, and a page of HTTP may too */
    }
    const struct saying *found[2];
    sayings_in(&j->mapper->sayings, text, found);
    const struct saying *saying = found[true];
    const struct number *number = saying == NULL ? number_in(text) : NULL;
    if (number != NULL) {
        take(j, cause_of(number, text), number->sure);
        judge_because(j, "the token endpoint says AADSTS%u (Microsoft's list of error codes)",
                      number->number);
        return true;
    }
    saying = saying != NULL ? saying : found[false];
    if (saying == NULL) {
        return false;
    }
    take(j, saying->cause, saying->sure);
    judge_because(j, "the token endpoint says '%s' (%s)", saying->words, saying->source);
    return true;
}
