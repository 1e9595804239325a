/* SPDX-License-Identifier: MIT */
#ifndef CLI_NODE_SIDECAR_H
#define CLI_NODE_SIDECAR_H

#include "cli/node/own_url.h"

#include <pthread.h>

/*
 * What `run` knows of its node, and how it lives: it finds out who it is, watches the contract, registers,
 * stays registered, and withdraws. The main thread goes through that; the monitor's and the server's look in.
 */

enum { NODE_REASON_TEXT = 512 };

typedef struct node_settings {
    node_url url;
    dstack_p2p_options options;
    uint64_t retry_ms;    /**< for how long what may pass is tried again; UINT64_MAX = for ever */
    uint64_t withdraw_ms; /**< how long withdrawing may take at the end */
    bool withdraws;
} node_settings;

typedef struct node_sidecar {
    const cli_run *run;
    node_settings settings;
    dstack_p2p *sdk;     /**< the main thread's */
    uint64_t give_up_ms; /**< by the monotonic clock */
    uint64_t stale_ms;   /**< a list that is older is no good */
    double started_s;    /**< since 1970 */
    bool sent;           /**< a registration of this process may be on chain */

    pthread_mutex_t lock;          /**< guards what follows */
    dstack_p2p *watched;           /**< whose monitor runs; NULL = none does */
    bool registered;               /**< the contract took it at least once */
    bool listed;                   /**< the last list holds this node with its URL */
    char reason[NODE_REASON_TEXT]; /**< why it is not registered */
    char url[NODE_URL_TEXT];       /**< "" = not known yet */
} node_sidecar;

/** Makes one, with settings that are filled in; false when the system refuses the lock. */
bool node_sidecar_init(node_sidecar *self, const cli_run *run, const node_settings *settings);

/** Lives until SIGINT or SIGTERM, or until it fails for good. The exit status. */
int node_sidecar_live(node_sidecar *self);

/** Whether it is registered and its list fresh; else `reason` says why not, and may hold a warning if it is.
 * Any thread. */
bool node_sidecar_is_healthy(node_sidecar *self, char reason[static NODE_REASON_TEXT]);

void node_sidecar_free(node_sidecar *self);

#endif
