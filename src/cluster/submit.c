/* SPDX-License-Identifier: MIT */
#include "cluster/submit.h"

#include "cluster/await.h"
#include "cluster/wallet.h"
#include "eth/acceptance.h"
#include "eth/tx.h"

#include <string.h>

/* How the node took the transaction. */
typedef enum acceptance { MINED, PENDING, UNKNOWN_METHOD, REFUSED } acceptance;

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

static acceptance judge_error(dstack_p2p *sdk, const eth_request *request, bool *again, base_error *error)
{
    eth_acceptance word = eth_request_acceptance(request);
    if (word == ETH_TX_UNKNOWN_METHOD) return UNKNOWN_METHOD;
    if (word == ETH_TX_TAKEN) return PENDING;
    if (word == ETH_TX_REPLACES) *again = sdk->ledger.raise = true;
    if (word == ETH_TX_NONCE_USED) *again = true;
    if (word == ETH_TX_NO_FUNDS)
        base_fail(error, DSTACK_P2P_ERR_NO_FUNDS, "the node says that %s cannot pay: %s",
                  sdk->identity.payer_text, request->error_message);
    eth_request_check(request, error);
    return REFUSED;
}

/* What a failed exchange means for the transaction in it. */
static acceptance judge_failure(const dstack_p2p *sdk, base_error *error)
{
    switch (error->code) {
    case DSTACK_P2P_ERR_RPC_TIMEOUT:
    case DSTACK_P2P_ERR_RPC_ANSWER:
        return PENDING;
    case DSTACK_P2P_ERR_CANCELLED:
        cluster_unconfirmed(&sdk->ledger, "waiting for it was cancelled", NULL, error);
        return REFUSED;
    default:
        return REFUSED;
    }
}

static acceptance send_with(cluster_session *session, const char *method, cluster_receipt *receipt,
                            bool *again, base_error *error)
{
    eth_batch batch;
    acceptance outcome = PENDING;
    cluster_ledger *ledger = &session->sdk->ledger;
    eth_batch_init(&batch);
    eth_batch_add(&batch, method, "%s", ""); /* the parameter is too long for the format */
    eth_request *request = &batch.requests[0];
    base_buf_puts(&request->params, "[\"0x");
    base_buf_hex(&request->params, ledger->raw, ledger->raw_len);
    base_buf_puts(&request->params, "\"]");
    if (cluster_send(session, &batch, error))
        outcome = judge_failure(session->sdk, error);
    else if (request->has_error)
        outcome = judge_error(session->sdk, request, again, error);
    else if (json_is_object(request->result))
        outcome = cluster_read_receipt(request->result, ledger, ledger->versions - 1, receipt, error)
                      ? PENDING
                      : MINED;
    if (outcome == PENDING || outcome == UNKNOWN_METHOD) base_error_clear(error);
    eth_batch_free(&batch);
    return outcome;
}

/* Where others wait for the wallet the receipt is not waited for while it is locked. */
int cluster_deliver(cluster_session *session, cluster_receipt *receipt, bool *again, base_error *error)
{
    acceptance outcome = UNKNOWN_METHOD;
    memset(receipt, 0, sizeof *receipt);
    if (!cluster_wallet_is_wanted(session))
        outcome = send_with(session, "eth_sendRawTransactionSync", receipt, again, error);
    if (outcome == UNKNOWN_METHOD)
        outcome = send_with(session, "eth_sendRawTransaction", receipt, again, error);
    cluster_wallet_give(session);
    if (outcome == UNKNOWN_METHOD)
        return base_fail(error, DSTACK_P2P_ERR_RPC_ERROR, "the node takes no transactions");
    return error->code;
}

int cluster_submit(cluster_session *session, const cluster_call *call, cluster_receipt *receipt, bool *again,
                   base_error *error)
{
    base_buf raw = base_buf_make(CLUSTER_RAW_MAX);
    cluster_version version = {.nonce = call->nonce,
                               .fees = call->fees,
                               .anchor = call->anchor,
                               .url = call->url,
                               .raw = &raw,
                               .data = &call->data};
    if (!sign(session->sdk, call, &raw, version.hash32, error)) {
        cluster_ledger_book(&session->sdk->ledger, &version);
        cluster_books_save(session);
        cluster_wallet_mark(session, call->nonce);
        cluster_deliver(session, receipt, again, error);
    }
    base_buf_free(&raw);
    return error->code;
}
