/* SPDX-License-Identifier: MIT */
#include "cluster/recall.h"

#include "cluster/cache_file.h"
#include "cluster/publish.h"
#include "cluster/sdk.h"

#include <string.h>
#include <time.h>

/* Between two writings, and after one that failed: a full disk does not get emptier by being tried. */
enum { SAVE_MS = 1000, SAVE_AGAIN_MS = 30000 };

static uint64_t wall_clock(void)
{
    time_t now = time(NULL);
    return now > 0 ? (uint64_t)now : 0;
}

static cluster_cache about(const dstack_p2p *sdk)
{
    const cluster_history *history = &sdk->monitor.watch.history;
    cluster_cache cache = {.chain_id = atomic_load(&sdk->chain_id), .has_genesis = history->has_genesis};
    memcpy(cache.contract20, sdk->config.contract20, sizeof cache.contract20);
    memcpy(cache.genesis32, history->genesis32, sizeof cache.genesis32);
    return cache;
}

/* So that another history of the chain is noticed over restarts, too. */
static void recall_history(cluster_history *history, const cluster_cache *cache, const dstack_p2p_peers *list)
{
    history->has_genesis = cache->has_genesis;
    memcpy(history->genesis32, cache->genesis32, sizeof history->genesis32);
    cluster_history_add(history, list->block_number, list->block_hash32);
}

/* A list from the future shows that the system's clock was set: its age is not known. */
static void set_age(dstack_p2p *sdk, dstack_p2p_peers *list, uint64_t saved_s)
{
    cluster_monitor *monitor = &sdk->monitor;
    uint64_t now_s = wall_clock(), age_ms = now_s > saved_s ? (now_s - saved_s) * 1000 : 0;
    list->read_ms = base_now_ms(sdk->clock) - age_ms;
    pthread_mutex_lock(&monitor->lock);
    monitor->has_reading = saved_s <= now_s;
    monitor->good_ms = list->read_ms;
    monitor->status.block_number = list->block_number;
    monitor->status.block_time = list->block_time;
    pthread_mutex_unlock(&monitor->lock);
}

/* What was not checked when it was read is no list where evidence is required. */
static bool may_be_believed(const dstack_p2p *sdk, const dstack_p2p_peers *list)
{
    if (list->checked || sdk->config.evidence != DSTACK_P2P_EVIDENCE_REQUIRED) return true;
    base_log_write(&sdk->config.log, DSTACK_P2P_LOG_WARNING,
                   "the cache file is not used: its peers were not checked, and evidence is required");
    return false;
}

void cluster_recall(dstack_p2p *sdk)
{
    base_error error = {0};
    uint64_t saved_s = 0;
    cluster_cache cache = about(sdk);
    const char *path = sdk->config.cache_file;
    const uint8_t *self20 = sdk->has_identity ? sdk->identity.instance20 : NULL;
    if (!path) return;
    if (!cache.chain_id) {
        base_log_write(
            &sdk->config.log, DSTACK_P2P_LOG_WARNING,
            "the cache file is not used: of which chain the list must be is not known; set CHAIN_ID");
        return;
    }
    dstack_p2p_peers *list = cluster_cache_load(path, sdk->clock, self20, &cache, &saved_s, &error);
    if (error.code) base_log_write(&sdk->config.log, DSTACK_P2P_LOG_WARNING, "%s", error.text);
    if (list && !may_be_believed(sdk, list)) {
        dstack_p2p_peers_free(list);
        return;
    }
    if (!list) return;
    recall_history(&sdk->monitor.watch.history, &cache, list);
    set_age(sdk, list, saved_s);
    base_log_write(&sdk->config.log, DSTACK_P2P_LOG_INFO, "%zu peers of block %llu come from the cache file",
                   list->count, (unsigned long long)list->block_number);
    cluster_publish(sdk, list, &error);
}

void cluster_remember(dstack_p2p *sdk, bool at_once)
{
    base_error error = {0};
    cluster_watch *watch = &sdk->monitor.watch;
    uint64_t now = base_now_ms(sdk->clock);
    cluster_cache cache = about(sdk);
    if (!sdk->config.cache_file || !watch->unsaved || !sdk->monitor.list) return;
    if (!at_once && now - watch->saved_ms < (watch->save_failed ? SAVE_AGAIN_MS : SAVE_MS)) return;
    watch->saved_ms = now;
    uint64_t age_s = (now - sdk->monitor.list->read_ms) / 1000, wall_s = wall_clock();
    bool failed_before = watch->save_failed;
    watch->save_failed = cluster_cache_save(sdk->config.cache_file, &cache, sdk->monitor.list,
                                            wall_s > age_s ? wall_s - age_s : 0, &error);
    watch->unsaved = watch->save_failed;
    bool news = watch->save_failed && !failed_before;
    if (news) base_log_write(&sdk->config.log, DSTACK_P2P_LOG_WARNING, "%s", error.text);
}
