/* SPDX-License-Identifier: Apache-2.0 */
/* One small function per part of the document; names as in docs/result.md. */
#include "run/document.h"

#include <stdio.h>
#include <string.h>

static struct json *ms(int64_t us)
{
    return json_real((double)us / 1000.0);
}

static struct json *names(const char *const *list)
{
    struct json *out = json_list();
    for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
        json_add(out, json_text(list[i]));
    }
    return out;
}

static struct json *slices(const struct slice *list, size_t count)
{
    struct json *out = json_list();
    for (size_t i = 0; i < count; i++) {
        json_add(out, json_string(list[i]));
    }
    return out;
}

static void put_case(struct json *doc, const struct spec_case *c)
{
    json_set(doc, "schema", json_text("smtpdx/result/1"));
    json_set(doc, "id", json_text(c->id));
    json_set(doc, "suite", json_text(c->suite));
    json_set(doc, "name", json_text(c->name));
    json_set(doc, "title", json_text(c->title));
    json_set(doc, "file", json_text(c->file));
    json_set(doc, "line", json_int(c->line));
    json_set(doc, "level", json_text(spec_level_slug(c->level)));
    json_set(doc, "refs", names(c->refs));
    json_set(doc, "tags", names(c->tags));
}

static void put_target(struct json *doc, const struct document_input *in)
{
    struct json *target = json_map();
    json_set(target, "provider", json_text(in->target.provider));
    json_set(target, "host", json_text(in->target.host));
    json_set(target, "port", json_int(in->target.port));
    json_set(target, "address", json_text(in->target.address));
    json_set(target, "security", json_text(security_slug(in->target.security)));
    json_set(doc, "target", target);
}

static struct json *stages_json(const struct client_report *r)
{
    struct json *list = json_list();
    for (size_t i = 0; i < r->stage_count; i++) {
        const struct client_stage_time *s = &r->stages[i];
        struct json *one = json_map();
        json_set(one, "name", json_text(stage_slug(s->stage)));
        json_set(one, "ms", ms(s->to_us - s->from_us));
        json_set(one, "ok", json_bool(s->is_ok));
        json_add(list, one);
    }
    return list;
}

struct json *document_steps(const struct client_report *r)
{
    struct json *list = json_list();
    for (size_t i = 0; i < r->step_count; i++) {
        const struct client_step_result *s = &r->steps[i];
        struct json *one = json_map();
        json_set(one, "step", json_text(client_verb_slug(s->verb)));
        json_set(one, "run", json_bool(s->was_run));
        json_set(one, "reply", report_reply_json(&s->reply));
        json_set(one, "fault", json_text(fault_cause(s->fault)));
        json_set(one, "ms", ms(s->to_us - s->from_us));
        json_add(list, one);
    }
    return list;
}

/* ---- the parts of a report ---- */

static void put_local(struct json *doc, const struct document_input *in)
{
    json_set(doc, "outcome", json_text(client_outcome_slug(in->local_outcome)));
    json_set(doc, "stage", json_text(stage_slug(STAGE_LOCAL)));
    json_set(doc, "detail", json_text(in->local_detail != NULL ? in->local_detail : ""));
}

static void put_attempts(struct json *doc, const struct document_input *in)
{
    struct json *list = json_list();
    int64_t waited = 0;
    for (size_t i = 0; i < in->attempt_count; i++) {
        const struct document_attempt *a = &in->attempts[i];
        struct json *one = json_map();
        json_set(one, "n", json_int((int64_t)i + 1));
        json_set(one, "outcome", json_text(client_outcome_slug(a->outcome)));
        json_set(one, "stage", json_text(stage_slug(a->stage)));
        json_set(one, "code", json_int(a->code));
        json_set(one, "cause", json_text(a->cause));
        json_set(one, "after_ms", ms(a->after_us));
        json_add(list, one);
        waited += a->after_us;
    }
    json_set(doc, "attempts", list);
    json_set(doc, "waited_ms", ms(waited));
}

static struct json *commands_json(const struct fake_report *f)
{
    struct json *list = json_list();
    for (size_t i = 0; i < f->command_count; i++) {
        const struct fake_command *c = &f->commands[i];
        if (c->verb.n != 0 && !c->is_sasl) {
            json_add(list, json_string(c->verb));
        }
    }
    return list;
}

