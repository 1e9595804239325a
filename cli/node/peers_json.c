/* SPDX-License-Identifier: MIT */
#include "cli/node/peers_json.h"

#include "cli/peers/address.h"
#include "cluster/list.h"

#include <stdlib.h>

json_t *node_peer_json(const dstack_p2p_peer *peer)
{
    peers_address at;
    peers_address_read(peer->connection_url, &at);
    return json_pack("{ss ss so so ss sI sI sb}", "instance_id", peer->instance_id, "url",
                     peer->connection_url, "host", *at.host ? json_string(at.host) : json_null(), "port",
                     *at.port ? json_integer(strtol(at.port, NULL, 10)) : json_null(), "address",
                     peer->instance_address, "registered_at", (json_int_t)peer->registered_at, "expires_at",
                     (json_int_t)peer->expires_at, "is_self", peer->is_self);
}

static json_t *array_of(const dstack_p2p_peers *list)
{
    json_t *all = json_array();
    for (size_t i = 0; all && i < list->count; i++) {
        if (!json_array_append_new(all, node_peer_json(&list->peers[i]->record))) continue;
        json_decref(all);
        return NULL;
    }
    return all;
}

json_t *node_peers_json(const dstack_p2p_peers *list)
{
    return json_pack("{sI sI sI sb sI sb sI so}", "version", (json_int_t)list->version, "block",
                     (json_int_t)list->block_number, "block_time", (json_int_t)list->block_time, "checked",
                     list->checked, "left_out", (json_int_t)list->left_out, "self_known", list->knows_self,
                     "count", (json_int_t)list->count, "peers", array_of(list));
}
