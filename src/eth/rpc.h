/* SPDX-License-Identifier: MIT */
#ifndef ETH_RPC_H
#define ETH_RPC_H

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "eth/batch.h"
#include "eth/endpoints.h"
#include "eth/meter.h"

/*
 * A connection to the Ethereum nodes of a list. One thread at a time.
 *
 * A call asks the first endpoint that is well. When that fails the next one is asked at once, with half of
 * what is left of the call's time while there are more to ask, so that one that hangs does not use it up.
 * One that failed rests, and the others go first until then; when it is over, it goes first again. One that
 * limits the rate, by HTTP 429 or by code 429 or -32005 in an answer, is not asked before its Retry-After
 * is over. One on another chain is not asked again at all. See eth/health.h for how long.
 *
 * If the connection retries, what may pass is asked again after a pause of 0.25 to 30 s, as long as the
 * call's time lasts; for 2 s only, where no connection was ever made. A batch that sends a transaction is
 * asked again only while no endpoint may have taken it.
 */

typedef struct eth_rpc_config {
    const char *urls;    /**< a list that eth_endpoints_check() takes */
    uint32_t timeout_ms; /**< of one call, all endpoints and pauses together */
    bool retries;        /**< pauses and asks again within a call */
    uint64_t chain_id;   /**< expected; 0 = whatever the first answer says, from then on pinned */
    int cancel_fd;
    const base_log *log;       /**< borrowed */
    const base_clock *clock;   /**< of pauses and time limits; borrowed; NULL = the system's */
    const base_random *random; /**< of pauses; borrowed; NULL = the system's */
    eth_meter *meter;          /**< counts the HTTP exchanges; borrowed; NULL = none */
} eth_rpc_config;

typedef struct eth_rpc eth_rpc;

/** NULL when memory is exhausted. Makes no connection. */
eth_rpc *eth_rpc_new(const eth_rpc_config *config);

/** Starts a batch whose first request asks for the chain id. */
void eth_rpc_begin(eth_batch *batch);

/**
 * Sends a batch and reads its answers: one round trip, or one per request where the node takes no batches.
 * The chain id is checked before anything is believed; if the batch was not started with eth_rpc_begin(),
 * an endpoint not heard of yet is asked for it before. Errors answered to single requests are left in them,
 * limits of the rate among them once nobody gave anything better in time.
 *
 * A failure is the first one of the call, with two exceptions: WRONG_CHAIN stands only when there was no
 * other, and when an endpoint may have taken a transaction (RPC_TIMEOUT, RPC_ANSWER), that is what counts.
 */
int eth_rpc_send(eth_rpc *rpc, eth_batch *batch, base_error *error);

/**
 * The same, to another endpoint than the one that answered last, for a second opinion: without retries, and
 * the one that answered last stays that. STATE when no other endpoint can be asked now.
 */
int eth_rpc_send_elsewhere(eth_rpc *rpc, eth_batch *batch, base_error *error);

/** What the endpoint that answered last said cannot be: others go first for a while. */
void eth_rpc_complain(eth_rpc *rpc);

/** Number of endpoints, without those that are on another chain. */
size_t eth_rpc_endpoints(const eth_rpc *rpc);

/** The chain id; 0 while unknown. */
uint64_t eth_rpc_chain_id(const eth_rpc *rpc);

/** The only chain id to be taken from now on, whatever was heard before: all endpoints get another chance. */
void eth_rpc_pin_chain(eth_rpc *rpc, uint64_t chain_id);

/** Whether the last send failed, and for the size of an answer, so that asking for less may pass. */
bool eth_rpc_was_too_much(const eth_rpc *rpc);

/** Whether an endpoint that did not answer may have taken the transactions of the last send: what another one
 * answered then may be for that reason. */
bool eth_rpc_was_doubtful(const eth_rpc *rpc);

/** What cancels its exchanges, as it was configured. */
int eth_rpc_cancel_fd(const eth_rpc *rpc);

/** HTTP exchanges so far. */
uint64_t eth_rpc_round_trips(const eth_rpc *rpc);

void eth_rpc_free(eth_rpc *rpc);

#endif
