/* SPDX-License-Identifier: MIT */

/*
 * The monitor: it is started, tells the first list and then one peer that joined, and is stopped. Whatever
 * was refused meanwhile, each is told once, nothing else is, and no later than when nothing is refused any
 * more.
 */

#include "failures/scenarios.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

typedef struct told {
    pthread_mutex_t lock;
    pthread_cond_t news;
    unsigned snapshots, joined, others;
} told;

static void on_change(void *context, const dstack_p2p_change *change, const dstack_p2p_peers *peers)
{
    told *t = context;
    (void)peers;
    pthread_mutex_lock(&t->lock);
    if (change->kind == DSTACK_P2P_SNAPSHOT)
        t->snapshots++;
    else if (change->kind == DSTACK_P2P_JOINED)
        t->joined++;
    else
        t->others++;
    pthread_cond_signal(&t->news);
    pthread_mutex_unlock(&t->lock);
}

/* Waits a little for a count to be 1. */
static bool await(told *t, const unsigned *count)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 2000000;
    if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
    pthread_mutex_lock(&t->lock);
    if (!*count) pthread_cond_timedwait(&t->news, &t->lock, &until);
    bool reached = *count;
    pthread_mutex_unlock(&t->lock);
    return reached;
}

/* Until it was told, or a reading has failed: then nothing may come while all is refused. */
static void await_told_or_failed(dstack_p2p *sdk, told *t, const unsigned *count)
{
    dstack_p2p_status status = {0};
    while (!await(t, count) && !status.failures)
        dstack_p2p_monitor_status(sdk, &status);
}

static void await_told(told *t, const unsigned *count)
{
    while (!await(t, count)) { /* the alarm ends what hangs */
    }
}

static bool run_refused(world *w, dstack_p2p *sdk, told *t, bool broken)
{
    int code = broken ? DSTACK_P2P_ERR_NO_MEMORY : dstack_p2p_monitor_start(sdk, on_change, t);
    if (code && !broken) scenario_check_failure(sdk, code);
    if (code) return false;
    await_told_or_failed(sdk, t, &t->snapshots);
    world_add_peer(w);
    if (t->snapshots) await_told_or_failed(sdk, t, &t->joined);
    return true;
}

static void start_again(world *w, dstack_p2p *sdk, told *t)
{
    int code = dstack_p2p_monitor_start(sdk, on_change, t);
    REQUIRE(!code, "the next start: %s", dstack_p2p_errmsg(sdk));
    await_told(t, &t->snapshots);
    world_add_peer(w);
}

static void check_told(dstack_p2p *sdk, const told *t, unsigned joined)
{
    dstack_p2p_peers *list = dstack_p2p_monitor_peers(sdk);
    REQUIRE(t->snapshots == 1 && t->joined == joined && !t->others,
            "told %u first lists, %u joined, %u others", t->snapshots, t->joined, t->others);
    REQUIRE(dstack_p2p_peers_count(list) == 2, "the list has %zu peers", dstack_p2p_peers_count(list));
    dstack_p2p_peers_free(list);
}

bool scenario_monitor(world *w, refusal refused)
{
    bool broken;
    told t = {.lock = PTHREAD_MUTEX_INITIALIZER, .news = PTHREAD_COND_INITIALIZER};
    inject_arm(refused.kind, refused.nth, refused.all);
    dstack_p2p *sdk = scenario_open(w, &broken);
    bool runs = run_refused(w, sdk, &t, broken);
    bool had_first = t.snapshots, happened = inject_disarm();
    REQUIRE(runs || happened, "with nothing refused: %s", sdk ? dstack_p2p_errmsg(sdk) : "no handle");
    sdk = scenario_open_again(w, sdk, broken);
    if (!runs) start_again(w, sdk, &t);
    await_told(&t, &t.snapshots);
    /* The peer may have come before the first list. */
    if (had_first || !runs) await_told(&t, &t.joined);
    REQUIRE(dstack_p2p_monitor_stop(sdk) == DSTACK_P2P_OK, "the monitor cannot be stopped");
    check_told(sdk, &t, t.joined);
    dstack_p2p_free(sdk);
    return happened;
}
