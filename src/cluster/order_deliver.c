/* SPDX-License-Identifier: MIT */
#include "cluster/order_parts.h"

#include "base/hex.h"
#include "cluster/wallet.h"
#include "eth/tx.h"

#include <string.h>

enum { TRIES = 2 };

/* ---- One exchange ---- */

static int add_signed(const cluster_dispatch *it, size_t number, eth_batch *batch, base_error *error)
{
    const cluster_order *order = &it->orders[number];
    eth_tx tx = {.chain_id = it->quote->chain_id,
                 .nonce = it->nonce + number,
                 .gas_limit = it->quote->gas_limits[number],
                 .max_priority_fee = it->quote->max_priority_fee,
                 .max_fee = it->quote->max_fee,
                 .value = order->value,
                 .creates = order->creates,
                 .data = order->data ? order->data->data : NULL,
                 .data_len = cluster_order_size(order)};
    memcpy(tx.to, order->to20, 20);
    base_buf raw = base_buf_make(tx.data_len + CLUSTER_RAW_BESIDES), params = base_buf_make(2 * raw.max + 16);
    bool ok = eth_tx_sign(&tx, it->session.sdk->config.key32, &raw, it->outcomes[number].hash32);
    base_buf_puts(&params, "[\"0x");
    base_buf_hex(&params, raw.data, raw.len);
    base_buf_puts(&params, "\"]");
    eth_batch_add_params(batch, "eth_sendRawTransaction", &params);
    if (!ok || batch->failed)
        base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "%s cannot be signed: out of memory", order->what);
    base_buf_free(&raw);
    base_buf_free(&params);
    return error->code;
}

/* Before they leave: from now on they may be mined. */
static void note_leaving(cluster_dispatch *it, size_t first, size_t count)
{
    char hash[65];
    for (size_t i = first; i < first + count; i++) {
        cluster_outcome *outcome = &it->outcomes[i];
        outcome->state = CLUSTER_ORDER_UNCONFIRMED;
        outcome->nonce = it->nonce + i;
        base_hex_encode(outcome->hash32, 32, hash);
        base_log_write(&it->session.sdk->config.log, DSTACK_P2P_LOG_INFO, "sending %s: 0x%s, nonce %llu",
                       it->orders[i].what, hash, (unsigned long long)outcome->nonce);
    }
    cluster_wallet_mark(&it->session, it->nonce + first + count - 1);
}

void cluster_forget_order(cluster_dispatch *it, size_t number)
{
    it->outcomes[number] = (cluster_outcome){.state = CLUSTER_ORDER_NOT_SENT};
}

static void refuse(const cluster_dispatch *it, size_t number, const eth_request *answer, base_error *error)
{
    const char *what = it->orders[number].what;
    switch (eth_request_acceptance(answer)) {
    case ETH_TX_NO_FUNDS:
        base_fail(error, DSTACK_P2P_ERR_NO_FUNDS, "%s: the node says that %s cannot pay: %s", what,
                  it->quote->from, answer->error_message);
        break;
    case ETH_TX_UNKNOWN_METHOD:
        base_fail(error, DSTACK_P2P_ERR_RPC_ERROR, "%s: the node takes no transactions", what);
        break;
    case ETH_TX_TAKEN:
        break;
    default:
        eth_request_check(answer, error);
        base_error_context(error, "%s", what);
    }
}

static void exchange(cluster_dispatch *it, size_t first, size_t count, cluster_hearing *heard)
{
    eth_batch batch;
    base_error *error = &heard->problem;
    eth_batch_init(&batch);
    for (size_t i = first; i < first + count && !error->code; i++)
        add_signed(it, i, &batch, error);
    heard->left = !error->code;
    if (heard->left) {
        note_leaving(it, first, count);
        heard->answered = !cluster_send(&it->session, &batch, error);
        heard->doubted |= eth_rpc_was_doubtful(it->session.rpc);
        for (size_t i = 0; i < count && heard->answered; i++)
            heard->words[i] = eth_request_acceptance(&batch.requests[i]);
        if (count == 1 && heard->answered) refuse(it, first, &batch.requests[0], error);
    }
    eth_batch_free(&batch);
}

/* ---- Until it is answered ---- */

/* Whether the node may have got them though it did not answer. Of several that are sent one by one, since it
 * takes no batches, some may have arrived before the connection was lost. */
static bool is_in_doubt(const cluster_hearing *heard, size_t count)
{
    switch (heard->problem.code) {
    case DSTACK_P2P_ERR_RPC_TIMEOUT:
    case DSTACK_P2P_ERR_RPC_ANSWER:
    case DSTACK_P2P_ERR_CANCELLED:
    case DSTACK_P2P_ERR_NO_MEMORY:
        return heard->left;
    case DSTACK_P2P_ERR_WRONG_CHAIN:
        return false;
    default:
        return heard->left && count > 1;
    }
}

void cluster_hand_over(cluster_dispatch *it, size_t first, size_t count, cluster_hearing *heard)
{
    *heard = (cluster_hearing){.doubted = heard->doubted};
    for (int tries = 0; tries < TRIES; tries++) {
        base_error_clear(&heard->problem);
        exchange(it, first, count, heard);
        if (heard->answered || !is_in_doubt(heard, count)) break;
        heard->doubted = true;
        if (heard->problem.code == DSTACK_P2P_ERR_CANCELLED) break;
    }
    for (size_t i = first; i < first + count && !heard->answered && !heard->doubted; i++)
        cluster_forget_order(it, i);
}
