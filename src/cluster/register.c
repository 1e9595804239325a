/* SPDX-License-Identifier: MIT */
#include "cluster/register.h"

#include "cluster/conditions.h"
#include "cluster/sdk.h"
#include "cluster/submit.h"
#include "eth/chains.h"
#include "eth/quantity.h"
#include "registry/connection_url.h"
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
    uint64_t nonce; /* of the payer, the pool included */
    eth_wei balance, tip;
    registry_state state;
} view;

/* Where the batch holds the questions. The last two are asked while a transaction is live. */
typedef struct questions {
    size_t block, nonce, balance, tip;
    registry_state_query state;
    bool asked_live;
    size_t mined_nonce, receipt;
} questions;

static questions ask(const dstack_p2p *sdk, eth_batch *batch, const char *url)
{
    const cluster_identity *id = &sdk->identity;
    eth_rpc_begin(batch);
    questions asked = {0};
    asked.block = cluster_ask_block(batch, "latest");
    asked.nonce = eth_batch_add(batch, "eth_getTransactionCount", "[\"%s\",\"pending\"]", id->payer_text);
    asked.balance = eth_batch_add(batch, "eth_getBalance", "[\"%s\",\"latest\"]", id->payer_text);
    asked.tip = eth_batch_add(batch, "eth_maxPriorityFeePerGas", "[]");
    asked.state = registry_ask_state(batch, sdk->config.contract20, id->instance20, id->app_id20, url);
    asked.asked_live = sdk->ledger.live;
    if (!asked.asked_live) return asked;
    asked.mined_nonce =
        eth_batch_add(batch, "eth_getTransactionCount", "[\"%s\",\"latest\"]", id->payer_text);
    asked.receipt = cluster_ask_receipt(batch, &sdk->ledger);
    return asked;
}

static int read_account(const eth_batch *batch, const questions *asked, view *seen, base_error *error)
{
    const eth_request *nonce = &batch->requests[asked->nonce], *balance = &batch->requests[asked->balance];
    const eth_request *tip = &batch->requests[asked->tip];
    if (eth_request_check(nonce, error) || eth_request_check(balance, error)) return error->code;
    if (!eth_quantity_u64(nonce->result, &seen->nonce) || !eth_quantity_wei(balance->result, &seen->balance))
        return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER, "the node's nonce or balance is malformed");
    if (tip->has_error || !eth_quantity_wei(tip->result, &seen->tip))
        seen->tip = seen->block.base_fee < default_tip ? seen->block.base_fee : default_tip;
    return 0;
}

/* What became of the transaction of an earlier call. If it is not mined its nonce is used again, so that
 * only one of the two can be. */
static int read_live(dstack_p2p *sdk, const eth_batch *batch, const questions *asked, view *seen,
                     base_error *error)
{
    uint64_t mined;
    cluster_receipt receipt;
    if (!asked->asked_live) return 0;
    const eth_request *nonce = &batch->requests[asked->mined_nonce],
                      *found = &batch->requests[asked->receipt];
    if (eth_request_check(nonce, error) || eth_request_check(found, error)) return error->code;
    if (!eth_quantity_u64(nonce->result, &mined))
        return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER, "the node's nonce is malformed");
    if (cluster_read_receipt(found->result, &sdk->ledger, &receipt, error)) return error->code;
    if (receipt.mined)
        cluster_ledger_settle(&sdk->ledger, receipt.cost);
    else if (mined <= sdk->ledger.nonce)
        seen->nonce = sdk->ledger.nonce;
    else
        sdk->ledger.live = false; /* another one took its nonce */
    return 0;
}

