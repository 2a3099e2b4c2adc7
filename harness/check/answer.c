/* SPDX-License-Identifier: Apache-2.0 */
/* See answer.h. One function for each part, in the order in which they stand. */
#include "check/answer.h"

#include "check/report.h"

static struct json *ms(int64_t us)
{
    return us < 0 ? json_null() : json_real((double)us / 1000.0);
}

static struct json *target_json(const struct check *c, struct slice given)
{
    const struct check_target *t = &check_params(c)->target;
    struct json *out = json_map();
    json_set(out, "given", json_string(given));
    json_set(out, "provider", json_text(t->provider != NULL ? t->provider->name : NULL));
    json_set(out, "host", json_text(t->host));
    json_set(out, "port", json_int(t->port));
    json_set(out, "security", json_text(security_slug(t->security)));
    json_set(out, "address", json_text(check_result(c)->address));
    return out;
}

static void put_diagnosis(const struct check_result *r, struct json *out)
{
    if (r->has_diagnosis) {
        diagnosis_to_json(&r->diagnosis, out);
    } else {
        json_set(out, "cause", json_null());
    }
}

static struct json *lines_json(const struct check_result *r)
{
    struct json *list = json_list();
    for (size_t i = 0; i < r->line_count; i++) {
        const struct check_line *line = &r->lines[i];
        struct json *one = json_map();
        json_set(one, "name", json_text(line->name));
        json_set(one, "stage", json_text(stage_slug(line->stage)));
        json_set(one, "mark", json_text(check_mark_slug(line->mark)));
        json_set(one, "text", json_text(line->text));
        json_set(one, "ms", ms(line->us));
        json_add(list, one);
    }
    return list;
}

static struct json *findings_json(const struct check_result *r)
{
    struct json *list = json_list();
    for (size_t i = 0; i < r->finding_count; i++) {
        const struct preflight_finding *f = &r->findings[i];
        const char *cause = fault_cause(f->fault);
        struct json *one = json_map();
        json_set(one, "cause", json_text(cause[0] != '\0' ? cause : NULL));
        json_set(one, "weight", json_text(preflight_weight_slug(f->weight)));
        json_set(one, "text", json_text(f->text));
        json_add(list, one);
    }
    return list;
}

static struct json *attempts_json(const struct check_result *r)
{
    struct json *list = json_list();
    for (size_t i = 0; i < r->attempt_count; i++) {
        const struct check_attempt *a = &r->attempts[i];
        struct json *one = json_map();
        json_set(one, "n", json_int((int64_t)i + 1));
        json_set(one, "verdict", json_text(check_verdict_slug(a->verdict)));
        json_set(one, "stage", json_text(stage_slug(a->stage)));
        json_set(one, "code", json_int(a->code));
        json_set(one, "cause", json_text(a->cause[0] != '\0' ? a->cause : NULL));
        json_set(one, "after_ms", ms(a->waited_us));
        json_add(list, one);
    }
    return list;
}

/* The addresses that were dialled, the one that answered first of all named. */
static struct json *connection_json(const struct check_result *r)
{
    struct json *out = json_map(), *list = json_list();
    struct slice tried = slice_of(r->tried);
    const char *family = strchr(r->address, ':') != NULL ? "ipv6" : "ipv4";
    json_set(out, "address", json_text(r->address[0] != '\0' ? r->address : NULL));
    json_set(out, "family", json_text(r->address[0] != '\0' ? family : NULL));
    while (tried.n != 0) {
        size_t end = slice_find(tried, SLICE(", "));
        json_add(list, json_string(slice_sub(tried, 0, end != SIZE_MAX ? end : tried.n)));
        tried = slice_from(tried, end != SIZE_MAX ? end + 2 : tried.n);
    }
    json_set(out, "tried", list);
    return out;
}

static void put_report(const struct client_report *r, struct json *out)
{
    if (r == NULL) {
        return;
    }
    json_set(out, "reply", r->reply.code != 0 ? report_reply_json(&r->reply) : json_null());
    json_set(out, "greeting",
             r->greeting.code != 0 ? report_reply_json(&r->greeting) : json_null());
    json_set(out, "proof", report_proof_json(r));
    report_put_capabilities(r, out);
    json_set(out, "tls", report_tls_json(&r->tls_facts));
    json_set(out, "quit", json_bool(r->quit_sent));
    json_set(out, "delivery", json_text(report_delivery(r)));
}

/* Where nothing is known there is null. */
static void put_round_trip(const struct round_trip *t, struct json *out)
{
    struct json *one;
    if (t->state == ROUND_TRIP_NONE) {
        return;
    }
    one = json_map();
    json_set(one, "state", json_text(round_trip_slug(t->state)));
    json_set(one, "folder", json_text(t->folder[0] != '\0' ? t->folder : NULL));
    json_set(one, "is_junk", json_bool(t->is_junk));
    json_set(one, "ms", ms(t->us));
    json_set(one, "looks", json_int(t->looks));
    json_set(one, "logins", json_int(t->logins));
    json_set(one, "cause", json_text(t->has_cause ? cause_slug(t->cause) : NULL));
    json_set(one, "who", json_text(t->has_cause ? cause_who_slug(t->who) : NULL));
    json_set(one, "text", json_text(t->text));
    json_set(one, "advice", json_text(t->advice));
    json_set(out, "round_trip", one);
}

struct json *check_to_json(const struct check *c, struct slice given, bool with_transcript)
{
    const struct check_result *r = check_result(c);
    const struct check_params *p = check_params(c);
    struct json *out = json_map();
    json_set(out, "schema", json_text("smtpdx/check/1"));
    json_set(out, "target", target_json(c, given));
    json_set(out, "credential",
             json_text(credential_slug(preflight_kind(p->target.provider, p->kind, p->secret))));
    json_set(out, "purpose",
             json_text(p->purpose != PURPOSE_NONE ? purpose_slug(p->purpose) : NULL));
    json_set(out, "verdict", json_text(check_verdict_slug(r->verdict)));
    json_set(out, "reason", json_text(r->because[0] != '\0' ? r->because : NULL));
    json_set(out, "stage", json_text(stage_slug(r->stage)));
    put_diagnosis(r, out);
    json_set(out, "lines", lines_json(r));
    json_set(out, "findings", findings_json(r));
    if (r->report != NULL) {
        json_set(out, "connection", connection_json(r));
    }
    put_report(r->report, out);
    json_set(out, "message_id",
             r->report != NULL && r->report->mail_accepted ? json_string(p->message_id)
                                                           : json_null());
    put_round_trip(&r->round_trip, out);
    json_set(out, "logins", json_int(r->logins));
    json_set(out, "attempts", attempts_json(r));
    json_set(out, "ms", ms(r->us));
    if (with_transcript) {
        json_set(out, "transcript", transcript_to_json(check_transcript(c), check_start_us(c)));
    }
    return out;
}
