/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_DEPARTURES_H
#define CLUSTER_DEPARTURES_H

#include "base/error.h"
#include "eth/rpc.h"

/*
 * With two or more nodes, no single one can make a peer disappear: one that is not listed any more leaves the
 * list when another node says so too, or, where none can be asked, when it has stayed away for three blocks.
 */

enum { CLUSTER_DEPARTURE_BLOCKS = 3 };

/** A peer that is still in the list, and was missing in the reading. */
typedef struct cluster_departure {
    char instance_id[41];
    uint64_t since; /**< block of the first reading without it */
} cluster_departure;

/** All zero: none. To be freed. */
typedef struct cluster_departures {
    cluster_departure *held;
    size_t count;
    uint64_t block_number; /**< of the reading that they were missing in last */
} cluster_departures;

/**
 * Puts the peers of `before` that are missing in `list`, a reading nobody has seen yet, back into it, but for
 * those that are confirmed to be gone. With peers in it that were not checked it is not a checked list any
 * more. NO_MEMORY alone makes it fail.
 */
int cluster_departures_judge(dstack_p2p *sdk, eth_rpc *rpc, cluster_departures *departures,
                             const dstack_p2p_peers *before, dstack_p2p_peers *list, base_error *error);

void cluster_departures_free(cluster_departures *departures);

#endif
