/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_LOOK_H
#define CLUSTER_LOOK_H

#include "cluster/block.h"
#include "cluster/sdk.h"
#include "registry/membership.h"

/** All that one look at the chain tells before registering. */
typedef struct cluster_view {
    cluster_block block;
    uint64_t nonce; /**< of the next transaction: the live one's, while that may still be mined */
    eth_wei balance, tip;
    registry_state state;
} cluster_view;

/**
 * Looks, in one round trip, and brings the ledger up to date with what became of a live transaction. With
 * `url` to be registered, "" to withdraw.
 */
int cluster_look(cluster_session *session, const char *url, cluster_view *seen, base_error *error);

/** The same until there is a block that the contract takes as an anchor, or nothing is to be done: usually
 *  there is. Up to `end_ms`. */
int cluster_look_with_anchor(cluster_session *session, const char *url, uint64_t end_ms, cluster_view *seen,
                             base_error *error);

#endif
