/* SPDX-License-Identifier: MIT */
#include "base/backoff.h"

uint64_t base_backoff_ms(uint32_t failures, uint64_t first_ms, uint64_t most_ms, const base_random *random)
{
    uint64_t high = first_ms;
    do
        high = high < most_ms / 2 ? high * 2 : most_ms;
    while (failures-- > 1 && high < most_ms);
    return base_random_between(random, high / 2, high);
}
