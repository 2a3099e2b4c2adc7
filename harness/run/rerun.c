/* SPDX-License-Identifier: Apache-2.0 */
/* Attempts at a case one after the other, each a case of its own, and one document of them all. */
#include "run/rerun.h"

#include <stdlib.h>
#include <string.h>

#include "result/log.h"
#include "check/retry.h"

enum { ATTEMPTS_MAX = 11 }; /* the first, and as many as `max` allows */

struct rerun {
    const struct run_context *context;
    struct world *world;
    const struct spec_case *spec;
    case_done_fn *on_done;
    void *done_context;
    struct case_memory memory;
    struct rng rng;
    struct timer pause;
    struct json *documents[ATTEMPTS_MAX];
    int64_t after_us[ATTEMPTS_MAX];
    size_t count;
};

/* ---- may it be tried again? ---- */

static bool is_in_area(struct slice slug, struct slice listed)
{
    bool is_area = slice_has_suffix(listed, SLICE(".*"));
    return is_area ? slice_has_prefix(slug, slice_sub(listed, 0, listed.n - 1))
                   : slice_eq(slug, listed);
}

static bool is_listed(const struct spec_rerun *policy, const struct json *document)
{
    struct slice kind = json_slice(json_get(document, "kind"));
    struct slice cause = json_slice(json_get(document, "cause"));
    /* a judgement that failed without a cause, or a cause, or an error of the tool's own */
    bool is_error = result_verdict(document) == VERDICT_ERROR;
    struct slice what = cause.n != 0 ? cause : is_error ? kind : SLICE("expect");
    for (size_t i = 0; policy->causes != NULL && policy->causes[i] != NULL; i++) {
        if (is_in_area(what, slice_of(policy->causes[i]))) {
            return true;
        }
    }
    return false;
}

/* A defect seen once is a defect: what nobody may do, whoever asserted about it. */
static bool is_defect(const struct json *document)
{
    const struct json *secrets = json_path(document, "server_saw.secrets");
    bool leaked = secrets != NULL && !slice_eq_text(json_slice(secrets), "none");
    bool is_expect = slice_eq_text(json_slice(json_get(document, "kind")), "expect");
    return leaked || (result_verdict(document) == VERDICT_FAIL && !is_expect);
}

/* On a real server: could a credential or a message have been on its way? Unknown counts as yes. */
static bool is_spent(const struct spec_case *spec, const struct json *document)
{
    const struct spec_probe *probe = spec->probe;
    if (spec->endpoint == NULL || (!probe->has_auth && !probe->send && probe->step_count == 0)) {
        return false;
    }
    const struct json *auth_sent = json_path(document, "proof.auth_sent");
    bool is_known = json_kind(auth_sent) == JSON_BOOL && probe->step_count == 0;
    bool is_unsent = slice_eq_text(json_slice(json_get(document, "delivery")), "none");
    return !is_known || json_to_bool(auth_sent) || !is_unsent;
}

const char *rerun_refusal(const struct spec_case *spec, size_t done, const struct json *document)
{
    enum verdict verdict = result_verdict(document);
    bool went_wrong = verdict == VERDICT_FAIL || verdict == VERDICT_ERROR;
    if (spec->rerun == NULL || done > spec->rerun->max || !went_wrong) {
        return "";
    }
    if (slice_has_prefix(json_slice(json_get(document, "cause")), SLICE("auth."))) {
        return "repeated logins lock accounts";
    }
    if (is_defect(document)) {
        return "this is a defect, however seldom it happens";
    }
    if (is_spent(spec, document)) {
        return "a credential or a message may have reached the real server";
    }
    return is_listed(spec->rerun, document) ? NULL
                                            : "what went wrong is not listed in retry.causes";
}

/* ---- one document ---- */

static struct json *copy_of(const struct json *document, const char *path)
{
    struct json *v = json_path(document, path);
    return v != NULL ? json_ref(v) : json_null();
}

static struct json *run_json(const struct json *document, size_t number, int64_t after_us)
{
    static const char *const keys[] = {"verdict", "kind",  "message", "text",      "outcome",
                                       "stage",   "cause", "ms",      "transcript"};
    struct json *run = json_map();
    json_set(run, "n", json_int((int64_t)number));
    json_set(run, "after_ms", json_real((double)after_us / 1000.0));
    json_set(run, "code", copy_of(document, "reply.code"));
    for (size_t i = 0; i < COUNT(keys); i++) {
        if (json_get(document, keys[i]) != NULL) {
            json_set(run, keys[i], copy_of(document, keys[i]));
        }
    }
    return run;
}

/* "attempt 1 of 3: expect.outcome: wanted ok, got failed", a line for each. */
static void add_attempts(struct json *const *documents, size_t count, struct buf *out)
{
    for (size_t i = 0; i < count; i++) {
        bool has_passed = result_verdict(documents[i]) == VERDICT_PASS;
        struct slice message = json_slice(json_get(documents[i], "message"));
        message = has_passed ? SLICE("passed") : message;
        buf_addf(out, "attempt %zu of %zu: " SLICE_FMT "\n", i + 1, count, SLICE_ARG(message));
    }
}

/* The last attempt passed: it is the result, and says what went wrong before it. */
static void tell_flaky(struct json *const *documents, size_t count)
{
    struct json *last = documents[count - 1];
    struct buf text;
    buf_init(&text, BUF_NO_CAP);
    struct slice first = json_slice(json_get(documents[0], "message"));
    add_attempts(documents, count, &text);
    buf_add(&text, json_slice(json_get(documents[0], "text")));
    json_set(last, "text", json_string(buf_slice(&text)));
    buf_reset(&text);
    buf_addf(&text, "passed on attempt %zu; attempt 1: " SLICE_FMT, count, SLICE_ARG(first));
    json_set(last, "verdict", json_text(verdict_slug(VERDICT_FLAKY)));
    json_set(last, "kind", json_text("flaky"));
    json_set(last, "message", json_string(buf_slice(&text)));
    buf_release(&text);
}

