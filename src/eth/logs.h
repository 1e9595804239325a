/* SPDX-License-Identifier: MIT */
#ifndef ETH_LOGS_H
#define ETH_LOGS_H

#include "eth/rpc.h"

/*
 * eth_getLogs within what a node allows: 5 blocks at a time, or 10,000, or so many entries, or so many bytes.
 * There is no asking for the limit. A request that is refused for its size is halved, and what passed is kept
 * for the next one.
 */

enum { ETH_LOGS_AT_ONCE = 16, ETH_LOGS_TOPICS_MAX = 32 };

/** What a node has answered so far, to be kept with the connection. All zero: nothing is known yet. */
typedef struct eth_log_limits {
    uint64_t blocks;  /**< in one request; 0 = any number */
    uint32_t at_once; /**< requests in one exchange; 0 = ETH_LOGS_AT_ONCE */
    uint32_t smooth;  /**< exchanges without a refusal since either last changed */
} eth_log_limits;

/** Entries of one contract with this first topic, and, if there are any, with one of these second topics. */
typedef struct eth_log_filter {
    uint8_t contract20[20], topic32[32];
    uint8_t seconds[ETH_LOGS_TOPICS_MAX][32];
    size_t second_count;
} eth_log_filter;

/** The first part of a range, in requests `first` to `first + count - 1` of the batch: arrays, in the order
 * of the blocks. */
typedef struct eth_log_answer {
    eth_batch batch;
    size_t first, count;
    uint64_t next; /**< the block after the part: the whole range, if that is beyond its end */
    uint64_t head; /**< the node's newest block */
} eth_log_answer;

/** How many blocks an exchange covers as things are; UINT64_MAX when no limit is known. */
uint64_t eth_logs_reach(const eth_log_limits *limits);

/**
 * Asks for the entries of blocks `from` to `to`, both included, and is answered with as many from the
 * beginning as the node gives at once: at least one block. `answer` is to be freed with eth_batch_free() also
 * after a failure. A node that has not got block `to` yet answers "nothing" for it: that is RPC_ANSWER.
 */
int eth_logs_ask(eth_rpc *rpc, eth_log_limits *limits, const eth_log_filter *filter, uint64_t from,
                 uint64_t to, eth_log_answer *answer, base_error *error);

#endif
