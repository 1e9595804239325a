/* SPDX-License-Identifier: MIT */
#include "cluster/head.h"

#include "base/hex.h"
#include "cluster/sdk.h"
#include "registry/membership.h"

#include <string.h>

/* How many of the blocks seen before are asked for at a time; and what no reorganisation replaces. */
enum { PROBES_MAX = 16, REORGANISATION_MAX = 128 };

static bool is_missing(const eth_request *answer)
{
    return answer->has_error || !answer->result || json_is_null(answer->result);
}

/* ---- The chain that the node is on ---- */

static int other_history(const cluster_history *history, const char *what, base_error *error)
{
    char genesis[65] = "unknown";
    if (history->has_genesis) base_hex_encode(history->genesis32, 32, genesis);
    return base_fail(error, DSTACK_P2P_ERR_WRONG_CHAIN,
                     "the node's chain has another history than the one seen before, whose first block is "
                     "%.10s...: %s; it was started anew without its state, or is another chain",
                     genesis, what);
}

/* The first block is asked for until it is known; nodes that have dropped it answer null. */
static int check_genesis(cluster_history *history, const eth_request *answer, base_error *error)
{
    cluster_block block;
    base_error ignored = {0};
    if (is_missing(answer) || cluster_read_block(answer, &block, &ignored)) return 0;
    if (history->has_genesis && memcmp(history->genesis32, block.hash32, 32) != 0)
        return other_history(history, "the first block is another one", error);
    history->has_genesis = true;
    memcpy(history->genesis32, block.hash32, 32);
    return 0;
}

/* Where to go from one of the first `i` blocks: back, and to the oldest one in any case. */
static size_t step_back(size_t i, size_t step)
{
    if (i > step) return i - step;
    return i > 1;
}

/* The blocks to ask for when the newest one has left the chain: the nearer, the denser, and the oldest. */
static size_t choose_probes(const cluster_history *history, uint64_t most, size_t probes[static PROBES_MAX])
{
    size_t count = 0, step = 1;
    for (size_t i = history->count; i && count < PROBES_MAX; i = step_back(i, step)) {
        if (history->blocks[i - 1].number > most) continue;
        probes[count++] = i - 1;
        if (count > 4) step += step / 2 + 1;
    }
    return count;
}

/* Finds the newest of the probes that the node has, too; `count` when it has none. An answer that is no block
 * says nothing of what the chain is. */
static int find_common(const cluster_history *history, const size_t *probes, size_t count,
                       const eth_request *answers, size_t *found, base_error *error)
{
    cluster_block block;
    for (*found = 0; *found < count; ++*found) {
        if (cluster_read_block(&answers[*found], &block, error)) return error->code;
        if (!memcmp(block.hash32, history->blocks[probes[*found]].hash32, 32)) break;
    }
    return 0;
}

/* Forgets what came after the newest block that both have, or everything. */
static int go_back(dstack_p2p *sdk, cluster_history *history, const cluster_past *common, base_error *error)
{
    uint64_t newest = history->blocks[history->count - 1].number, oldest = history->blocks[0].number;
    uint64_t kept = common ? common->number : 0;
    if (!common && newest - oldest >= REORGANISATION_MAX)
        return other_history(history, "none of its last blocks is known any more", error);
    cluster_history_cut(history, kept);
    if (!common) history->count = 0;
    base_log_write(&sdk->config.log, DSTACK_P2P_LOG_INFO,
                   "the chain was reorganised: blocks up to %llu were replaced, back to after %llu",
                   (unsigned long long)newest, (unsigned long long)kept);
    return 0;
}

static int find_fork(dstack_p2p *sdk, eth_rpc *rpc, cluster_history *history, uint64_t most,
                     base_error *error)
{
    eth_batch batch;
    size_t probes[PROBES_MAX], count = choose_probes(history, most, probes), first = 0, found = 0;
    eth_rpc_begin(&batch);
    size_t genesis = cluster_ask_block_at(&batch, 0);
    for (size_t i = 0; i < count; i++) {
        size_t at = cluster_ask_block_at(&batch, history->blocks[probes[i]].number);
        if (i == 0) first = at;
    }
    if (!cluster_exchange(sdk, rpc, &batch, error) &&
        !check_genesis(history, &batch.requests[genesis], error) &&
        !find_common(history, probes, count, &batch.requests[first], &found, error))
        go_back(sdk, history, found < count ? &history->blocks[probes[found]] : NULL, error);
    eth_batch_free(&batch);
    return error->code;
}

