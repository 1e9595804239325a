/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

enum { CALLS_MAX = 32, PATIENCE_S = 20, QUIET_MS = 200 };

/* One call of the callback. */
typedef struct call {
    dstack_p2p_change_kind kind;
    char instance[41], url[257], previous_url[257];
    size_t count; /* of the list */
    uint64_t version;
} call;

/* What a watcher has seen. */
typedef struct watcher {
    pthread_mutex_t lock;
    call calls[CALLS_MAX];
    size_t count;
    dstack_p2p *sdk;
    bool stops; /* in its first call */
    dstack_p2p_peers *kept;
} watcher;

static void on_change(void *context, const dstack_p2p_change *change, const dstack_p2p_peers *peers)
{
    watcher *it = context;
    pthread_mutex_lock(&it->lock);
    if (it->count < CALLS_MAX) {
        call *seen = &it->calls[it->count++];
        *seen = (call){.kind = change->kind,
                       .count = dstack_p2p_peers_count(peers),
                       .version = dstack_p2p_peers_version(peers)};
        if (change->peer) {
            snprintf(seen->instance, sizeof seen->instance, "%s", change->peer->instance_id);
            snprintf(seen->url, sizeof seen->url, "%s", change->peer->connection_url);
        }
        if (change->previous)
            snprintf(seen->previous_url, sizeof seen->previous_url, "%s", change->previous->connection_url);
    }
    dstack_p2p_peers_free(it->kept);
    it->kept = dstack_p2p_peers_ref(peers);
    pthread_mutex_unlock(&it->lock);
    if (it->stops) dstack_p2p_monitor_stop(it->sdk);
}

