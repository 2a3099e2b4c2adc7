/* SPDX-License-Identifier: Apache-2.0 */
/* See flow.h. */
#include "token/flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FORM_MAX = 64 * 1024, SECRET_MAX = 64 * 1024, SLOW_DOWN_S = 5, WAIT_MAX_S = 300 };

enum state { STATE_POST, STATE_SHOW, STATE_WAIT, STATE_ASKED, STATE_DONE, STATE_FAILED };

struct token_flow {
    struct token_flow_params params;
    enum state state;
    bool is_polling;    /* the device flow has its codes */
    int64_t until_s;    /* WAIT */
    int64_t interval_s; /* of the device flow */
    int64_t deadline_s; /* the device code ends; 0: not said */
    unsigned tries;     /* of what is temporary, in a row */
    struct buf form;
    struct buf access_token, refresh_token, scope, document;
    struct buf device_code, user_code, uri;
    struct token_result result;
};

static const char *const slugs[] = {"refresh", "client_credentials", "device", "code",
                                    "service_account"};
_Static_assert(COUNT(slugs) == TOKEN_GRANT_COUNT, "one word for each");

const char *token_grant_slug(enum token_grant grant)
{
    must((unsigned)grant < TOKEN_GRANT_COUNT);
    return slugs[grant];
}

bool token_grant_from_slug(struct slice slug, enum token_grant *out)
{
    for (unsigned i = 0; i < TOKEN_GRANT_COUNT; i++) {
        if (slice_eq_text(slug, slugs[i])) {
            *out = (enum token_grant)i;
            return true;
        }
    }
    return false;
}

static enum err check(const struct token_flow_params *p, struct why *why)
{
    const struct token_client *c = &p->client;
    if (p->grant == TOKEN_GRANT_SERVICE && p->assertion.n == 0) {
        return why_set(why, ERR_INVALID, "the signed assertion is missing");
    }
    if (c->id.n == 0 && p->grant != TOKEN_GRANT_SERVICE) { /* the assertion says who it is */
        return why_set(why, ERR_INVALID, "the client id is missing");
    }
    if (p->grant == TOKEN_GRANT_DEVICE && c->device_url == NULL) {
        return why_set(why, ERR_INVALID, "there is no device endpoint");
    }
    if (p->grant == TOKEN_GRANT_REFRESH && p->refresh_token.n == 0) {
        return why_set(why, ERR_INVALID, "there is no refresh token");
    }
    if (p->grant == TOKEN_GRANT_CLIENT && c->secret.n == 0) {
        return why_set(why, ERR_INVALID, "client credentials need the client secret");
    }
    if (p->grant == TOKEN_GRANT_CODE && p->code.n == 0) {
        return why_set(why, ERR_INVALID, "the authorization code is missing");
    }
    return c->token_url != NULL ? ERR_OK : why_set(why, ERR_INVALID, "there is no token endpoint");
}

enum err token_flow_new(const struct token_flow_params *params, struct token_flow **out,
                        struct why *why)
{
    TRY(check(params, why));
    struct token_flow *f = mem_zalloc(1, sizeof *f);
    f->params = *params;
    f->params.base_s = params->base_s != 0 ? params->base_s : 1;
    buf_init(&f->form, FORM_MAX);
    struct buf *const texts[] = {&f->access_token, &f->refresh_token, &f->scope, &f->document,
                                 &f->device_code,  &f->user_code,     &f->uri};
    for (size_t i = 0; i < COUNT(texts); i++) {
        buf_init(texts[i], SECRET_MAX);
    }
    *out = f;
    return ERR_OK;
}

void token_flow_free(struct token_flow *f)
{
    if (f == NULL) {
        return;
    }
    struct buf *const texts[] = {&f->form,     &f->access_token, &f->refresh_token, &f->scope,
                                 &f->document, &f->device_code,  &f->user_code,     &f->uri};
    for (size_t i = 0; i < COUNT(texts); i++) {
        buf_wipe(texts[i]);
        buf_release(texts[i]);
    }
    free(f);
}

