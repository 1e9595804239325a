/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* memmem */
#include "cluster/ledger.h"

#include <stdio.h>
#include <string.h>

/* So many blocks before its end a statement is not relied on any more: it has to be mined before. */
enum { ANCHOR_MARGIN = 16 };

static const uint64_t period_ms = UINT64_C(24) * 3600 * 1000;

bool cluster_ledger_serves(const cluster_ledger *ledger, const char *url, uint64_t last_anchor,
                           uint64_t block_number)
{
    return ledger->live && ledger->raw_len && !strcmp(ledger->url, url) && ledger->anchor > last_anchor &&
           block_number <= ledger->anchor + CLUSTER_STATEMENT_BLOCKS - ANCHOR_MARGIN;
}

cluster_step cluster_ledger_step(const cluster_ledger *ledger, const char *url, uint64_t last_anchor,
                                 uint64_t block_number)
{
    if (!ledger->live) return CLUSTER_SEND;
    if (!cluster_ledger_serves(ledger, url, last_anchor, block_number)) return CLUSTER_REPLACE;
    bool due = ledger->raise || block_number >= ledger->anchor + CLUSTER_REPLACE_BLOCKS;
    return due && ledger->versions < CLUSTER_VERSIONS_MAX ? CLUSTER_REPLACE : CLUSTER_RESUME;
}

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

static eth_wei max_wei(eth_wei a, eth_wei b)
{
    return a > b ? a : b;
}

/* Either of the two may be mined. */
static cluster_fees higher(const cluster_fees *a, const cluster_fees *b)
{
    return (cluster_fees){.gas_limit = a->gas_limit > b->gas_limit ? a->gas_limit : b->gas_limit,
                          .max_fee = max_wei(a->max_fee, b->max_fee),
                          .max_priority_fee = max_wei(a->max_priority_fee, b->max_priority_fee),
                          .most = max_wei(a->most, b->most)};
}

static void keep_latest(cluster_ledger *ledger, const cluster_version *version)
{
    const base_buf *raw = version->raw, *data = version->data;
    const char *at = raw->len && data->len ? memmem(raw->data, raw->len, data->data, data->len) : NULL;
    ledger->anchor = version->anchor;
    snprintf(ledger->url, sizeof ledger->url, "%s", version->url);
    ledger->raw_len = raw->len <= CLUSTER_RAW_MAX ? raw->len : 0;
    memcpy(ledger->raw, raw->data, ledger->raw_len);
    ledger->data_at = at ? (size_t)(at - raw->data) : 0;
    ledger->data_len = at && ledger->raw_len ? data->len : 0;
}

void cluster_ledger_book(cluster_ledger *ledger, const cluster_version *version)
{
    bool replaces = ledger->live && ledger->nonce == version->nonce;
    eth_wei added = cluster_ledger_added(ledger, version->nonce, version->fees.most);
    ledger->spent = eth_wei_add(ledger->spent, added);
    ledger->fees = replaces ? higher(&ledger->fees, &version->fees) : version->fees;
    if (!replaces) ledger->versions = 0;
    if (ledger->versions == CLUSTER_VERSIONS_MAX) {
        ledger->versions--;
        memmove(ledger->hashes32[0], ledger->hashes32[1], sizeof ledger->hashes32 - 32);
    }
    memcpy(ledger->hashes32[ledger->versions++], version->hash32, 32);
    ledger->live = true;
    ledger->raise = false;
    ledger->nonce = version->nonce;
    if (*version->url) ledger->open_anchor = version->anchor;
    keep_latest(ledger, version);
}

void cluster_ledger_settle(cluster_ledger *ledger, eth_wei cost)
{
    eth_wei booked = ledger->fees.most < ledger->spent ? ledger->fees.most : ledger->spent;
    ledger->spent = eth_wei_add(ledger->spent - booked, cost);
    cluster_ledger_forget(ledger);
}

void cluster_ledger_forget(cluster_ledger *ledger)
{
    ledger->live = ledger->raise = false;
}

const uint8_t *cluster_ledger_hash(const cluster_ledger *ledger)
{
    return ledger->hashes32[ledger->versions ? ledger->versions - 1 : 0];
}
