/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_PREPARE_H
#define CLUSTER_PREPARE_H

#include "cluster/look.h"

/** A transaction to the contract, ready to be signed. */
typedef struct cluster_call {
    base_buf data;
    cluster_fees fees;
    uint64_t nonce, anchor;
    const char *url; /**< borrowed */
} cluster_call;

/**
 * Fees for a registration with this URL, for what was seen, enough to replace the live transaction if it has
 * the nonce. FEE_CEILING, SPEND_CEILING and NO_FUNDS as below; with the latter two they are filled in.
 */
int cluster_price(dstack_p2p *sdk, const cluster_view *seen, const char *url, cluster_fees *fees,
                  base_error *error);

/**
 * Everything that can be found out before anything is signed, then the statement: a call for what was seen.
 * If its nonce is the live transaction's it offers enough to replace that one. FEE_CEILING, SPEND_CEILING and
 * NO_FUNDS when it cannot, or may not, be paid. To be freed with cluster_call_free() in any case.
 */
int cluster_prepare(cluster_session *session, const cluster_view *seen, const char *url, cluster_call *call,
                    base_error *error);

void cluster_call_free(cluster_call *call);

#endif