/* ---- what is to be done ---- */

static void write_form(struct token_flow *f)
{
    const struct token_flow_params *p = &f->params;
    buf_wipe(&f->form);
    switch (p->grant) {
    case TOKEN_GRANT_REFRESH:
        grant_refresh(&p->client, p->refresh_token, &f->form);
        break;
    case TOKEN_GRANT_CLIENT:
        grant_client_credentials(&p->client, &f->form);
        break;
    case TOKEN_GRANT_DEVICE:
        if (f->is_polling) {
            grant_device_ask(&p->client, buf_slice(&f->device_code), &f->form);
        } else {
            grant_device_begin(&p->client, &f->form);
        }
        break;
    case TOKEN_GRANT_CODE:
        grant_code(&p->client, p->code, p->redirect_uri, p->verifier, &f->form);
        break;
    case TOKEN_GRANT_SERVICE:
        grant_assertion(p->assertion, &f->form);
        break;
    case TOKEN_GRANT_COUNT:
        break;
    }
}

static void post(struct token_flow *f, struct token_act *out)
{
    bool is_begin = f->params.grant == TOKEN_GRANT_DEVICE && !f->is_polling;
    write_form(f);
    f->state = STATE_ASKED;
    f->result.posts++;
    *out = (struct token_act){.kind = TOKEN_ACT_POST,
                              .url = is_begin ? f->params.client.device_url
                                              : f->params.client.token_url,
                              .form = buf_slice(&f->form)};
}

void token_flow_next(struct token_flow *f, int64_t now_s, struct token_act *out)
{
    must(f->state != STATE_ASKED); /* an answer is due */
    if (f->state == STATE_WAIT && now_s >= f->until_s) {
        f->state = STATE_POST;
    }
    switch (f->state) {
    case STATE_POST:
        post(f, out);
        return;
    case STATE_SHOW:
        f->state = STATE_WAIT;
        *out = (struct token_act){
            .kind = TOKEN_ACT_SHOW, .uri = buf_slice(&f->uri), .code = buf_slice(&f->user_code)};
        return;
    case STATE_WAIT:
        *out = (struct token_act){.kind = TOKEN_ACT_WAIT, .until_s = f->until_s};
        return;
    case STATE_DONE:
        *out = (struct token_act){.kind = TOKEN_ACT_DONE};
        return;
    case STATE_FAILED:
        *out = (struct token_act){.kind = TOKEN_ACT_FAILED};
        return;
    case STATE_ASKED:
        break;
    }
}

/* ---- what came back ---- */

static void fail(struct token_flow *f, enum fault fault, const char *detail)
{
    f->state = STATE_FAILED;
    f->result.fault = fault;
    snprintf(f->result.detail, sizeof f->result.detail, "%s", detail);
    f->result.document = buf_slice(&f->document);
}

static void pause_for(struct token_flow *f, int64_t now_s, int64_t seconds)
{
    f->state = STATE_WAIT;
    f->until_s = now_s + (seconds < WAIT_MAX_S ? seconds : WAIT_MAX_S);
}

/* False: it has been tried often enough. */
static bool try_again(struct token_flow *f, int64_t now_s, int64_t retry_after_s)
{
    if (f->tries >= f->params.retries) {
        return false;
    }
    int64_t pause_s = f->params.base_s << f->tries;
    f->tries++;
    pause_for(f, now_s, retry_after_s > pause_s ? retry_after_s : pause_s);
    return true;
}

static void take_token(struct token_flow *f, int64_t now_s, const struct token_answer *a)
{
    struct token_result *r = &f->result;
    buf_add(&f->access_token, a->access_token);
    buf_add(&f->scope, a->scope);
    struct slice given = f->params.refresh_token;
    r->is_rotated = a->refresh_token.n != 0 && !slice_eq(a->refresh_token, given);
    buf_add(&f->refresh_token, a->refresh_token.n != 0 ? a->refresh_token : given);
    r->access_token = buf_slice(&f->access_token);
    r->refresh_token = buf_slice(&f->refresh_token);
    r->scope = buf_slice(&f->scope);
    r->expires_s = a->expires_in_s != 0 ? now_s + a->expires_in_s : 0;
    r->refresh_expires_s = a->refresh_expires_in_s != 0 ? now_s + a->refresh_expires_in_s : 0;
    f->state = STATE_DONE;
}

