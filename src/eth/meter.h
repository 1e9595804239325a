/* SPDX-License-Identifier: MIT */
#ifndef ETH_METER_H
#define ETH_METER_H

#include "dstack_p2p.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Counts what is asked of nodes over HTTP, by any number of connections and threads at once, without a lock.
 * Zeroed, it is ready.
 */

typedef struct eth_meter {
    _Atomic uint64_t requests, failures, time_us;
    _Atomic uint64_t within[DSTACK_P2P_RPC_BOUNDS];
} eth_meter;

/** One exchange is over. NULL: nobody counts. */
void eth_meter_count(eth_meter *meter, uint64_t took_us, bool failed);

/** The counters so far. Whatever is counted meanwhile: failures and each of `within` are at most what follows
 *  them, up to the number of requests. */
void eth_meter_read(eth_meter *meter, dstack_p2p_status *status);

#endif
