/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hostile server against the whole client. The first octet chooses what is asked for; then octets
 * are what the server says, 0xff lets the time of the present wait run out, 0xfe closes, 0xfd ends
 * a segment, 0xfc makes the next handshake fail, 0xfb closes or opens the server's window, 0xfa
 * resets. Laws: it ends; no credential in clear; nothing in clear after STARTTLS, and nothing at
 * all after a handshake that failed; success has proof.
 */
#include "client/client.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static const char secret[] = "sesame-open-sesame";

struct play {
    struct client *client;
    struct session s;
    int64_t now;
    bool is_tls, is_done;
    bool fails_next, is_poisoned, is_stuck;
    struct buf clear;
};

static void pump(struct play *p)
{
    struct session_act act;
    for (;;) {
        bool starts_tls = false;
        for (p->s.ops->next(p->s.self, p->now, &act); act.kind != SESSION_WAIT;
             p->s.ops->next(p->s.self, p->now, &act)) {
            if (act.kind == SESSION_DONE) {
                p->is_done = true;
                return;
            }
            must(act.kind != SESSION_START_TLS || !p->is_tls);
            starts_tls = starts_tls || act.kind == SESSION_START_TLS;
            must((!starts_tls && !p->is_poisoned) || act.kind != SESSION_SEND);
            if (act.kind == SESSION_SEND && !p->is_tls) {
                buf_add(&p->clear, act.bytes);
            }
        }
        if (!starts_tls) {
            return;
        }
        struct tls_facts facts = {.is_up = !p->fails_next, .is_verified = !p->fails_next};
        facts.why = p->fails_next ? FAULT_TLS_WRONG_MODE : FAULT_NONE;
        struct session_news news = {.event = p->fails_next ? SESSION_TLS_FAILED : SESSION_TLS_UP,
                                    .facts = &facts};
        p->is_tls = true;
        p->is_poisoned = p->fails_next;
        p->s.ops->on_news(p->s.self, p->now, &news);
    }
}

static void time_runs_out(struct play *p)
{
    int64_t deadline = p->s.ops->deadline_us(p->s.self);
    must(deadline != INT64_MAX);
    p->now = deadline;
    p->s.ops->on_time(p->s.self, p->now);
    pump(p);
}

static void say(struct play *p, struct slice bytes)
{
    if (bytes.n != 0 && !p->is_done) {
        p->s.ops->on_input(p->s.self, p->now, bytes);
        pump(p);
    }
}

static void gone(struct play *p, enum session_event how)
{
    struct session_news news = {.event = how};
    p->s.ops->on_news(p->s.self, p->now, &news);
    pump(p);
}

static void happen(struct play *p, unsigned char what)
{
    if (what == 0xff) {
        time_runs_out(p);
    } else if (what == 0xfe) {
        gone(p, SESSION_EOF);
    } else if (what == 0xfc) {
        p->fails_next = true;
    } else if (what == 0xfb) {
        p->is_stuck = !p->is_stuck;
        p->s.ops->on_unsent(p->s.self, p->now, p->is_stuck ? 70000 : 0);
        pump(p);
    } else if (what == 0xfa) {
        gone(p, SESSION_RESET);
    }
}

static void serve(struct play *p, struct slice in)
{
    size_t from = 0;
    for (size_t i = 0; i < in.n && !p->is_done; i++) {
        unsigned char c = (unsigned char)in.p[i];
        if (c < 0xfa) {
            continue;
        }
        say(p, slice_sub(in, from, i - from));
        from = i + 1;
        if (!p->is_done) {
            happen(p, c);
        }
    }
    say(p, slice_from(in, from));
    for (int turns = 0; !p->is_done; turns++) {
        must(turns < 20);
        time_runs_out(p);
    }
}

static void check(const struct play *p, const struct client_params *params)
{
    const struct client_report *r = client_report(p->client);
    struct slice clear = buf_slice(&p->clear);
    must(slice_find(clear, slice_of(secret)) == SIZE_MAX);
    must(slice_find(clear, SLICE("AUTH")) == SIZE_MAX &&
         slice_find(clear, SLICE("VzYW1l")) == SIZE_MAX);
    must(!r->auth_sent || r->auth_inside_tls);
    must(r->outcome == OUTCOME_OK || r->outcome == OUTCOME_UNPROVEN || r->fault != FAULT_NONE ||
         r->reply.code >= 400);
    bool wants_auth = params->mechanism.n != 0 && params->until >= STAGE_AUTH;
    must(r->outcome != OUTCOME_OK || !wants_auth || (r->auth_accepted && r->tls_facts.is_verified));
    must(!r->mail_accepted || params->until == STAGE_BODY);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const mechanisms[] = {"PLAIN",
                                             "LOGIN",
                                             "XOAUTH2",
                                             "SCRAM-SHA-256",
                                             "CRAM-MD5",
                                             "OAUTHBEARER",
                                             "auto:XOAUTH2 LOGIN",
                                             ""};
    static const enum stage untils[] = {STAGE_AUTH, STAGE_BODY, STAGE_RCPT, STAGE_TLS};
    unsigned how = size != 0 ? data[0] : 0;
    struct client_params params = {
        .security = (how & 32) != 0 ? SECURITY_IMPLICIT : SECURITY_STARTTLS,
        .mechanism = slice_of(mechanisms[how & 7]),
        .until = untils[how >> 3 & 3],
        .user = SLICE("jane"),
        .secret = slice_of(secret),
        .host = SLICE("mx.example.test"),
        .port = 587,
        .from = SLICE("a@b.test"),
        .rcpt = SLICE("c@d.test"),
        .initial_response = (how & 64) != 0 ? INITIAL_NEVER : INITIAL_AUTO,
        .ignore_offer = (how & 128) != 0,
        .max_reply_bytes = 2000,
        .max_reply_lines = 20,
    };
    struct play p = {0};
    buf_init(&p.clear, BUF_NO_CAP);
    struct why why = {0};
    if (client_new(&params, &p.client, &why) != ERR_OK) {
        fprintf(stderr, "client_new: %s\n", why.text);
        abort();
    }
    p.s = client_session(p.client);
    pump(&p);
    struct session_news news = {.event = SESSION_CONNECTED};
    p.s.ops->on_news(p.s.self, p.now, &news);
    pump(&p);
    if (size != 0) {
        serve(&p, slice_make((const char *)data + 1, size - 1));
    } else {
        serve(&p, (struct slice){NULL, 0});
    }
    check(&p, &params);
    client_free(p.client);
    buf_release(&p.clear);
    return 0;
}
