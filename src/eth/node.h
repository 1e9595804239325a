/* SPDX-License-Identifier: MIT */
#ifndef ETH_NODE_H
#define ETH_NODE_H

#include "base/clock.h"
#include "base/log.h"
#include "eth/batch.h"
#include "eth/meter.h"
#include "net/client.h"
#include "net/url.h"

/*
 * One Ethereum node: has a batch answered, and judges what comes instead of an answer. One thread at a
 * time.
 */

typedef struct eth_node {
    net_client *client;
    char shown[NET_URL_TEXT];
    bool batch_refused; /**< the last exchange, as a batch */
    unsigned singles;   /**< so many batches are still asked one by one, since it refused one */
    const base_clock *clock;
    const base_log *log;
    eth_meter *meter; /**< of its exchanges; NULL = none */
} eth_node;

/** One try to have a batch answered: what it may take, and what came of it beside the error. */
typedef struct eth_try {
    uint32_t within_ms;
    uint64_t end_ms;   /**< when that is over, by the node's clock */
    uint64_t *next_id; /**< of requests */

    uint32_t exchanges;
    bool limited;            /**< the rate is, be it of single requests in an answered batch only */
    uint64_t retry_after_ms; /**< what the node asks to be waited; 0 = it does not say */
    bool passing;            /**< it may be over in a moment */
    bool doubtful;           /**< the node may have got the batch, and done what it asks for */
    bool too_much;           /**< it failed for the size of an answer */
} eth_try;

/** Makes no connection. False when memory is exhausted. `node->clock`, `node->log` and
 * `node->meter` are set before. */
bool eth_node_open(eth_node *node, const char *url, uint32_t total_ms, int cancel_fd);

void eth_node_close(eth_node *node);

/**
 * Sends a batch and reads its answers: in one exchange, or in one per request where the node takes no
 * batches. Errors answered to single requests are left in them.
 */
int eth_node_ask(eth_node *node, eth_batch *batch, eth_try *it, base_error *error);

#endif
