/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the lines of a pasted session to evidence. Commands wait in a queue for their replies
 * (pipelining, RFC 2920); a refusal counts unless the same step, or one behind it, succeeded later.
 * The first refusal that was not made good is the answer: what fails behind it mostly fails for it.
 */
#include "diagnose/paste_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "wire/reply.h"

struct paste *paste_new(const struct registry *providers)
{
    struct paste *p = mem_zalloc(1, sizeof *p);
    p->providers = providers;
    p->secrets = redactor_new();
    p->old_secrets = redactor_new();
    arena_init(&p->arena);
    buf_init(&p->reply, REPLY_KEPT);
    return p;
}

void paste_free(struct paste *p)
{
    if (p != NULL) {
        redactor_free(p->secrets);
        redactor_free(p->old_secrets);
        arena_release(&p->arena);
        buf_release(&p->reply);
        free(p);
    }
}

/* ---- what the client sends ---- */

/* May follow without waiting (RFC 2920 3.1). */
static bool may_wait(const struct paste *p, enum stage stage)
{
    const struct command *first = &p->queue[0];
    bool is_group = first->stage == STAGE_MAIL || first->stage == STAGE_RCPT ||
                    first->stage == STAGE_DATA || first->stage == STAGE_BODY ||
                    first->stage == STAGE_NONE;
    return p->waiting != 0 && p->waiting < QUEUE_MAX && is_group &&
           (stage == STAGE_RCPT || stage == STAGE_DATA || stage == STAGE_BODY ||
            stage == STAGE_MAIL || stage == STAGE_QUIT);
}

static void take_command(struct paste *p, struct slice text)
{
    struct command c = {.stage = STAGE_NONE};
    struct slice rest = text, verb;
    if (!paste_verb(text, &c.stage)) {
        return;
    }
    slice_take_word(&rest, &verb);
    snprintf(c.words, sizeof c.words, SLICE_FMT, SLICE_ARG(slice_sub(verb, 0, 8)));
    if (c.stage == STAGE_AUTH) {
        paste_take_auth(p, text, &c);
    }
    p->has_commands = true;
    p->is_quitting = p->is_quitting || c.stage == STAGE_QUIT;
    p->waiting = may_wait(p, c.stage) ? p->waiting : 0;
    p->queue[p->waiting++] = c;
}

static void take_client(struct paste *p, struct slice text, bool is_tls)
{
    p->is_tls = p->is_tls || is_tls;
    if (p->wants_answer) {
        p->wants_answer = false;
        paste_take_credential(p, text, ++p->answers);
    } else if (!p->is_body) {
        take_command(p, text);
    } else if (slice_eq_text(text, ".")) {
        p->is_body = false;
        p->waiting = 0;
        p->queue[p->waiting++] = (struct command){STAGE_BODY, "message"};
    }
}

/* ---- what the server says ---- */

static struct slice text_of_line(struct slice line)
{
    return slice_trim(slice_from(line, 4));
}

static void take_offered(struct paste *p)
{
    struct offered *o = p->is_tls ? &p->tls : &p->clear;
    struct slice rest = buf_slice(&p->reply), line;
    bool is_first = true;
    o->count = 0;
    while (slice_take_until(&rest, '\n', &line) && o->count < OFFERED_MAX) {
        struct slice text = paste_kept(p, text_of_line(line), OFFERED_OCTETS);
        if (is_first) {
            p->hello = text;
        } else if (text.n != 0) {
            o->list[o->count++] = text;
        }
        is_first = false;
    }
}

/* Google's 334 with a document in base64 is an answer, no prompt (RFC 7628 3.2.3). */
static void take_challenge(struct paste *p)
{
    struct buf decoded;
    buf_init(&decoded, DOCUMENT_MAX);
    p->wants_answer = true;
    if (base64_decode(text_of_line(slice_trim(buf_slice(&p->reply))), &decoded) && decoded.n != 0 &&
        decoded.p[0] == '{') {
        p->document = paste_kept(p, buf_slice(&decoded), DOCUMENT_MAX);
    }
    buf_release(&decoded);
}

