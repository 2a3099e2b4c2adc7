/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a case:
 *
 *   prepare -> (local check fails) -> finish
 *           -> attempt -> dial -> conversation -> report -> retry after a pause, or settle
 *           -> settle: the fake server's connections come to their end -> finish
 *
 * Everything continues from callbacks of the world; the case frees itself in finish, from a timer
 * of its own, so that no callback finds its case gone.
 */
#include "run/case.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "run/document.h"
#include "net/driver.h"
#include "run/foreign.h"
#include "run/glance.h"
#include "run/judge.h"
#include "check/retry.h"

enum { ATTEMPTS_MAX = 16, CONNECTIONS_MAX = 64 };

static const int64_t SETTLE_US = 2000000; /* for the fake to notice that its client is gone */
static const int64_t CASE_TIMEOUT_US = 60000000;

struct server_side {
    struct case_run *run;
    struct session session;
    struct driver *driver;
};

struct case_run {
    const struct run_context *context;
    struct world *world;
    const struct spec_case *spec;
    case_done_fn *on_done;
    void *done_context;

    struct arena arena;
    struct rng rng;
    struct transcript transcript;
    unsigned *fake_counters; /* of the attempts before; NULL: none */
    int64_t start_us;
    struct timer limit;  /* the whole case */
    struct timer pause;  /* before the next attempt */
    struct timer settle; /* for the fake's connections */
    struct timer end;    /* leaves the current callback, then finishes */
    bool is_ending;

    struct fake *fake;
    struct listener *listener;
    struct server_side servers[CONNECTIONS_MAX];
    size_t server_count, servers_open;

    struct setup_target target;
    struct client_params params;
    struct tls_setup *tls;
    struct client *client;
    struct driver *driver;
    bool is_dialling;
    char address[64];
    char dial_detail[160]; /* the library's words when dialling failed */
    struct document_attempt attempts[ATTEMPTS_MAX];
    size_t attempt_count;
    int64_t waited_us; /* before the current attempt */

    bool has_local; /* decided before any octet was sent */
    const char *local_detail;
    bool has_diagnosis;
    struct diagnosis diagnosis;
    struct json *foreign;           /* what somebody else's mapper said; owned */
    const char *error_kind, *error; /* we could not do our work */
};

/* ---- end ---- */

static void release(struct case_run *r)
{
    world_timer_stop(r->world, &r->limit);
    world_timer_stop(r->world, &r->pause);
    world_timer_stop(r->world, &r->settle);
    driver_free(r->driver);
    for (size_t i = 0; i < r->server_count; i++) {
        driver_free(r->servers[i].driver);
    }
    if (r->listener != NULL) {
        listener_release(r->listener);
    }
    client_free(r->client);
    fake_free(r->fake);
    json_free(r->foreign);
    transcript_release(&r->transcript);
    arena_release(&r->arena);
    free(r);
}

static void describe(struct case_run *r, int64_t now_us, struct document_input *out)
{
    *out = (struct document_input){
        .spec = r->spec,
        .is_simulated = world_is_simulated(r->world),
        .target = {.provider = r->target.provider != NULL ? r->target.provider->name : "",
                   .host = r->target.host != NULL ? r->target.host : "",
                   .port = r->target.port,
                   .address = r->address,
                   .security = r->target.security},
        .report = r->client != NULL ? client_report(r->client) : NULL,
        .local_outcome = OUTCOME_REFUSED,
        .local_detail = r->local_detail,
        .diagnosis = r->has_diagnosis ? &r->diagnosis : NULL,
        .fake = r->fake != NULL ? fake_report(r->fake) : NULL,
        .redactor = secrets_redactor(r->context->secrets),
        .attempts = r->attempts,
        .attempt_count = r->attempt_count,
        .start_us = r->start_us,
        .end_us = now_us,
    };
}

