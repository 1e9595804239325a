/* SPDX-License-Identifier: MIT */
#ifndef TESTS_CHAOS_RECORDER_H
#define TESTS_CHAOS_RECORDER_H

#include "dstack_p2p.h"
#include "support/fake_network.h"

/*
 * Listens to a monitor, and checks whether what it tells can be true: each change is one from the list
 * before to the list it comes with, and each list is the membership at a block that there was.
 */

enum { RECORDER_BLOCKS = 32 };

typedef struct recorder {
    fake_network *network;
    bool reads_pages;                /**< of several, so that leases may end between two */
    bool keeps;                      /**< peers may be kept for some blocks after they were found missing */
    dstack_p2p_peers *before, *list; /**< of the reading that is being told */
    bool told[CHAIN_INSTANCES];      /**< changes of it */
    uint64_t missing_since[CHAIN_INSTANCES]; /**< block of the first list that kept it; 0 = it is not kept */
    uint64_t noted_at[CHAIN_INSTANCES];      /**< blocks that had been made then */
    uint64_t explained[RECORDER_BLOCKS];
    size_t explained_count;
    size_t calls, readings, joined, left, changed;
    char failure[512]; /**< the first thing that was wrong; "" = nothing */
} recorder;

/** The monitor's callback; its context is the recorder. */
void recorder_on_change(void *context, const dstack_p2p_change *change, const dstack_p2p_peers *peers);

/** Checks the end of the last reading; to be called while the monitor rests. True when all was well. */
bool recorder_is_content(recorder *it);

/** Whether a list is the membership at a block: the same peers with the same records. */
bool recorder_fits(const recorder *it, const dstack_p2p_peers *list, const chain_block *block);

/** Writes a list, or a block's members, down for a person. */
void recorder_print_list(const dstack_p2p_peers *list);
void recorder_print_block(const chain_block *block);

void recorder_free(recorder *it);

#endif
