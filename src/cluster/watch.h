/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_WATCH_H
#define CLUSTER_WATCH_H

#include "cluster/monitor.h"

/*
 * The monitor's thread. What a subscription says is a hint that something is to be read, and when; what is
 * read is the contract's state. The whole of it once a minute, and whenever the hints do not add up.
 */

/** Makes the watch of a monitor that is about to start; false when memory is exhausted. To be freed. */
bool cluster_watch_init(dstack_p2p *sdk);

/** Watches until the monitor's stop_fd is readable; for pthread_create(), the context is the handle. */
void *cluster_watch_run(void *context);

void cluster_watch_free(cluster_watch *watch);

#endif
