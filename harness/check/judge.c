/* SPDX-License-Identifier: Apache-2.0 */
/* See judge.h. A green light needs proof: AUTH sent, accepted, inside verified TLS. */
#include "check/judge.h"

#include "check/report.h"

enum { DAY_S = 24 * 3600 };

static const char *const verdicts[] = {"usable", "reached", "not_usable", "unknown"};
_Static_assert(COUNT(verdicts) == CHECK_VERDICT_COUNT, "one word for each");

const char *check_verdict_slug(enum check_verdict verdict)
{
    must((unsigned)verdict < CHECK_VERDICT_COUNT);
    return verdicts[verdict];
}

const struct preflight_finding *check_refusal(const struct check *c)
{
    const struct check_params *p = &c->params;
    for (size_t i = 0; i < c->result.finding_count && !p->is_forced; i++) {
        const struct preflight_finding *f = &c->result.findings[i];
        bool stops =
            f->weight == PREFLIGHT_REFUSAL || (f->weight == PREFLIGHT_DOUBT && p->is_strict);
        if (stops) {
            return f;
        }
    }
    return NULL;
}

static void diagnose(struct check *c, const struct evidence *evidence)
{
    c->result.evidence = *evidence;
    c->result.has_diagnosis = true;
    mapper_diagnose(c->params.mapper, evidence, &c->arena, &c->result.diagnosis);
}

void check_judge_refusal(struct check *c, const struct preflight_finding *refusal)
{
    const struct evidence evidence = {
        .provider = c->params.target.provider,
        .stage = STAGE_LOCAL,
        .fault = refusal->fault,
        .detail = slice_of(refusal->text),
    };
    diagnose(c, &evidence);
    c->result.stage = STAGE_LOCAL;
    c->result.verdict = CHECK_NOT_USABLE;
}

void check_judge_token(struct check *c, enum fault fault, const char *detail, struct slice document)
{
    const struct evidence evidence = {
        .provider = c->params.target.provider,
        .stage = STAGE_TOKEN,
        .fault = fault,
        .detail = slice_of(detail),
        .reply = document,
        .credential = CREDENTIAL_OAUTH2,
    };
    diagnose(c, &evidence);
    bool is_unknown = fault != FAULT_NONE || c->result.diagnosis.retry == RETRY_LATER ||
                      c->result.diagnosis.cause == CAUSE_UNKNOWN;
    c->result.stage = STAGE_TOKEN;
    c->result.verdict = is_unknown ? CHECK_UNKNOWN : CHECK_NOT_USABLE;
}

static void diagnose_report(struct check *c)
{
    const struct check_params *p = &c->params;
    const struct client_report *r = c->result.report;
    struct evidence evidence = report_evidence(r, &c->arena);
    evidence.provider = p->target.provider;
    evidence.host = slice_of(p->target.host);
    evidence.credential = preflight_kind(p->target.provider, p->kind, p->secret);
    evidence.username = p->user;
    evidence.secret = p->secret;
    evidence.now_s = p->wall_time;
    if (evidence.detail.n == 0) {
        evidence.detail = slice_of(c->dialled.detail);
    }
    diagnose(c, &evidence);
}

/* The way there says nothing of the account; that somebody stands in it does. */
static bool is_of_the_way(enum cause cause)
{
    return slice_has_prefix(slice_of(cause_slug(cause)), SLICE("network.")) &&
           cause != CAUSE_NETWORK_INTERCEPTED;
}

static enum check_verdict verdict_of_failure(const struct check *c)
{
    const struct diagnosis *d = &c->result.diagnosis;
    bool is_refused = c->result.report->reply.code >= 500;
    bool proves_nothing =
        d->cause == CAUSE_AUTH_NOT_OFFERED || (d->cause == CAUSE_UNKNOWN && !is_refused);
    bool is_unknown = d->retry == RETRY_LATER || is_of_the_way(d->cause) || proves_nothing;
    return is_unknown ? CHECK_UNKNOWN : CHECK_NOT_USABLE;
}

static enum check_verdict verdict_of_success(struct check *c)
{
    const struct client_report *r = c->result.report;
    bool wants_login = c->params.kind != CREDENTIAL_NONE && c->params.until >= STAGE_AUTH;
    if (!wants_login) {
        c->result.stage = r->stage == STAGE_AUTH ? STAGE_EHLO : r->stage;
        c->result.because = "no login was part of it, so nothing is known of an account";
        return CHECK_REACHED;
    }
    if (!r->auth_accepted || !r->auth_inside_tls || !r->tls_facts.is_verified) {
        c->result.because = arena_printf(&c->arena, "%s",
                                         r->detail[0] != '\0' ? r->detail : "the proof is missing");
        return CHECK_UNKNOWN;
    }
    return CHECK_USABLE;
}

int64_t check_token_days(const struct check *c)
{
    const struct check_params *p = &c->params;
    int64_t left_s = p->token_end_s - p->wall_time;
    return p->token_end_s == 0 ? INT64_MAX : left_s > 0 ? left_s / DAY_S : 0;
}

static bool is_usable(const struct check *c)
{
    return c->result.verdict == CHECK_USABLE || c->result.verdict == CHECK_REACHED;
}

/* A limit that was asked for is passed: a failure where doubts are to count as such. */
static void judge_days(struct check *c)
{
    const struct tls_facts *f = &c->result.report->tls_facts;
    int least = c->params.warn_cert_days;
    bool is_late = least > 0 && f->is_up && f->days_left < least;
    if (is_late && is_usable(c) && c->params.is_strict) {
        c->result.verdict = CHECK_NOT_USABLE;
        c->result.because = arena_printf(
            &c->arena, "the certificate has %d days left, and %d are wanted", f->days_left, least);
    }
    int64_t days = check_token_days(c);
    if (days < c->params.warn_token_days && is_usable(c) && c->params.is_strict) {
        c->result.verdict = CHECK_NOT_USABLE;
        c->result.because =
            arena_printf(&c->arena, "a person has to sign in again in %lld days, and %d are wanted",
                         (long long)days, c->params.warn_token_days);
    }
}

void check_judge(struct check *c)
{
    struct check_result *out = &c->result;
    const struct client_report *r = out->report;
    out->has_diagnosis = false;
    out->because = "";
    out->stage = r->stage;
    bool is_without_proof = r->outcome == OUTCOME_UNPROVEN && r->fault == FAULT_NONE;
    if (r->outcome != OUTCOME_OK && !is_without_proof) {
        diagnose_report(c);
        out->verdict = verdict_of_failure(c);
    } else {
        out->verdict = verdict_of_success(c);
        judge_days(c);
    }
    if (out->attempt_count < CHECK_ATTEMPTS_MAX) {
        out->attempts[out->attempt_count++] = (struct check_attempt){
            .verdict = out->verdict,
            .stage = r->stage,
            .code = r->reply.code,
            .cause = out->has_diagnosis ? cause_slug(out->diagnosis.cause) : "",
            .waited_us = c->waited_us,
        };
    }
}
