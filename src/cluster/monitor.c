/* SPDX-License-Identifier: MIT */
#include "cluster/monitor.h"

#include "base/event.h"
#include "cluster/block.h"
#include "cluster/changes.h"
#include "cluster/list.h"
#include "cluster/peers.h"
#include "cluster/sdk.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { REREAD_MS = 60000, EXPIRY_SLACK_MS = 50, STACK_SIZE = 256 * 1024 };

/* What one look at the contract says. */
typedef struct look {
    cluster_block block;
    uint64_t version;
} look;

bool cluster_monitor_init(cluster_monitor *monitor)
{
    memset(monitor, 0, sizeof *monitor);
    snprintf(monitor->status.transport, sizeof monitor->status.transport, "poll");
    monitor->stop_fd = monitor->changed_fd = -1;
    if (pthread_mutex_init(&monitor->lock, NULL)) return false;
    if (!pthread_cond_init(&monitor->joined, NULL)) {
        monitor->stop_fd = base_event_new();
        monitor->changed_fd = base_event_new();
        if (monitor->stop_fd >= 0 && monitor->changed_fd >= 0) return true;
        base_event_free(monitor->stop_fd);
        base_event_free(monitor->changed_fd);
        pthread_cond_destroy(&monitor->joined);
    }
    pthread_mutex_destroy(&monitor->lock);
    return false;
}

static bool is_stopping(const cluster_monitor *monitor)
{
    return base_event_is_set(monitor->stop_fd);
}

static int take_look(dstack_p2p *sdk, look *seen, base_error *error)
{
    eth_batch batch;
    eth_rpc_begin(&batch);
    size_t block_at = cluster_ask_block(&batch, sdk->config.block);
    size_t version_at = registry_ask_version(&batch, sdk->config.contract20, sdk->config.block);
    if (!eth_rpc_send(sdk->monitor.rpc, &batch, error) &&
        !cluster_read_block(&batch.requests[block_at], &seen->block, error))
        registry_read_version(&batch.requests[version_at], &seen->version, error);
    eth_batch_free(&batch);
    return cluster_name_contract(sdk, error);
}

/* Whether the list at hand may no longer be what the contract holds. */
static bool is_outdated(const dstack_p2p *sdk, const look *seen)
{
    const dstack_p2p_peers *list = sdk->monitor.list;
    return !list || seen->version != list->version || seen->block.time >= cluster_list_first_expiry(list) ||
           base_now_ms(sdk->clock) - list->read_ms >= REREAD_MS;
}

static void set_list(dstack_p2p *sdk, dstack_p2p_peers *list, bool tell)
{
    cluster_monitor *monitor = &sdk->monitor;
    pthread_mutex_lock(&monitor->lock);
    dstack_p2p_peers *old = monitor->list;
    monitor->list = list;
    monitor->status.version = list->version;
    monitor->status.peers = (uint32_t)list->count;
    if (tell) base_event_set(monitor->changed_fd);
    pthread_mutex_unlock(&monitor->lock);
    dstack_p2p_peers_free(old);
}

typedef struct telling {
    cluster_monitor *monitor;
    const dstack_p2p_peers *list;
} telling;

static bool tell_change(void *context, const dstack_p2p_change *change)
{
    telling *to = context;
    if (is_stopping(to->monitor)) return false;
    if (to->monitor->callback) to->monitor->callback(to->monitor->context, change, to->list);
    return true;
}

static bool count_change(void *context, const dstack_p2p_change *change)
{
    (void)change;
    ++*(size_t *)context;
    return true;
}

/* The new list is in place before anybody hears of it, so that a callback and a status call agree. */
static int publish(dstack_p2p *sdk, dstack_p2p_peers *list, base_error *error)
{
    static const dstack_p2p_change snapshot = {.kind = DSTACK_P2P_SNAPSHOT};
    telling to = {&sdk->monitor, dstack_p2p_peers_ref(list)};
    dstack_p2p_peers *before = dstack_p2p_peers_ref(sdk->monitor.list);
    size_t changes = 0;
    bool ok = !before || cluster_compare(before, list, count_change, &changes);
    if (ok) {
        set_list(sdk, list, !before || changes);
        if (!before)
            tell_change(&to, &snapshot);
        else if (changes)
            ok = cluster_compare(before, list, tell_change, &to);
    } else {
        dstack_p2p_peers_free(list);
    }
    dstack_p2p_peers_free(before);
    dstack_p2p_peers_free((dstack_p2p_peers *)(uintptr_t)to.list);
    return ok ? 0 : base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
}

