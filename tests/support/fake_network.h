/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_FAKE_NETWORK_H
#define SUPPORT_FAKE_NETWORK_H

#include "support/chain_json.h"

/*
 * Nodes of one simulated chain, which serve it over HTTP and WebSocket at the same port, and each of which
 * has faults of its own that come and go while it runs.
 */

enum { NETWORK_NODES = 2, NETWORK_CHAIN_ID = 31337 };

/** What becomes of an HTTP exchange. */
typedef enum network_trouble {
    NETWORK_WELL,
    NETWORK_CUT,     /**< half an answer, and the connection is closed */
    NETWORK_CLOSES,  /**< no answer, and the connection is closed */
    NETWORK_429,     /**< with Retry-After */
    NETWORK_LIMITED, /**< code -32005, for everything asked */
    NETWORK_500,
    NETWORK_GARBAGE,
    NETWORK_TROUBLES
} network_trouble;

/** What is wrong with a node; all zero: nothing. */
typedef struct network_faults {
    network_trouble trouble;
    unsigned every;     /**< the trouble befalls one exchange in so many; 0 and 1: all */
    unsigned delay_ms;  /**< of answers */
    uint64_t lag;       /**< stands so many blocks behind the chain */
    uint64_t other_lag; /**< every other exchange is answered by a member that stands so far behind */
    uint64_t hidden;    /**< instances, by bits, that it does not list */
    uint64_t page_max;  /**< more peers at a time are too much for it; 0 = no limit */
    uint64_t range_max; /**< so for the blocks of eth_getLogs */
    bool refuses_batches;

    bool no_sockets; /**< refuses WebSockets, and drops those there are */
    bool mute;       /**< keeps them open and announces nothing */
    bool skips_logs, skips_heads;
    bool repeats;       /**< announces everything twice */
    bool shuffles;      /**< and in another order */
    bool babbles;       /**< sends what is no JSON */
    bool keeps_removed; /**< does not announce that log entries are taken back */
} network_faults;

typedef struct fake_network fake_network;

/** A chain and so many nodes. */
fake_network *fake_network_start(size_t nodes, uint64_t salt);
void fake_network_stop(fake_network *network);

const char *fake_network_url(const fake_network *network, size_t node);

/** Locks everything that follows against the nodes' threads; the chain is to be read and changed so only. */
fake_chain *fake_network_lock(fake_network *network);
void fake_network_unlock(fake_network *network);

/* ---- With the lock held ---- */

/** The same chain, when the lock is held already. */
fake_chain *fake_network_chain(fake_network *network);

/** A node's faults, to be changed. */
network_faults *fake_network_faults(fake_network *network, size_t node);

/** Has the nodes say over their WebSockets what has become of the chain. */
void fake_network_announce(fake_network *network);

/** Breaks all WebSockets of a node. How many there were. */
size_t fake_network_drop(fake_network *network, size_t node);

/** Calls a function, with the lock held, before a node answers the request that comes as the `count`-th from
 *  now, wherever in a batch that is. */
typedef void (*fake_ambush)(void *context);
void fake_network_lay(fake_network *network, unsigned count, fake_ambush ambush, void *context);

/** Takes it back; false when it has happened. */
bool fake_network_lift(fake_network *network);

/** All nodes lose everything: from now on it is another chain history. */
void fake_network_forget(fake_network *network, uint64_t salt);

/** Requests so far, each in a batch counted; and WebSockets that were opened. */
uint64_t fake_network_requests(const fake_network *network);
size_t fake_network_sockets(const fake_network *network);

#endif