/* Any step but a good-bye shows that what went before was no obstacle. */
static void heal(struct paste *p, enum stage stage)
{
    for (size_t i = 0; i < p->failure_count && stage != STAGE_QUIT; i++) {
        struct failure *f = &p->failures[i];
        f->is_healed = f->is_healed || (stage != STAGE_NONE && f->command.stage <= stage);
    }
}

static void take_success(struct paste *p, const struct command *c, unsigned code)
{
    p->is_made_good = true;
    if (code == 220 && !p->has_reply) {
        p->greeting = paste_kept(p, buf_slice(&p->reply), OFFERED_OCTETS);
    } else if (c->stage == STAGE_STARTTLS && code == 220) {
        p->is_tls = true;
    } else if (c->stage == STAGE_EHLO && code == 250) {
        take_offered(p);
    } else if (code == 334) {
        take_challenge(p);
        return; /* nothing is decided yet */
    } else if (code == 235) {
        p->is_logged_in = true;
    } else if (code == 354) {
        p->is_body = true;
    }
    p->is_accepted = p->is_accepted || (c->stage == STAGE_BODY && code < 300);
    p->is_quitting = p->is_quitting || code == 221;
    heal(p, c->stage);
}

/* A refusal before any command is the greeting, if it can be one (RFC 5321 3.1, 4.2.3). */
static enum stage stage_of(const struct paste *p, const struct command *c, unsigned code)
{
    bool is_greeting = !p->has_reply && !p->has_commands &&
                       (code == 421 || code == 554 || code == 450 || code == 550);
    return c->stage == STAGE_NONE && is_greeting ? STAGE_GREETING : c->stage;
}

static void take_failure(struct paste *p, struct command c, unsigned code)
{
    bool is_idle = c.words[0] != '\0' && c.stage == STAGE_NONE; /* RSET, HELP: decides nothing */
    c.stage = stage_of(p, &c, code);
    if (is_idle || c.stage == STAGE_QUIT || p->failure_count == FAILURES_MAX) {
        return;
    }
    p->failures[p->failure_count++] = (struct failure){
        .command = c,
        .reply = paste_kept(p, buf_slice(&p->reply), REPLY_KEPT),
        .line = p->reply_line,
        .is_tls = p->is_tls,
    };
}

static void end_reply(struct paste *p)
{
    unsigned code = p->reply_code;
    struct command c = {.stage = STAGE_NONE};
    if (code == 0) {
        return;
    }
    p->reply_code = 0;
    if (p->waiting != 0) {
        c = p->queue[0];
        bool goes_on = code == 334 && c.stage == STAGE_AUTH;
        if (!goes_on) {
            memmove(&p->queue[0], &p->queue[1], --p->waiting * sizeof p->queue[0]);
        }
    } else if (p->is_body || p->last.stage == STAGE_DATA) {
        c = (struct command){STAGE_BODY, "message"};
    } else if (code == 535 || code == 534) {
        c.stage = STAGE_AUTH;
    }
    p->is_body = false;
    p->wants_answer = false;
    if (code >= 400) {
        take_failure(p, c, code);
    } else {
        take_success(p, &c, code);
    }
    p->has_reply = true;
    p->last = c;
    buf_reset(&p->reply);
}

static void take_server(struct paste *p, struct slice text, bool is_tls)
{
    unsigned code = (unsigned)(text.p[0] - '0') * 100 + (unsigned)(text.p[1] - '0') * 10 +
                    (unsigned)(text.p[2] - '0');
    p->is_tls = p->is_tls || is_tls;
    if (p->reply_code != 0 && p->reply_code != code) {
        end_reply(p); /* the last line of that one is missing */
    }
    if (p->reply_code == 0) {
        p->reply_line = p->line;
    }
    p->reply_code = code;
    buf_add(&p->reply, text);
    buf_add_char(&p->reply, '\n');
    if (text.n == 3 || text.p[3] != '-') {
        end_reply(p);
    }
}

