/* SPDX-License-Identifier: MIT */
#include "support/relay.h"
#include "watcher.h"

#include <poll.h>
#include <stdio.h>

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

/* A handle that polls every two seconds alone, over a line without WebSockets. */
static dstack_p2p *open_slowly(world *it, relay **line)
{
    node_options node;
    char url[64];
    *line = relay_start(it->chain.port, 1);
    relay_set(*line, (relay_faults){.websockets_down = true});
    snprintf(url, sizeof url, "http://127.0.0.1:%u", relay_port(*line));
    node_defaults(it, "bob", &node);
    node.options.rpc_url = url;
    node.options.poll_interval_ms = 2000;
    return dstack_p2p_new_with_options(it->contract, NULL, &node.options);
}

static relay *watch_slowly(world *it, watcher *seen)
{
    relay *line;
    watcher_start(seen, open_slowly(it, &line));
    watcher_await(seen, 0);
    return line;
}

static void test_life_of_a_cluster(void **state)
{
    world *it = *state;
    watcher seen;
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice"),
               *bob = node_admitted(it, "bob", "http://bob");
    expect_registered(alice);
    watcher_start(&seen, node_new(it, "alice", NULL));
    watcher_expect(watcher_await(&seen, 0), DSTACK_P2P_SNAPSHOT, NULL, 1);
    expect_registered(bob);
    watcher_expect(watcher_await(&seen, 1), DSTACK_P2P_JOINED, bob, 2);
    assert_string_equal(seen.calls[1].url, "http://bob");
    dstack_p2p *moved = node_new(it, "bob", "http://bob:2");
    expect_registered(moved);
    watcher_expect(watcher_await(&seen, 2), DSTACK_P2P_CHANGED, bob, 2);
    assert_string_equal(seen.calls[2].url, "http://bob:2");
    assert_string_equal(seen.calls[2].previous_url, "http://bob");
    expect_withdrawn(bob);
    watcher_expect(watcher_await(&seen, 3), DSTACK_P2P_LEFT, bob, 1);
    assert_string_equal(seen.calls[3].url, "http://bob:2");
    watcher_expect_quiet(&seen, 4);
    for (size_t i = 1; i < 4; i++)
        assert_int_equal(seen.calls[i].version, seen.calls[i - 1].version + 1);
    dstack_p2p_status status = watcher_status(seen.sdk);
    assert_int_equal(status.changes, 3);
    assert_true(status.rpc_requests > 0 && status.rpc_time_us > 0 && status.rpc_failures == 0);
    watcher_done(&seen);
    dstack_p2p_free(moved);
    dstack_p2p_free(alice);
    dstack_p2p_free(bob);
}

static void test_snapshot_of_nobody(void **state)
{
    world *it = *state;
    watcher seen;
    watcher_start(&seen, node_new(it, "", NULL));
    watcher_expect(watcher_await(&seen, 0), DSTACK_P2P_SNAPSHOT, NULL, 0);
    watcher_expect_quiet(&seen, 1);
    watcher_done(&seen);
}

/* Several changes in one reading: each is told once, all with the same list. */
static void test_changes_at_once(void **state)
{
    world *it = *state;
    watcher seen;
    dstack_p2p *nodes[4];
    for (size_t i = 0; i < 4; i++) {
        char name[8];
        snprintf(name, sizeof name, "node%zu", i);
        nodes[i] = node_admitted(it, name, "http://one");
    }
    expect_registered(nodes[0]);
    expect_registered(nodes[1]);
    relay *line = watch_slowly(it, &seen);
    expect_withdrawn(nodes[0]);
    expect_registered(nodes[2]);
    expect_registered(nodes[3]);
    watcher_await(&seen, 3);
    watcher_expect_quiet(&seen, 4);
    for (size_t i = 1; i < 4; i++) {
        assert_int_equal(seen.calls[i].count, 3);
        if (i > 1) assert_true(strcmp(seen.calls[i - 1].instance, seen.calls[i].instance) < 0);
    }
    watcher_done(&seen);
    relay_stop(line);
    for (size_t i = 0; i < 4; i++)
        dstack_p2p_free(nodes[i]);
}