/* A word of several causes says the one that the case holds with, if there is one. */
static void take_meaning(const struct case_run *r, const struct judge_input *judge,
                         struct json *document)
{
    bool holds = false;
    const char *cause = "";
    for (size_t i = 0; r->foreign != NULL && !holds && cause != NULL; i++) {
        cause = foreign_meaning(r->spec->classify, r->foreign, i);
        json_set(document, "cause",
                 cause != NULL ? json_text(cause) : json_ref(json_get(r->foreign, "cause")));
        holds = cause != NULL && judge_expectations_hold(judge, document);
    }
}

/* NULL: passed, and nobody wants more. */
static struct json *judged_document(struct case_run *r, int64_t now_us)
{
    struct document_input in;
    transcript_finish(&r->transcript, now_us);
    struct judge_input judge = {
        .spec = r->spec,
        .transcript = r->transcript.count != 0 ? &r->transcript : NULL,
        .start_us = r->start_us,
        .today = r->context->today,
        .keep_transcript = r->context->keep_transcripts,
        .again = r->context->again,
        .arena = &r->arena,
    };
    if (r->error != NULL) {
        return judge_error_with_wire(&judge, r->error_kind, r->error);
    }
    describe(r, now_us, &in);
    if (r->context->only_verdicts && r->foreign == NULL && glance_passes(&in, &judge)) {
        return NULL;
    }
    struct json *document = document_build(&in, DOCUMENT_ALL);
    const char *key;
    struct json *value;
    for (size_t i = 0; r->foreign != NULL && json_pair(r->foreign, i, &key, &value); i++) {
        json_set(document, key, json_ref(value));
    }
    take_meaning(r, &judge, document);
    judge_case(&judge, document);
    return document;
}

static void on_end(struct timer *t, int64_t now_us)
{
    struct case_run *r = t->context;
    struct json *document = judged_document(r, now_us);
    if (document != NULL) {
        json_set(document, "ms", json_real((double)(now_us - r->start_us) / 1000.0));
    }
    case_done_fn *on_done = r->on_done;
    void *context = r->done_context;
    release(r);
    on_done(context, document);
}

/* A dial cannot be called back, only waited for (it has its own time-out): on_dialled ends then. */
static void finish(struct case_run *r)
{
    bool was_ending = r->is_ending;
    r->is_ending = true;
    if (!was_ending && !r->is_dialling) {
        world_timer_start(r->world, &r->end, world_now_us(r->world));
    }
}

static void finish_error(struct case_run *r, const char *kind, const char *text)
{
    if (!r->is_ending) {
        r->error_kind = kind;
        r->error = arena_text(&r->arena, slice_of(text));
    }
    finish(r);
}

static void on_limit(struct timer *t, int64_t now_us)
{
    struct case_run *r = t->context;
    int64_t limit_us = r->spec->timeout_us != 0 ? r->spec->timeout_us : CASE_TIMEOUT_US;
    struct buf limit;
    (void)now_us;
    buf_init(&limit, 64);
    text_add_duration(&limit, limit_us);
    finish_error(r, "tool.aborted",
                 arena_printf(&r->arena, "the case did not end within its time-out of %s",
                              buf_text(&limit)));
    buf_release(&limit);
}

/* ---- settle: let the fake see the end of what the client did ---- */

static void on_settled(struct timer *t, int64_t now_us)
{
    (void)now_us;
    finish(t->context);
}

static void settle(struct case_run *r)
{
    world_timer_stop(r->world, &r->limit);
    if (r->servers_open == 0) {
        finish(r);
    } else {
        world_timer_start(r->world, &r->settle, world_now_us(r->world) + SETTLE_US);
    }
}

/* ---- the fake's side ---- */

static void on_server_done(void *context)
{
    struct server_side *side = context;
    struct case_run *r = side->run;
    driver_free(side->driver);
    side->driver = NULL;
    r->servers_open--;
    if (r->servers_open == 0 && r->settle.when_us != 0) {
        finish(r);
    }
}

