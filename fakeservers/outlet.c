/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue of what a fake still does. Never sleeps: a pause is a deadline that the driver is told.
 */
#include "fakeservers/outlet.h"

#include <stdlib.h>
#include <string.h>

void outlet_init(struct outlet *o, uint64_t seed)
{
    *o = (struct outlet){.due_us = INT64_MAX};
    buf_init(&o->sending, BUF_NO_CAP);
    rng_init(&o->rng, seed);
}

void outlet_drop(struct outlet *o)
{
    for (size_t i = o->first; i < o->count; i++) {
        buf_release(&o->steps[i].bytes);
    }
    o->first = o->count = 0;
    o->due_us = INT64_MAX;
}

void outlet_release(struct outlet *o)
{
    outlet_drop(o);
    buf_release(&o->sending);
    free(o->steps);
    o->steps = NULL;
    o->space = 0;
}

bool outlet_is_empty(const struct outlet *o)
{
    return o->first == o->count;
}

static struct out_step *outlet_push(struct outlet *o, enum out_kind kind)
{
    if (outlet_is_empty(o)) {
        o->first = o->count = 0;
    }
    if (o->count == o->space) {
        o->space = o->space ? 2 * o->space : 8;
        o->steps = mem_realloc(o->steps, o->space * sizeof *o->steps);
    }
    struct out_step *step = &o->steps[o->count++];
    *step = (struct out_step){.kind = kind};
    buf_init(&step->bytes, BUF_NO_CAP);
    return step;
}

void outlet_send(struct outlet *o, struct slice bytes)
{
    if (o->is_mute || bytes.n == 0) {
        return;
    }
    struct out_step *last = outlet_is_empty(o) ? NULL : &o->steps[o->count - 1];
    if (last == NULL || last->kind != OUT_SEND) {
        last = outlet_push(o, OUT_SEND);
    }
    buf_add(&last->bytes, bytes);
}

void outlet_drip(struct outlet *o, struct slice bytes, size_t count, int64_t every_us)
{
    if (o->is_mute || bytes.n == 0) {
        return;
    }
    struct out_step *step = outlet_push(o, OUT_DRIP);
    buf_add(&step->bytes, bytes);
    step->count = count > 0 ? count : 1;
    step->wait_us = every_us;
}

void outlet_wait(struct outlet *o, int64_t wait_us)
{
    if (wait_us > 0) {
        outlet_push(o, OUT_WAIT)->wait_us = wait_us;
    }
}

void outlet_start_tls(struct outlet *o, const struct tls_setup *tls)
{
    if (!o->is_mute) {
        outlet_push(o, OUT_START_TLS)->tls = tls;
    }
}

void outlet_endless(struct outlet *o, unsigned code, size_t lines)
{
    if (!o->is_mute) {
        struct out_step *step = outlet_push(o, OUT_ENDLESS);
        buf_addf(&step->bytes, "%03u-", code);
        step->count = lines;
    }
}

void outlet_garbage(struct outlet *o, size_t octets)
{
    if (!o->is_mute) {
        outlet_push(o, OUT_GARBAGE)->count = octets;
    }
}

void outlet_do(struct outlet *o, enum out_kind kind)
{
    outlet_push(o, kind);
}

static void outlet_pop(struct outlet *o)
{
    buf_release(&o->steps[o->first].bytes);
    o->first++;
}

/* Each of these puts the next octets into o->sending; true when the step has nothing more. */
static bool step_send(struct outlet *o, struct out_step *step)
{
    struct slice rest = slice_from(buf_slice(&step->bytes), step->at);
    size_t n = rest.n < OUTLET_PIECE ? rest.n : OUTLET_PIECE;
    buf_add(&o->sending, slice_sub(rest, 0, n));
    step->at += n;
    return step->at == step->bytes.n;
}

static bool step_drip(struct outlet *o, struct out_step *step)
{
    struct slice rest = slice_from(buf_slice(&step->bytes), step->at);
    size_t n = rest.n < step->count ? rest.n : step->count;
    n = n < OUTLET_PIECE ? n : OUTLET_PIECE;
    buf_add(&o->sending, slice_sub(rest, 0, n));
    step->at += n;
    return step->at == step->bytes.n;
}

static bool step_endless(struct outlet *o, struct out_step *step)
{
    while (step->at < step->count && o->sending.n < OUTLET_PIECE - 64) {
        buf_addf(&o->sending, "%sX-ENDLESS %zu\r\n", buf_text(&step->bytes), step->at);
        step->at++;
    }
    return step->at == step->count;
}

