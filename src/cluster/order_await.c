/* SPDX-License-Identifier: MIT */
#include "cluster/order_parts.h"

#include "base/hex.h"
#include "cluster/receipt.h"
#include "eth/quantity.h"

#include <stdio.h>
#include <string.h>

enum { POLL_MIN_MS = 100, POLL_MAX_MS = 2000, RECEIPTS_MAX = 40 };

/* ---- Receipts ---- */

static bool is_waited_for(const cluster_dispatch *it, size_t number)
{
    return it->outcomes[number].state == CLUSTER_ORDER_UNCONFIRMED;
}

/* One that is asked for: of an order, and of which of its versions. */
typedef struct question {
    size_t number;
    const uint8_t *hash32;
} question;

static void ask_receipt(eth_batch *batch, const uint8_t hash32[static 32])
{
    char hash[65];
    base_hex_encode(hash32, 32, hash);
    eth_batch_add(batch, "eth_getTransactionReceipt", "[\"0x%s\"]", hash);
}

/* Those of the first ones, in all versions: the ones after them are not mined before. */
static size_t ask_receipts(const cluster_dispatch *it, eth_batch *batch, question asked[static RECEIPTS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < it->next; i++) {
        const cluster_outcome *outcome = &it->outcomes[i];
        if (!is_waited_for(it, i)) continue;
        if (count + 1 + outcome->replaced > RECEIPTS_MAX) break;
        asked[count++] = (question){i, outcome->hash32};
        for (size_t version = 0; version < outcome->replaced; version++)
            asked[count++] = (question){i, outcome->replaced32[version]};
    }
    for (size_t i = 0; i < count; i++)
        ask_receipt(batch, asked[i].hash32);
    return count;
}

size_t cluster_count_done(const cluster_dispatch *it)
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
    if (it->progress) it->progress(it->context, cluster_count_done(it), it->count, NULL);
}

static void read_receipt(cluster_dispatch *it, const question *asked, const eth_request *answer,
                         base_error *error)
{
    cluster_receipt receipt;
    size_t number = asked->number;
    uint64_t limit = it->quote->gas_limits[number];
    const cluster_fees fees = {
        .gas_limit = limit, .max_fee = it->quote->max_fee, .most = eth_wei_mul(it->quote->max_fee, limit)};
    if (eth_request_check(answer, error) ||
        cluster_read_receipt_of(answer->result, asked->hash32, &fees, &receipt, error) || !receipt.mined ||
        !is_waited_for(it, number))
        return;
    memmove(it->outcomes[number].hash32, asked->hash32, 32);
    settle(it, number, &receipt);
}

/* How many were settled. Only the receipts have to be answered. */
static size_t poll(cluster_dispatch *it, cluster_block *block, base_error *error)
{
    eth_batch batch;
    base_error ignored = {0};
    question asked[RECEIPTS_MAX];
    size_t before = cluster_count_done(it);
    *block = (cluster_block){0};
    eth_rpc_begin(&batch);
    size_t block_at = cluster_ask_block(&batch, "latest");
    size_t nonce_at =
        eth_batch_add(&batch, "eth_getTransactionCount", "[\"%s\",\"latest\"]", it->quote->from);
    size_t first = batch.count, count = ask_receipts(it, &batch, asked);
    if (!cluster_send(&it->session, &batch, error)) {
        if (cluster_read_block(&batch.requests[block_at], block, &ignored)) block->number = 0;
        const eth_request *nonce = &batch.requests[nonce_at];
        if (nonce->has_error || !eth_quantity_u64(nonce->result, &it->mined)) it->mined = UINT64_MAX;
        for (size_t i = 0; i < count; i++) {
            base_error problem = {0};
            read_receipt(it, &asked[i], &batch.requests[first + i], &problem);
            if (problem.code) base_fail(error, problem.code, "%s", problem.text);
        }
    }
    eth_batch_free(&batch);
    return cluster_count_done(it) - before;
}

/* ---- Waiting ---- */

size_t cluster_first_open(const cluster_dispatch *it)
{
    size_t i = 0;
    while (i < it->next && !is_waited_for(it, i))
        i++;
    return i;
}

static int unconfirmed(const cluster_dispatch *it, const char *why, base_error *error)
{
    char hash[65], others[64] = "", before[128] = "";
    size_t open = 0, first = cluster_first_open(it);
    for (size_t i = first; i < it->count; i++)
        open += is_waited_for(it, i);
    base_hex_encode(it->outcomes[first].hash32, 32, hash);
    if (open > 1) snprintf(others, sizeof others, ", and %zu after it", open - 1);
    if (cluster_waits_for_another(it))
        snprintf(before, sizeof before, ", nor is nonce %llu of the account, which was sent before",
                 (unsigned long long)it->mined);
    return base_fail(
        error, DSTACK_P2P_ERR_UNCONFIRMED,
        "%s: the transaction 0x%s may have been sent%s, but %s%s; see what became of it before the "
        "same is done again",
        it->orders[first].what, hash, others, why, before);
}

int cluster_await_orders(cluster_dispatch *it, base_error *error)
{
    static const char cancelled[] = "waiting for it was cancelled";
    const dstack_p2p *sdk = it->session.sdk;
    uint64_t pause = POLL_MIN_MS, end_ms = base_now_ms(sdk->clock) + sdk->config.confirm_timeout_ms;
    while (cluster_first_open(it) < it->next) {
        cluster_block block;
        base_error problem = {0};
        bool settled = poll(it, &block, &problem) > 0;
        uint64_t now_ms = base_now_ms(sdk->clock);
        if (settled) {
            end_ms = now_ms + sdk->config.confirm_timeout_ms;
            pause = POLL_MIN_MS;
            it->since = 0;
            if (!problem.code) continue;
        }
        if (problem.code == DSTACK_P2P_ERR_CANCELLED) return unconfirmed(it, cancelled, error);
        if (now_ms >= end_ms)
            return unconfirmed(it, problem.code ? problem.text : "it is in no block yet", error);
        if (block.number) cluster_replace_overdue(it, &block);
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