static void note_outcome(dstack_p2p *sdk, const look *seen, const base_error *error)
{
    cluster_monitor *monitor = &sdk->monitor;
    pthread_mutex_lock(&monitor->lock);
    dstack_p2p_status *status = &monitor->status;
    bool news = error->code != status->code;
    status->code = error->code;
    status->failures = error->code ? status->failures + 1 : 0;
    snprintf(status->message, sizeof status->message, "%.*s", (int)sizeof status->message - 1, error->text);
    if (!error->code) {
        status->block_number = seen->block.number;
        status->block_time = seen->block.time;
        monitor->good_ms = base_now_ms(sdk->clock);
        monitor->has_reading = true;
    }
    pthread_mutex_unlock(&monitor->lock);
    if (error->code && news)
        base_log_write(&sdk->config.log, DSTACK_P2P_LOG_WARNING, "the peer list cannot be refreshed: %s", error->text);
    else if (news)
        base_log_write(&sdk->config.log, DSTACK_P2P_LOG_INFO, "the peer list is fresh again");
}

static void work(dstack_p2p *sdk, look *seen)
{
    base_error error = {0};
    dstack_p2p_peers *list = NULL;
    if (!take_look(sdk, seen, &error) && is_outdated(sdk, seen))
        list = cluster_read_peers(sdk, sdk->monitor.rpc, &error);
    if (is_stopping(&sdk->monitor)) {
        dstack_p2p_peers_free(list);
        return;
    }
    if (list) publish(sdk, list, &error);
    note_outcome(sdk, seen, &error);
}

/* Until the next look: the interval, or less if a lease ends earlier. Not less once one has ended: the
 * chain's clock may stand still. */
static uint64_t pause_ms(const dstack_p2p *sdk, const look *seen)
{
    uint64_t interval = sdk->config.poll_interval_ms;
    const dstack_p2p_peers *list = sdk->monitor.list;
    uint64_t expiry = list ? cluster_list_first_expiry(list) : UINT64_MAX;
    if (expiry <= seen->block.time || expiry - seen->block.time > interval / 1000) return interval;
    uint64_t until = (expiry - seen->block.time) * 1000 + EXPIRY_SLACK_MS;
    return until < interval ? until : interval;
}

static void *run(void *context)
{
    dstack_p2p *sdk = context;
    cluster_monitor *monitor = &sdk->monitor;
    look seen = {0};
    do
        work(sdk, &seen);
    while (!is_stopping(monitor) && !base_wait(sdk->clock, monitor->stop_fd, pause_ms(sdk, &seen)));
    pthread_mutex_lock(&monitor->lock);
    monitor->status.running = false;
    pthread_mutex_unlock(&monitor->lock);
    return NULL;
}

/* With all signals blocked: they are the application's, in its own threads. */
static bool launch(dstack_p2p *sdk)
{
    sigset_t all, saved;
    pthread_attr_t attributes;
    sigfillset(&all);
    if (pthread_attr_init(&attributes)) return false;
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    pthread_sigmask(SIG_SETMASK, &all, &saved);
    bool ok = !pthread_create(&sdk->monitor.thread, &attributes, run, sdk);
    pthread_sigmask(SIG_SETMASK, &saved, NULL);
    pthread_attr_destroy(&attributes);
    return ok;
}

static eth_rpc *connect_rpc(const dstack_p2p *sdk)
{
    uint64_t chain_id = atomic_load(&sdk->chain_id);
    eth_rpc_config config = {.urls = sdk->config.rpc_urls,
                             .timeout_ms = sdk->config.rpc_timeout_ms,
                             .chain_id = chain_id ? chain_id : sdk->config.chain_id,
                             .cancel_fd = sdk->monitor.stop_fd,
                             .log = &sdk->config.log};
    return eth_rpc_new(&config);
}

