/* SPDX-License-Identifier: MIT */
#include "cluster/peers.h"

#include "cluster/block.h"
#include "cluster/list.h"
#include "cluster/sdk.h"

#include <stdio.h>
#include <string.h>

enum {
    PAGE = 1000,         /* peers: 0.4 to 0.6 MB of answer, 3M to 20M gas of eth_call */
    PAGES_PER_BATCH = 8, /* stays below the ceiling of an answer */
    PEERS_MAX = 1000000  /* a contract that claims more is lying */
};

static int add_page(const dstack_p2p *sdk, registry_page *page, dstack_p2p_peers *list, base_error *error)
{
    registry_peer peer;
    if (!cluster_list_reserve(list, page->count, page->url_bytes))
        return base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < page->count; i++) {
        if (registry_next_peer(page, &peer, error)) return error->code;
        bool is_self = list->knows_self && !memcmp(peer.instance20, sdk->identity.instance20, 20);
        if (!cluster_list_add(list, &peer, is_self))
            return base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory, or too many peers");
    }
    return 0;
}

/* One answer into the list; all pages must be of the same state. */
static int take_page(const dstack_p2p *sdk, const eth_request *answer, bool first, dstack_p2p_peers *list,
                     uint64_t *total, base_error *error)
{
    registry_page page;
    if (!registry_open_page(answer, &page, error)) {
        if (first) {
            *total = page.total;
            list->version = page.version;
        }
        if (page.total != *total || page.version != list->version || page.total > PEERS_MAX)
            base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER, "the node's pages of peers do not fit together");
        else
            add_page(sdk, &page, list, error);
    }
    registry_close_page(&page);
    return error->code;
}

/* The first page together with the block it is at least as new as. */
static int read_first(dstack_p2p *sdk, eth_rpc *rpc, dstack_p2p_peers *list, uint64_t *total,
                      base_error *error)
{
    eth_batch batch;
    cluster_block block;
    eth_rpc_begin(&batch);
    size_t block_at = cluster_ask_block(&batch, sdk->config.block);
    size_t page_at = registry_ask_page(&batch, sdk->config.contract20, 0, PAGE, sdk->config.block);
    if (!cluster_exchange(sdk, rpc, &batch, error) &&
        !cluster_read_block(&batch.requests[block_at], &block, error) &&
        !take_page(sdk, &batch.requests[page_at], true, list, total, error)) {
        list->block_number = block.number;
        list->block_time = block.time;
    }
    eth_batch_free(&batch);
    return error->code;
}

static int read_batch(dstack_p2p *sdk, eth_rpc *rpc, dstack_p2p_peers *list, uint64_t *offset,
                      uint64_t *total, base_error *error)
{
    char tag[24];
    eth_batch batch;
    bool first = *offset == 0;
    snprintf(tag, sizeof tag, "0x%llx", (unsigned long long)list->block_number);
    eth_rpc_begin(&batch);
    for (int i = 0; i < PAGES_PER_BATCH && *offset < *total; i++, *offset += PAGE)
        registry_ask_page(&batch, sdk->config.contract20, *offset, PAGE, tag);
    cluster_exchange(sdk, rpc, &batch, error);
    for (size_t i = 1; i < batch.count && !error->code; i++)
        take_page(sdk, &batch.requests[i], first && i == 1, list, total, error);
    eth_batch_free(&batch);
    return error->code;
}

/* More than one page: all of them again, pinned to one block, so that they fit together. */
static int read_pinned(dstack_p2p *sdk, eth_rpc *rpc, dstack_p2p_peers *list, uint64_t total,
                       base_error *error)
{
    cluster_list_clear(list);
    for (uint64_t offset = 0; offset < total;)
        if (read_batch(sdk, rpc, list, &offset, &total, error)) return error->code;
    return 0;
}

static int fill(dstack_p2p *sdk, eth_rpc *rpc, dstack_p2p_peers *list, base_error *error)
{
    uint64_t total = 0;
    if (read_first(sdk, rpc, list, &total, error)) return error->code;
    if (total > PAGE && read_pinned(sdk, rpc, list, total, error)) return error->code;
    return cluster_list_finish(list, error);
}

dstack_p2p_peers *cluster_read_peers(dstack_p2p *sdk, eth_rpc *rpc, base_error *error)
{
    dstack_p2p_peers *list = cluster_list_new(sdk->clock);
    if (!list) {
        base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    } else if (list->knows_self = sdk->has_identity, fill(sdk, rpc, list, error)) {
        cluster_name_contract(sdk, error);
        dstack_p2p_peers_free(list);
        list = NULL;
    }
    return list;
}
