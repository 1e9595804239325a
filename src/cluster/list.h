/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_LIST_H
#define CLUSTER_LIST_H

#include "base/clock.h"
#include "base/error.h"
#include "registry/membership.h"

#include <stdatomic.h>

/** A peer and the text its record points to. */
typedef struct cluster_peer {
    dstack_p2p_peer record;
    char instance_text[41], address_text[43];
} cluster_peer;

/** Where peers and their URLs lie: in pieces of memory of the sizes needed, which never move. */
typedef struct cluster_chunk cluster_chunk;

/** An immutable, reference-counted, ordered list of peers. */
struct dstack_p2p_peers {
    atomic_size_t references;
    cluster_peer **peers;
    size_t count, capacity;
    cluster_chunk *chunks; /**< the one being filled first */
    size_t url_bytes;
    uint64_t version, block_number, block_time;
    uint8_t block_hash32[32];
    bool knows_self;   /**< the handle knew who it is when the list was read */
    bool checked;      /**< the peers' evidence was */
    uint32_t left_out; /**< peers whose evidence does not hold, and that are not in the list */
    const base_clock *clock;
    uint64_t read_ms; /**< by the clock */
};

/** An empty list with one reference, to be filled; NULL when memory is exhausted. */
dstack_p2p_peers *cluster_list_new(const base_clock *clock);

/**
 * Makes room for so many more peers with so many bytes of URLs altogether. Not needed, but saves memory;
 * false when that is exhausted.
 */
bool cluster_list_reserve(dstack_p2p_peers *list, size_t peers, size_t url_bytes);

/** Copies a peer into a list that is being filled; false when memory is exhausted or the URLs too many. */
bool cluster_list_add(dstack_p2p_peers *list, const registry_peer *peer, bool is_self);

/** Copies a peer of another list likewise. */
bool cluster_list_add_record(dstack_p2p_peers *list, const dstack_p2p_peer *record);

/** Forgets the peers of a list that is being filled. */
void cluster_list_clear(dstack_p2p_peers *list);

/**
 * Ends the filling: orders by (registered_at, instance id). RPC_ANSWER when an instance is in it twice.
 */
int cluster_list_finish(dstack_p2p_peers *list, base_error *error);

/** A finished list's records by their instance ids, with a NULL behind them. To be freed with free(); NULL
 * when memory is exhausted. */
const dstack_p2p_peer **cluster_list_by_instance(const dstack_p2p_peers *list);

/** For bsearch() in such records. */
int cluster_compare_instances(const void *a, const void *b);

/** This node's record in a finished list; NULL if it holds none. */
const dstack_p2p_peer *cluster_list_find_self(const dstack_p2p_peers *list);

/** When the first lease of the list ends; UINT64_MAX if none does. */
uint64_t cluster_list_first_expiry(const dstack_p2p_peers *list);

#endif
