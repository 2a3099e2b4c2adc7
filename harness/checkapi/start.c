/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of the public header into those of a check, and what a check needs around it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "api/mapper.h"
#include "api/say.h"
#include "check/budget.h"
#include "check/wishes.h"
#include "checkapi/inside.h"
#include "doc/node.h"
#include "net/tls.h"

enum { CA_FILE_MAX = 4 * 1024 * 1024, RETRIES_USUAL = 3, MS = 1000 };

/* Of a word or member: its name goes before what is wrong with it. */
static enum err named(const char *name, enum err err, struct why *why)
{
    struct why inner = *why;
    return err == ERR_OK ? ERR_OK : why_set(why, err, "%s %s", name, inner.text);
}

/* ---- words ---- */

static enum err read_words(const struct smtpdx_check_params *in, struct check_params *p,
                           struct why *why)
{
    enum credential_kind kind = CREDENTIAL_NONE;
    TRY(named("credential", wish_credential(in->credential, &kind, why), why));
    TRY(named("security", wish_security(in->security, &p->target.security, why), why));
    TRY(named("until", wish_until(in->until, &p->until, why), why));
    TRY(named("purpose", wish_purpose(in->purpose, &p->purpose, why), why));
    TRY(named("connect_to", wish_connect_to(in->connect_to, why), why));
    TRY(named("proxy", wish_proxy(in->proxy, why), why));
    if (in->secret != NULL && kind == CREDENTIAL_NONE) {
        return why_set(why, ERR_INVALID,
                       "there is a secret, and `credential` does not say what it is: password, "
                       "app_password or oauth2");
    }
    p->kind = in->secret != NULL ? kind : CREDENTIAL_NONE;
    return ERR_OK;
}

static enum err check_members(const struct smtpdx_check_params *in, struct why *why)
{
    const char *wrong =
        in->target == NULL || in->target[0] == '\0' ? "the target is missing"
        : in->secret == NULL && in->credential != NULL
            ? "there is a kind of credential and no secret"
        : in->strict && in->force                   ? "strict and force say opposite things"
        : in->ca_file != NULL && in->ca_pem != NULL ? "ca_file and ca_pem are one too many"
        : in->family != 0 && in->family != 4 && in->family != 6 ? "family is 4, 6, or 0 for either"
        : in->retries < -1 || in->retries >= CHECK_ATTEMPTS_MAX
            ? "retries is from 1 to 7, 0 for 3, or -1 for none"
        : in->connect_timeout_ms < 0 || in->command_timeout_ms < 0 || in->timeout_ms < 0 ||
                in->backoff_ms < 0 || in->warn_cert_days < 0 || in->logins_per_hour < 0
            ? "a time, a number of days or of logins is negative"
        : in->mapper != NULL && in->providers_folder != NULL
            ? "a mapper has read its provider files already: providers_folder is one too many"
        : in->mapper != NULL && strcmp(in->mapper->version, SMTPDX_VERSION) != 0
            ? "the mapper is of another version of libsmtpdx"
            : NULL;
    return wrong == NULL ? ERR_OK : why_set(why, ERR_INVALID, "%s", wrong);
}

/* ---- what is copied ---- */

static struct slice copied(struct smtpdx_check *c, const char *text)
{
    return text != NULL ? arena_copy(&c->arena, slice_of(text)) : slice_make("", 0);
}

static const char *copied_text(struct smtpdx_check *c, const char *text)
{
    return text != NULL ? copied(c, text).p : NULL;
}

static void take_secret(struct smtpdx_check *c, const struct smtpdx_check_params *in)
{
    struct why why;
    if (in->secret == NULL) {
        return;
    }
    buf_add(&c->secret, in->secret_length != 0 ? slice_make(in->secret, in->secret_length)
                                               : slice_of(in->secret));
    c->params.secret = buf_slice(&c->secret);
    (void)!redactor_add(c->redactor, "credential", c->params.secret,
                        &why); /* too short: as it is */
}

