/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_ORDER_H
#define CLUSTER_ORDER_H

#include "base/buf.h"
#include "cluster/ledger.h"
#include "cluster/sdk.h"

/*
 * What an operator has done: transactions that are no registration, signed with the configured private key.
 * First a quote, which signs nothing and shows what it would come to; then the sending. Several orders follow
 * each other with consecutive nonces, and are sent without waiting for those before.
 */

enum { CLUSTER_ORDERS_MAX = 256, CLUSTER_ORDER_DATA_MAX = 64 * 1024 };

/** One transaction. */
typedef struct cluster_order {
    const char *what;      /**< for sentences, "mintNodeAccess"; borrowed */
    bool creates;          /**< deploys a contract: `data` is its init code, and there is no `to` */
    uint8_t to20[20];      /**< who is called, or paid */
    uint8_t created20[20]; /**< the address that a created contract is to get; zero = any */
    const base_buf *data;  /**< borrowed; NULL = none */
    eth_wei value;         /**< paid to it */
    uint64_t
        gas; /**< that it uses, as measured; 0 = estimated, which also tells whether it would be refused */
    uint64_t least_limit; /**< of its gas, whatever is estimated: the block's time may decide what it does */
} cluster_order;

/** What the orders would come to. */
typedef struct cluster_quote {
    uint8_t from20[20];
    char from[43];
    uint64_t chain_id, nonce; /**< of the first one */
    uint64_t gas;             /**< that all of them are expected to use; limits are higher */
    eth_wei value;            /**< paid by all of them */
    eth_wei expected, most;   /**< cost of all, the value included: at today's fees, and the most it can be */
    eth_wei balance;
    eth_wei ceiling;                   /**< of all that replacing them with higher fees may make of it */
    eth_wei max_fee, max_priority_fee; /**< per gas */
    uint64_t gas_limits[CLUSTER_ORDERS_MAX];
} cluster_quote;

typedef enum cluster_order_state {
    CLUSTER_ORDER_NOT_SENT,
    CLUSTER_ORDER_UNCONFIRMED, /**< may have been sent, is not seen in a block */
    CLUSTER_ORDER_DONE,
    CLUSTER_ORDER_REFUSED /**< mined, and reverted */
} cluster_order_state;

/** What became of one. */
typedef struct cluster_outcome {
    cluster_order_state state;
    uint8_t hash32[32]; /**< unless it was not sent; of the latest version, or the one that is mined */
    uint8_t replaced32[CLUSTER_VERSIONS_MAX - 1][32]; /**< of its other versions, with other fees */
    size_t replaced;
    uint64_t nonce; /**< unless it was not sent; other than in the quote when others used the account */
    uint64_t block_number, gas_used;
    eth_wei cost; /**< for gas */
} cluster_outcome;

/**
 * Asks what the orders would cost `from20`; NULL is the configured key's account. One round trip for 50
 * orders or so. PRIVATE_KEY without a key, NO_CONTRACT where nothing is at an address that is called and no
 * order before creates it, and what the contract's refusal stands for (REVERTED, NOT_AUTHORISED, ...) when
 * one would fail; STATE where a contract would get another address than is wanted; FEE_CEILING, SPEND_CEILING
 * when `most` exceeds the configuration's max_fee_per_day, and NO_FUNDS. With the latter three, the quote is
 * filled in all the same; but where the account cannot pay the value of an order whose gas is to be
 * estimated, without what gas costs.
 *
 * An order that calls what an order before it creates is to be given its gas: there is nothing yet to
 * estimate it with. One thread at a time, the application's.
 */
int cluster_quote_orders(dstack_p2p *sdk, const cluster_order *orders, size_t count, const uint8_t *from20,
                         cluster_quote *quote, base_error *error);

/** Tells that one more is mined or has failed, `done` of `count`; or `news` of those that are not, else NULL.
 */
typedef void (*cluster_order_fn)(void *context, size_t done, size_t count, const char *news);

/**
 * Signs and sends them in order, under the lock of the wallet, and waits until all are mined, up to
 * confirm_timeout_ms each. Stops sending at the first that the node refuses. Nothing is sent to another chain
 * than the quote's, beyond the ceilings, or where a call was meant for a contract whose address has changed,
 * since others used the account meanwhile.
 *
 * `outcomes` has `count` elements and is filled in also on failure, which is the first one's: REVERTED and
 * the like, UNCONFIRMED (its hash in the sentence) or why the node could not be asked. Where an answer is
 * lost the same transaction is handed over once more. After CLUSTER_REPLACE_BLOCKS in which none of them is,
 * those that wait are replaced: same nonce, both fees raised by 12.5 % or to what the chain asks for now,
 * five times at most and within the ceilings. `progress` may be NULL; it is called by this thread. The
 * handle's gate is held all the time.
 */
int cluster_send_orders(dstack_p2p *sdk, const cluster_order *orders, size_t count,
                        const cluster_quote *quote, cluster_outcome *outcomes, cluster_order_fn progress,
                        void *context, base_error *error);

/** The address that a contract created by `from20` with `nonce` gets. */
bool cluster_created_address(const uint8_t from20[static 20], uint64_t nonce, uint8_t address20[static 20]);

#endif
