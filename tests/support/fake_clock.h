/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_FAKE_CLOCK_H
#define SUPPORT_FAKE_CLOCK_H

#include "base/clock.h"

#include <stdatomic.h>
#include <stddef.h>

/*
 * The system's clock, but nobody waits: whoever would is told at once that the time has passed. What really
 * takes its time, like an answer, still does. Any thread.
 */

enum { FAKE_WAITS_MAX = 64 };

typedef struct fake_clock {
    base_clock clock;
    _Atomic uint64_t skipped;               /* of all waits */
    _Atomic uint64_t waits[FAKE_WAITS_MAX]; /* the first ones, in ms */
    atomic_size_t count;                    /* of all of them */
    void (*at_wait)(void *context);         /* called before each; may be NULL */
    void *context;
} fake_clock;

/** Sets it up, in place. `&it->clock` is the clock. */
void fake_clock_init(fake_clock *it);

/** Lets time pass. */
void fake_clock_skip(fake_clock *it, uint64_t ms);

/** Forgets the waits so far. */
void fake_clock_forget(fake_clock *it);

#endif
