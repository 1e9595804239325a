/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_MONITOR_H
#define CLUSTER_MONITOR_H

#include "base/error.h"
#include "cluster/paging.h"
#include "dstack_p2p.h"
#include "eth/rpc.h"

#include <pthread.h>

/** A handle's monitor. The thread owns `rpc` and `paging`; what `lock` guards is shared. */
typedef struct cluster_monitor {
    pthread_mutex_t lock; /**< guards what follows, up to and including the status */
    bool started;         /**< there is a thread to join */
    bool joining;         /**< somebody is joining it */
    pthread_t thread;
    dstack_p2p_peers *list; /**< the last one; NULL before the first reading */
    uint64_t good_ms;       /**< when the last good reading was, by the handle's clock */
    bool has_reading;
    dstack_p2p_status status; /**< without age_ms */

    pthread_cond_t joined;
    int stop_fd;    /**< readable: stop */
    int changed_fd; /**< readable: a list nobody has fetched */
    eth_rpc *rpc;
    cluster_paging paging; /**< of what `rpc` answers */
    dstack_p2p_monitor_fn callback;
    void *context;
    unsigned backwards; /**< readings in a row that were older than the last good one */
} cluster_monitor;

/** Makes what the other functions need; false when the system refuses descriptors. */
bool cluster_monitor_init(cluster_monitor *monitor);

int cluster_monitor_start(dstack_p2p *sdk, dstack_p2p_monitor_fn callback, void *context, base_error *error);
void cluster_monitor_stop(dstack_p2p *sdk);
void cluster_monitor_status(dstack_p2p *sdk, dstack_p2p_status *status);
dstack_p2p_peers *cluster_monitor_take(dstack_p2p *sdk);

/** Stops and frees. */
void cluster_monitor_free(dstack_p2p *sdk);

#endif
