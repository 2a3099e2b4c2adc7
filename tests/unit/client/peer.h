/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scripted peer in memory with a virtual clock, for the tests of the client. It holds two laws
 * over every conversation it plays: no octet of the secret in clear, and QUIT whenever the
 * connection lives. TLS is played by handing in news.
 */
#ifndef SMTPDX_TESTS_CLIENT_PEER_H
#define SMTPDX_TESTS_CLIENT_PEER_H

#include "client/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define SECRET        "sesame-open-sesame"
#define SECRET_BASE64 "c2VzYW1lLW9wZW4tc2VzYW1l" /* at alignment 0 */

enum peer_then {
    GO_ON,
    THEN_CLOSE,
    THEN_RESET,
    THEN_SILENT,  /* nothing more, ever */
    THEN_TLS_BAD, /* the handshake that follows fails */
    THEN_TLS_TEXT, /* … because clear text comes in its place */
    THEN_CONTENT, /* takes lines to the final dot before the next row counts */
};

struct exchange {
    const char *want; /* beginning of the client's line; NULL: the greeting */
    const char *say;  /* octets */
    enum peer_then then;
};

struct peer {
    const char *name;
    const struct exchange *script;
    size_t count, at;
    size_t step;        /* octets delivered at a time; 0: all */
    size_t cut_at;      /* of all octets said; SIZE_MAX: never */
    enum peer_then cut; /* what then happens */
    bool is_unverified; /* TLS comes up without verification */
    bool may_be_in_clear;
    /* state */
    struct client *client;
    struct session session;
    int64_t now;
    struct buf line, seen /* verbs */, clear /* all sent in clear */, said;
    bool is_gone, is_silent, is_tls, has_quit, is_done, is_taking_content, is_tls_broken, is_tls_text;
    size_t said_count;
};

static inline void peer_pump(struct peer *p);

static inline void peer_end(struct peer *p, enum peer_then how)
{
    if (how == THEN_SILENT) {
        p->is_silent = true;
    }
    if (how != THEN_CLOSE && how != THEN_RESET) {
        return;
    }
    p->is_gone = true;
    struct session_news news = {.event = how == THEN_RESET ? SESSION_RESET : SESSION_EOF};
    p->session.ops->on_news(p->session.self, p->now, &news);
    peer_pump(p);
}

static inline void peer_say(struct peer *p, const char *text, size_t n)
{
    while (n != 0 && !p->is_gone && !p->is_silent && !p->is_done) {
        size_t piece = p->step != 0 && p->step < n ? p->step : n;
        size_t room = p->cut_at - p->said_count;
        bool is_cut = piece >= room;
        piece = is_cut ? room : piece;
        char *exact = malloc(piece != 0 ? piece : 1);
        assert_non_null(exact);
        memcpy(exact, text, piece);
        if (piece != 0) {
            p->said_count += piece;
            p->session.ops->on_input(p->session.self, p->now, slice_make(exact, piece));
        }
        free(exact);
        text += piece;
        n -= piece;
        peer_pump(p);
        if (is_cut && !p->is_done) {
            p->cut_at = SIZE_MAX;
            peer_end(p, p->cut);
            return;
        }
    }
}

static inline void peer_answer(struct peer *p, const struct exchange *row)
{
    p->is_taking_content = row->then == THEN_CONTENT;
    p->is_tls_broken = row->then == THEN_TLS_BAD || row->then == THEN_TLS_TEXT;
    p->is_tls_text = row->then == THEN_TLS_TEXT;
    peer_say(p, row->say, strlen(row->say));
    if (!p->is_done && !p->is_gone) {
        peer_end(p, row->then);
    }
}

static inline void peer_line(struct peer *p, const char *line, size_t n)
{
    if (p->is_taking_content) {
        if (strcmp(line, ".") != 0) {
            return;
        }
        p->is_taking_content = false;
    }
    size_t verb = strcspn(line, " ");
    buf_addf(&p->seen, "%s%.*s", p->seen.n != 0 ? " " : "", n != 0 ? (int)verb : 1,
             n != 0 ? line : "-");
    bool is_quit = strcmp(line, "QUIT") == 0;
    p->has_quit = p->has_quit || is_quit;
    if (p->is_silent || p->is_gone) {
        return;
    }
    if (p->at < p->count && (!is_quit || strncmp(p->script[p->at].want, "QUIT", 4) == 0)) {
        const struct exchange *row = &p->script[p->at++];
        if (strncmp(line, row->want, strlen(row->want)) != 0) {
            fail_msg("%s: want '%s', got '%s'", p->name, row->want, line);
        }
        peer_answer(p, row);
    } else if (is_quit) {
        peer_say(p, "221 bye\r\n", 9);
    } else {
        fail_msg("%s: nothing in the script for '%s'", p->name, line);
    }
}

