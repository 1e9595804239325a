/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "cluster/sdk.h"

#include <stdio.h>

static void test_nobody(void **state)
{
    world *it = *state;
    dstack_p2p *sdk = node_new(it, "alice", "http://alice");
    dstack_p2p_peers *peers = peers_of(sdk);
    assert_int_equal(dstack_p2p_peers_count(peers), 0);
    assert_null(dstack_p2p_peers_at(peers, 0));
    assert_int_equal(dstack_p2p_peers_block_number(peers), chain_number(it, "eth_blockNumber", "[]"));
    dstack_p2p_peers_free(peers);
    dstack_p2p_free(sdk);
}

static void expect_peer(const dstack_p2p_peers *peers, size_t at, dstack_p2p *node, bool is_self)
{
    const dstack_p2p_peer *peer = dstack_p2p_peers_at(peers, at);
    assert_non_null(peer);
    assert_string_equal(peer->instance_id, dstack_p2p_instance_id(node));
    assert_string_equal(peer->instance_address, dstack_p2p_instance_address(node));
    assert_string_equal(peer->connection_url, dstack_p2p_connection_url(node));
    assert_int_equal(peer->is_self, is_self);
}

/* They register at different times, in an order that is neither that of their ids nor of minting. */
static void test_three_in_order(void **state)
{
    world *it = *state;
    uint64_t times[3];
    static const char *const names[] = {"alice", "bob", "carol"};
    static const size_t order[] = {2, 0, 1};
    dstack_p2p *nodes[3];
    for (size_t i = 0; i < 3; i++) {
        char url[32];
        snprintf(url, sizeof url, "http://%s:808%zu", names[i], i);
        nodes[i] = node_admitted(it, names[i], url);
    }
    owner_sets(it, CONTRACT_SEL_SET_LEASE_DURATION, 3600);
    for (size_t i = 0; i < 3; i++) {
        chain_advance(it, 10);
        expect_registered(nodes[order[i]]);
        json_t *block = chain_ask(it, "eth_getBlockByNumber", "[\"latest\",false]");
        times[i] = strtoull(unit_text(block, "timestamp"), NULL, 16);
        json_decref(block);
    }
    for (size_t self = 0; self < 3; self++) {
        dstack_p2p_peers *peers = peers_of(nodes[self]);
        assert_int_equal(dstack_p2p_peers_count(peers), 3);
        for (size_t i = 0; i < 3; i++) {
            expect_peer(peers, i, nodes[order[i]], order[i] == self);
            assert_int_equal(dstack_p2p_peers_at(peers, i)->registered_at, times[i]);
            assert_int_equal(dstack_p2p_peers_at(peers, i)->expires_at, times[i] + 3600);
        }
        assert_null(dstack_p2p_peers_at(peers, 3));
        assert_int_equal(dstack_p2p_peers_version(peers), 3);
        assert_int_equal(dstack_p2p_peers_block_time(peers), times[2]);
        assert_true(dstack_p2p_peers_age_ms(peers) < 10000);
        dstack_p2p_peers_free(peers);
    }
    for (size_t i = 0; i < 3; i++)
        dstack_p2p_free(nodes[i]);
}

/* In one block, membership starts at the same time: then the id decides. */
static void test_same_time_ordered_by_id(void **state)
{
    world *it = *state;
    static const char *const names[] = {"a1", "b2", "c3", "d4"};
    dstack_p2p *nodes[4];
    for (size_t i = 0; i < 4; i++)
        nodes[i] = node_admitted(it, names[i], "http://same");
    chain_tell(it, "anvil_setBlockTimestampInterval", "[0]");
    for (size_t i = 0; i < 4; i++)
        expect_registered(nodes[i]);
    chain_tell(it, "anvil_removeBlockTimestampInterval", "[]");
    dstack_p2p_peers *peers = peers_of(nodes[0]);
    assert_int_equal(dstack_p2p_peers_count(peers), 4);
    for (size_t i = 1; i < 4; i++) {
        const dstack_p2p_peer *one = dstack_p2p_peers_at(peers, i - 1), *two = dstack_p2p_peers_at(peers, i);
        assert_int_equal(one->registered_at, two->registered_at);
        assert_true(strcmp(one->instance_id, two->instance_id) < 0);
    }
    dstack_p2p_peers_free(peers);
    for (size_t i = 0; i < 4; i++)
        dstack_p2p_free(nodes[i]);
}

/* A reader without a guest agent, a key or a URL. */
static void test_reader_knows_no_self(void **state)
{
    world *it = *state;
    node_options node;
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice");
    expect_registered(alice);
    node_defaults(it, "alice", &node);
    node.options.guest_endpoint = "/nonexistent/dstack.sock";
    dstack_p2p *reader = dstack_p2p_new_with_options(it->contract, NULL, &node.options);
    dstack_p2p_peers *peers = peers_of(reader);
    expect_peer(peers, 0, alice, false);
    assert_int_equal(dstack_p2p_chain_id(reader), 31337);
    dstack_p2p_peers_free(peers);
    assert_null(dstack_p2p_instance_id(reader));
    expect_code(reader, DSTACK_P2P_ERR_GUEST_UNREACHABLE, "/nonexistent/dstack.sock");
    dstack_p2p_free(reader);
    dstack_p2p_free(alice);
}

