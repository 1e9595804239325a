/* SPDX-License-Identifier: MIT */
#ifndef ETH_HEALTH_H
#define ETH_HEALTH_H

#include "base/random.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What is known of an endpoint's state, free of I/O: when to ask others first, and when not to ask it at
 * all. Times are milliseconds of the clock that the caller goes by.
 */

typedef struct eth_health {
    uint32_t failures;     /**< in a row */
    uint64_t rests_until;  /**< it failed: until then others go first */
    uint64_t barred_until; /**< it limits the rate: until then it is not asked */
    bool was_reached;      /**< at least once, whatever it did then */
    bool refused;          /**< for good */
} eth_health;

/** It answered: its failures are forgotten. */
void eth_health_went_well(eth_health *health);

/**
 * It failed, after `spent_ms`. It rests for 0.25 to 30 s, doubled with each failure in a row; one that
 * takes its time to fail, ten times as long as it took, so that it costs its callers a tenth of theirs.
 */
void eth_health_failed(eth_health *health, uint64_t now_ms, uint64_t spent_ms, const base_random *random);

/**
 * It limits the rate. It is barred as long as it says, and up to a quarter longer, by chance, since others
 * were told the same; if it does not say (0), as long as it would rest.
 */
void eth_health_limited(eth_health *health, uint64_t now_ms, uint64_t retry_after_ms,
                        const base_random *random);

#endif
