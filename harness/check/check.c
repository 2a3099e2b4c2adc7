/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   preflight -> (refused) -> done
 *             -> attempt -> dial -> conversation -> judge -> again after a pause, or done
 */
#include "check/judge.h"

#include <stdlib.h>
#include <string.h>

#include "check/mechanisms.h"
#include "check/retry.h"
#include "net/driver.h"

static const int64_t CONNECT_US = 15000000;
static const int64_t COMMAND_US = 30000000;
static const int64_t TOTAL_US = 120000000;
static const int64_t MARGIN_US = 50000; /* the dial, which knows more, is over before the client */

/* ---- parameters ---- */

static int64_t dial_timeout_us(const struct check_params *p)
{
    return p->timeout.total < p->timeout.connect ? p->timeout.total : p->timeout.connect;
}

static void set_client(struct check *c)
{
    const struct check_params *p = &c->params;
    bool has_login = p->kind != CREDENTIAL_NONE;
    c->client_params = (struct client_params){
        .security = p->target.security,
        .helo = p->helo,
        .host = slice_of(p->target.host),
        .port = p->target.port,
        .until = p->until,
        .from = p->from.n != 0 ? p->from : p->user,
        .rcpt = p->rcpt,
        .date = p->wall_time,
        .message_id = p->message_id,
        .timeout = {.connect = dial_timeout_us(p) + MARGIN_US,
                    .greeting = p->timeout.command,
                    .command = p->timeout.command,
                    .data = p->timeout.command,
                    .block = p->timeout.command,
                    .final_dot = p->timeout.total,
                    .total = p->timeout.total + MARGIN_US},
    };
    if (has_login && p->until >= STAGE_AUTH) {
        c->client_params.mechanism =
            p->mechanism.n != 0
                ? p->mechanism
                : slice_of(check_mechanisms(p->target.provider,
                                            preflight_kind(p->target.provider, p->kind, p->secret),
                                            &c->arena));
        c->client_params.user = p->user;
        c->client_params.secret = p->secret;
    }
}

static void set_defaults(struct check_params *p)
{
    if (p->until == STAGE_NONE && p->may_send) {
        p->until = STAGE_BODY;
    } else if (p->until ==
               STAGE_NONE) { /* without a login too: what is offered inside TLS is told */
        bool is_clear = p->target.security == SECURITY_NONE && p->kind == CREDENTIAL_NONE;
        p->until = is_clear ? STAGE_EHLO : STAGE_AUTH;
    }
    p->timeout.connect = p->timeout.connect != 0 ? p->timeout.connect : CONNECT_US;
    p->timeout.command = p->timeout.command != 0 ? p->timeout.command : COMMAND_US;
    p->timeout.total = p->timeout.total != 0 ? p->timeout.total : TOTAL_US;
}

static enum err check_wishes(const struct check_params *p, struct why *why)
{
    if (p->until > STAGE_DATA && !p->may_send) {
        return why_set(why, ERR_INVALID, "to deliver a message has to be asked for: --send");
    }
    if (p->until >= STAGE_RCPT && p->rcpt.n == 0) {
        return why_set(why, ERR_INVALID, "the recipient is missing: --to ADDRESS");
    }
    if (p->until >= STAGE_MAIL && p->from.n == 0 && p->user.n == 0) {
        return why_set(why, ERR_INVALID, "the sender is missing: --from ADDRESS");
    }
    return ERR_OK;
}

static void look_beforehand(struct check *c)
{
    const struct check_params *p = &c->params;
    bool is_moved = p->connect_to != NULL; /* the port that is dialled says nothing then */
    const struct preflight_input in = {
        .provider = p->target.provider,
        .user = p->user,
        .secret = p->secret,
        .kind = p->until >= STAGE_AUTH ? p->kind : CREDENTIAL_NONE,
        .purpose = p->purpose,
        .now_s = p->wall_time,
        .host = p->target.host,
        .port = is_moved ? 0 : p->target.port,
        .security = is_moved ? SECURITY_NONE : p->target.security,
    };
    c->result.finding_count = preflight(&in, &c->arena, c->result.findings);
}