static void expect_no_list(dstack_p2p *sdk, int code, const char *part)
{
    assert_null(dstack_p2p_get_peers(sdk));
    expect_code(sdk, code, part);
    dstack_p2p_free(sdk);
}

/* Could not ask, or asked somebody else: never an empty list. */
static void test_errors_are_no_empty_lists(void **state)
{
    world *it = *state;
    node_options node;
    node_defaults(it, "", &node);
    expect_no_list(
        dstack_p2p_new_with_options("0x00000000000000000000000000000000000000aa", NULL, &node.options),
        DSTACK_P2P_ERR_NO_CONTRACT, "no contract answers");
    expect_no_list(dstack_p2p_new_with_options(NULL, NULL, &node.options), DSTACK_P2P_ERR_CONTRACT_ADDRESS,
                   "no contract address");
    expect_no_list(dstack_p2p_new_with_options("0x123", NULL, &node.options), DSTACK_P2P_ERR_CONTRACT_ADDRESS,
                   "'0x123'");
    node.options.chain_id = 5;
    expect_no_list(dstack_p2p_new_with_options(it->contract, NULL, &node.options), DSTACK_P2P_ERR_WRONG_CHAIN,
                   "31337");
    node.options.chain_id = 0;
    node.options.rpc_url = "http://127.0.0.1:1";
    expect_no_list(dstack_p2p_new_with_options(it->contract, NULL, &node.options),
                   DSTACK_P2P_ERR_RPC_UNREACHABLE, "http://127.0.0.1:1");
}

/* Code that answers everything with nothing, with zeros, or not at all. */
static void test_other_contracts(void **state)
{
    static const struct {
        const char *code;
        int error;
    } others[] = {{"0x00", DSTACK_P2P_ERR_NO_CONTRACT},            /* STOP */
                  {"0x5f5ffd", DSTACK_P2P_ERR_OTHER_CONTRACT},     /* REVERT */
                  {"0x60205ff3", DSTACK_P2P_ERR_OTHER_CONTRACT},   /* 32 bytes of zeros */
                  {"0x6104005ff3", DSTACK_P2P_ERR_OTHER_CONTRACT}, /* 1,024 */
                  {"0xfe", DSTACK_P2P_ERR_OTHER_CONTRACT}};
    world *it = *state;
    node_options node;
    node_defaults(it, "", &node);
    for (size_t i = 0; i < COUNT(others); i++) {
        chain_tell(it, "anvil_setCode", "[\"0x00000000000000000000000000000000000000bb\",\"%s\"]",
                   others[i].code);
        expect_no_list(
            dstack_p2p_new_with_options("0x00000000000000000000000000000000000000bb", NULL, &node.options),
            others[i].error, "");
    }
}

/* The first endpoint that answers serves. */
static void test_second_endpoint(void **state)
{
    world *it = *state;
    char urls[128];
    node_options node;
    node_defaults(it, "", &node);
    snprintf(urls, sizeof urls, "http://127.0.0.1:1, %s", it->chain.url);
    node.options.rpc_url = urls;
    dstack_p2p *sdk = dstack_p2p_new_with_options(it->contract, NULL, &node.options);
    dstack_p2p_peers_free(peers_of(sdk));
    uint64_t trips = eth_rpc_round_trips(sdk->rpc);
    dstack_p2p_peers_free(peers_of(sdk)); /* the first one is not asked again */
    assert_int_equal(eth_rpc_round_trips(sdk->rpc), trips + 1);
    dstack_p2p_free(sdk);
}

static void test_block_tags(void **state)
{
    static const dstack_p2p_block tags[] = {DSTACK_P2P_BLOCK_LATEST, DSTACK_P2P_BLOCK_SAFE,
                                            DSTACK_P2P_BLOCK_FINALIZED};
    world *it = *state;
    chain_tell(it, "anvil_mine", "[\"0x60\"]");
    uint64_t latest = chain_number(it, "eth_blockNumber", "[]"), before = UINT64_MAX;
    for (size_t i = 0; i < COUNT(tags); i++) {
        node_options node;
        node_defaults(it, "", &node);
        node.options.block = tags[i];
        dstack_p2p *sdk = dstack_p2p_new_with_options(it->contract, NULL, &node.options);
        dstack_p2p_peers *peers = peers_of(sdk);
        uint64_t block = dstack_p2p_peers_block_number(peers);
        assert_true(i ? block < before : block == latest);
        before = block;
        dstack_p2p_peers_free(peers);
        dstack_p2p_free(sdk);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_nobody, world_deploy),
        cmocka_unit_test_setup(test_three_in_order, world_deploy),
        cmocka_unit_test_setup(test_same_time_ordered_by_id, world_deploy),
        cmocka_unit_test_setup(test_reader_knows_no_self, world_deploy),
        cmocka_unit_test_setup(test_errors_are_no_empty_lists, world_deploy),
        cmocka_unit_test_setup(test_other_contracts, world_deploy),
        cmocka_unit_test_setup(test_second_endpoint, world_deploy),
        cmocka_unit_test_setup(test_block_tags, world_deploy),
    };
    return run_live_tests(tests);
}
