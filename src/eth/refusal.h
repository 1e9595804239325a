/* SPDX-License-Identifier: MIT */
#ifndef ETH_REFUSAL_H
#define ETH_REFUSAL_H

#include "eth/batch.h"

/*
 * Why a node refused a call, as far as whoever wants to ask again can do something about it. There are
 * codes for none of it that all nodes agree on: their words are what tells.
 */

typedef enum eth_refusal {
    ETH_REFUSED,     /**< asking for less does not help */
    ETH_TOO_MUCH,    /**< of gas, of time, or of an answer: less may pass */
    ETH_NO_STATE,    /**< the node has not got that block, or no longer its state */
    ETH_BARE_REVERT, /**< reverted without a reason: other code, or an inner call that ran out of gas */
    ETH_NOT_REFUSED
} eth_refusal;

eth_refusal eth_request_refusal(const eth_request *request);

/**
 * Whether a request was refused for the rate of requests, so that the same passes later. Code -32005 means
 * that, and means with some nodes that the answer is too long, above all to eth_getLogs.
 */
bool eth_request_is_limited(const eth_request *request);

#endif
