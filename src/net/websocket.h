/* SPDX-License-Identifier: MIT */
#ifndef NET_WEBSOCKET_H
#define NET_WEBSOCKET_H

#include "net/client.h"

/*
 * A WebSocket to one server: libcurl makes the connection, TLS included, and wslay speaks the protocol. No
 * redirects, no proxies, no extensions. One thread at a time.
 */

typedef struct net_websocket net_websocket;

/** Where to connect to, and within which bounds. Nothing of it is kept. */
typedef struct net_websocket_config {
    const char *url;               /**< ws://, wss://, http:// or https:// */
    uint32_t connect_ms, total_ms; /**< for the connection, and until it is open */
    size_t max_message;            /**< a longer one ends the connection */
    int cancel_fd;                 /**< opening ends when this is readable; -1 = never */
} net_websocket_config;

/** Gets a message: text or binary, not NUL-terminated, valid during the call. */
typedef void (*net_websocket_fn)(void *context, const char *message, size_t len);

/** Connects and opens. `reason` gets words on failure. To be freed. */
net_result net_websocket_open(const net_websocket_config *config, net_websocket **socket, char *reason,
                              size_t reason_size);

/** Sends a text message, or as much of it as the connection takes now; false when it is broken. */
bool net_websocket_send(net_websocket *socket, const char *text, size_t len);

/** Sends a ping; false when it is broken. The answer counts as a sign of life and is no message. */
bool net_websocket_ping(net_websocket *socket);

/**
 * Takes what has come and hands out the messages, without waiting. False when the connection has ended;
 * `*more` tells whether it was left before it was through, so as not to be held up by a flood.
 */
bool net_websocket_receive(net_websocket *socket, net_websocket_fn on_message, void *context, bool *more);

/** For poll(): readable when there is something to receive. */
int net_websocket_fd(const net_websocket *socket);

/** Bytes received so far, whatever they were. */
uint64_t net_websocket_received(const net_websocket *socket);

/** Closes and frees. NULL is allowed. */
void net_websocket_free(net_websocket *socket);

#endif
