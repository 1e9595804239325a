/* SPDX-License-Identifier: MIT */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/**
 * Time and waiting, injected so that tests can let minutes pass in no time. `wait` returns true at once
 * when `fd` is readable (fd < 0: never), false after `ms` milliseconds.
 */
typedef struct base_clock {
    uint64_t (*now_ms)(void *context); /**< monotonic */
    bool (*wait)(void *context, int fd, uint64_t ms);
    void *context;
    uint64_t (*now_us)(void *context); /**< the same clock in microseconds; NULL = it has only milliseconds */
} base_clock;

/** The system's monotonic clock and poll(). Static storage. */
const base_clock *base_clock_system(void);

uint64_t base_now_ms(const base_clock *clock);
uint64_t base_now_us(const base_clock *clock);
bool base_wait(const base_clock *clock, int fd, uint64_t ms);

/** The earlier of two times, the shorter of two pauses. */
static inline uint64_t base_sooner(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

#endif
