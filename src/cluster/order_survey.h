/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_ORDER_SURVEY_H
#define CLUSTER_ORDER_SURVEY_H

#include "cluster/order_parts.h"

/*
 * What the chain says to orders that are not sent yet.
 */

typedef struct cluster_survey {
    dstack_p2p *sdk;
    eth_rpc *rpc;
    const cluster_order *orders;
    size_t count;
    cluster_quote *quote; /**< chain, nonce and balance are filled in, of the account that is in it */
    cluster_block block;
    eth_wei tip;
    uint64_t gas[CLUSTER_ORDERS_MAX];

    size_t block_at, nonce_at, balance_at, tip_at;                  /* in the first batch */
    size_t code_at[CLUSTER_ORDERS_MAX], gas_at[CLUSTER_ORDERS_MAX]; /* in an order's batch; 0 = not asked */
} cluster_survey;

/** Asks for everything; fails as cluster_quote_orders() does where an order would fail. */
int cluster_survey_orders(cluster_survey *it, base_error *error);

#endif
