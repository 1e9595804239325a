/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_TOUCHED_H
#define CLUSTER_TOUCHED_H

#include "cluster/history.h"
#include "registry/events.h"

#include <stddef.h>

/*
 * The instances that log entries say something happened to, so that these can be read again instead of all.
 * That is enough as long as the entries account for each step of the membership version, and are of blocks
 * that are on the chain: branches of it count the same steps.
 */

/* All of it fits into one batch. */
enum { CLUSTER_TOUCHED_MAX = 16, CLUSTER_TOUCHED_BLOCKS = 4 };

/** All zero: none. */
typedef struct cluster_touched {
    uint8_t instances[CLUSTER_TOUCHED_MAX][20];
    uint64_t versions[CLUSTER_TOUCHED_MAX];      /**< that the entries moved the membership to, each once */
    cluster_past blocks[CLUSTER_TOUCHED_BLOCKS]; /**< of these entries */
    size_t count, version_count, block_count;
    bool everything; /**< something happened that is not told by instances, or too much */
} cluster_touched;

/** Adds an entry. */
void cluster_touched_add(cluster_touched *touched, const registry_event *event);

/** Whether reading these instances again brings a list from one version to the other. */
bool cluster_touched_covers(const cluster_touched *touched, uint64_t from, uint64_t to);

#endif
