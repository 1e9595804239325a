/* SPDX-License-Identifier: MIT */
#ifndef ETH_TX_H
#define ETH_TX_H

#include "base/buf.h"
#include "eth/wei.h"

/** An EIP-1559 (type 2) transaction without an access list: a call, a payment, or a contract's creation. */
typedef struct eth_tx {
    uint64_t chain_id, nonce, gas_limit;
    eth_wei max_priority_fee, max_fee, value; /**< wei; the fees are per gas */
    bool creates; /**< a contract, of which `data` is the init code; there is no `to` */
    uint8_t to[20];
    const void *data;
    size_t data_len;
} eth_tx;

/** The hash that is signed. False when memory is exhausted. */
bool eth_tx_signing_hash(const eth_tx *tx, uint8_t hash32[static 32]);

/**
 * Signs and appends the raw transaction, as eth_sendRawTransaction takes it. `hash32` becomes the
 * transaction's hash. False when the key is invalid or memory is exhausted.
 */
bool eth_tx_sign(const eth_tx *tx, const uint8_t private_key32[static 32], base_buf *raw,
                 uint8_t hash32[static 32]);

#endif