/* ---- what the program says ---- */

static bool is_host_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-';
}

/* "Trying smtp.gmail.com:587...": the first host that a provider file knows. */
static void find_host(struct paste *p, struct slice note)
{
    struct slice s = slice_sub(note, 0, 1000);
    for (size_t at = 0; at < s.n && p->host.n == 0;) {
        size_t n = 0;
        while (at + n < s.n && is_host_char(s.p[at + n])) {
            n++;
        }
        struct slice name = slice_trim_end(slice_sub(s, at, n), ".-");
        bool is_domain = at != 0 && s.p[at - 1] == '@';
        if (!is_domain && slice_find_char(name, '.') != SIZE_MAX &&
            registry_by_host(p->providers, name) != NULL) {
            p->host = paste_kept(p, name, 255);
        }
        at += n + 1;
    }
}

static bool says_tls(struct slice note)
{
    static const struct slice words[] = {SLICE_INIT("TLS started"),
                                         SLICE_INIT("SSL connection using"),
                                         SLICE_INIT("SSL handshake has read"),
                                         SLICE_INIT("Verify return code"),
                                         SLICE_INIT("TLS negotiation succeeded"),
                                         SLICE_INIT("TLS handshake finished")};
    for (size_t i = 0; i < COUNT(words); i++) {
        if (slice_find_nocase(note, words[i]) != SIZE_MAX) {
            return true;
        }
    }
    return false;
}

static enum stage stage_now(const struct paste *p, enum fault fault)
{
    if (p->waiting != 0) {
        bool is_tls = fault >= FAULT_TLS_WRONG_MODE && fault <= FAULT_TLS_WEAK_KEY;
        return is_tls ? STAGE_TLS : p->queue[0].stage;
    }
    if (fault == FAULT_DNS_FAILURE) {
        return STAGE_RESOLVE;
    }
    if (fault >= FAULT_TLS_WRONG_MODE && fault <= FAULT_TLS_WEAK_KEY) {
        return STAGE_TLS;
    }
    bool is_connect = fault == FAULT_CONNECT_REFUSED || fault == FAULT_CONNECT_TIMEOUT ||
                      fault == FAULT_UNREACHABLE;
    return is_connect ? STAGE_CONNECT : p->has_reply ? p->last.stage : STAGE_GREETING;
}

/* An end of the connection is told of every session; it is a fault where an answer was due. */
static bool is_due(const struct paste *p, enum fault fault)
{
    bool is_end = fault == FAULT_CONNECTION_LOST || fault == FAULT_CONNECTION_RESET;
    return !is_end || (!p->is_quitting && (p->waiting != 0 || !p->has_reply || p->is_body));
}

static void take_note(struct paste *p, struct slice note)
{
    struct buf room;
    buf_init(&room, 4096);
    struct slice quoted = paste_quoted_reply(note, &room);
    enum fault fault = quoted.n == 0 ? paste_fault(note) : FAULT_NONE;
    find_host(p, note);
    p->is_tls = p->is_tls || says_tls(note);
    if (quoted.n != 0) {
        take_server(p, quoted, false);
    } else if (fault != FAULT_NONE && is_due(p, fault) &&
               (p->fault == FAULT_NONE || p->is_made_good)) {
        p->fault = fault;
        p->fault_stage = stage_now(p, fault);
        p->fault_line = p->line;
        p->is_made_good = false;
        p->detail = paste_kept(p, note, DETAIL_KEPT);
    }
    buf_release(&room);
}