static int behind(uint64_t known, uint64_t number, base_error *error)
{
    return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER,
                     "the node is behind: it stands at block %llu, and block %llu was seen already",
                     (unsigned long long)number, (unsigned long long)known);
}

/* Whether the node's chain has another block where there was this one. */
static int ask_whether_gone(dstack_p2p *sdk, eth_rpc *rpc, const cluster_past *past, bool *gone,
                            base_error *error)
{
    eth_batch batch;
    eth_rpc_begin(&batch);
    size_t at = cluster_ask_block_at(&batch, past->number);
    if (!cluster_exchange(sdk, rpc, &batch, error))
        *gone = !is_missing(&batch.requests[at]) && !cluster_is_block(&batch.requests[at], past->hash32);
    eth_batch_free(&batch);
    return error->code;
}

/* A node at a lower block than known: behind, or on another branch? At a block below all that are known, only
 * the first block can tell; without it the node is believed when it has caught up. */
static int judge_lower(dstack_p2p *sdk, eth_rpc *rpc, const cluster_history *history,
                       const cluster_block *block, bool *left, base_error *error)
{
    const cluster_past *newest = cluster_history_newest(history);
    const cluster_past *past = cluster_history_at_most(history, block->number);
    cluster_past genesis = {.number = 0};
    memcpy(genesis.hash32, history->genesis32, sizeof genesis.hash32);
    if (!past && history->has_genesis) past = &genesis;
    if (past && past->number == block->number)
        *left = memcmp(past->hash32, block->hash32, 32) != 0;
    else if (past && ask_whether_gone(sdk, rpc, past, left, error))
        return error->code;
    return *left ? 0 : behind(newest->number, block->number, error);
}

/* A node that is asked for a block twice may give two: then it is two nodes, on two branches. */
static bool is_gone(const cluster_past *newest, const eth_request *again, const cluster_block *block)
{
    return !cluster_is_block(again, newest->hash32) ||
           (block->number == newest->number && memcmp(block->hash32, newest->hash32, 32) != 0);
}

static int judge(dstack_p2p *sdk, eth_rpc *rpc, cluster_history *history, const eth_request *again,
                 cluster_head *head, base_error *error)
{
    const cluster_past *newest = cluster_history_newest(history);
    if (!newest) return 0;
    if (head->block.number < newest->number) {
        if (judge_lower(sdk, rpc, history, &head->block, &head->reorganised, error)) return error->code;
    } else if (eth_request_check(again, error)) {
        return error->code;
    } else if (is_missing(again)) {
        return behind(newest->number, newest->number - 1, error);
    } else {
        head->reorganised = is_gone(newest, again, &head->block);
    }
    return head->reorganised ? find_fork(sdk, rpc, history, head->block.number, error) : 0;
}

/* ---- Reading ---- */

int cluster_read_head(dstack_p2p *sdk, eth_rpc *rpc, cluster_history *history, cluster_head *head,
                      base_error *error)
{
    eth_batch batch;
    cluster_history next = *history; /* what is found out counts once all of the look has gone well */
    const cluster_past *newest = cluster_history_newest(history);
    size_t again = 0, genesis = 0;
    memset(head, 0, sizeof *head);
    eth_rpc_begin(&batch);
    size_t block = cluster_ask_block(&batch, sdk->config.block);
    size_t version = registry_ask_version(&batch, sdk->config.contract20, sdk->config.block);
    if (newest) again = cluster_ask_block_at(&batch, newest->number);
    if (!history->has_genesis) genesis = cluster_ask_block_at(&batch, 0);
    if (!cluster_exchange(sdk, rpc, &batch, error) &&
        !cluster_read_block(&batch.requests[block], &head->block, error) &&
        !(genesis && check_genesis(&next, &batch.requests[genesis], error)) &&
        !judge(sdk, rpc, &next, &batch.requests[again], head, error) &&
        !registry_read_version(&batch.requests[version], &head->version, error)) {
        cluster_history_add(&next, head->block.number, head->block.hash32);
        *history = next;
    }
    eth_batch_free(&batch);
    return cluster_name_contract(sdk, error);
}
