/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report. Copies what the peer said into the client's arena, keeps the first problem, and knows
 * what proof a success needs: AUTH sent, accepted, inside verified TLS.
 */
#include "client/state.h"

#include <stdarg.h>
#include <stdio.h>

void report_reply(struct client *c, const struct reply *r, struct client_reply *out)
{
    *out = (struct client_reply){.code = r->code, .raw = arena_copy(&c->arena, r->raw)};
    enhanced_text(&r->enhanced, out->enhanced);
    struct slice *lines = arena_array(&c->arena, r->line_count, sizeof *lines);
    for (size_t i = 0; i < r->line_count; i++) {
        lines[i] = arena_copy(&c->arena, r->lines[i]);
    }
    out->lines = lines;
    out->line_count = r->line_count;
    const char **notes = arena_array(&c->arena, REPLY_NOTE_COUNT, sizeof *notes);
    for (int note = 0; note < REPLY_NOTE_COUNT; note++) {
        if ((r->notes >> note & 1U) != 0) {
            notes[out->note_count++] = reply_note_words((enum reply_note)note);
        }
    }
    out->notes = notes;
}

void report_ehlo(struct client *c, const struct client_reply *r)
{
    struct reply reply = {.code = 250, .lines = r->lines, .line_count = r->line_count};
    c->offered = ehlo_lines(&reply); /* any 2yz counts as 250 (RFC 5321 4.3.2) */
    if (c->is_tls) {
        c->report.tls = c->offered.lines;
        c->report.tls_count = c->offered.count;
        c->report.has_tls_ehlo = true;
    } else {
        c->report.clear = c->offered.lines;
        c->report.clear_count = c->offered.count;
        c->report.has_clear_ehlo = true;
    }
}

void report_stage(struct client *c, enum stage stage, bool is_ok)
{
    struct client_report *r = &c->report;
    struct client_stage_time *last = r->stage_count != 0 ? &r->stages[r->stage_count - 1] : NULL;
    if (last != NULL && last->stage == stage) { /* several recipients are one stage */
        last->to_us = c->now_us;
        last->is_ok = last->is_ok && is_ok;
    } else if (r->stage_count < CLIENT_STAGE_MAX) {
        r->stages[r->stage_count++] =
            (struct client_stage_time){stage, c->stage_from_us, c->now_us, is_ok};
    }
    c->stage_from_us = c->now_us;
}

bool report_problem(struct client *c, enum client_outcome outcome, enum stage stage,
                    enum fault fault, const struct client_reply *reply)
{
    c->refusal = fault;
    if (c->has_verdict) {
        return false;
    }
    c->has_verdict = true;
    c->report.outcome = outcome;
    c->report.stage = stage;
    c->report.fault = fault;
    c->report.detail[0] = '\0';
    c->report.reply = reply != NULL ? *reply : (struct client_reply){0};
    return true;
}

void report_detail(struct client *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(c->report.detail, sizeof c->report.detail, format, args);
    va_end(args);
}

/* Was AUTH a part of what was asked for? */
static bool wants_auth(const struct client *c)
{
    for (size_t i = 0; i < c->plan_count; i++) {
        if (c->plan[i].verb == STEP_AUTH) {
            return true;
        }
    }
    return !c->is_explicit && c->params.until == STAGE_AUTH;
}

static const char *missing_proof(const struct client *c)
{
    const struct client_report *r = &c->report;
    if (!wants_auth(c)) {
        return NULL;
    }
    if (!r->auth_sent || !r->auth_accepted) {
        return "no AUTH was sent and accepted";
    }
    if (!r->auth_inside_tls) {
        return "AUTH was accepted outside TLS";
    }
    return r->tls_facts.is_verified ? NULL : "the server's certificate was not verified";
}

/* How far it went, in the words of what was asked: TLS lies before EHLO where it is implicit. */
static enum stage stage_reached(const struct client *c)
{
    enum stage until = c->params.until;
    if (c->is_explicit) {
        return c->reached;
    }
    bool is_tls_stage = until == STAGE_STARTTLS || until == STAGE_TLS;
    return until == STAGE_CONNECT || (is_tls_stage && c->is_tls) ? until : c->reached;
}

void report_verdict(struct client *c)
{
    if (c->has_verdict) {
        return;
    }
    const char *missing = missing_proof(c);
    c->has_verdict = true;
    c->report.outcome = missing == NULL ? OUTCOME_OK : OUTCOME_UNPROVEN;
    c->report.stage = stage_reached(c);
    if (missing != NULL) {
        report_detail(c, "%s", missing);
    }
}