static int64_t times_of(int64_t ms)
{
    return ms > INT64_MAX / MS ? INT64_MAX / 4 : ms * MS;
}

static void take_members(struct smtpdx_check *c, const struct smtpdx_check_params *in)
{
    struct check_params *p = &c->params;
    p->user = in->user != NULL ? copied(c, in->user) : p->target.user;
    p->mechanism = copied(c, in->mechanism);
    p->from = copied(c, in->from);
    p->rcpt = copied(c, in->to);
    p->helo = copied(c, in->helo);
    p->connect_to = copied_text(c, in->connect_to);
    p->proxy = copied_text(c, in->proxy);
    wish_hide_proxy(p->proxy, c->redactor);
    p->family = in->family == 4 ? FAMILY_IPV4 : in->family == 6 ? FAMILY_IPV6 : FAMILY_ANY;
    p->may_send = in->send != 0;
    p->is_strict = in->strict != 0;
    p->is_forced = in->force != 0;
    p->timeout.connect = times_of(in->connect_timeout_ms);
    p->timeout.command = times_of(in->command_timeout_ms);
    p->timeout.total = times_of(in->timeout_ms);
    p->retry.max = in->retries == 0 ? RETRIES_USUAL : in->retries < 0 ? 0 : (unsigned)in->retries;
    p->retry.base_us = in->backoff_ms != 0 ? times_of(in->backoff_ms) : 1000 * MS;
    p->warn_cert_days = in->warn_cert_days;
    c->state_folder = copied_text(c, in->state_folder);
    c->login_max = in->logins_per_hour != 0 ? (unsigned)in->logins_per_hour : LOGINS_USUAL;
    take_secret(c, in);
    wish_complete(p, &c->arena);
}

/* ---- what is around it ---- */

static enum smtpdx_status open_mapper(struct smtpdx_check *c, const struct smtpdx_check_params *in,
                                      char *error, size_t size)
{
    if (in->mapper == NULL) {
        enum smtpdx_status status =
            smtpdx_mapper_open(in->providers_folder, &c->own_mapper, error, size);
        if (status != SMTPDX_OK) {
            return status;
        }
    }
    c->params.mapper = in->mapper != NULL ? in->mapper->mapper : c->own_mapper->mapper;
    return SMTPDX_OK;
}

static enum smtpdx_status open_tls(struct smtpdx_check *c, const struct smtpdx_check_params *in,
                                   char *error, size_t size)
{
    struct why why = {.line = 0};
    struct tls_params params = {.min = TLS_VERSION_1_2, .trust_pem = slice_of(in->ca_pem)};
    bool is_ours = in->ca_file == NULL && in->ca_pem == NULL;
    enum err err = in->ca_file != NULL
                       ? doc_read_file(in->ca_file, CA_FILE_MAX, &c->arena, &params.trust_pem, &why)
                       : ERR_OK;
    if (err != ERR_OK) {
        return api_say_why(error, size, SMTPDX_BAD_FILE, &why);
    }
    if (is_ours || params.trust_pem.n != 0) { /* an empty file is not the system's store */
        err = tls_setup_new(&params, &c->tls, &why);
    } else {
        err = ERR_LIBRARY;
    }
    if (err == ERR_LIBRARY && !is_ours) {
        (void)why_set(&why, err, "%s: there is no certificate in PEM form that OpenSSL can read",
                      in->ca_file != NULL ? in->ca_file : "ca_pem");
    }
    c->params.tls = c->tls;
    return err == ERR_OK
               ? SMTPDX_OK
               : api_say_why(error, size, is_ours ? SMTPDX_SYSTEM : SMTPDX_BAD_FILE, &why);
}

static void on_wake(void *context)
{
    struct smtpdx_check *c = context;
    uint64_t times;
    (void)!read(c->wake_fd, &times, sizeof times);
    check_cancel(c->check);
}

