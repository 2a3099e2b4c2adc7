/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When to try again, and after how long. Pure. Only temporary causes: never a 5xx, never auth.* (it
 * locks accounts), never a login whose answer was lost (it may have been a refusal, and the next
 * one would count), never a message whose fate is unknown (it would be sent twice).
 */
#ifndef SMTPDX_CHECK_RETRY_H
#define SMTPDX_CHECK_RETRY_H

#include "base/rng.h"
#include "diagnose/diagnose.h"
#include "scenario/spec.h"

struct retry_facts {
    size_t done;           /* attempts so far, at least 1 */
    unsigned code;         /* of the decisive reply, 0 if none */
    bool is_login_unknown; /* a credential was sent and no reply to it came */
    bool is_delivery_unknown;
};
bool retry_may(const struct spec_retry *policy, const struct diagnosis *diagnosis,
               const struct retry_facts *facts);

/* base × factor^(done-1), ± jitter (0 … 1) of itself, at most max_delay; microseconds. */
int64_t retry_delay_us(const struct spec_retry *policy, size_t done, struct rng *rng);

#endif