static bool step_garbage(struct outlet *o, struct out_step *step)
{
    while (step->at < step->count && o->sending.n < OUTLET_PIECE) {
        buf_add_char(&o->sending, (char)(unsigned char)rng_below(&o->rng, 256));
        step->at++;
    }
    return step->at == step->count;
}

typedef bool (*step_fn)(struct outlet *o, struct out_step *step);

/* clang-format off */
/* What a step makes the driver do; a NULL maker has no octets. */
static const struct out_rule {
    enum session_act_kind act;
    step_fn make;
    bool ends;  /* the connection is over after it */
    bool mutes; /* our direction is closed after it */
    bool holds; /* nothing follows until TLS is up */
} rules[] = {
    [OUT_SEND]       = { SESSION_SEND,       step_send,    false, false, false },
    [OUT_DRIP]       = { SESSION_SEND,       step_drip,    false, false, false },
    [OUT_WAIT]       = { SESSION_WAIT,       NULL,         false, false, false },
    [OUT_START_TLS]  = { SESSION_START_TLS,  NULL,         false, false, true  },
    [OUT_STOP_TLS]   = { SESSION_STOP_TLS,   NULL,         false, false, false },
    [OUT_CLOSE]      = { SESSION_CLOSE,      NULL,         true,  true,  false },
    [OUT_HALF_CLOSE] = { SESSION_HALF_CLOSE, NULL,         false, true,  false },
    [OUT_RESET]      = { SESSION_RESET_NOW,  NULL,         true,  true,  false },
    [OUT_STOP_READING] = { SESSION_STOP_READING, NULL,     false, false, false },
    [OUT_READ_ON]    = { SESSION_READ_ON,    NULL,         false, false, false },
    [OUT_ENDLESS]    = { SESSION_SEND,       step_endless, false, false, false },
    [OUT_GARBAGE]    = { SESSION_SEND,       step_garbage, false, false, false },
};
/* clang-format on */

/* Starts a pause, or ends it. True while it runs. */
static bool outlet_pauses(struct outlet *o, int64_t now_us, int64_t wait_us)
{
    if (o->due_us == INT64_MAX) {
        o->due_us = wait_us > INT64_MAX - 1 - now_us ? INT64_MAX - 1 : now_us + wait_us;
    }
    if (now_us < o->due_us) {
        return true;
    }
    o->due_us = INT64_MAX;
    return false;
}

/* Octets of a step; false when it gave none. */
static bool outlet_emit(struct outlet *o, struct out_step *step, struct session_act *act)
{
    bool is_dropped = o->is_shut;
    buf_reset(&o->sending);
    bool is_finished = is_dropped || rules[step->kind].make(o, step);
    if (is_finished) {
        outlet_pop(o);
    } else if (step->kind == OUT_DRIP) {
        o->due_us = 0; /* a pause follows; see outlet_next */
    }
    *act = (struct session_act){.kind = SESSION_SEND, .bytes = buf_slice(&o->sending)};
    return o->sending.n > 0;
}

static bool outlet_act(struct outlet *o, const struct out_step *step, struct session_act *act)
{
    const struct out_rule *rule = &rules[step->kind];
    bool is_dropped = o->is_shut && rule->holds;
    *act = (struct session_act){.kind = rule->act, .tls = step->tls};
    o->is_closed = rule->ends;
    o->is_shut = o->is_shut || rule->mutes;
    o->is_mute = o->is_mute || rule->mutes;
    o->is_held = rule->holds && !is_dropped;
    outlet_pop(o);
    return !is_dropped;
}

bool outlet_next(struct outlet *o, int64_t now_us, struct session_act *act)
{
    while (!outlet_is_empty(o)) {
        struct out_step *step = &o->steps[o->first];
        bool is_dripping = step->kind == OUT_DRIP && step->at > 0;
        if (o->is_closed || o->is_held) {
            return false;
        }
        if (is_dripping && o->due_us == 0) {
            o->due_us = INT64_MAX;
        }
        if ((is_dripping || step->kind == OUT_WAIT) && outlet_pauses(o, now_us, step->wait_us)) {
            *act = (struct session_act){.kind = SESSION_WAIT};
            return true;
        }
        if (step->kind == OUT_WAIT) {
            outlet_pop(o);
        } else if (rules[step->kind].make != NULL ? outlet_emit(o, step, act)
                                                  : outlet_act(o, step, act)) {
            return true;
        }
    }
    return false;
}
