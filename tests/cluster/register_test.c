/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "cluster/sdk.h"
#include "eth/key.h"

#include <pthread.h>
#include <time.h>

#define URL "http://localhost:8080"

/* What the contract lists for the handle's instance, as the handle itself reads it. */
static void expect_listed(dstack_p2p *sdk, const char *url)
{
    dstack_p2p_peers *peers = peers_of(sdk);
    const char *listed = "";
    for (size_t i = 0; i < dstack_p2p_peers_count(peers); i++)
        if (dstack_p2p_peers_at(peers, i)->is_self) listed = dstack_p2p_peers_at(peers, i)->connection_url;
    assert_string_equal(listed, url);
    dstack_p2p_peers_free(peers);
}

static uint64_t round_trips(const dstack_p2p *sdk)
{
    return eth_rpc_round_trips(sdk->rpc);
}

/* The simulator's, which the contract trusts. */
static void expect_kms_root(dstack_p2p *sdk)
{
    uint8_t root[20];
    char text[43];
    unit_hex(KMS_ROOT, root, 20);
    eth_address_format(root, text);
    assert_string_equal(dstack_p2p_kms_root(sdk), text);
}

static void test_cold_then_warm(void **state)
{
    world *it = *state;
    dstack_p2p *sdk = node_admitted(it, "", URL);
    assert_string_equal(dstack_p2p_instance_id(sdk), DEFAULT_ID);
    assert_string_equal(dstack_p2p_instance_address(sdk), DEFAULT_ADDRESS);
    expect_kms_root(sdk);
    assert_string_equal(dstack_p2p_payer_address(sdk), DEFAULT_ADDRESS);
    assert_string_equal(dstack_p2p_app_id(sdk), APP_ID);
    assert_int_equal(dstack_p2p_chain_id(sdk), 0);
    uint64_t nonce = chain_nonce(it, DEFAULT_ADDRESS);
    expect_registered(sdk);
    assert_int_equal(round_trips(sdk), 2);
    assert_int_equal(dstack_p2p_chain_id(sdk), 31337);
    assert_int_equal(chain_nonce(it, DEFAULT_ADDRESS), nonce + 1);
    expect_listed(sdk, URL);
    uint64_t block = chain_number(it, "eth_blockNumber", "[]"), trips = round_trips(sdk);
    expect_registered(sdk);
    assert_int_equal(round_trips(sdk), trips + 1);
    assert_int_equal(chain_nonce(it, DEFAULT_ADDRESS), nonce + 1);
    assert_int_equal(chain_number(it, "eth_blockNumber", "[]"), block);
    dstack_p2p_free(sdk);

    sdk = node_new(it, "", URL); /* as after a restart */
    expect_registered(sdk);
    assert_int_equal(round_trips(sdk), 1);
    assert_int_equal(chain_nonce(it, DEFAULT_ADDRESS), nonce + 1);
    dstack_p2p_free(sdk);
}

static void test_other_url(void **state)
{
    world *it = *state;
    dstack_p2p *sdk = node_admitted(it, "mover", URL);
    expect_registered(sdk);
    dstack_p2p_peers *before = peers_of(sdk);
    dstack_p2p_free(sdk);
    chain_advance(it, 100);
    sdk = node_new(it, "mover", "http://localhost:9999");
    expect_registered(sdk);
    dstack_p2p_peers *after = peers_of(sdk);
    assert_int_equal(dstack_p2p_peers_count(after), 1);
    assert_string_equal(dstack_p2p_peers_at(after, 0)->connection_url, "http://localhost:9999");
    assert_int_equal(dstack_p2p_peers_at(after, 0)->registered_at,
                     dstack_p2p_peers_at(before, 0)->registered_at);
    assert_int_equal(dstack_p2p_peers_version(after), dstack_p2p_peers_version(before) + 1);
    dstack_p2p_peers_free(before);
    dstack_p2p_peers_free(after);
    dstack_p2p_free(sdk);
}

