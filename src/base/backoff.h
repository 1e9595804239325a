/* SPDX-License-Identifier: MIT */
#ifndef BASE_BACKOFF_H
#define BASE_BACKOFF_H

#include "base/random.h"

/**
 * How long to leave alone what has failed `failures` times in a row (1: the first time). Anything from
 * `first_ms` to twice that, by chance, so that many who failed together do not come back together; doubled
 * with each failure; never above `most_ms`, and once there from half of it on.
 */
uint64_t base_backoff_ms(uint32_t failures, uint64_t first_ms, uint64_t most_ms, const base_random *random);

#endif
