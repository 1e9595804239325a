/* SPDX-License-Identifier: MIT */
#include "cluster/watch.h"

#include "base/clock.h"
#include "cluster/hints.h"
#include "cluster/list.h"
#include "cluster/publish.h"
#include "cluster/reading.h"
#include "cluster/recall.h"
#include "cluster/sdk.h"

#include <string.h>

/* With a subscription a look so often at least; a node that does not know a block yet that was heard of is
 * asked again so often. */
enum {
    SAFETY_LOOKS = 5,
    EXPIRY_SLACK_MS = 50,
    CHASE_MS = 50,
    CHASES_MAX = 8,
    RETRY_MS = 1000,
    REFUSED_MAX_MS = 30000
};

bool cluster_watch_init(dstack_p2p *sdk)
{
    cluster_monitor *monitor = &sdk->monitor;
    cluster_watch *watch = &monitor->watch;
    memset(watch, 0, sizeof *watch);
    watch->reread = true; /* a list that is recalled is nobody's answer yet */
    watch->rpc = cluster_connect(sdk, false, monitor->stop_fd);
    return cluster_listener_init(&watch->listener, &sdk->config, sdk->clock, monitor->stop_fd,
                                 monitor->wake_fd) &&
           watch->rpc;
}

void cluster_watch_free(cluster_watch *watch)
{
    cluster_listener_free(&watch->listener);
    cluster_departures_free(&watch->departures);
    eth_rpc_free(watch->rpc);
    watch->rpc = NULL;
}

/* A log entry was heard of in a block that the node that is read does not have yet. */
static bool is_chasing(const cluster_watch *watch)
{
    return watch->wanted_block > watch->block_number && watch->chases < CHASES_MAX;
}

/* What a good reading means for this node's own registration; `before`: so many peers were there. */
static void tell_keeper(dstack_p2p *sdk, uint32_t before)
{
    const dstack_p2p_peers *list = sdk->monitor.list;
    const dstack_p2p_peer *self = cluster_list_find_self(list);
    bool is_ours = self && sdk->config.url && !strcmp(self->connection_url, sdk->config.url);
    if (!list->knows_self) return;
    cluster_keeper_notice(
        sdk, &(cluster_notice){.listed = is_ours,
                               .moved = self && !is_ours,
                               .expires_at = self ? self->expires_at : 0,
                               .read_at = list->block_number,
                               .block_time = sdk->monitor.watch.block_time,
                               .lost = before > list->count ? before - (uint64_t)list->count : 0});
}

/* Looks, and reads the list when that is due; NULL when there is nothing new, or with an error. */
static dstack_p2p_peers *look(dstack_p2p *sdk, base_error *error)
{
    cluster_watch *watch = &sdk->monitor.watch;
    cluster_head head;
    int code = cluster_reading_head(sdk, &head, error);
    watch->look_ms = base_now_ms(sdk->clock);
    if (code) return NULL;
    watch->block_number = head.block.number;
    watch->block_time = head.block.time;
    watch->reread |= head.reorganised; /* until the list has been read */
    bool hinted = watch->touched.count || watch->touched.everything;
    if (!cluster_reading_is_due(sdk, &head) && (!hinted || is_chasing(watch))) return NULL;
    return cluster_reading(sdk, &head, error);
}

/* A new list settles what was heard of before it. */
static void settle_hints(cluster_watch *watch, const dstack_p2p_peers *list)
{
    if (watch->is_new_listener && list->version > watch->heard_version) watch->heard_version = list->version;
    watch->is_new_listener = false;
    if (!is_chasing(watch)) memset(&watch->touched, 0, sizeof watch->touched);
    watch->unsaved = true;
}

static int work(dstack_p2p *sdk)
{
    base_error error = {0};
    dstack_p2p_peers *list = look(sdk, &error);
    uint32_t before = sdk->monitor.status.peers;
    if (cluster_monitor_is_stopping(sdk)) {
        dstack_p2p_peers_free(list);
        return error.code;
    }
    if (list) {
        settle_hints(&sdk->monitor.watch, list);
        if (cluster_publish(sdk, list, &error)) sdk->monitor.watch.reread = true;
    }
    cluster_publish_outcome(sdk, &error);
    if (!error.code) tell_keeper(sdk, before);
    cluster_hints_judge(sdk);
    return error.code;
}

/* ---- When ---- */

/* Until the next look after one that went well: the interval, or less if a lease ends earlier. Not less once
 * one has ended: the chain's clock may stand still. */
static uint64_t pause_ms(const dstack_p2p *sdk)
{
    const cluster_watch *watch = &sdk->monitor.watch;
    uint64_t interval = sdk->config.poll_interval_ms;
    const dstack_p2p_peers *list = sdk->monitor.list;
    uint64_t expiry = list ? cluster_list_first_expiry(list) : UINT64_MAX;
    if (watch->listener.subscription) interval *= SAFETY_LOOKS;
    if (expiry <= watch->block_time || expiry - watch->block_time > interval / 1000) return interval;
    return base_sooner((expiry - watch->block_time) * 1000 + EXPIRY_SLACK_MS, interval);
}

/* Until the next look after one that failed. Who is away may be back any moment; who answers, and refuses, is
 * asked less and less often. */
static uint64_t retry_ms(const dstack_p2p *sdk, int code)
{
    bool refuses = code == DSTACK_P2P_ERR_RPC_ERROR || code == DSTACK_P2P_ERR_RPC_LIMITED;
    uint32_t before = sdk->monitor.status.failures ? sdk->monitor.status.failures - 1 : 0;
    uint64_t pause = base_sooner(sdk->config.poll_interval_ms, RETRY_MS);
    return refuses ? base_sooner(pause << (before < 16 ? before : 16), REFUSED_MAX_MS) : pause;
}

static void plan(dstack_p2p *sdk, int code)
{
    cluster_watch *watch = &sdk->monitor.watch;
    uint64_t pause = code ? retry_ms(sdk, code) : pause_ms(sdk);
    if (!code && is_chasing(watch)) pause = base_sooner((uint64_t)CHASE_MS << watch->chases++, pause);
    if (!code && !is_chasing(watch)) watch->wanted_block = 0;
    /* After a failure a pause in any case: what failed may have taken longer than that. */
    watch->due_ms = (code ? base_now_ms(sdk->clock) : watch->look_ms) + pause;
}

/* ---- The thread ---- */

static void wait_for_hints(dstack_p2p *sdk)
{
    cluster_watch *watch = &sdk->monitor.watch;
    uint64_t now = base_now_ms(sdk->clock);
    uint64_t due = base_sooner(watch->due_ms, cluster_listener_due_ms(&watch->listener));
    if (due > now) (void)base_wait(sdk->clock, sdk->monitor.wake_fd, due - now);
}

void *cluster_watch_run(void *context)
{
    dstack_p2p *sdk = context;
    cluster_monitor *monitor = &sdk->monitor;
    cluster_recall(sdk);
    while (!cluster_monitor_is_stopping(sdk)) {
        cluster_hints_take(sdk);
        if (base_now_ms(sdk->clock) >= monitor->watch.due_ms && !cluster_monitor_is_stopping(sdk))
            plan(sdk, work(sdk));
        cluster_remember(sdk, false);
        wait_for_hints(sdk);
    }
    cluster_remember(sdk, true);
    pthread_mutex_lock(&monitor->lock);
    monitor->status.running = false;
    pthread_mutex_unlock(&monitor->lock);
    return NULL;
}
