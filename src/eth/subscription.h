/* SPDX-License-Identifier: MIT */
#ifndef ETH_SUBSCRIPTION_H
#define ETH_SUBSCRIPTION_H

#include "base/clock.h"
#include "eth/notice.h"

/*
 * A subscription to a node's new blocks and to the log entries of one contract. What it says is a hint that
 * something is to be read, and never what is believed. One thread at a time.
 */

/** Borrowed while the subscription is opened; clock while it lives. */
typedef struct eth_subscription_config {
    const char *url; /**< ws:// or wss://, or http(s):// for the same place */
    uint8_t contract20[20];
    uint64_t chain_id;   /**< that the node must be on; 0 = any */
    uint32_t timeout_ms; /**< to open it */
    int cancel_fd;
    const base_clock *clock;
} eth_subscription_config;

/** What has come since the last look. */
typedef struct eth_hints {
    bool has_head, has_log;
    bool broken; /**< an entry was taken back, or a block does not follow the one before */
    eth_head head;
    uint64_t log_number; /**< newest block with a log entry */
} eth_hints;

/** Gets each log entry, borrowed for the call. */
typedef void (*eth_log_fn)(void *context, const json_t *log, bool removed);

typedef struct eth_subscription eth_subscription;

/**
 * Connects, checks the chain, subscribes; what happens from its return on is heard of. NULL with the reason:
 * the codes of an exchange with a node. To be freed.
 */
eth_subscription *eth_subscription_open(const eth_subscription_config *config, base_error *error);

/**
 * Takes what has come, without waiting, and adds it to the hints. `on_log` may be NULL. Fails when the
 * connection has ended or says nonsense: then there is nothing left but to free it.
 */
int eth_subscription_read(eth_subscription *subscription, eth_hints *hints, eth_log_fn on_log, void *context,
                          base_error *error);

/** The chain that the node is on. */
uint64_t eth_subscription_chain_id(const eth_subscription *subscription);

/** Whether more has come than was taken, so that it is not to be waited for. */
bool eth_subscription_has_more(const eth_subscription *subscription);

/** Asks for a sign of life when there was none for long; fails when none came. To be called when due. */
int eth_subscription_tend(eth_subscription *subscription, base_error *error);

/** When to tend to it, by the clock. */
uint64_t eth_subscription_due_ms(const eth_subscription *subscription);

/** For poll(): readable when something has come. */
int eth_subscription_fd(const eth_subscription *subscription);

/** NULL is allowed. */
void eth_subscription_free(eth_subscription *subscription);

#endif
