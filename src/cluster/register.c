/* SPDX-License-Identifier: MIT */
#include "cluster/register.h"

#include "cluster/conditions.h"
#include "cluster/sdk.h"
#include "cluster/submit.h"
#include "eth/chains.h"
#include "eth/quantity.h"
#include "registry/key_chain.h"
#include "registry/membership.h"
#include "registry/revert.h"

#include <stdio.h>
#include <string.h>

enum { CALL_DATA_MAX = 2048, TRIES = 3, BLOCK_POLL_MS = 500 };

static const eth_wei default_tip = 1000000000; /* 1 gwei, where the node suggests none */

/* All that one look at the chain tells before registering. */
typedef struct view {
    cluster_block block;
    uint64_t nonce;
    eth_wei balance, tip;
    registry_state state;
} view;

/* Where the batch holds the questions. */
typedef struct questions {
    size_t block, nonce, balance, tip;
    registry_state_query state;
} questions;

static questions ask(const dstack_p2p *sdk, eth_batch *batch, const char *url)
{
    const cluster_identity *id = &sdk->identity;
    eth_rpc_begin(batch);
    questions asked;
    asked.block = cluster_ask_block(batch, "latest");
    asked.nonce = eth_batch_add(batch, "eth_getTransactionCount", "[\"%s\",\"pending\"]", id->payer_text);
    asked.balance = eth_batch_add(batch, "eth_getBalance", "[\"%s\",\"latest\"]", id->payer_text);
    asked.tip = eth_batch_add(batch, "eth_maxPriorityFeePerGas", "[]");
    asked.state = registry_ask_state(batch, sdk->config.contract20, id->instance20, id->app_id20, url);
    return asked;
}

static int read_account(const eth_batch *batch, const questions *asked, view *seen, base_error *error)
{
    const eth_request *nonce = &batch->requests[asked->nonce], *balance = &batch->requests[asked->balance];
    const eth_request *tip = &batch->requests[asked->tip];
    if (eth_request_check(nonce, error) || eth_request_check(balance, error)) return error->code;
    if (!eth_quantity_u64(nonce->result, &seen->nonce) || !eth_quantity_wei(balance->result, &seen->balance))
        return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER, "the node's nonce or balance is malformed");
    if (tip->has_error || !eth_quantity_wei(tip->result, &seen->tip)) seen->tip = default_tip;
    return 0;
}

static int look(dstack_p2p *sdk, const char *url, view *seen, base_error *error)
{
    eth_batch batch;
    questions asked = ask(sdk, &batch, url);
    memset(seen, 0, sizeof *seen);
    if (!cluster_send(sdk, &batch, error) &&
        !cluster_read_block(&batch.requests[asked.block], &seen->block, error) &&
        !read_account(&batch, &asked, seen, error))
        registry_read_state(&batch, asked.state, &seen->state, error);
    eth_batch_free(&batch);
    return cluster_name_contract(sdk, error);
}

/* Looks again until there is a block that the contract takes as an anchor: usually there is. */
static int look_with_anchor(dstack_p2p *sdk, const char *url, view *seen, base_error *error)
{
    uint64_t end = base_now_ms(sdk->clock) + sdk->config.confirm_timeout_ms;
    for (;;) {
        if (look(sdk, url, seen, error)) return error->code;
        if (seen->block.number > seen->state.last_anchor || cluster_is_done(sdk, &seen->state, &seen->block, url))
            return 0;
        if (base_wait(sdk->clock, sdk->cancel_fd, BLOCK_POLL_MS))
            return base_fail(error, DSTACK_P2P_ERR_CANCELLED, "cancelled while waiting for a block");
        if (base_now_ms(sdk->clock) >= end)
            return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER,
                             "the node stands at block %llu and the instance's last statement was made at block "
                             "%llu: it lags behind",
                             (unsigned long long)seen->block.number, (unsigned long long)seen->state.last_anchor);
    }
}

static int make_call_data(dstack_p2p *sdk, const view *seen, const char *url, base_buf *data, base_error *error)
{
    const cluster_identity *id = &sdk->identity;
    char purpose[REGISTRY_PURPOSE_TEXT];
    uint8_t signature[65], app_signature[REGISTRY_APP_SIGNATURE], kms_signature[REGISTRY_KMS_SIGNATURE];
    registry_statement statement = {.chain_id = atomic_load(&sdk->chain_id),
                                    .url = url,
                                    .anchor_number = seen->block.number};
    memcpy(statement.contract20, sdk->config.contract20, 20);
    memcpy(statement.instance20, id->instance20, 20);
    memcpy(statement.anchor_hash32, seen->block.hash32, 32);
    registry_purpose(&statement, purpose);
    if (cluster_sign_purpose(sdk, purpose, signature, error)) return error->code;
    registry_pack_app_signature(signature, statement.anchor_number, app_signature);
    registry_pack_kms_signature(id->kms_signature65, id->app_key33, id->app_id20, kms_signature);
    registry_encode_register(data, &statement, id->derived_key33, app_signature, kms_signature);
    return base_buf_failed(data) ? base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory") : 0;
}

