/* SPDX-License-Identifier: MIT */
#include "cluster/publish.h"

#include "base/event.h"
#include "cluster/changes.h"
#include "cluster/list.h"
#include "cluster/sdk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `found`: so many changes; the first list is none. */
static void set_list(cluster_monitor *monitor, dstack_p2p_peers *list, size_t found)
{
    const dstack_p2p_peer *self = cluster_list_find_self(list);
    pthread_mutex_lock(&monitor->lock);
    dstack_p2p_peers *old = monitor->list;
    monitor->list = list;
    if (old) monitor->changes += found;
    monitor->status.version = list->version;
    monitor->status.peers = (uint32_t)list->count;
    monitor->status.checked = list->checked;
    monitor->status.left_out = list->left_out;
    monitor->status.registered = self;
    monitor->status.lease_expires_at = self ? self->expires_at : 0;
    if (!old || found) base_event_set(monitor->changed_fd);
    pthread_mutex_unlock(&monitor->lock);
    dstack_p2p_peers_free(old);
}

static void tell(cluster_monitor *monitor, const dstack_p2p_change *changes, size_t count,
                 const dstack_p2p_peers *list)
{
    for (size_t i = 0; i < count && monitor->callback && !base_event_is_set(monitor->stop_fd); i++)
        monitor->callback(monitor->context, &changes[i], list);
}

int cluster_publish(dstack_p2p *sdk, dstack_p2p_peers *list, base_error *error)
{
    static const dstack_p2p_change snapshot = {.kind = DSTACK_P2P_SNAPSHOT};
    cluster_monitor *monitor = &sdk->monitor;
    size_t count = 1;
    dstack_p2p_peers *before = dstack_p2p_peers_ref(monitor->list);
    dstack_p2p_change *changes = before ? cluster_changes(before, list, &count) : NULL;
    if (before && !changes) {
        dstack_p2p_peers_free(before);
        dstack_p2p_peers_free(list);
        return base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    }
    set_list(monitor, list, count);
    tell(monitor, changes ? changes : &snapshot, count, list);
    free(changes);
    dstack_p2p_peers_free(before);
    return 0;
}

void cluster_publish_outcome(dstack_p2p *sdk, const base_error *error)
{
    cluster_monitor *monitor = &sdk->monitor;
    pthread_mutex_lock(&monitor->lock);
    dstack_p2p_status *status = &monitor->status;
    bool news = error->code != status->code;
    status->code = error->code;
    status->failures = error->code ? status->failures + 1 : 0;
    snprintf(status->message, sizeof status->message, "%.*s", (int)sizeof status->message - 1, error->text);
    if (!error->code) {
        status->block_number = monitor->watch.block_number;
        status->block_time = monitor->watch.block_time;
        monitor->good_ms = base_now_ms(sdk->clock);
        monitor->has_reading = true;
    }
    pthread_mutex_unlock(&monitor->lock);
    if (error->code && news)
        base_log_write(&sdk->config.log, DSTACK_P2P_LOG_WARNING, "the peer list cannot be refreshed: %s",
                       error->text);
    else if (news)
        base_log_write(&sdk->config.log, DSTACK_P2P_LOG_INFO, "the peer list is fresh again");
}

void cluster_publish_transport(dstack_p2p *sdk, const char *transport)
{
    cluster_monitor *monitor = &sdk->monitor;
    pthread_mutex_lock(&monitor->lock);
    snprintf(monitor->status.transport, sizeof monitor->status.transport, "%s", transport);
    pthread_mutex_unlock(&monitor->lock);
}
