/* SPDX-License-Identifier: Apache-2.0 */
/* See preflight.h. One function for each thing that is looked at. */
#include "check/preflight.h"

#include "check/target.h"
#include "diagnose/claims.h"
#include "doc/pattern.h"

struct look {
    const struct preflight_input *in;
    struct arena *arena;
    struct preflight_finding *out;
    size_t count;
};

static const char *const purposes[] = {"", "ci", "onboarding", "bulk", "migration"};
_Static_assert(COUNT(purposes) == PURPOSE_COUNT, "one word for each");

const char *purpose_slug(enum purpose purpose)
{
    must((unsigned)purpose < PURPOSE_COUNT);
    return purposes[purpose];
}

const char *preflight_weight_slug(enum preflight_weight weight)
{
    static const char *const weights[] = {"note", "doubt", "refusal"};
    return weights[weight];
}

bool purpose_from_slug(struct slice slug, enum purpose *out)
{
    for (unsigned i = PURPOSE_CI; i < PURPOSE_COUNT; i++) {
        if (slice_eq_text(slug, purposes[i])) {
            *out = (enum purpose)i;
            return true;
        }
    }
    return false;
}

static void found(struct look *l, enum fault fault, enum preflight_weight weight, const char *text)
{
    if (l->count < PREFLIGHT_MAX) {
        l->out[l->count++] = (struct preflight_finding){fault, weight, text};
    }
}

static const struct provider_credential *credential_of(const struct provider *p,
                                                       enum credential_kind kind)
{
    for (size_t i = 0; p != NULL && i < p->credential_count; i++) {
        if (p->credentials[i].kind == kind) {
            return &p->credentials[i];
        }
    }
    return NULL;
}

static bool accepts(const struct provider *p, enum credential_kind kind)
{
    const struct provider_credential *c = credential_of(p, kind);
    return c != NULL && c->is_accepted;
}

/* False when the file has no form, too. */
static bool is_of_form(const struct provider_credential *c, struct slice secret)
{
    struct pattern *pattern = NULL;
    if (c == NULL || c->form[0] == '\0' ||
        pattern_new(slice_of(c->form), 0, &pattern, NULL) != ERR_OK) {
        return false;
    }
    bool is_form = pattern_match(pattern, secret, NULL) == PATTERN_YES;
    pattern_free(pattern);
    return is_form;
}

enum credential_kind preflight_kind(const struct provider *p, enum credential_kind kind,
                                    struct slice secret)
{
    const struct provider_credential *app = credential_of(p, CREDENTIAL_APP_PASSWORD);
    bool is_app =
        kind == CREDENTIAL_PASSWORD && app != NULL && app->is_accepted && is_of_form(app, secret);
    return is_app ? CREDENTIAL_APP_PASSWORD : kind;
}

bool preflight_forbids_password(const struct provider *p, enum credential_kind kind,
                                enum purpose purpose)
{
    bool is_password = kind == CREDENTIAL_PASSWORD || kind == CREDENTIAL_APP_PASSWORD;
    bool wants_oauth2 = purpose == PURPOSE_ONBOARDING || purpose == PURPOSE_BULK;
    return is_password && wants_oauth2 && accepts(p, CREDENTIAL_OAUTH2);
}

/* ---- the user name ---- */

/* "jane" at iCloud: jane@icloud.com; "jane@example.com" where only the local part is wanted: jane.
 */
static void suggest(const struct preflight_input *in, struct buf *out)
{
    const struct provider *p = in->provider;
    size_t at = slice_find_char(in->user, '@');
    if (p->username_rule == USERNAME_FULL_ADDRESS && at == SIZE_MAX && in->user.n != 0 &&
        p->domains[0] != NULL) {
        buf_addf(out, ": " SLICE_FMT "@%s?", SLICE_ARG(in->user), p->domains[0]);
    } else if (p->username_rule == USERNAME_LOCAL_PART && at != SIZE_MAX && at != 0) {
        buf_addf(out, ": " SLICE_FMT "?", SLICE_ARG(slice_sub(in->user, 0, at)));
    }
}

static void look_at_user(struct look *l)
{
    struct buf words;
    const struct preflight_input *in = l->in;
    buf_init(&words, 1024);
    if (in->user.n == 0) {
        found(l, FAULT_USERNAME_FORMAT, PREFLIGHT_REFUSAL,
              "there is a credential and no user name: give it with --user");
    } else if (in->provider != NULL && !provider_username_ok(in->provider, in->user, &words)) {
        suggest(in, &words);
        found(l, FAULT_USERNAME_FORMAT, PREFLIGHT_REFUSAL, arena_text(l->arena, buf_slice(&words)));
    } else if (slice_trim(in->user).n != in->user.n) {
        found(l, FAULT_USERNAME_FORMAT, PREFLIGHT_DOUBT,
              "the user name begins or ends with a blank");
    }
    buf_release(&words);
}

