/* SPDX-License-Identifier: Apache-2.0 */
/* See persona.h. A provider file is read as it is; only what it lacks comes from here. */
#include "fakeservers/persona.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

static const char *const esmtp_clear[] = {
    "PIPELINING", "SIZE 10485760", "STARTTLS", "ENHANCEDSTATUSCODES", "8BITMIME", "SMTPUTF8",
    "CHUNKING",   "DSN",           NULL};
/* Without accounts nobody knows the password a challenge-response mechanism needs. */
static const char *const esmtp_tls_any[] = {"PIPELINING",
                                            "SIZE 10485760",
                                            "AUTH PLAIN LOGIN XOAUTH2 OAUTHBEARER",
                                            "ENHANCEDSTATUSCODES",
                                            "8BITMIME",
                                            "SMTPUTF8",
                                            "CHUNKING",
                                            "DSN",
                                            NULL};
static const char *const esmtp_tls[] = {
    "PIPELINING",
    "SIZE 10485760",
    "AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 XOAUTH2 OAUTHBEARER",
    "ENHANCEDSTATUSCODES",
    "8BITMIME",
    "SMTPUTF8",
    "CHUNKING",
    "DSN",
    NULL};

/* clang-format off */
static const struct polite_words { const char *verb, *text; } polite[] = {
    { "STARTTLS", "220 2.0.0 Ready to start TLS" },
    { "AUTH",     "235 2.7.0 Authentication successful" },
    { "MAIL",     "250 2.1.0 Ok" },
    { "RCPT",     "250 2.1.5 Ok" },
    { "DATA",     "354 End data with <CR><LF>.<CR><LF>" },
    { "BODY",     "250 2.0.0 Ok: queued as {id}" },
    { "BDAT",     "250 2.0.0 Ok" },
    { "RSET",     "250 2.0.0 Ok" },
    { "NOOP",     "250 2.0.0 Ok" },
    { "VRFY",     "252 2.0.0 Cannot VRFY user, but will accept message and attempt delivery" },
    { "HELP",     "214 2.0.0 See RFC 5321" },
    { "QUIT",     "221 2.0.0 Bye" },
};

static const struct generic_words { const char *cause, *text; enum stage stage; } generic[] = {
#define WORDS(cause, text, stage) { cause, text, stage },
#include "fakeservers/words.def"
#undef WORDS
};

/* What refuses a password, most telling first. */
static const char *const password_refusals[] = {
    "auth.app_password_required", "auth.basic_auth_disabled",
};
/* clang-format on */

static bool is_in_family(const struct provider *p, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (slice_eq_nocase_text(slice_of(p->family), names[i]) ||
            slice_eq_nocase_text(slice_of(p->name), names[i])) {
            return true;
        }
    }
    return false;
}

static void persona_lines(struct persona *p, const struct spec_server *spec)
{
    const struct provider *of = p->provider;
    bool is_any = spec->account_count == 0;
    p->tls = spec->tls_lines != NULL         ? spec->tls_lines
             : of != NULL && of->tls != NULL ? of->tls
             : is_any                        ? esmtp_tls_any
                                             : esmtp_tls;
    /* Without TLS at all, what would come behind it stands in clear. */
    p->clear = spec->clear != NULL               ? spec->clear
               : spec->security == SECURITY_NONE ? p->tls
               : of != NULL && of->clear != NULL ? of->clear
                                                 : esmtp_clear;
}

enum err persona_init(struct persona *p, const struct spec_server *spec,
                      const struct registry *providers, const char *host, struct arena *arena,
                      struct why *why)
{
    static const char *const google[] = {"google", "gmail"};
    static const char *const microsoft[] = {"microsoft", "outlook", "office365"};
    const char *like = spec->like != NULL && spec->like[0] != '\0' ? spec->like : "esmtp";
    *p = (struct persona){.arena = arena, .security = spec->security};
    p->host = host != NULL && host[0] != '\0' ? host : "mail.example.test";
    p->provider = providers != NULL ? registry_find(providers, slice_of(like)) : NULL;
    if (p->provider == NULL && strcmp(like, "esmtp") != 0) {
        const char *near = providers != NULL ? registry_nearest(providers, slice_of(like)) : NULL;
        return why_set(why, ERR_INVALID, "unknown persona '%s'%s%s%s", like,
                       near != NULL ? " (did you mean '" : "", near != NULL ? near : "",
                       near != NULL ? "'?)" : "");
    }
    if (p->provider != NULL) {
        p->is_google = is_in_family(p->provider, google, COUNT(google));
        p->is_microsoft = is_in_family(p->provider, microsoft, COUNT(microsoft));
    }
    persona_lines(p, spec);
    return ERR_OK;
}

