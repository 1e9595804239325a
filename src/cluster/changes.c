/* SPDX-License-Identifier: MIT */
#include "cluster/changes.h"

#include "cluster/list.h"

#include <stdlib.h>
#include <string.h>

static bool differs(const dstack_p2p_peer *a, const dstack_p2p_peer *b)
{
    return strcmp(a->connection_url, b->connection_url) != 0 ||
           strcmp(a->instance_address, b->instance_address) != 0 || a->registered_at != b->registered_at;
}

static size_t merge(const dstack_p2p_peer **before, const dstack_p2p_peer **after, dstack_p2p_change *changes)
{
    size_t count = 0;
    while (*before || *after) {
        int side = !*before ? 1 : !*after ? -1 : strcmp((*before)->instance_id, (*after)->instance_id);
        if (side < 0)
            changes[count++] = (dstack_p2p_change){DSTACK_P2P_LEFT, *before, NULL};
        else if (side > 0)
            changes[count++] = (dstack_p2p_change){DSTACK_P2P_JOINED, *after, NULL};
        else if (differs(*before, *after))
            changes[count++] = (dstack_p2p_change){DSTACK_P2P_CHANGED, *after, *before};
        before += side <= 0;
        after += side >= 0;
    }
    return count;
}

dstack_p2p_change *cluster_changes(const dstack_p2p_peers *before, const dstack_p2p_peers *after,
                                   size_t *count)
{
    size_t most = dstack_p2p_peers_count(before) + dstack_p2p_peers_count(after);
    const dstack_p2p_peer **old = cluster_list_by_instance(before), **new = cluster_list_by_instance(after);
    dstack_p2p_change *changes = malloc((most + 1) * sizeof *changes);
    if (old && new &&changes) {
        *count = merge(old, new, changes);
    } else {
        free(changes);
        changes = NULL;
    }
    free(old);
    free(new);
    return changes;
}
