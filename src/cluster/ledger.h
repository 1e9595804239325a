/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_LEDGER_H
#define CLUSTER_LEDGER_H

#include "cluster/fees.h"

/** How long a statement can be used: the blocks whose hashes a contract sees. */
enum { CLUSTER_STATEMENT_BLOCKS = 256 };

/**
 * What a handle has spent, and the last transaction it signed. A node is not believed when it says that
 * it refused one: it could keep it. So each is booked with the most it can cost before it leaves, once per
 * nonce, and only a plausible receipt corrects that.
 */
typedef struct cluster_ledger {
    eth_wei spent;     /**< within the current 24 hours */
    uint64_t since_ms; /**< when they began */
    bool has_period;

    bool live;  /**< the transaction may still be mined: its nonce is used again */
    bool raise; /**< the node has it and wants higher fees for a replacement */
    uint64_t nonce;
    cluster_fees fees;
    uint8_t hash32[32];

    uint64_t open_anchor; /**< of the last registration signed, which anybody may still submit; 0 = none */
} cluster_ledger;

/** What counts towards the ceiling now; begins a new period when one has passed. */
eth_wei cluster_ledger_spent(cluster_ledger *ledger, uint64_t now_ms);

/** What the next transaction would add to it. */
eth_wei cluster_ledger_added(const cluster_ledger *ledger, uint64_t nonce, eth_wei most);

/** Books a transaction that is about to leave. */
void cluster_ledger_book(cluster_ledger *ledger, uint64_t nonce, const cluster_fees *fees,
                         const uint8_t hash32[static 32]);

/** It was mined and cost this much. */
void cluster_ledger_settle(cluster_ledger *ledger, eth_wei cost);

/** Raises fees so that nodes take them for a replacement of the live transaction: 12.5 % on both. */
void cluster_ledger_raise(const cluster_ledger *ledger, cluster_fees *fees);

#endif
