/* SPDX-License-Identifier: MIT */
#ifndef HELLO_NODE_H
#define HELLO_NODE_H

#include "dstack_p2p.h"
#include "feed.h"
#include "peers.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/** What this process's registrations have come to. */
typedef enum hello_standing { STANDING_NOTHING_SENT, STANDING_UNKNOWN, STANDING_LISTED } hello_standing;

/** Since the start. Greetings are requests to /hello. */
typedef struct hello_counts {
    uint64_t sent, answered, failed, received;
} hello_counts;

/**
 * What this node knows: filled in by the main thread, the SDK's monitor and the greeter, read by the
 * server. Everything below `lock` is guarded by it; nobody holds it while waiting for the network.
 */
typedef struct hello_node {
    uint64_t started_ms; /**< monotonic */
    uint64_t stale_ms;   /**< a reading of the contract older than this is not fresh */
    int greeter_fd;      /**< readable when there may be somebody to greet */
    int pulse_fd;        /**< readable when somebody began to look at the page */
    bool private_peers; /**< peers at addresses that are not public are greeted, too; set before threads start
                         */
    hello_standing standing; /**< the main thread's */
    pthread_mutex_t lock;
    char instance_id[41], contract[43], address[43];
    char *url;
    uint64_t chain_id;
    bool registered;     /**< this process's registration went well; it is kept up from then on */
    bool listed;         /**< the last list holds us, with our URL */
    char reason[512];    /**< why we are not registered */
    dstack_p2p *watched; /**< handle whose monitor runs */
    hello_peers others;
    hello_feed feed;
    hello_counts counts;
    unsigned lookers; /**< open streams of events */
    size_t next_news; /**< index of the peer whose news come first */
} hello_node;

/** All of it is zero before: pages that nobody has written to yet cost nothing. False: no memory or no
 *  descriptors. */
bool node_init(hello_node *self, uint32_t poll_interval_ms);

/** After all threads that use it have ended. */
void node_destroy(hello_node *self);

/** What /info says about us; copied. Arguments may be NULL while unknown. False: out of memory. */
bool node_set_identity(hello_node *self, const char *instance_id, const char *contract, const char *url);

/** The derived key's address. */
void node_set_address(hello_node *self, const char *instance_address);

/** The outcome of a registration call; `reason` is NULL when it went well. */
void node_set_registered(hello_node *self, uint64_t chain_id, const char *reason);

/** The handle whose monitor runs; NULL before it is freed. */
void node_set_watched(hello_node *self, dstack_p2p *sdk);

/** Milliseconds of the monotonic clock. */
uint64_t node_now_ms(void);

/** Makes a descriptor like greeter_fd readable, and unreadable. */
void node_wake(int fd);
void node_woken(int fd);

#endif
