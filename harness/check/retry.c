/* SPDX-License-Identifier: Apache-2.0 */
/* Exponential back-off with jitter and a maximum. */
#include "check/retry.h"

bool retry_may(const struct spec_retry *policy, const struct diagnosis *diagnosis,
               const struct retry_facts *facts)
{
    bool is_permanent = facts->code >= 500;
    bool is_auth = slice_has_prefix(slice_of(cause_slug(diagnosis->cause)), SLICE("auth."));
    return facts->done <= policy->max && diagnosis->retry == RETRY_LATER && !is_permanent &&
           !is_auth && !facts->is_login_unknown && !facts->is_delivery_unknown;
}

int64_t retry_delay_us(const struct spec_retry *policy, size_t done, struct rng *rng)
{
    double delay = (double)policy->base_us;
    double most = policy->max_delay_us != 0 ? (double)policy->max_delay_us : 3600e6;
    for (size_t i = 1; i < done && delay < most; i++) {
        delay *= policy->factor > 0 ? policy->factor : 2.0;
    }
    delay = delay < most ? delay : most;
    double unit = (double)(rng_next(rng) >> 11) / (double)(1ull << 53); /* 0 … 1 */
    delay *= 1.0 + policy->jitter * (2.0 * unit - 1.0);
    delay = delay < most ? delay : most;
    return delay > 0 ? (int64_t)delay : 0;
}
