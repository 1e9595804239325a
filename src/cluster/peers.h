/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_PEERS_H
#define CLUSTER_PEERS_H

#include "base/error.h"
#include "cluster/block.h"
#include "cluster/paging.h"
#include "eth/rpc.h"

/**
 * Reads the whole list with a connection of the caller's (the handle's, or the monitor's) and with what is
 * known of how much it answers at a time. NULL on failure.
 */
dstack_p2p_peers *cluster_read_peers(dstack_p2p *sdk, eth_rpc *rpc, cluster_paging *paging,
                                     base_error *error);

/**
 * The same at a block that the contract answered at before. It fails when that has left the chain; a node
 * that keeps no state of it is asked for what it has.
 */
dstack_p2p_peers *cluster_read_peers_at(dstack_p2p *sdk, eth_rpc *rpc, cluster_paging *paging,
                                        const cluster_block *block, base_error *error);

#endif
