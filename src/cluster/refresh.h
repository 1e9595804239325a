/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_REFRESH_H
#define CLUSTER_REFRESH_H

#include "cluster/head.h"
#include "cluster/touched.h"
#include "eth/rpc.h"

/**
 * A new list from the one before: the instances that were touched are read again, at the block of the look,
 * all others are as they were. NULL on failure, which reading the whole list may be a remedy for.
 */
dstack_p2p_peers *cluster_refresh(dstack_p2p *sdk, eth_rpc *rpc, const dstack_p2p_peers *before,
                                  const cluster_touched *touched, const cluster_head *head,
                                  base_error *error);

#endif