/* Out and in again between two readings: it is another membership, and one change. */
static void test_left_and_back_between_readings(void **state)
{
    world *it = *state;
    watcher seen;
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice");
    expect_registered(alice);
    relay *line = watch_slowly(it, &seen);
    expect_withdrawn(alice);
    chain_advance(it, 10);
    expect_registered(alice);
    watcher_expect(watcher_await(&seen, 1), DSTACK_P2P_CHANGED, alice, 1);
    watcher_expect_quiet(&seen, 2);
    watcher_done(&seen);
    relay_stop(line);
    dstack_p2p_free(alice);
}

/* ---- Stopping ---- */

static void test_stop_inside_the_callback(void **state)
{
    world *it = *state;
    watcher seen = {.lock = PTHREAD_MUTEX_INITIALIZER, .stops = true};
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice"), *sdk = node_new(it, "bob", NULL);
    seen.sdk = sdk;
    assert_int_equal(dstack_p2p_monitor_start(sdk, watcher_on_change, &seen), DSTACK_P2P_OK);
    watcher_await(&seen, 0);
    expect_registered(alice);
    watcher_expect_quiet(&seen, 1);
    assert_false(watcher_status(sdk).running);
    seen.stops = false;
    assert_int_equal(dstack_p2p_monitor_start(sdk, watcher_on_change, &seen),
                     DSTACK_P2P_OK); /* joins the old thread */
    watcher_expect(watcher_await(&seen, 1), DSTACK_P2P_SNAPSHOT, NULL, 1);
    watcher_done(&seen);
    dstack_p2p_free(alice);
}

static void test_stop_then_nothing_more(void **state)
{
    world *it = *state;
    watcher seen;
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice"), *sdk = node_new(it, "bob", NULL);
    watcher_start(&seen, sdk);
    watcher_await(&seen, 0);
    assert_int_equal(dstack_p2p_monitor_stop(sdk), DSTACK_P2P_OK);
    assert_int_equal(dstack_p2p_monitor_stop(sdk), DSTACK_P2P_OK);
    assert_false(watcher_status(sdk).running);
    expect_registered(alice);
    watcher_expect_quiet(&seen, 1);
    watcher_done(&seen);
    dstack_p2p_free(alice);
}

static void test_cancel_and_restart(void **state)
{
    world *it = *state;
    watcher seen;
    dstack_p2p *sdk = node_new(it, "bob", NULL);
    for (size_t round = 0; round < 5; round++) {
        if (!round)
            watcher_start(&seen, sdk);
        else
            assert_int_equal(dstack_p2p_monitor_start(sdk, watcher_on_change, &seen), DSTACK_P2P_OK);
        watcher_expect(watcher_await(&seen, round), DSTACK_P2P_SNAPSHOT, NULL, 0);
        dstack_p2p_monitor_cancel(sdk);
    }
    double begin = sim_now();
    while (watcher_status(sdk).running)
        assert_true(sim_now() < begin + 1);
    watcher_done(&seen);
}

static void test_one_at_a_time(void **state)
{
    world *it = *state;
    watcher seen;
    dstack_p2p *sdk = node_new(it, "bob", NULL);
    watcher_start(&seen, sdk);
    assert_int_equal(dstack_p2p_monitor_start(sdk, watcher_on_change, &seen), DSTACK_P2P_ERR_STATE);
    expect_code(sdk, DSTACK_P2P_ERR_STATE, "runs already");
    watcher_await(&seen, 0);
    watcher_done(&seen);
}