/* ---- the credential ---- */

static bool has_line_break(struct slice s)
{
    return slice_find_char(s, '\n') != SIZE_MAX || slice_find_char(s, '\r') != SIZE_MAX;
}

/* Whatever the provider: what has been copied along with it, or into the wrong field. */
static bool looks_misplaced(struct look *l)
{
    const struct preflight_input *in = l->in;
    bool is_token = in->kind == CREDENTIAL_OAUTH2;
    const char *text = NULL;
    if (has_line_break(in->secret)) {
        text = "there is a line break inside the credential";
    } else if (!is_token && claims_is_token_form(in->secret)) {
        text = "this is an access token, and it was given as a password: put it into SMTPDX_TOKEN, "
               "so that it is sent with XOAUTH2 or OAUTHBEARER";
    } else if (is_token && slice_has_prefix_nocase(in->secret, SLICE("bearer "))) {
        text = "the word Bearer stands in front of the token: give the token alone";
    } else if (is_token && slice_has_prefix(in->secret, SLICE("1//"))) {
        text =
            "this is a refresh token of Google's (they begin with 1//): the access token that is "
            "had for it is what a mail server takes";
    } else if (is_token && slice_has_prefix(slice_trim(in->secret), SLICE("{"))) {
        text =
            "this is a whole answer of a token endpoint: give the value of its access_token alone";
    }
    if (text != NULL) {
        found(l, FAULT_CREDENTIAL_FORMAT, PREFLIGHT_REFUSAL, text);
    }
    return text != NULL;
}

/* Without its blanks and hyphens, at both ends and inside, would it be of the form? */
static bool is_form_but_for_blanks(const struct provider_credential *c, struct slice secret)
{
    struct buf bare;
    buf_init(&bare, secret.n + 1);
    for (size_t i = 0; i < secret.n; i++) {
        if (secret.p[i] != ' ' && secret.p[i] != '\t') {
            buf_add_char(&bare, secret.p[i]);
        }
    }
    bool is_form = bare.n != secret.n && is_of_form(c, buf_slice(&bare));
    buf_wipe(&bare);
    buf_release(&bare);
    return is_form;
}

static void look_at_form(struct look *l)
{
    const struct preflight_input *in = l->in;
    const struct provider_credential *app = credential_of(in->provider, CREDENTIAL_APP_PASSWORD);
    const struct provider_credential *own = credential_of(in->provider, in->kind);
    bool has_form = app != NULL && app->is_accepted && app->form[0] != '\0';
    bool has_to = in->kind == CREDENTIAL_APP_PASSWORD || (own != NULL && !own->is_accepted);
    if (!has_form || !has_to || is_of_form(app, in->secret)) {
        return;
    }
    if (is_form_but_for_blanks(app, in->secret)) {
        found(l, FAULT_CREDENTIAL_FORMAT, PREFLIGHT_REFUSAL,
              arena_printf(l->arena, "without its blanks it would be what %s takes (%s)",
                           in->provider->title, app->because));
        return;
    }
    found(l, FAULT_CREDENTIAL_FORMAT, PREFLIGHT_REFUSAL,
          arena_printf(l->arena, "it has not the form of what %s takes: %s", in->provider->title,
                       app->because));
}

static void look_at_kind(struct look *l)
{
    const struct preflight_input *in = l->in;
    enum credential_kind kind = preflight_kind(in->provider, in->kind, in->secret);
    const struct provider_credential *own = credential_of(in->provider, kind);
    if (own != NULL && !own->is_accepted) {
        found(l, FAULT_CREDENTIAL_POLICY, PREFLIGHT_DOUBT, own->because);
    } else if (slice_trim(in->secret).n != in->secret.n) {
        found(l, FAULT_CREDENTIAL_FORMAT, PREFLIGHT_DOUBT,
              "the credential begins or ends with a blank, which is sent as it is");
    }
}

static void look_at_credential(struct look *l)
{
    size_t before = l->count;
    if (l->in->secret.n == 0) {
        found(l, FAULT_CREDENTIAL_FORMAT, PREFLIGHT_REFUSAL, "the credential is empty");
        return;
    }
    if (looks_misplaced(l)) {
        return;
    }
    if (l->in->kind != CREDENTIAL_OAUTH2) {
        look_at_form(l);
    }
    if (l->count == before) {
        look_at_kind(l);
    }
}

