/* SPDX-License-Identifier: MIT */
#ifndef CLI_NODE_PLAN_H
#define CLI_NODE_PLAN_H

#include "cluster/fees.h"
#include "cluster/look.h"

/** What it would take to have the contract list this node with a URL, or not at all. Nothing is signed for
 * it. */
typedef struct node_plan {
    cluster_view seen;
    bool needed;       /**< a transaction is; what follows is all zero without */
    cluster_fees fees; /**< as it would offer now, and the most it can cost */
    eth_wei expected;  /**< cost at today's fees, if it takes all the gas it may */
    bool grows;        /**< the chain's gas includes data: the limit is estimated once it is signed */
} node_plan;

/**
 * Looks, for `url` or, with "", for a withdrawal. `with_books` takes into account what this machine knows of
 * earlier transactions, and waits for another process that is at it. Fails as registering itself would: the
 * contract's conditions, ceilings, funds; `plan` holds what was seen by then. The handle has no monitor.
 */
int node_plan_make(dstack_p2p *sdk, const char *url, bool with_books, node_plan *plan, base_error *error);

/** Fills in what a transaction for `url` would cost, going by `plan->seen`; FEE_CEILING, SPEND_CEILING,
 * NO_FUNDS. */
int node_plan_price(dstack_p2p *sdk, const char *url, node_plan *plan, base_error *error);

#endif
