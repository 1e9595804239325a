/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_NETWORK_NODE_H
#define SUPPORT_NETWORK_NODE_H

#include "support/fake_network.h"
#include "support/fake_websocket.h"

#include <pthread.h>

/*
 * What the parts of fake_network share. Everything is guarded by the network's lock.
 */

/** A WebSocket of a node, in the list from its first subscription to its end. */
typedef struct network_socket network_socket;
struct network_socket {
    struct network_node *node;
    fake_websocket *socket;
    bool heads, logs;
    network_socket *next;
};

typedef struct network_node {
    fake_network *network;
    fake_server *server;
    network_faults faults;
    unsigned exchanges;
    bool other;         /**< the member that lags answers this exchange */
    uint64_t announced; /**< sequence of the last block */
    uint64_t dice;      /**< for the order of announcements */
    network_socket *sockets;
} network_node;

struct fake_network {
    pthread_mutex_t lock;
    fake_chain chain;
    network_node nodes[NETWORK_NODES];
    size_t count;
    uint64_t requests;
    size_t sockets;
    unsigned ambush_in; /**< 0 = there is none */
    fake_ambush ambush;
    void *context;
};

/** Ends the test: the client says what no client should. */
_Noreturn void network_give_up(const char *what, const char *text);

/** The answer to one request, to be freed; it may be the one that an ambush waits for. */
json_t *network_answer(network_node *node, const json_t *request);

/** The newest block that the node knows. */
uint64_t network_head(const network_node *node);

/** Serves a WebSocket. Takes the lock. */
void network_serve_socket(network_node *node, const fake_request *request, fake_reply *reply);

/** Says what has become of the chain since the last time. */
void network_announce(network_node *node);

#endif