void paste_add(struct paste *p, struct slice line)
{
    struct paste_line l = paste_classify(line);
    p->line++;
    if (l.who == PASTE_SERVER) {
        take_server(p, l.text, l.is_tls);
        return;
    }
    bool is_continued = p->reply_code != 0;
    bool is_client =
        l.who == PASTE_CLIENT || (l.who == PASTE_BARE && (p->wants_answer || p->is_body));
    if (is_continued && is_client) {
        end_reply(p);
    }
    if (is_client) {
        take_client(p, l.text, l.is_tls);
    } else if (l.text.n != 0) {
        take_note(p, l.text);
    }
}

/* ---- what it comes to ---- */

static struct slice hidden(struct paste *p, struct slice s)
{
    struct buf once, twice;
    buf_init(&once, BUF_NO_CAP);
    buf_init(&twice, BUF_NO_CAP);
    redactor_apply(p->secrets, s, &once);
    redactor_apply(p->old_secrets, buf_slice(&once), &twice);
    struct slice copy = arena_copy(&p->arena, buf_slice(&twice));
    buf_wipe(&once);
    buf_release(&once);
    buf_release(&twice);
    return copy;
}

/* The first refusal that nothing made good; else one recipient among others. */
static const struct failure *what_failed(const struct paste *p)
{
    for (size_t i = 0; i < p->failure_count; i++) {
        if (!p->failures[i].is_healed) {
            return &p->failures[i];
        }
    }
    for (size_t i = p->failure_count; i > 0; i--) {
        if (p->failures[i - 1].command.stage == STAGE_RCPT) {
            return &p->failures[i - 1];
        }
    }
    return NULL;
}

/* The host that answered, where no note said which was called. */
static struct slice host_of(const struct paste *p)
{
    struct slice rest = p->hello, word;
    bool knows = p->host.n == 0 && slice_take_word(&rest, &word) &&
                 registry_by_host(p->providers, word) != NULL;
    return knows ? word : p->host;
}

static void fill(const struct paste *p, struct evidence *e)
{
    e->host = e->host.n != 0 ? e->host : host_of(p);
    e->greeting = p->greeting;
    e->mechanism = e->mechanism.n != 0 ? e->mechanism : p->mechanism;
    e->username = e->username.n != 0 ? e->username : p->username;
    e->offered_clear = p->clear.list;
    e->offered_clear_count = p->clear.count;
    e->offered_tls = p->tls.list;
    e->offered_tls_count = p->tls.count;
    e->error_document = p->document;
    e->inside_tls = p->is_tls;
    e->auth_sent = p->auth_sent;
    e->auth_accepted = p->is_logged_in;
}

enum paste_outcome paste_end(struct paste *p, const struct evidence *given,
                             struct paste_result *out)
{
    end_reply(p);
    const struct failure *f = what_failed(p);
    *out = (struct paste_result){.evidence = *given,
                                 .command = "",
                                 .is_tls = p->is_tls,
                                 .is_logged_in = p->is_logged_in,
                                 .is_accepted = p->is_accepted};
    fill(p, &out->evidence);
    if (f != NULL) {
        out->evidence.reply = hidden(p, f->reply);
        bool is_seen = f->command.words[0] != '\0'; /* else the greeting is a guess at most */
        bool is_given = given->stage != STAGE_NONE && !is_seen;
        out->evidence.stage =
            is_given || f->command.stage == STAGE_NONE ? given->stage : f->command.stage;
        out->evidence.inside_tls = f->is_tls;
        out->command = arena_text(&p->arena, slice_of(f->command.words));
        out->line = f->line;
        return PASTE_FAILED;
    }
    if (p->fault != FAULT_NONE && !p->is_made_good) {
        out->evidence.fault = p->fault;
        out->evidence.stage = p->fault_stage;
        out->evidence.detail = hidden(p, p->detail);
        out->line = p->fault_line;
        return PASTE_FAILED;
    }
    return p->has_reply ? PASTE_FINE : PASTE_EMPTY;
}