/* Could a -PLUS mechanism come to be used? Otherwise nobody asks for the exporter's key. */
static bool may_bind(const struct spec_case *spec)
{
    const struct spec_probe *p = spec->probe;
    return p->has_auth && (p->mechanism.n == 0 || slice_has_suffix(p->mechanism, SLICE("-PLUS")) ||
                           p->step_count != 0);
}

static void before_server_tls_up(void *context, struct slice binding)
{
    struct server_side *side = context;
    fake_set_binding(&side->session, binding);
}

static void on_accept(void *context, struct link *link)
{
    struct case_run *r = context;
    if (r->server_count == CONNECTIONS_MAX || r->is_ending) {
        link_reset(link);
        return;
    }
    struct server_side *side = &r->servers[r->server_count++];
    side->run = r;
    r->servers_open++;
    struct tls_setup *implicit = fake_implicit_tls(r->fake);
    struct driver_params params = {
        .is_server = true,
        .implicit_tls = implicit != NULL,
        .tls = implicit,
        .wall_time = r->context->wall_time,
        .context = side,
        .before_tls_up = may_bind(r->spec) ? before_server_tls_up : NULL,
        .on_done = on_server_done,
    };
    side->session = fake_accept(r->fake, world_now_us(r->world));
    side->driver = driver_new(r->world, side->session, &params);
    driver_attach(side->driver, link);
}

static struct slice fake_secret(const char *name, void *context)
{
    const struct case_run *r = context;
    return secrets_named(r->context->secrets, r->spec, name);
}

static enum err start_fake(struct case_run *r, struct why *why)
{
    const struct spec_server *spec = r->spec->server;
    struct fake_params params = {
        .spec = spec,
        .providers = r->context->providers,
        .pki = r->context->pki,
        .setups = r->context->setups,
        .host = setup_fake_host(r->spec, r->context->providers),
        .seed = rng_next(&r->rng),
        .wall_time = r->context->wall_time,
        .secret = fake_secret,
        .secret_context = r,
        .counters = r->fake_counters,
    };
    TRY(fake_new(&params, &r->fake, why));
    enum address_family family = spec->family == SPEC_FAMILY_IPV6 ? FAMILY_IPV6 : FAMILY_IPV4;
    return world_listen(r->world, family, spec->nolisten, on_accept, r, &r->listener, why);
}

/* ---- the probe's side ---- */

static void start_attempt(struct case_run *r);

static void on_tap(void *context, enum driver_direction direction, bool inside_tls, int64_t now_us,
                   struct slice bytes)
{
    struct case_run *r = context;
    transcript_octets(&r->transcript,
                      direction == DRIVER_SENT ? TRANSCRIPT_CLIENT : TRANSCRIPT_SERVER, inside_tls,
                      now_us, bytes);
}

static void before_tls_up(void *context, struct slice binding)
{
    struct case_run *r = context;
    client_set_binding(r->client, binding);
}

/* A step that uses what earlier ones captured begins: what did they come to? */
static bool late_argument(void *context, size_t step, struct slice *out)
{
    struct case_run *r = context;
    const struct spec_probe *probe = r->spec->probe;
    struct match_captures captures = {.arena = &r->arena};
    struct json *steps = document_steps(client_report(r->client));
    for (size_t i = 0; i < step; i++) {
        match_take_captures(probe->steps[i].expect, json_at(steps, i), &captures);
    }
    json_free(steps);
    return setup_text(&probe->steps[step].argument, r->spec, r->context->secrets, &r->target,
                      &captures, &r->arena, out);
}

static void diagnose_report(struct case_run *r)
{
    const struct client_report *report = client_report(r->client);
    r->has_diagnosis =
        report->outcome != OUTCOME_OK && (report->fault != FAULT_NONE || report->reply.code != 0);
    if (!r->has_diagnosis) {
        return;
    }
    struct evidence evidence = report_evidence(report, &r->arena);
    evidence.provider = r->target.provider;
    evidence.host = slice_of(r->target.host);
    evidence.credential = r->spec->probe->credential;
    evidence.username = r->spec->probe->user;
    evidence.secret = r->params.secret;
    evidence.now_s = r->context->wall_time;
    if (evidence.detail.n == 0) {
        evidence.detail = slice_of(r->dial_detail);
    }
    mapper_diagnose(r->context->mapper, &evidence, &r->arena, &r->diagnosis);
}

