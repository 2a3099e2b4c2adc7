/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `smtpdx serve` shows: where it listens, and of each session what the client did and what
 * nobody may do. Credentials are masked by position before they get here, and what the owner
 * handed in is searched for besides.
 */
#include "cli/serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/text.h"
#include "doc/json.h"

enum { COMMANDS_SHOWN = 40, TRANSCRIPT_SHOWN = 400 };

struct serve_session {
    struct serve_session *next;
    unsigned number;
    int64_t start_us;
    struct arena arena;
    struct transcript transcript;
};

/* ---- what nobody may do ---- */

typedef void finding_fn(void *context, const char *text);

static void find_login_faults(const struct fake_report *report, finding_fn *say, void *context)
{
    for (size_t i = 0; i < report->auth_count; i++) {
        if (!report->auths[i].inside_tls) {
            say(context, "AUTH was sent outside TLS (RFC 4954 4, RFC 8314 4.1)");
            return;
        }
    }
}

static void find_line_faults(const struct fake_report *report, finding_fn *say, void *context)
{
    for (size_t i = 0; i < report->command_count; i++) {
        if (report->commands[i].has_bare_lf) {
            say(context, "a line was ended by LF alone (RFC 5321 2.3.8)");
            return;
        }
    }
}

static void find_faults(const struct serve_view *v, const struct fake_report *report,
                        finding_fn *say, void *context)
{
    char text[128];
    const char *secret = redactor_find(v->redactor, report->clear_bytes);
    if (secret != NULL) {
        snprintf(text, sizeof text, "the %s crossed the network in clear", secret);
        say(context, text);
    }
    find_login_faults(report, say, context);
    find_line_faults(report, say, context);
    if (report->any_early_talk) {
        say(context, "it spoke before the greeting was complete (RFC 5321 3.1)");
    }
    if (report->leaked != 0) {
        say(context, "it left without QUIT (RFC 5321 4.1.1.10)");
    }
    for (size_t i = 0; i < report->complaint_count; i++) {
        say(context, report->complaints[i]);
    }
}

/* ---- the octets of everything that leaves ---- */

/* Redacts and writes at once: who waits for "listening" must not wait for a full buffer. */
static void write_out(const struct serve_view *v, struct buf *text)
{
    struct buf clean;
    buf_init(&clean, BUF_NO_CAP);
    redactor_apply(v->redactor, buf_slice(text), &clean);
    fwrite(clean.p, 1, clean.n, stdout);
    fflush(stdout);
    buf_release(&clean);
    buf_release(text);
}

static void write_json(const struct serve_view *v, struct json *line)
{
    struct buf text;
    buf_init(&text, BUF_NO_CAP);
    json_print(line, JSON_COMPACT, &text);
    buf_add_text(&text, "\n");
    json_free(line);
    write_out(v, &text);
}

static struct json *event(const char *name)
{
    struct json *line = json_map();
    json_set(line, "event", json_text(name));
    return line;
}

/* ---- the head ---- */

static void head_json(const struct serve_view *v, const struct serve_facts *facts)
{
    struct json *line = event("listening");
    json_set(line, "persona", json_text(facts->name));
    json_set(line, "host", json_text(facts->host));
    json_set(line, "address", json_text(facts->address));
    json_set(line, "port", json_int(facts->port));
    json_set(line, "security", json_text(security_slug(facts->security)));
    json_set(line, "says", facts->says[0] != '\0' ? json_text(facts->says) : json_null());
    json_set(line, "ca_file", facts->ca_file[0] != '\0' ? json_text(facts->ca_file) : json_null());
    if (facts->token_port != 0) {
        json_set(line, "token_host", json_text(facts->token_host));
        json_set(line, "token_port", json_int(facts->token_port));
    }
    write_json(v, line);
}

void serve_view_token(struct serve_view *v, struct slice method, struct slice path, unsigned status)
{
    if (v->is_json) {
        struct json *line = event("token");
        json_set(line, "method", json_string(method));
        json_set(line, "path", json_string(path));
        json_set(line, "status", json_int(status));
        write_json(v, line);
    } else if (!v->is_quiet) {
        struct buf out, safe;
        buf_init(&out, BUF_NO_CAP);
        buf_init(&safe, BUF_NO_CAP);
        text_visible(path, TEXT_ONE_LINE, &safe);
        buf_addf(&out, "token endpoint: " SLICE_FMT " %s: %u\n",
                 SLICE_ARG(slice_sub(method, 0, 16)), buf_text(&safe), status);
        buf_release(&safe);
        write_out(v, &out);
    }
}