/* ---- the token ---- */

static void look_at_token(struct look *l)
{
    struct claims c;
    const char *service;
    const struct preflight_input *in = l->in;
    const struct claims_question question = {in->provider, in->user, in->now_s};
    if (in->kind != CREDENTIAL_OAUTH2 || !claims_read(in->secret, &c)) {
        return;
    }
    unsigned wrong = claims_judge(&c, &question, &service);
    if ((wrong & CLAIMS_EXPIRED) != 0) {
        found(l, FAULT_TOKEN_EXPIRED, PREFLIGHT_REFUSAL,
              arena_printf(l->arena, "the token's exp lies %lld minutes in the past",
                           (long long)(in->now_s - c.expires_s) / 60));
    }
    if ((wrong & CLAIMS_NO_SCOPE) != 0) {
        found(l, FAULT_TOKEN_SCOPE, PREFLIGHT_REFUSAL,
              "neither the token's scp nor its roles name SMTP");
    }
    if ((wrong & CLAIMS_ELSEWHERE) != 0) {
        found(l, FAULT_TOKEN_AUDIENCE, PREFLIGHT_REFUSAL,
              arena_printf(l->arena, "the token's aud is that of %s, not of the mail server",
                           service));
    }
    if ((wrong & CLAIMS_OTHER_USER) != 0) {
        found(l, FAULT_TOKEN_AUDIENCE, PREFLIGHT_DOUBT,
              "the token belongs to another user than the user name says; that works only where "
              "this user may send for the other mailbox");
    }
    claims_release(&c);
}

/* ---- the endpoint ---- */

static void look_at_endpoint(struct look *l)
{
    const struct preflight_input *in = l->in;
    if (in->security == SECURITY_NONE) {
        return; /* asked for in so many words */
    }
    if (in->security != check_security_of_port(in->port) && (in->port == 465 || in->port == 587)) {
        found(l, FAULT_CONFIGURATION, PREFLIGHT_DOUBT,
              arena_printf(l->arena,
                           "port %u is spoken with %s (RFC 8314 3.3), and %s was asked for",
                           in->port, in->port == 465 ? "TLS from the first octet" : "STARTTLS",
                           in->port == 465 ? "STARTTLS" : "TLS from the first octet"));
    } else if (in->port == 25) {
        found(l, FAULT_CONFIGURATION, PREFLIGHT_DOUBT,
              "port 25 is for mail between servers; programs submit on 587 or 465 (RFC 6409 3.1), "
              "and many networks block 25");
    }
}

/* ---- the purpose ---- */

static void look_at_purpose(struct look *l)
{
    const struct preflight_input *in = l->in;
    const struct provider *p = in->provider;
    enum credential_kind kind = preflight_kind(p, in->kind, in->secret);
    if (preflight_forbids_password(p, kind, in->purpose)) {
        found(
            l, FAULT_CREDENTIAL_POLICY, PREFLIGHT_DOUBT,
            arena_printf(l->arena,
                         "%s offers OAuth2; a password that a customer has to make, hand over and "
                         "renew is not for %s",
                         p->title, in->purpose == PURPOSE_BULK ? "bulk mail" : "onboarding"));
    }
    if (in->purpose == PURPOSE_BULK && p != NULL && p->domains[0] != NULL) {
        found(
            l, FAULT_CREDENTIAL_POLICY, PREFLIGHT_DOUBT,
            arena_printf(l->arena,
                         "%s is a mailbox with a daily limit: bulk mail wants a relay made for it",
                         p->title));
    }
    if (in->purpose == PURPOSE_MIGRATION && kind != CREDENTIAL_OAUTH2 &&
        accepts(p, CREDENTIAL_OAUTH2)) {
        found(l, FAULT_NONE, PREFLIGHT_NOTE,
              arena_printf(l->arena,
                           "this will do for the time being; %s offers OAuth2: write down until "
                           "when this account moves to it",
                           p->title));
    }
}

size_t preflight(const struct preflight_input *in, struct arena *arena,
                 struct preflight_finding out[PREFLIGHT_MAX])
{
    struct look l = {.in = in, .arena = arena, .out = out};
    if (in->kind != CREDENTIAL_NONE) {
        look_at_user(&l);
        look_at_credential(&l);
        look_at_token(&l);
    } else if (in->user.n != 0 && in->provider != NULL) {
        look_at_user(&l);
    }
    look_at_endpoint(&l);
    if (in->kind != CREDENTIAL_NONE) {
        look_at_purpose(&l);
    }
    return l.count;
}
