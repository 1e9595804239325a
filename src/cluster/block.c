/* SPDX-License-Identifier: MIT */
#include "cluster/block.h"

#include "eth/quantity.h"

#include <stdio.h>
#include <string.h>

size_t cluster_ask_block(eth_batch *batch, const char *tag)
{
    return eth_batch_add(batch, "eth_getBlockByNumber", "[\"%s\",false]", tag);
}

size_t cluster_ask_block_at(eth_batch *batch, uint64_t number)
{
    char tag[24];
    snprintf(tag, sizeof tag, "0x%llx", (unsigned long long)number);
    return cluster_ask_block(batch, tag);
}

int cluster_read_block(const eth_request *answer, cluster_block *block, base_error *error)
{
    const json_t *json = answer->result;
    memset(block, 0, sizeof *block);
    if (eth_request_check(answer, error)) return error->code;
    if (json_is_null(json))
        return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER, "the node has no block for %s yet",
                         answer->params.data);
    if (!eth_quantity_u64(json_object_get(json, "number"), &block->number) ||
        !eth_quantity_u64(json_object_get(json, "timestamp"), &block->time) ||
        !eth_data_fixed(json_object_get(json, "hash"), block->hash32, 32))
        return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER, "the node's block has no number, time or hash");
    json_t *fee = json_object_get(json, "baseFeePerGas");
    block->has_base_fee = fee;
    if (fee && !eth_quantity_wei(fee, &block->base_fee))
        return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER, "the node's block has a malformed base fee");
    return 0;
}

bool cluster_is_block(const eth_request *answer, const uint8_t hash32[static 32])
{
    cluster_block block;
    base_error ignored = {0};
    return !cluster_read_block(answer, &block, &ignored) && !memcmp(block.hash32, hash32, 32);
}
