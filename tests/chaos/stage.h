/* SPDX-License-Identifier: MIT */
#ifndef TESTS_CHAOS_STAGE_H
#define TESTS_CHAOS_STAGE_H

#include "chaos/recorder.h"
#include "support/stepped_clock.h"

#include <stdatomic.h>

/*
 * A monitor that watches a simulated chain by a clock that stands still until it is told to go on. While it
 * stands the monitor rests, so whatever is done to the chain then happens at one moment.
 */

enum { STAGE_POLL_MS = 2000, STAGE_SAFETY_MS = 10000 };

typedef struct stage_options {
    size_t nodes; /**< 0 = 1 */
    uint64_t salt;
    dstack_p2p_block block;
    bool no_sockets; /**< from the beginning */
    bool verbose;    /**< writes down what the monitor logs */
    const char *cache_file;
} stage_options;

typedef struct stage {
    stage_options options;
    fake_network *network;
    stepped_clock clock;
    dstack_p2p *sdk;
    recorder recorder;
    atomic_uint given_up; /**< subscriptions that were found to be no use */
} stage;

/** Starts everything, and lets the monitor read the first list. Ends the test when that fails. */
void stage_open(stage *it, const stage_options *options);
void stage_close(stage *it); /**< also one that is not open */

/** Lets time pass, until the monitor rests. */
void stage_pass(stage *it, uint64_t ms);

/** Lets what is on its way arrive, until so many changes were told or it does not seem to come. No time
 * passes. */
void stage_arrive(stage *it, size_t told);

/** Locks the network for a change of the chain, and ends it: mines, announces, unlocks. */
fake_chain *stage_begin(stage *it);
void stage_mine(stage *it);

/** Both with one transaction in between: registers at a URL, or takes out. */
void stage_register(stage *it, unsigned instance, uint32_t url);
void stage_remove(stage *it, unsigned instance);

/** Changes a node's faults, and announces what that makes of the chain. */
void stage_set_faults(stage *it, size_t node, network_faults faults);

/** Changes told so far. */
size_t stage_told(const stage *it);

dstack_p2p_status stage_status(stage *it);

/** Whether the monitor's list is the contract's at the block that it reads. Says how not. */
bool stage_is_right(stage *it);

#endif
