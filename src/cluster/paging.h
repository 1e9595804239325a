/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_PAGING_H
#define CLUSTER_PAGING_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How many peers to ask a node for at a time: as many as it has answered so far. Kept with the connection,
 * so that a limit is met once and not with every reading. All zero: nothing is known yet.
 */

enum { CLUSTER_PAGE_MAX = 2000 };

typedef struct cluster_paging {
    uint32_t size;   /**< 0 = the largest */
    uint32_t smooth; /**< readings without a refusal since the size last changed */
} cluster_paging;

uint32_t cluster_paging_size(const cluster_paging *paging);

/** A page was too much for the node: half of it from now on. False when there is nothing left to halve. */
bool cluster_paging_shrink(cluster_paging *paging);

/**
 * A whole list was read. Once in a while the size doubles again, for the node may only have been busy; one
 * that has a limit refuses one request every so many readings.
 */
void cluster_paging_went_well(cluster_paging *paging);

#endif
