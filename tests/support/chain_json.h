/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_CHAIN_JSON_H
#define SUPPORT_CHAIN_JSON_H

#include "support/fake_chain.h"

/*
 * A simulated chain in the words of JSON-RPC. All results are owned by the caller.
 */

#define CHAIN_CONTRACT "0x5fbdb2315678afecb367f032d93f642f64180aa3"

/** A block as eth_getBlockByNumber and newHeads give it. */
json_t *chain_json_block(const chain_block *block);

/** A log entry; `removed` when its block has left the chain. */
json_t *chain_json_log(const chain_block *block, size_t index, bool removed);

/** The entries of a block that eth_getLogs' filter takes, appended to an array. */
void chain_json_filter(const chain_block *block, const json_t *filter, json_t *out);

/**
 * What the contract answers to call data, in hex with 0x; NULL for a function that it does not know. Hides
 * the instances whose bits are set.
 */
json_t *chain_json_view(const chain_block *block, const char *data, uint64_t hidden);

/** How many peers a call of getPeers asks for; 0 for another function. */
uint64_t chain_json_limit(const char *data);

json_t *chain_json_quantity(uint64_t value);

#endif
