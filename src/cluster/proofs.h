/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_PROOFS_H
#define CLUSTER_PROOFS_H

#include "cluster/list.h"
#include "eth/logs.h"
#include "registry/evidence.h"

#include <pthread.h>

/*
 * What is known of the evidence for the peers of the last list. A peer that is listed in the same way again,
 * with the same address, URL and start of membership, is not checked again, whether its evidence held or not.
 */

typedef enum cluster_proof_state {
    CLUSTER_PROOF_OPEN,
    CLUSTER_PROOF_HOLDS,
    CLUSTER_PROOF_FAILED
} cluster_proof_state;

typedef struct cluster_proof {
    const cluster_peer *peer; /**< as it is listed; lives as long as the list */
    cluster_proof_state state;
    registry_verdict verdict; /**< on the last evidence that was found */
    uint64_t anchor;          /**< of the statement that holds */
    uint64_t from;            /**< open: no event of it is in the blocks before this one; 0 = not known */
    unsigned failures;        /**< in a row */
    uint64_t retry_ms;        /**< failed: not looked at before, by the handle's clock */
    bool told;                /**< the application has heard that it is left out */
} cluster_proof;

/** Hears of each event that was checked, with the hash of its anchor block, NULL when there is no such block.
 *  All of it is borrowed for the duration of the call. */
typedef void (*cluster_judged_fn)(void *context, const cluster_proof *proof, const registry_event *event,
                                  const uint8_t *anchor_hash32);

/** Shared by the threads of a handle. All zero but for the lock: nothing is known. */
typedef struct cluster_proofs {
    pthread_mutex_t lock;
    dstack_p2p_peers *list; /**< the last one, with a reference; NULL = none */
    cluster_proof *items;   /**< one for each of its peers, in its order, those that are left out included */
    size_t count;
    uint64_t due_ms; /**< when one that failed is to be looked at again; UINT64_MAX = never */
    uint64_t block;  /**< of that list, if all of it could be checked */
    eth_log_limits limits;

    uint64_t ask_root_ms; /**< the guest agent is not asked for the root before */
    uint32_t root_pause_ms;
    base_error root_problem; /**< why it did not tell the last time */
    bool told_unchecked;
} cluster_proofs;

void cluster_proofs_init(cluster_proofs *proofs);
void cluster_proofs_free(cluster_proofs *proofs);

/** One for each peer of a finished list, with what is known of it; owned by the caller, NULL = no memory. */
cluster_proof *cluster_proofs_recall(cluster_proofs *proofs, const dstack_p2p_peers *list);

/** Keeps the items, which it takes over, of a list: what was kept of another one is forgotten. */
void cluster_proofs_keep(cluster_proofs *proofs, const dstack_p2p_peers *list, cluster_proof *items,
                         size_t count);

/** Whether a list that did not change is worth reading for the sake of those who were left out. */
bool cluster_proofs_are_due(cluster_proofs *proofs, uint64_t now_ms);

/** Whether it is to be looked at now. */
bool cluster_proof_is_due(const cluster_proof *proof, uint64_t now_ms);

/**
 * Marks evidence that was looked for and does not hold, or is not there. The latter may be a node that does
 * not know its own logs yet, and is looked for again soon; the former after ten minutes. Each time twice as
 * long passes, up to six hours.
 */
void cluster_proof_fail(cluster_proof *proof, uint64_t now_ms);

#endif
