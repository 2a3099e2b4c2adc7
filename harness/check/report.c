/* SPDX-License-Identifier: Apache-2.0 */
/* See report.h. One small function for each part. */
#include "check/report.h"

struct evidence report_evidence(const struct client_report *r, struct arena *arena)
{
    size_t count = r->tls_facts.names_count;
    struct slice *names = arena_array(arena, count + 1, sizeof *names);
    for (size_t i = 0; i < count; i++) {
        names[i] = slice_of(r->tls_facts.names[i]);
    }
    return (struct evidence){
        .stage = r->stage,
        .fault = r->fault,
        .detail = slice_of(r->detail),
        .reply = r->reply.raw,
        .greeting = r->greeting.raw,
        .mechanism = slice_of(r->mechanism),
        .offered_clear = r->clear,
        .offered_clear_count = r->clear_count,
        .offered_tls = r->tls,
        .offered_tls_count = r->tls_count,
        .error_document = r->error_document,
        .certificate_names = names,
        .certificate_name_count = count,
        .inside_tls = r->tls_facts.is_up,
        .auth_sent = r->auth_sent,
        .auth_accepted = r->auth_accepted,
    };
}

static struct json *slices(const struct slice *list, size_t count)
{
    struct json *out = json_list();
    for (size_t i = 0; i < count; i++) {
        json_add(out, json_string(list[i]));
    }
    return out;
}

struct json *report_reply_json(const struct client_reply *r)
{
    struct json *out = json_map();
    json_set(out, "code", json_int(r->code));
    json_set(out, "enhanced", json_text(r->enhanced));
    json_set(out, "lines", slices(r->lines, r->line_count));
    struct buf text;
    buf_init(&text, 64 * 1024);
    struct json *notes = json_list();
    for (size_t i = 0; i < r->line_count; i++) {
        buf_add_text(&text, i != 0 ? "\n" : "");
        buf_add(&text, r->lines[i]);
    }
    for (size_t i = 0; i < r->note_count; i++) {
        json_add(notes, json_text(r->notes[i]));
    }
    json_set(out, "text", json_string(buf_slice(&text)));
    json_set(out, "notes", notes);
    buf_release(&text);
    return out;
}

struct json *report_proof_json(const struct client_report *r)
{
    struct json *proof = json_map();
    json_set(proof, "auth_sent", json_bool(r->auth_sent));
    json_set(proof, "accepted", json_bool(r->auth_accepted));
    json_set(proof, "mechanism", json_text(r->mechanism));
    json_set(proof, "inside_tls", json_bool(r->auth_inside_tls));
    json_set(proof, "verified", json_bool(r->tls_facts.is_up && r->tls_facts.is_verified));
    return proof;
}

struct json *report_tls_json(const struct tls_facts *t)
{
    struct json *out = json_map();
    json_set(out, "up", json_bool(t->is_up));
    json_set(out, "version", json_text(t->version));
    json_set(out, "cipher", json_text(t->cipher));
    json_set(out, "verified", json_bool(t->is_verified));
    struct json *list = json_list();
    for (size_t i = 0; i < t->names_count; i++) {
        json_add(list, json_text(t->names[i]));
    }
    json_set(out, "names", list);
    json_set(out, "issuer", json_text(t->issuer));
    json_set(out, "days_left", json_int(t->days_left));
    json_set(out, "why", t->why != FAULT_NONE ? json_text(fault_cause(t->why)) : json_null());
    json_set(out, "detail", json_text(t->detail));
    return out;
}

const char *report_delivery(const struct client_report *r)
{
    return r->mail_accepted ? "accepted" : r->delivery_unknown ? "unknown" : "none";
}

void report_put_outcome(const struct client_report *r, struct json *map)
{
    json_set(map, "outcome", json_text(client_outcome_slug(r->outcome)));
    json_set(map, "stage", json_text(stage_slug(r->stage)));
    json_set(map, "fault",
             r->fault != FAULT_NONE ? json_text(fault_sentence(r->fault)) : json_null());
    json_set(map, "detail", json_text(r->detail));
    json_set(map, "error_document", json_string(r->error_document));
    json_set(map, "quit", json_bool(r->quit_sent));
    json_set(map, "delivery", json_text(report_delivery(r)));
    json_set(map, "unsolicited", json_int((int64_t)r->unsolicited_count));
}

void report_put_capabilities(const struct client_report *r, struct json *map)
{
    struct json *capabilities = json_map();
    json_set(capabilities, "clear", slices(r->clear, r->clear_count));
    json_set(capabilities, "tls", slices(r->tls, r->tls_count));
    json_set(map, "capabilities", capabilities);
}
