/* SPDX-License-Identifier: MIT */
#include "cluster/peers.h"

#include "cluster/block.h"
#include "cluster/evidence.h"
#include "cluster/pages.h"
#include "cluster/sdk.h"

#include <stdio.h>
#include <string.h>

/* Of one reading, whatever the node answers. */
enum { EXCHANGES_MAX = 2000, TIMEOUTS_MAX = 2 };

typedef struct reading {
    dstack_p2p *sdk;
    eth_rpc *rpc;
    cluster_paging *paging;
    const cluster_block *at; /* to be read; NULL = whatever the tag means now */
    cluster_pages pages;
    unsigned exchanges, timeouts;
} reading;

/* A line that is too slow for a page may do for half of it; for how many halves is not tried for ever. */
static cluster_page_outcome judge_failure(reading *it, const base_error *error)
{
    bool timed_out = error->code == DSTACK_P2P_ERR_RPC_TIMEOUT;
    if (!eth_rpc_was_too_much(it->rpc) || (timed_out && ++it->timeouts > TIMEOUTS_MAX))
        return CLUSTER_PAGE_FAILED;
    return CLUSTER_PAGE_TOO_LARGE;
}

/* One page at a time: a batch of several would hold them all in memory. */
static cluster_page_outcome exchange(reading *it, uint32_t limit, base_error *error)
{
    char tag[24];
    eth_batch batch;
    cluster_page_outcome outcome;
    cluster_pages *pages = &it->pages;
    const cluster_config *config = &it->sdk->config;
    const eth_request *first = &batch.requests[1], *second = &batch.requests[2];
    eth_rpc_begin(&batch);
    snprintf(tag, sizeof tag, "0x%llx", (unsigned long long)pages->list->block_number);
    if (!pages->pinned) cluster_ask_block(&batch, config->block);
    registry_ask_page(&batch, config->contract20, pages->next, limit, pages->pinned ? tag : config->block);
    if (pages->pinned) cluster_ask_block(&batch, tag);
    it->exchanges++;
    if (cluster_exchange(it->sdk, it->rpc, &batch, error))
        outcome = judge_failure(it, error);
    else if (pages->pinned)
        outcome = cluster_pages_take_pinned(pages, first, second, limit, error);
    else
        outcome = cluster_pages_take_first(pages, first, second, limit, error);
    eth_batch_free(&batch);
    return outcome;
}

/* A node that answers very little at a time would be asked very often. */
static int check_effort(const reading *it, uint32_t limit, base_error *error)
{
    const cluster_pages *pages = &it->pages;
    uint64_t left = pages->pinned ? pages->total - pages->next : 1;
    if (it->exchanges + (left + limit - 1) / limit <= EXCHANGES_MAX) return 0;
    return base_fail(
        error, DSTACK_P2P_ERR_RPC_ERROR,
        "the node answers only %u at a time of %llu peers, which takes more than %d requests; use "
        "one with a higher limit for eth_call",
        limit, (unsigned long long)pages->total, EXCHANGES_MAX);
}

/* Half as much at a time from now on; false, with the reason in `error`, when one peer is too much. */
static bool ask_for_less(const reading *it, base_error *error)
{
    if (!cluster_paging_shrink(it->paging)) {
        base_error_context(error, "the node cannot answer a single peer");
        return false;
    }
    base_log_write(&it->sdk->config.log, DSTACK_P2P_LOG_INFO, "asking for %u peers at a time from now on: %s",
                   cluster_paging_size(it->paging), error->text);
    base_error_clear(error);
    return true;
}

/* Reads at one block, that of the first answer if none is given. */
static cluster_page_outcome read_at_block(reading *it, base_error *error)
{
    cluster_page_outcome outcome = CLUSTER_PAGE_TAKEN;
    cluster_pages_restart(&it->pages);
    if (it->at) cluster_pages_pin(&it->pages, it->at);
    while (outcome == CLUSTER_PAGE_TAKEN && !cluster_pages_complete(&it->pages)) {
        uint32_t limit = cluster_paging_size(it->paging);
        if (check_effort(it, limit, error)) return CLUSTER_PAGE_FAILED;
        outcome = exchange(it, limit, error);
        if (outcome == CLUSTER_PAGE_TOO_LARGE && ask_for_less(it, error)) outcome = CLUSTER_PAGE_TAKEN;
    }
    return outcome;
}

static cluster_page_outcome read_again(reading *it, base_error *error)
{
    base_log_write(&it->sdk->config.log, DSTACK_P2P_LOG_INFO, "reading the peers again: %s", error->text);
    base_error_clear(error);
    return read_at_block(it, error);
}

static int read_all(reading *it, base_error *error)
{
    cluster_page_outcome outcome = read_at_block(it, error);
    if (outcome == CLUSTER_PAGE_READ_AGAIN) outcome = read_again(it, error);
    if (outcome == CLUSTER_PAGE_READ_AGAIN && it->at && it->pages.no_state) {
        it->at = NULL; /* whatever the node has */
        outcome = read_again(it, error);
    }
    if (outcome == CLUSTER_PAGE_READ_AGAIN && !it->at)
        base_error_context(error,
                           "no whole list of one block, twice in a row; use a node that keeps the state "
                           "of recent blocks");
    if (outcome != CLUSTER_PAGE_TAKEN || cluster_list_finish(it->pages.list, error)) return error->code;
    cluster_paging_went_well(it->paging);
    return 0;
}

dstack_p2p_peers *cluster_read_peers(dstack_p2p *sdk, eth_rpc *rpc, cluster_paging *paging, base_error *error)
{
    return cluster_read_peers_at(sdk, rpc, paging, NULL, error);
}

dstack_p2p_peers *cluster_read_peers_at(dstack_p2p *sdk, eth_rpc *rpc, cluster_paging *paging,
                                        const cluster_block *block, base_error *error)
{
    dstack_p2p_peers *list = cluster_list_new(sdk->clock);
    reading it = {.sdk = sdk, .rpc = rpc, .paging = paging, .at = block, .pages = {.list = list}};
    if (!list) {
        base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
        return NULL;
    }
    int code = cluster_evidence_prepare(sdk, rpc, error);
    list->knows_self = sdk->has_identity;
    if (list->knows_self) it.pages.self20 = sdk->identity.instance20;
    if (code || read_all(&it, error) || cluster_evidence_check(sdk, rpc, list, error)) {
        cluster_name_contract(sdk, error);
        dstack_p2p_peers_free(list);
        return NULL;
    }
    return list;
}
