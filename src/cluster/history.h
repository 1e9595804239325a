/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_HISTORY_H
#define CLUSTER_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The blocks that readings were made at. With their hashes it can be told apart what looks alike from its
 * numbers: a chain that went on, one that was reorganised, a node that lags behind, and another chain
 * altogether, such as a development node's that lost its state.
 */

enum { CLUSTER_HISTORY_MAX = 128 };

typedef struct cluster_past {
    uint64_t number;
    uint8_t hash32[32];
} cluster_past;

/** All zero: nothing is known. */
typedef struct cluster_history {
    cluster_past blocks[CLUSTER_HISTORY_MAX]; /**< by number, the newest last */
    size_t count;
    bool has_genesis;
    uint8_t genesis32[32]; /**< hash of block 0 */
} cluster_history;

/** Adds a block as the newest; those that it stands in place of are forgotten. */
void cluster_history_add(cluster_history *history, uint64_t number, const uint8_t hash32[static 32]);

/** The newest block; NULL when there is none. */
const cluster_past *cluster_history_newest(const cluster_history *history);

/** The newest block that is not above `number`; NULL when there is none. */
const cluster_past *cluster_history_at_most(const cluster_history *history, uint64_t number);

/** Forgets what is above `number`. */
void cluster_history_cut(cluster_history *history, uint64_t number);

#endif
