/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_FEES_H
#define CLUSTER_FEES_H

#include "cluster/block.h"
#include "cluster/config.h"

/** What a transaction offers, and the most it can cost. */
typedef struct cluster_fees {
    uint64_t gas_limit;
    eth_wei max_fee, max_priority_fee; /**< per gas */
    eth_wei most;                      /**< gas_limit * max_fee */
} cluster_fees;

/**
 * The gas limit of registerPeer for a URL of `url_len` bytes (0 withdraws), whatever the peer's state.
 * `is_gateway`: a gateway URL that the contract takes only under an allowed base domain, and stores no bytes
 * of.
 */
uint64_t cluster_gas_limit(size_t url_len, bool is_gateway);

/** The tip that a node suggests, in answer to eth_maxPriorityFeePerGas; a usual one where it suggests none.
 */
eth_wei cluster_read_tip(const eth_request *answer, const cluster_block *block);

/**
 * Chooses fees: twice the base fee, so that six full blocks in a row do not price the transaction out,
 * plus the tip; less where the ceilings say so. FEE_CEILING when the ceiling is below what the next block
 * asks for.
 */
int cluster_choose_fees(const cluster_config *config, const cluster_block *block, eth_wei tip,
                        uint64_t gas_limit, cluster_fees *fees, base_error *error);

/** Raises fees so that nodes take them for a replacement of what was sent with `before`: 12.5 % on both. */
void cluster_fees_raise(cluster_fees *fees, const cluster_fees *before);

/**
 * FEE_CEILING when the fees of a replacement exceed a ceiling; SPEND_CEILING when `spent` and `added`, which
 * it would add, exceed it; NO_FUNDS when the payer's balance is below the most the transaction can cost.
 */
int cluster_check_funds(const cluster_config *config, const cluster_fees *fees, eth_wei spent, eth_wei added,
                        eth_wei balance, const char *payer, base_error *error);

#endif