static size_t calls_of(watcher *it)
{
    pthread_mutex_lock(&it->lock);
    size_t count = it->count;
    pthread_mutex_unlock(&it->lock);
    return count;
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static void watch(watcher *it, dstack_p2p *sdk)
{
    *it = (watcher){.lock = PTHREAD_MUTEX_INITIALIZER, .sdk = sdk};
    assert_int_equal(dstack_p2p_monitor_start(sdk, on_change, it), DSTACK_P2P_OK);
}

/* Waits for the call at an index, and says what it was. */
static const call *await_call(watcher *it, size_t at)
{
    for (double end = sim_now() + PATIENCE_S; calls_of(it) <= at; pause_ms(5))
        if (sim_now() > end) fail_msg("%zu calls instead of %zu", calls_of(it), at + 1);
    return &it->calls[at];
}

/* That nothing more is told for a while: several polls. */
static void expect_quiet(watcher *it, size_t count)
{
    pause_ms(QUIET_MS);
    assert_int_equal(calls_of(it), count);
}

static void done(watcher *it)
{
    assert_int_equal(dstack_p2p_monitor_stop(it->sdk), DSTACK_P2P_OK);
    dstack_p2p_peers_free(it->kept);
    dstack_p2p_free(it->sdk);
}

static dstack_p2p_status status_of(dstack_p2p *sdk)
{
    dstack_p2p_status status;
    assert_int_equal(dstack_p2p_monitor_status(sdk, &status), DSTACK_P2P_OK);
    return status;
}

static bool is_readable(const dstack_p2p *sdk)
{
    struct pollfd item = {.fd = dstack_p2p_monitor_fd(sdk), .events = POLLIN};
    assert_true(item.fd >= 0);
    return poll(&item, 1, 0) == 1;
}

static void await_readable(const dstack_p2p *sdk)
{
    struct pollfd item = {.fd = dstack_p2p_monitor_fd(sdk), .events = POLLIN};
    assert_int_equal(poll(&item, 1, PATIENCE_S * 1000), 1);
}

/* ---- Changes ---- */

static void expect_call(const call *seen, dstack_p2p_change_kind kind, dstack_p2p *node, size_t count)
{
    assert_int_equal(seen->kind, kind);
    assert_string_equal(seen->instance, node ? dstack_p2p_instance_id(node) : "");
    assert_int_equal(seen->count, count);
}

static void test_life_of_a_cluster(void **state)
{
    world *it = *state;
    watcher seen;
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice"),
               *bob = node_admitted(it, "bob", "http://bob");
    expect_registered(alice);
    watch(&seen, node_new(it, "alice", NULL));
    expect_call(await_call(&seen, 0), DSTACK_P2P_SNAPSHOT, NULL, 1);
    expect_registered(bob);
    expect_call(await_call(&seen, 1), DSTACK_P2P_JOINED, bob, 2);
    assert_string_equal(seen.calls[1].url, "http://bob");
    dstack_p2p *moved = node_new(it, "bob", "http://bob:2");
    expect_registered(moved);
    expect_call(await_call(&seen, 2), DSTACK_P2P_CHANGED, bob, 2);
    assert_string_equal(seen.calls[2].url, "http://bob:2");
    assert_string_equal(seen.calls[2].previous_url, "http://bob");
    expect_withdrawn(bob);
    expect_call(await_call(&seen, 3), DSTACK_P2P_LEFT, bob, 1);
    assert_string_equal(seen.calls[3].url, "http://bob:2");
    expect_quiet(&seen, 4);
    for (size_t i = 1; i < 4; i++)
        assert_int_equal(seen.calls[i].version, seen.calls[i - 1].version + 1);
    done(&seen);
    dstack_p2p_free(moved);
    dstack_p2p_free(alice);
    dstack_p2p_free(bob);
}

static void test_snapshot_of_nobody(void **state)
{
    world *it = *state;
    watcher seen;
    watch(&seen, node_new(it, "", NULL));
    expect_call(await_call(&seen, 0), DSTACK_P2P_SNAPSHOT, NULL, 0);
    expect_quiet(&seen, 1);
    done(&seen);
}

/* Several changes in one reading: each is told once, all with the same list. */
static void test_changes_at_once(void **state)
{
    world *it = *state;
    watcher seen;
    node_options node;
    dstack_p2p *nodes[4];
    for (size_t i = 0; i < 4; i++) {
        char name[8];
        snprintf(name, sizeof name, "node%zu", i);
        nodes[i] = node_admitted(it, name, "http://one");
    }
    expect_registered(nodes[0]);
    expect_registered(nodes[1]);
    node_defaults(it, "", &node);
    node.options.poll_interval_ms = 2000;
    watch(&seen, dstack_p2p_new_with_options(it->contract, NULL, &node.options));
    await_call(&seen, 0);
    expect_withdrawn(nodes[0]);
    expect_registered(nodes[2]);
    expect_registered(nodes[3]);
    await_call(&seen, 3);
    expect_quiet(&seen, 4);
    for (size_t i = 1; i < 4; i++) {
        assert_int_equal(seen.calls[i].count, 3);
        if (i > 1) assert_true(strcmp(seen.calls[i - 1].instance, seen.calls[i].instance) < 0);
    }
    done(&seen);
    for (size_t i = 0; i < 4; i++)
        dstack_p2p_free(nodes[i]);
}

/* Out and in again between two readings: it is another membership, and one change. */
static void test_left_and_back_between_readings(void **state)
{
    world *it = *state;
    watcher seen;
    node_options node;
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice");
    expect_registered(alice);
    node_defaults(it, "", &node);
    node.options.poll_interval_ms = 2000;
    watch(&seen, dstack_p2p_new_with_options(it->contract, NULL, &node.options));
    await_call(&seen, 0);
    expect_withdrawn(alice);
    chain_advance(it, 10);
    expect_registered(alice);
    expect_call(await_call(&seen, 1), DSTACK_P2P_CHANGED, alice, 1);
    expect_quiet(&seen, 2);
    done(&seen);
    dstack_p2p_free(alice);
}

/* ---- Stopping ---- */

static void test_stop_inside_the_callback(void **state)
{
    world *it = *state;
    watcher seen = {.lock = PTHREAD_MUTEX_INITIALIZER, .stops = true};
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice"), *sdk = node_new(it, "bob", NULL);
    seen.sdk = sdk;
    assert_int_equal(dstack_p2p_monitor_start(sdk, on_change, &seen), DSTACK_P2P_OK);
    await_call(&seen, 0);
    expect_registered(alice);
    expect_quiet(&seen, 1);
    assert_false(status_of(sdk).running);
    seen.stops = false;
    assert_int_equal(dstack_p2p_monitor_start(sdk, on_change, &seen),
                     DSTACK_P2P_OK); /* joins the old thread */
    expect_call(await_call(&seen, 1), DSTACK_P2P_SNAPSHOT, NULL, 1);
    done(&seen);
    dstack_p2p_free(alice);
}

static void test_stop_then_nothing_more(void **state)
{
    world *it = *state;
    watcher seen;
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice"), *sdk = node_new(it, "bob", NULL);
    watch(&seen, sdk);
    await_call(&seen, 0);
    assert_int_equal(dstack_p2p_monitor_stop(sdk), DSTACK_P2P_OK);
    assert_int_equal(dstack_p2p_monitor_stop(sdk), DSTACK_P2P_OK);
    assert_false(status_of(sdk).running);
    expect_registered(alice);
    expect_quiet(&seen, 1);
    done(&seen);
    dstack_p2p_free(alice);
}

static void test_cancel_and_restart(void **state)
{
    world *it = *state;
    watcher seen;
    dstack_p2p *sdk = node_new(it, "bob", NULL);
    for (size_t round = 0; round < 5; round++) {
        if (!round)
            watch(&seen, sdk);
        else
            assert_int_equal(dstack_p2p_monitor_start(sdk, on_change, &seen), DSTACK_P2P_OK);
        expect_call(await_call(&seen, round), DSTACK_P2P_SNAPSHOT, NULL, 0);
        dstack_p2p_monitor_cancel(sdk);
    }
    double begin = sim_now();
    while (status_of(sdk).running)
        assert_true(sim_now() < begin + 1);
    done(&seen);
}

static void test_one_at_a_time(void **state)
{
    world *it = *state;
    watcher seen;
    dstack_p2p *sdk = node_new(it, "bob", NULL);
    watch(&seen, sdk);
    assert_int_equal(dstack_p2p_monitor_start(sdk, on_change, &seen), DSTACK_P2P_ERR_STATE);
    expect_code(sdk, DSTACK_P2P_ERR_STATE, "runs already");
    await_call(&seen, 0);
    done(&seen);
}

static void test_free_stops(void **state)
{
    world *it = *state;
    watcher seen;
    watch(&seen, node_new(it, "bob", NULL));
    await_call(&seen, 0);
    dstack_p2p_free(seen.sdk);
    expect_quiet(&seen, 1);
    dstack_p2p_peers_free(seen.kept);
}

static void *stop_in_thread(void *sdk)
{
    dstack_p2p_monitor_stop(sdk);
    return NULL;
}

static void test_stop_from_many_threads(void **state)
{
    world *it = *state;
    watcher seen;
    pthread_t threads[4];
    dstack_p2p *sdk = node_new(it, "bob", NULL);
    for (int round = 0; round < 5; round++) {
        if (round)
            assert_int_equal(dstack_p2p_monitor_start(sdk, on_change, &seen), DSTACK_P2P_OK);
        else
            watch(&seen, sdk);
        for (size_t i = 0; i < 4; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, stop_in_thread, sdk), 0);
        for (size_t i = 0; i < 4; i++)
            pthread_join(threads[i], NULL);
        assert_false(status_of(sdk).running);
    }
    done(&seen);
}

