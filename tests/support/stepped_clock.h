/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_STEPPED_CLOCK_H
#define SUPPORT_STEPPED_CLOCK_H

#include "base/clock.h"

#include <pthread.h>

/*
 * A clock that a test moves. The thread under test waits in it without any time passing but what the test
 * allows: an hour takes as long as the work that is done in it, and the test knows when nothing is left to
 * do. One thread waits, any may ask what time it is.
 */

typedef struct stepped_clock {
    base_clock clock;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t settled;
    uint64_t now, limit;  /* time passes in waits, up to the limit */
    uint64_t asked, idle; /* numbers of steps: the last one, and the last one that is through */
    uint64_t jump;        /* that the next wait is longer by */
    int step_fd;          /* readable: there is a new step */
} stepped_clock;

/** Sets it up, in place. `&it->clock` is the clock. */
void stepped_clock_init(stepped_clock *it);
void stepped_clock_free(stepped_clock *it);

/** Lets time pass, and returns when it has, and the thread waits with nothing to do. Ends the test when that
 *  does not come about. */
void stepped_clock_pass(stepped_clock *it, uint64_t ms);

/** The next wait lasts so much longer than it should, as when the machine slept. */
void stepped_clock_oversleep(stepped_clock *it, uint64_t ms);

/** The machine was started anew, and its clock shows this. Only while no thread waits. */
void stepped_clock_restart(stepped_clock *it, uint64_t now_ms);

#endif