static bool starts_with_code(const char *text)
{
    return strspn(text, "0123456789") == 3;
}

const char *persona_greeting(const struct persona *p)
{
    const char *text = p->provider != NULL ? p->provider->greeting : NULL;
    if (text == NULL || text[0] == '\0') {
        return "220 {host} ESMTP ready; {time}";
    }
    return starts_with_code(text) ? text : arena_printf(p->arena, "220 %s", text);
}

const char *persona_hello(const struct persona *p)
{
    const char *text = p->provider != NULL ? p->provider->hello : NULL;
    if (text == NULL || text[0] == '\0') {
        return "{host} Hello [{ip}]";
    }
    return starts_with_code(text) && text[3] != '\0' ? text + 4 : text;
}

const char *persona_polite(const struct persona *p, const char *verb)
{
    char lower[16] = "";
    for (size_t i = 0; verb[i] != '\0' && i + 1 < sizeof lower; i++) {
        lower[i] = (char)(verb[i] >= 'A' && verb[i] <= 'Z' ? verb[i] + 32 : verb[i]);
    }
    const struct node *map = p->provider != NULL ? p->provider->polite : NULL;
    const struct node *said = node_get(map, verb);
    said = said != NULL ? said : node_get(map, lower);
    if (said != NULL && node_text(said).n > 3) {
        return arena_text(p->arena, node_text(said));
    }
    for (size_t i = 0; i < COUNT(polite); i++) {
        if (strcmp(polite[i].verb, verb) == 0) {
            return polite[i].text;
        }
    }
    return NULL;
}

static struct persona_words generic_for(struct slice cause)
{
    for (size_t i = 0; i < COUNT(generic); i++) {
        if (slice_eq_text(cause, generic[i].cause)) {
            return (struct persona_words){generic[i].text, false};
        }
    }
    return (struct persona_words){0};
}

static struct persona_words provider_words(const struct persona *p, struct slice cause,
                                           struct slice variant, enum stage stage)
{
    if (p->provider == NULL) {
        return (struct persona_words){0};
    }
    const struct provider_reply *r = provider_reply_for(p->provider, cause, variant, stage);
    if (r == NULL && stage != STAGE_NONE) {
        r = provider_reply_for(p->provider, cause, variant, STAGE_NONE);
    }
    return r != NULL && r->may_play ? (struct persona_words){r->text, r->closes}
                                    : (struct persona_words){0};
}

struct persona_words persona_says(const struct persona *p, struct slice cause, struct slice variant,
                                  enum stage stage)
{
    struct persona_words said = provider_words(p, cause, variant, stage);
    bool is_plain = p->provider == NULL || strcmp(p->provider->name, "esmtp") == 0;
    return said.text == NULL && is_plain && variant.n == 0 ? generic_for(cause) : said;
}

struct persona_words persona_words_for(const struct persona *p, const char *cause, enum stage stage)
{
    struct persona_words said = provider_words(p, slice_of(cause), slice_of(""), stage);
    return said.text == NULL ? generic_for(slice_of(cause)) : said;
}

/* ---- OAuth2 and passwords ---- */

static struct slice oauth2_text(const struct persona *p, const char *key)
{
    return p->provider != NULL ? node_text(node_get(p->provider->oauth2, key)) : slice_of("");
}

const char *persona_error_document(const struct persona *p, bool is_oauthbearer)
{
    struct slice own = oauth2_text(p, "challenge");
    if (own.n > 0) {
        return arena_text(p->arena, own);
    }
    if (p->is_microsoft) {
        return NULL; /* says 535 at once */
    }
    if (p->is_google) {
        return "{\"status\":\"400\",\"schemes\":\"Bearer\",\"scope\":\"https://mail.google.com/\"}";
    }
    return is_oauthbearer ? "{\"status\":\"invalid_token\",\"scope\":\"mail\"}" : NULL;
}

enum oauth2_want { WANT_SCOPE, WANT_AUDIENCE };

/* A scope that says nothing about mail does not count; an audience is the front of a scope. */
static bool scope_meets(struct slice scope, struct slice have, enum oauth2_want want)
{
    if (slice_find(scope, SLICE("://")) == SIZE_MAX) {
        return false;
    }
    return want == WANT_SCOPE ? slice_eq(scope, have) : slice_has_prefix(scope, have);
}

