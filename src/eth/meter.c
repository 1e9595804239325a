/* SPDX-License-Identifier: MIT */
#include "eth/meter.h"

static const uint64_t bounds_ms[DSTACK_P2P_RPC_BOUNDS] = DSTACK_P2P_RPC_BOUNDS_MS;

/* The larger numbers first, and read last. */
void eth_meter_count(eth_meter *meter, uint64_t took_us, bool failed)
{
    if (!meter) return;
    atomic_fetch_add(&meter->requests, 1);
    if (failed) atomic_fetch_add(&meter->failures, 1);
    atomic_fetch_add(&meter->time_us, took_us);
    for (size_t i = DSTACK_P2P_RPC_BOUNDS; i-- > 0 && took_us <= bounds_ms[i] * 1000;)
        atomic_fetch_add(&meter->within[i], 1);
}

void eth_meter_read(eth_meter *meter, dstack_p2p_status *status)
{
    for (size_t i = 0; i < DSTACK_P2P_RPC_BOUNDS; i++)
        status->rpc_within[i] = atomic_load(&meter->within[i]);
    status->rpc_time_us = atomic_load(&meter->time_us);
    status->rpc_failures = atomic_load(&meter->failures);
    status->rpc_requests = atomic_load(&meter->requests);
}