/* The same with time and TLS state: what `not_sent` is judged by. */
static struct json *sent_json(const struct document_input *in)
{
    const struct fake_report *f = in->fake;
    struct json *list = json_list();
    for (size_t i = 0; i < f->command_count; i++) {
        const struct fake_command *c = &f->commands[i];
        if (c->verb.n == 0 || c->is_sasl) {
            continue;
        }
        struct json *one = json_map();
        json_set(one, "verb", json_string(c->verb));
        json_set(one, "ms", ms(c->at_us - in->start_us));
        json_set(one, "inside_tls", json_bool(c->inside_tls));
        json_add(list, one);
    }
    return list;
}

static struct json *auths_json(const struct fake_report *f)
{
    struct json *list = json_list();
    for (size_t i = 0; i < f->auth_count; i++) {
        const struct fake_auth *a = &f->auths[i];
        struct json *one = json_map();
        json_set(one, "mechanism", json_text(a->mechanism));
        json_set(one, "inside_tls", json_bool(a->inside_tls));
        json_set(one, "initial_response", json_bool(a->has_initial_response));
        json_set(one, "user", json_string(a->user));
        json_set(one, "accepted", json_bool(a->accepted));
        json_set(one, "cancelled", json_bool(a->cancelled));
        json_add(list, one);
    }
    return list;
}

static struct json *messages_json(const struct fake_report *f)
{
    struct json *list = json_list();
    for (size_t i = 0; i < f->message_count; i++) {
        const struct fake_message *m = &f->messages[i];
        struct json *one = json_map();
        json_set(one, "from", json_string(m->from));
        json_set(one, "rcpts", slices(m->rcpts, m->rcpt_count));
        json_set(one, "octets", json_int((int64_t)m->data.n));
        json_set(one, "inside_tls", json_bool(m->inside_tls));
        json_add(list, one);
    }
    return list;
}

static struct json *secrets_json(const struct document_input *in)
{
    const char *name = redactor_find(in->redactor, in->fake->clear_bytes);
    if (name == NULL) {
        return json_text("none");
    }
    struct buf text;
    buf_init(&text, 256);
    buf_addf(&text, "in clear: %s", name);
    struct json *out = json_string(buf_slice(&text));
    buf_release(&text);
    return out;
}

static void put_server_saw(struct json *doc, const struct document_input *in)
{
    const struct fake_report *f = in->fake;
    struct json *saw = json_map();
    json_set(saw, "connections", json_int(f->connections));
    json_set(saw, "commands", commands_json(f));
    json_set(saw, "sent", sent_json(in));
    json_set(saw, "auth", auths_json(f));
    json_set(saw, "messages", messages_json(f));
    json_set(saw, "secrets", secrets_json(in));
    json_set(saw, "quit", json_bool(f->connections != 0 && f->quits == f->connections));
    json_set(saw, "quits", json_int(f->quits));
    json_set(saw, "leaked", json_int(f->leaked));
    json_set(saw, "early_talk", json_bool(f->any_early_talk));
    json_set(saw, "tls_version", json_text(f->tls_version));
    json_set(saw, "sni", json_text(f->sni));
    struct json *complaints = json_list();
    for (size_t i = 0; i < f->complaint_count; i++) {
        json_add(complaints, json_text(f->complaints[i]));
    }
    json_set(saw, "complaints", complaints);
    json_set(doc, "server_saw", saw);
}

/* ---- the whole ---- */

static void part_case(struct json *doc, const struct document_input *in)
{
    put_case(doc, in->spec);
    json_set(doc, "world", json_text(in->is_simulated ? "simulation" : "sockets"));
    json_set(doc, "ms", ms(in->end_us - in->start_us));
}

static void part_target(struct json *doc, const struct document_input *in)
{
    if (in->spec->probe != NULL) {
        put_target(doc, in);
    }
}

static void part_outcome(struct json *doc, const struct document_input *in)
{
    if (in->report != NULL) {
        report_put_outcome(in->report, doc);
    } else if (in->spec->probe != NULL) {
        put_local(doc, in);
    }
}

