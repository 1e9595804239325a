/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_SUBMIT_H
#define CLUSTER_SUBMIT_H

#include "base/buf.h"
#include "cluster/receipt.h"

/** A transaction to the contract, ready to be signed. */
typedef struct cluster_call {
    base_buf data;
    cluster_fees fees;
    uint64_t nonce;
} cluster_call;

/**
 * Signs, books, sends and awaits a transaction: one round trip where the node knows
 * eth_sendRawTransactionSync (EIP-7966), else send and poll. Returns 0 when it was mined, whatever came of
 * it; UNCONFIRMED when it may have left and that is not known. `again` becomes true when the nonce or the
 * fees were refused: worth another look and try.
 */
int cluster_submit(dstack_p2p *sdk, const cluster_call *call, cluster_receipt *receipt, bool *again,
                   base_error *error);

#endif
