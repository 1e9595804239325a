/* SPDX-License-Identifier: MIT */
#include "watch.h"
#include "live.h"
#include "log.h"
#include "node.h"

#include <string.h>

static void log_change(const dstack_p2p_change *change, const dstack_p2p_peers *list)
{
    static const char *const verbs[] = {"", "joined", "left", "changed"};
    const dstack_p2p_peer *peer = change->peer;
    if (!peer) {
        log_info("watching: %zu in the cluster", dstack_p2p_peers_count(list));
        return;
    }
    log_info("%s %s: %s (%zu in the cluster)", peer->is_self ? "this node" : "peer", verbs[change->kind],
             peer->connection_url, dstack_p2p_peers_count(list));
}

static void put(hello_node *self, const dstack_p2p_peer *peer)
{
    if (!peers_put(&self->others, peer->instance_id, peer->connection_url))
        log_error("out of memory: peer %s is not kept", peer->instance_id);
}

static void self_listed(hello_node *self, const dstack_p2p_peer *peer, bool present)
{
    self->listed = present && self->url && !strcmp(self->url, peer->connection_url);
}

static void snapshot(hello_node *self, const dstack_p2p_peers *list)
{
    peers_clear(&self->others);
    feed_start_anew(&self->feed);
    for (size_t i = 0; i < dstack_p2p_peers_count(list); i++) {
        const dstack_p2p_peer *peer = dstack_p2p_peers_at(list, i);
        if (peer->is_self)
            self_listed(self, peer, true);
        else
            put(self, peer);
    }
}

static void publish(hello_node *self, const dstack_p2p_change *change)
{
    static const char *const names[] = {"", "joined", "left", "changed"};
    const char *previous = change->previous ? change->previous->connection_url : NULL;
    feed_publish_change(&self->feed, names[change->kind], live_change(self, change->peer, previous));
}

static void one_change(hello_node *self, const dstack_p2p_change *change)
{
    bool present = change->kind != DSTACK_P2P_LEFT;
    if (change->peer->is_self)
        self_listed(self, change->peer, present);
    else if (present)
        put(self, change->peer);
    else
        peers_remove(&self->others, change->peer->instance_id);
    publish(self, change);
}

void watch_change(void *context, const dstack_p2p_change *change, const dstack_p2p_peers *list)
{
    hello_node *self = context;
    if (change->kind > DSTACK_P2P_CHANGED) return; /* a later library's */
    pthread_mutex_lock(&self->lock);
    if (change->kind == DSTACK_P2P_SNAPSHOT)
        snapshot(self, list);
    else
        one_change(self, change);
    pthread_mutex_unlock(&self->lock);
    log_change(change, list);
    node_wake(self->greeter_fd);
}