enum err check_new(const struct check_params *params, struct check **out, struct why *why)
{
    struct check_params p = *params;
    set_defaults(&p);
    TRY(check_wishes(&p, why));
    struct check *c = mem_zalloc(1, sizeof *c);
    c->params = p;
    arena_init(&c->arena);
    transcript_init(&c->transcript, &c->arena);
    rng_init(&c->rng, p.seed);
    c->result.address = "";
    c->result.tried = "";
    c->result.because = "";
    set_client(c);
    look_beforehand(c);
    struct client *trial = NULL;
    enum err err = client_new(&c->client_params, &trial, why);
    client_free(trial);
    if (err != ERR_OK && check_refusal(c) == NULL) {
        check_free(c);
        return err;
    }
    *out = c;
    return ERR_OK;
}

/* ---- the end ---- */

static void on_end(struct timer *t, int64_t now_us)
{
    struct check *c = t->context;
    c->result.us = now_us - c->start_us;
    transcript_finish(&c->transcript, now_us);
    c->on_done(c->context);
}

static void finish(struct check *c)
{
    world_timer_stop(c->world, &c->pause);
    if (!c->is_ending) {
        c->is_ending = true;
        world_timer_start(c->world, &c->end, world_now_us(c->world));
    }
}

static void drop_dial(struct check *c)
{
    if (c->is_dialling) {
        world_dial_drop(c->world, c);
        c->is_dialling = false;
    }
}

void check_cancel(struct check *c)
{
    if (c->is_ending) {
        return;
    }
    c->result.was_cancelled = true;
    c->result.verdict = CHECK_UNKNOWN;
    c->result.because = "it was cancelled";
    drop_dial(c);
    if (c->driver != NULL) { /* in the middle of a conversation: what was sent counts */
        c->result.logins += client_report(c->client)->auth_sent;
    }
    driver_free(c->driver);
    c->driver = NULL;
    c->result.report = c->client != NULL ? client_report(c->client) : NULL;
    check_write_lines(c);
    finish(c);
}

/* ---- an attempt ---- */

static void attempt(struct check *c);

static void on_pause(struct timer *t, int64_t now_us)
{
    (void)now_us;
    attempt(t->context);
}

static bool may_repeat(const struct check *c)
{
    const struct client_report *r = c->result.report;
    const struct retry_facts facts = {
        .done = c->result.attempt_count,
        .code = r->reply.code,
        .is_login_unknown = r->stage == STAGE_AUTH && r->auth_sent && r->reply.code < 400,
        .is_delivery_unknown = r->delivery_unknown,
    };
    return c->result.has_diagnosis && c->result.attempt_count < CHECK_ATTEMPTS_MAX &&
           retry_may(&c->params.retry, &c->result.diagnosis, &facts);
}

static void on_client_done(void *context)
{
    struct check *c = context;
    drop_dial(c); /* the client did not wait for it */
    driver_free(c->driver);
    c->driver = NULL;
    c->result.report = client_report(c->client);
    c->result.logins += c->result.report->auth_sent;
    check_judge(c);
    if (!may_repeat(c)) {
        check_write_lines(c);
        finish(c);
        return;
    }
    c->waited_us = retry_delay_us(&c->params.retry, c->result.attempt_count, &c->rng);
    world_timer_start(c->world, &c->pause, world_now_us(c->world) + c->waited_us);
}

static void on_dialled(void *context, const struct dial_result *result)
{
    struct check *c = context;
    c->is_dialling = false;
    c->dialled = *result;
    c->dialled.link = NULL;
    c->result.address = arena_text(&c->arena, slice_of(result->address));
    c->result.tried = arena_text(&c->arena, slice_of(result->tried));
    if (result->link != NULL) {
        driver_attach(c->driver, result->link);
    } else {
        driver_connect_failed(c->driver, result->fault);
    }
}

