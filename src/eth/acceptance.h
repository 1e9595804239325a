/* SPDX-License-Identifier: MIT */
#ifndef ETH_ACCEPTANCE_H
#define ETH_ACCEPTANCE_H

#include "eth/batch.h"

/*
 * How a node took a transaction. There are no codes for it that nodes have in common: their words are what
 * tells.
 */

typedef enum eth_acceptance {
    ETH_TX_TAKEN,          /**< it has it, perhaps since before, or may have it */
    ETH_TX_UNKNOWN_METHOD, /**< it does not know this way of sending */
    ETH_TX_REPLACES,       /**< it has another one with this nonce, and wants more for a replacement */
    ETH_TX_NONCE_USED,     /**< one with this nonce is mined */
    ETH_TX_NO_FUNDS,
    ETH_TX_REFUSED
} eth_acceptance;

/** Of an answered eth_sendRawTransaction or eth_sendRawTransactionSync. */
eth_acceptance eth_request_acceptance(const eth_request *request);

#endif
