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
#include <stdlib.h>
#include <string.h>

enum { REREAD_MS = 60000, EXPIRY_SLACK_MS = 50, BACKWARDS_MAX = 3 };

/* What one look at the contract says. */
typedef struct look {
    cluster_block block;
    uint64_t version;
} look;

static void reset_status(cluster_monitor *monitor)
{
    memset(&monitor->status, 0, sizeof monitor->status);
    snprintf(monitor->status.transport, sizeof monitor->status.transport, "poll");
}

bool cluster_monitor_init(cluster_monitor *monitor)
{
    memset(monitor, 0, sizeof *monitor);
    reset_status(monitor);
    pthread_mutex_init(&monitor->lock, NULL);
    pthread_cond_init(&monitor->joined, NULL);
    monitor->stop_fd = base_event_new();
    monitor->changed_fd = base_event_new();
    return monitor->stop_fd >= 0 && monitor->changed_fd >= 0;
}

static bool is_stopping(const cluster_monitor *monitor)
{
    return base_event_is_set(monitor->stop_fd);
}

static int fell_back(uint64_t from, uint64_t to, base_error *error)
{
    return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER, "the node fell back from block %llu to block %llu",
                     (unsigned long long)from, (unsigned long long)to);
}

/* A node that is behind what another one, or it itself, has shown already would make peers leave and come
 * that did not. It may be a reorganisation, though, or another chain history: the third time in a row it
 * is believed. */
static int check_forward(cluster_monitor *monitor, uint64_t number, base_error *error)
{
    uint64_t known = monitor->status.block_number;
    if (number >= known || ++monitor->backwards >= BACKWARDS_MAX) {
        monitor->backwards = 0;
        return 0;
    }
    return fell_back(known, number, error);
}

static int take_look(dstack_p2p *sdk, look *seen, base_error *error)
{
    eth_batch batch;
    eth_rpc_begin(&batch);
    size_t block_at = cluster_ask_block(&batch, sdk->config.block);
    size_t version_at = registry_ask_version(&batch, sdk->config.contract20, sdk->config.block);
    if (!cluster_exchange(sdk, sdk->monitor.rpc, &batch, error) &&
        !cluster_read_block(&batch.requests[block_at], &seen->block, error) &&
        !check_forward(&sdk->monitor, seen->block.number, error))
        registry_read_version(&batch.requests[version_at], &seen->version, error);
    eth_batch_free(&batch);
    return cluster_name_contract(sdk, error);
}

/* Whether the list at hand may no longer be what the contract holds. */
static bool is_outdated(const dstack_p2p *sdk, const look *seen)
{
    const dstack_p2p_peers *list = sdk->monitor.list;
    return !list || seen->version != list->version || seen->block.time >= cluster_list_first_expiry(list) ||
           base_now_ms(sdk->clock) - list->read_ms >= REREAD_MS || (sdk->has_identity && !list->knows_self);
}

static const dstack_p2p_peer *find_self(const dstack_p2p_peers *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->peers[i]->record.is_self) return &list->peers[i]->record;
    return NULL;
}

static void set_list(cluster_monitor *monitor, dstack_p2p_peers *list, bool tell)
{
    const dstack_p2p_peer *self = find_self(list);
    pthread_mutex_lock(&monitor->lock);
    dstack_p2p_peers *old = monitor->list;
    monitor->list = list;
    monitor->status.version = list->version;
    monitor->status.peers = (uint32_t)list->count;
    monitor->status.registered = self;
    monitor->status.lease_expires_at = self ? self->expires_at : 0;
    if (tell) base_event_set(monitor->changed_fd);
    pthread_mutex_unlock(&monitor->lock);
    dstack_p2p_peers_free(old);
}

static void tell(cluster_monitor *monitor, const dstack_p2p_change *changes, size_t count,
                 const dstack_p2p_peers *list)
{
    for (size_t i = 0; i < count && monitor->callback && !is_stopping(monitor); i++)
        monitor->callback(monitor->context, &changes[i], list);
}

/* Takes over a list. It is in place before anybody hears of it, so that a callback and a status call
 * agree. */
static int publish(cluster_monitor *monitor, dstack_p2p_peers *list, base_error *error)
{
    static const dstack_p2p_change snapshot = {.kind = DSTACK_P2P_SNAPSHOT};
    size_t count = 1;
    dstack_p2p_peers *before = dstack_p2p_peers_ref(monitor->list);
    dstack_p2p_change *changes = before ? cluster_changes(before, list, &count) : NULL;
    if (before && !changes) {
        dstack_p2p_peers_free(before);
        dstack_p2p_peers_free(list);
        return base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    }
    set_list(monitor, list, count > 0);
    tell(monitor, changes ? changes : &snapshot, count, list);
    free(changes);
    dstack_p2p_peers_free(before);
    return 0;
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
        base_log_write(&sdk->config.log, DSTACK_P2P_LOG_WARNING, "the peer list cannot be refreshed: %s",
                       error->text);
    else if (news)
        base_log_write(&sdk->config.log, DSTACK_P2P_LOG_INFO, "the peer list is fresh again");
}

static void work(dstack_p2p *sdk, look *seen)
{
    base_error error = {0};
    dstack_p2p_peers *list = NULL;
    if (!take_look(sdk, seen, &error) && is_outdated(sdk, seen))
        list = cluster_read_peers(sdk, sdk->monitor.rpc, &sdk->monitor.paging, &error);
    if (list && list->block_number < seen->block.number) {
        fell_back(seen->block.number, list->block_number, &error);
        dstack_p2p_peers_free(list);
        list = NULL;
    }
    if (is_stopping(&sdk->monitor)) {
        dstack_p2p_peers_free(list);
        return;
    }
    if (list) publish(&sdk->monitor, list, &error);
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

/* With all signals blocked, for they are the application's, in its own threads; not those that a fault
 * raises in the thread itself. */
static bool launch(dstack_p2p *sdk)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
    sigset_t blocked, saved;
    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        sigdelset(&blocked, faults[i]);
    pthread_sigmask(SIG_SETMASK, &blocked, &saved);
    bool ok = !pthread_create(&sdk->monitor.thread, NULL, run, sdk);
    pthread_sigmask(SIG_SETMASK, &saved, NULL);
    return ok;
}

static eth_rpc *connect_rpc(const dstack_p2p *sdk)
{
    eth_rpc_config config = {.urls = sdk->config.rpc_urls,
                             .timeout_ms = sdk->config.rpc_timeout_ms,
                             .chain_id = atomic_load(&sdk->chain_id),
                             .cancel_fd = sdk->monitor.stop_fd,
                             .log = &sdk->config.log};
    return eth_rpc_new(&config);
}

static int start(dstack_p2p *sdk, dstack_p2p_monitor_fn callback, void *context, base_error *error)
{
    cluster_monitor *monitor = &sdk->monitor;
    base_event_clear(monitor->stop_fd);
    if (!(monitor->rpc = connect_rpc(sdk)))
        return base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    monitor->callback = callback;
    monitor->context = context;
    pthread_mutex_lock(&monitor->lock);
    dstack_p2p_peers_free(monitor->list);
    monitor->list = NULL;
    monitor->has_reading = false;
    monitor->backwards = 0;
    reset_status(monitor);
    base_event_clear(monitor->changed_fd);
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
    if (running || inside)
        return base_fail(error, DSTACK_P2P_ERR_STATE, "a monitor runs already on this handle");
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
