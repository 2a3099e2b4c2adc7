/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When to try again, and after how long. Pure. Only temporary causes: never a 5xx, never auth.* (it
 * locks accounts), never a message whose fate is unknown (it would be sent twice).
 */
#ifndef SMTPDX_RUN_RETRY_H
#define SMTPDX_RUN_RETRY_H

#include "base/rng.h"
#include "diagnose/diagnose.h"
#include "scenario/spec.h"

/* done: attempts so far, at least 1. code: of the decisive reply, 0 if none. */
bool retry_may(const struct spec_retry *policy, size_t done, const struct diagnosis *diagnosis,
               unsigned code, bool delivery_unknown);

/* base × factor^(done-1), at most max_delay, then ± jitter (0 … 1) of itself; microseconds. */
int64_t retry_delay_us(const struct spec_retry *policy, size_t done, struct rng *rng);

#endif
