/* SPDX-License-Identifier: MIT */
#include "cluster/order_survey.h"

#include "eth/key.h"
#include "eth/quantity.h"

#include <string.h>

/* Requests of this many bytes altogether at once, which nodes take more of; and of each order. */
enum { BYTES_MAX = 768 * 1024, BYTES_EACH = 512, QUESTIONS_EACH = 2 };
enum { GAS_MIN = 21000 };                          /* what every transaction uses */
static const uint64_t gas_max = UINT64_C(1) << 48; /* beyond any chain's */

/* ---- Asking ---- */

static void ask_account(cluster_survey *it, eth_batch *batch)
{
    const char *from = it->quote->from;
    it->block_at = cluster_ask_block(batch, "latest");
    it->nonce_at = eth_batch_add(batch, "eth_getTransactionCount", "[\"%s\",\"pending\"]", from);
    it->balance_at = eth_batch_add(batch, "eth_getBalance", "[\"%s\",\"latest\"]", from);
    it->tip_at = eth_batch_add(batch, "eth_maxPriorityFeePerGas", "[]");
}

/* A payment needs no code, and what the order before called has been asked for. */
static bool needs_code(const cluster_survey *it, size_t number)
{
    const cluster_order *order = &it->orders[number], *before = number ? order - 1 : NULL;
    if (order->creates || !cluster_order_size(order)) return false;
    return !before || before->creates || !cluster_order_size(before) ||
           memcmp(before->to20, order->to20, 20) != 0;
}

static void ask_about(cluster_survey *it, size_t number, eth_batch *batch)
{
    char to[43];
    const cluster_order *order = &it->orders[number];
    eth_address_format(order->to20, to);
    if (needs_code(it, number))
        it->code_at[number] = eth_batch_add(batch, "eth_getCode", "[\"%s\",\"latest\"]", to);
    if (!order->gas)
        it->gas_at[number] = cluster_ask_order(batch, "eth_estimateGas", order, it->quote->from20, "latest");
}

/* As many orders as fit; the first one that did not. */
static size_t ask_about_some(cluster_survey *it, size_t first, eth_batch *batch)
{
    size_t bytes = 0, i = first;
    for (; i < it->count && batch->count + QUESTIONS_EACH <= ETH_BATCH_MAX; i++) {
        bytes += 2 * cluster_order_size(&it->orders[i]) + BYTES_EACH;
        if (bytes > BYTES_MAX) break;
        ask_about(it, i, batch);
    }
    return i;
}

/* ---- Reading ---- */

static int read_account(cluster_survey *it, const eth_batch *batch, base_error *error)
{
    cluster_quote *quote = it->quote;
    const eth_request *nonce = &batch->requests[it->nonce_at], *balance = &batch->requests[it->balance_at];
    if (cluster_read_block(&batch->requests[it->block_at], &it->block, error) ||
        eth_request_check(nonce, error) || eth_request_check(balance, error))
        return error->code;
    if (!eth_quantity_u64(nonce->result, &quote->nonce) ||
        !eth_quantity_wei(balance->result, &quote->balance))
        return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER, "the node's nonce or balance is malformed");
    it->tip = cluster_read_tip(&batch->requests[it->tip_at], &it->block);
    quote->chain_id = atomic_load(&it->sdk->chain_id);
    return 0;
}

/* Whether an order before this one creates what it calls. */
static bool is_created_before(const cluster_survey *it, size_t number)
{
    uint8_t address[20];
    for (size_t i = 0; i < number; i++)
        if (it->orders[i].creates &&
            cluster_created_address(it->quote->from20, it->quote->nonce + i, address) &&
            memcmp(address, it->orders[number].to20, 20) == 0)
            return true;
    return false;
}

