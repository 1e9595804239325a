/* SPDX-License-Identifier: MIT */

/* Nodes on another chain, and transactions that may have been taken. */

#include "nodes/scene.h"

/* ---- Another chain ---- */

static void test_another_chain_is_refused_for_good(void **state)
{
    scene *it = scene_make(2);
    (void)state;
    it->config.chain_id = FAKE_CHAIN_ID;
    set_chain(it, 0, 1);
    assert_int_equal(ask(it), 0);
    set_chain(it, 0, FAKE_CHAIN_ID); /* whoever was on another chain once is not trusted again */
    for (size_t i = 0; i < 3; i++) {
        fake_clock_skip(&it->clock, 3600000);
        assert_int_equal(ask(it), 0);
    }
    assert_int_equal(asked(it, 0), 1);
    assert_int_equal(eth_rpc_endpoints(it->rpc), 1);
    assert_int_equal(logged(it, "is on chain 1, not on chain 31337"), 1);
    scene_unmake(it);
}

static void test_wrong_chain_only_when_nothing_else_is_left(void **state)
{
    scene *it = scene_make(2);
    (void)state;
    it->config.chain_id = FAKE_CHAIN_ID;
    set_chain(it, 0, 1);
    set_fault(it, 1, NODE_502, 0);
    assert_int_equal(ask(it), DSTACK_P2P_ERR_RPC_ANSWER);
    assert_non_null(strstr(it->error.text, "HTTP 502"));
    set_fault(it, 1, NODE_HEALTHY, 0);
    set_chain(it, 1, 5);
    assert_int_equal(ask(it), DSTACK_P2P_ERR_WRONG_CHAIN);
    assert_non_null(strstr(it->error.text, "is on chain 5"));
    assert_int_equal(eth_rpc_endpoints(it->rpc), 0);
    size_t before = asked(it, 0) + asked(it, 1);
    assert_int_equal(ask(it), DSTACK_P2P_ERR_WRONG_CHAIN);
    assert_non_null(strstr(it->error.text, "is on chain 1"));
    assert_int_equal(asked(it, 0) + asked(it, 1), before);
    assert_int_equal(it->clock.count, 0);
    scene_unmake(it);
}

static void test_pin_chain(void **state)
{
    scene *it = scene_make(2);
    (void)state;
    set_chain(it, 1, 5);
    set_fault(it, 0, NODE_502, 1);
    assert_int_equal(ask(it), 0); /* nothing is pinned: the second one's is as good as any */
    assert_int_equal(eth_rpc_chain_id(it->rpc), 5);
    eth_rpc_pin_chain(it->rpc, FAKE_CHAIN_ID);
    assert_int_equal(eth_rpc_endpoints(it->rpc), 2);
    fake_clock_skip(&it->clock, 1000);
    assert_int_equal(ask(it), 0);
    set_fault(it, 0, NODE_HTML, 0);
    assert_int_equal(ask(it), DSTACK_P2P_ERR_RPC_ANSWER);
    assert_int_equal(eth_rpc_endpoints(it->rpc), 1);
    eth_rpc_pin_chain(it->rpc, FAKE_CHAIN_ID); /* no news, no other chance */
    assert_int_equal(eth_rpc_endpoints(it->rpc), 1);
    scene_unmake(it);
}

/* ---- Transactions ---- */

static void test_transactions_go_to_the_right_chain(void **state)
{
    scene *it = scene_make(2);
    (void)state;
    assert_int_equal(ask(it), 0);
    set_fault(it, 0, NODE_502, 0);
    assert_int_equal(send_transaction(it), 0);
    assert_int_equal(asked(it, 1), 2); /* its chain was asked for first */
    assert_int_equal(sends(it, 1), 1);
    assert_int_equal(send_transaction(it), 0);
    assert_int_equal(asked(it, 1), 3);
    scene_unmake(it);
    it = scene_make_known(2);
    set_fault(it, 0, NODE_502, 0);
    set_chain(it, 1, 1);
    assert_int_equal(send_transaction(it), DSTACK_P2P_ERR_RPC_ANSWER);
    assert_int_equal(sends(it, 1), 0);
    assert_int_equal(eth_rpc_endpoints(it->rpc), 1);
    scene_unmake(it);
}

/* It may have arrived: asking for the receipt tells, sending it again does not. */
static void test_transactions_in_doubt_are_not_repeated(void **state)
{
    static const node_fault faults[] = {NODE_502, NODE_HALF, NODE_NO_RESULTS};
    (void)state;
    for (size_t i = 0; i < COUNT(faults); i++) {
        scene *it = scene_make_known(1);
        set_fault(it, 0, faults[i], 0);
        assert_int_equal(send_transaction(it), DSTACK_P2P_ERR_RPC_ANSWER);
        assert_int_equal(sends(it, 0), 1);
        assert_int_equal(it->clock.count, 0);
        scene_unmake(it);
    }
}

static void test_transactions_not_taken_are_repeated(void **state)
{
    scene *it = scene_make_known(1);
    (void)state;
    set_fault(it, 0, NODE_429, 2);
    set_headers(it, 0, "Retry-After: 2\r\n");
    assert_int_equal(send_transaction(it), 0);
    EXPECT_WAITS(it, 2000, 2000);
    scene_unmake(it);
}

/* The first endpoint surely has not got it, the second one may have. */
static void test_doubt_is_what_counts(void **state)
{
    scene *it = scene_make_known(2);
    (void)state;
    set_chain(it, 1, FAKE_CHAIN_ID);
    set_fault(it, 0, NODE_429, 1);
    assert_int_equal(ask(it), 0); /* both have been heard of */
    fake_clock_skip(&it->clock, 1000);
    it->config.urls = it->urls;
    set_fault(it, 0, NODE_429, 0);
    set_fault(it, 1, NODE_HALF, 0);
    assert_int_equal(send_transaction(it), DSTACK_P2P_ERR_RPC_ANSWER);
    assert_non_null(strstr(it->error.text, "not whole"));
    assert_int_equal(it->clock.count, 0);
    scene_unmake(it);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_another_chain_is_refused_for_good),
        cmocka_unit_test(test_wrong_chain_only_when_nothing_else_is_left),
        cmocka_unit_test(test_pin_chain),
        cmocka_unit_test(test_transactions_go_to_the_right_chain),
        cmocka_unit_test(test_transactions_in_doubt_are_not_repeated),
        cmocka_unit_test(test_transactions_not_taken_are_repeated),
        cmocka_unit_test(test_doubt_is_what_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