static enum err open_world(struct smtpdx_check *c, struct why *why)
{
    c->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (c->wake_fd < 0) {
        return why_set(why, ERR_IO, "there is no descriptor left: %s", strerror(errno));
    }
    TRY(world_new_sockets(&c->world, why));
    return world_watch_fd(c->world, c->wake_fd, on_wake, c, why);
}

/* ---- all of it ---- */

static enum smtpdx_status status_of(enum err err)
{
    return err == ERR_NOT_FOUND ? SMTPDX_UNKNOWN_NAME
           : err == ERR_INVALID ? SMTPDX_WRONG_USE
                                : SMTPDX_SYSTEM;
}

static const struct registry *registry_of(const struct smtpdx_check *c,
                                          const struct smtpdx_check_params *in)
{
    return in->mapper != NULL ? in->mapper->registry : c->own_mapper->registry;
}

static enum err read_all(struct smtpdx_check *c, const struct smtpdx_check_params *in,
                         struct why *why)
{
    c->given = copied_text(c, in->target);
    TRY(check_target_read(registry_of(c, in), slice_of(c->given), &c->arena, &c->params.target,
                          why));
    TRY(read_words(in, &c->params, why));
    take_members(c, in);
    TRY(check_new(&c->params, &c->check, why));
    return open_world(c, why);
}

static void on_done(void *context)
{
    ((struct smtpdx_check *)context)->is_done = true;
}

static enum smtpdx_status begin(struct smtpdx_check *c, const struct smtpdx_check_params *in,
                                char *error, size_t size)
{
    struct why why = {.line = 0};
    enum err err = check_members(in, &why);
    if (err != ERR_OK) {
        return api_say_why(error, size, status_of(err), &why);
    }
    enum smtpdx_status status = open_mapper(c, in, error, size);
    status = status == SMTPDX_OK ? open_tls(c, in, error, size) : status;
    if (status != SMTPDX_OK) {
        return status;
    }
    err = read_all(c, in, &why);
    if (err != ERR_OK) {
        return api_say_why(error, size, status_of(err), &why);
    }
    bool is_counted = c->state_folder != NULL && budget_counts(c->check, c->login_max);
    if (is_counted &&
        budget_take(c->check, c->state_folder, c->login_max, &c->has_login, &why) != ERR_OK) {
        return api_say_why(error, size, SMTPDX_BAD_FILE, &why);
    }
    c->is_started = true;
    check_start(c->check, c->world, on_done, c);
    return SMTPDX_OK;
}

enum smtpdx_status smtpdx_check_start(const struct smtpdx_check_params *params,
                                      struct smtpdx_check **out, char *error, size_t error_size)
{
    /* A caller built against an older header knows less: the rest is as if it were not set. */
    struct smtpdx_check_params in = SMTPDX_CHECK_PARAMS_INIT;
    memcpy(&in, params, params->size < sizeof in ? params->size : sizeof in);
    struct smtpdx_check *c = mem_zalloc(1, sizeof *c);
    *out = NULL;
    arena_init(&c->arena);
    buf_init(&c->secret, BUF_NO_CAP);
    buf_init(&c->json, BUF_NO_CAP);
    c->redactor = redactor_new();
    c->wake_fd = -1;
    c->result.verdict = CHECK_UNKNOWN;
    enum smtpdx_status status = begin(c, &in, error, error_size);
    if (status != SMTPDX_OK) {
        smtpdx_check_free(c);
        return status;
    }
    *out = c;
    return SMTPDX_OK;
}

enum smtpdx_status smtpdx_check_run(const struct smtpdx_check_params *params,
                                    struct smtpdx_check **out, char *error, size_t error_size)
{
    enum smtpdx_status status = smtpdx_check_start(params, out, error, error_size);
    if (status == SMTPDX_OK) {
        smtpdx_check_wait(*out);
    }
    return status;
}
