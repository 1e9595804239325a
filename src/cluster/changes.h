/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_CHANGES_H
#define CLUSTER_CHANGES_H

#include "dstack_p2p.h"

/**
 * What happened between two lists, ordered by instance id, each instance at most once. A peer whose lease
 * alone differs has not changed. An array of `count` to be freed by the caller; NULL when memory is
 * exhausted. Borrows from both lists.
 */
dstack_p2p_change *cluster_changes(const dstack_p2p_peers *before, const dstack_p2p_peers *after,
                                   size_t *count);

#endif
