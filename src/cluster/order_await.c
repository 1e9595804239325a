/* SPDX-License-Identifier: MIT */
#include "cluster/order_parts.h"

#include "base/hex.h"
#include "cluster/receipt.h"

#include <stdio.h>

enum { POLL_MIN_MS = 100, POLL_MAX_MS = 2000, RECEIPTS_MAX = 40 };

/* ---- Receipts ---- */

static bool is_waited_for(const cluster_dispatch *it, size_t number)
{
    return it->outcomes[number].state == CLUSTER_ORDER_UNCONFIRMED;
}

/* Those of the first ones: the ones after them are not mined before. */
static size_t ask_receipts(const cluster_dispatch *it, eth_batch *batch, size_t numbers[static RECEIPTS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < it->next && count < RECEIPTS_MAX; i++) {
        char hash[65];
        if (!is_waited_for(it, i)) continue;
        base_hex_encode(it->outcomes[i].hash32, 32, hash);
        eth_batch_add(batch, "eth_getTransactionReceipt", "[\"0x%s\"]", hash);
        numbers[count++] = i;
    }
    return count;
}

static size_t count_done(const cluster_dispatch *it)
{
    size_t done = 0;
    for (size_t i = 0; i < it->count; i++)
        done += it->outcomes[i].state == CLUSTER_ORDER_DONE || it->outcomes[i].state == CLUSTER_ORDER_REFUSED;
    return done;
}

static void settle(cluster_dispatch *it, size_t number, const cluster_receipt *receipt)
{
    cluster_outcome *outcome = &it->outcomes[number];
    outcome->state = receipt->succeeded ? CLUSTER_ORDER_DONE : CLUSTER_ORDER_REFUSED;
    outcome->block_number = receipt->block_number;
    outcome->gas_used = receipt->gas_used;
    outcome->cost = receipt->cost;
    base_log_write(&it->session.sdk->config.log, DSTACK_P2P_LOG_INFO, "%s used %llu gas in block %llu%s",
                   it->orders[number].what, (unsigned long long)receipt->gas_used,
                   (unsigned long long)receipt->block_number, receipt->succeeded ? "" : ", and failed");
    if (it->progress) it->progress(it->context, count_done(it), it->count);
}

static void read_receipt(cluster_dispatch *it, size_t number, const eth_request *answer, base_error *error)
{
    cluster_receipt receipt;
    uint64_t limit = it->quote->gas_limits[number];
    const cluster_fees fees = {
        .gas_limit = limit, .max_fee = it->quote->max_fee, .most = eth_wei_mul(it->quote->max_fee, limit)};
    if (!eth_request_check(answer, error) &&
        !cluster_read_receipt_of(answer->result, it->outcomes[number].hash32, &fees, &receipt, error) &&
        receipt.mined)
        settle(it, number, &receipt);
}

/* How many were settled. */
static size_t poll(cluster_dispatch *it, base_error *error)
{
    eth_batch batch;
    size_t numbers[RECEIPTS_MAX], before = count_done(it);
    eth_rpc_begin(&batch);
    size_t first = batch.count, count = ask_receipts(it, &batch, numbers);
    if (!cluster_send(&it->session, &batch, error))
        for (size_t i = 0; i < count; i++) {
            base_error problem = {0};
            read_receipt(it, numbers[i], &batch.requests[first + i], &problem);
            if (problem.code) base_fail(error, problem.code, "%s", problem.text);
        }
    eth_batch_free(&batch);
    return count_done(it) - before;
}

/* ---- Waiting ---- */

/* The first one that is waited for; `next` when there is none. */
static size_t first_open(const cluster_dispatch *it)
{
    size_t i = 0;
    while (i < it->next && !is_waited_for(it, i))
        i++;
    return i;
}

static int unconfirmed(const cluster_dispatch *it, const char *why, base_error *error)
{
    char hash[65], others[64] = "";
    size_t open = 0, first = first_open(it);
    for (size_t i = first; i < it->count; i++)
        open += is_waited_for(it, i);
    base_hex_encode(it->outcomes[first].hash32, 32, hash);
    if (open > 1) snprintf(others, sizeof others, ", and %zu after it", open - 1);
    return base_fail(
        error, DSTACK_P2P_ERR_UNCONFIRMED,
        "%s: the transaction 0x%s may have been sent%s, but %s; see what became of it before the "
        "same is done again",
        it->orders[first].what, hash, others, why);
}

int cluster_await_orders(cluster_dispatch *it, base_error *error)
{
    static const char cancelled[] = "waiting for it was cancelled";
    const dstack_p2p *sdk = it->session.sdk;
    uint64_t pause = POLL_MIN_MS, end_ms = base_now_ms(sdk->clock) + sdk->config.confirm_timeout_ms;
    while (first_open(it) < it->next) {
        base_error problem = {0};
        bool settled = poll(it, &problem) > 0;
        uint64_t now_ms = base_now_ms(sdk->clock);
        if (settled) {
            end_ms = now_ms + sdk->config.confirm_timeout_ms;
            pause = POLL_MIN_MS;
            if (!problem.code) continue;
        }
        if (problem.code == DSTACK_P2P_ERR_CANCELLED) return unconfirmed(it, cancelled, error);
        if (now_ms >= end_ms)
            return unconfirmed(it, problem.code ? problem.text : "it is in no block yet", error);
        if (base_wait(sdk->clock, it->session.cancel_fd, pause)) return unconfirmed(it, cancelled, error);
        pause = pause * 2 < POLL_MAX_MS ? pause * 2 : POLL_MAX_MS;
    }
    return 0;
}

/* ---- Why one failed ---- */

static int no_reason(const cluster_dispatch *it, size_t number, const char *why, base_error *error)
{
    const cluster_outcome *outcome = &it->outcomes[number];
    uint64_t limit = it->quote->gas_limits[number];
    if (outcome->gas_used == limit) why = "it used all of its gas";
    return base_fail(error, DSTACK_P2P_ERR_REVERTED,
                     "%s failed in block %llu (%llu of %llu gas used); why is not known: %s",
                     it->orders[number].what, (unsigned long long)outcome->block_number,
                     (unsigned long long)outcome->gas_used, (unsigned long long)limit, why);
}

int cluster_explain_refusal(cluster_dispatch *it, size_t number, base_error *error)
{
    eth_batch batch;
    char block[24];
    base_error problem = {0};
    const cluster_order *order = &it->orders[number];
    snprintf(block, sizeof block, "0x%llx", (unsigned long long)it->outcomes[number].block_number);
    eth_rpc_begin(&batch);
    size_t at = cluster_ask_order(&batch, "eth_call", order, it->quote->from20, block);
    const eth_request *answer = &batch.requests[at];
    if (cluster_send(&it->session, &batch, &problem))
        no_reason(it, number, problem.text, error);
    else if (!cluster_explain_order(answer, order, error))
        no_reason(it, number, answer->has_error ? answer->error_message : "a replay succeeds", error);
    eth_batch_free(&batch);
    return error->code;
}
