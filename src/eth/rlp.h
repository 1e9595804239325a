/* SPDX-License-Identifier: MIT */
#ifndef ETH_RLP_H
#define ETH_RLP_H

#include "base/buf.h"
#include "eth/wei.h"

/*
 * RLP encoding (Ethereum Yellow Paper, appendix B). Items are appended to a buffer; its overflow flag
 * tells whether everything fitted.
 */

/** A byte string. */
void eth_rlp_bytes(base_buf *out, const void *data, size_t len);

/** An integer: big-endian without leading zeros, 0 is the empty string. */
void eth_rlp_uint(base_buf *out, eth_wei value);

/** A 32-byte big-endian integer, leading zeros dropped. */
void eth_rlp_uint256(base_buf *out, const uint8_t value32[static 32]);

/** A list whose items, already encoded, are `items`. */
void eth_rlp_list(base_buf *out, const base_buf *items);

#endif
