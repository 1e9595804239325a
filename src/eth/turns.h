/* SPDX-License-Identifier: MIT */
#ifndef ETH_TURNS_H
#define ETH_TURNS_H

#include "eth/health.h"

#include <stddef.h>

/*
 * Whose turn it is in one call, free of I/O. A call goes in rounds: in each, every endpoint that may be
 * asked has one turn.
 */

enum {
    /** A node that could never be reached is hardly one that restarts: more likely the URL is wrong. Asking
     * it again does not begin later than so long after the call did. */
    ETH_TURNS_STRANGER_MS = 2000
};

typedef struct eth_turns {
    const eth_health *health; /**< of the endpoints, in order of preference; borrowed */
    size_t count;             /**< at most 32 */
    uint64_t start_ms;        /**< of the call */
    uint32_t had;             /**< a bit for each that had its turn in this round */
    uint32_t out;             /**< and for each that gets no more turn in this call */
} eth_turns;

/**
 * The endpoint that is next in this round: the first that is neither resting nor barred, else the one whose
 * rest ends first. False when the round is over.
 */
bool eth_turns_next(const eth_turns *turns, uint64_t now_ms, size_t *index);

/** How many still have their turn in this round. */
size_t eth_turns_left(const eth_turns *turns, uint64_t now_ms);

/** When another round can begin, if endpoints are left alone for `pause_ms`; UINT64_MAX: it helps nobody. */
uint64_t eth_turns_again(const eth_turns *turns, uint64_t now_ms, uint64_t pause_ms);

#endif
