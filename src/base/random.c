/* SPDX-License-Identifier: MIT */
#include "base/random.h"

#include <sys/random.h>
#include <time.h>

static uint64_t system_next(void *context)
{
    uint64_t number;
    struct timespec now;
    (void)context;
    if (getrandom(&number, sizeof number, GRND_NONBLOCK) == sizeof number) return number;
    /* Early at boot the kernel has none yet: two machines' nanoseconds differ, too. */
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_nsec * UINT64_C(0x9e3779b97f4a7c15);
}

const base_random *base_random_system(void)
{
    static const base_random random = {system_next, 0};
    return &random;
}

uint64_t base_random_between(const base_random *random, uint64_t low, uint64_t high)
{
    uint64_t number = random->next(random->context), span = high - low;
    return span == UINT64_MAX ? number : low + number % (span + 1);
}

uint32_t base_dice(void)
{
    return (uint32_t)base_random_between(base_random_system(), 0, UINT32_MAX);
}

uint64_t base_share(uint64_t whole, uint32_t dice)
{
    return (whole >> 32) * dice + ((whole & UINT32_MAX) * dice >> 32);
}
