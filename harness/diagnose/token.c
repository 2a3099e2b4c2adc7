/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the token itself says about a refusal, and what the form of a password says. The words name
 * what was found wrong and never what was found.
 */
#include "diagnose/claims.h"
#include "diagnose/judge.h"

#include "doc/pattern.h"

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
    const char *service;
    const struct claims_question question = {j->out->provider, e->username, e->now_s};
    unsigned wrong = claims_judge(&c, &question, &service);
    if ((wrong & CLAIMS_EXPIRED) != 0) {
        find(j, CAUSE_AUTH_TOKEN_EXPIRED, &is_first);
        judge_because(j, "the token's exp lies in the past");
    }
    if ((wrong & CLAIMS_NO_SCOPE) != 0) {
        find(j, CAUSE_AUTH_SCOPE_INSUFFICIENT, &is_first);
        judge_because(j, "neither the token's scp nor its roles name SMTP");
    }
    if ((wrong & CLAIMS_ELSEWHERE) != 0) {
        find(j, CAUSE_AUTH_TOKEN_REJECTED, &is_first);
        judge_because(j, "the token's aud is that of %s, not of the mail server", service);
    }
    if ((wrong & CLAIMS_OTHER_USER) != 0) {
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
