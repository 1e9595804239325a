/* SPDX-License-Identifier: MIT */
#ifndef HELLO_PEERS_H
#define HELLO_PEERS_H

#include "hearsay.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** When there is nothing left to do about a peer. */
#define PEER_NEVER UINT64_MAX

/** Another member of the cluster, and how we get along. Times ending in _at: seconds since 1970, 0: never. */
typedef struct hello_peer {
    char id[41];
    char *url;
    uint64_t due_ms;       /**< when to greet it next, monotonic; PEER_NEVER: not again */
    uint32_t failures;     /**< greetings failed in a row */
    bool in_flight;        /**< being greeted right now */
    int64_t greeted_us_at; /**< last /hello that named it; anyone can send one, so it proves nothing */
    int64_t last_contact;  /**< last greeting it answered */
    char *message;         /**< what it answered; NULL: nothing yet */
    int64_t timestamp, peers_known; /**< the rest of its answer; -1: missing */
    char *error;                    /**< why the last greeting failed; NULL: it did not */
    unsigned news;                  /**< hello_news that nobody who looks at the page has heard of */
    hello_told *told;               /**< whom it says it greeted; NULL: nobody, or it was not asked */
    size_t told_count;
    int64_t told_at;     /**< when it said so */
    uint64_t ask_due_ms; /**< when to ask it next, monotonic */
} hello_peer;

/** What is new about a peer. */
enum hello_news { NEWS_GREETED = 1, NEWS_GREETED_US = 2, NEWS_TOLD = 4 };

/** A newcomer sees us, and says hello, before we see it. The last of those are remembered. */
enum { STRANGERS = 1024 };

typedef struct hello_stranger {
    char id[41];
    int64_t at;
} hello_stranger;

/** The peers, ordered by instance id. All zero: empty. Not locked. */
typedef struct hello_peers {
    hello_peer **items;
    size_t count, capacity;
    hello_stranger strangers[STRANGERS]; /**< a ring */
    size_t next_stranger;
} hello_peers;

/** Whether a text is an instance id: 40 lowercase hex digits. */
bool peers_is_id(const char *text);

hello_peer *peers_find(const hello_peers *table, const char *id);

/** Index of a peer in the table; `count` when it is not there. */
size_t peers_index(const hello_peers *table, const char *id);

/** Adds a peer, or starts anew with one that changed. False: out of memory, the table is as it was. */
bool peers_put(hello_peers *table, const char *id, const char *url);

void peers_remove(hello_peers *table, const char *id);

/** Somebody said hello in the name of `id`, which must be an instance id. */
void peers_heard(hello_peers *table, const char *id, int64_t at);

/** Forgets the peers, but not the strangers. */
void peers_clear(hello_peers *table);

/** The peer to greet next: due, not in flight, with the fewest failures, so that peers that never answer
 *  do not hold up new ones. NULL: none. `next_ms` becomes the earliest time at which another may be due. */
hello_peer *peers_due(const hello_peers *table, uint64_t now_ms, uint64_t *next_ms);

/** The peer that answered and was not asked for the longest time whom it greeted; NULL: none is due.
 * `next_ms` becomes less if one is due earlier. */
hello_peer *peers_to_ask(const hello_peers *table, uint64_t now_ms, uint64_t *next_ms);

#endif