static void note_attempt(struct case_run *r)
{
    const struct client_report *report = client_report(r->client);
    r->attempts[r->attempt_count++] = (struct document_attempt){
        .outcome = report->outcome,
        .stage = report->stage,
        .code = report->reply.code,
        .cause = r->has_diagnosis ? cause_slug(r->diagnosis.cause) : "",
        .after_us = r->waited_us,
    };
}

static void on_pause_over(struct timer *t, int64_t now_us)
{
    struct case_run *r = t->context;
    (void)now_us;
    start_attempt(r);
}

static void on_client_done(void *context)
{
    struct case_run *r = context;
    driver_free(r->driver);
    r->driver = NULL;
    diagnose_report(r);
    note_attempt(r);
    const struct client_report *report = client_report(r->client);
    const struct spec_retry *policy = &r->spec->probe->retry;
    const struct retry_facts facts = {
        .done = r->attempt_count,
        .code = report->reply.code,
        .is_login_unknown =
            report->stage == STAGE_AUTH && report->auth_sent && report->reply.code < 400,
        .is_delivery_unknown = report->delivery_unknown,
    };
    bool again = r->has_diagnosis && r->attempt_count < ATTEMPTS_MAX &&
                 retry_may(policy, &r->diagnosis, &facts);
    if (!again) {
        settle(r);
        return;
    }
    r->waited_us = retry_delay_us(policy, r->attempt_count, &r->rng);
    world_timer_start(r->world, &r->pause, world_now_us(r->world) + r->waited_us);
}

static void on_dialled(void *context, const struct dial_result *result)
{
    struct case_run *r = context;
    r->is_dialling = false;
    if (r->is_ending) {
        if (result->link != NULL) {
            link_reset(result->link);
        }
        world_timer_start(r->world, &r->end, world_now_us(r->world));
        return;
    }
    memcpy(r->address, result->address, sizeof r->address);
    memcpy(r->dial_detail, result->detail, sizeof r->dial_detail);
    if (result->link != NULL) {
        driver_attach(r->driver, result->link);
    } else {
        driver_connect_failed(r->driver, result->fault);
    }
}

/* For DNS and TCP together; the time for everything may be shorter. */
static int64_t dial_timeout_us(const struct case_run *r)
{
    int64_t connect_us = r->params.timeout.connect != 0 ? r->params.timeout.connect : 15000000;
    int64_t total_us = r->params.timeout.total;
    return total_us != 0 && total_us < connect_us ? total_us : connect_us;
}

static void dial(struct case_run *r)
{
    struct dial_params params = {
        .host = r->target.host,
        .port = r->target.port,
        .family = r->target.family,
        .connect_to = r->target.connect_to,
        .proxy = r->target.proxy,
        .timeout_us = dial_timeout_us(r),
    };
    r->is_dialling = true;
    world_dial(r->world, &params, on_dialled, r);
}

static void start_attempt(struct case_run *r)
{
    struct why why;
    client_free(r->client);
    r->client = NULL;
    if (client_new(&r->params, &r->client, &why) != ERR_OK) {
        r->has_local = true;
        r->local_detail = arena_text(&r->arena, slice_of(why.text));
        struct evidence evidence = {.stage = STAGE_LOCAL,
                                    .fault = FAULT_CONFIGURATION,
                                    .detail = slice_of(r->local_detail)};
        mapper_diagnose(r->context->mapper, &evidence, &r->arena, &r->diagnosis);
        r->has_diagnosis = true;
        finish(r);
        return;
    }
    struct driver_params params = {
        .implicit_tls = r->target.security == SECURITY_IMPLICIT,
        .tls = r->tls,
        .server_name = r->target.server_name,
        .wall_time = r->context->wall_time,
        .context = r,
        .on_tap = on_tap,
        .before_tls_up = may_bind(r->spec) ? before_tls_up : NULL,
        .on_done = on_client_done,
    };
    r->driver = driver_new(r->world, client_session(r->client), &params);
    client_start(r->client, world_now_us(r->world));
    dial(r);
}

