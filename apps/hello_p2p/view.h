/* SPDX-License-Identifier: MIT */
#ifndef HELLO_VIEW_H
#define HELLO_VIEW_H

#include "node.h"

#include <jansson.h>

/*
 * The answers of the server: a new JSON object, NULL when out of memory; `status` becomes the HTTP status
 * that goes with it. They look at the node's state only, and wait for nothing.
 */

/** `from` is the instance id of who asks, or NULL; anything that is no instance id is ignored. */
json_t *view_hello(hello_node *self, const char *from, unsigned *status);
json_t *view_info(hello_node *self, unsigned *status);
json_t *view_peers(hello_node *self, unsigned *status);
json_t *view_health(hello_node *self, unsigned *status);

/** One peer, as in /peers. The node's lock is held. */
json_t *view_peer(const hello_peer *item);

/** Whether all is well with this node. Writes why not, or a warning, or "". The node's lock is held. */
bool view_is_healthy(hello_node *self, char *reason, size_t size);

#endif
