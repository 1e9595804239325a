/* SPDX-License-Identifier: MIT */
#ifndef ETH_CHAINS_H
#define ETH_CHAINS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Where chains differ from Ethereum in a way that matters here. A chain that is in neither list is taken
 * to be like Ethereum.
 */

/** Whether contracts see the chain's own block numbers and hashes, without which nothing can be anchored. */
bool eth_chain_has_block_hashes(uint64_t chain_id);

/** Whether gas includes the price of data on another chain, so that no constant fits as a limit. */
bool eth_chain_gas_includes_data(uint64_t chain_id);

#endif