static int look(dstack_p2p *sdk, const char *url, view *seen, base_error *error)
{
    eth_batch batch;
    questions asked = ask(sdk, &batch, url);
    memset(seen, 0, sizeof *seen);
    if (!cluster_send(sdk, &batch, error) &&
        !cluster_read_block(&batch.requests[asked.block], &seen->block, error) &&
        !read_account(&batch, &asked, seen, error) && !read_live(sdk, &batch, &asked, seen, error))
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
        if (seen->block.number > seen->state.last_anchor ||
            cluster_is_done(sdk, &seen->state, &seen->block, url))
            return 0;
        if (base_wait(sdk->clock, sdk->cancel_fd, BLOCK_POLL_MS))
            return base_fail(error, DSTACK_P2P_ERR_CANCELLED, "cancelled while waiting for a block");
        if (base_now_ms(sdk->clock) >= end)
            return base_fail(
                error, DSTACK_P2P_ERR_RPC_ANSWER,
                "the node stands at block %llu and the instance's last statement was made at block "
                "%llu: it lags behind",
                (unsigned long long)seen->block.number, (unsigned long long)seen->state.last_anchor);
    }
}

static int make_call_data(dstack_p2p *sdk, const view *seen, const char *url, base_buf *data,
                          base_error *error)
{
    const cluster_identity *id = &sdk->identity;
    char purpose[REGISTRY_PURPOSE_TEXT];
    uint8_t signature[65], app_signature[REGISTRY_APP_SIGNATURE], kms_signature[REGISTRY_KMS_SIGNATURE];
    registry_statement statement = {
        .chain_id = atomic_load(&sdk->chain_id), .url = url, .anchor_number = seen->block.number};
    memcpy(statement.contract20, sdk->config.contract20, 20);
    memcpy(statement.instance20, id->instance20, 20);
    memcpy(statement.anchor_hash32, seen->block.hash32, 32);
    registry_purpose(&statement, purpose);
    if (cluster_sign_purpose(sdk, purpose, "the registration statement", signature, error))
        return error->code;
    registry_pack_app_signature(signature, statement.anchor_number, app_signature);
    registry_pack_kms_signature(id->kms_signature65, id->app_key33, id->app_id20, kms_signature);
    registry_encode_register(data, &statement, id->derived_key33, app_signature, kms_signature);
    return base_buf_failed(data) ? base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory") : 0;
}

static int no_reason(const cluster_call *call, const cluster_receipt *receipt, const char *why,
                     base_error *error)
{
    return base_fail(error, DSTACK_P2P_ERR_REVERTED,
                     "the transaction failed in block %llu (%llu of %llu gas used); why is not known: %s",
                     (unsigned long long)receipt->block_number, (unsigned long long)receipt->gas_used,
                     (unsigned long long)call->fees.gas_limit, why);
}

/* Replays the call at the block that it failed in. */
static int replay(dstack_p2p *sdk, const cluster_call *call, const cluster_receipt *receipt, bool *again,
                  base_error *error)
{
    eth_batch batch;
    char block[24];
    base_error problem = {0};
    snprintf(block, sizeof block, "0x%llx", (unsigned long long)receipt->block_number);
    eth_rpc_begin(&batch);
    size_t at = eth_batch_add_call(&batch, sdk->config.contract20, &call->data, block);
    const eth_request *answer = &batch.requests[at];
    if (cluster_send(sdk, &batch, &problem)) {
        no_reason(call, receipt, problem.text, error);
    } else if (answer->has_error && answer->error_data.len) {
        const uint8_t *data = (const uint8_t *)answer->error_data.data;
        *again = registry_revert_is_stale(data, answer->error_data.len);
        registry_explain_revert(data, answer->error_data.len, error);
    } else {
        no_reason(call, receipt, answer->has_error ? answer->error_message : "a replay succeeds", error);
    }
    eth_batch_free(&batch);
    return error->code;
}

/* Why the transaction failed, or that it does not matter because the state is what was wanted: a copy of
 * it may have landed first. */