/* ---- The descriptor, without a callback ---- */

static void test_descriptor(void **state)
{
    world *it = *state;
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice"), *sdk = node_new(it, "bob", NULL);
    assert_false(is_readable(sdk));
    assert_null(dstack_p2p_monitor_peers(sdk));
    assert_int_equal(dstack_p2p_monitor_start(sdk, NULL, NULL), DSTACK_P2P_OK);
    await_readable(sdk);
    dstack_p2p_peers *peers = dstack_p2p_monitor_peers(sdk);
    assert_int_equal(dstack_p2p_peers_count(peers), 0);
    dstack_p2p_peers_free(peers);
    assert_false(is_readable(sdk));
    pause_ms(QUIET_MS);
    assert_false(is_readable(sdk));
    expect_registered(alice);
    await_readable(sdk);
    assert_true(is_readable(sdk)); /* until it is fetched */
    peers = dstack_p2p_monitor_peers(sdk);
    assert_int_equal(dstack_p2p_peers_count(peers), 1);
    dstack_p2p_peers_free(peers);
    assert_false(is_readable(sdk));
    peers = dstack_p2p_monitor_peers(sdk); /* the list stays, unread or not */
    assert_int_equal(dstack_p2p_peers_count(peers), 1);
    dstack_p2p_free(sdk);
    assert_string_equal(dstack_p2p_peers_at(peers, 0)->connection_url, "http://alice");
    dstack_p2p_peers_free(peers);
    dstack_p2p_free(alice);
    assert_int_equal(dstack_p2p_monitor_fd(NULL), -1);
}

