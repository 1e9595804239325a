/* SPDX-License-Identifier: MIT */
#include "watcher.h"

#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * Nodes and monitors that go away and come back, with their memory and without.
 */

/* Ten times the goals: right within 3 s of a restart; and calls that end within 10 s, which are given 3. */
enum { RIGHT_MAX_S = 30, CALL_MS = 3000, CALL_MAX_S = 30 };

/* A chain that keeps its state in a file, and a contract on it. */
static void keep_state(void **state, char file[static 80])
{
    world *it = *state;
    snprintf(file, 80, "%s/state.json", it->folder.path);
    unlink(file);
    chain_stop(it);
    chain_start(it, 0, file);
    world_deploy(state);
}

/* Two chains that begin within one second have the same first block: then nothing tells them apart. */
static void await_another_second(time_t begun)
{
    while (time(NULL) <= begun + 1)
        pause_ms(20);
}

static void kill_chain(world *it)
{
    kill(it->chain.pid, SIGKILL);
    waitpid(it->chain.pid, NULL, 0);
    it->chain.pid = 0;
}

static void await_code(dstack_p2p *sdk, int code)
{
    for (double end = sim_now() + PATIENCE_S; watcher_status(sdk).code != code; pause_ms(5))
        if (sim_now() > end) fail_msg("status is '%s'", watcher_status(sdk).message);
}

static void await_version(dstack_p2p *sdk, uint64_t version)
{
    for (double end = sim_now() + PATIENCE_S; watcher_status(sdk).version != version; pause_ms(2))
        if (sim_now() > end) fail_msg("still version %llu", (unsigned long long)watcher_status(sdk).version);
}

/* With polls as they are by default. */
static dstack_p2p *open_default(const world *it, const char *cache_file)
{
    node_options node;
    node_defaults(it, "carol", &node);
    node.options.poll_interval_ms = 0;
    node.options.chain_id = 31337;
    node.options.cache_file = cache_file;
    return dstack_p2p_new_with_options(it->contract, NULL, &node.options);
}

static void test_with_its_state(void **state)
{
    world *it = *state;
    char file[80];
    watcher seen;
    keep_state(state, file);
    unsigned port = it->chain.port;
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice"),
               *bob = node_admitted(it, "bob", "http://bob");
    expect_registered(alice);
    watcher_start(&seen, open_default(it, NULL));
    watcher_expect(watcher_await(&seen, 0), DSTACK_P2P_SNAPSHOT, NULL, 1);
    chain_stop(it);
    await_code(seen.sdk, DSTACK_P2P_ERR_RPC_UNREACHABLE);
    chain_start(it, port, file);
    expect_registered(bob);
    double mined = sim_now();
    watcher_expect(watcher_await(&seen, 1), DSTACK_P2P_JOINED, bob, 2); /* and nobody left */
    printf("right %.1f s after the node came back\n", seen.calls[1].at - mined);
    assert_true(seen.calls[1].at - mined <= RIGHT_MAX_S);
    watcher_expect_quiet(&seen, 2);
    watcher_done(&seen);
    dstack_p2p_free(alice);
    dstack_p2p_free(bob);
}

/* Killed without a word, and started anew: the same chain id and the same contract address, and nothing of
 * what was. */
static void test_without_its_state(void **state)
{
    world *it = *state;
    watcher seen;
    char old_contract[43];
    keep_state(state, (char[80]){0});
    time_t begun = time(NULL);
    unsigned port = it->chain.port;
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice");
    expect_registered(alice);
    watcher_start(&seen, open_default(it, NULL));
    watcher_expect(watcher_await(&seen, 0), DSTACK_P2P_SNAPSHOT, NULL, 1);
    snprintf(old_contract, sizeof old_contract, "%s", it->contract);
    kill_chain(it);
    await_another_second(begun);
    chain_start(it, port, NULL);
    while (strcmp(it->contract, old_contract) != 0 || !chain_number(it, "eth_blockNumber", "[]"))
        world_deploy(state); /* to the same address, with nobody in it */
    await_code(seen.sdk, DSTACK_P2P_ERR_WRONG_CHAIN);
    dstack_p2p_status status = watcher_status(seen.sdk);
    assert_non_null(strstr(status.message, "another history"));
    assert_int_equal(status.peers, 1);
    chain_tell(it, "anvil_mine", "[\"0x100\"]"); /* nor when it is longer than the old one was */
    pause_ms(1200);
    assert_int_equal(watcher_status(seen.sdk).code, DSTACK_P2P_ERR_WRONG_CHAIN);
    watcher_expect_quiet(&seen, 1);
    watcher_done(&seen);
    dstack_p2p_free(alice);
}

