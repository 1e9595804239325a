/* SPDX-License-Identifier: MIT */
#ifndef CLI_PEERS_SELECTION_H
#define CLI_PEERS_SELECTION_H

#include "dstack_p2p.h"

/** The peers of a list that are to be shown, in its order. */
typedef struct peers_selection {
    const dstack_p2p_peers *list; /**< borrowed */
    const dstack_p2p_peer **peers;
    size_t count;
} peers_selection;

/** Everybody, or the others only; false when memory is exhausted. To be freed in any case. */
bool peers_select(peers_selection *selection, const dstack_p2p_peers *list, bool others_only);

void peers_selection_free(peers_selection *selection);

#endif
