/* SPDX-License-Identifier: MIT */
#include "eth/chains.h"

#include <stddef.h>

static bool is_in(uint64_t chain_id, const uint64_t *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == chain_id) return true;
    return false;
}

#define IS_IN(chain_id, list) is_in(chain_id, list, sizeof(list) / sizeof *(list))

bool eth_chain_has_block_hashes(uint64_t chain_id)
{
    /* Arbitrum One, Nova and Sepolia: block.number is the parent chain's, blockhash() pseudo-random. */
    static const uint64_t without[] = {42161, 42170, 421614};
    return !IS_IN(chain_id, without);
}

bool eth_chain_gas_includes_data(uint64_t chain_id)
{
    /* ZKsync Era and its Sepolia, Mantle and its Sepolia. */
    static const uint64_t chains[] = {324, 300, 5000, 5003};
    return IS_IN(chain_id, chains);
}