static int start(dstack_p2p *sdk, dstack_p2p_monitor_fn callback, void *context, base_error *error)
{
    cluster_monitor *monitor = &sdk->monitor;
    base_event_clear(monitor->stop_fd);
    if (!(monitor->rpc = connect_rpc(sdk))) return base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    monitor->callback = callback;
    monitor->context = context;
    pthread_mutex_lock(&monitor->lock);
    dstack_p2p_peers_free(monitor->list);
    monitor->list = NULL;
    monitor->has_reading = false;
    monitor->status.running = monitor->started = launch(sdk);
    bool started = monitor->started;
    pthread_mutex_unlock(&monitor->lock);
    if (started) return 0;
    eth_rpc_free(monitor->rpc);
    monitor->rpc = NULL;
    return base_fail(error, DSTACK_P2P_ERR_SYSTEM, "cannot start a thread for the monitor");
}

int cluster_monitor_start(dstack_p2p *sdk, dstack_p2p_monitor_fn callback, void *context, base_error *error)
{
    cluster_monitor *monitor = &sdk->monitor;
    pthread_mutex_lock(&monitor->lock);
    bool inside = monitor->started && pthread_equal(monitor->thread, pthread_self());
    bool running = monitor->status.running && !is_stopping(monitor);
    pthread_mutex_unlock(&monitor->lock);
    if (running || inside) return base_fail(error, DSTACK_P2P_ERR_STATE, "a monitor runs already on this handle");
    cluster_monitor_stop(sdk); /* joins one that was cancelled */
    return start(sdk, callback, context, error);
}

static void join(cluster_monitor *monitor)
{
    monitor->joining = true;
    pthread_mutex_unlock(&monitor->lock);
    pthread_join(monitor->thread, NULL);
    pthread_mutex_lock(&monitor->lock);
    eth_rpc_free(monitor->rpc);
    monitor->rpc = NULL;
    monitor->joining = monitor->started = false;
    pthread_cond_broadcast(&monitor->joined);
}

void cluster_monitor_stop(dstack_p2p *sdk)
{
    cluster_monitor *monitor = &sdk->monitor;
    base_event_set(monitor->stop_fd);
    pthread_mutex_lock(&monitor->lock);
    bool inside = monitor->started && pthread_equal(monitor->thread, pthread_self());
    if (!inside && monitor->started && !monitor->joining) join(monitor);
    while (!inside && monitor->joining)
        pthread_cond_wait(&monitor->joined, &monitor->lock);
    pthread_mutex_unlock(&monitor->lock);
}

void cluster_monitor_status(dstack_p2p *sdk, dstack_p2p_status *status)
{
    cluster_monitor *monitor = &sdk->monitor;
    pthread_mutex_lock(&monitor->lock);
    *status = monitor->status;
    status->age_ms = monitor->has_reading ? base_now_ms(sdk->clock) - monitor->good_ms : UINT64_MAX;
    pthread_mutex_unlock(&monitor->lock);
}

dstack_p2p_peers *cluster_monitor_take(dstack_p2p *sdk)
{
    cluster_monitor *monitor = &sdk->monitor;
    pthread_mutex_lock(&monitor->lock);
    base_event_clear(monitor->changed_fd);
    dstack_p2p_peers *list = dstack_p2p_peers_ref(monitor->list);
    pthread_mutex_unlock(&monitor->lock);
    return list;
}

void cluster_monitor_free(dstack_p2p *sdk)
{
    cluster_monitor *monitor = &sdk->monitor;
    cluster_monitor_stop(sdk);
    dstack_p2p_peers_free(monitor->list);
    base_event_free(monitor->stop_fd);
    base_event_free(monitor->changed_fd);
    pthread_cond_destroy(&monitor->joined);
    pthread_mutex_destroy(&monitor->lock);
}
