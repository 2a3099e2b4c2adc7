/* SPDX-License-Identifier: Apache-2.0 */
/* See token_run.h. */
#include "cli/token_run.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "cli/token_service.h"
#include "net/http.h"
#include "run/interrupt.h"

enum { RETRIES = 3, LOOK_NS = 100000000 };

static const int64_t REQUEST_US = 30000000;

static bool is_interrupted(void)
{
    return interrupt_number() != 0;
}

static int64_t now_s(void)
{
    return (int64_t)time(NULL);
}

static void post(struct token_flow *flow, const struct token_act *act,
                 const struct token_route *route)
{
    struct why why;
    struct http_answer answer;
    const struct http_request request = {.url = act->url,
                                         .form = act->form,
                                         .trust_pem = route->trust_pem,
                                         .connect_to = route->connect_to,
                                         .proxy = route->proxy,
                                         .timeout_us = REQUEST_US,
                                         .is_cancelled = is_interrupted};
    http_answer_init(&answer);
    if (http_ask(&request, &answer, &why) != ERR_OK) {
        token_flow_broken(flow, now_s(), FAULT_CONFIGURATION, why.text);
    } else if (answer.fault != FAULT_NONE) {
        token_flow_broken(flow, now_s(), answer.fault, answer.detail);
    } else {
        token_flow_answer(flow, now_s(), answer.status, buf_slice(&answer.body),
                          answer.retry_after_s);
    }
    http_answer_release(&answer);
}

static void wait_until(int64_t until_s)
{
    while (now_s() < until_s && !is_interrupted()) {
        nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
    }
}

static void show(const struct token_act *act)
{
    struct buf text;
    buf_init(&text, 8192);
    buf_add_text(&text, "To sign in, open  ");
    text_visible(act->uri, TEXT_ONE_LINE, &text);
    buf_add_text(&text, "\nand enter the code  ");
    text_visible(act->code, TEXT_ONE_LINE, &text);
    fprintf(stderr, "%s\n", buf_text(&text));
    buf_release(&text);
}

bool token_run(struct token_flow *flow, const struct token_route *route)
{
    struct token_act act;
    while (!is_interrupted()) {
        token_flow_next(flow, now_s(), &act);
        switch (act.kind) {
        case TOKEN_ACT_POST:
            post(flow, &act, route);
            break;
        case TOKEN_ACT_SHOW:
            show(&act);
            break;
        case TOKEN_ACT_WAIT:
            wait_until(act.until_s);
            break;
        case TOKEN_ACT_DONE:
            return true;
        case TOKEN_ACT_FAILED:
            return false;
        }
    }
    return false;
}

void token_diagnose(const struct mapper *mapper, const struct provider *provider,
                    const struct token_flow *flow, struct arena *arena, struct diagnosis *out)
{
    const struct token_result *r = token_flow_result(flow);
    const struct evidence evidence = {
        .provider = provider,
        .stage = STAGE_TOKEN,
        .fault = r->fault,
        .detail = slice_of(r->detail),
        .reply = r->document,
        .credential = CREDENTIAL_OAUTH2,
    };
    mapper_diagnose(mapper, &evidence, arena, out);
}

bool token_is_fresh(const struct token_entry *entry, int64_t at_s)
{
    return entry->access_token[0] != '\0' &&
           (entry->expires_s == 0 || entry->expires_s - at_s >= TOKEN_LEFT_S);
}

bool token_can_renew(const struct token_entry *e)
{
    return e->refresh_token[0] != '\0' || strcmp(e->grant, "client_credentials") == 0 ||
           strcmp(e->grant, "service_account") == 0;
}

int64_t token_end_s(const struct token_entry *e)
{
    return e->refresh_token[0] != '\0' ? e->refresh_expires_s
           : token_can_renew(e)        ? 0
                                       : e->expires_s;
}

static void take(struct token_store *store, const struct token_entry *old,
                 const struct token_result *r)
{
    struct token_entry e = *old;
    struct arena arena;
    arena_init(&arena);
    e.access_token = arena_text(&arena, r->access_token);
    e.refresh_token = arena_text(&arena, r->refresh_token);
    e.expires_s = r->expires_s;
    e.refresh_expires_s =
        r->refresh_expires_s != 0 || r->is_rotated ? r->refresh_expires_s : old->refresh_expires_s;
    e.obtained_s = now_s();
    e.rotations += r->is_rotated && old->refresh_token[0] != '\0';
    token_store_put(store, &e);
    arena_release(&arena);
}

static enum token_grant grant_of(const struct token_entry *e)
{
    return strcmp(e->grant, "client_credentials") == 0 ? TOKEN_GRANT_CLIENT
           : strcmp(e->grant, "service_account") == 0  ? TOKEN_GRANT_SERVICE
                                                       : TOKEN_GRANT_REFRESH;
}

bool token_renew(struct token_store *store, const char *name, const struct token_route *route,
                 struct token_flow **flow, struct why *why)
{
    struct token_entry e;
    struct buf assertion;
    *flow = NULL;
    why_set(why, ERR_OK, "%s", "");
    if (!token_store_find(store, name, &e)) {
        why_set(why, ERR_NOT_FOUND, "the store has no token of '%s'", name);
        return false;
    }
    assertion_init(&assertion);
    struct token_flow_params params = {
        .grant = grant_of(&e),
        .client = {.token_url = e.token_url,
                   .id = slice_of(e.client_id),
                   .secret = slice_of(e.client_secret),
                   .scope = slice_of(e.scope)},
        .refresh_token = slice_of(e.refresh_token),
        .retries = RETRIES,
    };
    bool is_had =
        params.grant != TOKEN_GRANT_SERVICE ||
        assertion_make(e.key_path, e.audience, e.user, e.scope, &assertion, why) == ERR_OK;
    params.assertion = buf_slice(&assertion);
    is_had = is_had && token_flow_new(&params, flow, why) == ERR_OK && token_run(*flow, route);
    if (is_had) {
        take(store, &e, token_flow_result(*flow));
    }
    assertion_release(&assertion);
    return is_had && token_store_save(store, why) == ERR_OK;
}
