/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_READING_H
#define CLUSTER_READING_H

#include "cluster/head.h"

/*
 * What the monitor's thread reads: the head of the chain, and the list where that may have changed. See
 * cluster/watch.h for when.
 */

/** Whether the handle reads the latest block, which log entries are of. */
bool cluster_reads_latest(const dstack_p2p *sdk);

/** Reads the head from the first node whose word fits what was seen before. */
int cluster_reading_head(dstack_p2p *sdk, cluster_head *head, base_error *error);

/** Whether the list at hand may no longer be what the contract holds at the head. */
bool cluster_reading_is_due(dstack_p2p *sdk, const cluster_head *head);

/**
 * Reads a list at the head: only what log entries touched if that will do, else all of it. Peers that a node
 * alone does not list any more are in it. NULL on failure, and when the monitor is stopping.
 */
dstack_p2p_peers *cluster_reading(dstack_p2p *sdk, const cluster_head *head, base_error *error);

#endif
