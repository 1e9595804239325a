/* SPDX-License-Identifier: MIT */
#ifndef TESTS_CHAOS_SCHEDULE_H
#define TESTS_CHAOS_SCHEDULE_H

#include "dstack_p2p.h"

/*
 * A schedule of changes of the membership and of faults that come and go, all drawn from a seed, with a
 * monitor that watches. Every now and then all faults end, and the list must be the contract's.
 */

typedef struct schedule_options {
    uint64_t seed;
    uint64_t changes; /**< of the membership, at least */
    size_t nodes;     /**< 1 or 2 */
    bool reorganises;
    dstack_p2p_block block;
    bool verbose;
} schedule_options;

typedef struct schedule_counts {
    uint64_t changes, blocks, reorganisations, faults, checks, requests, told, virtual_ms;
} schedule_counts;

/** Runs one. False, after having said what was wrong and by which seed, when something was. */
bool schedule_run(const schedule_options *options, schedule_counts *counts);

#endif
