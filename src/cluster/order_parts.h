/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_ORDER_PARTS_H
#define CLUSTER_ORDER_PARTS_H

#include "cluster/order.h"
#include "eth/acceptance.h"

/*
 * What quoting, sending and waiting share.
 */

enum {
    CLUSTER_ORDER_SEND_MAX = 20, /**< transactions at once */
    CLUSTER_RAW_BESIDES = 512    /**< bytes of a transaction beside its data */
};

/** Orders on their way. */
typedef struct cluster_dispatch {
    cluster_session session;
    const cluster_order *orders;
    size_t count;
    cluster_quote *quote; /**< its fees are raised when transactions are replaced */
    cluster_outcome *outcomes;
    uint64_t nonce;  /**< of the first one */
    size_t next;     /**< the first one that is not sent, or was refused by the node */
    base_error stop; /**< why it was not; no code while there is no reason */
    uint64_t since;  /**< the block from which on those that are waited for may be mined; 0 = not known */
    unsigned replacements;
    uint64_t
        mined; /**< the account's nonces below are in blocks, as was heard last; UINT64_MAX = not heard */
    bool told_behind, told_hindrance;
    cluster_order_fn progress;
    void *context;
} cluster_dispatch;

/** The most that all can cost with the quote's fees. */
eth_wei cluster_most(const cluster_quote *quote, size_t count);

/** What is wrong with the configuration; INVALID_ARGUMENT when there are too many orders, or one is too large
 *  or has nothing to create. */
int cluster_check_orders(const dstack_p2p *sdk, const cluster_order *orders, size_t count, base_error *error);

/** The configured key's account; PRIVATE_KEY without one. */
int cluster_order_account(const dstack_p2p *sdk, uint8_t from20[static 20], base_error *error);

/** FEE_CEILING, SPEND_CEILING when they say no, and NO_FUNDS. */
int cluster_check_quote(const cluster_config *config, const cluster_quote *quote, base_error *error);

/** STATE when a contract that is to be created would get another address than is wanted, the first order
 * having this nonce. */
int cluster_check_creations(const cluster_order *orders, size_t count, const cluster_quote *quote,
                            uint64_t nonce, base_error *error);

/** Adds eth_call or eth_estimateGas of an order at a block; its index in the batch. */
size_t cluster_ask_order(eth_batch *batch, const char *method, const cluster_order *order,
                         const uint8_t from20[static 20], const char *block);

/** Puts into `error` why a contract refused an order, as an answer to cluster_ask_order() says; false when it
 *  is another failure, or none. */
bool cluster_explain_order(const eth_request *answer, const cluster_order *order, base_error *error);

/** Bytes of an order's data. */
size_t cluster_order_size(const cluster_order *order);

/** What is known of some orders after they were handed over. */
typedef struct cluster_hearing {
    bool left;     /**< this machine, perhaps */
    bool answered; /**< in the end */
    bool doubted;  /**< an answer was lost, and the node may have them */
    eth_acceptance words[CLUSTER_ORDER_SEND_MAX];
    base_error problem; /**< why there is no answer, or the refusal of a single one */
} cluster_hearing;

/**
 * Signs `count` orders and hands them to the node at once; once more after an answer that was lost: however
 * often a node gets them, it has them once. Their outcomes are UNCONFIRMED then, unless none has left. What
 * is `doubted` before is so afterwards.
 */
void cluster_hand_over(cluster_dispatch *it, size_t first, size_t count, cluster_hearing *heard);

/** Not sent after all. */
void cluster_forget_order(cluster_dispatch *it, size_t number);

/** Sends one after the other, as far as the node takes them: `next` and `stop` tell. Fails before the first
 *  one. */
int cluster_deliver_orders(cluster_dispatch *it, base_error *error);

/** How many from `first` on, up to `end`, fit into one request. */
size_t cluster_count_sendable(const cluster_dispatch *it, size_t first, size_t end);

/** How many orders are mined, or have failed. */
size_t cluster_count_done(const cluster_dispatch *it);

/** The first one that is waited for; `next` when there is none. */
size_t cluster_first_open(const cluster_dispatch *it);

/** Whether a transaction that somebody else sent before has to be in a block first. */
bool cluster_waits_for_another(const cluster_dispatch *it);

/** Replaces what is waited for when it is time to, `block` being the latest one. What hinders that is told
 * once. */
void cluster_replace_overdue(cluster_dispatch *it, const cluster_block *block);

/** Waits for all that were sent before `next`. 0, or UNCONFIRMED with why not all are known to be mined. */
int cluster_await_orders(cluster_dispatch *it, base_error *error);

/** Why a transaction failed that is mined. */
int cluster_explain_refusal(cluster_dispatch *it, size_t number, base_error *error);

#endif
