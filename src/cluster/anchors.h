/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_ANCHORS_H
#define CLUSTER_ANCHORS_H

#include "cluster/sdk.h"
#include "cluster/wanted.h"

/**
 * Checks the events that were found, and frees them: fetches the blocks that their statements are anchored
 * at, each once, many at a time. `head` is the newest block.
 */
int cluster_check_events(dstack_p2p *sdk, eth_rpc *rpc, registry_verifier *verifier, uint64_t head,
                         cluster_wanted_set *wanted, base_error *error);

#endif
