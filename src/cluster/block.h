/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_BLOCK_H
#define CLUSTER_BLOCK_H

#include "eth/batch.h"
#include "eth/wei.h"

/** What is read of a block. */
typedef struct cluster_block {
    uint64_t number, time;
    uint8_t hash32[32];
    bool has_base_fee;
    eth_wei base_fee; /**< per gas */
} cluster_block;

/** Adds eth_getBlockByNumber(tag); its index in the batch. */
size_t cluster_ask_block(eth_batch *batch, const char *tag);

/** The same for a number. */
size_t cluster_ask_block_at(eth_batch *batch, uint64_t number);

int cluster_read_block(const eth_request *answer, cluster_block *block, base_error *error);

/** Whether an answer is the block with this hash; false as well when the node has none. */
bool cluster_is_block(const eth_request *answer, const uint8_t hash32[static 32]);

#endif
