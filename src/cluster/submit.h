/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_SUBMIT_H
#define CLUSTER_SUBMIT_H

#include "base/buf.h"
#include "cluster/fees.h"

/** A transaction to the contract, ready to be signed. */
typedef struct cluster_call {
    base_buf data;
    cluster_fees fees;
    uint64_t nonce;
} cluster_call;

/** What became of it. */
typedef struct cluster_receipt {
    bool mined; /**< false: refused before it was sent (see submit's code) */
    bool succeeded;
    bool nonce_taken; /**< refused because another transaction used the nonce: worth another try */
    uint64_t block_number, gas_used;
    eth_wei gas_price;
    uint8_t hash32[32];
} cluster_receipt;

/**
 * Signs, sends and awaits a transaction: one round trip where the node knows
 * eth_sendRawTransactionSync (EIP-7966), else send and poll. Books its cost. Returns 0 when it was mined,
 * whatever came of it; UNCONFIRMED when that is not known.
 */
int cluster_submit(dstack_p2p *sdk, const cluster_call *call, cluster_receipt *receipt, base_error *error);

#endif