static void head_text(const struct serve_view *v, const struct serve_facts *facts)
{
    struct buf out;
    bool is_ipv6 = slice_find_char(slice_of(facts->address), ':') != SIZE_MAX;
    buf_init(&out, BUF_NO_CAP);
    buf_addf(&out, "%s (%s) listens on %s%s%s:%u, %s\n", facts->name, facts->title,
             is_ipv6 ? "[" : "", facts->address, is_ipv6 ? "]" : "", facts->port,
             security_slug(facts->security));
    if (facts->says[0] != '\0') {
        buf_addf(&out, "  says     %s, at %s\n", facts->says, stage_slug(facts->says_at));
    }
    if (facts->ca_file[0] != '\0') {
        buf_addf(&out, "  CA file  %s (certificate for %s, localhost and the loopback)\n",
                 facts->ca_file, facts->host);
    }
    if (facts->token_port != 0) {
        buf_addf(&out, "  tokens   %s%s%s:%u, https (in place of %s)\n", is_ipv6 ? "[" : "",
                 facts->address, is_ipv6 ? "]" : "", facts->token_port, facts->token_host);
    }
    write_out(v, &out);
}

void serve_view_head(struct serve_view *v, const struct serve_facts *facts)
{
    if (v->is_json) {
        head_json(v, facts);
    } else {
        head_text(v, facts);
    }
}

/* ---- sessions ---- */

void serve_view_open(void *context, unsigned session, int64_t now_us)
{
    struct serve_view *v = context;
    if (!v->is_verbose) {
        return;
    }
    struct serve_session *s = mem_zalloc(1, sizeof *s);
    s->number = session;
    s->start_us = now_us;
    arena_init(&s->arena);
    transcript_init(&s->transcript, &s->arena);
    s->next = v->open;
    v->open = s;
}

static struct serve_session *session_find(const struct serve_view *v, unsigned number)
{
    struct serve_session *s = v->open;
    while (s != NULL && s->number != number) {
        s = s->next;
    }
    return s;
}

void serve_view_octets(void *context, unsigned session, enum driver_direction direction,
                       bool inside_tls, int64_t now_us, struct slice octets)
{
    struct serve_session *s = session_find(context, session);
    if (s != NULL) {
        transcript_octets(&s->transcript,
                          direction == DRIVER_SENT ? TRANSCRIPT_SERVER : TRANSCRIPT_CLIENT,
                          inside_tls, now_us, octets);
    }
}

static void session_free(struct serve_view *v, struct serve_session *s)
{
    struct serve_session **at = &v->open;
    while (*at != s) {
        at = &(*at)->next;
    }
    *at = s->next;
    transcript_release(&s->transcript);
    arena_release(&s->arena);
    free(s);
}

static void add_commands_text(const struct fake_report *report, struct buf *out)
{
    size_t shown = 0;
    for (size_t i = 0; i < report->command_count; i++) {
        if (report->commands[i].is_sasl || report->commands[i].verb.n == 0) {
            continue;
        }
        if (shown++ < COMMANDS_SHOWN) {
            buf_add_text(out, " ");
            text_visible(slice_sub(report->commands[i].verb, 0, 24), TEXT_ONE_LINE, out);
        }
    }
    if (shown == 0) {
        buf_add_text(out, " nothing said");
    } else if (shown > COMMANDS_SHOWN) {
        buf_addf(out, " and %zu more", shown - COMMANDS_SHOWN);
    }
}

static void add_login_text(const struct fake_auth *a, struct buf *out)
{
    buf_add_text(out, "  AUTH ");
    text_visible(slice_of(a->mechanism), TEXT_ONE_LINE, out);
    if (a->user.n != 0) {
        buf_add_text(out, " by ");
        text_visible(slice_sub(a->user, 0, 100), TEXT_ONE_LINE, out);
    }
    buf_addf(out, ", %s: %s\n", a->inside_tls ? "inside TLS" : "in clear",
             a->accepted    ? "accepted"
             : a->cancelled ? "cancelled by the client"
                            : "refused");
}

static void add_message_text(const struct fake_message *m, struct buf *out)
{
    buf_add_text(out, "  message from <");
    text_visible(slice_sub(m->from, 0, 100), TEXT_ONE_LINE, out);
    buf_addf(out, "> to %zu recipient%s, %zu octets\n", m->rcpt_count,
             m->rcpt_count == 1 ? "" : "s", m->data.n);
}

static void say_text(void *context, const char *text)
{
    struct buf *out = context;
    buf_add_text(out, "  FOUND    ");
    text_visible(slice_of(text), TEXT_ONE_LINE, out);
    buf_add_text(out, "\n");
}

static void count_finding(void *context, const char *text)
{
    (void)text;
    (*(unsigned long *)context)++;
}

static void add_tls_text(const struct fake_report *report, struct buf *out)
{
    if (report->tls_handshakes != 0) {
        buf_addf(out, "  %s", report->tls_version);
        if (report->sni[0] != '\0') {
            buf_add_text(out, " for ");
            text_visible(slice_of(report->sni), TEXT_ONE_LINE, out);
        }
        buf_add_text(out, "\n");
    }
    if (report->tls_failures != 0) {
        buf_add_text(out, "  the TLS handshake failed; a client that does not trust the CA file "
                          "ends it like this\n");
    }
}

