/* SPDX-License-Identifier: MIT */

/* Peers that registered are proven by what they left on chain; peers that somebody put there are not. */

#include "crowd.h"

#include "cluster/sdk.h"
#include "eth/key.h"
#include "eth/quantity.h"
#include "registry/membership.h"

#include <stdio.h>

enum { PATIENCE_S = 20 };

static void expect_checked(dstack_p2p *sdk, size_t count, uint32_t left_out)
{
    dstack_p2p_peers *peers = peers_of(sdk);
    assert_true(peers->checked);
    assert_int_equal(dstack_p2p_peers_count(peers), count);
    assert_int_equal(peers->left_out, left_out);
    dstack_p2p_peers_free(peers);
}

/* A reader that knows nothing yet, and one of before. */
static void expect_both(const world *it, dstack_p2p *reader, size_t count)
{
    dstack_p2p *fresh = node_new(it, "carol", NULL);
    expect_checked(reader, count, 0);
    expect_checked(fresh, count, 0);
    dstack_p2p_free(fresh);
}

/* Registers an instance with another derived key than the simulator's, signed by the same app. */
static void register_with_another_key(const world *it, const char *id, const char *url)
{
    static const char app_hex[] = "d6e88992cdeeee35fe70b5db61ab66cdb191fb9b6ec9313757ef162dd7214d5d";
    static const char kms_hex[] =
        "9e618603e72d01fedb82deff6daf2d62a572becf0059eec3f89c1ab40e1f2e594d2a283f843f34e8"
        "f39e4cc49a612496ce67223a12ac923f8efe330346dfc6c500";
    uint8_t app[32], app_key[33], app_id[20], kms[65], derived[33], hash[32], signature[65], packed[73],
        certificate[118];
    char purpose[REGISTRY_PURPOSE_TEXT];
    base_buf data = base_buf_make(8192), hex = base_buf_make(16384);
    registry_statement statement = {.chain_id = 31337, .url = url};
    json_t *block = chain_ask(it, "eth_getBlockByNumber", "[\"latest\",false]");
    assert_true(eth_quantity_u64(json_object_get(block, "number"), &statement.anchor_number));
    unit_hex(unit_text(block, "hash"), statement.anchor_hash32, 32);
    json_decref(block);
    memcpy(statement.contract20, it->contract20, 20);
    unit_hex(id, statement.instance20, 20);
    unit_hex(app_hex, app, 32);
    unit_hex(APP_ID, app_id, 20);
    unit_hex(kms_hex, kms, 65);
    eth_key_public(app, app_key);
    eth_key_public((const uint8_t[32]){[31] = 9}, derived);
    registry_purpose(&statement, purpose);
    registry_app_message_hash(purpose, derived, hash);
    eth_key_sign(app, hash, signature);
    registry_pack_app_signature(signature, statement.anchor_number, packed);
    registry_pack_kms_signature(kms, app_key, app_id, certificate);
    registry_encode_register(&data, &statement, derived, packed, certificate);
    base_buf_puts(&hex, "0x");
    base_buf_hex(&hex, data.data, data.len);
    owner_calls_data(it, hex.data);
    base_buf_free(&data);
    base_buf_free(&hex);
}

static void test_registered(void **state)
{
    world *it = *state;
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice"),
               *bob = node_admitted(it, "bob", "http://bob");
    expect_registered(alice);
    expect_both(it, alice, 1);
    expect_registered(bob);
    expect_both(it, alice, 2);
    dstack_p2p *moved = node_new(it, "bob", "http://bob:2");
    expect_registered(moved);
    expect_both(it, alice, 2);
    register_with_another_key(it, dstack_p2p_instance_id(bob), "http://bob:2");
    dstack_p2p_peers *peers = peers_of(alice);
    assert_string_not_equal(dstack_p2p_peers_at(peers, 1)->instance_address,
                            dstack_p2p_instance_address(bob));
    dstack_p2p_peers_free(peers);
    expect_both(it, alice, 2);
    expect_withdrawn(bob);
    expect_both(it, alice, 1);
    expect_registered(bob);
    expect_both(it, alice, 2);
    dstack_p2p_free(moved);
    dstack_p2p_free(alice);
    dstack_p2p_free(bob);
}

/* Membership goes on from the same start, with new evidence; the certificate may be another one meanwhile. */
static void test_registered_again_after_a_tightening(void **state)
{
    world *it = *state;
    uint8_t root[20];
    static const uint8_t other[20] = {1};
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice");
    expect_registered(alice);
    expect_both(it, alice, 1);
    unit_hex(KMS_ROOT, root, 20);
    owner_calls(it, CONTRACT_SEL_SET_KMS_ROOT_ADDRESS, &(eth_abi_arg){.address20 = other}, 1);
    owner_calls(it, CONTRACT_SEL_SET_KMS_ROOT_ADDRESS, &(eth_abi_arg){.address20 = root}, 1);
    expect_both(it, alice, 0);
    expect_registered(alice);
    expect_both(it, alice, 1);
    owner_sets(it, CONTRACT_SEL_SET_DEV_MODE, 0);
    owner_sets(it, CONTRACT_SEL_SET_DEV_MODE, 1);
    expect_both(it, alice, 0);
    expect_registered(alice);
    expect_both(it, alice, 1);
    dstack_p2p_free(alice);
}

