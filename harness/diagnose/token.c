/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the token itself says about a refusal, and what the form of a password says. The words name
 * what was found wrong and never what was found.
 */
#include "diagnose/claims.h"
#include "diagnose/judge.h"

#include "doc/pattern.h"

/* clang-format off */
/* Audiences of other services, under which tokens for the same account are often asked for. */
static const struct audience {
    const char *name, *title;
} elsewhere[] = {
    { "https://graph.microsoft.com",          "Microsoft Graph" },
    { "https://graph.microsoft.com/",         "Microsoft Graph" },
    { "00000003-0000-0000-c000-000000000000", "Microsoft Graph" },
    { "https://graph.microsoft.us",           "Microsoft Graph" },
    { "https://microsoftgraph.chinacloudapi.cn", "Microsoft Graph" },
    { "https://graph.windows.net",            "Azure AD Graph" },
    { "00000002-0000-0000-c000-000000000000", "Azure AD Graph" },
    { "https://management.azure.com/",        "Azure Resource Manager" },
};
/* clang-format on */

static const char *audience_elsewhere(const struct claims *c)
{
    for (size_t i = 0; i < COUNT(elsewhere); i++) {
        if (slice_eq_nocase_text(c->audience, elsewhere[i].name)) {
            return elsewhere[i].title;
        }
    }
    return NULL;
}

static struct slice last_segment(struct slice scope)
{
    size_t slash = SIZE_MAX;
    for (size_t i = 0; i < scope.n; i++) {
        slash = scope.p[i] == '/' ? i : slash;
    }
    return slash == SIZE_MAX ? scope : slice_from(scope, slash + 1);
}

/* The provider's file lists the scopes that are good for SMTP; a token that shows its scopes and
 * has none of them was made for something else. An application's token has roles in their place. */
static bool lacks_scope(const struct judge *j, const struct claims *c)
{
    const struct provider *p = j->out->provider;
    const struct node *scopes =
        p == NULL || p->oauth2 == NULL ? NULL : node_get(p->oauth2, "scopes");
    bool is_known = false;
    for (size_t i = 0; scopes != NULL && i < scopes->count; i++) {
        struct slice scope = last_segment(node_text(scopes->items[i]));
        if (scope.n == 0 || slice_eq_text(scope, "offline_access")) {
            continue;
        }
        if (claims_have_scope(c, scope)) {
            return false;
        }
        is_known = true;
    }
    bool shows = c->scope.n != 0 || json_count(c->roles) != 0;
    return is_known && shows && !claims_have_role(c, SLICE("SMTP."));
}

static bool is_other_user(const struct judge *j, const struct claims *c)
{
    struct slice user = j->evidence->username;
    return user.n != 0 && c->user.n != 0 && slice_find_char(c->user, '@') != SIZE_MAX &&
           slice_find_char(user, '@') != SIZE_MAX && !slice_eq_nocase(user, c->user);
}

static void find(struct judge *j, enum cause cause, bool *is_first)
{
    if (*is_first) {
        judge_instead(j, cause, SURE_LIKELY);
    } else {
        judge_alternative(j, cause);
    }
    *is_first = false;
}

void judge_token(struct judge *j)
{
    struct claims c;
    bool is_first = true;
    const struct evidence *e = j->evidence;
    if (e->claims.n != 0 ? !claims_read_payload(e->claims, &c) : !claims_read(e->secret, &c)) {
        return;
    }
    const char *service = audience_elsewhere(&c);
    if (c.expires_s != 0 && e->now_s >= c.expires_s) {
        find(j, CAUSE_AUTH_TOKEN_EXPIRED, &is_first);
        judge_because(j, "the token's exp lies in the past");
    }
    if (lacks_scope(j, &c)) {
        find(j, CAUSE_AUTH_SCOPE_INSUFFICIENT, &is_first);
        judge_because(j, "neither the token's scp nor its roles name SMTP");
    }
    if (service != NULL) {
        find(j, CAUSE_AUTH_TOKEN_REJECTED, &is_first);
        judge_because(j, "the token's aud is that of %s, not of the mail server", service);
    }
    if (is_other_user(j, &c)) {
        find(j, CAUSE_AUTH_TOKEN_REJECTED, &is_first);
        judge_because(j, "the token belongs to another user than the user name says");
    }
    if (is_first) {
        judge_because(j, "the token's own claims (exp, aud, scp, upn) show nothing wrong");
    }
    claims_release(&c);
}

static const char *app_password_form(const struct provider *p)
{
    for (size_t i = 0; p != NULL && i < p->credential_count; i++) {
        if (p->credentials[i].kind == CREDENTIAL_APP_PASSWORD && p->credentials[i].is_accepted) {
            return p->credentials[i].form;
        }
    }
    return "";
}

enum secret_form judge_secret_form(const struct judge *j)
{
    struct slice secret = j->evidence->secret;
    const char *form = app_password_form(j->out->provider);
    struct pattern *pattern = NULL;
    if (secret.n == 0) {
        return SECRET_UNKNOWN;
    }
    if (claims_is_token_form(secret)) {
        return SECRET_TOKEN;
    }
    if (form[0] == '\0' || pattern_new(slice_of(form), 0, &pattern, NULL) != ERR_OK) {
        return SECRET_UNKNOWN;
    }
    bool is_form = pattern_match(pattern, secret, NULL) == PATTERN_YES;
    pattern_free(pattern);
    return is_form ? SECRET_APP_PASSWORD : SECRET_OTHER;
}