static inline void peer_take(struct peer *p, struct slice bytes)
{
    if (!p->is_tls) {
        buf_add(&p->clear, bytes);
    }
    buf_add(&p->line, bytes);
    for (;;) {
        size_t end = slice_find(buf_slice(&p->line), SLICE("\r\n"));
        if (end == SIZE_MAX) {
            return;
        }
        char *line = mem_zalloc(end + 1, 1);
        memcpy(line, p->line.p, end);
        buf_drop_front(&p->line, end + 2);
        peer_line(p, line, end);
        free(line);
    }
}

static inline void peer_tls(struct peer *p)
{
    struct tls_facts facts = {.is_up = !p->is_tls_broken, .is_verified = !p->is_unverified};
    snprintf(facts.version, sizeof facts.version, "TLSv1.3");
    facts.why = p->is_tls_text     ? FAULT_TLS_WRONG_MODE
                : p->is_tls_broken ? FAULT_TLS_EXPIRED
                                   : FAULT_NONE;
    buf_addf(&p->seen, "%s[tls]", p->seen.n != 0 ? " " : "");
    p->is_tls = true;
    struct session_news news = {.event = p->is_tls_broken ? SESSION_TLS_FAILED : SESSION_TLS_UP,
                                .facts = &facts};
    client_set_binding(p->client, SLICE("0123456789abcdef0123456789abcdef"));
    p->session.ops->on_news(p->session.self, p->now, &news);
    if (p->at == 0 && !p->is_tls_broken) { /* implicit TLS: the greeting comes now */
        peer_pump(p);
        peer_answer(p, &p->script[p->at++]);
    }
}

/* Carries out the acts; the client's octets are taken as lines once it waits, as on a wire. */
static inline void peer_pump(struct peer *p)
{
    struct session_act act;
    struct buf sent;
    bool starts_tls = false;
    buf_init(&sent, BUF_NO_CAP);
    for (;;) {
        p->session.ops->next(p->session.self, p->now, &act);
        if (act.kind == SESSION_WAIT) {
            break;
        }
        if (act.kind == SESSION_DONE) {
            p->is_done = true;
            break;
        }
        if (act.kind == SESSION_SEND) {
            assert_false(p->is_tls && p->is_tls_broken); /* no word after a failed handshake */
            buf_add(&sent, act.bytes);
        }
        starts_tls = starts_tls || act.kind == SESSION_START_TLS;
    }
    if (sent.n != 0) {
        peer_take(p, buf_slice(&sent));
    }
    buf_release(&sent);
    if (starts_tls) {
        peer_tls(p);
        peer_pump(p);
    }
}

static inline void peer_check_laws(struct peer *p)
{
    if (!p->may_be_in_clear &&
        (slice_find(buf_slice(&p->clear), SLICE(SECRET)) != SIZE_MAX ||
         slice_find(buf_slice(&p->clear), SLICE("VzYW1lLW9wZW4t")) != SIZE_MAX ||
         slice_find(buf_slice(&p->clear), SLICE("AUTH")) != SIZE_MAX)) {
        fail_msg("%s: a credential in clear: %s", p->name, buf_text(&p->clear));
    }
    const struct client_report *r = client_report(p->client);
    bool may_be_mute = p->is_gone || p->is_tls_broken || p->is_taking_content ||
                       r->fault == FAULT_PLAINTEXT_INJECTION || r->fault == FAULT_TLS_WRONG_MODE ||
                       r->stage == STAGE_CONNECT || r->stage == STAGE_TLS;
    if (!p->has_quit && !may_be_mute) {
        fail_msg("%s: no QUIT, though the connection lives (%s)", p->name, buf_text(&p->seen));
    }
}

/* Plays the script to its end. The client stays, for its report; peer_free. */
static inline void peer_play(struct peer *p, const struct client_params *params)
{
    struct why why;
    if (client_new(params, &p->client, &why) != ERR_OK) {
        fail_msg("%s: client_new: %s", p->name, why.text);
    }
    p->session = client_session(p->client);
    buf_init(&p->line, BUF_NO_CAP);
    buf_init(&p->seen, BUF_NO_CAP);
    buf_init(&p->clear, BUF_NO_CAP);
    peer_pump(p);
    struct session_news news = {.event = SESSION_CONNECTED};
    p->session.ops->on_news(p->session.self, p->now, &news);
    peer_pump(p);
    if (p->at == 0) {
        peer_answer(p, &p->script[p->at++]);
    }
    for (int turns = 0; !p->is_done; turns++) {
        int64_t deadline = p->session.ops->deadline_us(p->session.self);
        if (deadline == INT64_MAX || turns > 100) {
            fail_msg("%s: hangs after '%s'", p->name, buf_text(&p->seen));
        }
        p->now = deadline;
        p->session.ops->on_time(p->session.self, p->now);
        peer_pump(p);
    }
    peer_check_laws(p);
}

static inline void peer_free(struct peer *p)
{
    client_free(p->client);
    buf_release(&p->line);
    buf_release(&p->seen);
    buf_release(&p->clear);
}

#endif
