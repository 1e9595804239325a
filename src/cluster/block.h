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

int cluster_read_block(const eth_request *answer, cluster_block *block, base_error *error);

#endif
