/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include <limits.h>
#include <poll.h>
#include <time.h>

static uint64_t system_now_us(void *context)
{
    struct timespec now;
    (void)context;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static uint64_t system_now(void *context)
{
    return system_now_us(context) / 1000;
}

static bool system_wait(void *context, int fd, uint64_t ms)
{
    uint64_t end = system_now(context) + ms;
    for (uint64_t now = end - ms; now < end; now = system_now(context)) {
        struct pollfd item = {.fd = fd, .events = POLLIN};
        uint64_t left = end - now;
        if (poll(&item, 1, left > INT_MAX ? INT_MAX : (int)left) > 0) return true;
    }
    return false;
}

const base_clock *base_clock_system(void)
{
    static const base_clock clock = {.now_ms = system_now, .wait = system_wait, .now_us = system_now_us};
    return &clock;
}

uint64_t base_now_ms(const base_clock *clock)
{
    return clock->now_ms(clock->context);
}

uint64_t base_now_us(const base_clock *clock)
{
    return clock->now_us ? clock->now_us(clock->context) : clock->now_ms(clock->context) * 1000;
}

bool base_wait(const base_clock *clock, int fd, uint64_t ms)
{
    return clock->wait(clock->context, fd, ms);
}
