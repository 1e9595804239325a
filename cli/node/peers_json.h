/* SPDX-License-Identifier: MIT */
#ifndef CLI_NODE_PEERS_JSON_H
#define CLI_NODE_PEERS_JSON_H

#include "dstack_p2p.h"

#include <jansson.h>

/**
 * A peer as JSON, as 'dstack-p2p peers --json' shows it: instance_id, url, host, port, address,
 * registered_at, expires_at, is_self. Owned by the caller; NULL when memory is exhausted.
 */
json_t *node_peer_json(const dstack_p2p_peer *peer);

/** The text of a list, as 'dstack-p2p peers --json' prints it; owned by the caller, NULL when memory is
 * exhausted. */
char *node_peers_text(const dstack_p2p_peers *list);

#endif
