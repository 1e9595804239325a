/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_AWAIT_H
#define CLUSTER_AWAIT_H

#include "cluster/receipt.h"
#include "cluster/sdk.h"

/**
 * Waits for the live transaction, any version of it, to be mined: 0 with its receipt. 0 without one when
 * another look is due: its nonce is used up, or there were CLUSTER_REPLACE_BLOCKS blocks without it, unless a
 * `hindrance` says why it is not replaced. UNCONFIRMED at `end_ms`, or when the call was cancelled.
 */
int cluster_await(cluster_session *session, uint64_t end_ms, const char *hindrance, cluster_receipt *receipt,
                  base_error *error);

/** Sets, over whatever is there, that the latest transaction may have been sent, but `why`; `hindrance`, or
 *  NULL, follows. */
int cluster_unconfirmed(const cluster_ledger *ledger, const char *why, const char *hindrance,
                        base_error *error);

#endif
