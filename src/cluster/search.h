/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_SEARCH_H
#define CLUSTER_SEARCH_H

#include "cluster/proofs.h"
#include "cluster/sdk.h"

/*
 * Finding the events that stand behind the peers of a list, and checking them.
 *
 * A list says since when a peer is a member, not in which block it registered. Its event is in the first
 * block of that time, or in a later one when it has changed its URL or key since, or has registered again
 * after a tightening. So the search goes forward from the earliest start of membership, in as large steps as
 * the node allows, and leaves out the blocks in which nobody who is still looked for was a member.
 *
 * Any event that names the peer with this address and URL will do, not the last one only: see
 * registry/evidence.h for what that proves.
 */

/** What is searched for, and where. */
typedef struct cluster_search {
    dstack_p2p *sdk;
    eth_rpc *rpc;
    registry_verifier verifier;
    uint64_t block; /**< the list's */
    uint64_t now_ms;
    uint64_t known; /**< an earlier list's that was checked; 0 = none */
    eth_log_limits limits;
    cluster_judged_fn judged; /**< for who wants to see the evidence itself; NULL = nobody */
    void *judged_context;
} cluster_search;

/**
 * Looks for the evidence of all proofs that are due. On success each holds, or has a verdict that says why
 * not; on failure those that were found hold, and the others know how far the search has come.
 */
int cluster_search_evidence(cluster_search *search, cluster_proof *proofs, size_t count, base_error *error);

#endif
