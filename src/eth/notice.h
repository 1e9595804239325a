/* SPDX-License-Identifier: MIT */
#ifndef ETH_NOTICE_H
#define ETH_NOTICE_H

#include "base/error.h"

#include <jansson.h>

/*
 * What an Ethereum node sends over a WebSocket with subscriptions, free of I/O: answers to requests, and
 * notifications of new blocks and of log entries.
 */

enum { ETH_SUBSCRIPTION_TEXT = 128 };

typedef enum eth_notice_kind {
    ETH_NOTICE_OTHER, /**< well-formed, and nothing that was asked for */
    ETH_NOTICE_ANSWER,
    ETH_NOTICE_REFUSAL,
    ETH_NOTICE_HEAD,
    ETH_NOTICE_LOG
} eth_notice_kind;

/** A block's place in the chain. */
typedef struct eth_head {
    uint64_t number, time;
    uint8_t hash32[32], parent32[32];
} eth_head;

/** A message. */
typedef struct eth_notice {
    eth_notice_kind kind;
    uint64_t id;                              /**< of the request: ANSWER, REFUSAL; 0 = not said */
    char text[256];                           /**< ANSWER: the result, a string; REFUSAL: why, printable */
    char subscription[ETH_SUBSCRIPTION_TEXT]; /**< HEAD, LOG */
    eth_head head;                            /**< HEAD */
    uint64_t log_number;                      /**< LOG: its block */
    bool removed;                             /**< LOG: taken back by a reorganisation */
    json_t *log;                              /**< LOG: the entry, owned by the notice */
} eth_notice;

/** Reads a message; RPC_ANSWER when it is malformed. To be freed in any case. */
int eth_notice_read(const char *text, size_t len, eth_notice *notice, base_error *error);

void eth_notice_free(eth_notice *notice);

#endif
