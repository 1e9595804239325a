/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_HEAD_H
#define CLUSTER_HEAD_H

#include "cluster/block.h"
#include "cluster/history.h"
#include "eth/rpc.h"

/** What one look at the contract tells: one small batch, whatever the number of peers. */
typedef struct cluster_head {
    cluster_block block; /**< that the handle reads at */
    uint64_t version;    /**< of the membership */
    bool reorganised;    /**< blocks that were seen before are not on the chain any more */
} cluster_head;

/**
 * Looks, and judges the node's block by those seen before: on success it is added to them. A node that is
 * behind what was seen already, on the same chain, fails with RPC_ANSWER, for its older state would make
 * peers leave and come that did not; one on another history with WRONG_CHAIN.
 */
int cluster_read_head(dstack_p2p *sdk, eth_rpc *rpc, cluster_history *history, cluster_head *head,
                      base_error *error);

#endif
