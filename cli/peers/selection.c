/* SPDX-License-Identifier: MIT */
#include "cli/peers/selection.h"

#include <stdlib.h>

bool peers_select(peers_selection *selection, const dstack_p2p_peers *list, bool others_only)
{
    size_t count = dstack_p2p_peers_count(list);
    *selection = (peers_selection){.list = list, .peers = malloc((count + 1) * sizeof *selection->peers)};
    for (size_t i = 0; i < count && selection->peers; i++) {
        const dstack_p2p_peer *peer = dstack_p2p_peers_at(list, i);
        if (!others_only || !peer->is_self) selection->peers[selection->count++] = peer;
    }
    return selection->peers;
}

void peers_selection_free(peers_selection *selection)
{
    free(selection->peers);
    *selection = (peers_selection){.list = NULL};
}
