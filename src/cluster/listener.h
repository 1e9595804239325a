/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_LISTENER_H
#define CLUSTER_LISTENER_H

#include "cluster/config.h"
#include "eth/subscription.h"

/*
 * The monitor's ear: a subscription where a node offers one, at a WebSocket among the RPC URLs or beside one
 * of them, kept open as well as can be. Without one the monitor polls.
 */

typedef struct cluster_listener {
    const cluster_config *config;
    const base_clock *clock;
    int stop_fd, wake_fd;           /**< wake_fd: an epoll that the subscription joins */
    eth_subscription *subscription; /**< NULL = none now */
    char **urls;
    size_t count, next; /**< next: to be tried */
    bool given;         /**< the URLs were configured as WebSockets, so there should be one */
    bool worked;        /**< there was a subscription */
    bool is_slow;       /**< one of the URLs gave no answer in time, since the list was begun */
    uint64_t opened_ms; /**< when the last subscription was */
    uint64_t due_ms, pause_ms, again_ms; /**< next try; pauses after failures, and after an early end */
    char transport[16];                  /**< "poll" or "subscription" */
} cluster_listener;

/** Collects the URLs to try. False when memory is exhausted. Makes no connection. */
bool cluster_listener_init(cluster_listener *listener, const cluster_config *config, const base_clock *clock,
                           int stop_fd, int wake_fd);

/**
 * Opens a subscription when that is due, and looks after one that is silent; what has come is to be read
 * before, for it may be a sign of life. True when one has just been
 * opened: what happened before was missed, and is to be read.
 */
bool cluster_listener_tend(cluster_listener *listener, uint64_t chain_id);

/** Takes what has come. False when the subscription has ended just now; it has been closed. */
bool cluster_listener_read(cluster_listener *listener, eth_hints *hints, eth_log_fn on_log, void *context);

/** Gives up the subscription for now, for a reason that is logged. */
void cluster_listener_close(cluster_listener *listener, const char *why);

/** When to tend to it, by the clock; UINT64_MAX if never. */
uint64_t cluster_listener_due_ms(const cluster_listener *listener);

void cluster_listener_free(cluster_listener *listener);

#endif