/* Silent for longer than a call may take: each ends in time, and says so. */
static void test_frozen(void **state)
{
    world *it = *state;
    node_options node;
    watcher seen;
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice");
    expect_registered(alice);
    node_defaults(it, "carol", &node);
    node.options.rpc_timeout_ms = CALL_MS;
    dstack_p2p *sdk = dstack_p2p_new_with_options(it->contract, NULL, &node.options);
    node.options.poll_interval_ms = 500;
    watcher_start(&seen, dstack_p2p_new_with_options(it->contract, NULL, &node.options));
    watcher_await(&seen, 0);
    chain_freeze(it);
    double begin = sim_now();
    assert_null(dstack_p2p_get_peers(sdk));
    printf("a call of at most %d ms ended after %.0f ms\n", CALL_MS, (sim_now() - begin) * 1000);
    expect_code(sdk, DSTACK_P2P_ERR_RPC_TIMEOUT, "did not answer");
    assert_true(sim_now() - begin < CALL_MAX_S);
    await_code(seen.sdk, DSTACK_P2P_ERR_RPC_TIMEOUT);
    assert_int_equal(watcher_status(seen.sdk).peers, 1);
    chain_thaw(it);
    await_code(seen.sdk, DSTACK_P2P_OK);
    watcher_expect_quiet(&seen, 1);
    watcher_done(&seen);
    dstack_p2p_free(sdk);
    dstack_p2p_free(alice);
}

/* ---- The monitor goes away ---- */

static void test_cache_file(void **state)
{
    world *it = *state;
    char file[80], cache[80];
    watcher seen;
    struct stat status;
    keep_state(state, file);
    unsigned port = it->chain.port;
    snprintf(cache, sizeof cache, "%s/peers", it->folder.path);
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice"),
               *bob = node_admitted(it, "bob", "http://bob");
    expect_registered(alice);
    watcher_start(&seen, open_default(it, cache));
    watcher_await(&seen, 0);
    expect_registered(bob);
    watcher_await(&seen, 1);
    watcher_done(&seen);
    assert_int_equal(stat(cache, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    expect_withdrawn(bob); /* while nobody watches */
    chain_stop(it);

    watcher_start(&seen, open_default(it, cache));
    watcher_expect(watcher_await(&seen, 0), DSTACK_P2P_SNAPSHOT, NULL, 2);
    await_code(seen.sdk, DSTACK_P2P_ERR_RPC_UNREACHABLE);
    assert_true(watcher_status(seen.sdk).age_ms < UINT64_MAX);
    chain_start(it, port, file);
    watcher_expect(watcher_await(&seen, 1), DSTACK_P2P_LEFT, bob, 1);
    watcher_done(&seen);

    chain_stop(it);
    chain_start(it, port, NULL); /* without its state */
    world_deploy(state);
    watcher_start(&seen, open_default(it, cache));
    watcher_expect(watcher_await(&seen, 0), DSTACK_P2P_SNAPSHOT, NULL, 1);
    await_code(seen.sdk, DSTACK_P2P_ERR_WRONG_CHAIN);
    watcher_expect_quiet(&seen, 1);
    watcher_done(&seen);
    unlink(cache);
    dstack_p2p_free(alice);
    dstack_p2p_free(bob);
}

/* Damaged or another contract's, the file is left alone, and the list comes from the node. */
static void test_unusable_cache_file(void **state)
{
    world *it = *state;
    char cache[80];
    watcher seen;
    snprintf(cache, sizeof cache, "%s/peers", it->folder.path);
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice");
    expect_registered(alice);
    FILE *out = fopen(cache, "w");
    assert_non_null(out);
    fputs("dstack-p2p peers 1\nchain 31337\n", out);
    assert_int_equal(fclose(out), 0);
    watcher_start(&seen, open_default(it, cache));
    watcher_expect(watcher_await(&seen, 0), DSTACK_P2P_SNAPSHOT, NULL, 1);
    await_version(seen.sdk, 1);
    watcher_done(&seen);
    world_deploy(state); /* another contract */
    watcher_start(&seen, open_default(it, cache));
    watcher_expect(watcher_await(&seen, 0), DSTACK_P2P_SNAPSHOT, NULL, 0);
    watcher_done(&seen);
    unlink(cache);
    dstack_p2p_free(alice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_with_its_state, world_deploy),
        cmocka_unit_test_setup(test_without_its_state, world_deploy),
        cmocka_unit_test_setup(test_frozen, world_deploy),
        cmocka_unit_test_setup(test_cache_file, world_deploy),
        cmocka_unit_test_setup(test_unusable_cache_file, world_deploy),
    };
    return run_live_tests(tests);
}
