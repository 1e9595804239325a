/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_MONITOR_H
#define CLUSTER_MONITOR_H

#include "base/error.h"
#include "cluster/departures.h"
#include "cluster/history.h"
#include "cluster/listener.h"
#include "cluster/paging.h"
#include "cluster/touched.h"
#include "dstack_p2p.h"
#include "eth/rpc.h"

#include <pthread.h>

/** What the monitor's thread alone uses. */
typedef struct cluster_watch {
    eth_rpc *rpc;
    cluster_paging paging; /**< of what `rpc` answers */
    cluster_history history;
    cluster_listener listener;
    cluster_departures departures;
    cluster_touched touched;           /**< since the last reading */
    uint64_t block_number, block_time; /**< of the last look */
    uint64_t heard_version; /**< newest that a log entry told of, or that was read first since listening */
    uint64_t unheard_ms;    /**< since when the list is of a version that no entry told of; 0 = it is not */
    uint64_t wanted_block;  /**< a log entry was heard of in this one; 0 = none is waited for */
    unsigned chases;        /**< looks that it was waited for so far */
    bool is_new_listener;   /**< nothing has been read since the subscription was opened */
    bool reread;            /**< the whole list is due, whatever the version says */
    uint64_t look_ms, due_ms, full_ms; /**< last look, next look, last reading of the whole list */
    uint64_t saved_ms;                 /**< when the cache file was written */
    bool unsaved;                      /**< the list is newer than the file */
    bool save_failed;                  /**< and it was said */
} cluster_watch;

/** A handle's monitor: what `lock` guards is shared. */
typedef struct cluster_monitor {
    pthread_mutex_t lock; /**< guards what follows, up to and including the changes */
    bool started;         /**< there is a thread to join */
    bool joining;         /**< somebody is joining it */
    pthread_t thread;
    dstack_p2p_peers *list; /**< the last one; NULL before the first reading */
    uint64_t good_ms;       /**< when the last good reading was, by the handle's clock */
    bool has_reading;
    dstack_p2p_status status; /**< without age_ms and what is counted elsewhere */
    uint64_t changes;         /**< found since the handle was made */

    pthread_cond_t joined;
    int stop_fd;    /**< readable: stop */
    int changed_fd; /**< readable: a list nobody has fetched */
    int wake_fd;    /**< an epoll: readable with stop_fd, and when a subscription has something to say */
    dstack_p2p_monitor_fn callback;
    void *context;
    cluster_watch watch;
} cluster_monitor;

/** Makes what the other functions need; false when the system refuses descriptors. */
bool cluster_monitor_init(cluster_monitor *monitor);

int cluster_monitor_start(dstack_p2p *sdk, dstack_p2p_monitor_fn callback, void *context, base_error *error);
void cluster_monitor_stop(dstack_p2p *sdk);

/** Whether it was asked to stop. For its thread, which ends then: it is not taken back before. */
bool cluster_monitor_is_stopping(const dstack_p2p *sdk);

void cluster_monitor_status(dstack_p2p *sdk, dstack_p2p_status *status);
dstack_p2p_peers *cluster_monitor_take(dstack_p2p *sdk);

/** Stops and frees. */
void cluster_monitor_free(dstack_p2p *sdk);

#endif