static void test_free_stops(void **state)
{
    world *it = *state;
    watcher seen;
    watcher_start(&seen, node_new(it, "bob", NULL));
    watcher_await(&seen, 0);
    dstack_p2p_free(seen.sdk);
    watcher_expect_quiet(&seen, 1);
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
            assert_int_equal(dstack_p2p_monitor_start(sdk, watcher_on_change, &seen), DSTACK_P2P_OK);
        else
            watcher_start(&seen, sdk);
        for (size_t i = 0; i < 4; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, stop_in_thread, sdk), 0);
        for (size_t i = 0; i < 4; i++)
            pthread_join(threads[i], NULL);
        assert_false(watcher_status(sdk).running);
    }
    watcher_done(&seen);
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
    relay *line;
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice"),
               *moved = node_new(it, "alice", "http://moved");
    expect_registered(alice);
    dstack_p2p *sdk = open_slowly(it, &line);
    assert_int_equal(dstack_p2p_monitor_start(sdk, NULL, NULL), DSTACK_P2P_OK);
    await_readable(sdk);
    dstack_p2p_peers_free(dstack_p2p_monitor_peers(sdk));
    uint64_t version = watcher_status(sdk).version;
    expect_registered(moved);
    expect_registered(alice);
    for (double end = sim_now() + PATIENCE_S; watcher_status(sdk).version == version; pause_ms(5))
        assert_true(sim_now() < end);
    assert_int_equal(watcher_status(sdk).version, version + 2);
    assert_false(is_readable(sdk));
    dstack_p2p_free(sdk);
    relay_stop(line);
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
    chain_freeze(it); /* no first reading for now */
    assert_int_equal(dstack_p2p_monitor_start(sdk, NULL, NULL), DSTACK_P2P_OK);
    assert_false(is_readable(sdk));
    assert_null(dstack_p2p_monitor_peers(sdk));
    assert_true(watcher_status(sdk).age_ms == UINT64_MAX);
    chain_thaw(it);
    await_readable(sdk);
    dstack_p2p_free(sdk);
}

/* The handle learns who it is while the monitor runs: the list shows it, and that is no change. */
static void test_self_in_the_status(void **state)
{
    world *it = *state;
    watcher seen;
    node_options node;
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice");
    node_defaults(it, "alice", &node);
    node.options.evidence = DSTACK_P2P_EVIDENCE_OFF; /* or the first reading asks who it is */
    dstack_p2p *sdk = dstack_p2p_new_with_options(it->contract, NULL, &node.options);
    owner_sets(it, CONTRACT_SEL_SET_LEASE_DURATION, 5000);
    expect_registered(alice);
    watcher_start(&seen, sdk);
    watcher_await(&seen, 0);
    assert_false(watcher_status(sdk).registered);
    assert_non_null(dstack_p2p_instance_id(sdk));
    for (double end = sim_now() + PATIENCE_S; !watcher_status(sdk).registered; pause_ms(5))
        assert_true(sim_now() < end);
    dstack_p2p_peers *peers = peers_of(alice);
    assert_int_equal(watcher_status(sdk).lease_expires_at, dstack_p2p_peers_at(peers, 0)->expires_at);
    dstack_p2p_peers_free(peers);
    watcher_expect_quiet(&seen, 1);
    expect_withdrawn(alice);
    watcher_expect(watcher_await(&seen, 1), DSTACK_P2P_LEFT, alice, 0);
    assert_false(watcher_status(sdk).registered);
    assert_int_equal(watcher_status(sdk).lease_expires_at, 0);
    watcher_done(&seen);
    dstack_p2p_free(alice);
}

static void test_status(void **state)
{
    world *it = *state;
    watcher seen;
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice"), *sdk = node_new(it, "alice", NULL);
    dstack_p2p_status status = watcher_status(sdk);
    assert_false(status.running);
    assert_true(status.age_ms == UINT64_MAX);
    assert_string_equal(status.transport, "poll");
    expect_registered(alice);
    watcher_start(&seen, sdk);
    watcher_await(&seen, 0);
    for (double end = sim_now() + PATIENCE_S; (status = watcher_status(sdk)).age_ms == UINT64_MAX;
         pause_ms(5))
        assert_true(sim_now() < end);
    assert_true(status.running);
    assert_int_equal(status.code, 0);
    assert_string_equal(status.message, "");
    assert_int_equal(status.failures, 0);
    assert_int_equal(status.peers, 1);
    assert_int_equal(status.version, 1);
    assert_int_equal(status.block_number, chain_number(it, "eth_blockNumber", "[]"));
    assert_true(status.age_ms < 5000);
    watcher_done(&seen);
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
    watcher_start(&seen, node_new(it, "bob", NULL));
    watcher_expect(watcher_await(&seen, 0), DSTACK_P2P_SNAPSHOT, NULL, 1);
    chain_advance(it, 990);
    watcher_expect_quiet(&seen, 1);
    chain_advance(it, 20);
    watcher_expect(watcher_await(&seen, 1), DSTACK_P2P_LEFT, alice, 0);
    assert_int_equal(seen.calls[1].version, seen.calls[0].version); /* expiry does not move it */
    watcher_expect_quiet(&seen, 2);
    expect_registered(alice);
    watcher_expect(watcher_await(&seen, 2), DSTACK_P2P_JOINED, alice, 1);
    watcher_done(&seen);
    dstack_p2p_free(alice);
}