static void on_tap(void *context, enum driver_direction direction, bool inside_tls, int64_t now_us,
                   struct slice bytes)
{
    struct check *c = context;
    transcript_octets(&c->transcript,
                      direction == DRIVER_SENT ? TRANSCRIPT_CLIENT : TRANSCRIPT_SERVER, inside_tls,
                      now_us, bytes);
}

static void before_tls_up(void *context, struct slice binding)
{
    struct check *c = context;
    client_set_binding(c->client, binding);
}

static void dial(struct check *c)
{
    const struct check_params *p = &c->params;
    const struct dial_params params = {
        .host = p->target.host,
        .port = p->target.port,
        .family = p->family,
        .connect_to = p->connect_to,
        .proxy = p->proxy,
        .resolve = p->resolve,
        .resolve_count = p->resolve_count,
        .timeout_us = dial_timeout_us(p),
    };
    c->is_dialling = true;
    world_dial(c->world, &params, on_dialled, c);
}

static void attempt(struct check *c)
{
    struct why why;
    client_free(c->client);
    enum err err = client_new(&c->client_params, &c->client, &why);
    must(err == ERR_OK); /* check_new has tried */
    const struct driver_params params = {
        .implicit_tls = c->params.target.security == SECURITY_IMPLICIT,
        .tls = c->params.tls,
        .server_name = c->params.target.host,
        .wall_time = c->params.wall_time,
        .context = c,
        .on_tap = on_tap,
        .before_tls_up = before_tls_up,
        .on_done = on_client_done,
    };
    c->driver = driver_new(c->world, client_session(c->client), &params);
    client_start(c->client, world_now_us(c->world));
    dial(c);
}

bool check_plans_login(const struct check *c)
{
    return c->params.kind != CREDENTIAL_NONE && c->params.until >= STAGE_AUTH &&
           check_refusal(c) == NULL;
}

void check_hold(struct check *c, const char *because)
{
    c->is_held = true;
    c->result.verdict = CHECK_UNKNOWN;
    c->result.stage = STAGE_LOCAL;
    c->result.because = arena_text(&c->arena, slice_of(because));
}

void check_token_failed(struct check *c, enum fault fault, const char *detail,
                        struct slice document)
{
    c->is_held = true;
    check_judge_token(c, fault, arena_text(&c->arena, slice_of(detail)),
                      arena_copy(&c->arena, document));
}

void check_start(struct check *c, struct world *world, void (*on_done)(void *context),
                 void *context)
{
    c->world = world;
    c->on_done = on_done;
    c->context = context;
    c->start_us = world_now_us(world);
    c->pause = (struct timer){.on_time = on_pause, .context = c};
    c->end = (struct timer){.on_time = on_end, .context = c};
    const struct preflight_finding *refusal = check_refusal(c);
    if (refusal == NULL && !c->is_held) {
        attempt(c);
        return;
    }
    if (refusal != NULL && !c->is_held) {
        check_judge_refusal(c, refusal);
    }
    check_write_lines(c);
    finish(c);
}

const struct check_result *check_result(const struct check *c)
{
    return &c->result;
}

const struct check_params *check_params(const struct check *c)
{
    return &c->params;
}

const struct transcript *check_transcript(const struct check *c)
{
    return &c->transcript;
}

int64_t check_start_us(const struct check *c)
{
    return c->start_us;
}

void check_free(struct check *c)
{
    if (c == NULL) {
        return;
    }
    if (c->world != NULL) {
        drop_dial(c);
        world_timer_stop(c->world, &c->pause);
        world_timer_stop(c->world, &c->end);
    }
    driver_free(c->driver);
    client_free(c->client);
    transcript_release(&c->transcript);
    arena_release(&c->arena);
    free(c);
}