/* To another URL and back between two readings: the version has moved, the list is what it was. */
static void test_there_and_back_is_no_news(void **state)
{
    world *it = *state;
    node_options node;
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice"),
               *moved = node_new(it, "alice", "http://moved");
    expect_registered(alice);
    node_defaults(it, "bob", &node);
    node.options.poll_interval_ms = 1000;
    dstack_p2p *sdk = dstack_p2p_new_with_options(it->contract, NULL, &node.options);
    assert_int_equal(dstack_p2p_monitor_start(sdk, NULL, NULL), DSTACK_P2P_OK);
    await_readable(sdk);
    dstack_p2p_peers_free(dstack_p2p_monitor_peers(sdk));
    uint64_t version = status_of(sdk).version;
    expect_registered(moved);
    expect_registered(alice);
    for (double end = sim_now() + PATIENCE_S; status_of(sdk).version == version; pause_ms(5))
        assert_true(sim_now() < end);
    assert_int_equal(status_of(sdk).version, version + 2);
    assert_false(is_readable(sdk));
    dstack_p2p_free(sdk);
    dstack_p2p_free(moved);
    dstack_p2p_free(alice);
}

/* What was not fetched before a restart is not news afterwards. */
static void test_restart_forgets_the_old_list(void **state)
{
    world *it = *state;
    dstack_p2p *sdk = node_new(it, "bob", NULL);
    assert_int_equal(dstack_p2p_monitor_start(sdk, NULL, NULL), DSTACK_P2P_OK);
    await_readable(sdk);
    dstack_p2p_monitor_stop(sdk);
    assert_true(is_readable(sdk));
    kill(it->chain.pid, SIGSTOP); /* no first reading for now */
    assert_int_equal(dstack_p2p_monitor_start(sdk, NULL, NULL), DSTACK_P2P_OK);
    assert_false(is_readable(sdk));
    assert_null(dstack_p2p_monitor_peers(sdk));
    assert_true(status_of(sdk).age_ms == UINT64_MAX);
    kill(it->chain.pid, SIGCONT);
    await_readable(sdk);
    dstack_p2p_free(sdk);
}

/* The handle learns who it is while the monitor runs: the list shows it, and that is no change. */
static void test_self_in_the_status(void **state)
{
    world *it = *state;
    watcher seen;
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice"), *sdk = node_new(it, "alice", NULL);
    owner_sets(it, CONTRACT_SEL_SET_LEASE_DURATION, 5000);
    expect_registered(alice);
    watch(&seen, sdk);
    await_call(&seen, 0);
    assert_false(status_of(sdk).registered);
    assert_non_null(dstack_p2p_instance_id(sdk));
    for (double end = sim_now() + PATIENCE_S; !status_of(sdk).registered; pause_ms(5))
        assert_true(sim_now() < end);
    dstack_p2p_peers *peers = peers_of(alice);
    assert_int_equal(status_of(sdk).lease_expires_at, dstack_p2p_peers_at(peers, 0)->expires_at);
    dstack_p2p_peers_free(peers);
    expect_quiet(&seen, 1);
    expect_withdrawn(alice);
    expect_call(await_call(&seen, 1), DSTACK_P2P_LEFT, alice, 0);
    assert_false(status_of(sdk).registered);
    assert_int_equal(status_of(sdk).lease_expires_at, 0);
    done(&seen);
    dstack_p2p_free(alice);
}

