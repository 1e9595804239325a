/* SPDX-License-Identifier: MIT */
#ifndef HELLO_LIVE_H
#define HELLO_LIVE_H

#include "node.h"
#include "text.h"

#include <jansson.h>

/*
 * What the page is told, as JSON. All but live_state() are called under the node's lock. New objects, NULL
 * when out of memory.
 */

/** How many peers a state holds at most: a cluster of any size shall not make one of any size. */
enum { LIVE_PEERS = 1000 };

/** Everything the page needs, as an event of one owner. `number` of the last event that it holds. */
hello_text *live_state(hello_node *self);

/** Registration, freshness and errors. */
json_t *live_status(hello_node *self);

/** Somebody is a member, is no member any more, or is one with another URL (`previous_url`; else NULL). */
json_t *live_change(const hello_node *self, const dstack_p2p_peer *peer, const char *previous_url);

/** Puts into the feed what nobody has heard of yet, in small portions. True: there is more. */
bool live_publish_news(hello_node *self);

#endif