/* None passed: the first that failed is the result; the others are named below it. */
static size_t tell_failed(struct json *const *documents, size_t count)
{
    size_t chosen = 0;
    for (size_t i = count; i > 0; i--) {
        chosen = result_verdict(documents[i - 1]) == VERDICT_FAIL ? i - 1 : chosen;
    }
    struct buf text;
    buf_init(&text, BUF_NO_CAP);
    buf_add(&text, json_slice(json_get(documents[chosen], "text")));
    add_attempts(documents, count, &text);
    json_set(documents[chosen], "text", json_string(buf_slice(&text)));
    buf_release(&text);
    return chosen;
}

struct json *rerun_merge(struct json *const *documents, const int64_t *after_us, size_t count)
{
    if (count == 1) {
        return documents[0];
    }
    struct json *runs = json_list();
    double ms = 0;
    for (size_t i = 0; i < count; i++) {
        json_add(runs, run_json(documents[i], i + 1, after_us[i]));
        ms += json_to_real(json_get(documents[i], "ms")) + (double)after_us[i] / 1000.0;
    }
    size_t chosen = count - 1;
    if (result_verdict(documents[count - 1]) == VERDICT_PASS) {
        tell_flaky(documents, count);
    } else {
        chosen = tell_failed(documents, count);
    }
    struct json *document = documents[chosen];
    json_set(document, "runs", runs);
    json_set(document, "ms", json_real(ms));
    for (size_t i = 0; i < count; i++) {
        if (i != chosen) {
            json_free(documents[i]);
        }
    }
    return document;
}

/* ---- attempts ---- */

static void finish(struct rerun *r)
{
    struct json *document = rerun_merge(r->documents, r->after_us, r->count);
    case_done_fn *on_done = r->on_done;
    void *context = r->done_context;
    free(r->memory.fake_counters);
    free(r);
    on_done(context, document);
}

static void add_refusal(struct json *document, const char *refusal)
{
    struct buf text;
    buf_init(&text, BUF_NO_CAP);
    buf_add(&text, json_slice(json_get(document, "text")));
    buf_addf(&text, "not tried again: %s\n", refusal);
    json_set(document, "text", json_string(buf_slice(&text)));
    buf_release(&text);
}

static void on_attempt_done(void *context, struct json *document)
{
    struct rerun *r = context;
    r->documents[r->count++] = document;
    const char *refusal = r->count < ATTEMPTS_MAX ? rerun_refusal(r->spec, r->count, document) : "";
    if (refusal != NULL) {
        if (refusal[0] != '\0') {
            add_refusal(document, refusal);
        }
        finish(r);
        return;
    }
    int64_t wait_us = retry_delay_us(&r->spec->rerun->wait, r->count, &r->rng);
    const struct spec_endpoint *e = r->spec->endpoint;
    bool is_paced = e != NULL && e->min_interval_us > wait_us;
    r->after_us[r->count] = is_paced ? e->min_interval_us : wait_us;
    world_timer_start(r->world, &r->pause, world_now_us(r->world) + r->after_us[r->count]);
}

static void start_attempt(struct rerun *r)
{
    r->memory.attempt = (unsigned)r->count;
    case_start(r->context, r->world, r->spec, &r->memory, on_attempt_done, r);
}

static void on_pause_over(struct timer *t, int64_t now_us)
{
    (void)now_us;
    start_attempt(t->context);
}

void rerun_start(const struct run_context *context, struct world *world,
                 const struct spec_case *spec, case_done_fn *on_done, void *done_context)
{
    if (spec->rerun == NULL) {
        case_start(context, world, spec, NULL, on_done, done_context);
        return;
    }
    struct rerun *r = mem_zalloc(1, sizeof *r);
    *r = (struct rerun){.context = context,
                        .world = world,
                        .spec = spec,
                        .on_done = on_done,
                        .done_context = done_context,
                        .pause = {.on_time = on_pause_over, .context = r}};
    rng_init(&r->rng, context->seed ^ spec->line);
    if (spec->server != NULL) {
        r->memory.fake_counters = mem_zalloc(2 * spec->server->rule_count + 1, sizeof(unsigned));
    }
    start_attempt(r);
}

struct taken {
    struct json *document;
    bool is_done;
};

static void take_document(void *context, struct json *document)
{
    *(struct taken *)context = (struct taken){.document = document, .is_done = true};
}

struct json *rerun_simulate(const struct run_context *context, const struct spec_case *spec)
{
    struct taken taken = {.is_done = false};
    struct world *world = world_new_simulation();
    rerun_start(context, world, spec, take_document, &taken);
    world_run(world);
    must(taken.is_done);
    world_free(world);
    return taken.document;
}

int64_t rerun_limit_us(const struct spec_case *spec)
{
    if (spec->rerun == NULL) {
        return spec->timeout_us;
    }
    const struct spec_retry *wait = &spec->rerun->wait;
    const struct spec_endpoint *e = spec->endpoint;
    int64_t least_us = e != NULL ? e->min_interval_us : 0;
    int64_t pause_us = 2 * wait->max_delay_us; /* jitter can double it */
    pause_us = pause_us > least_us ? pause_us : least_us;
    int64_t more = (int64_t)spec->rerun->max;
    return spec->timeout_us + more * (spec->timeout_us + pause_us);
}