static void test_withdraw_and_return(void **state)
{
    world *it = *state;
    dstack_p2p *sdk = node_admitted(it, "guest", URL);
    const char *address = dstack_p2p_payer_address(sdk);
    uint64_t nonce = chain_nonce(it, address);
    expect_withdrawn(sdk); /* was not there */
    assert_int_equal(chain_nonce(it, address), nonce);
    expect_registered(sdk);
    expect_withdrawn(sdk);
    expect_listed(sdk, "");
    expect_withdrawn(sdk);
    assert_int_equal(chain_nonce(it, address), nonce + 2);
    expect_registered(sdk); /* the NFT stayed */
    expect_listed(sdk, URL);
    dstack_p2p_free(sdk);
}

static void test_withdraw_without_url(void **state)
{
    world *it = *state;
    dstack_p2p *sdk = node_admitted(it, "leaver", URL);
    expect_registered(sdk);
    dstack_p2p_free(sdk);
    sdk = node_new(it, "leaver", NULL);
    assert_int_equal(dstack_p2p_register(sdk), DSTACK_P2P_ERR_CONNECTION_URL);
    expect_withdrawn(sdk);
    expect_listed(sdk, "");
    dstack_p2p_free(sdk);
}

/* The sponsor pays, the instance needs nothing. */
static void test_private_key_pays(void **state)
{
    world *it = *state;
    dstack_p2p *sdk = node_new(it, "sponsored", URL);
    admit(it, dstack_p2p_instance_id(sdk));
    const char *poor = dstack_p2p_instance_address(sdk);
    node_options node;
    node_defaults(it, "sponsored", &node);
    /* anvil's second account */
    node.options.private_key = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
    dstack_p2p *sponsored = dstack_p2p_new_with_options(it->contract, URL, &node.options);
    assert_string_equal(dstack_p2p_payer_address(sponsored), "0x70997970C51812dc3A010C7d01b50e0d17dc79C8");
    uint64_t nonce = chain_nonce(it, "0x70997970C51812dc3A010C7d01b50e0d17dc79C8");
    expect_registered(sponsored);
    expect_listed(sponsored, URL);
    assert_int_equal(chain_nonce(it, "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"), nonce + 1);
    assert_int_equal(chain_nonce(it, poor), 0);
    dstack_p2p_free(sdk);
    dstack_p2p_free(sponsored);
}

/* ---- What is found before anything is spent ---- */

/* Registration fails so, and the payer has sent nothing. */
static void expect_refused(const world *it, dstack_p2p *sdk, int code, const char *part)
{
    const char *address = dstack_p2p_payer_address(sdk);
    uint64_t nonce = chain_nonce(it, address);
    assert_int_equal(dstack_p2p_register(sdk), code);
    expect_code(sdk, code, part);
    assert_int_equal(chain_nonce(it, address), nonce);
}

static void test_conditions_that_do_not_hold(void **state)
{
    world *it = *state;
    uint8_t app[20], root[20];
    unit_hex(APP_ID, app, 20);
    unit_hex(KMS_ROOT, root, 20);
    const eth_abi_arg other = {.address20 = it->contract20};
    dstack_p2p *sdk = node_new(it, "outsider", URL);
    const char *id = dstack_p2p_instance_id(sdk);
    fund(it, dstack_p2p_instance_address(sdk));
    expect_refused(it, sdk, DSTACK_P2P_ERR_NO_NFT, id);
    admit(it, id);
    owner_names(it, CONTRACT_SEL_BAN_INSTANCE, id);
    expect_refused(it, sdk, DSTACK_P2P_ERR_BANNED, id);
    owner_names(it, CONTRACT_SEL_UNBAN_INSTANCE, id);
    owner_sets(it, CONTRACT_SEL_SET_REGISTRATION_PAUSED, 1);
    expect_refused(it, sdk, DSTACK_P2P_ERR_PAUSED, "paused");
    owner_sets(it, CONTRACT_SEL_SET_REGISTRATION_PAUSED, 0);
    owner_calls(it, CONTRACT_SEL_DISALLOW_APP, &(eth_abi_arg){.address20 = app}, 1);
    expect_refused(it, sdk, DSTACK_P2P_ERR_APP_NOT_ALLOWED, APP_ID);
    owner_calls(it, CONTRACT_SEL_ALLOW_APP, &(eth_abi_arg){.address20 = app}, 1);
    owner_calls(it, CONTRACT_SEL_SET_KMS_ROOT_ADDRESS, &other, 1);
    expect_refused(it, sdk, DSTACK_P2P_ERR_WRONG_KMS_ROOT, it->contract);
    owner_calls(it, CONTRACT_SEL_SET_KMS_ROOT_ADDRESS, &(eth_abi_arg){.address20 = root}, 1);
    expect_registered(sdk);
    dstack_p2p_free(sdk);
}

