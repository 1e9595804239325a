/* SPDX-License-Identifier: MIT */
#include "eth/health.h"

#include "base/backoff.h"

enum { REST_FIRST_MS = 250, REST_MAX_MS = 30000, REST_PER_TIME_SPENT = 10 };

void eth_health_went_well(eth_health *health)
{
    *health = (eth_health){.was_reached = health->was_reached, .refused = health->refused};
}

static uint64_t next_rest(eth_health *health, const base_random *random)
{
    if (health->failures < UINT32_MAX) health->failures++;
    return base_backoff_ms(health->failures, REST_FIRST_MS, REST_MAX_MS, random);
}

void eth_health_failed(eth_health *health, uint64_t now_ms, uint64_t spent_ms, const base_random *random)
{
    uint64_t rest = next_rest(health, random);
    uint64_t fair = spent_ms < REST_MAX_MS ? spent_ms * REST_PER_TIME_SPENT : REST_MAX_MS;
    if (fair > REST_MAX_MS) fair = REST_MAX_MS;
    health->rests_until = now_ms + (rest > fair ? rest : fair);
}

void eth_health_limited(eth_health *health, uint64_t now_ms, uint64_t retry_after_ms,
                        const base_random *random)
{
    uint64_t rest = next_rest(health, random);
    uint64_t asked = base_random_between(random, retry_after_ms, retry_after_ms + retry_after_ms / 4);
    health->barred_until = now_ms + (retry_after_ms ? asked : rest);
}
