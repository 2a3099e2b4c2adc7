/* SPDX-License-Identifier: Apache-2.0 */
/* Pasted sessions: where one ends and another begins, and what is said of each. */
#include "cli/explain.h"

#include <stdio.h>

#include "diagnose/json_line.h"
#include "diagnose/paste.h"
#include "doc/json_out.h"

/* What a session comes to in which nothing failed. */
static const char *fine_text(enum paste_outcome outcome, const struct paste_result *r)
{
    return outcome == PASTE_EMPTY ? "no reply of a server and no failure is in this text"
           : r->is_accepted       ? "nothing failed: a message was accepted"
           : r->is_logged_in      ? "nothing failed: the login was accepted"
                                  : "nothing failed in what is there";
}

static void add_fine(struct explain *x, enum paste_outcome outcome, const struct paste_result *r)
{
    const char *text = fine_text(outcome, r);
    explain_between(x);
    if (!x->is_json && x->sessions > 1) {
        buf_addf(&x->out, "session %lu of this text: ", x->sessions);
    }
    if (x->is_json) {
        buf_add_text(&x->out, "{\"cause\":null");
        json_out_pair("note", slice_of(text), &x->out);
        buf_add(&x->out, SLICE("}\n"));
    } else {
        buf_addf(&x->out, "%s\n", text);
    }
}

static void pair_bool(const char *key, bool value, struct buf *out)
{
    json_out_key(key, out);
    buf_add_text(out, value ? "true" : "false");
}

/* Behind '{' or another pair. */
static void add_session_json(unsigned long number, const struct paste_result *r,
                             const struct diagnosis *d, struct buf *out)
{
    json_out_pair("reply", slice_trim(r->evidence.reply), out);
    json_out_pair("stage", slice_of(stage_slug(r->evidence.stage)), out);
    json_line_add_diagnosis(d, out);
    buf_add_text(out, ",\"session\":{");
    json_out_key("n", out);
    buf_addf(out, "%lu", number);
    json_out_key("line", out);
    buf_addf(out, "%lu", r->line);
    json_out_pair("command", slice_of(r->command), out);
    json_out_pair("mechanism", r->evidence.mechanism, out);
    json_out_pair("host", r->evidence.host, out);
    json_out_pair("fault",
                  slice_of(r->evidence.fault != FAULT_NONE ? fault_name(r->evidence.fault) : ""),
                  out);
    pair_bool("inside_tls", r->evidence.inside_tls, out);
    pair_bool("auth_sent", r->evidence.auth_sent, out);
    pair_bool("auth_accepted", r->evidence.auth_accepted, out);
    buf_add(out, SLICE("}}\n"));
}

/* The same once more: a program that tried again. */
static bool is_as_before(struct explain *x, const struct paste_result *r, const struct diagnosis *d)
{
    bool is_same = x->sessions > 1 && d->cause != CAUSE_UNKNOWN && d->cause == x->last_cause &&
                   slice_eq(buf_slice(&x->last_reply), r->evidence.reply);
    x->last_cause = d->cause;
    buf_reset(&x->last_reply);
    buf_add(&x->last_reply, r->evidence.reply);
    return is_same;
}

static void add_session_text(struct explain *x, const struct paste_result *r,
                             const struct diagnosis *d)
{
    char which[64] = "the session";
    if (x->sessions > 1) {
        snprintf(which, sizeof which, "session %lu of this text", x->sessions);
    }
    if (is_as_before(x, r, d)) {
        buf_addf(&x->out, "again     the same on line %lu, in %s\n", r->line, which);
        return;
    }
    explain_text(d, &r->evidence, x->columns, &x->out);
    if (r->line != 0) {
        buf_addf(&x->out, "found     line %lu of %s%s%s\n", r->line, which,
                 r->command[0] != '\0' ? ", the answer to " : "", r->command);
    }
}

void explain_session_end(struct explain *x, struct paste *p)
{
    struct paste_result r;
    struct arena arena;
    struct diagnosis d;
    enum paste_outcome outcome = paste_end(p, &x->given, &r);
    if (outcome == PASTE_EMPTY && x->sessions != 0) {
        return; /* what stands behind the last one */
    }
    x->sessions++;
    if (outcome != PASTE_FAILED) {
        x->last_cause = CAUSE_UNKNOWN;
        add_fine(x, outcome, &r);
        return;
    }
    arena_init(&arena);
    mapper_diagnose(x->mapper, &r.evidence, &arena, &d);
    explain_between(x);
    explain_count(x, &d);
    if (x->is_json) {
        buf_add_char(&x->out, '{');
        add_session_json(x->sessions, &r, &d, &x->out);
    } else {
        add_session_text(x, &r, &d);
    }
    arena_release(&arena);
}

void explain_session_line(struct explain *x, struct paste *p, struct slice text)
{
    if (paste_is_next(p, text)) {
        explain_session_end(x, p);
        paste_begin(p);
    }
    paste_add(p, text);
}

/* Appends to a fresh answer what p comes to. False when that is nothing, and it is not the first.
 */
static bool json_session_end(struct explain *x, const struct json_line *l, struct paste *p,
                             unsigned long number, struct buf *answer)
{
    struct paste_result r;
    struct diagnosis d;
    struct arena arena;
    enum paste_outcome outcome = paste_end(p, &l->evidence, &r);
    if (outcome == PASTE_EMPTY && number != 1) {
        return false;
    }
    buf_reset(answer);
    buf_add_char(answer, '{');
    json_line_add_kept(l, answer);
    if (outcome != PASTE_FAILED) {
        json_out_key("cause", answer);
        buf_add_text(answer, "null");
        json_out_pair("note", slice_of(fine_text(outcome, &r)), answer);
        buf_add(answer, SLICE("}\n"));
        return true;
    }
    arena_init(&arena);
    mapper_diagnose(x->mapper, &r.evidence, &arena, &d);
    explain_count(x, &d);
    add_session_json(number, &r, &d, answer);
    arena_release(&arena);
    return true;
}

/* A whole session in a line. What the last one in it came to is the answer. */
static void add_answer(struct explain *x, const struct json_line *l)
{
    struct paste *p = paste_new(x->registry);
    struct buf answer;
    struct slice rest = l->session, line;
    unsigned long number = 0;
    bool is_last = false;
    buf_init(&answer, BUF_NO_CAP);
    while (!is_last) {
        is_last = !slice_take_until(&rest, '\n', &line);
        if (is_last || paste_is_next(p, line)) {
            number += json_session_end(x, l, p, number + 1, &answer);
            paste_begin(p);
        }
        if (!is_last) {
            paste_add(p, line);
        }
    }
    buf_add(&x->out, buf_slice(&answer));
    buf_release(&answer);
    paste_free(p);
}

void explain_session_object(struct explain *x, const struct json_line *l)
{
    if (x->is_json) {
        add_answer(x, l);
        return;
    }
    struct evidence before = x->given;
    struct paste *p = paste_new(x->registry);
    struct slice rest = l->session, line;
    x->given = l->evidence;
    x->sessions = 0;
    while (slice_take_until(&rest, '\n', &line)) {
        explain_session_line(x, p, line);
    }
    explain_session_end(x, p);
    paste_free(p);
    x->given = before;
}