static void test_production_mode(void **state)
{
    world *it = *state;
    char url[128];
    dstack_p2p *sdk = node_admitted(it, "prod", URL);
    owner_names(it, CONTRACT_SEL_ADD_BASE_DOMAIN, "example.com");
    owner_sets(it, CONTRACT_SEL_SET_DEV_MODE, 0);
    expect_refused(it, sdk, DSTACK_P2P_ERR_URL_REFUSED, "https://");
    dstack_p2p_free(sdk);
    sdk = node_new(it, "prod", "https://prod.example.org");
    expect_refused(it, sdk, DSTACK_P2P_ERR_URL_REFUSED, "example.org");
    dstack_p2p_free(sdk);
    sdk = node_new(it, "prod", "https://prod.example.com");
    expect_registered(sdk);
    owner_sets(it, CONTRACT_SEL_SET_INSTANCE_BOUND_URLS, 1);
    expect_listed(sdk, "");
    expect_refused(it, sdk, DSTACK_P2P_ERR_URL_REFUSED, "bound to the instance");
    snprintf(url, sizeof url, "https://%s-443s.example.com", dstack_p2p_instance_id(sdk));
    dstack_p2p_free(sdk);
    sdk = node_new(it, "prod", url);
    expect_registered(sdk);
    expect_listed(sdk, url);
    dstack_p2p_free(sdk);
}

static void test_no_funds(void **state)
{
    world *it = *state;
    dstack_p2p *sdk = node_new(it, "poor", URL);
    admit(it, dstack_p2p_instance_id(sdk));
    expect_refused(it, sdk, DSTACK_P2P_ERR_NO_FUNDS, dstack_p2p_payer_address(sdk));
    fund(it, dstack_p2p_payer_address(sdk));
    expect_registered(sdk);
    dstack_p2p_free(sdk);
}

static void test_ceilings(void **state)
{
    world *it = *state;
    node_options node;
    dstack_p2p *rich = node_admitted(it, "thrifty", URL);
    dstack_p2p_free(rich);
    node_defaults(it, "thrifty", &node);
    node.options.max_fee_per_gas = 1;
    dstack_p2p *sdk = dstack_p2p_new_with_options(it->contract, URL, &node.options);
    expect_refused(it, sdk, DSTACK_P2P_ERR_FEE_CEILING, "0.000000001 gwei");
    dstack_p2p_free(sdk);
    node.options.max_fee_per_gas = 0;
    node.options.max_fee_per_day = 1000;
    sdk = dstack_p2p_new_with_options(it->contract, URL, &node.options);
    expect_refused(it, sdk, DSTACK_P2P_ERR_SPEND_CEILING, "0.000000000000001 ether");
    dstack_p2p_free(sdk);
}

static void test_wrong_chain(void **state)
{
    world *it = *state;
    node_options node;
    dstack_p2p *admitted = node_admitted(it, "lost", URL);
    node_defaults(it, "lost", &node);
    node.options.chain_id = 1;
    dstack_p2p *sdk = dstack_p2p_new_with_options(it->contract, URL, &node.options);
    expect_refused(it, sdk, DSTACK_P2P_ERR_WRONG_CHAIN, "31337");
    dstack_p2p_free(sdk);
    node.options.chain_id = 31337;
    sdk = dstack_p2p_new_with_options(it->contract, URL, &node.options);
    expect_registered(sdk);
    dstack_p2p_free(sdk);
    dstack_p2p_free(admitted);
}

/* ---- After a tightening ---- */

