/* SPDX-License-Identifier: MIT */
#include "fixture.h"

enum { LEASE = 1000 };

static dstack_p2p_peers *registered(world *it, dstack_p2p **node)
{
    owner_sets(it, CONTRACT_SEL_SET_LEASE_DURATION, LEASE);
    *node = node_admitted(it, "tenant", "http://tenant");
    expect_registered(*node);
    return peers_of(*node);
}

static uint64_t sent_by(const world *it, dstack_p2p *node)
{
    return chain_nonce(it, dstack_p2p_payer_address(node));
}

/* Until half of the lease is over nothing is sent, then it is renewed. */
static void test_renewed_at_half(void **state)
{
    world *it = *state;
    dstack_p2p *node;
    dstack_p2p_peers *first = registered(it, &node);
    uint64_t nonce = sent_by(it, node);
    chain_advance(it, LEASE / 2 - 20);
    expect_registered(node);
    assert_int_equal(sent_by(it, node), nonce);
    chain_advance(it, 40);
    expect_registered(node);
    assert_int_equal(sent_by(it, node), nonce + 1);
    dstack_p2p_peers *second = peers_of(node);
    const dstack_p2p_peer *before = dstack_p2p_peers_at(first, 0), *after = dstack_p2p_peers_at(second, 0);
    assert_in_range(after->expires_at - before->expires_at, LEASE / 2, LEASE / 2 + 30);
    assert_int_equal(after->registered_at, before->registered_at);
    assert_int_equal(dstack_p2p_peers_version(first), dstack_p2p_peers_version(second));
    dstack_p2p_peers_free(first);
    dstack_p2p_peers_free(second);
    dstack_p2p_free(node);
}

static void test_expired_peer_is_not_listed_and_returns(void **state)
{
    world *it = *state;
    dstack_p2p *node;
    dstack_p2p_peers *first = registered(it, &node);
    chain_advance(it, LEASE + 1);
    dstack_p2p_peers *none = peers_of(node);
    assert_int_equal(dstack_p2p_peers_count(none), 0);
    expect_registered(node);
    dstack_p2p_peers *again = peers_of(node);
    assert_int_equal(dstack_p2p_peers_count(again), 1);
    assert_true(dstack_p2p_peers_at(again, 0)->registered_at > dstack_p2p_peers_at(first, 0)->registered_at);
    dstack_p2p_peers_free(first);
    dstack_p2p_peers_free(none);
    dstack_p2p_peers_free(again);
    dstack_p2p_free(node);
}

/* The owner introduces a lease, or takes it back: running nodes follow at their next call. */
static void test_lease_comes_and_goes(void **state)
{
    world *it = *state;
    dstack_p2p *node = node_admitted(it, "settler", "http://settler");
    expect_registered(node);
    dstack_p2p_peers *peers = peers_of(node);
    assert_int_equal(dstack_p2p_peers_at(peers, 0)->expires_at, 0);
    dstack_p2p_peers_free(peers);
    chain_advance(it, 10 * LEASE);
    uint64_t nonce = sent_by(it, node);
    expect_registered(node);
    assert_int_equal(sent_by(it, node), nonce);
    dstack_p2p_free(node);
}

static void test_expired_peer_withdraws(void **state)
{
    world *it = *state;
    dstack_p2p *node;
    dstack_p2p_peers_free(registered(it, &node));
    chain_advance(it, LEASE + 1);
    expect_withdrawn(node);
    dstack_p2p_peers *none = peers_of(node);
    assert_int_equal(dstack_p2p_peers_count(none), 0);
    dstack_p2p_peers_free(none);
    dstack_p2p_free(node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_renewed_at_half, world_deploy),
        cmocka_unit_test_setup(test_expired_peer_is_not_listed_and_returns, world_deploy),
        cmocka_unit_test_setup(test_lease_comes_and_goes, world_deploy),
        cmocka_unit_test_setup(test_expired_peer_withdraws, world_deploy),
    };
    return run_live_tests(tests);
}
