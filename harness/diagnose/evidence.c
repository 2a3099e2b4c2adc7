/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same text can have several causes; what else is known decides. Only a judgement that is not
 * certain is touched: a provider that says exactly what is wrong is believed.
 */
#include "diagnose/judge.h"

#include "base/codec.h"
#include "doc/json.h"

#include <string.h>

enum { DOCUMENT_MAX = 2048 };

static bool is_mechanism(const struct judge *j, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        if (slice_eq_nocase_text(j->evidence->mechanism, names[i])) {
            return true;
        }
    }
    return false;
}

static bool uses_token(const struct judge *j)
{
    static const char *const names[] = {"XOAUTH2", "OAUTHBEARER", NULL};
    return j->evidence->credential == CREDENTIAL_OAUTH2 || is_mechanism(j, names) ||
           (j->evidence->error_document.n == 0 && j->document.n != 0); /* only a token gets one */
}

static bool uses_password(const struct judge *j)
{
    static const char *const names[] = {"PLAIN",         "LOGIN",      "CRAM-MD5", "SCRAM-SHA-1",
                                        "SCRAM-SHA-256", "DIGEST-MD5", NULL};
    return (j->is_password && j->evidence->credential == CREDENTIAL_NONE) ||
           j->evidence->credential == CREDENTIAL_PASSWORD ||
           j->evidence->credential == CREDENTIAL_APP_PASSWORD || is_mechanism(j, names);
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

/* The provider is known to refuse this kind; NULL when it takes it or nothing is known. */
static const struct provider_credential *refused(const struct judge *j, enum credential_kind kind)
{
    const struct provider_credential *c = credential_of(j->out->provider, kind);
    return c != NULL && !c->is_accepted && c->cause[0] != '\0' ? c : NULL;
}

/* A 535 to a token has nothing to do with a password, whatever its words. */
static void token_refused(struct judge *j)
{
    bool is_login = j->out->cause == CAUSE_AUTH_CREDENTIALS_REJECTED ||
                    j->out->cause == CAUSE_AUTH_APP_PASSWORD_REQUIRED ||
                    j->out->cause == CAUSE_AUTH_TOKEN_REJECTED;
    if (!uses_token(j) || !is_login) {
        return;
    }
    j->out->alternative_count = 0;
    judge_instead(j, CAUSE_AUTH_TOKEN_REJECTED, SURE_LIKELY);
    judge_because(j, "a token was sent, so the refusal is about the token");
    judge_alternative(j, CAUSE_AUTH_TOKEN_EXPIRED);
    judge_alternative(j, CAUSE_AUTH_SCOPE_INSUFFICIENT);
    const struct provider *p = j->out->provider;
    if (p != NULL &&
        provider_reply_for(p, SLICE("auth.smtp_auth_disabled"), slice_of(""), STAGE_NONE) != NULL) {
        judge_alternative(j, CAUSE_AUTH_SMTP_AUTH_DISABLED);
    }
    judge_token(j);
}

static bool is_base64(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/' || c == '=';
}

/* "334 eyJ…": a document in base64, as a program prints the server's answer to a token; or "334
 * {…", where somebody has decoded it. */
static struct slice document_in(struct judge *j)
{
    struct slice mark = SLICE("334 eyJ"), found = {"", 0}; /* eyJ is {" */
    struct buf decoded;
    size_t at = slice_find(j->evidence->reply, mark), n = 0;
    size_t plain = slice_find(j->evidence->reply, SLICE("334 {\""));
    if (at == SIZE_MAX && plain != SIZE_MAX) {
        return slice_trim(slice_sub(j->evidence->reply, plain + 4, DOCUMENT_MAX));
    }
    if (at == SIZE_MAX) {
        return found;
    }
    struct slice rest = slice_from(j->evidence->reply, at + 4);
    while (n < rest.n && n < DOCUMENT_MAX && is_base64(rest.p[n])) {
        n++;
    }
    buf_init(&decoded, DOCUMENT_MAX);
    if (base64_decode(slice_sub(rest, 0, n), &decoded)) {
        found = arena_copy(j->arena, buf_slice(&decoded));
    }
    buf_release(&decoded);
    return found;
}

/* "status" of the 334 document (RFC 7628 3.2.2 and Google's XOAUTH2 description). */
static void error_document(struct judge *j)
{
    struct json *doc = NULL;
    if (j->document.n == 0 || !uses_token(j) || json_parse(j->document, &doc, NULL) != ERR_OK) {
        return;
    }
    struct slice status = json_slice(json_get(doc, "status"));
    struct slice scope = json_slice(json_get(doc, "scope"));
    /* what the token says of itself tells more than that it is no good */
    bool says_more =
        j->out->cause == CAUSE_AUTH_TOKEN_EXPIRED || j->out->cause == CAUSE_AUTH_SCOPE_INSUFFICIENT;
    bool is_no_good =
        slice_eq_text(status, "invalid_token") || slice_eq_text(status, "invalid_request");
    if (slice_eq_text(status, "insufficient_scope")) {
        judge_instead(j, CAUSE_AUTH_SCOPE_INSUFFICIENT, SURE_CERTAIN);
    } else if ((is_no_good && !says_more) ||
               (status.n != 0 &&
                j->out->cause == CAUSE_UNKNOWN)) { /* a 535 follows (Google: "400") */
        judge_instead(j, CAUSE_AUTH_TOKEN_REJECTED, SURE_LIKELY);
    }
    if (status.n != 0) {
        judge_because(
            j, "the server's error document says status " SLICE_FMT " and wants scope " SLICE_FMT,
            SLICE_ARG(slice_sub(status, 0, 40)), SLICE_ARG(slice_sub(scope, 0, 200)));
    }
    json_free(doc);
}

/* A password where the provider takes none at all, or where a bare 535 came for it. */
static void password_refused(struct judge *j)
{
    enum cause kind = CAUSE_UNKNOWN;
    bool is_login = j->out->cause == CAUSE_AUTH_CREDENTIALS_REJECTED ||
                    j->out->cause == CAUSE_AUTH_TOKEN_REJECTED;
    if (!uses_password(j) || uses_token(j) || !is_login) {
        return;
    }
    const struct provider_credential *plain = refused(j, CREDENTIAL_PASSWORD);
    if (plain != NULL && refused(j, CREDENTIAL_APP_PASSWORD) != NULL &&
        cause_from_slug(slice_of(plain->cause), &kind)) {
        judge_instead(j, kind, SURE_LIKELY);
        judge_because(j, "%s", plain->because);
    } else if (j->out->cause == CAUSE_AUTH_TOKEN_REJECTED) {
        judge_instead(j, CAUSE_AUTH_CREDENTIALS_REJECTED, SURE_LIKELY);
        judge_because(j, "a password was sent, no token");
        judge_alternative(j, CAUSE_AUTH_BASIC_AUTH_DISABLED);
    } else if (plain != NULL && j->evidence->credential != CREDENTIAL_APP_PASSWORD &&
               cause_from_slug(slice_of(plain->cause), &kind)) {
        judge_because(j, "%s", plain->because);
        judge_alternative(j, kind);
    }
}

/* The form of the secret tells an account's password from an app password, and a token from both.
 */
static void secret_form(struct judge *j)
{
    bool is_login = j->out->cause == CAUSE_AUTH_CREDENTIALS_REJECTED ||
                    j->out->cause == CAUSE_AUTH_BASIC_AUTH_DISABLED;
    if (!is_login || !uses_password(j) || uses_token(j)) {
        return;
    }
    enum secret_form form = judge_secret_form(j);
    const struct provider_credential *plain = refused(j, CREDENTIAL_PASSWORD);
    if (form == SECRET_TOKEN) {
        judge_because(j, "what went as a password has the form of an access token, which goes with "
                         "XOAUTH2 or OAUTHBEARER");
        judge_alternative(j, CAUSE_AUTH_TOKEN_REJECTED);
    } else if (form == SECRET_OTHER && plain != NULL &&
               slice_eq_text(slice_of(plain->cause),
                             cause_slug(CAUSE_AUTH_APP_PASSWORD_REQUIRED))) {
        judge_because(j, "the password does not have the form of this provider's app passwords");
        judge_alternative(j, CAUSE_AUTH_APP_PASSWORD_REQUIRED);
    } else if (form == SECRET_APP_PASSWORD) {
        judge_because(j, "the password has the form of an app password");
        judge_not(j, CAUSE_AUTH_APP_PASSWORD_REQUIRED);
    }
}

/* What the server offered at this point: a mechanism it never named, a login it keeps for TLS. */
static void offer(struct judge *j)
{
    const struct evidence *e = j->evidence;
    const struct slice *list = e->inside_tls ? e->offered_tls : e->offered_clear;
    size_t count = e->inside_tls ? e->offered_tls_count : e->offered_clear_count;
    bool is_refusal = j->out->cause == CAUSE_SERVER_COMMAND_UNRECOGNIZED ||
                      j->out->cause == CAUSE_SERVER_BAD_SEQUENCE ||
                      j->out->cause == CAUSE_AUTH_MECHANISM_UNSUPPORTED ||
                      j->out->cause == CAUSE_AUTH_NOT_OFFERED;
    if (j->stage != STAGE_AUTH || count == 0 || !is_refusal) {
        return;
    }
    bool has_auth = judge_offers(list, count, "AUTH");
    if (!has_auth && !e->inside_tls && judge_offers(list, count, "STARTTLS")) {
        judge_instead(j, CAUSE_AUTH_ENCRYPTION_REQUIRED, SURE_LIKELY);
        judge_because(j, "STARTTLS is offered and AUTH is not yet: the login comes behind TLS");
    } else if (!has_auth) {
        judge_instead(j, CAUSE_AUTH_NOT_OFFERED, SURE_LIKELY);
        judge_because(j, "the server's list has no AUTH");
    }
}

/* A user name that breaks the provider's rule explains a refused login better than the password. */
static void username_form(struct judge *j)
{
    struct buf words;
    bool is_login = j->out->cause == CAUSE_AUTH_CREDENTIALS_REJECTED;
    if (!is_login || j->evidence->username.n == 0 || j->out->provider == NULL) {
        return;
    }
    buf_init(&words, 512);
    if (!provider_username_ok(j->out->provider, j->evidence->username, &words)) {
        judge_instead(j, CAUSE_AUTH_USERNAME_FORMAT, SURE_LIKELY);
        judge_because(j, "%s", buf_text(&words));
    }
    buf_release(&words);
}

/* The greeting names a host of another house than the provider's. */
static const struct provider *greeted_by_other(const struct judge *j)
{
    const struct registry *r = j->mapper->rules.registry;
    const struct provider *own = registry_at(r, j->provider);
    struct slice rest = j->evidence->greeting, code, host;
    if (!slice_take_word(&rest, &code) || !slice_take_word(&rest, &host)) {
        return NULL;
    }
    const struct provider *other = registry_by_host(r, slice_trim(host));
    bool is_other = other != NULL && other->endpoint_count != 0 && own->endpoint_count != 0 &&
                    strcmp(other->family, own->family) != 0;
    return is_other ? other : NULL;
}

/* Does a name of a certificate stand for one of the provider's hosts (RFC 9525 6.3)? */
static bool names_host_of(struct slice name, const struct provider *p)
{
    for (size_t i = 0; i < p->endpoint_count; i++) {
        struct slice host = slice_of(p->endpoints[i].host);
        size_t dot = slice_find_char(host, '.');
        if (slice_has_prefix(name, SLICE("*.")) && dot != SIZE_MAX
                ? slice_eq_nocase(slice_from(name, 1), slice_from(host, dot))
                : slice_eq_nocase(name, host)) {
            return true;
        }
    }
    return false;
}

/* Whose server has a certificate for this name; NULL: nobody's that is known. */
static const struct provider *owner_of(const struct judge *j, struct slice name)
{
    const struct registry *r = j->mapper->rules.registry;
    for (size_t i = 0; i < registry_count(r); i++) {
        if (names_host_of(name, registry_at(r, i))) {
            return registry_at(r, i);
        }
    }
    const struct provider *owner = registry_by_host(r, name);
    return owner != NULL && owner->endpoint_count != 0 ? owner : NULL;
}

/* Another's certificate means another's server; the provider's own under another name does not. */
static bool certificate_of_other(struct judge *j)
{
    const struct evidence *e = j->evidence;
    const struct provider *own = registry_at(j->mapper->rules.registry, j->provider), *other = NULL;
    for (size_t i = 0; i < e->certificate_name_count; i++) {
        const struct provider *owner = owner_of(j, e->certificate_names[i]);
        if (owner != NULL && strcmp(owner->family, own->family) == 0) {
            judge_because(j,
                          "the certificate is that of %s: what was dialled is another name of it",
                          own->title);
            judge_not(j, CAUSE_NETWORK_INTERCEPTED);
            return false;
        }
        other = owner != NULL ? owner : other;
    }
    if (other != NULL) {
        judge_instead(j, CAUSE_NETWORK_INTERCEPTED, SURE_LIKELY);
        judge_because(j, "the certificate is that of %s", other->title);
    } else if (e->certificate_name_count != 0) {
        judge_because(j, "the certificate is for " SLICE_FMT,
                      SLICE_ARG(slice_sub(e->certificate_names[0], 0, 100)));
    }
    return other != NULL;
}

/* The greeting is not the provider's, and is that of another or of a hosting company's own server.
 */
static void intercepted(struct judge *j)
{
    const struct rules *rules = &j->mapper->rules;
    struct words greeting;
    size_t end;
    if (!j->is_given || j->provider == SIZE_MAX) {
        return;
    }
    if (j->evidence->fault == FAULT_TLS_HOSTNAME && certificate_of_other(j)) {
        return;
    }
    if (j->evidence->greeting.n == 0) {
        return;
    }
    const struct provider *other = greeted_by_other(j);
    if (other != NULL) {
        judge_instead(j, CAUSE_NETWORK_INTERCEPTED, SURE_LIKELY);
        judge_because(j, "the greeting is that of %s", other->title);
        return;
    }
    if (j->mapper->greetings[j->provider].pattern.literals == 0) {
        return;
    }
    words_read(j->evidence->greeting, WORDS_OF_REPLY, &greeting);
    for (size_t i = 0; i < rules->count; i++) {
        const struct rule *r = &rules->list[i];
        bool is_foreign =
            r->cause == CAUSE_NETWORK_INTERCEPTED && r->reply->stage == STAGE_GREETING;
        for (size_t at = 0; is_foreign && at < greeting.count; at++) {
            if (rule_matches(r, &greeting, at, &end)) {
                judge_instead(j, CAUSE_NETWORK_INTERCEPTED, SURE_LIKELY);
                judge_because(j, "the greeting is another server's (%s:%u)", r->reply->file,
                              r->reply->line);
                return;
            }
        }
    }
}

void judge_evidence(struct judge *j)
{
    enum fault fault = j->evidence->fault;
    if (fault == FAULT_NONE || fault == FAULT_TLS_HOSTNAME || fault == FAULT_TLS_SELF_SIGNED ||
        fault == FAULT_TLS_UNTRUSTED) { /* another server has another certificate, too */
        intercepted(j);
    }
    /* "Wrong user or password" is said of tokens, too: that sentence is never certain about one. */
    bool is_about_token = uses_token(j) && j->out->cause == CAUSE_AUTH_CREDENTIALS_REJECTED;
    /* "Command not recognized" and "bad sequence" are said of any command: what was offered says
     * why. */
    bool is_about_command = j->out->cause == CAUSE_SERVER_COMMAND_UNRECOGNIZED ||
                            j->out->cause == CAUSE_SERVER_BAD_SEQUENCE;
    bool is_touchable = (j->out->sure != SURE_CERTAIN || is_about_token || is_about_command) &&
                        j->out->cause != CAUSE_NETWORK_INTERCEPTED;
    bool is_login = j->stage == STAGE_AUTH || j->stage == STAGE_NONE;
    if (!is_touchable || !is_login || j->evidence->fault != FAULT_NONE) {
        return;
    }
    j->document = j->evidence->error_document.n != 0 ? j->evidence->error_document : document_in(j);
    token_refused(j);
    error_document(j);
    password_refused(j);
    secret_form(j);
    username_form(j);
    offer(j);
}
