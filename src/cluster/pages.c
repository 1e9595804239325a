/* SPDX-License-Identifier: MIT */
#include "cluster/pages.h"

#include "eth/refusal.h"

#include <string.h>

enum { PEERS_MAX = 1000000 }; /* a contract that claims more is lying */

static void start_over(cluster_pages *pages)
{
    cluster_list_clear(pages->list);
    pages->next = 0;
    pages->unconfirmed = false;
}

void cluster_pages_restart(cluster_pages *pages)
{
    start_over(pages);
    pages->pinned = pages->no_state = false;
}

static void pin_to(cluster_pages *pages, const cluster_block *block)
{
    pages->list->block_number = block->number;
    pages->list->block_time = block->time;
    memcpy(pages->list->block_hash32, block->hash32, sizeof block->hash32);
}

void cluster_pages_pin(cluster_pages *pages, const cluster_block *block)
{
    pin_to(pages, block);
    pages->total = 1; /* at least the slot that the first page begins with is to be asked for */
    pages->pinned = true;
}

bool cluster_pages_complete(const cluster_pages *pages)
{
    return pages->pinned && pages->next >= pages->total;
}

/* ---- What a page holds ---- */

static int add_peers(const cluster_pages *pages, registry_page *page, base_error *error)
{
    registry_peer peer;
    const uint8_t *self = pages->self20;
    bool has_room = cluster_list_reserve(pages->list, page->count, page->url_bytes);
    for (size_t i = 0; i < page->count && has_room; i++) {
        if (registry_next_peer(page, &peer, error)) return error->code;
        has_room = cluster_list_add(pages->list, &peer, self && !memcmp(peer.instance20, self, 20));
    }
    return has_room ? 0 : base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory, or too many peers");
}

static int check_size(const cluster_pages *pages, const registry_page *page, uint32_t limit,
                      base_error *error)
{
    uint64_t slots = page->total > pages->next ? page->total - pages->next : 0;
    if (slots > limit) slots = limit;
    if (page->total > PEERS_MAX)
        return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER,
                         "the node claims %llu peers; more than %d are not believed",
                         (unsigned long long)page->total, PEERS_MAX);
    if (page->count > slots)
        return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER, "the node lists %zu peers in %llu slots",
                         page->count, (unsigned long long)slots);
    return 0;
}

static bool fits(const cluster_pages *pages, const registry_page *page)
{
    return pages->next == 0 || (page->total == pages->total && page->version == pages->list->version);
}

static cluster_page_outcome misfit(const cluster_pages *pages, const registry_page *page, base_error *error)
{
    base_fail(
        error, DSTACK_P2P_ERR_RPC_ANSWER,
        "the node's pages of peers do not fit together: version %llu with %llu slots, then version %llu "
        "with %llu, both at block %llu",
        (unsigned long long)pages->list->version, (unsigned long long)pages->total,
        (unsigned long long)page->version, (unsigned long long)page->total,
        (unsigned long long)pages->list->block_number);
    return CLUSTER_PAGE_READ_AGAIN;
}

static cluster_page_outcome take_open(cluster_pages *pages, registry_page *page, uint32_t limit,
                                      base_error *error)
{
    if (!fits(pages, page) && !pages->unconfirmed) return misfit(pages, page, error);
    if (!fits(pages, page)) {
        start_over(pages); /* with a first page that is pinned, as all others */
        return CLUSTER_PAGE_TAKEN;
    }
    if (check_size(pages, page, limit, error)) return CLUSTER_PAGE_FAILED;
    pages->unconfirmed = !pages->pinned;
    pages->total = page->total;
    pages->list->version = page->version;
    pages->next += limit;
    return add_peers(pages, page, error) ? CLUSTER_PAGE_FAILED : CLUSTER_PAGE_TAKEN;
}

static cluster_page_outcome take_page(cluster_pages *pages, const eth_request *answer, uint32_t limit,
                                      base_error *error)
{
    registry_page page;
    cluster_page_outcome outcome = CLUSTER_PAGE_FAILED;
    if (!registry_open_page(answer, &page, error)) outcome = take_open(pages, &page, limit, error);
    registry_close_page(&page);
    return outcome;
}

/* ---- Answers ---- */

cluster_page_outcome cluster_pages_take_first(cluster_pages *pages, const eth_request *block,
                                              const eth_request *page, uint32_t limit, base_error *error)
{
    cluster_block pin;
    if (cluster_read_block(block, &pin, error)) return CLUSTER_PAGE_FAILED;
    pin_to(pages, &pin);
    cluster_page_outcome outcome = take_page(pages, page, limit, error);
    pages->pinned = outcome == CLUSTER_PAGE_TAKEN;
    return eth_request_refusal(page) == ETH_TOO_MUCH ? CLUSTER_PAGE_TOO_LARGE : outcome;
}

/* Whether the block is still the one that was pinned to. */
static cluster_page_outcome check_block(const cluster_pages *pages, const eth_request *answer,
                                        base_error *error)
{
    cluster_block block;
    eth_refusal refusal = eth_request_refusal(answer);
    if (cluster_read_block(answer, &block, error)) {
        bool is_gone = refusal == ETH_NO_STATE || json_is_null(answer->result);
        if (refusal == ETH_TOO_MUCH) return CLUSTER_PAGE_TOO_LARGE; /* the page left no room for it */
        return is_gone ? CLUSTER_PAGE_READ_AGAIN : CLUSTER_PAGE_FAILED;
    }
    if (!memcmp(block.hash32, pages->list->block_hash32, sizeof block.hash32)) return CLUSTER_PAGE_TAKEN;
    base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER, "block %llu is not the block it was",
              (unsigned long long)pages->list->block_number);
    return CLUSTER_PAGE_READ_AGAIN;
}

cluster_page_outcome cluster_pages_take_pinned(cluster_pages *pages, const eth_request *page,
                                               const eth_request *block, uint32_t limit, base_error *error)
{
    cluster_page_outcome outcome = check_block(pages, block, error);
    if (outcome != CLUSTER_PAGE_TAKEN) return outcome;
    outcome = take_page(pages, page, limit, error);
    switch (eth_request_refusal(page)) {
    case ETH_TOO_MUCH:
    case ETH_BARE_REVERT: /* the contract has answered before */
        return CLUSTER_PAGE_TOO_LARGE;
    case ETH_NO_STATE:
        pages->no_state = true;
        return CLUSTER_PAGE_READ_AGAIN;
    default:
        return outcome;
    }
}
