/* SPDX-License-Identifier: MIT */
#include "base/hex.h"
#include "fixture.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Several processes with one wallet, and one process after another that was killed. */

#define URL "http://localhost:8080"
/* anvil's third and fourth accounts */
#define WALLET_KEY     "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a"
#define WALLET_ADDRESS "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"

enum { CROWD = 50, CREW = 12, PATIENCE_S = 60 };

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* How often anybody, or one instance, registered or renewed: events of registerPeer. */
static size_t registrations(const world *it, const char *instance_id)
{
    static const uint8_t registered[32] = CONTRACT_TOPIC_PEER_REGISTERED,
                         renewed[32] = CONTRACT_TOPIC_PEER_RENEWED;
    char topic[128] = "", first[65], second[65];
    base_hex_encode(registered, 32, first);
    base_hex_encode(renewed, 32, second);
    if (instance_id) snprintf(topic, sizeof topic, ",\"0x%s000000000000000000000000\"", instance_id);
    json_t *logs = chain_ask(
        it, "eth_getLogs", "[{\"address\":\"%s\",\"fromBlock\":\"0x0\",\"topics\":[[\"0x%s\",\"0x%s\"]%s]}]",
        it->contract, first, second, topic);
    size_t count = json_array_size(logs);
    json_decref(logs);
    return count;
}

/* ---- Processes ---- */

/* Registers an instance with the wallet, in a process of its own; its exit status is the code. */
static pid_t start_member(const world *it, const char *name)
{
    pid_t pid = fork();
    if (pid) return pid;
    node_options node;
    node_defaults(it, name, &node);
    node.options.private_key = WALLET_KEY;
    dstack_p2p *sdk = dstack_p2p_new_with_options(it->contract, URL, &node.options);
    int code = dstack_p2p_register(sdk);
    if (code) fprintf(stderr, "%s: %s\n", name, dstack_p2p_errmsg(sdk));
    dstack_p2p_free(sdk);
    _exit(code);
}

