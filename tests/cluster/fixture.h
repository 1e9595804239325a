/* SPDX-License-Identifier: MIT */
#ifndef TESTS_CLUSTER_FIXTURE_H
#define TESTS_CLUSTER_FIXTURE_H

#include "eth/abi.h"
#include "registry/contract_abi.h"
#include "simulator/harness.h"
#include "unit.h"

/*
 * A real anvil with the real contract, and the real simulator: processes of the test's own, on free ports,
 * in a folder of their own, gone with the test. Whatever goes wrong in here fails the test at hand.
 */

#define APP_ID          "5bb4ff9a3837357f19dc176407a5709c62eb6c56" /* dstack's development app */
#define KMS_ROOT        "a7f6043c29f9cc1d9d6acf554c53e0c6792aaeaf" /* dstack's development root */
#define DEFAULT_ID      "1691ed1b47506cad7d08834668691d88246f5b1f" /* of the simulator's default instance */
#define DEFAULT_ADDRESS "0x3EFa45845852b7bF2E8C881Dd46548A9BeD73442"

/** An Ethereum node. */
typedef struct chain {
    pid_t pid;
    unsigned port;
    char url[64];
} chain;

typedef struct world {
    sim_folder folder;
    sim_process simulator;
    chain chain;
    uint8_t contract20[20];
    char contract[43];
} world;

/** cmocka's group fixtures: `*state` becomes the world. */
int world_setup(void **state);
int world_teardown(void **state);

/** A contract of its own for each test, on the world's chain; for cmocka's test setup. */
int world_deploy(void **state);

/** Main of a program of the live tests: exit status 77 without the EVM toolchain. */
#define run_live_tests(tests)                                                                                \
    (world_is_possible() ? cmocka_run_group_tests(tests, world_setup, world_teardown) : 77)
bool world_is_possible(void);

/** What creates the contract, before its argument, in hex without 0x. */
const char *contract_code(void);

/** Starts anvil on a port (0: a free one) with its state in `file` (NULL: in memory). */
void chain_start(world *it, unsigned port, const char *file);

/** Ends it by SIGTERM, upon which it writes its state. */
void chain_stop(world *it);

/** From here on anvil, which takes connections, says nothing: none of its threads is still about to. */
void chain_freeze(const world *it);

/** It goes on where it was. */
void chain_thaw(const world *it);

/** Asks the node; `params` is a JSON array made with a format. The result is owned by the caller. */
json_t *chain_ask(const world *it, const char *method, const char *params, ...)
    __attribute__((format(printf, 3, 4)));

/** The same where the result is a number, or does not matter. */
uint64_t chain_number(const world *it, const char *method, const char *params, ...)
    __attribute__((format(printf, 3, 4)));
void chain_tell(const world *it, const char *method, const char *params, ...)
    __attribute__((format(printf, 3, 4)));

/** Number of transactions an account has sent. */
uint64_t chain_nonce(const world *it, const char *address);

/** A member of the receipt of the only transaction of the latest block. */
uint64_t chain_last_receipt(const world *it, const char *name);

/** What a block may use from now on, and with it an eth_call. */
enum { CHAIN_GAS_LIMIT = 30000000 };
void chain_set_gas_limit(const world *it, uint64_t gas);

/** Lets time pass on the chain, and mines a block then. */
void chain_advance(const world *it, unsigned seconds);

/** A call of the contract by its owner, which must succeed. */
void owner_calls(const world *it, uint32_t selector, const eth_abi_arg *args, size_t count);

/** The same with call data, in hex with 0x. */
void owner_calls_data(const world *it, const char *hex);

/** The same for functions of one bool or number, or one string. */
void owner_sets(const world *it, uint32_t selector, uint64_t value);
void owner_names(const world *it, uint32_t selector, const char *text);

/** The same, put into the pool with a tip that beats all others. */
void owner_queues(const world *it, uint32_t selector, const char *text);
void owner_queues_data(const world *it, const char *hex);

/** Options of a node of the world: instance `name` of the simulator ("" is the default one). */
typedef struct node_options {
    dstack_p2p_options options;
    char endpoint[160], state_dir[80];
} node_options;
void node_defaults(const world *it, const char *name, node_options *node);

/** A handle for an instance that pays with its own key. */
dstack_p2p *node_new(const world *it, const char *name, const char *url);

/** The same, admitted: with an NFT and ten ether. */
dstack_p2p *node_admitted(const world *it, const char *name, const char *url);

/**
 * Lists the peers with the numbers `first` to `first + count - 1` without tickets, keys or signatures: see
 * contracts/test/utils/FillHarness.sol and crowd.h. The version moves by one for each.
 */
void fill(const world *it, uint64_t first, uint64_t count);

void admit(const world *it, const char *instance_id);
void fund(const world *it, const char *address);

/** Insists on the handle's code, and on a part of its sentence. */
#define expect_code(sdk, code, part) fixture_expect_code(sdk, code, part, __FILE__, __LINE__)
void fixture_expect_code(const dstack_p2p *sdk, int code, const char *part, const char *file, int line);

/** Registers, withdraws: must succeed. */
#define expect_registered(sdk) fixture_expect_call(sdk, dstack_p2p_register(sdk), __FILE__, __LINE__)
#define expect_withdrawn(sdk)  fixture_expect_call(sdk, dstack_p2p_withdraw(sdk), __FILE__, __LINE__)
void fixture_expect_call(const dstack_p2p *sdk, int code, const char *file, int line);

/** The list; must succeed. */
#define peers_of(sdk) fixture_peers(sdk, __FILE__, __LINE__)
dstack_p2p_peers *fixture_peers(dstack_p2p *sdk, const char *file, int line);

#endif
