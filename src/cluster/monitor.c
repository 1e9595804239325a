/* SPDX-License-Identifier: MIT */
#include "cluster/monitor.h"

#include "base/event.h"
#include "base/thread.h"
#include "cluster/list.h"
#include "cluster/sdk.h"
#include "cluster/watch.h"

#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

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
    monitor->wake_fd = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN};
    return monitor->stop_fd >= 0 && monitor->changed_fd >= 0 && monitor->wake_fd >= 0 &&
           !epoll_ctl(monitor->wake_fd, EPOLL_CTL_ADD, monitor->stop_fd, &event);
}

/* ---- Starting ---- */

/* Back to before the first reading, and the thread started. */
static bool begin(dstack_p2p *sdk)
{
    cluster_monitor *monitor = &sdk->monitor;
    pthread_mutex_lock(&monitor->lock);
    dstack_p2p_peers_free(monitor->list);
    monitor->list = NULL;
    monitor->has_reading = false;
    reset_status(monitor);
    base_event_clear(monitor->changed_fd);
    monitor->status.running = monitor->started = base_thread_start(&monitor->thread, cluster_watch_run, sdk);
    bool started = monitor->started;
    pthread_mutex_unlock(&monitor->lock);
    return started;
}

static int start(dstack_p2p *sdk, dstack_p2p_monitor_fn callback, void *context, base_error *error)
{
    cluster_monitor *monitor = &sdk->monitor;
    base_event_clear(monitor->stop_fd);
    if (cluster_keeper_start(sdk, error)) return error->code;
    monitor->callback = callback;
    monitor->context = context;
    if (!cluster_watch_init(sdk))
        base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    else if (!begin(sdk))
        base_fail(error, DSTACK_P2P_ERR_SYSTEM, "cannot start a thread for the monitor");
    if (!error->code) return 0;
    cluster_keeper_stop(sdk);
    cluster_watch_free(&monitor->watch);
    return error->code;
}

int cluster_monitor_start(dstack_p2p *sdk, dstack_p2p_monitor_fn callback, void *context, base_error *error)
{
    cluster_monitor *monitor = &sdk->monitor;
    pthread_mutex_lock(&monitor->lock);
    bool inside = monitor->started && pthread_equal(monitor->thread, pthread_self());
    bool running = monitor->status.running && !base_event_is_set(monitor->stop_fd);
    pthread_mutex_unlock(&monitor->lock);
    if (running || inside)
        return base_fail(error, DSTACK_P2P_ERR_STATE, "a monitor runs already on this handle");
    cluster_monitor_stop(sdk); /* joins one that was cancelled */
    return start(sdk, callback, context, error);
}

/* ---- Stopping ---- */

static void join(dstack_p2p *sdk)
{
    cluster_monitor *monitor = &sdk->monitor;
    monitor->joining = true;
    pthread_mutex_unlock(&monitor->lock);
    pthread_join(monitor->thread, NULL);
    cluster_keeper_stop(sdk);
    pthread_mutex_lock(&monitor->lock);
    cluster_watch_free(&monitor->watch);
    monitor->joining = monitor->started = false;
    pthread_cond_broadcast(&monitor->joined);
}

void cluster_monitor_stop(dstack_p2p *sdk)
{
    cluster_monitor *monitor = &sdk->monitor;
    base_event_set(monitor->stop_fd);
    cluster_keeper_cancel(sdk);
    pthread_mutex_lock(&monitor->lock);
    bool inside = monitor->started && pthread_equal(monitor->thread, pthread_self());
    if (!inside && monitor->started && !monitor->joining) join(sdk);
    while (!inside && monitor->joining)
        pthread_cond_wait(&monitor->joined, &monitor->lock);
    pthread_mutex_unlock(&monitor->lock);
}

bool cluster_monitor_is_stopping(const dstack_p2p *sdk)
{
    return base_event_is_set(sdk->monitor.stop_fd);
}

void cluster_monitor_free(dstack_p2p *sdk)
{
    cluster_monitor *monitor = &sdk->monitor;
    cluster_monitor_stop(sdk);
    dstack_p2p_peers_free(monitor->list);
    base_event_free(monitor->stop_fd);
    base_event_free(monitor->changed_fd);
    if (monitor->wake_fd >= 0) close(monitor->wake_fd);
    pthread_cond_destroy(&monitor->joined);
    pthread_mutex_destroy(&monitor->lock);
}

/* ---- What it knows ---- */

void cluster_monitor_status(dstack_p2p *sdk, dstack_p2p_status *status)
{
    cluster_monitor *monitor = &sdk->monitor;
    pthread_mutex_lock(&monitor->lock);
    *status = monitor->status;
    status->age_ms = monitor->has_reading ? base_now_ms(sdk->clock) - monitor->good_ms : UINT64_MAX;
    status->changes = monitor->changes;
    pthread_mutex_unlock(&monitor->lock);
    eth_meter_read(&sdk->meter, status);
    cluster_keeper_status(sdk, status);
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