static int read_code(const cluster_survey *it, size_t number, const eth_request *answer, base_error *error)
{
    char to[43];
    const cluster_order *order = &it->orders[number];
    if (eth_request_check(answer, error)) return error->code;
    const char *code = json_string_value(answer->result);
    if (!code || strncmp(code, "0x", 2) != 0)
        return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER, "the node's answer to eth_getCode is no hex data");
    if (code[2] || is_created_before(it, number)) return 0;
    eth_address_format(order->to20, to);
    return base_fail(
        error, DSTACK_P2P_ERR_NO_CONTRACT,
        "%s: no contract answers at the address on this chain; check CONTRACT_ADDRESS and RPC_URL", to);
}

/* What refuses without a word where our contract was said to be is another one. It does so itself only when
 * it is paid where it takes nothing. */
static bool is_other_contract(const cluster_survey *it, const cluster_order *order, const eth_request *answer)
{
    const cluster_config *config = &it->sdk->config;
    return !answer->error_data.len && !order->creates && !order->value && config->has_contract &&
           memcmp(order->to20, config->contract20, 20) == 0;
}

static int refuse(const cluster_survey *it, const cluster_order *order, const eth_request *answer,
                  base_error *error)
{
    char balance[ETH_WEI_TEXT];
    base_error reason = {0};
    eth_wei_format(it->quote->balance, balance);
    if (cluster_explain_order(answer, order, &reason)) {
        if (is_other_contract(it, order, answer))
            return base_fail(error, DSTACK_P2P_ERR_OTHER_CONTRACT,
                             "%s: %s: the contract does not answer as a DstackMembershipNFT does; check its "
                             "address and chain",
                             it->sdk->config.contract_text, order->what);
        return base_fail(error, reason.code, "%s", reason.text);
    }
    if (eth_request_acceptance(answer) == ETH_TX_NO_FUNDS)
        return base_fail(error, DSTACK_P2P_ERR_NO_FUNDS,
                         "%s: the paying account %s has %s, which is not enough: %s", order->what,
                         it->quote->from, balance, answer->error_message);
    eth_request_check(answer, error);
    base_error_context(error, "%s", order->what);
    return error->code;
}

static int read_gas(cluster_survey *it, size_t number, const eth_batch *batch, base_error *error)
{
    uint64_t *gas = &it->gas[number];
    const cluster_order *order = &it->orders[number];
    const eth_request *answer = &batch->requests[it->gas_at[number]];
    *gas = order->gas;
    if (it->gas_at[number]) {
        if (is_created_before(it, number))
            return base_fail(error, DSTACK_P2P_ERR_INVALID_ARGUMENT,
                             "%s: what it calls is not there yet, so its gas cannot be estimated",
                             order->what);
        if (answer->has_error) return refuse(it, order, answer, error);
        if (!eth_quantity_u64(answer->result, gas)) *gas = 0;
    }
    if (*gas >= GAS_MIN && *gas <= gas_max) return 0;
    return base_fail(error, it->gas_at[number] ? DSTACK_P2P_ERR_RPC_ANSWER : DSTACK_P2P_ERR_INVALID_ARGUMENT,
                     "%s: the estimate of its gas is malformed", order->what);
}

static int read_answers(cluster_survey *it, size_t first, size_t end, const eth_batch *batch,
                        base_error *error)
{
    if (!first && read_account(it, batch, error)) return error->code;
    for (size_t i = first; i < end; i++)
        if ((it->code_at[i] && read_code(it, i, &batch->requests[it->code_at[i]], error)) ||
            read_gas(it, i, batch, error))
            return error->code;
    return 0;
}

int cluster_survey_orders(cluster_survey *it, base_error *error)
{
    for (size_t first = 0, end; first < it->count && !error->code; first = end) {
        eth_batch batch;
        eth_rpc_begin(&batch);
        if (!first) ask_account(it, &batch);
        end = ask_about_some(it, first, &batch);
        if (!cluster_exchange(it->sdk, it->rpc, &batch, error)) read_answers(it, first, end, &batch, error);
        eth_batch_free(&batch);
    }
    return error->code;
}
