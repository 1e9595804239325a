/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_KEEPER_H
#define CLUSTER_KEEPER_H

#include "base/error.h"
#include "cluster/renewal.h"
#include "eth/rpc.h"
#include "guest/client.h"

#include <pthread.h>
#include <stdatomic.h>

/*
 * Looks after a registration while a monitor runs: a thread with connections of its own, that registers again
 * when a lease is half over or the registration was lost. See cluster/renewal.h for when.
 */

typedef struct cluster_keeper {
    pthread_mutex_t lock; /**< guards what follows, up to and including the message */
    cluster_renewal renewal;
    char message[256]; /**< sentence to renewal.code */

    atomic_bool stopping;
    int cancel_fd; /**< readable: end what is under way */
    int wake_fd;   /**< readable: there is something new */
    bool started;  /**< there is a thread to join */
    pthread_t thread;
    eth_rpc *rpc; /**< the thread's */
    guest_client *guest;
} cluster_keeper;

/** Makes what the other functions need; false when the system refuses descriptors. */
bool cluster_keeper_init(cluster_keeper *keeper);

/** Starts the thread, if the handle has a URL to register and is to keep it. */
int cluster_keeper_start(dstack_p2p *sdk, base_error *error);

/** Asks the thread to end, also in the middle of a registration, without waiting. Any thread, also a signal
 *  handler. */
void cluster_keeper_cancel(dstack_p2p *sdk);

/** Ends the thread and waits for it. Not from two threads at once. */
void cluster_keeper_stop(dstack_p2p *sdk);

/** Stops and frees. */
void cluster_keeper_free(dstack_p2p *sdk);

/** The application registered: with this code, and where that is 0 this standing. Inside the gate. */
void cluster_keeper_registered(dstack_p2p *sdk, const base_error *error, const cluster_standing *standing);

/** The application withdraws: nothing is kept up any longer. Outside the gate, for it ends a try under way.
 */
void cluster_keeper_let_go(dstack_p2p *sdk);

/** The peers were read. Never blocks for long. Any thread. */
void cluster_keeper_notice(dstack_p2p *sdk, const cluster_notice *notice);

/** Fills in the members about keeping. Any thread. */
void cluster_keeper_status(dstack_p2p *sdk, dstack_p2p_status *status);

#endif
