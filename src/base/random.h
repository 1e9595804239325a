/* SPDX-License-Identifier: MIT */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdint.h>

/** 32 bits from the system, to spread what would else happen everywhere at once. Not for secrets. Any thread.
 */
uint32_t base_random(void);

/** The share random / 2^32 of `whole`. */
uint64_t base_share(uint64_t whole, uint32_t random);

#endif