static void test_status(void **state)
{
    world *it = *state;
    watcher seen;
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice"), *sdk = node_new(it, "alice", NULL);
    dstack_p2p_status status = status_of(sdk);
    assert_false(status.running);
    assert_true(status.age_ms == UINT64_MAX);
    assert_string_equal(status.transport, "poll");
    expect_registered(alice);
    watch(&seen, sdk);
    await_call(&seen, 0);
    for (double end = sim_now() + PATIENCE_S; (status = status_of(sdk)).age_ms == UINT64_MAX; pause_ms(5))
        assert_true(sim_now() < end);
    assert_true(status.running);
    assert_int_equal(status.code, 0);
    assert_string_equal(status.message, "");
    assert_int_equal(status.failures, 0);
    assert_int_equal(status.peers, 1);
    assert_int_equal(status.version, 1);
    assert_int_equal(status.block_number, chain_number(it, "eth_blockNumber", "[]"));
    assert_true(status.age_ms < 5000);
    done(&seen);
    dstack_p2p_free(alice);
}

/* ---- Leases ---- */

static void test_expiry_is_noticed(void **state)
{
    world *it = *state;
    watcher seen;
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice");
    owner_sets(it, CONTRACT_SEL_SET_LEASE_DURATION, 1000);
    expect_registered(alice);
    watch(&seen, node_new(it, "bob", NULL));
    expect_call(await_call(&seen, 0), DSTACK_P2P_SNAPSHOT, NULL, 1);
    chain_advance(it, 990);
    expect_quiet(&seen, 1);
    chain_advance(it, 20);
    expect_call(await_call(&seen, 1), DSTACK_P2P_LEFT, alice, 0);
    assert_int_equal(seen.calls[1].version, seen.calls[0].version); /* expiry does not move it */
    expect_quiet(&seen, 2);
    expect_registered(alice);
    expect_call(await_call(&seen, 2), DSTACK_P2P_JOINED, alice, 1);
    done(&seen);
    dstack_p2p_free(alice);
}

static void test_renewal_is_no_change(void **state)
{
    world *it = *state;
    watcher seen;
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice");
    owner_sets(it, CONTRACT_SEL_SET_LEASE_DURATION, 1000);
    expect_registered(alice);
    watch(&seen, node_new(it, "bob", NULL));
    await_call(&seen, 0);
    uint64_t nonce = chain_nonce(it, dstack_p2p_payer_address(alice));
    for (unsigned i = 1; i <= 3; i++) {
        chain_advance(it, 600);
        expect_registered(alice);
        assert_int_equal(chain_nonce(it, dstack_p2p_payer_address(alice)), nonce + i);
    }
    expect_quiet(&seen, 1);
    done(&seen);
    dstack_p2p_free(alice);
}

/* ---- The node goes away ---- */

static void await_code(dstack_p2p *sdk, int code)
{
    for (double end = sim_now() + PATIENCE_S; status_of(sdk).code != code; pause_ms(10))
        if (sim_now() > end) fail_msg("status is '%s'", status_of(sdk).message);
}

