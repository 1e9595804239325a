/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_SDK_H
#define CLUSTER_SDK_H

#include "base/clock.h"
#include "base/error.h"
#include "cluster/config.h"
#include "cluster/identity.h"
#include "cluster/monitor.h"
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

    guest_client *guest;
    eth_rpc *rpc;
    _Atomic uint64_t chain_id; /**< as the node answered, or configured; 0 = unknown */

    cluster_identity identity;
    atomic_bool has_identity; /**< set after identity, which never changes again: the monitor reads it */

    eth_wei spent; /**< what this handle's transactions have cost, or still may */
    cluster_monitor monitor;
};

/** The connection to the node; NULL, with the reason in `error`, when it cannot be made. */
eth_rpc *cluster_rpc(dstack_p2p *sdk, base_error *error);

/** Sends a batch with the handle's connection and remembers the chain id. */
int cluster_send(dstack_p2p *sdk, eth_batch *batch, base_error *error);

/** Fails when there is no contract address. */
int cluster_need_contract(const dstack_p2p *sdk, base_error *error);

/** Puts the contract's address in front of a sentence that says it is not there, or not ours. Returns the code. */
int cluster_name_contract(const dstack_p2p *sdk, base_error *error);

#endif
