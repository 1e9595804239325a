/* SPDX-License-Identifier: MIT */
#include "cluster/refresh.h"

#include "base/hex.h"
#include "cluster/evidence.h"
#include "cluster/list.h"
#include "cluster/sdk.h"

#include <stdio.h>
#include <string.h>

typedef struct refresh {
    dstack_p2p *sdk;
    const cluster_touched *touched;
    const cluster_head *head;
    dstack_p2p_peers *list;
} refresh;

static bool is_touched(const cluster_touched *touched, const dstack_p2p_peer *peer)
{
    uint8_t id[20];
    if (!base_hex_decode(peer->instance_id, 40, id, sizeof id)) return true;
    for (size_t i = 0; i < touched->count; i++)
        if (!memcmp(touched->instances[i], id, sizeof id)) return true;
    return false;
}

static int out_of_memory(base_error *error)
{
    return base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory, or too many peers");
}

static int keep_others(const refresh *it, const dstack_p2p_peers *before, base_error *error)
{
    if (!cluster_list_reserve(it->list, before->count, before->url_bytes)) return out_of_memory(error);
    for (size_t i = 0; i < before->count; i++) {
        const dstack_p2p_peer *peer = &before->peers[i]->record;
        if (!is_touched(it->touched, peer) && !cluster_list_add_record(it->list, peer))
            return out_of_memory(error);
    }
    return 0;
}

static int add_touched(const refresh *it, const eth_request *answer, const uint8_t instance20[static 20],
                       base_error *error)
{
    registry_peer peer;
    char url[REGISTRY_URL_MAX + 1];
    const uint8_t *self = it->list->knows_self ? it->sdk->identity.instance20 : NULL;
    if (registry_read_peer(answer, &peer, url, error)) return error->code;
    if (!peer.url_len) return 0;
    if (memcmp(peer.instance20, instance20, 20) != 0)
        return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER,
                         "the node answered another peer than was asked for");
    bool is_self = self && !memcmp(peer.instance20, self, 20);
    return cluster_list_add(it->list, &peer, is_self) ? 0 : out_of_memory(error);
}

/* The blocks of the log entries, from `first` on. */
static size_t ask_blocks(const refresh *it, eth_batch *batch)
{
    size_t first = batch->count;
    for (size_t i = 0; i < it->touched->block_count; i++)
        cluster_ask_block_at(batch, it->touched->blocks[i].number);
    return first;
}

/* An entry of a block that is not on the chain says nothing of it, and may hide one that does. */
static int check_blocks(const refresh *it, const eth_request *answers, base_error *error)
{
    cluster_block block;
    for (size_t i = 0; i < it->touched->block_count; i++) {
        const cluster_past *past = &it->touched->blocks[i];
        if (cluster_read_block(&answers[i], &block, error)) return error->code;
        if (past->number > it->head->block.number || memcmp(block.hash32, past->hash32, 32) != 0)
            return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER,
                             "a log entry is of another branch's block %llu",
                             (unsigned long long)past->number);
    }
    return 0;
}

/* The block is asked for last: with another hash it is not the one that was looked at. */
static int read_touched(const refresh *it, eth_rpc *rpc, base_error *error)
{
    char tag[24];
    eth_batch batch;
    size_t first = 0;
    cluster_block block;
    const cluster_touched *touched = it->touched;
    snprintf(tag, sizeof tag, "0x%llx", (unsigned long long)it->head->block.number);
    eth_rpc_begin(&batch);
    for (size_t i = 0; i < touched->count; i++) {
        size_t at = registry_ask_peer(&batch, it->sdk->config.contract20, touched->instances[i], tag);
        if (i == 0) first = at;
    }
    size_t version_at = registry_ask_version(&batch, it->sdk->config.contract20, tag);
    size_t blocks_at = ask_blocks(it, &batch), block_at = cluster_ask_block(&batch, tag);
    if (!cluster_exchange(it->sdk, rpc, &batch, error) &&
        !check_blocks(it, &batch.requests[blocks_at], error) &&
        !cluster_read_block(&batch.requests[block_at], &block, error) &&
        !registry_read_version(&batch.requests[version_at], &it->list->version, error))
        for (size_t i = 0; i < touched->count && !error->code; i++)
            add_touched(it, &batch.requests[first + i], touched->instances[i], error);
    eth_batch_free(&batch);
    if (!error->code && memcmp(block.hash32, it->head->block.hash32, 32) != 0)
        base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER, "block %llu is not the block it was",
                  (unsigned long long)block.number);
    return error->code;
}

static int check_version(const refresh *it, const dstack_p2p_peers *before, base_error *error)
{
    if (cluster_touched_covers(it->touched, before->version, it->list->version)) return 0;
    return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER,
                     "the log entries do not account for all from version %llu to %llu",
                     (unsigned long long)before->version, (unsigned long long)it->list->version);
}

dstack_p2p_peers *cluster_refresh(dstack_p2p *sdk, eth_rpc *rpc, const dstack_p2p_peers *before,
                                  const cluster_touched *touched, const cluster_head *head, base_error *error)
{
    refresh it = {.sdk = sdk, .touched = touched, .head = head, .list = cluster_list_new(sdk->clock)};
    if (!it.list) {
        out_of_memory(error);
        return NULL;
    }
    it.list->knows_self = before->knows_self;
    it.list->block_number = head->block.number;
    it.list->block_time = head->block.time;
    memcpy(it.list->block_hash32, head->block.hash32, sizeof head->block.hash32);
    if (!keep_others(&it, before, error) && !read_touched(&it, rpc, error) &&
        !check_version(&it, before, error) && !cluster_list_finish(it.list, error) &&
        !cluster_evidence_check(sdk, rpc, it.list, error))
        return it.list;
    dstack_p2p_peers_free(it.list);
    return NULL;
}
