/* SPDX-License-Identifier: MIT */
#include "cluster/reading.h"

#include "cluster/list.h"
#include "cluster/peers.h"
#include "cluster/refresh.h"
#include "cluster/sdk.h"

#include <string.h>

/* The whole list at least so often. */
enum { REREAD_MS = 60000 };

bool cluster_reads_latest(const dstack_p2p *sdk)
{
    return !strcmp(sdk->config.block, "latest");
}

/* ---- The list ---- */

/* A peer that is kept though one node does not list it: each block may decide. */
static bool is_undecided(const cluster_watch *watch, const cluster_head *head)
{
    return watch->departures.count && head->block.number > watch->departures.block_number;
}

bool cluster_reading_is_due(dstack_p2p *sdk, const cluster_head *head)
{
    const dstack_p2p_peers *list = sdk->monitor.list;
    const cluster_watch *watch = &sdk->monitor.watch;
    return !list || watch->reread || head->reorganised || head->version != list->version ||
           head->block.time >= cluster_list_first_expiry(list) ||
           base_now_ms(sdk->clock) - watch->full_ms >= REREAD_MS ||
           (sdk->has_identity && !list->knows_self) || is_undecided(watch, head) ||
           cluster_proofs_are_due(&sdk->proofs, base_now_ms(sdk->clock));
}

/* Whether reading some peers again does for reading all. */
static bool may_refresh(const dstack_p2p *sdk, const cluster_head *head)
{
    const dstack_p2p_peers *list = sdk->monitor.list;
    const cluster_watch *watch = &sdk->monitor.watch;
    return list && !list->left_out && !watch->departures.count && !watch->reread && !head->reorganised &&
           cluster_reads_latest(sdk) && head->block.time < cluster_list_first_expiry(list) &&
           base_now_ms(sdk->clock) - watch->full_ms < REREAD_MS &&
           !(sdk->has_identity && !list->knows_self) &&
           cluster_touched_covers(&watch->touched, list->version, head->version);
}

static dstack_p2p_peers *read_all(dstack_p2p *sdk, const cluster_head *head, base_error *error)
{
    cluster_watch *watch = &sdk->monitor.watch;
    dstack_p2p_peers *list = cluster_read_peers_at(sdk, watch->rpc, &watch->paging, &head->block, error);
    if (!list) return NULL;
    if (list->block_number < head->block.number) {
        base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER, "the node fell back from block %llu to block %llu",
                  (unsigned long long)head->block.number, (unsigned long long)list->block_number);
        dstack_p2p_peers_free(list);
        return NULL;
    }
    /* Whether the block that was looked at is still below a later one is not known. */
    if (list->block_number > head->block.number) cluster_history_cut(&watch->history, head->block.number - 1);
    watch->full_ms = base_now_ms(sdk->clock);
    watch->reread = false;
    return list;
}

static dstack_p2p_peers *read_list(dstack_p2p *sdk, const cluster_head *head, base_error *error)
{
    cluster_watch *watch = &sdk->monitor.watch;
    base_error problem = {0};
    dstack_p2p_peers *list = NULL;
    if (may_refresh(sdk, head))
        list = cluster_refresh(sdk, watch->rpc, sdk->monitor.list, &watch->touched, head, &problem);
    if (problem.code && !cluster_monitor_is_stopping(sdk))
        base_log_write(&sdk->config.log, DSTACK_P2P_LOG_DEBUG, "reading the whole list: %s", problem.text);
    return list || cluster_monitor_is_stopping(sdk) ? list : read_all(sdk, head, error);
}

dstack_p2p_peers *cluster_reading(dstack_p2p *sdk, const cluster_head *head, base_error *error)
{
    cluster_watch *watch = &sdk->monitor.watch;
    dstack_p2p_peers *list = read_list(sdk, head, error);
    if (list && !cluster_monitor_is_stopping(sdk) &&
        cluster_departures_judge(sdk, watch->rpc, &watch->departures, sdk->monitor.list, list, error)) {
        dstack_p2p_peers_free(list);
        list = NULL;
        watch->reread = true; /* what it would have said has not been told */
    }
    if (list) cluster_history_add(&watch->history, list->block_number, list->block_hash32);
    return list;
}

/* ---- The head ---- */

/* What a node says that cannot be may be right at another one. */
static bool may_be_better_elsewhere(eth_rpc *rpc, int code)
{
    bool is_wrong = code == DSTACK_P2P_ERR_RPC_ANSWER || code == DSTACK_P2P_ERR_WRONG_CHAIN;
    if (is_wrong) eth_rpc_complain(rpc);
    return is_wrong;
}

int cluster_reading_head(dstack_p2p *sdk, cluster_head *head, base_error *error)
{
    cluster_watch *watch = &sdk->monitor.watch;
    base_error first = {0};
    size_t tries = eth_rpc_endpoints(watch->rpc);
    do {
        base_error problem = {0};
        if (!cluster_read_head(sdk, watch->rpc, &watch->history, head, &problem)) return 0;
        base_fail(&first, problem.code, "%s", problem.text);
        if (!may_be_better_elsewhere(watch->rpc, problem.code)) break;
    } while (tries-- > 1 && !cluster_monitor_is_stopping(sdk));
    return base_fail(error, first.code, "%s", first.text);
}
