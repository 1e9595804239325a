/* SPDX-License-Identifier: MIT */
#ifndef ETH_RPC_H
#define ETH_RPC_H

#include "base/log.h"
#include "eth/batch.h"
#include "net/url.h"

/*
 * A connection to an Ethereum node, or to the first of several that answers. One thread at a time.
 */

enum { ETH_RPC_ENDPOINTS_MAX = 8 };

typedef struct eth_rpc_config {
    const char *urls;    /**< comma-separated */
    uint32_t timeout_ms; /**< of one exchange */
    uint64_t chain_id;   /**< expected; 0 = whatever the first answer says, from then on pinned */
    int cancel_fd;
    const base_log *log; /**< borrowed */
} eth_rpc_config;

typedef struct eth_rpc eth_rpc;

/** Whether `urls` is a list that eth_rpc_new() takes; CONFIG says what is wrong with it. */
int eth_rpc_check_urls(const char *urls, base_error *error);

/** Copies the first URL of a list; the list's rest, or NULL at its end. */
const char *eth_rpc_next_url(const char *list, char url[static NET_URL_MAX + 2]);

/** NULL when memory is exhausted. The list must have passed eth_rpc_check_urls(). Makes no connection. */
eth_rpc *eth_rpc_new(const eth_rpc_config *config);

/** Starts a batch whose first request asks for the chain id. */
void eth_rpc_begin(eth_batch *batch);

/**
 * Sends a batch and reads its answers: one round trip, or one per request where the node takes no
 * batches. Tries the next endpoint when one cannot be reached or answers nonsense. If the batch was
 * started with eth_rpc_begin(), the chain id is checked before anything is believed. Errors answered to
 * single requests are left in them.
 */
int eth_rpc_send(eth_rpc *rpc, eth_batch *batch, base_error *error);

/** The chain id; 0 while unknown. */
uint64_t eth_rpc_chain_id(const eth_rpc *rpc);

/** Whether the last send failed, and for the size of an answer, so that asking for less may pass. */
bool eth_rpc_was_too_much(const eth_rpc *rpc);

/** HTTP exchanges so far. */
uint64_t eth_rpc_round_trips(const eth_rpc *rpc);

void eth_rpc_free(eth_rpc *rpc);

#endif
