/* SPDX-License-Identifier: MIT */
#ifndef TESTS_CLUSTER_WATCHER_H
#define TESTS_CLUSTER_WATCHER_H

#include "fixture.h"

#include <pthread.h>

/*
 * A handle's monitor under observation: what its callback is told, in order.
 */

enum { CALLS_MAX = 64, PATIENCE_S = 20, QUIET_MS = 200 };

/** One call of the callback. */
typedef struct call {
    dstack_p2p_change_kind kind;
    char instance[41], url[257], previous_url[257];
    size_t count; /**< of the list */
    uint64_t version;
    double at; /**< by sim_now() */
} call;

/** What a watcher has seen. */
typedef struct watcher {
    pthread_mutex_t lock;
    call calls[CALLS_MAX]; /**< the first ones */
    size_t count;
    dstack_p2p *sdk;
    bool stops; /**< in its first call */
    dstack_p2p_peers *kept;
} watcher;

/** The callback; its context is the watcher. */
void watcher_on_change(void *context, const dstack_p2p_change *change, const dstack_p2p_peers *peers);

/** Starts watching with a handle, which the watcher frees in watcher_done(). */
void watcher_start(watcher *it, dstack_p2p *sdk);

/** Waits for the call at an index, and says what it was. */
const call *watcher_await(watcher *it, size_t at);

/** How many calls there were. */
size_t watcher_calls(watcher *it);

/** That nothing more is told for a while: several polls. */
void watcher_expect_quiet(watcher *it, size_t count);

/** Stops, and frees the handle. */
void watcher_done(watcher *it);

dstack_p2p_status watcher_status(dstack_p2p *sdk);

/** Waits until the monitor notices changes so: "poll", "subscription". */
void watcher_await_transport(dstack_p2p *sdk, const char *transport);

/** Insists on a call: about this node (NULL: none), with so many in the list. */
void watcher_expect(const call *seen, dstack_p2p_change_kind kind, dstack_p2p *node, size_t count);

/** Sleeps. */
void pause_ms(long ms);

#endif
