/* SPDX-License-Identifier: MIT */
#include "watcher.h"

#include <stdio.h>
#include <time.h>

void watcher_on_change(void *context, const dstack_p2p_change *change, const dstack_p2p_peers *peers)
{
    watcher *it = context;
    pthread_mutex_lock(&it->lock);
    if (it->count < CALLS_MAX) {
        call *seen = &it->calls[it->count];
        *seen = (call){.kind = change->kind,
                       .count = dstack_p2p_peers_count(peers),
                       .version = dstack_p2p_peers_version(peers),
                       .at = sim_now()};
        if (change->peer) {
            snprintf(seen->instance, sizeof seen->instance, "%s", change->peer->instance_id);
            snprintf(seen->url, sizeof seen->url, "%s", change->peer->connection_url);
        }
        if (change->previous)
            snprintf(seen->previous_url, sizeof seen->previous_url, "%s", change->previous->connection_url);
    }
    it->count++;
    dstack_p2p_peers_free(it->kept);
    it->kept = dstack_p2p_peers_ref(peers);
    pthread_mutex_unlock(&it->lock);
    if (it->stops) dstack_p2p_monitor_stop(it->sdk);
}

size_t watcher_calls(watcher *it)
{
    pthread_mutex_lock(&it->lock);
    size_t count = it->count;
    pthread_mutex_unlock(&it->lock);
    return count;
}

void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

void watcher_start(watcher *it, dstack_p2p *sdk)
{
    *it = (watcher){.lock = PTHREAD_MUTEX_INITIALIZER, .sdk = sdk};
    assert_int_equal(dstack_p2p_monitor_start(sdk, watcher_on_change, it), DSTACK_P2P_OK);
}

const call *watcher_await(watcher *it, size_t at)
{
    for (double end = sim_now() + PATIENCE_S; watcher_calls(it) <= at; pause_ms(2))
        if (sim_now() > end) fail_msg("%zu calls instead of %zu", watcher_calls(it), at + 1);
    return &it->calls[at];
}

void watcher_expect_quiet(watcher *it, size_t count)
{
    pause_ms(QUIET_MS);
    assert_int_equal(watcher_calls(it), count);
}

void watcher_done(watcher *it)
{
    assert_int_equal(dstack_p2p_monitor_stop(it->sdk), DSTACK_P2P_OK);
    dstack_p2p_peers_free(it->kept);
    dstack_p2p_free(it->sdk);
}

dstack_p2p_status watcher_status(dstack_p2p *sdk)
{
    dstack_p2p_status status;
    assert_int_equal(dstack_p2p_monitor_status(sdk, &status), DSTACK_P2P_OK);
    return status;
}

void watcher_await_transport(dstack_p2p *sdk, const char *transport)
{
    for (double end = sim_now() + PATIENCE_S; strcmp(watcher_status(sdk).transport, transport) != 0;
         pause_ms(2))
        if (sim_now() > end) fail_msg("still '%s'", watcher_status(sdk).transport);
}

void watcher_expect(const call *seen, dstack_p2p_change_kind kind, dstack_p2p *node, size_t count)
{
    assert_int_equal(seen->kind, kind);
    assert_string_equal(seen->instance, node ? dstack_p2p_instance_id(node) : "");
    assert_int_equal(seen->count, count);
}
