/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_ANCHORS_H
#define CLUSTER_ANCHORS_H

#include "cluster/proofs.h"
#include "cluster/sdk.h"

/** A peer whose evidence is looked for, and what was found. */
typedef struct cluster_wanted {
    uint8_t instance20[20], address20[20]; /**< as it is listed */
    cluster_proof *proof;
    registry_event *event; /**< names it so; owned, NULL = none */
} cluster_wanted;

/**
 * Checks the events that were found, and frees them: fetches the blocks that their statements are anchored
 * at, each once, many at a time. `head` is the newest block.
 */
int cluster_check_events(dstack_p2p *sdk, eth_rpc *rpc, registry_verifier *verifier, uint64_t head,
                         cluster_wanted *wanted, size_t count, base_error *error);

#endif
