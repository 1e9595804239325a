/* SPDX-License-Identifier: MIT */
#include "eth/pinned.h"

#include "eth/quantity.h"

#include <string.h>

static const char question[] = "eth_chainId";

void eth_pinned_begin(eth_batch *batch)
{
    eth_batch_init(batch);
    eth_batch_add(batch, question, "[]");
}

static int check(eth_pinned *pinned, uint64_t *chain_id, const eth_request *answer, base_error *error)
{
    uint64_t heard;
    const char *shown = pinned->node.shown;
    if (eth_request_check(answer, error)) {
        base_error_context(error, "%s", shown);
        return error->code;
    }
    if (!eth_quantity_u64(answer->result, &heard) || !heard)
        return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER, "the node at %s answered no chain id", shown);
    if (*chain_id && heard != *chain_id)
        return base_fail(error, DSTACK_P2P_ERR_WRONG_CHAIN,
                         "the node at %s is on chain %llu, not on chain %llu; check RPC_URL and CHAIN_ID",
                         shown, (unsigned long long)heard, (unsigned long long)*chain_id);
    *chain_id = heard;
    pinned->is_verified = true;
    return 0;
}

static int verify(eth_pinned *pinned, uint64_t *chain_id, eth_try *it, base_error *error)
{
    eth_batch batch;
    eth_pinned_begin(&batch);
    if (!eth_node_ask(&pinned->node, &batch, it, error)) check(pinned, chain_id, &batch.requests[0], error);
    eth_batch_free(&batch);
    it->doubtful = false; /* what it was to be asked for was not sent */
    return error->code;
}

int eth_pinned_ask(eth_pinned *pinned, uint64_t *chain_id, eth_batch *batch, eth_try *it, base_error *error)
{
    const eth_request *first = &batch->requests[0];
    bool asks = batch->count && strcmp(first->method, question) == 0;
    if (!asks && !pinned->is_verified && verify(pinned, chain_id, it, error)) return error->code;
    if (eth_node_ask(&pinned->node, batch, it, error)) return error->code;
    return asks ? check(pinned, chain_id, first, error) : 0;
}
