/* SPDX-License-Identifier: MIT */
#include "cluster/submit.h"

#include "base/hex.h"
#include "cluster/sdk.h"
#include "eth/quantity.h"
#include "eth/tx.h"

#include <string.h>

enum { RAW_MAX = 16 * 1024, POLL_MIN_MS = 100, POLL_MAX_MS = 2000 };

/* How the node took the transaction. */
typedef enum acceptance {
    MINED,   /* and here is the receipt */
    PENDING, /* or maybe so: look for the receipt */
    UNKNOWN_METHOD,
    REFUSED
} acceptance;

static int sign(const dstack_p2p *sdk, const cluster_call *call, base_buf *raw, uint8_t hash32[static 32],
                base_error *error)
{
    eth_tx tx = {.chain_id = atomic_load(&sdk->chain_id),
                 .nonce = call->nonce,
                 .gas_limit = call->fees.gas_limit,
                 .max_priority_fee = call->fees.max_priority_fee,
                 .max_fee = call->fees.max_fee,
                 .data = call->data.data,
                 .data_len = call->data.len};
    memcpy(tx.to, sdk->config.contract20, 20);
    const uint8_t *key = sdk->config.has_key ? sdk->config.key32 : sdk->identity.derived_key32;
    if (eth_tx_sign(&tx, key, raw, hash32)) return 0;
    return base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "the transaction cannot be signed: out of memory");
}

/* The receipt of our transaction, and of no other. */
static int read_receipt(const json_t *json, cluster_receipt *receipt, base_error *error)
{
    uint8_t hash[32];
    uint64_t status;
    if (!eth_data_fixed(json_object_get(json, "transactionHash"), hash, 32) ||
        memcmp(hash, receipt->hash32, 32) != 0 ||
        !eth_quantity_u64(json_object_get(json, "status"), &status) || status > 1 ||
        !eth_quantity_u64(json_object_get(json, "blockNumber"), &receipt->block_number) ||
        !eth_quantity_u64(json_object_get(json, "gasUsed"), &receipt->gas_used) ||
        !eth_quantity_wei(json_object_get(json, "effectiveGasPrice"), &receipt->gas_price))
        return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER, "the node's receipt is malformed or another transaction's");
    receipt->mined = true;
    receipt->succeeded = status == 1;
    return 0;
}

static bool says(const eth_request *request, const char *words)
{
    return strstr(request->error_message, words);
}

static acceptance judge_error(const eth_request *request, cluster_receipt *receipt, base_error *error)
{
    if (request->error_code == -32601 || says(request, "not supported") || says(request, "does not exist"))
        return UNKNOWN_METHOD;
    if (request->error_code == 4 || says(request, "already known") || says(request, "already imported"))
        return PENDING; /* 4: EIP-7966, accepted but not mined in the node's time */
    if (says(request, "nonce too low")) receipt->nonce_taken = true;
    eth_request_check(request, error);
    if (says(request, "insufficient funds")) error->code = DSTACK_P2P_ERR_NO_FUNDS;
    return REFUSED;
}

static acceptance send_with(dstack_p2p *sdk, const char *method, const base_buf *raw, cluster_receipt *receipt,
                            base_error *error)
{
    eth_batch batch;
    acceptance outcome = REFUSED;
    eth_batch_init(&batch);
    eth_batch_add(&batch, method, "%s", ""); /* the parameter is too long for the format */
    base_buf *params = &batch.requests[0].params;
    base_buf_puts(params, "[\"0x");
    base_buf_hex(params, raw->data, raw->len);
    base_buf_puts(params, "\"]");
    eth_request *answer = &batch.requests[0];
    int code = cluster_send(sdk, &batch, error);
    if (code == DSTACK_P2P_ERR_RPC_TIMEOUT || code == DSTACK_P2P_ERR_RPC_ANSWER)
        outcome = PENDING; /* it may have arrived all the same */
    else if (!code && answer->has_error)
        outcome = judge_error(answer, receipt, error);
    else if (!code)
        outcome = json_is_object(answer->result) && !read_receipt(answer->result, receipt, error) ? MINED : PENDING;
    if (outcome == PENDING || outcome == UNKNOWN_METHOD) base_error_clear(error);
    eth_batch_free(&batch);
    return outcome;
}

static int ask_receipt(dstack_p2p *sdk, cluster_receipt *receipt, base_error *error)
{
    char hash[65];
    eth_batch batch;
    base_hex_encode(receipt->hash32, 32, hash);
    eth_rpc_begin(&batch);
    size_t at = eth_batch_add(&batch, "eth_getTransactionReceipt", "[\"0x%s\"]", hash);
    const eth_request *answer = &batch.requests[at];
    if (!cluster_send(sdk, &batch, error) && !eth_request_check(answer, error) && !json_is_null(answer->result))
        read_receipt(answer->result, receipt, error);
    eth_batch_free(&batch);
    return error->code;
}

static int unconfirmed(const cluster_receipt *receipt, const char *why, base_error *error)
{
    char hash[65];
    base_hex_encode(receipt->hash32, 32, hash);
    base_error_clear(error);
    return base_fail(error, DSTACK_P2P_ERR_UNCONFIRMED, "the transaction 0x%s was sent, but %s", hash, why);
}

static int await_receipt(dstack_p2p *sdk, cluster_receipt *receipt, base_error *error)
{
    uint64_t end = base_now_ms(sdk->clock) + sdk->config.confirm_timeout_ms, pause = POLL_MIN_MS;
    for (;;) {
        base_error problem = {0};
        ask_receipt(sdk, receipt, &problem);
        if (receipt->mined) return 0;
        if (problem.code == DSTACK_P2P_ERR_CANCELLED || base_wait(sdk->clock, sdk->cancel_fd, pause))
            return unconfirmed(receipt, "waiting for it was cancelled", error);
        if (base_now_ms(sdk->clock) >= end)
            return unconfirmed(receipt, problem.code ? problem.text : "it is in no block yet", error);
        pause = pause * 2 < POLL_MAX_MS ? pause * 2 : POLL_MAX_MS;
    }
}

static int deliver(dstack_p2p *sdk, const base_buf *raw, cluster_receipt *receipt, base_error *error)
{
    acceptance outcome = send_with(sdk, "eth_sendRawTransactionSync", raw, receipt, error);
    if (outcome == UNKNOWN_METHOD) outcome = send_with(sdk, "eth_sendRawTransaction", raw, receipt, error);
    if (outcome == PENDING) return await_receipt(sdk, receipt, error);
    if (outcome == UNKNOWN_METHOD)
        return base_fail(error, DSTACK_P2P_ERR_RPC_ERROR, "the node takes no transactions");
    return error->code;
}

int cluster_submit(dstack_p2p *sdk, const cluster_call *call, cluster_receipt *receipt, base_error *error)
{
    base_buf raw = base_buf_make(RAW_MAX);
    memset(receipt, 0, sizeof *receipt);
    if (!sign(sdk, call, &raw, receipt->hash32, error)) {
        deliver(sdk, &raw, receipt, error);
        if (receipt->mined)
            sdk->spent = eth_wei_add(sdk->spent, eth_wei_mul(receipt->gas_price, receipt->gas_used));
        else if (error->code == DSTACK_P2P_ERR_UNCONFIRMED || error->code == DSTACK_P2P_ERR_CANCELLED)
            sdk->spent = eth_wei_add(sdk->spent, call->fees.most);
    }
    base_buf_free(&raw);
    return error->code;
}
