/* SPDX-License-Identifier: MIT */
#include "cluster/look.h"

#include "cluster/conditions.h"
#include "cluster/receipt.h"
#include "eth/quantity.h"

#include <string.h>

enum { BLOCK_POLL_MS = 500 };

/* Where the batch holds the questions. The last two are asked while a transaction is live. */
typedef struct questions {
    size_t block, nonce, balance, tip;
    registry_state_query state;
    bool asked_live;
    size_t mined_nonce, receipts;
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
    asked.receipts = cluster_ask_receipts(batch, &sdk->ledger);
    return asked;
}

static int read_account(const eth_batch *batch, const questions *asked, cluster_view *seen, base_error *error)
{
    const eth_request *nonce = &batch->requests[asked->nonce], *balance = &batch->requests[asked->balance];
    if (eth_request_check(nonce, error) || eth_request_check(balance, error)) return error->code;
    if (!eth_quantity_u64(nonce->result, &seen->nonce) || !eth_quantity_wei(balance->result, &seen->balance))
        return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER, "the node's nonce or balance is malformed");
    seen->tip = cluster_read_tip(&batch->requests[asked->tip], &seen->block);
    return 0;
}

/* What became of the live transaction. If it is not mined its nonce is used again, so that only one of the
 * two can be. */
static int read_live(cluster_session *session, const eth_batch *batch, const questions *asked,
                     cluster_view *seen, base_error *error)
{
    uint64_t mined;
    cluster_receipt receipt;
    cluster_ledger *ledger = &session->sdk->ledger;
    if (!asked->asked_live) return 0;
    const eth_request *nonce = &batch->requests[asked->mined_nonce];
    if (eth_request_check(nonce, error)) return error->code;
    if (!eth_quantity_u64(nonce->result, &mined))
        return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER, "the node's nonce is malformed");
    if (cluster_read_receipts(batch, asked->receipts, ledger, &receipt, error)) return error->code;
    if (!receipt.mined && mined <= ledger->nonce) {
        seen->nonce = ledger->nonce;
        return 0;
    }
    if (receipt.mined && !receipt.succeeded)
        base_log_write(&session->sdk->config.log, DSTACK_P2P_LOG_WARNING,
                       "an earlier transaction of this node failed in block %llu",
                       (unsigned long long)receipt.block_number);
    if (receipt.mined)
        cluster_ledger_settle(ledger, receipt.cost);
    else
        cluster_ledger_forget(ledger); /* another one took its nonce */
    cluster_books_save(session);
    return 0;
}

int cluster_look(cluster_session *session, const char *url, cluster_view *seen, base_error *error)
{
    eth_batch batch;
    questions asked = ask(session->sdk, &batch, url);
    memset(seen, 0, sizeof *seen);
    if (!cluster_send(session, &batch, error) &&
        !cluster_read_block(&batch.requests[asked.block], &seen->block, error) &&
        !read_account(&batch, &asked, seen, error) && !read_live(session, &batch, &asked, seen, error))
        registry_read_state(&batch, asked.state, &seen->state, error);
    eth_batch_free(&batch);
    return cluster_name_contract(session->sdk, error);
}

int cluster_look_with_anchor(cluster_session *session, const char *url, uint64_t end_ms, cluster_view *seen,
                             base_error *error)
{
    const base_clock *clock = session->sdk->clock;
    for (;;) {
        if (cluster_look(session, url, seen, error)) return error->code;
        if (seen->block.number > seen->state.last_anchor ||
            cluster_is_done(session->sdk, &seen->state, &seen->block, url))
            return 0;
        if (base_wait(clock, session->cancel_fd, BLOCK_POLL_MS))
            return base_fail(error, DSTACK_P2P_ERR_CANCELLED, "cancelled while waiting for a block");
        if (base_now_ms(clock) >= end_ms)
            return base_fail(
                error, DSTACK_P2P_ERR_RPC_ANSWER,
                "the node stands at block %llu and the instance's last statement was made at block "
                "%llu: it lags behind",
                (unsigned long long)seen->block.number, (unsigned long long)seen->state.last_anchor);
    }
}