/* ---- classify: the mapper alone ---- */

static void classify(struct case_run *r)
{
    const struct spec_classify *c = r->spec->classify;
    struct why why;
    if (c->command != NULL) {
        if (foreign_classify(c, r->context->peers, &r->foreign, &why) != ERR_OK) {
            finish_error(r, "tool.adapter_missing", why.text);
            return;
        }
        finish(r);
        return;
    }
    struct evidence evidence = setup_evidence(c);
    mapper_diagnose(r->context->mapper, &evidence, &r->arena, &r->diagnosis);
    r->has_diagnosis = true;
    finish(r);
}

/* ---- begin ---- */

static void probe(struct case_run *r)
{
    struct why why;
    if (r->spec->server != NULL && start_fake(r, &why) != ERR_OK) {
        finish_error(r, "tool.aborted", why.text);
        return;
    }
    setup_target(r->spec, r->context->providers, r->listener, &r->arena, &r->target);
    enum fault fault = setup_preflight(r->spec, &r->arena, &r->local_detail);
    if (fault != FAULT_NONE) {
        struct evidence evidence = {.provider = r->target.provider,
                                    .stage = STAGE_LOCAL,
                                    .fault = fault,
                                    .detail = slice_of(r->local_detail)};
        mapper_diagnose(r->context->mapper, &evidence, &r->arena, &r->diagnosis);
        r->has_diagnosis = true;
        r->has_local = true;
        finish(r);
        return;
    }
    if (tls_cache_client(r->context->tls, r->spec, &r->tls, &why) != ERR_OK) {
        finish_error(r, "tool.aborted", why.text);
        return;
    }
    setup_client_params(r->spec, r->context, &r->target, &r->rng, &r->arena, &r->params);
    r->params.late_argument = late_argument;
    r->params.late_context = r;
    start_attempt(r);
}

/* The same case gets the same numbers, whatever runs beside it. */
static uint64_t seed_for(uint64_t seed, const char *id)
{
    uint64_t hash = 0xcbf29ce484222325u ^ seed; /* FNV-1a */
    for (; *id != '\0'; id++) {
        hash = (hash ^ (unsigned char)*id) * 0x100000001b3u;
    }
    return hash;
}

void case_start(const struct run_context *context, struct world *world,
                const struct spec_case *spec, const struct case_memory *memory,
                case_done_fn *on_done, void *done_context)
{
    struct case_run *r = mem_zalloc(1, sizeof *r);
    r->context = context;
    r->world = world;
    r->spec = spec;
    r->on_done = on_done;
    r->done_context = done_context;
    arena_init(&r->arena);
    rng_init(&r->rng, seed_for(context->seed, spec->id) + (memory != NULL ? memory->attempt : 0));
    r->fake_counters = memory != NULL ? memory->fake_counters : NULL;
    transcript_init(&r->transcript, &r->arena);
    r->start_us = world_now_us(world);
    r->limit = (struct timer){.on_time = on_limit, .context = r};
    r->pause = (struct timer){.on_time = on_pause_over, .context = r};
    r->settle = (struct timer){.on_time = on_settled, .context = r};
    r->end = (struct timer){.on_time = on_end, .context = r};
    world_timer_start(world, &r->limit,
                      r->start_us + (spec->timeout_us != 0 ? spec->timeout_us : CASE_TIMEOUT_US));
    if (spec->probe != NULL) {
        probe(r);
    } else {
        classify(r);
    }
}