static void part_reply(struct json *doc, const struct document_input *in)
{
    if (in->report != NULL) {
        json_set(doc, "reply", report_reply_json(&in->report->reply));
    }
}

static void part_greeting(struct json *doc, const struct document_input *in)
{
    if (in->report != NULL) {
        json_set(doc, "greeting", report_reply_json(&in->report->greeting));
    }
}

static void part_proof(struct json *doc, const struct document_input *in)
{
    if (in->report != NULL) {
        json_set(doc, "proof", report_proof_json(in->report));
    }
}

static void part_stages(struct json *doc, const struct document_input *in)
{
    if (in->report != NULL) {
        json_set(doc, "stages", stages_json(in->report));
    }
}

static void part_steps(struct json *doc, const struct document_input *in)
{
    if (in->report != NULL && in->report->step_count != 0) {
        json_set(doc, "steps", document_steps(in->report));
    }
}

static void part_capabilities(struct json *doc, const struct document_input *in)
{
    if (in->report != NULL) {
        report_put_capabilities(in->report, doc);
    }
}

static void part_tls(struct json *doc, const struct document_input *in)
{
    if (in->report != NULL) {
        json_set(doc, "tls", report_tls_json(&in->report->tls_facts));
    }
}

static void part_cause(struct json *doc, const struct document_input *in)
{
    if (in->diagnosis != NULL) {
        diagnosis_to_json(in->diagnosis, doc);
    } else {
        json_set(doc, "cause", json_null());
    }
}

static void part_attempts(struct json *doc, const struct document_input *in)
{
    if (in->spec->probe != NULL) {
        put_attempts(doc, in);
    }
}

static void part_server_saw(struct json *doc, const struct document_input *in)
{
    if (in->fake != NULL) {
        put_server_saw(doc, in);
    }
}

/* In the order in which a document shows them. keys: what an expectation that looks there is called
 * (LANGUAGE: expect); a key that stands nowhere here asks for everything. */
/* clang-format off */
static const struct part {
    void (*put)(struct json *doc, const struct document_input *in);
    const char *keys;
} parts_table[] = {
    { part_case,         " world elapsed ms " },
    { part_target,       " target " },
    { part_outcome,      " outcome stage fault detail error_document quit delivery unsolicited " },
    { part_reply,        " reply " },
    { part_greeting,     " greeting " },
    { part_proof,        " proof " },
    { part_stages,       " stages " },
    { part_steps,        " steps " },
    { part_capabilities, " capabilities " },
    { part_tls,          " tls " },
    { part_cause,        " cause sure who retry because alternatives advice link rule " },
    { part_attempts,     " attempts waited waited_ms " },
    { part_server_saw,   " server_saw " },
};
/* clang-format on */

static document_parts part_of_key(struct slice key)
{
    char wanted[64];
    if (key.n + 3 > sizeof wanted) {
        return DOCUMENT_ALL;
    }
    snprintf(wanted, sizeof wanted, " " SLICE_FMT " ", SLICE_ARG(key));
    for (size_t i = 0; i < COUNT(parts_table); i++) {
        if (strstr(parts_table[i].keys, wanted) != NULL) {
            return (document_parts)1 << i;
        }
    }
    return DOCUMENT_ALL;
}

document_parts document_parts_of(const struct spec_case *spec)
{
    document_parts parts = 0;
    if (spec->has_captures) { /* what is captured from where is known to the judge alone */
        return DOCUMENT_ALL;
    }
    for (size_t i = 0; spec->expect != NULL && i < spec->expect->count; i++) {
        parts |= part_of_key(spec->expect->keys[i]->text);
    }
    for (size_t i = 0; spec->probe != NULL && i < spec->probe->step_count; i++) {
        parts |= spec->probe->steps[i].expect != NULL ? part_of_key(SLICE("steps")) : 0;
    }
    return parts;
}

struct json *document_build(const struct document_input *in, document_parts parts)
{
    struct json *doc = json_map();
    for (size_t i = 0; i < COUNT(parts_table); i++) {
        if ((parts & ((document_parts)1 << i)) != 0) {
            parts_table[i].put(doc, in);
        }
    }
    return doc;
}
