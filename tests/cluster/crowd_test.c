/* SPDX-License-Identifier: MIT */

/* More peers than fit one call. They are made without registrations, so that there is no evidence for them.
 */

#include "crowd.h"

#include "cluster/sdk.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

/* The crowd in every field and in order; behind it are those who registered later. */
static void expect_crowd(const dstack_p2p_peers *peers, size_t count)
{
    crowd_peer *crowd = crowd_in_order(count);
    for (size_t i = 0; i < count; i++)
        crowd_expect(dstack_p2p_peers_at(peers, i), &crowd[i]);
    free(crowd);
}

static void expect_self(const dstack_p2p_peer *peer, dstack_p2p *sdk)
{
    assert_non_null(peer);
    assert_true(peer->is_self);
    assert_string_equal(peer->instance_id, dstack_p2p_instance_id(sdk));
    assert_string_equal(peer->connection_url, dstack_p2p_connection_url(sdk));
}

static void read_crowd(const world *it, dstack_p2p *sdk, size_t count)
{
    dstack_p2p_peers *peers = peers_of(sdk);
    assert_int_equal(dstack_p2p_peers_count(peers), count + 1);
    assert_int_equal(dstack_p2p_peers_version(peers), count + 1);
    assert_int_equal(dstack_p2p_peers_block_number(peers), chain_number(it, "eth_blockNumber", "[]"));
    expect_crowd(peers, count);
    expect_self(dstack_p2p_peers_at(peers, count), sdk);
    assert_null(dstack_p2p_peers_at(peers, count + 1));
    dstack_p2p_peers_free(peers);
}

/* Ten thousand, and then fifty; among them one that registered as nodes do. */
static void test_ten_and_fifty_thousand(void **state)
{
    enum { SOME = 10000, MANY = 50000 };
    world *it = *state;
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice");
    alice->config.evidence = DSTACK_P2P_EVIDENCE_OFF;
    expect_registered(alice);
    fill(it, 0, SOME);
    read_crowd(it, alice, SOME);
    fill(it, SOME, MANY - SOME);
    uint64_t trips = eth_rpc_round_trips(alice->rpc);
    read_crowd(it, alice, MANY);
    assert_in_range(eth_rpc_round_trips(alice->rpc) - trips, MANY / CLUSTER_PAGE_MAX, 300);
    dstack_p2p_free(alice);
}

/* What an eth_call may use is enough for a few hundred peers: a real node's refusals, and what is made of
 * them. */
static void test_calls_run_out_of_gas(void **state)
{
    enum { SOME = 3000, LITTLE = 3000000 };
    world *it = *state;
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice");
    alice->config.evidence = DSTACK_P2P_EVIDENCE_OFF;
    expect_registered(alice);
    fill(it, 0, SOME);
    chain_set_gas_limit(it, LITTLE);
    read_crowd(it, alice, SOME);
    uint32_t size = alice->paging.size;
    assert_in_range(size, 1, CLUSTER_PAGE_MAX / 2);
    uint64_t trips = eth_rpc_round_trips(alice->rpc);
    read_crowd(it, alice, SOME); /* at once in that size */
    assert_int_equal(eth_rpc_round_trips(alice->rpc) - trips, (SOME + 1 + size - 1) / size);
    assert_int_equal(alice->paging.size, size);
    chain_set_gas_limit(it, CHAIN_GAS_LIMIT);
    dstack_p2p_free(alice);
}

/* ---- Reading while peers go ---- */

enum { CROWD = 2 * CLUSTER_PAGE_MAX + 500, GONE = 40 };

/* In a thread of its own: bans the first ones of the crowd, one block each, and with each moves the last
 * peer into the slot that gets free. */
typedef struct banner {
    const world *it;
    atomic_bool done;
} banner;

static void *ban_some(void *context)
{
    banner *self = context;
    for (uint64_t i = 0; i < GONE; i++)
        owner_names(self->it, CONTRACT_SEL_BAN_INSTANCE, crowd_peer_at(i).id);
    atomic_store(&self->done, true);
    return NULL;
}

/* A list of one version holds exactly those who were there at that version. */
static void expect_consistent(const dstack_p2p_peers *peers, const crowd_peer *crowd)
{
    uint64_t version = dstack_p2p_peers_version(peers), gone = version - CROWD;
    size_t found = 0;
    assert_in_range(version, CROWD, CROWD + GONE);
    assert_int_equal(dstack_p2p_peers_count(peers), CROWD - gone);
    for (size_t i = 0; i < CROWD; i++)
        if (crowd[i].number >= gone) crowd_expect(dstack_p2p_peers_at(peers, found++), &crowd[i]);
}

/* Whether a list came, and then a consistent one. anvil answers from the block it is mining when it is asked
 * for the one before: pages of it may not fit together, and to say so is right. */
static bool read_consistent(dstack_p2p *reader, const crowd_peer *crowd)
{
    dstack_p2p_peers *peers = dstack_p2p_get_peers(reader);
    if (peers)
        expect_consistent(peers, crowd);
    else
        expect_code(reader, DSTACK_P2P_ERR_RPC_ANSWER, "do not fit together");
    dstack_p2p_peers_free(peers);
    return peers;
}

static void test_reading_while_peers_go(void **state)
{
    world *it = *state;
    pthread_t thread;
    banner self = {.it = it};
    dstack_p2p *reader = node_new(it, "", NULL);
    reader->config.evidence = DSTACK_P2P_EVIDENCE_OFF;
    crowd_peer *crowd = crowd_in_order(CROWD);
    fill(it, 0, CROWD);
    assert_int_equal(pthread_create(&thread, NULL, ban_some, &self), 0);
    while (!atomic_load(&self.done))
        read_consistent(reader, crowd);
    pthread_join(thread, NULL);
    assert_true(read_consistent(reader, crowd));
    free(crowd);
    dstack_p2p_free(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_calls_run_out_of_gas, world_deploy),
        cmocka_unit_test_setup(test_reading_while_peers_go, world_deploy),
        /* Last, for anvil copies all storage with each block it mines. */
        cmocka_unit_test_setup(test_ten_and_fifty_thousand, world_deploy),
    };
    return run_live_tests(tests);
}