/* Why the transaction failed, or that it does not matter because the state is what was wanted: a copy of
 * it may have landed first. */
static int explain_failure(dstack_p2p *sdk, const cluster_call *call, const cluster_receipt *receipt,
                           const char *url, base_error *error)
{
    view seen;
    eth_batch batch;
    char block[24];
    if (look(sdk, url, &seen, error)) return error->code;
    if (cluster_is_done(sdk, &seen.state, &seen.block, url)) return 0;
    snprintf(block, sizeof block, "0x%llx", (unsigned long long)receipt->block_number);
    eth_rpc_begin(&batch);
    size_t at = eth_batch_add_call(&batch, sdk->config.contract20, &call->data, block);
    const eth_request *answer = &batch.requests[at];
    if (!cluster_send(sdk, &batch, error)) {
        if (answer->has_error && answer->error_data.len)
            registry_explain_revert((const uint8_t *)answer->error_data.data, answer->error_data.len, error);
        else
            base_fail(error, DSTACK_P2P_ERR_REVERTED,
                      "the transaction failed in block %llu (%llu of %llu gas used), and a replay does not tell why",
                      (unsigned long long)receipt->block_number, (unsigned long long)receipt->gas_used,
                      (unsigned long long)call->fees.gas_limit);
    }
    eth_batch_free(&batch);
    return error->code;
}

/* On the pending block: in the latest one its own hash, the anchor, is not known yet. */
static int estimate_gas(dstack_p2p *sdk, const base_buf *data, uint64_t *gas, base_error *error)
{
    eth_batch batch;
    eth_rpc_begin(&batch);
    size_t at = eth_batch_add_call(&batch, sdk->config.contract20, data, "pending");
    eth_request *answer = &batch.requests[at];
    answer->method = "eth_estimateGas";
    if (!cluster_send(sdk, &batch, error)) {
        if (answer->has_error && answer->error_data.len)
            registry_explain_revert((const uint8_t *)answer->error_data.data, answer->error_data.len, error);
        else if (!eth_request_check(answer, error) && !eth_quantity_u64(answer->result, gas))
            base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER, "the node's gas estimate is malformed");
    }
    eth_batch_free(&batch);
    return error->code;
}

static int choose_gas_limit(dstack_p2p *sdk, const base_buf *data, const char *url, uint64_t *limit,
                            base_error *error)
{
    uint64_t gas;
    *limit = cluster_gas_limit(strlen(url));
    if (!eth_chain_gas_includes_data(sdk->chain_id)) return 0;
    if (estimate_gas(sdk, data, &gas, error)) return error->code;
    *limit = gas > UINT64_MAX / 2 ? UINT64_MAX : gas + gas / 4;
    return 0;
}

/* Everything that can be found out before money is at stake, in order. */
static int prepare(dstack_p2p *sdk, const view *seen, const char *url, cluster_call *call, base_error *error)
{
    uint64_t limit;
    if (make_call_data(sdk, seen, url, &call->data, error) ||
        choose_gas_limit(sdk, &call->data, url, &limit, error) ||
        cluster_choose_fees(&sdk->config, &seen->block, seen->tip, limit, &call->fees, error))
        return error->code;
    return cluster_check_funds(&sdk->config, &call->fees, sdk->spent, seen->balance, sdk->identity.payer_text,
                               error);
}

static int send(dstack_p2p *sdk, const view *seen, const char *url, bool *again, base_error *error)
{
    cluster_receipt receipt = {0};
    cluster_call call = {.data = base_buf_make(CALL_DATA_MAX), .nonce = seen->nonce};
    if (!prepare(sdk, seen, url, &call, error) && !cluster_submit(sdk, &call, &receipt, error)) {
        base_log_write(&sdk->config.log, DSTACK_P2P_LOG_INFO, "registerPeer used %llu gas in block %llu",
                       (unsigned long long)receipt.gas_used, (unsigned long long)receipt.block_number);
        if (!receipt.succeeded) explain_failure(sdk, &call, &receipt, url, error);
    }
    *again = receipt.nonce_taken;
    base_buf_free(&call.data);
    return error->code;
}

int cluster_register(dstack_p2p *sdk, const char *url, base_error *error)
{
    view seen;
    bool again = true;
    if (cluster_need_contract(sdk, error) || cluster_identify(sdk, error)) return error->code;
    for (int tries = 0; again && tries < TRIES; tries++) {
        base_error_clear(error);
        if (look_with_anchor(sdk, url, &seen, error)) return error->code;
        if (cluster_is_done(sdk, &seen.state, &seen.block, url)) return 0;
        if (cluster_check_conditions(sdk, &seen.state, url, error)) return error->code;
        send(sdk, &seen, url, &again, error);
    }
    return error->code;
}