static void session_text(const struct serve_view *v, unsigned number, int64_t now_us,
                         const struct fake_report *report)
{
    struct buf out;
    char when[20];
    buf_init(&out, BUF_NO_CAP);
    text_utc((now_us + v->offset_us) / 1000000, when);
    buf_addf(&out, "%s session %u:", when + 11, number);
    add_commands_text(report, &out);
    buf_add_text(&out, "\n");
    add_tls_text(report, &out);
    for (size_t i = 0; i < report->auth_count; i++) {
        add_login_text(&report->auths[i], &out);
    }
    for (size_t i = 0; i < report->message_count; i++) {
        add_message_text(&report->messages[i], &out);
    }
    find_faults(v, report, say_text, &out);
    const struct serve_session *s = session_find(v, number);
    if (s != NULL) {
        transcript_print(&s->transcript, s->start_us, TRANSCRIPT_SHOWN, SIZE_MAX, &out);
    }
    write_out(v, &out);
}

static struct json *commands_json(const struct fake_report *report)
{
    struct json *list = json_list();
    for (size_t i = 0; i < report->command_count; i++) {
        if (!report->commands[i].is_sasl && report->commands[i].verb.n != 0) {
            json_add(list, json_string(report->commands[i].verb));
        }
    }
    return list;
}

static struct json *logins_json(const struct fake_report *report)
{
    struct json *list = json_list();
    for (size_t i = 0; i < report->auth_count; i++) {
        const struct fake_auth *a = &report->auths[i];
        struct json *one = json_map();
        json_set(one, "mechanism", json_text(a->mechanism));
        json_set(one, "user", json_string(a->user));
        json_set(one, "inside_tls", json_bool(a->inside_tls));
        json_set(one, "initial_response", json_bool(a->has_initial_response));
        json_set(one, "accepted", json_bool(a->accepted));
        json_set(one, "cancelled", json_bool(a->cancelled));
        json_add(list, one);
    }
    return list;
}

static struct json *messages_json(const struct fake_report *report)
{
    struct json *list = json_list();
    for (size_t i = 0; i < report->message_count; i++) {
        const struct fake_message *m = &report->messages[i];
        struct json *one = json_map(), *rcpts = json_list();
        for (size_t k = 0; k < m->rcpt_count; k++) {
            json_add(rcpts, json_string(m->rcpts[k]));
        }
        json_set(one, "from", json_string(m->from));
        json_set(one, "rcpts", rcpts);
        json_set(one, "octets", json_int((int64_t)m->data.n));
        json_set(one, "inside_tls", json_bool(m->inside_tls));
        json_add(list, one);
    }
    return list;
}

static void say_json(void *context, const char *text)
{
    json_add(context, json_text(text));
}

static void session_json(const struct serve_view *v, unsigned number, int64_t now_us,
                         const struct fake_report *report)
{
    struct json *line = event("session"), *findings = json_list();
    char when[20];
    text_utc((now_us + v->offset_us) / 1000000, when);
    json_set(line, "session", json_int(number));
    json_set(line, "ended", json_text(when));
    json_set(line, "commands", commands_json(report));
    json_set(line, "tls_version",
             report->tls_version[0] != '\0' ? json_text(report->tls_version) : json_null());
    json_set(line, "sni", report->sni[0] != '\0' ? json_text(report->sni) : json_null());
    json_set(line, "tls_failures", json_int(report->tls_failures));
    json_set(line, "auth", logins_json(report));
    json_set(line, "messages", messages_json(report));
    json_set(line, "quit", json_bool(report->quits != 0));
    find_faults(v, report, say_json, findings);
    json_set(line, "findings", findings);
    const struct serve_session *s = session_find(v, number);
    if (s != NULL) {
        json_set(line, "transcript", transcript_to_json(&s->transcript, s->start_us));
    }
    write_json(v, line);
}

void serve_view_closed(void *context, unsigned session, int64_t now_us,
                       const struct fake_report *report)
{
    struct serve_view *v = context;
    struct serve_session *s = session_find(v, session);
    v->sessions++;
    find_faults(v, report, count_finding, &v->findings);
    if (s != NULL) {
        transcript_finish(&s->transcript, now_us);
    }
    if (v->is_json) {
        session_json(v, session, now_us, report);
    } else if (!v->is_quiet) {
        session_text(v, session, now_us, report);
    }
    if (s != NULL) {
        session_free(v, s);
    }
}

void serve_view_end(struct serve_view *v)
{
    if (v->is_json) {
        struct json *line = event("end");
        json_set(line, "sessions", json_int((int64_t)v->sessions));
        json_set(line, "findings", json_int((int64_t)v->findings));
        write_json(v, line);
    } else {
        struct buf out;
        buf_init(&out, BUF_NO_CAP);
        buf_addf(&out, "%lu session%s, %lu thing%s found that a client may not do\n", v->sessions,
                 v->sessions == 1 ? "" : "s", v->findings, v->findings == 1 ? "" : "s");
        write_out(v, &out);
    }
    while (v->open != NULL) {
        session_free(v, v->open);
    }
}
