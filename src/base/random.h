/* SPDX-License-Identifier: MIT */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdint.h>

/** Numbers nobody can tell before, injected so that tests can. For pauses, not for keys. */
typedef struct base_random {
    uint64_t (*next)(void *context); /**< any of the 64-bit numbers */
    void *context;
} base_random;

/** The kernel's. Static storage. */
const base_random *base_random_system(void);

/** A number from `low` to `high`, both included. */
uint64_t base_random_between(const base_random *random, uint64_t low, uint64_t high);

/** 32 bits of the kernel's; any thread. */
uint32_t base_dice(void);

/** The share dice / 2^32 of `whole`. */
uint64_t base_share(uint64_t whole, uint32_t dice);

#endif
