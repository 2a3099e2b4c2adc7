/* SPDX-License-Identifier: Apache-2.0 */
/* See check_batch.h. A line says as much as the command line does; an unknown key is an error. */
#include "cli/check_batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "doc/json.h"

enum { ID_MAX = 200 };

static const char *const keys[] = {"id",         "target",       "user",
                                   "credential", "password",     "app_password",
                                   "token",      "password_env", "app_password_env",
                                   "token_env",  "mechanism",    "security",
                                   "purpose",    "stored"};

/* clang-format off */
static const struct secret_key {
    const char *key;
    enum credential_kind kind;
    bool is_variable;
} secrets[] = {
    {"password",         CREDENTIAL_PASSWORD,     false},
    {"app_password",     CREDENTIAL_APP_PASSWORD, false},
    {"token",            CREDENTIAL_OAUTH2,       false},
    {"password_env",     CREDENTIAL_PASSWORD,     true},
    {"app_password_env", CREDENTIAL_APP_PASSWORD, true},
    {"token_env",        CREDENTIAL_OAUTH2,       true},
};
/* clang-format on */

bool account_has_secret(struct slice line)
{
    return slice_find(line, SLICE("\"password\"")) != SIZE_MAX ||
           slice_find(line, SLICE("\"app_password\"")) != SIZE_MAX ||
           slice_find(line, SLICE("\"token\"")) != SIZE_MAX;
}

void account_free(struct batch_account *a)
{
    if (a == NULL) {
        return;
    }
    redactor_free(a->redactor);
    token_flow_free(a->token_flow);
    if (a->params.secret.n != 0) {
        explicit_bzero((char *)(uintptr_t)a->params.secret.p, a->params.secret.n);
    }
    arena_release(&a->arena);
    free(a->id);
    free(a);
}

static enum err check_keys(const struct json *map, struct why *why)
{
    const char *key;
    struct json *value;
    for (size_t i = 0; json_pair(map, i, &key, &value); i++) {
        bool is_known = false;
        for (size_t k = 0; k < COUNT(keys); k++) {
            is_known = is_known || strcmp(key, keys[k]) == 0;
        }
        if (!is_known) {
            const char *nearest = text_nearest(slice_of(key), keys, COUNT(keys));
            return why_set(why, ERR_INVALID, "an account has no key '%.60s'%s%s%s", key,
                           nearest != NULL ? " (did you mean '" : "",
                           nearest != NULL ? nearest : "", nearest != NULL ? "'?)" : "");
        }
        if (strcmp(key, "stored") == 0) {
            if (json_kind(value) != JSON_BOOL) {
                return why_set(why, ERR_INVALID, "'stored' is true or false");
            }
        } else if (json_kind(value) != JSON_STRING) {
            return why_set(why, ERR_INVALID, "'%s' wants a text", key);
        }
    }
    return ERR_OK;
}

static enum err read_secret(struct batch_account *a, const struct json *map, struct why *why)
{
    struct check_params *p = &a->params;
    p->kind = CREDENTIAL_NONE;
    a->is_stored = json_to_bool(json_get(map, "stored"));
    for (size_t i = 0; i < COUNT(secrets); i++) {
        struct slice value = json_slice(json_get(map, secrets[i].key));
        if (value.n == 0) {
            continue;
        }
        if (p->kind != CREDENTIAL_NONE || a->is_stored) {
            return why_set(why, ERR_INVALID, "one credential is wanted, and there are more");
        }
        if (secrets[i].is_variable) {
            const char *variable = getenv(value.p);
            if (variable == NULL || variable[0] == '\0') {
                return why_set(why, ERR_NOT_FOUND, "the environment variable %.80s is not set",
                               value.p);
            }
            value = slice_of(variable);
        }
        p->kind = secrets[i].kind;
        p->secret = arena_copy(&a->arena, value);
        (void)!redactor_add(a->redactor, "credential", p->secret, why); /* too short to be hidden */
    }
    return a->is_stored && p->user.n == 0
               ? why_set(why, ERR_INVALID, "whose token? 'user' is missing")
               : ERR_OK;
}

