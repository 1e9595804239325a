/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_SUBMIT_H
#define CLUSTER_SUBMIT_H

#include "cluster/prepare.h"
#include "cluster/receipt.h"

/**
 * Signs a transaction, books it, writes it down and hands it to the node; gives the wallet's lock back then.
 * 0 with a receipt that says mined where the node knows eth_sendRawTransactionSync (EIP-7966) and nobody else
 * waits for the wallet; 0 without one when it is, or may be, on its way; UNCONFIRMED when that is not known
 * for the call was cancelled. `again` becomes true when the nonce or the fees were refused: worth another
 * look and try.
 */
int cluster_submit(cluster_session *session, const cluster_call *call, cluster_receipt *receipt, bool *again,
                   base_error *error);

/** Hands the latest version of the live transaction to the node, once more if it has it. The same otherwise.
 */
int cluster_deliver(cluster_session *session, cluster_receipt *receipt, bool *again, base_error *error);

#endif