/* A renewal leaves no evidence: that of the registration counts, however long ago it was. */
static void test_renewed_long_after(void **state)
{
    world *it = *state;
    owner_sets(it, CONTRACT_SEL_SET_LEASE_DURATION, 100000);
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice");
    expect_registered(alice);
    uint64_t nonce = chain_nonce(it, dstack_p2p_instance_address(alice));
    chain_tell(it, "anvil_mine", "[\"0x4b0\",\"0x32\"]");
    expect_registered(alice);
    assert_int_equal(chain_nonce(it, dstack_p2p_instance_address(alice)), nonce + 1);
    chain_tell(it, "anvil_mine", "[\"0x190\",\"0x3\"]");
    dstack_p2p *fresh = node_new(it, "carol", NULL);
    expect_checked(fresh, 1, 0);
    assert_in_range(eth_rpc_round_trips(fresh->rpc), 3, 8);
    uint64_t trips = eth_rpc_round_trips(fresh->rpc);
    expect_checked(fresh, 1, 0);
    assert_int_equal(eth_rpc_round_trips(fresh->rpc) - trips, 1);
    dstack_p2p_free(fresh);
    dstack_p2p_free(alice);
}

/* As if the node had made them up: in the contract's storage, and never registered. */
static void test_invented(void **state)
{
    enum { INVENTED = 40 };
    world *it = *state;
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice"),
               *bob = node_admitted(it, "bob", "http://bob");
    expect_registered(alice);
    fill(it, 0, INVENTED);
    expect_registered(bob);
    expect_checked(alice, 2, INVENTED);
    dstack_p2p *fresh = node_new(it, "carol", NULL);
    expect_checked(fresh, 2, INVENTED);
    fresh->config.evidence = DSTACK_P2P_EVIDENCE_OFF;
    dstack_p2p_peers *peers = peers_of(fresh);
    assert_int_equal(dstack_p2p_peers_count(peers), 2 + INVENTED);
    assert_false(peers->checked);
    dstack_p2p_peers_free(peers);
    dstack_p2p_free(fresh);
    dstack_p2p_free(alice);
    dstack_p2p_free(bob);
}

static void test_another_root(void **state)
{
    world *it = *state;
    node_options node;
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice");
    expect_registered(alice);
    node_defaults(it, "", &node);
    node.options.kms_root = "0x00000000000000000000000000000000000000aa";
    dstack_p2p *reader = dstack_p2p_new_with_options(it->contract, NULL, &node.options);
    expect_checked(reader, 0, 1);
    dstack_p2p_free(reader);
    dstack_p2p_free(alice);
}

static void await_status(dstack_p2p *sdk, uint32_t peers, uint32_t left_out)
{
    dstack_p2p_status status;
    double end = sim_now() + PATIENCE_S;
    do {
        if (sim_now() > end)
            fail_msg("%u peers, %u left out: %s", status.peers, status.left_out, status.message);
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
        dstack_p2p_monitor_status(sdk, &status);
    } while (status.age_ms == UINT64_MAX || status.peers != peers || status.left_out != left_out);
    assert_true(status.checked);
    assert_int_equal(status.code, 0);
}

static void test_monitor(void **state)
{
    world *it = *state;
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice"),
               *bob = node_admitted(it, "bob", "http://bob"), *watcher = node_new(it, "carol", NULL);
    expect_registered(alice);
    assert_int_equal(dstack_p2p_monitor_start(watcher, NULL, NULL), DSTACK_P2P_OK);
    await_status(watcher, 1, 0);
    expect_registered(bob);
    await_status(watcher, 2, 0);
    fill(it, 0, 3);
    await_status(watcher, 2, 3);
    expect_withdrawn(bob);
    await_status(watcher, 1, 3);
    expect_registered(bob);
    await_status(watcher, 2, 3);
    dstack_p2p_free(watcher);
    dstack_p2p_free(alice);
    dstack_p2p_free(bob);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_registered, world_deploy),
        cmocka_unit_test_setup(test_registered_again_after_a_tightening, world_deploy),
        cmocka_unit_test_setup(test_renewed_long_after, world_deploy),
        cmocka_unit_test_setup(test_invented, world_deploy),
        cmocka_unit_test_setup(test_another_root, world_deploy),
        cmocka_unit_test_setup(test_monitor, world_deploy),
    };
    return run_live_tests(tests);
}
