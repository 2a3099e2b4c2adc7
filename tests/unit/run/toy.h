/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A toy session: a script of small steps, and a log of what it was told. Its deadline is its
 * patience; it ends at the first news it did not wait for.
 */
#ifndef SMTPDX_TESTS_TOY_H
#define SMTPDX_TESTS_TOY_H

#include "base/buf.h"
#include "base/session.h"

enum toy_verb {
    TOY_END,      /* 0: scripts end with it */
    TOY_WANT,     /* waits for exactly these octets */
    TOY_WANT_TLS, /* waits for TLS_UP */
    TOY_WANT_TLS_FAILED,
    TOY_WANT_EOF,
    TOY_PAUSE, /* 20 ms: what comes before and after is in two writes */
    TOY_SAY,
    TOY_RAW,
    TOY_TLS,
    TOY_STOP_TLS,
    TOY_CLOSE,
    TOY_HALF_CLOSE,
    TOY_RESET,
    TOY_BABBLE, /* says something for ever and never waits: a bug */
};

struct toy_step {
    enum toy_verb verb;
    const char *text;
};

enum { TOY_PATIENCE_US = 30 * 1000 * 1000, TOY_PAUSE_US = 20 * 1000 };

struct toy {
    const struct toy_step *at;
    struct buf in;   /* not yet wanted */
    struct buf log;  /* words with a blank behind each */
    unsigned pieces; /* calls of on_input */
    int64_t deadline_us;
    enum fault tls_why;
    bool is_whole; /* the script came to its end */
    bool is_over;
    bool has_tls, has_tls_failed, has_eof;
};

static inline void toy_init(struct toy *t, const struct toy_step *script)
{
    *t = (struct toy){.at = script, .deadline_us = INT64_MAX};
    buf_init(&t->in, 1 << 20);
    buf_init(&t->log, 1 << 16);
}

static inline void toy_release(struct toy *t)
{
    buf_release(&t->in);
    buf_release(&t->log);
}

static inline void toy_end(struct toy *t, const char *word)
{
    if (!t->is_over) {
        buf_addf(&t->log, "%s ", word);
        t->is_over = true;
    }
}

static inline void toy_on_news(void *self, int64_t now_us, const struct session_news *news)
{
    static const char *const words[] = {
        [SESSION_CONNECTED] = "connected",
        [SESSION_CONNECT_FAILED] = "connect-failed",
        [SESSION_TLS_UP] = "tls-up",
        [SESSION_TLS_FAILED] = "tls-failed",
        [SESSION_EOF] = "eof",
        [SESSION_RESET] = "reset",
    };
    struct toy *t = self;
    t->deadline_us = now_us + TOY_PATIENCE_US;
    bool is_wanted = news->event == SESSION_CONNECTED || news->event == SESSION_TLS_UP ||
                     (news->event == SESSION_TLS_FAILED && t->at->verb == TOY_WANT_TLS_FAILED) ||
                     (news->event == SESSION_EOF && t->at->verb == TOY_WANT_EOF);
    t->has_tls = t->has_tls || news->event == SESSION_TLS_UP;
    t->has_eof = t->has_eof || news->event == SESSION_EOF;
    if (news->event == SESSION_TLS_FAILED) {
        t->tls_why = news->facts->why;
        t->has_tls_failed = true;
    }
    if (is_wanted) {
        buf_addf(&t->log, "%s ", words[news->event]);
    } else {
        toy_end(t, words[news->event]);
    }
}

static inline void toy_on_input(void *self, int64_t now_us, struct slice bytes)
{
    struct toy *t = self;
    buf_add(&t->in, bytes);
    t->pieces++;
    t->deadline_us = now_us + TOY_PATIENCE_US;
}

static inline void toy_on_time(void *self, int64_t now_us)
{
    struct toy *t = self;
    if (t->at->verb == TOY_PAUSE) {
        t->at++;
        t->deadline_us = now_us + TOY_PATIENCE_US;
    } else {
        toy_end(t, "timeout");
    }
}

static inline int64_t toy_deadline_us(const void *self)
{
    const struct toy *t = self;
    return t->is_over ? INT64_MAX : t->deadline_us;
}

/* Has what the step waits for come? */
static inline bool toy_has(struct toy *t)
{
    if (t->at->verb != TOY_WANT) {
        return t->at->verb == TOY_WANT_TLS          ? t->has_tls
               : t->at->verb == TOY_WANT_TLS_FAILED ? t->has_tls_failed
                                                    : t->has_eof;
    }
    struct slice want = slice_of(t->at->text);
    struct slice got = buf_slice(&t->in);
    if (got.n < want.n && slice_has_prefix(want, got)) {
        return false;
    }
    if (!slice_has_prefix(got, want)) {
        toy_end(t, "garbled");
        return false;
    }
    buf_drop_front(&t->in, want.n);
    buf_addf(&t->log, "got:" SLICE_FMT " ", SLICE_ARG(slice_trim(want)));
    return true;
}

static inline bool toy_waits(const struct toy *t)
{
    return t->at->verb >= TOY_WANT && t->at->verb <= TOY_WANT_EOF;
}

static inline void toy_next(void *self, int64_t now_us, struct session_act *act)
{
    static const enum session_act_kind acts[] = {
        [TOY_SAY] = SESSION_SEND,        [TOY_RAW] = SESSION_SEND_RAW,
        [TOY_TLS] = SESSION_START_TLS,   [TOY_STOP_TLS] = SESSION_STOP_TLS,
        [TOY_CLOSE] = SESSION_CLOSE,     [TOY_HALF_CLOSE] = SESSION_HALF_CLOSE,
        [TOY_RESET] = SESSION_RESET_NOW, [TOY_BABBLE] = SESSION_SEND,
    };
    struct toy *t = self;
    while (!t->is_over && toy_waits(t) && toy_has(t)) {
        t->at++;
    }
    if (!t->is_over && t->at->verb == TOY_END) {
        t->is_whole = true;
        toy_end(t, "end");
    }
    if (t->is_over) {
        act->kind = SESSION_DONE;
        return;
    }
    if (t->at->verb == TOY_PAUSE) {
        t->deadline_us = now_us + TOY_PAUSE_US;
    }
    if (t->at->verb == TOY_PAUSE || toy_waits(t)) {
        act->kind = SESSION_WAIT;
        return;
    }
    act->kind = acts[t->at->verb];
    act->bytes = slice_of(t->at->text);
    t->at += t->at->verb != TOY_BABBLE;
}

static inline struct session toy_session(struct toy *t)
{
    static const struct session_ops ops = {toy_on_news, toy_on_input, toy_on_time, toy_deadline_us,
                                           toy_next, NULL};
    return (struct session){&ops, t};
}

#endif
