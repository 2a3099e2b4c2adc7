/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may sign in: the accounts of the scenario, judged the way the persona would. Without accounts
 * any credential is right, so that a scenario about something else needs none.
 */
#include "fakeservers/conn.h"

#include <string.h>

static const struct verdict accepted = {.is_ok = true};

static struct verdict refused(const char *cause)
{
    return (struct verdict){.cause = cause};
}

bool accounts_take_any(const struct fake *f)
{
    return f->spec->accepts_any || f->spec->account_count == 0;
}

/* Parts put together with their secrets; false when the text is not given. */
static bool spec_text_value(const struct fake *f, const struct spec_text *text, struct buf *out)
{
    for (size_t i = 0; i < text->count; i++) {
        const struct spec_part *part = &text->parts[i];
        if (part->kind == SPEC_LITERAL) {
            buf_add(out, part->text);
        } else if (part->kind == SPEC_SERVER_HOST) {
            buf_add_text(out, f->persona.host);
        } else if (part->kind == SPEC_SECRET && f->params.secret != NULL) {
            const char *name = part->text.n > 0 ? part->text.p : "";
            struct buf copy; /* the name need not end where its slice does */
            buf_init(&copy, 256);
            buf_add(&copy, slice_make(name, part->text.n));
            buf_add(out, f->params.secret(buf_text(&copy), f->params.secret_context));
            buf_release(&copy);
        }
    }
    return text->count > 0;
}

static bool is_secret(const struct fake *f, const struct spec_text *text, struct slice claim)
{
    struct buf value;
    buf_init(&value, INLET_SASL_MAX);
    bool is_same = spec_text_value(f, text, &value) && slice_eq(buf_slice(&value), claim);
    buf_wipe(&value);
    buf_release(&value);
    return is_same;
}

static const struct spec_account *account_find(const struct fake *f, struct slice user)
{
    for (size_t i = 0; i < f->spec->account_count; i++) {
        if (slice_eq_nocase(f->spec->accounts[i].user, user)) {
            return &f->spec->accounts[i];
        }
    }
    return NULL;
}

/* An account known by its full address, named by its local part alone. */
static bool is_local_part_of_some(const struct fake *f, struct slice user)
{
    if (user.n == 0 || !persona_wants_full_address(&f->persona)) {
        return false;
    }
    for (size_t i = 0; i < f->spec->account_count; i++) {
        struct slice name = f->spec->accounts[i].user;
        size_t at = slice_find_char(name, '@');
        if (at != SIZE_MAX && slice_eq_nocase(slice_sub(name, 0, at), user)) {
            return true;
        }
    }
    return false;
}

/* States that only bar passwords: a token, or an app password, still signs in. */
static bool state_bars(const char *state, bool is_token, bool is_app_password)
{
    if (strcmp(state, "auth.basic_auth_disabled") == 0) {
        return !is_token;
    }
    if (strcmp(state, "auth.app_password_required") == 0 ||
        strcmp(state, "auth.second_factor_required") == 0) {
        return !is_token && !is_app_password;
    }
    if (strncmp(state, "auth.token_", 11) == 0 || strcmp(state, "auth.scope_insufficient") == 0) {
        return is_token;
    }
    return state[0] != '\0';
}

static const char *account_state(const struct spec_account *a)
{
    return a->state != NULL ? a->state : "";
}

struct verdict accounts_state(const struct fake *f, struct slice user, bool is_token)
{
    const struct spec_account *a = account_find(f, user);
    if (a == NULL) {
        return is_local_part_of_some(f, user) ? refused("auth.username_format") : accepted;
    }
    bool is_app_password = !is_token && a->app_password.count > 0;
    return state_bars(account_state(a), is_token, is_app_password) ? refused(a->state) : accepted;
}

bool accounts_password(const struct fake *f, struct slice user, struct buf *out)
{
    const struct spec_account *a = account_find(f, user);
    return a != NULL &&
           (spec_text_value(f, &a->app_password, out) || spec_text_value(f, &a->password, out));
}

static struct verdict judge_token(const struct fake *f, const struct spec_account *a,
                                  struct slice token, int64_t now_us)
{
    if (state_bars(account_state(a), true, false)) {
        return refused(a->state);
    }
    if (!is_secret(f, &a->token, token)) {
        return refused("auth.token_rejected");
    }
    if (a->token_expires_us > 0 && now_us - f->start_us >= a->token_expires_us) {
        return refused("auth.token_expired");
    }
    if (!persona_audience_ok(&f->persona, a->token_audience)) {
        return refused("auth.token_rejected");
    }
    return persona_scope_ok(&f->persona, a->token_scope) ? accepted
                                                         : refused("auth.scope_insufficient");
}

static struct verdict judge_password(const struct fake *f, const struct spec_account *a,
                                     struct slice password)
{
    bool is_app_password = is_secret(f, &a->app_password, password);
    if (state_bars(account_state(a), false, is_app_password)) {
        return refused(a->state);
    }
    if (is_app_password) {
        return accepted;
    }
    if (!is_secret(f, &a->password, password)) {
        return refused("auth.credentials_rejected");
    }
    /* The account's own password, where the scenario tells it from an app password. */
    const char *cause = a->app_password.count > 0 ? persona_password_refusal(&f->persona) : NULL;
    return cause != NULL ? refused(cause) : accepted;
}

struct verdict accounts_judge(const struct fake *f, const struct credential *claim, int64_t now_us)
{
    const struct spec_account *a = account_find(f, claim->user);
    /* OAUTHBEARER may leave the user to the token (RFC 7628 3.1). */
    for (size_t i = 0; claim->is_token && claim->user.n == 0 && i < f->spec->account_count; i++) {
        if (is_secret(f, &f->spec->accounts[i].token, claim->secret)) {
            a = &f->spec->accounts[i];
        }
    }
    if (a != NULL) {
        return claim->is_token ? judge_token(f, a, claim->secret, now_us)
                               : judge_password(f, a, claim->secret);
    }
    if (is_local_part_of_some(f, claim->user)) {
        return refused("auth.username_format");
    }
    if (accounts_take_any(f)) {
        return accepted;
    }
    return refused(claim->is_token ? "auth.token_rejected" : "auth.credentials_rejected");
}