/* usual: the credential of the entries, or NULL. */
static enum err read_words(struct batch_account *a, const struct json *map, const char *usual,
                           struct why *why)
{
    struct check_params *p = &a->params;
    struct slice security = json_slice(json_get(map, "security"));
    struct slice purpose = json_slice(json_get(map, "purpose"));
    struct slice kind = json_slice(json_get(map, "credential"));
    struct slice mechanism = json_slice(json_get(map, "mechanism"));
    if (security.n != 0 && !security_from_slug(security, &p->target.security)) {
        return why_set(why, ERR_INVALID, "security is starttls, implicit or none");
    }
    if (purpose.n != 0 && !purpose_from_slug(purpose, &p->purpose)) {
        return why_set(why, ERR_INVALID, "purpose is ci, onboarding, bulk or migration");
    }
    enum credential_kind said;
    if (kind.n != 0 && (!credential_from_slug(kind, &said) || said == CREDENTIAL_NONE)) {
        return why_set(why, ERR_INVALID, "credential is password, app_password or oauth2");
    }
    if (kind.n == 0 && p->kind == CREDENTIAL_PASSWORD) { /* of which kind is usual here? */
        bool is_app = slice_eq_text(slice_of(usual), "app_password");
        p->kind = is_app ? CREDENTIAL_APP_PASSWORD : p->kind;
    } else if (kind.n != 0 && p->kind != CREDENTIAL_NONE) {
        p->kind = said;
    }
    if (mechanism.n != 0) {
        p->mechanism = arena_copy(&a->arena, mechanism);
    }
    return ERR_OK;
}

/* The server, and what the configuration says of it. */
static enum err read_target(struct batch_account *a, const struct batch_params *batch,
                            struct slice target, struct config_for *entries, struct why *why)
{
    bool is_found;
    struct check_params *p = &a->params;
    TRY(configured_target(batch->config, batch->registry, target, &a->arena, &p->target, entries,
                          &is_found, why));
    if (!is_found) {
        TRY(check_target_read(batch->registry, target, &a->arena, &p->target, why));
        configured_security(entries, &p->target);
    }
    configured_params(batch->config, entries, p);
    const struct config_value ca = config_get(batch->config, entries, SETTING_CA);
    for (size_t i = 0; ca.from == CONFIG_ENTRY && i < batch->trust_count; i++) {
        bool is_it = strcmp(batch->trusts[i].ca_file, ca.text) == 0;
        p->tls = is_it ? batch->trusts[i].tls : p->tls;
    }
    a->logins_per_hour = (unsigned)config_number(batch->config, entries, SETTING_LOGINS_PER_HOUR);
    return ERR_OK;
}

static enum err read_account(struct batch_account *a, const struct batch_params *batch,
                             const struct json *map, struct why *why)
{
    struct config_for entries;
    struct check_params *p = &a->params;
    struct slice target = json_slice(json_get(map, "target"));
    struct slice user = json_slice(json_get(map, "user"));
    if (target.n == 0) {
        return why_set(why, ERR_INVALID, "the account has no target");
    }
    a->given = arena_text(&a->arena, target);
    TRY(read_target(a, batch, target, &entries, why));
    p->user = user.n != 0 ? arena_copy(&a->arena, user)
              : p->target.user.n != 0
                  ? p->target.user
                  : slice_of(config_text(batch->config, &entries, SETTING_USER));
    TRY(read_secret(a, map, why));
    TRY(read_words(a, map, config_text(batch->config, &entries, SETTING_CREDENTIAL), why));
    a->group = p->target.provider != NULL ? p->target.provider->name : p->target.host;
    return ERR_OK;
}

/* What it is called when the line does not say: its target, and its user where the target does not
 * name him. */
static char *id_of(const struct json *map)
{
    struct slice id = json_slice(json_get(map, "id"));
    struct slice target = json_slice(json_get(map, "target"));
    struct slice user = json_slice(json_get(map, "user"));
    struct buf text;
    buf_init(&text, ID_MAX);
    buf_add(&text, id.n != 0 ? id : target);
    if (id.n == 0 && user.n != 0) {
        buf_addf(&text, " " SLICE_FMT, SLICE_ARG(user));
    }
    return text.n != 0 ? buf_take(&text) : mem_strdup("");
}

enum err account_read(const struct batch_params *batch, struct slice line,
                      struct batch_account **out, char **id, struct why *why)
{
    struct json *map = NULL;
    *out = NULL;
    *id = NULL;
    TRY(json_parse(line, &map, why));
    if (json_kind(map) != JSON_MAP) {
        json_free(map);
        return why_set(why, ERR_INVALID, "an account is a JSON object");
    }
    struct batch_account *a = mem_zalloc(1, sizeof *a);
    a->params = batch->common;
    arena_init(&a->arena);
    a->redactor = redactor_new();
    a->id = id_of(map);
    *id = mem_strdup(a->id);
    enum err err = check_keys(map, why);
    err = err == ERR_OK ? read_account(a, batch, map, why) : err;
    json_free(map);
    if (err != ERR_OK) {
        account_free(a);
        return err;
    }
    *out = a;
    return ERR_OK;
}
