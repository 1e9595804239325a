/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_PEERS_H
#define CLUSTER_PEERS_H

#include "base/error.h"
#include "cluster/paging.h"
#include "eth/rpc.h"

/**
 * Reads the whole list with a connection of the caller's (the handle's, or the monitor's) and with what is
 * known of how much it answers at a time. NULL on failure.
 */
dstack_p2p_peers *cluster_read_peers(dstack_p2p *sdk, eth_rpc *rpc, cluster_paging *paging,
                                     base_error *error);

#endif