static void test_node_away_and_back(void **state)
{
    world *it = *state;
    char file[80];
    watcher seen;
    snprintf(file, sizeof file, "%s/state.json", it->folder.path);
    chain_stop(it);
    chain_start(it, 0, file);
    world_deploy(state);
    unsigned port = it->chain.port;
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice"),
               *bob = node_admitted(it, "bob", "http://bob");
    expect_registered(alice);
    watch(&seen, node_new(it, "carol", NULL));
    expect_call(await_call(&seen, 0), DSTACK_P2P_SNAPSHOT, NULL, 1);
    chain_stop(it);
    await_code(seen.sdk, DSTACK_P2P_ERR_RPC_UNREACHABLE);
    pause_ms(QUIET_MS);
    dstack_p2p_status status = status_of(seen.sdk);
    assert_true(status.running && status.failures >= 2 && status.age_ms >= QUIET_MS / 2);
    assert_non_null(strstr(status.message, it->chain.url));
    assert_int_equal(status.peers, 1);
    dstack_p2p_peers *peers = dstack_p2p_monitor_peers(seen.sdk);
    assert_int_equal(dstack_p2p_peers_count(peers), 1); /* the last list stays */
    dstack_p2p_peers_free(peers);
    assert_int_equal(calls_of(&seen), 1);
    chain_start(it, port, file);
    await_code(seen.sdk, DSTACK_P2P_OK);
    status = status_of(seen.sdk);
    assert_int_equal(status.failures, 0);
    assert_string_equal(status.message, "");
    expect_quiet(&seen, 1);
    expect_registered(bob);
    expect_call(await_call(&seen, 1), DSTACK_P2P_JOINED, bob, 2);
    done(&seen);
    dstack_p2p_free(alice);
    dstack_p2p_free(bob);
}

/* A monitor that starts before there is a node waits for it. */
static void test_node_comes_later(void **state)
{
    world *it = *state;
    watcher seen;
    char file[80];
    snprintf(file, sizeof file, "%s/later.json", it->folder.path);
    chain_stop(it);
    chain_start(it, 0, file);
    world_deploy(state);
    unsigned port = it->chain.port;
    chain_stop(it);
    watch(&seen, node_new(it, "carol", NULL));
    await_code(seen.sdk, DSTACK_P2P_ERR_RPC_UNREACHABLE);
    assert_true(status_of(seen.sdk).age_ms == UINT64_MAX);
    assert_null(dstack_p2p_monitor_peers(seen.sdk));
    chain_start(it, port, file);
    expect_call(await_call(&seen, 0), DSTACK_P2P_SNAPSHOT, NULL, 0);
    done(&seen);
}

/* The handle stays usable beside its monitor. */
static void test_calls_beside_the_monitor(void **state)
{
    world *it = *state;
    watcher seen;
    dstack_p2p *sdk = node_admitted(it, "alice", "http://alice");
    watch(&seen, sdk);
    for (int i = 0; i < 3; i++) {
        expect_registered(sdk);
        dstack_p2p_peers_free(peers_of(sdk));
        expect_withdrawn(sdk);
        dstack_p2p_peers_free(peers_of(sdk));
    }
    done(&seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_life_of_a_cluster, world_deploy),
        cmocka_unit_test_setup(test_snapshot_of_nobody, world_deploy),
        cmocka_unit_test_setup(test_changes_at_once, world_deploy),
        cmocka_unit_test_setup(test_left_and_back_between_readings, world_deploy),
        cmocka_unit_test_setup(test_stop_inside_the_callback, world_deploy),
        cmocka_unit_test_setup(test_stop_then_nothing_more, world_deploy),
        cmocka_unit_test_setup(test_cancel_and_restart, world_deploy),
        cmocka_unit_test_setup(test_one_at_a_time, world_deploy),
        cmocka_unit_test_setup(test_free_stops, world_deploy),
        cmocka_unit_test_setup(test_stop_from_many_threads, world_deploy),
        cmocka_unit_test_setup(test_descriptor, world_deploy),
        cmocka_unit_test_setup(test_there_and_back_is_no_news, world_deploy),
        cmocka_unit_test_setup(test_restart_forgets_the_old_list, world_deploy),
        cmocka_unit_test_setup(test_self_in_the_status, world_deploy),
        cmocka_unit_test_setup(test_status, world_deploy),
        cmocka_unit_test_setup(test_expiry_is_noticed, world_deploy),
        cmocka_unit_test_setup(test_renewal_is_no_change, world_deploy),
        cmocka_unit_test_setup(test_calls_beside_the_monitor, world_deploy),
        cmocka_unit_test_setup(test_node_away_and_back, world_deploy),
        cmocka_unit_test(test_node_comes_later),
    };
    return run_live_tests(tests);
}
