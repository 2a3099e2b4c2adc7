/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every fault at every octet: one side's stream of a whole conversation, from the greeting to the
 * message's acceptance and QUIT, is cut, stalled, reset or garbled at each position, in simulation.
 * The laws, whatever happens:
 *   - the probe ends, in bounded (virtual) time, and so does the fake's side;
 *   - it names a stage, and a fault or a reply that tells why, unless it got all it wanted;
 *   - no form of the credential ever crosses outside TLS (pair.h), and none at all before TLS is
 * up;
 *   - it never says that an account is usable without having seen the 235 inside verified TLS;
 *   - it says that the message was accepted only if the server has it, and whole; and if the server
 * has it, the probe never says that it was not delivered: it knows, or it says that it does not.
 */
#ifndef SMTPDX_TESTS_RUN_SWEEP_H
#define SMTPDX_TESTS_RUN_SWEEP_H

#include "pair.h"

/* Every position; with AddressSanitizer, which is six times slower, every fifth. */
#ifdef __SANITIZE_ADDRESS__
enum { SWEEP_STEP = 5 };
#else
enum { SWEEP_STEP = 1 };
#endif

enum {
    SWEEP_LONGEST_S = 3600,
    SWEEP_WHOLE_IN_A_ROW = 120,
    SWEEP_GARBLED_BEHIND = 64, /* positions behind the undisturbed stream that are garbled too */
    SWEEP_POSITIONS_MAX = 20000,
};

#define SWEEP_MESSAGE                                                                              \
    "From: jane@gmail.com\r\nTo: rcpt@example.net\r\nSubject: sweep\r\n\r\n.one\r\n..\r\ntwo\r\n"

struct sweep {
    const char *name;
    enum security security;
    bool is_of_dialler;
    enum link_fault fault;
};

static inline void sweep_fail(const struct sweep *s, uint64_t at, const char *what)
{
    fail_msg("%s at %llu: %s", s->name, (unsigned long long)at, what);
}

static inline bool sweep_is_whole(struct slice got)
{
    return slice_eq(got, SLICE(SWEEP_MESSAGE));
}

static inline void sweep_judge_message(const struct sweep *s, struct pair *p, uint64_t at)
{
    const struct client_report *r = client_report(p->client);
    const struct fake_report *saw = fake_report(p->fake);
    if (saw->message_count > 1) {
        sweep_fail(s, at, "the message was taken twice");
    }
    bool has_it = saw->message_count == 1;
    if (r->mail_accepted && (!has_it || !sweep_is_whole(saw->messages[0].data))) {
        sweep_fail(s, at, "accepted, but the server does not have the message");
    }
    if (has_it && !r->mail_accepted && !r->delivery_unknown) {
        sweep_fail(s, at, "the server has the message and the probe says that it has not");
    }
    if (r->outcome == OUTCOME_OK && !r->mail_accepted) {
        sweep_fail(s, at, "ok, but nothing was accepted");
    }
}

static inline void sweep_judge(const struct sweep *s, struct pair *p, uint64_t at)
{
    const struct client_report *r = client_report(p->client);
    if (!p->is_done) {
        sweep_fail(s, at, "the probe did not end");
    }
    if (world_now_us(p->world) > SWEEP_LONGEST_S * INT64_C(1000000)) {
        sweep_fail(s, at, "it took more than an hour");
    }
    if (r->stage == STAGE_NONE ||
        (r->outcome != OUTCOME_OK && r->fault == FAULT_NONE && r->reply.code == 0)) {
        sweep_fail(s, at, "no stage, or no reason");
    }
    if (r->fault != FAULT_NONE && fault_cause(r->fault)[0] == '\0') {
        sweep_fail(s, at, "a fault without a cause");
    }
    if (r->outcome == OUTCOME_OK && (!r->auth_accepted || !r->tls_facts.is_verified)) {
        sweep_fail(s, at, "usable without proof");
    }
    if (r->auth_sent && (!r->auth_inside_tls || !r->tls_facts.is_verified)) {
        sweep_fail(s, at, "AUTH outside verified TLS");
    }
    sweep_judge_message(s, p, at);
}

static inline enum client_outcome sweep_play(const struct bench *bench, struct sweep *s,
                                             uint64_t at, size_t chunk)
{
    struct pair_plan plan = {.link = {.fault = s->fault,
                                      .is_of_dialler = s->is_of_dialler,
                                      .at_octet = at,
                                      .chunk = chunk,
                                      .latency_us = chunk != 0 ? 10 : 0},
                             .security = s->security,
                             .until = STAGE_BODY,
                             .message = SLICE(SWEEP_MESSAGE)};
    struct spec_server spec;
    struct pair p;
    pair_play(&p, bench, &plan, &spec);
    sweep_judge(s, &p, at);
    enum client_outcome outcome = client_report(p.client)->outcome;
    pair_release(&p);
    return outcome;
}

/*
 * Every position. A fault that ends the conversation is swept until it strikes behind the end,
 * again and again (signatures vary in length by some octets); that also tells how long the stream
 * is. A garbled octet is often harmless text, so those positions are counted.
 */
static inline void sweep_all(const struct bench *bench, struct sweep s, uint64_t *length)
{
    uint64_t at = 0;
    unsigned whole = 0;
    bool is_counted = s.fault == LINK_FAULT_GARBLE;
    uint64_t end = is_counted ? *length + SWEEP_GARBLED_BEHIND : SWEEP_POSITIONS_MAX;
    for (; at < end && (is_counted || whole < SWEEP_WHOLE_IN_A_ROW); at += SWEEP_STEP) {
        whole = sweep_play(bench, &s, at, 0) == OUTCOME_OK ? whole + SWEEP_STEP : 0;
    }
    print_message("%s: %llu positions\n", s.name, (unsigned long long)at);
    assert_in_range(at, 700,
                    SWEEP_POSITIONS_MAX - 1); /* a handshake, AUTH and a message are more */
    *length = is_counted ? *length : at;
}

/* The four faults on one side's stream, after it has been played whole and one octet at a time. */
static inline void sweep_side(const struct bench *bench, const char *name, enum security security,
                              bool is_of_dialler)
{
    static const struct {
        enum link_fault fault;
        const char *name;
    } faults[] = {{LINK_FAULT_CUT, "cut"},
                  {LINK_FAULT_STALL, "stalled"},
                  {LINK_FAULT_RESET, "reset"},
                  {LINK_FAULT_GARBLE, "garbled"}};
    struct sweep s = {.name = name, .security = security, .is_of_dialler = is_of_dialler};
    uint64_t length = 0;
    assert_int_equal(sweep_play(bench, &s, 0, 0), OUTCOME_OK);
    assert_int_equal(sweep_play(bench, &s, 0, 1), OUTCOME_OK);
    for (size_t i = 0; i < COUNT(faults); i++) {
        char text[64];
        snprintf(text, sizeof text, "%s, %s", name, faults[i].name);
        s.name = text;
        s.fault = faults[i].fault;
        sweep_all(bench, s, &length);
    }
}

#endif
