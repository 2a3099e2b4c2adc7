/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a fake's connection is still going to do, in order: octets, pauses, TLS, closing. Large
 * things (endless lines, garbage) are made lazily, at most OUTLET_PIECE octets at a time. Sends
 * that follow each other are joined, so that an injected line really leaves in the segment of its
 * reply.
 */
#ifndef SMTPDX_FAKESERVERS_OUTLET_H
#define SMTPDX_FAKESERVERS_OUTLET_H

#include "base/buf.h"
#include "base/rng.h"
#include "base/session.h"

enum { OUTLET_PIECE = 65536 };

enum out_kind {
    OUT_SEND,
    OUT_DRIP, /* count octets of bytes every wait_us */
    OUT_WAIT,
    OUT_START_TLS, /* holds everything behind it until outlet_tls_up */
    OUT_STOP_TLS,
    OUT_CLOSE,
    OUT_HALF_CLOSE,
    OUT_RESET,
    OUT_STOP_READING,
    OUT_READ_ON,
    OUT_ENDLESS, /* count continuation lines, bytes is their code */
    OUT_GARBAGE, /* count random octets */
};

struct out_step {
    enum out_kind kind;
    struct buf bytes;
    size_t at; /* octets, lines or random octets already out */
    size_t count;
    int64_t wait_us;
    const struct tls_setup *tls;
};

struct outlet {
    struct out_step *steps; /* a queue: first … count */
    size_t first, count, space;
    struct buf sending; /* what the last act lent to the driver */
    int64_t due_us;     /* of the pause that runs; INT64_MAX when none */
    struct rng rng;
    bool is_mute;   /* nothing more is taken to be said; closing still works */
    bool is_shut;   /* our direction is closed */
    bool is_held;   /* a TLS handshake is under way */
    bool is_closed; /* a closing act went out: DONE from now on */
};

void outlet_init(struct outlet *o, uint64_t seed);
void outlet_release(struct outlet *o);
void outlet_send(struct outlet *o, struct slice bytes);
void outlet_drip(struct outlet *o, struct slice bytes, size_t count, int64_t every_us);
void outlet_wait(struct outlet *o, int64_t wait_us);
void outlet_start_tls(struct outlet *o, const struct tls_setup *tls);
void outlet_endless(struct outlet *o, unsigned code, size_t lines);
void outlet_garbage(struct outlet *o, size_t octets);
void outlet_do(struct outlet *o, enum out_kind kind); /* STOP_TLS, CLOSE, HALF_CLOSE, RESET */
void outlet_drop(struct outlet *o);                   /* forgets what has not gone out */
bool outlet_is_empty(const struct outlet *o);
/* The next act; false when there is nothing to do (act is untouched). SESSION_WAIT while a pause
 * runs. */
bool outlet_next(struct outlet *o, int64_t now_us, struct session_act *act);

#endif
