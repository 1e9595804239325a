/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_SDK_H
#define CLUSTER_SDK_H

#include "base/clock.h"
#include "base/error.h"
#include "cluster/books.h"
#include "cluster/config.h"
#include "cluster/identity.h"
#include "cluster/keeper.h"
#include "cluster/ledger.h"
#include "cluster/monitor.h"
#include "cluster/paging.h"
#include "cluster/proofs.h"
#include "eth/rpc.h"
#include "guest/client.h"

#include <stdatomic.h>

/** A handle. */
struct dstack_p2p {
    cluster_config config;
    base_error config_error; /**< what is wrong with the configuration; every call that needs it fails so */
    base_error error;        /**< of the last call */
    const base_clock *clock;
    int cancel_fd;

    /* Who asks the guest agent who we are, or sends a transaction, is inside the gate: the application's
     * thread, or one of the handle's own. */
    int gate_fd;
    guest_client *guest;
    eth_rpc *rpc;
    cluster_paging paging;     /**< of what `rpc` answers */
    eth_meter meter;           /**< of all its connections to nodes */
    _Atomic uint64_t chain_id; /**< as the node answered, or configured; 0 = unknown */

    cluster_identity identity;
    atomic_bool has_identity; /**< set after identity, which never changes again: the monitor reads it */

    cluster_proofs proofs; /**< what is known of the peers' evidence */

    cluster_ledger ledger; /**< what its transactions cost */
    bool warned_of_state_dir;
    cluster_monitor monitor;
    cluster_keeper keeper;
};

/** The connection to the node; NULL, with the reason in `error`, when it cannot be made. */
eth_rpc *cluster_rpc(dstack_p2p *sdk, base_error *error);

/**
 * Sends a batch with a connection of the handle's, or of its monitor's. The first chain id that either
 * hears is pinned for both. Any thread, with a connection of its own.
 */
int cluster_exchange(dstack_p2p *sdk, eth_rpc *rpc, eth_batch *batch, base_error *error);

/** Who is at work inside the gate: with which connections, and what calls it away. */
typedef struct cluster_session {
    dstack_p2p *sdk;
    eth_rpc *rpc;
    guest_client *guest;
    int cancel_fd;
    cluster_books books;
    cluster_standing standing; /**< once it is registered */
} cluster_session;

/** A session with the handle's own connections, for the application's thread. */
int cluster_own_session(dstack_p2p *sdk, cluster_session *session, base_error *error);

/** Sends a batch with the session's connection. */
int cluster_send(const cluster_session *session, eth_batch *batch, base_error *error);

/** Another connection to the nodes, with retries or without; NULL when memory is exhausted. */
eth_rpc *cluster_connect(dstack_p2p *sdk, bool retries, int cancel_fd);

/** Fails when there is no contract address. */
int cluster_need_contract(const dstack_p2p *sdk, base_error *error);

/** Puts the contract's address in front of a sentence that says it is not there, or not ours. Returns the
 * code. */
int cluster_name_contract(const dstack_p2p *sdk, base_error *error);

#endif