static void test_renewal_is_no_change(void **state)
{
    world *it = *state;
    watcher seen;
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice");
    owner_sets(it, CONTRACT_SEL_SET_LEASE_DURATION, 1000);
    expect_registered(alice);
    watcher_start(&seen, node_new(it, "bob", NULL));
    watcher_await(&seen, 0);
    uint64_t nonce = chain_nonce(it, dstack_p2p_payer_address(alice));
    for (unsigned i = 1; i <= 3; i++) {
        chain_advance(it, 600);
        expect_registered(alice);
        assert_int_equal(chain_nonce(it, dstack_p2p_payer_address(alice)), nonce + i);
    }
    watcher_expect_quiet(&seen, 1);
    watcher_done(&seen);
    dstack_p2p_free(alice);
}

/* ---- The node goes away ---- */

static void await_code(dstack_p2p *sdk, int code)
{
    for (double end = sim_now() + PATIENCE_S; watcher_status(sdk).code != code; pause_ms(10))
        if (sim_now() > end) fail_msg("status is '%s'", watcher_status(sdk).message);
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
    watcher_start(&seen, node_new(it, "carol", NULL));
    watcher_expect(watcher_await(&seen, 0), DSTACK_P2P_SNAPSHOT, NULL, 1);
    chain_stop(it);
    await_code(seen.sdk, DSTACK_P2P_ERR_RPC_UNREACHABLE);
    pause_ms(QUIET_MS);
    dstack_p2p_status status = watcher_status(seen.sdk);
    assert_true(status.running && status.failures >= 2 && status.age_ms >= QUIET_MS / 2);
    assert_non_null(strstr(status.message, it->chain.url));
    assert_int_equal(status.peers, 1);
    dstack_p2p_peers *peers = dstack_p2p_monitor_peers(seen.sdk);
    assert_int_equal(dstack_p2p_peers_count(peers), 1); /* the last list stays */
    dstack_p2p_peers_free(peers);
    assert_int_equal(watcher_calls(&seen), 1);
    chain_start(it, port, file);
    await_code(seen.sdk, DSTACK_P2P_OK);
    status = watcher_status(seen.sdk);
    assert_int_equal(status.failures, 0);
    assert_string_equal(status.message, "");
    watcher_expect_quiet(&seen, 1);
    expect_registered(bob);
    watcher_expect(watcher_await(&seen, 1), DSTACK_P2P_JOINED, bob, 2);
    watcher_done(&seen);
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
    watcher_start(&seen, node_new(it, "carol", NULL));
    await_code(seen.sdk, DSTACK_P2P_ERR_RPC_UNREACHABLE);
    assert_true(watcher_status(seen.sdk).age_ms == UINT64_MAX);
    assert_null(dstack_p2p_monitor_peers(seen.sdk));
    chain_start(it, port, file);
    watcher_expect(watcher_await(&seen, 0), DSTACK_P2P_SNAPSHOT, NULL, 0);
    watcher_done(&seen);
}

/* The handle stays usable beside its monitor. */
static void test_calls_beside_the_monitor(void **state)
{
    world *it = *state;
    watcher seen;
    dstack_p2p *sdk = node_admitted(it, "alice", "http://alice");
    watcher_start(&seen, sdk);
    for (int i = 0; i < 3; i++) {
        expect_registered(sdk);
        dstack_p2p_peers_free(peers_of(sdk));
        expect_withdrawn(sdk);
        dstack_p2p_peers_free(peers_of(sdk));
    }
    watcher_done(&seen);
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
