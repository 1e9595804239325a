/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* strcasestr */
#include "cluster/submit.h"

#include "base/hex.h"
#include "cluster/sdk.h"
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

/* Nodes have no common codes for these; the words are geth's, Besu's, Nethermind's, Erigon's and anvil's. */
static bool says_one_of(const eth_request *request, const char *const *words)
{
    for (; *words; words++)
        if (strcasestr(request->error_message, *words)) return true;
    return false;
}

static bool is_unknown_method(const eth_request *request)
{
    static const char *const missing[] = {"not found",      "not supported", "unsupported",
                                          "does not exist", "not available", NULL};
    return request->error_code == -32601 ||
           (strcasestr(request->error_message, "method") && says_one_of(request, missing));
}

static bool is_pending(const eth_request *request)
{
    static const char *const known[] = {"already known",
                                        "alreadyknown",
                                        "already imported",
                                        "known transaction",
                                        "timeout",
                                        "timed out",
                                        NULL};
    /* EIP-7966: 4, not mined in the node's time; 5, in the pool and not ready. */
    return request->error_code == 4 || request->error_code == 5 || says_one_of(request, known);
}

static acceptance judge_error(dstack_p2p *sdk, const eth_request *request, bool *again, base_error *error)
{
    static const char *const replaces[] = {"replacement", "replaced", NULL};
    static const char *const nonce[] = {"nonce too low", "nonce is too low", "oldnonce", NULL};
    static const char *const funds[] = {"insufficient funds", "insufficient balance", NULL};
    if (is_unknown_method(request)) return UNKNOWN_METHOD;
    if (is_pending(request)) return PENDING;
    if (says_one_of(request, replaces)) *again = sdk->ledger.raise = true;
    if (says_one_of(request, nonce)) *again = true;
    if (says_one_of(request, funds))
        base_fail(error, DSTACK_P2P_ERR_NO_FUNDS, "the node says that %s cannot pay: %s",
                  sdk->identity.payer_text, request->error_message);
    eth_request_check(request, error);
    return REFUSED;
}

static int unconfirmed(const dstack_p2p *sdk, const char *why, base_error *error)
{
    char hash[65];
    base_error reason = {0};
    base_hex_encode(sdk->ledger.hash32, 32, hash);
    base_fail(&reason, DSTACK_P2P_ERR_UNCONFIRMED, "the transaction 0x%s may have been sent, but %s", hash,
              why);
    *error = reason;
    return error->code;
}

/* What a failed exchange means for the transaction in it. */
static acceptance judge_failure(const dstack_p2p *sdk, base_error *error)
{
    switch (error->code) {
    case DSTACK_P2P_ERR_RPC_TIMEOUT:
    case DSTACK_P2P_ERR_RPC_ANSWER:
        return PENDING;
    case DSTACK_P2P_ERR_CANCELLED:
        unconfirmed(sdk, "waiting for it was cancelled", error);
        return REFUSED;
    default:
        return REFUSED;
    }
}

static acceptance send_with(dstack_p2p *sdk, const char *method, const base_buf *raw,
                            cluster_receipt *receipt, bool *again, base_error *error)
{
    eth_batch batch;
    acceptance outcome = PENDING;
    eth_batch_init(&batch);
    eth_batch_add(&batch, method, "%s", ""); /* the parameter is too long for the format */
    eth_request *request = &batch.requests[0];
    base_buf_puts(&request->params, "[\"0x");
    base_buf_hex(&request->params, raw->data, raw->len);
    base_buf_puts(&request->params, "\"]");
    if (cluster_send(sdk, &batch, error))
        outcome = judge_failure(sdk, error);
    else if (request->has_error)
        outcome = judge_error(sdk, request, again, error);
    else if (json_is_object(request->result))
        outcome = cluster_read_receipt(request->result, &sdk->ledger, receipt, error) ? PENDING : MINED;
    if (outcome == PENDING || outcome == UNKNOWN_METHOD) base_error_clear(error);
    eth_batch_free(&batch);
    return outcome;
}

static int ask_receipt(dstack_p2p *sdk, cluster_receipt *receipt, base_error *error)
{
    eth_batch batch;
    eth_rpc_begin(&batch);
    size_t at = cluster_ask_receipt(&batch, &sdk->ledger);
    const eth_request *answer = &batch.requests[at];
    if (!cluster_send(sdk, &batch, error) && !eth_request_check(answer, error))
        cluster_read_receipt(answer->result, &sdk->ledger, receipt, error);
    eth_batch_free(&batch);
    return error->code;
}

static int await_receipt(dstack_p2p *sdk, cluster_receipt *receipt, base_error *error)
{
    uint64_t end = base_now_ms(sdk->clock) + sdk->config.confirm_timeout_ms, pause = POLL_MIN_MS;
    for (;;) {
        base_error problem = {0};
        if (!ask_receipt(sdk, receipt, &problem) && receipt->mined) return 0;
        if (problem.code == DSTACK_P2P_ERR_CANCELLED || base_wait(sdk->clock, sdk->cancel_fd, pause))
            return unconfirmed(sdk, "waiting for it was cancelled", error);
        if (base_now_ms(sdk->clock) >= end)
            return unconfirmed(sdk, problem.code ? problem.text : "it is in no block yet", error);
        pause = pause * 2 < POLL_MAX_MS ? pause * 2 : POLL_MAX_MS;
    }
}

static int deliver(dstack_p2p *sdk, const base_buf *raw, cluster_receipt *receipt, bool *again,
                   base_error *error)
{
    acceptance outcome = send_with(sdk, "eth_sendRawTransactionSync", raw, receipt, again, error);
    if (outcome == UNKNOWN_METHOD)
        outcome = send_with(sdk, "eth_sendRawTransaction", raw, receipt, again, error);
    if (outcome == PENDING) return await_receipt(sdk, receipt, error);
    if (outcome == UNKNOWN_METHOD)
        return base_fail(error, DSTACK_P2P_ERR_RPC_ERROR, "the node takes no transactions");
    return error->code;
}

int cluster_submit(dstack_p2p *sdk, const cluster_call *call, cluster_receipt *receipt, bool *again,
                   base_error *error)
{
    uint8_t hash[32];
    base_buf raw = base_buf_make(RAW_MAX);
    memset(receipt, 0, sizeof *receipt);
    if (!sign(sdk, call, &raw, hash, error)) {
        cluster_ledger_book(&sdk->ledger, call->nonce, &call->fees, hash);
        if (!deliver(sdk, &raw, receipt, again, error)) cluster_ledger_settle(&sdk->ledger, receipt->cost);
    }
    base_buf_free(&raw);
    return error->code;
}
