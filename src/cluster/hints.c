/* SPDX-License-Identifier: MIT */
#include "cluster/hints.h"

#include "base/clock.h"
#include "cluster/list.h"
#include "cluster/publish.h"
#include "cluster/reading.h"
#include "cluster/sdk.h"

#include <string.h>

/* A look so often at most for new blocks alone; and how long a list may be of a version that was not heard
 * of. */
enum { HEADS_MS = 1000, UNHEARD_MS = 5000 };

static void at_once(cluster_watch *watch)
{
    watch->due_ms = 0;
}

static void on_log(void *context, const json_t *log, bool removed)
{
    dstack_p2p *sdk = context;
    registry_event event = {.kind = REGISTRY_OTHER_EVENT};
    base_error problem = {0};
    cluster_touched *touched = &sdk->monitor.watch.touched;
    int code = registry_read_event(log, sdk->config.contract20, &event, &problem);
    if (!code && !removed && event.version > sdk->monitor.watch.heard_version)
        sdk->monitor.watch.heard_version = event.version;
    if (!cluster_reads_latest(sdk)) return;
    if (removed || code)
        touched->everything = true;
    else
        cluster_touched_add(touched, &event);
    if (code)
        base_log_write(&sdk->config.log, DSTACK_P2P_LOG_DEBUG, "reading the whole list: %s", problem.text);
}

/* New blocks alone are looked at so often only; not when a lease has ended by their time. */
static void heed_head(dstack_p2p *sdk, const eth_head *head)
{
    cluster_watch *watch = &sdk->monitor.watch;
    const dstack_p2p_peers *list = sdk->monitor.list;
    uint64_t soon = watch->look_ms + base_sooner(sdk->config.poll_interval_ms, HEADS_MS);
    watch->due_ms = base_sooner(watch->due_ms, soon);
    if (list && cluster_reads_latest(sdk) && head->time >= cluster_list_first_expiry(list)) at_once(watch);
}

static void heed(dstack_p2p *sdk, const eth_hints *hints)
{
    cluster_watch *watch = &sdk->monitor.watch;
    if (hints->has_head) heed_head(sdk, &hints->head);
    if (hints->broken) watch->reread = true;
    if (hints->broken || hints->has_log) at_once(watch);
    if (hints->has_log && cluster_reads_latest(sdk) && hints->log_number > watch->wanted_block) {
        watch->wanted_block = hints->log_number;
        watch->chases = 0;
    }
}

void cluster_hints_take(dstack_p2p *sdk)
{
    cluster_watch *watch = &sdk->monitor.watch;
    eth_hints hints = {0};
    bool listened = watch->listener.subscription;
    /* First what has come: a sign of life may be among it. */
    cluster_listener_read(&watch->listener, &hints, on_log, sdk);
    bool opened = cluster_listener_tend(&watch->listener, atomic_load(&sdk->chain_id));
    bool ended = listened && !watch->listener.subscription;
    if (opened) {
        watch->is_new_listener = true;
        watch->heard_version = 0;
    }
    if (opened || ended) {
        watch->reread = true;
        at_once(watch);
    }
    heed(sdk, &hints);
    if (strcmp(watch->listener.transport, sdk->monitor.status.transport) != 0)
        cluster_publish_transport(sdk, watch->listener.transport);
}

void cluster_hints_judge(dstack_p2p *sdk)
{
    cluster_watch *watch = &sdk->monitor.watch;
    const dstack_p2p_peers *list = sdk->monitor.list;
    uint64_t now = base_now_ms(sdk->clock);
    if (!watch->listener.subscription || !list || list->version <= watch->heard_version) {
        watch->unheard_ms = 0;
    } else if (!watch->unheard_ms) {
        watch->unheard_ms = now;
    } else if (now - watch->unheard_ms >= UNHEARD_MS) {
        cluster_listener_close(&watch->listener, "the subscription leaves out log entries");
        watch->unheard_ms = 0;
    }
}