static void test_registers_again_after_a_tightening(void **state)
{
    world *it = *state;
    dstack_p2p *sdk = node_admitted(it, "faithful", "https://faithful.example.com");
    owner_names(it, CONTRACT_SEL_ADD_BASE_DOMAIN, "example.com");
    expect_registered(sdk);
    dstack_p2p_peers *before = peers_of(sdk);
    owner_sets(it, CONTRACT_SEL_SET_DEV_MODE, 0);
    expect_listed(sdk, "");
    expect_registered(sdk);
    dstack_p2p_peers *after = peers_of(sdk);
    assert_int_equal(dstack_p2p_peers_count(after), 1);
    assert_int_equal(dstack_p2p_peers_at(after, 0)->registered_at,
                     dstack_p2p_peers_at(before, 0)->registered_at);
    dstack_p2p_peers_free(before);
    dstack_p2p_peers_free(after);
    dstack_p2p_free(sdk);
}

/* ---- The transaction itself fails ---- */

static void *register_in_thread(void *sdk)
{
    dstack_p2p_register(sdk);
    return NULL;
}

static void await_pending(const world *it, uint64_t count)
{
    double end = sim_now() + 20;
    for (;;) {
        json_t *status = chain_ask(it, "txpool_status", "[]");
        uint64_t pending = strtoull(unit_text(status, "pending"), NULL, 16);
        json_decref(status);
        if (pending == count) return;
        assert_true(sim_now() < end);
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
}

/* Between the look and the block something happens: the owner's transaction comes before ours in the block,
 * and the one line of the contract that fails is told with its values. */
static void expect_overtaken(world *it, const char *name, uint32_t selector, const char *text, int code,
                             const char *part)
{
    pthread_t thread;
    dstack_p2p *sdk = node_admitted(it, name, URL);
    const char *id = dstack_p2p_instance_id(sdk);
    uint64_t nonce = chain_nonce(it, dstack_p2p_payer_address(sdk));
    chain_tell(it, "evm_setAutomine", "[false]");
    assert_int_equal(pthread_create(&thread, NULL, register_in_thread, sdk), 0);
    await_pending(it, 1);
    owner_queues(it, selector, text ? text : id);
    await_pending(it, 2);
    chain_tell(it, "evm_mine", "[]");
    pthread_join(thread, NULL);
    chain_tell(it, "evm_setAutomine", "[true]");
    expect_code(sdk, code, part);
    if (code) expect_code(sdk, code, id);
    assert_int_equal(chain_nonce(it, dstack_p2p_payer_address(sdk)), nonce + 1);
    dstack_p2p_free(sdk);
}

static void test_banned_in_the_same_block(void **state)
{
    expect_overtaken(*state, "unlucky", CONTRACT_SEL_BAN_INSTANCE, NULL, DSTACK_P2P_ERR_BANNED,
                     "InstanceIsBanned");
}

static void test_revoked_in_the_same_block(void **state)
{
    expect_overtaken(*state, "unluckier", CONTRACT_SEL_REVOKE_NODE_ACCESS, NULL, DSTACK_P2P_ERR_NO_NFT,
                     "InstanceHoldsNoTicket");
}

static void test_harmless_in_the_same_block(void **state)
{
    expect_overtaken(*state, "lucky", CONTRACT_SEL_ADD_BASE_DOMAIN, "example.com", DSTACK_P2P_OK, "");
}

/* The call data of the only transaction in the pool. */
static char *pending_data(const world *it)
{
    char *data = NULL;
    const char *account, *nonce;
    json_t *pool = chain_ask(it, "txpool_content", "[]"), *by_nonce, *transaction;
    json_object_foreach(json_object_get(pool, "pending"), account, by_nonce)
        json_object_foreach(by_nonce, nonce, transaction) data = strdup(unit_text(transaction, "input"));
    assert_non_null(data);
    json_decref(pool);
    return data;
}

/* Somebody copies the transaction from the pool and pays more: ours fails, and all is as it was to be. */
static void test_copied_transaction_lands_first(void **state)
{
    world *it = *state;
    pthread_t thread;
    dstack_p2p *sdk = node_admitted(it, "copied", URL);
    chain_tell(it, "evm_setAutomine", "[false]");
    assert_int_equal(pthread_create(&thread, NULL, register_in_thread, sdk), 0);
    await_pending(it, 1);
    char *data = pending_data(it);
    owner_queues_data(it, data);
    free(data);
    await_pending(it, 2);
    chain_tell(it, "evm_mine", "[]");
    pthread_join(thread, NULL);
    chain_tell(it, "evm_setAutomine", "[true]");
    expect_code(sdk, DSTACK_P2P_OK, "");
    expect_listed(sdk, URL);
    json_t *block = chain_ask(it, "eth_getBlockByNumber", "[\"latest\",false]");
    json_t *hash = json_array_get(json_object_get(block, "transactions"), 1);
    json_t *receipt = chain_ask(it, "eth_getTransactionReceipt", "[\"%s\"]", json_string_value(hash));
    assert_string_equal(unit_text(receipt, "status"), "0x0"); /* ours did fail */
    json_decref(receipt);
    json_decref(block);
    dstack_p2p_free(sdk);
}

/* A node that mines every second: the receipt is waited for. */
static void test_slow_blocks(void **state)
{
    world *it = *state;
    dstack_p2p *sdk = node_admitted(it, "patient", URL);
    chain_tell(it, "evm_setAutomine", "[false]");
    chain_tell(it, "evm_setIntervalMining", "[1]");
    int code = dstack_p2p_register(sdk);
    chain_tell(it, "evm_setIntervalMining", "[0]");
    chain_tell(it, "evm_setAutomine", "[true]");
    assert_int_equal(code, DSTACK_P2P_OK);
    expect_listed(sdk, URL);
    dstack_p2p_free(sdk);
}

/* As an application does it: again and again until it is done. */
static void *register_until_done(void *sdk)
{
    for (int tries = 0; tries < 30 && dstack_p2p_register(sdk); tries++)
        ;
    return NULL;
}

/* Four nodes of one payer at once take each other's nonces, and get there all the same. */
static void test_one_payer_for_many(void **state)
{
    world *it = *state;
    pthread_t threads[4];
    dstack_p2p *nodes[4];
    for (size_t i = 0; i < 4; i++) {
        char name[8];
        node_options node;
        snprintf(name, sizeof name, "fleet%zu", i);
        dstack_p2p *one = node_new(it, name, URL);
        admit(it, dstack_p2p_instance_id(one));
        dstack_p2p_free(one);
        node_defaults(it, name, &node);
        node.options.confirm_timeout_ms = 1000;
        node.options.private_key = "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a";
        nodes[i] = dstack_p2p_new_with_options(it->contract, URL, &node.options);
    }
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, register_until_done, nodes[i]), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < 4; i++) {
        expect_registered(nodes[i]);
        dstack_p2p_free(nodes[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_cold_then_warm, world_deploy),
        cmocka_unit_test_setup(test_other_url, world_deploy),
        cmocka_unit_test_setup(test_withdraw_and_return, world_deploy),
        cmocka_unit_test_setup(test_withdraw_without_url, world_deploy),
        cmocka_unit_test_setup(test_private_key_pays, world_deploy),
        cmocka_unit_test_setup(test_conditions_that_do_not_hold, world_deploy),
        cmocka_unit_test_setup(test_production_mode, world_deploy),
        cmocka_unit_test_setup(test_no_funds, world_deploy),
        cmocka_unit_test_setup(test_ceilings, world_deploy),
        cmocka_unit_test_setup(test_wrong_chain, world_deploy),
        cmocka_unit_test_setup(test_registers_again_after_a_tightening, world_deploy),
        cmocka_unit_test_setup(test_banned_in_the_same_block, world_deploy),
        cmocka_unit_test_setup(test_revoked_in_the_same_block, world_deploy),
        cmocka_unit_test_setup(test_harmless_in_the_same_block, world_deploy),
        cmocka_unit_test_setup(test_copied_transaction_lands_first, world_deploy),
        cmocka_unit_test_setup(test_slow_blocks, world_deploy),
        cmocka_unit_test_setup(test_one_payer_for_many, world_deploy),
    };
    return run_live_tests(tests);
}
