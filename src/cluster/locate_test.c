/* SPDX-License-Identifier: MIT */
#include "cluster/locate.h"

#include "support/fake_node.h"
#include "unit.h"

enum { HEAD = 20000000, SECONDS = 12, NEAR_ENOUGH = 256 };

typedef struct world {
    fake_node *node;
    fake_node_state *state;
    dstack_p2p *sdk;
    eth_rpc *rpc;
} world;

static void make_world(world *w)
{
    base_error error = {0};
    w->node = fake_node_start();
    w->state = fake_node_lock(w->node);
    fake_node_unlock(w->node);
    w->state->block_number = HEAD;
    dstack_p2p_options options = {.rpc_url = fake_node_url(w->node)};
    w->sdk = dstack_p2p_new_with_options(FAKE_CONTRACT, NULL, &options);
    assert_non_null(w->sdk);
    w->rpc = cluster_rpc(w->sdk, &error);
    expect_ok(&error);
}

static void unmake_world(world *w)
{
    dstack_p2p_free(w->sdk);
    fake_node_stop(w->node);
}

static uint64_t locate(world *w, uint64_t head, uint64_t time, unsigned rounds)
{
    base_error error = {0};
    uint64_t block, trips = eth_rpc_round_trips(w->rpc);
    cluster_locate(w->sdk, w->rpc, head, time, rounds, &block, &error);
    expect_ok(&error);
    assert_in_range(eth_rpc_round_trips(w->rpc) - trips, 0, rounds);
    return block;
}

/* Always before the block, and not far before. */
static void test_any_block(void **state)
{
    static const uint64_t blocks[] = {1,       2,        300,          4095,     123456,
                                      9999999, HEAD / 2, HEAD - 70000, HEAD - 5, HEAD};
    world w;
    (void)state;
    make_world(&w);
    for (size_t i = 0; i < COUNT(blocks); i++) {
        uint64_t distance = HEAD - blocks[i], time = fake_block_time(w.state, blocks[i]);
        uint64_t rough = locate(&w, HEAD, time, 1), fine = locate(&w, HEAD, time, 4);
        assert_true(rough < blocks[i] && fine < blocks[i] && fine >= rough);
        assert_true(HEAD - rough <= 4 * distance + 4);
        assert_true(blocks[i] - fine <= distance / 500 + NEAR_ENOUGH);
    }
    unmake_world(&w);
}

/* Times that no block has: before the first, between two, after the newest. */
static void test_times_between(void **state)
{
    world w;
    (void)state;
    make_world(&w);
    assert_int_equal(locate(&w, HEAD, 0, 4), 0);
    uint64_t time = fake_block_time(w.state, HEAD - 1000000);
    assert_in_range(locate(&w, HEAD, time + 1, 4), HEAD - 1002000, HEAD - 1000000);
    assert_in_range(locate(&w, HEAD, UINT64_MAX, 4), HEAD - 1, HEAD);
    unmake_world(&w);
}

/* A short chain is no work. */
static void test_short_chain(void **state)
{
    world w;
    (void)state;
    make_world(&w);
    assert_int_equal(locate(&w, NEAR_ENOUGH, 1, 4), 0);
    assert_int_equal(eth_rpc_round_trips(w.rpc), 0);
    unmake_world(&w);
}

static void test_no_such_blocks(void **state)
{
    base_error error = {0};
    uint64_t block;
    world w;
    (void)state;
    make_world(&w);
    w.state->rules[0] = (fake_rule){.method = "eth_getBlockByNumber", .result = "null"};
    cluster_locate(w.sdk, w.rpc, HEAD, 1, 4, &block, &error);
    expect_error(&error, DSTACK_P2P_ERR_RPC_ANSWER, "has no block");
    unmake_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_block),
        cmocka_unit_test(test_times_between),
        cmocka_unit_test(test_short_chain),
        cmocka_unit_test(test_no_such_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
