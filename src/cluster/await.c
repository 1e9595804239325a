/* SPDX-License-Identifier: MIT */
#include "cluster/await.h"

#include "base/hex.h"
#include "cluster/block.h"
#include "eth/quantity.h"

enum { POLL_MIN_MS = 100, POLL_MAX_MS = 2000, USED_UP_MIN = 2 };

/* What a poll says. */
typedef struct glance {
    cluster_receipt receipt;
    uint64_t block_number; /* 0 = not told */
    bool used_up;          /* the nonce is, and there is no receipt */
} glance;

int cluster_unconfirmed(const cluster_ledger *ledger, const char *why, const char *hindrance,
                        base_error *error)
{
    char hash[65];
    base_error reason = {0};
    base_hex_encode(cluster_ledger_hash(ledger), 32, hash);
    base_fail(&reason, DSTACK_P2P_ERR_UNCONFIRMED, "the transaction 0x%s may have been sent, but %s%s%s",
              hash, why, hindrance ? "; it is not replaced: " : "", hindrance ? hindrance : "");
    *error = reason;
    return error->code;
}

/* Only the receipts have to be answered. */
static int take_glance(cluster_session *session, glance *seen, base_error *error)
{
    eth_batch batch;
    cluster_block block = {0};
    uint64_t mined = 0;
    const cluster_ledger *ledger = &session->sdk->ledger;
    *seen = (glance){0};
    eth_rpc_begin(&batch);
    size_t block_at = cluster_ask_block(&batch, "latest");
    size_t nonce_at = eth_batch_add(&batch, "eth_getTransactionCount", "[\"%s\",\"latest\"]",
                                    session->sdk->identity.payer_text);
    size_t receipts_at = cluster_ask_receipts(&batch, ledger);
    if (!cluster_send(session, &batch, error) &&
        !cluster_read_receipts(&batch, receipts_at, ledger, &seen->receipt, error)) {
        base_error ignored = {0};
        if (!cluster_read_block(&batch.requests[block_at], &block, &ignored))
            seen->block_number = block.number;
        const eth_request *nonce = &batch.requests[nonce_at];
        bool told = !nonce->has_error && eth_quantity_u64(nonce->result, &mined);
        seen->used_up = told && mined > ledger->nonce && !seen->receipt.mined;
    }
    eth_batch_free(&batch);
    return error->code;
}

static bool is_overdue(const cluster_ledger *ledger, uint64_t block_number)
{
    return block_number >= ledger->anchor + CLUSTER_REPLACE_BLOCKS && ledger->versions < CLUSTER_VERSIONS_MAX;
}

int cluster_await(cluster_session *session, uint64_t end_ms, const char *hindrance, cluster_receipt *receipt,
                  base_error *error)
{
    const base_clock *clock = session->sdk->clock;
    const cluster_ledger *ledger = &session->sdk->ledger;
    unsigned used_up = 0; /* in a row: nodes behind one address may differ for a moment */
    for (uint64_t pause = POLL_MIN_MS;; pause = pause * 2 < POLL_MAX_MS ? pause * 2 : POLL_MAX_MS) {
        glance seen;
        base_error problem = {0};
        take_glance(session, &seen, &problem);
        *receipt = seen.receipt;
        used_up = seen.used_up ? used_up + 1 : 0;
        if (receipt->mined) return 0;
        if (problem.code != DSTACK_P2P_ERR_CANCELLED && base_now_ms(clock) >= end_ms)
            return cluster_unconfirmed(ledger, problem.code ? problem.text : "it is in no block yet",
                                       hindrance, error);
        bool settled = used_up >= USED_UP_MIN || (!hindrance && is_overdue(ledger, seen.block_number));
        /* Also before a look: a node that is behind would send us back here, again and again. */
        if (problem.code == DSTACK_P2P_ERR_CANCELLED ||
            base_wait(clock, session->cancel_fd, settled ? POLL_MIN_MS : pause))
            return cluster_unconfirmed(ledger, "waiting for it was cancelled", hindrance, error);
        if (settled) return 0;
    }
}