/* Does one of the words of have meet one of the scopes the provider file names? Nothing known on
 * either side: yes. */
static bool oauth2_allows(const struct persona *p, struct slice have, enum oauth2_want want)
{
    static const char *const keys[] = {"scopes", "application_scopes"};
    size_t known = 0;
    struct slice word;
    bool is_given = slice_trim(have).n > 0;
    while (p->provider != NULL && slice_take_word(&have, &word)) {
        for (size_t k = 0; k < COUNT(keys); k++) {
            const struct node *scopes = node_get(p->provider->oauth2, keys[k]);
            for (size_t i = 0; scopes != NULL && scopes->kind == NODE_LIST && i < scopes->count;
                 i++) {
                known++;
                if (scope_meets(node_text(scopes->items[i]), word, want)) {
                    return true;
                }
            }
        }
    }
    return !is_given || known == 0;
}

bool persona_scope_ok(const struct persona *p, struct slice scope)
{
    return oauth2_allows(p, scope, WANT_SCOPE);
}

bool persona_audience_ok(const struct persona *p, struct slice audience)
{
    return oauth2_allows(p, audience, WANT_AUDIENCE);
}

bool persona_wants_full_address(const struct persona *p)
{
    return p->provider != NULL && p->provider->username_rule == USERNAME_FULL_ADDRESS;
}

static bool refuses_passwords(const struct provider *p)
{
    for (size_t i = 0; i < p->credential_count; i++) {
        if (p->credentials[i].kind == CREDENTIAL_PASSWORD && !p->credentials[i].is_accepted) {
            return true;
        }
    }
    return false;
}

const char *persona_password_refusal(const struct persona *p)
{
    if (p->provider == NULL || !refuses_passwords(p->provider)) {
        return NULL;
    }
    for (size_t i = 0; i < COUNT(password_refusals); i++) {
        struct slice cause = slice_of(password_refusals[i]);
        if (provider_words(p, cause, slice_of(""), STAGE_AUTH).text != NULL) {
            return password_refusals[i];
        }
    }
    return "auth.credentials_rejected"; /* refused all the same, in the words for any password */
}

/* ---- capability lists (RFC 5321 4.1.1.1) ---- */

static const char *capability_next(const char *const *lines, size_t *at, const char *keyword,
                                   struct slice *rest)
{
    for (; lines[*at] != NULL; (*at)++) {
        struct slice line = slice_of(lines[*at]), word;
        if (slice_take_word(&line, &word) && slice_eq_nocase_text(word, keyword)) {
            *rest = line;
            return lines[(*at)++];
        }
    }
    return NULL;
}

bool capability_has(const char *const *lines, const char *keyword)
{
    size_t at = 0;
    struct slice rest;
    return capability_next(lines, &at, keyword, &rest) != NULL;
}

bool capability_has_auth(const char *const *lines, struct slice mechanism)
{
    for (size_t i = 0; lines[i] != NULL; i++) {
        struct slice line = slice_of(lines[i]), word;
        bool is_auth = slice_has_prefix_nocase(line, SLICE("AUTH ")) ||
                       slice_has_prefix_nocase(line, SLICE("AUTH=")); /* old Outlook Express form */
        line = slice_from(line, 5);
        while (is_auth && slice_take_word(&line, &word)) {
            if (slice_eq_nocase(word, mechanism)) {
                return true;
            }
        }
    }
    return false;
}

uint64_t capability_size(const char *const *lines)
{
    size_t at = 0;
    struct slice rest;
    uint64_t n = 0;
    if (capability_next(lines, &at, "SIZE", &rest) == NULL || !slice_to_u64(slice_trim(rest), &n)) {
        return 0;
    }
    return n;
}

void persona_date(int64_t seconds, char out[32])
{
    static const char *const days[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    char utc[20];
    seconds = seconds > 0 ? seconds : 0;
    text_utc(seconds, utc); /* YYYY-MM-DDThh:mm:ss */
    unsigned month = (unsigned)(utc[5] - '0') * 10 + (unsigned)(utc[6] - '0');
    snprintf(out, 32, "%s, %.2s %s %.4s %.8s +0000", days[seconds / 86400 % 7], utc + 8,
             months[(month - 1) % 12], utc, utc + 11);
}
