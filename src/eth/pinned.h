/* SPDX-License-Identifier: MIT */
#ifndef ETH_PINNED_H
#define ETH_PINNED_H

#include "eth/node.h"

/*
 * A node that is believed on one chain only.
 */

typedef struct eth_pinned {
    eth_node node;
    bool is_verified; /**< it said that it is on the pinned chain */
} eth_pinned;

/** Starts a batch whose first request asks for the chain id. */
void eth_pinned_begin(eth_batch *batch);

/**
 * eth_node_ask() that fails with WRONG_CHAIN where the node is on another chain than `*chain_id`; 0 there
 * is replaced by what the node says. A batch that does not ask for the chain is sent to a verified node
 * only: one that is not yet is asked before.
 */
int eth_pinned_ask(eth_pinned *pinned, uint64_t *chain_id, eth_batch *batch, eth_try *it, base_error *error);

#endif