static void expect_success(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void member_name(char name[static 16], const char *kind, size_t number)
{
    snprintf(name, 16, "%s%zu", kind, number);
}

static void admit_all(const world *it, const char *kind, size_t count)
{
    char name[16];
    for (size_t i = 0; i < count; i++) {
        member_name(name, kind, i);
        dstack_p2p *sdk = node_new(it, name, URL);
        admit(it, dstack_p2p_instance_id(sdk));
        dstack_p2p_free(sdk);
    }
}

/* All at once, each an instance of its own: all get there, with one transaction each. */
static void register_together(const world *it, const char *kind, size_t count)
{
    char name[16];
    pid_t pids[CROWD];
    double start = sim_now();
    for (size_t i = 0; i < count; i++) {
        member_name(name, kind, i);
        pids[i] = start_member(it, name);
        assert_true(pids[i] > 0);
    }
    for (size_t i = 0; i < count; i++)
        expect_success(pids[i]);
    printf("%zu processes with one wallet: %.2f s\n", count, sim_now() - start);
}

static void expect_each_listed_once(const world *it, const char *kind, size_t count)
{
    char name[16];
    dstack_p2p *reader = node_new(it, "", NULL);
    dstack_p2p_peers *peers = peers_of(reader);
    assert_int_equal(dstack_p2p_peers_count(peers), count);
    dstack_p2p_peers_free(peers);
    dstack_p2p_free(reader);
    assert_int_equal(registrations(it, NULL), count);
    for (size_t i = 0; i < count; i++) {
        member_name(name, kind, i);
        dstack_p2p *sdk = node_new(it, name, URL);
        assert_int_equal(registrations(it, dstack_p2p_instance_id(sdk)), 1);
        dstack_p2p_free(sdk);
    }
}

static void test_many_processes_with_one_wallet(void **state)
{
    world *it = *state;
    admit_all(it, "crowd", CROWD);
    uint64_t nonce = chain_nonce(it, WALLET_ADDRESS);
    register_together(it, "crowd", CROWD);
    assert_int_equal(chain_nonce(it, WALLET_ADDRESS), nonce + CROWD);
    expect_each_listed_once(it, "crowd", CROWD);
}

/* A block a second: they do not wait for each other's receipts. */
static void test_many_processes_and_slow_blocks(void **state)
{
    world *it = *state;
    admit_all(it, "crew", CREW);
    uint64_t nonce = chain_nonce(it, WALLET_ADDRESS);
    chain_tell(it, "evm_setAutomine", "[false]");
    chain_tell(it, "evm_setIntervalMining", "[1]");
    uint64_t block = chain_number(it, "eth_blockNumber", "[]");
    register_together(it, "crew", CREW);
    uint64_t blocks = chain_number(it, "eth_blockNumber", "[]") - block;
    chain_tell(it, "evm_setIntervalMining", "[0]");
    chain_tell(it, "evm_setAutomine", "[true]");
    printf("in %llu blocks\n", (unsigned long long)blocks);
    assert_true(blocks < CREW);
    assert_int_equal(chain_nonce(it, WALLET_ADDRESS), nonce + CREW);
    expect_each_listed_once(it, "crew", CREW);
}

/* Twice the same instance at once: the second one finds it done. */
static void test_one_instance_in_several_processes(void **state)
{
    world *it = *state;
    pid_t pids[4];
    dstack_p2p *sdk = node_new(it, "twin", URL);
    const char *id = dstack_p2p_instance_id(sdk);
    admit(it, id);
    uint64_t nonce = chain_nonce(it, WALLET_ADDRESS);
    for (size_t i = 0; i < COUNT(pids); i++)
        pids[i] = start_member(it, "twin");
    for (size_t i = 0; i < COUNT(pids); i++)
        expect_success(pids[i]);
    assert_int_equal(registrations(it, id), 1);
    assert_int_equal(chain_nonce(it, WALLET_ADDRESS), nonce + 1);
    dstack_p2p_free(sdk);
}

/* ---- Killed ---- */

static void await_pending(const world *it, uint64_t count)
{
    for (double end = sim_now() + PATIENCE_S;; pause_ms(5)) {
        json_t *status = chain_ask(it, "txpool_status", "[]");
        uint64_t pending = strtoull(unit_text(status, "pending"), NULL, 16);
        json_decref(status);
        if (pending == count) return;
        assert_true(sim_now() < end);
    }
}

/* A process is killed while its transaction is in the pool. */
static dstack_p2p *kill_one(world *it, const char *name)
{
    int status;
    dstack_p2p *sdk = node_new(it, name, URL);
    admit(it, dstack_p2p_instance_id(sdk));
    chain_tell(it, "evm_setAutomine", "[false]");
    pid_t pid = start_member(it, name);
    await_pending(it, 1);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    return sdk;
}

/* Its successor finds the transaction in the pool, and waits for that one. */
static void test_killed_before_the_block(void **state)
{
    world *it = *state;
    uint64_t nonce = chain_nonce(it, WALLET_ADDRESS);
    dstack_p2p *sdk = kill_one(it, "killed");
    pid_t pid = start_member(it, "killed");
    pause_ms(300); /* to do something wrong in, if it does */
    await_pending(it, 1);
    chain_tell(it, "evm_mine", "[]");
    chain_tell(it, "evm_setAutomine", "[true]");
    expect_success(pid);
    assert_int_equal(registrations(it, dstack_p2p_instance_id(sdk)), 1);
    assert_int_equal(chain_nonce(it, WALLET_ADDRESS), nonce + 1);
    dstack_p2p_free(sdk);
}

static void test_killed_and_mined_meanwhile(void **state)
{
    world *it = *state;
    uint64_t nonce = chain_nonce(it, WALLET_ADDRESS);
    dstack_p2p *sdk = kill_one(it, "killed2");
    chain_tell(it, "evm_mine", "[]");
    chain_tell(it, "evm_setAutomine", "[true]");
    expect_success(start_member(it, "killed2"));
    assert_int_equal(registrations(it, dstack_p2p_instance_id(sdk)), 1);
    assert_int_equal(chain_nonce(it, WALLET_ADDRESS), nonce + 1);
    dstack_p2p_free(sdk);
}

/* The node lost it, too: the same transaction is sent again. */
static void test_killed_and_dropped_meanwhile(void **state)
{
    world *it = *state;
    uint64_t nonce = chain_nonce(it, WALLET_ADDRESS);
    dstack_p2p *sdk = kill_one(it, "killed3");
    chain_tell(it, "anvil_dropAllTransactions", "[]");
    chain_tell(it, "evm_setAutomine", "[true]");
    expect_success(start_member(it, "killed3"));
    assert_int_equal(registrations(it, dstack_p2p_instance_id(sdk)), 1);
    assert_int_equal(chain_nonce(it, WALLET_ADDRESS), nonce + 1);
    dstack_p2p_free(sdk);
}

/* Nobody mines it for the killed one's price: its successor raises it. Blocks come, and it is in none. */
static void test_killed_and_too_cheap(void **state)
{
    world *it = *state;
    uint64_t nonce = chain_nonce(it, WALLET_ADDRESS);
    dstack_p2p *sdk = kill_one(it, "killed4");
    chain_tell(it, "anvil_dropAllTransactions", "[]");
    for (int i = 0; i < 4; i++)
        chain_tell(it, "evm_mine", "[]");
    chain_tell(it, "evm_setAutomine", "[true]");
    expect_success(start_member(it, "killed4"));
    assert_int_equal(registrations(it, dstack_p2p_instance_id(sdk)), 1);
    assert_int_equal(chain_nonce(it, WALLET_ADDRESS), nonce + 1);
    dstack_p2p_free(sdk);
}

/* ---- Replaced ---- */

static void *register_in_thread(void *sdk)
{
    dstack_p2p_register(sdk);
    return NULL;
}

/* What the only transaction in the pool offers per gas. */
static uint64_t pending_fee(const world *it)
{
    uint64_t fee = 0;
    const char *account, *nonce;
    json_t *pool = chain_ask(it, "txpool_content", "[]"), *by_nonce, *transaction;
    json_object_foreach(json_object_get(pool, "pending"), account, by_nonce)
        json_object_foreach(by_nonce, nonce, transaction) fee =
            strtoull(unit_text(transaction, "maxFeePerGas"), NULL, 16);
    json_decref(pool);
    return fee;
}

/* The base fee rises beyond what was offered: three blocks pass without the transaction, then it offers more.
 */
static void test_replaced_when_the_base_fee_rises(void **state)
{
    pthread_t thread;
    world *it = *state;
    dstack_p2p *sdk = node_admitted(it, "outbid", URL);
    chain_tell(it, "evm_setAutomine", "[false]");
    assert_int_equal(pthread_create(&thread, NULL, register_in_thread, sdk), 0);
    await_pending(it, 1);
    uint64_t fee = pending_fee(it);
    chain_tell(it, "anvil_setNextBlockBaseFeePerGas", "[\"0x%llx\"]", (unsigned long long)fee * 3);
    for (int i = 0; i < 3; i++)
        chain_tell(it, "evm_mine", "[]");
    await_pending(it, 1);
    for (double end = sim_now() + PATIENCE_S; pending_fee(it) <= fee; pause_ms(10))
        assert_true(sim_now() < end);
    chain_tell(it, "evm_mine", "[]");
    pthread_join(thread, NULL);
    chain_tell(it, "evm_setAutomine", "[true]");
    expect_code(sdk, DSTACK_P2P_OK, "");
    assert_int_equal(chain_nonce(it, dstack_p2p_payer_address(sdk)), 1);
    assert_int_equal(registrations(it, dstack_p2p_instance_id(sdk)), 1);
    dstack_p2p_free(sdk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_many_processes_with_one_wallet, world_deploy),
        cmocka_unit_test_setup(test_many_processes_and_slow_blocks, world_deploy),
        cmocka_unit_test_setup(test_one_instance_in_several_processes, world_deploy),
        cmocka_unit_test_setup(test_killed_before_the_block, world_deploy),
        cmocka_unit_test_setup(test_killed_and_mined_meanwhile, world_deploy),
        cmocka_unit_test_setup(test_killed_and_dropped_meanwhile, world_deploy),
        cmocka_unit_test_setup(test_killed_and_too_cheap, world_deploy),
        cmocka_unit_test_setup(test_replaced_when_the_base_fee_rises, world_deploy),
    };
    return run_live_tests(tests);
}