static bool take_device_codes(struct token_flow *f, int64_t now_s, const struct token_answer *a)
{
    if (a->device_code.n == 0 || a->user_code.n == 0 || a->verification_uri.n == 0) {
        return false;
    }
    buf_add(&f->device_code, a->device_code);
    buf_add(&f->user_code, a->user_code);
    buf_add(&f->uri, a->verification_uri);
    f->interval_s = a->interval_s;
    f->deadline_s = a->expires_in_s != 0 ? now_s + a->expires_in_s : 0;
    f->is_polling = true;
    pause_for(f, now_s, f->interval_s);
    f->state = STATE_SHOW;
    return true;
}

/* RFC 8628 3.5: still waiting for the person. */
static bool is_pending(struct token_flow *f, int64_t now_s, const struct token_answer *a)
{
    bool is_slow = slice_eq_text(a->error, "slow_down");
    if (!f->is_polling || (!is_slow && !slice_eq_text(a->error, "authorization_pending"))) {
        return false;
    }
    f->interval_s += is_slow ? SLOW_DOWN_S : 0;
    if (f->deadline_s != 0 && now_s + f->interval_s >= f->deadline_s) {
        return false; /* it says expired_token next: do not wait for that */
    }
    f->tries = 0;
    pause_for(f, now_s, f->interval_s);
    return true;
}

static bool is_temporary(unsigned status, const struct token_answer *a)
{
    return status >= 500 || status == 429 || status == 408 ||
           slice_eq_text(a->error, "temporarily_unavailable") ||
           slice_eq_text(a->error, "server_error");
}

void token_flow_answer(struct token_flow *f, int64_t now_s, unsigned status, struct slice body,
                       int64_t retry_after_s)
{
    struct token_answer a;
    must(f->state == STATE_ASKED);
    token_answer_read(body, &a);
    bool is_begin = f->params.grant == TOKEN_GRANT_DEVICE && !f->is_polling;
    f->result.status = status;
    buf_wipe(&f->form);
    buf_wipe(&f->document);
    if (status == 200 && is_begin && take_device_codes(f, now_s, &a)) {
        ;
    } else if (status == 200 && !is_begin && a.access_token.n != 0) {
        take_token(f, now_s, &a);
    } else if (!is_pending(f, now_s, &a) &&
               !(is_temporary(status, &a) && try_again(f, now_s, retry_after_s))) {
        char detail[64];
        snprintf(detail, sizeof detail, "HTTP status %u", status);
        buf_add(&f->document, slice_sub(body, 0, 8192));
        fail(f, FAULT_NONE, detail);
    }
    token_answer_release(&a);
}

/* A certificate that is wrong stays wrong for the next seconds. */
static bool may_heal(enum fault fault)
{
    return fault == FAULT_CONNECTION_LOST || fault == FAULT_CONNECTION_RESET ||
           fault == FAULT_READ_TIMEOUT || fault == FAULT_CONNECT_TIMEOUT ||
           fault == FAULT_CONNECT_REFUSED || fault == FAULT_UNREACHABLE ||
           fault == FAULT_DNS_FAILURE;
}

void token_flow_broken(struct token_flow *f, int64_t now_s, enum fault fault, const char *detail)
{
    must(f->state == STATE_ASKED);
    buf_wipe(&f->form);
    /* An answer that was lost may have carried a rotated token: asking again is all that is left.
     */
    if (!may_heal(fault) || !try_again(f, now_s, 0)) {
        fail(f, fault, detail);
    }
}

const struct token_result *token_flow_result(const struct token_flow *f)
{
    return &f->result;
}
