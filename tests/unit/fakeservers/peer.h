/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tiny peer for tests of the fake: hands octets, news and time to a session and writes down every
 * act. Shares no code with the client. Steps are octets, or begin with '!': "!tls" "!eof" "!reset"
 * "!tls-failed". Pauses pass on their own (virtual time) and are written as "<+50000>".
 */
#ifndef SMTPDX_TESTS_FAKESERVERS_PEER_H
#define SMTPDX_TESTS_FAKESERVERS_PEER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fakeservers/fake.h"

enum { PEER_STEPS = 40, PEER_ACTS_MAX = 200000 };

struct peer {
    struct session session;
    int64_t now_us;
    struct buf seen; /* octets and acts, in order */
    bool is_done;
    size_t largest;  /* of one SEND */
    bool is_patient; /* false: pauses are not waited for */
};

static inline void peer_note(struct peer *p, const struct session_act *act)
{
    static const char *const names[] = {[SESSION_START_TLS] = "<TLS>",
                                        [SESSION_STOP_TLS] = "<STOP TLS>",
                                        [SESSION_CLOSE] = "<FIN>",
                                        [SESSION_HALF_CLOSE] = "<HALF>",
                                        [SESSION_RESET_NOW] = "<RST>",
                                        [SESSION_STOP_READING] = "<DEAF>",
                                        [SESSION_READ_ON] = "<HEARS>",
                                        [SESSION_DONE] = "<DONE>",
                                        [SESSION_WAIT] = ""};
    if (act->kind == SESSION_SEND || act->kind == SESSION_SEND_RAW) {
        assert_true(act->bytes.n > 0);
        p->largest = act->bytes.n > p->largest ? act->bytes.n : p->largest;
        buf_add(&p->seen, act->bytes);
        return;
    }
    buf_add_text(&p->seen, names[act->kind]);
}

/* Carries out acts until the session waits for us, letting time pass where it has a deadline. */
static inline void peer_drain(struct peer *p)
{
    for (size_t i = 0; i < PEER_ACTS_MAX && !p->is_done; i++) {
        struct session_act act;
        p->session.ops->next(p->session.self, p->now_us, &act);
        peer_note(p, &act);
        p->is_done = act.kind == SESSION_DONE;
        if (act.kind != SESSION_WAIT) {
            continue;
        }
        int64_t due = p->session.ops->deadline_us(p->session.self);
        if (due == INT64_MAX || !p->is_patient) {
            return;
        }
        assert_true(due > p->now_us);
        buf_addf(&p->seen, "<+%lld>", (long long)(due - p->now_us));
        p->now_us = due;
        p->session.ops->on_time(p->session.self, p->now_us);
    }
    assert_true(p->is_done); /* otherwise it never waits */
}

static inline void peer_tell(struct peer *p, enum session_event event)
{
    static const struct tls_facts up = {.is_up = true, .version = "TLSv1.3", .server_name = "h"};
    struct session_news news = {.event = event, .facts = &up};
    p->session.ops->on_news(p->session.self, p->now_us, &news);
    peer_drain(p);
}

/* Exact-size copies, so that a sanitizer sees a read over the end. */
static inline void peer_send(struct peer *p, struct slice bytes)
{
    char *copy = malloc(bytes.n ? bytes.n : 1);
    assert_non_null(copy);
    memcpy(copy, bytes.p, bytes.n);
    p->session.ops->on_input(p->session.self, p->now_us, slice_make(copy, bytes.n));
    free(copy);
    peer_drain(p);
}

static inline void peer_begin(struct peer *p, struct fake *f, int64_t now_us)
{
    *p = (struct peer){.now_us = now_us, .is_patient = true};
    buf_init(&p->seen, BUF_NO_CAP);
    p->session = fake_accept(f, now_us);
    peer_tell(p, SESSION_CONNECTED);
}

static inline void peer_end(struct peer *p)
{
    buf_release(&p->seen);
}

/* cut: octets per input, 0 for whole steps. */
static inline void peer_step(struct peer *p, const char *step, size_t cut)
{
    static const struct {
        const char *name;
        enum session_event event;
    } news[] = {{"!tls", SESSION_TLS_UP},
                {"!eof", SESSION_EOF},
                {"!reset", SESSION_RESET},
                {"!tls-failed", SESSION_TLS_FAILED}};
    for (size_t i = 0; i < COUNT(news); i++) {
        if (strcmp(step, news[i].name) == 0) {
            peer_tell(p, news[i].event);
            return;
        }
    }
    for (struct slice rest = slice_of(step); rest.n > 0;) {
        size_t n = cut > 0 && cut < rest.n ? cut : rest.n;
        peer_send(p, slice_sub(rest, 0, n));
        rest = slice_from(rest, n);
    }
}

/* '*' is any text. */
static inline bool is_like(const char *pattern, const char *text)
{
    const char *star = NULL, *back = text;
    while (*text != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            back = text;
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (star != NULL) {
            pattern = star + 1;
            text = ++back;
        } else {
            return false;
        }
    }
    while (*pattern == '*') {
        pattern++;
    }
    return *pattern == '\0';
}

static inline struct slice test_secret(const char *name, void *context)
{
    (void)context;
    return strcmp(name, "password") == 0 ? SLICE("correct horse") : slice_of("");
}

static inline struct fake *fake_of(const struct spec_server *spec, const struct registry *registry)
{
    struct fake_params params = {.spec = spec,
                                 .providers = registry,
                                 .host = "mx.example.test",
                                 .seed = 7,
                                 .wall_time = 1790000000,
                                 .secret = test_secret};
    struct fake *f = NULL;
    struct why why = {0};
    if (fake_new(&params, &f, &why) != ERR_OK) {
        fail_msg("fake_new: %s", why.text);
    }
    return f;
}

/* Plays the steps on a new fake, cut into pieces; returns what was seen (free it). */
static inline char *peer_play(const struct spec_server *spec, const struct registry *registry,
                              const char *const *steps, size_t cut)
{
    struct fake *f = fake_of(spec, registry);
    struct peer p;
    peer_begin(&p, f, 0);
    for (size_t i = 0; steps[i] != NULL; i++) {
        peer_step(&p, steps[i], cut);
    }
    const struct fake_report *r = fake_report(f);
    assert_int_equal(r->connections, 1);
    char *seen = buf_take(&p.seen);
    peer_end(&p);
    fake_free(f);
    return seen != NULL ? seen : strdup("");
}

/* The row, and the law over all rows: where the network cuts the octets changes nothing. */
static inline void peer_check(const char *name, const struct spec_server *spec,
                              const struct registry *registry, const char *const *steps,
                              const char *want)
{
    char *got = peer_play(spec, registry, steps, 0);
    if (!is_like(want, got)) {
        fail_msg("%s\n  want: %s\n  got:  %s", name, want, got);
    }
    static const size_t cuts[] = {1, 2, 3, 7};
    for (size_t i = 0; i < COUNT(cuts); i++) {
        char *other = peer_play(spec, registry, steps, cuts[i]);
        if (strcmp(other, got) != 0) {
            fail_msg("%s: cut into pieces of %zu\n  want: %s\n  got:  %s", name, cuts[i], got,
                     other);
        }
        free(other);
    }
    free(got);
}

#endif