static int explain_failure(dstack_p2p *sdk, const cluster_call *call, const cluster_receipt *receipt,
                           const char *url, bool *again, base_error *error)
{
    view seen;
    base_error problem = {0};
    if (look(sdk, url, &seen, &problem)) return no_reason(call, receipt, problem.text, error);
    if (cluster_is_done(sdk, &seen.state, &seen.block, url)) return 0;
    return replay(sdk, call, receipt, again, error);
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

/* Fees for a gas limit, and whether they can and may be paid. */
static int choose_fees(dstack_p2p *sdk, const view *seen, uint64_t limit, cluster_call *call,
                       base_error *error)
{
    cluster_ledger *ledger = &sdk->ledger;
    eth_wei spent = cluster_ledger_spent(ledger, base_now_ms(sdk->clock));
    if (cluster_choose_fees(&sdk->config, &seen->block, seen->tip, limit, &call->fees, error))
        return error->code;
    if (ledger->live && ledger->raise) cluster_ledger_raise(ledger, &call->fees);
    eth_wei added = cluster_ledger_added(ledger, call->nonce, call->fees.most);
    return cluster_check_funds(&sdk->config, &call->fees, spent, added, seen->balance,
                               sdk->identity.payer_text, error);
}

/* Everything that can be found out before anything is signed, then the statement; where gas includes data
 * the limit, too, which shows the statement to the node. */
static int prepare(dstack_p2p *sdk, const view *seen, const char *url, cluster_call *call, base_error *error)
{
    uint64_t gas;
    /* In dev mode a URL passes, as bytes, even if its base domain is removed before this lands. */
    bool is_gateway = !seen->state.dev_mode && seen->state.base_allowed &&
                      registry_url_is_gateway(url, sdk->identity.instance20);
    if (choose_fees(sdk, seen, cluster_gas_limit(strlen(url), is_gateway), call, error) ||
        make_call_data(sdk, seen, url, &call->data, error))
        return error->code;
    if (*url) sdk->ledger.open_anchor = seen->block.number;
    if (!eth_chain_gas_includes_data(atomic_load(&sdk->chain_id))) return 0;
    if (estimate_gas(sdk, &call->data, &gas, error)) return error->code;
    return choose_fees(sdk, seen, gas > UINT64_MAX / 2 ? gas : gas + gas / 4, call, error);
}

static int send(dstack_p2p *sdk, const view *seen, const char *url, bool *again, base_error *error)
{
    cluster_receipt receipt;
    cluster_call call = {.data = base_buf_make(CALL_DATA_MAX), .nonce = seen->nonce};
    *again = false;
    if (!prepare(sdk, seen, url, &call, error) && !cluster_submit(sdk, &call, &receipt, again, error)) {
        base_log_write(&sdk->config.log, DSTACK_P2P_LOG_INFO, "registerPeer used %llu gas in block %llu",
                       (unsigned long long)receipt.gas_used, (unsigned long long)receipt.block_number);
        if (!receipt.succeeded) explain_failure(sdk, &call, &receipt, url, again, error);
    }
    base_buf_free(&call.data);
    return error->code;
}

/* Whether there is a user name or password in it. */
static bool has_credentials(const char *url)
{
    const char *authority = strstr(url, "://");
    if (!authority) return false;
    return memchr(authority + 3, '@', strcspn(authority + 3, "/?#"));
}

int cluster_register(dstack_p2p *sdk, const char *url, base_error *error)
{
    view seen;
    bool again = true;
    if (cluster_need_contract(sdk, error) || cluster_identify(sdk, error)) return error->code;
    if (has_credentials(url))
        base_log_write(
            &sdk->config.log, DSTACK_P2P_LOG_WARNING,
            "the connection URL holds a user name or password: on chain everybody can read it, for ever");
    for (int tries = 0; again && tries < TRIES; tries++) {
        base_error_clear(error);
        if (look_with_anchor(sdk, url, &seen, error)) return error->code;
        if (cluster_is_done(sdk, &seen.state, &seen.block, url)) return 0;
        if (cluster_check_conditions(sdk, &seen.state, url, error)) return error->code;
        send(sdk, &seen, url, &again, error);
        if (error->code == DSTACK_P2P_ERR_REVERTED && tries > 0) again = false; /* each costs gas */
    }
    return error->code;
}
