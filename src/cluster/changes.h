/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_CHANGES_H
#define CLUSTER_CHANGES_H

#include "dstack_p2p.h"

/** Receives a change; false ends the comparison. */
typedef bool (*cluster_change_fn)(void *context, const dstack_p2p_change *change);

/**
 * Tells what happened between two lists, ordered by instance id: each instance at most once. A peer
 * whose lease alone differs has not changed. False when memory is exhausted, before any change is told.
 */
bool cluster_compare(const dstack_p2p_peers *before, const dstack_p2p_peers *after, cluster_change_fn tell,
                     void *context);

#endif
