/* SPDX-License-Identifier: MIT */
#include "base/random.h"

#include <sys/random.h>
#include <time.h>
#include <unistd.h>

uint32_t base_random(void)
{
    uint32_t value;
    if (getrandom(&value, sizeof value, GRND_NONBLOCK) == (ssize_t)sizeof value) return value;
    struct timespec now; /* early at boot: what differs from machine to machine */
    clock_gettime(CLOCK_REALTIME, &now);
    return ((uint32_t)now.tv_nsec ^ (uint32_t)getpid()) * UINT32_C(2654435761);
}

uint64_t base_share(uint64_t whole, uint32_t random)
{
    return (whole >> 32) * random + ((whole & UINT32_MAX) * random >> 32);
}
