/* SPDX-License-Identifier: MIT */
#include "cluster/ledger.h"

#include <string.h>

static const uint64_t period_ms = UINT64_C(24) * 3600 * 1000;

eth_wei cluster_ledger_spent(cluster_ledger *ledger, uint64_t now_ms)
{
    if (!ledger->has_period || now_ms - ledger->since_ms >= period_ms) {
        ledger->has_period = true;
        ledger->since_ms = now_ms;
        ledger->spent = ledger->live ? ledger->fees.most : 0;
    }
    return ledger->spent;
}

eth_wei cluster_ledger_added(const cluster_ledger *ledger, uint64_t nonce, eth_wei most)
{
    if (!ledger->live || ledger->nonce != nonce) return most;
    return most > ledger->fees.most ? most - ledger->fees.most : 0;
}

void cluster_ledger_book(cluster_ledger *ledger, uint64_t nonce, const cluster_fees *fees,
                         const uint8_t hash32[static 32])
{
    cluster_fees booked = *fees;
    ledger->spent = eth_wei_add(ledger->spent, cluster_ledger_added(ledger, nonce, fees->most));
    if (ledger->live && ledger->nonce == nonce && ledger->fees.most > booked.most)
        booked.most = ledger->fees.most; /* either of the two may be mined */
    ledger->live = true;
    ledger->raise = false;
    ledger->nonce = nonce;
    ledger->fees = booked;
    memcpy(ledger->hash32, hash32, 32);
}

void cluster_ledger_settle(cluster_ledger *ledger, eth_wei cost)
{
    eth_wei booked = ledger->fees.most < ledger->spent ? ledger->fees.most : ledger->spent;
    ledger->spent = eth_wei_add(ledger->spent - booked, cost);
    ledger->live = ledger->raise = false;
}

static eth_wei raised(eth_wei fee)
{
    return eth_wei_add(eth_wei_add(fee, fee / 8), 1);
}

void cluster_ledger_raise(const cluster_ledger *ledger, cluster_fees *fees)
{
    eth_wei max_fee = raised(ledger->fees.max_fee), tip = raised(ledger->fees.max_priority_fee);
    if (max_fee > fees->max_fee) fees->max_fee = max_fee;
    if (tip > fees->max_priority_fee) fees->max_priority_fee = tip;
    fees->most = eth_wei_mul(fees->max_fee, fees->gas_limit);
}
