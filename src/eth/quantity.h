/* SPDX-License-Identifier: MIT */
#ifndef ETH_QUANTITY_H
#define ETH_QUANTITY_H

#include "base/buf.h"
#include "eth/wei.h"

#include <jansson.h>

/*
 * JSON-RPC's hex values. All of these read untrusted JSON and answer false, or NULL, to anything that
 * is not a well-formed value in range.
 */

/**
 * "0x2a": digits of either case, leading zeros tolerated. Up to 2^63 - 1: no chain has a block, time, nonce
 * or chain id (EIP-2294) beyond that, and what is passed on as JSON would become negative.
 */
bool eth_quantity_u64(const json_t *value, uint64_t *out);

/** The same; an amount beyond 128 bits becomes ETH_WEI_MAX. */
bool eth_quantity_wei(const json_t *value, eth_wei *out);

/** "0x" and exactly 2 * len digits. */
bool eth_data_fixed(const json_t *value, void *out, size_t len);

/** `count` hex digits, an even number, appended as bytes. */
bool eth_data_digits(const char *digits, size_t count, base_buf *out);

/** "0x" and an even number of digits, appended as bytes. */
bool eth_data_bytes(const json_t *value, base_buf *out);

#endif
