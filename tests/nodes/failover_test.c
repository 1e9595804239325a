/* SPDX-License-Identifier: MIT */

/* Several nodes, of which some fail or hang: another one answers, at once, and who failed is left alone. */

#include "nodes/scene.h"

#include <stdio.h>
#include <unistd.h>

static void test_one_exchange_when_all_is_well(void **state)
{
    scene *it = scene_make(2);
    (void)state;
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(ask(it), 0);
        assert_int_equal(asked(it, 0), i);
        assert_int_equal(eth_rpc_round_trips(it->rpc), i);
    }
    assert_int_equal(asked(it, 1), 0);
    assert_int_equal(it->clock.count, 0);
    assert_int_equal(eth_rpc_chain_id(it->rpc), FAKE_CHAIN_ID);
    assert_string_equal(it->lines, "");
    scene_unmake(it);
}

static void test_websocket_urls_are_no_endpoints(void **state)
{
    scene *it = scene_make(1);
    char urls[1024];
    (void)state;
    snprintf(urls, sizeof urls, "ws://127.0.0.1:1,%s", it->urls);
    it->config.urls = urls;
    assert_int_equal(ask(it), 0);
    assert_int_equal(eth_rpc_endpoints(it->rpc), 1);
    scene_forget(it);
    snprintf(urls, sizeof urls, "ws%s", it->urls + strlen("http")); /* alone, it serves both */
    assert_int_equal(ask(it), 0);
    assert_int_equal(eth_rpc_endpoints(it->rpc), 1);
    assert_int_equal(asked(it, 0), 2);
    scene_unmake(it);
}

/* ---- The next endpoint ---- */

static void test_failover(void **state)
{
    static const node_fault faults[] = {NODE_HTML, NODE_BROKEN_JSON,   NODE_ERROR, NODE_ERRORS, NODE_LIMITED,
                                        NODE_HUGE, NODE_429,           NODE_401,   NODE_502,    NODE_503,
                                        NODE_HALF, NODE_CLOSES,        NODE_EMPTY, NODE_413,    NODE_TWICE,
                                        NODE_NULL, NODE_NO_STATUS_LINE};
    (void)state;
    for (size_t i = 0; i < COUNT(faults); i++) {
        scene *it = scene_make(2);
        set_fault(it, 0, faults[i], 0);
        assert_int_equal(ask(it), 0);
        assert_int_equal(asked(it, 1), 1);
        assert_int_equal(it->clock.count, 0); /* at once */
        assert_int_equal(logged(it, fake_node_url(it->nodes[0])),
                         1 + (faults[i] == NODE_ERROR || faults[i] == NODE_413));
        size_t before = asked(it, 0);
        assert_int_equal(ask(it), 0); /* it rests */
        assert_int_equal(asked(it, 0), before);
        assert_int_equal(asked(it, 1), 2);
        scene_unmake(it);
    }
}

static void test_preference_returns(void **state)
{
    scene *it = scene_make(2);
    (void)state;
    set_fault(it, 0, NODE_502, 2);
    it->chance = 250;
    assert_int_equal(ask(it), 0); /* the first one rests for 500 ms */
    fake_clock_skip(&it->clock, 500);
    assert_int_equal(ask(it), 0); /* and for 750 */
    assert_int_equal(asked(it, 0), 2);
    fake_clock_skip(&it->clock, 100);
    assert_int_equal(ask(it), 0);
    assert_int_equal(asked(it, 0), 2);
    assert_int_equal(asked(it, 1), 3);
    fake_clock_skip(&it->clock, 650);
    assert_int_equal(ask(it), 0);
    assert_int_equal(ask(it), 0);
    assert_int_equal(asked(it, 0), 4);
    assert_int_equal(asked(it, 1), 3);
    scene_unmake(it);
}

static void test_all_fail(void **state)
{
    scene *it = scene_make(3);
    (void)state;
    it->config.retries = false;
    set_fault(it, 0, NODE_HTML, 0);
    set_fault(it, 1, NODE_502, 0);
    set_fault(it, 2, NODE_401, 0);
    assert_int_equal(ask(it), DSTACK_P2P_ERR_RPC_ANSWER); /* the first one's, in the order given */
    assert_non_null(strstr(it->error.text, "not JSON"));
    assert_int_equal(logged(it, "HTTP 502"), 1);
    assert_int_equal(logged(it, "HTTP 401"), 1);
    scene_unmake(it);
}

/* ---- Time ---- */

static void test_one_that_hangs_leaves_time_for_others(void **state)
{
    static const node_fault faults[] = {NODE_SLOW, NODE_STALLS};
    (void)state;
    for (size_t i = 0; i < COUNT(faults); i++) {
        scene *it = scene_make(2);
        it->config.timeout_ms = 1000;
        set_fault(it, 0, faults[i], 0);
        uint64_t start = real_ms();
        assert_int_equal(ask(it), 0);
        assert_in_range(real_ms() - start, 450, 10000);
        assert_int_equal(logged(it, "did not answer within 500 ms"), 1);
        fake_clock_skip(&it->clock, 4000); /* it took half a second, and rests for five */
        assert_int_equal(ask(it), 0);
        assert_int_equal(asked(it, 0), 1);
        scene_unmake(it);
    }
}

static void test_a_call_ends_in_time(void **state)
{
    scene *it = scene_make(3);
    (void)state;
    it->config.timeout_ms = 400;
    for (size_t i = 0; i < 3; i++)
        set_fault(it, i, NODE_SLOW, 0);
    uint64_t start = real_ms();
    assert_int_equal(ask(it), DSTACK_P2P_ERR_RPC_TIMEOUT);
    assert_in_range(real_ms() - start, 350, 4000);
    assert_non_null(strstr(it->error.text, "did not answer within 200 ms"));
    assert_int_equal(logged(it, "did not answer within"), 3);
    scene_unmake(it);
}

/* The first half a page came, so half a page may pass. */
static void test_too_slow_is_too_much(void **state)
{
    scene *it = scene_make(1);
    (void)state;
    it->config.timeout_ms = 200;
    set_fault(it, 0, NODE_STALLS, 0);
    assert_int_equal(ask(it), DSTACK_P2P_ERR_RPC_TIMEOUT);
    assert_true(eth_rpc_was_too_much(it->rpc));
    set_fault(it, 0, NODE_SLOW, 0);
    assert_int_equal(ask(it), DSTACK_P2P_ERR_RPC_TIMEOUT);
    assert_false(eth_rpc_was_too_much(it->rpc));
    scene_unmake(it);
}

static void test_connecting_ends_in_time(void **state)
{
    scene *it = scene_make(1);
    char url[64], urls[1024];
    int fds[FAKE_DEAF_FDS];
    (void)state;
    fake_deaf_port(url, fds);
    snprintf(urls, sizeof urls, "%s,%s", url, it->urls);
    it->config.urls = urls;
    it->config.timeout_ms = 1000;
    assert_int_equal(ask(it), 0);
    assert_int_equal(logged(it, "cannot reach the Ethereum node"), 1);
    for (size_t i = 0; i < FAKE_DEAF_FDS; i++)
        close(fds[i]);
    scene_unmake(it);
}

/* ---- A second opinion ---- */

static void test_second_opinion(void **state)
{
    scene *it = scene_make(3);
    (void)state;
    assert_int_equal(ask(it), 0);
    assert_int_equal(ask_elsewhere(it), 0);
    assert_int_equal(ask_elsewhere(it), 0);
    assert_int_equal(asked(it, 1), 2); /* and not the first, though the second answered last */
    assert_int_equal(ask(it), 0);
    assert_int_equal(asked(it, 0), 2);
    set_fault(it, 1, NODE_502, 0);
    assert_int_equal(ask_elsewhere(it), 0);
    assert_int_equal(asked(it, 2), 1);
    set_fault(it, 2, NODE_HTML, 0);
    assert_int_equal(ask_elsewhere(it), DSTACK_P2P_ERR_RPC_ANSWER);
    assert_int_equal(it->clock.count, 0);
    assert_int_equal(asked(it, 0), 2);
    set_fault(it, 0, NODE_502, 0);
    set_fault(it, 1, NODE_HEALTHY, 0);
    assert_int_equal(ask(it), 0); /* by the second */
    set_fault(it, 0, NODE_HEALTHY, 0);
    assert_int_equal(ask_elsewhere(it), 0);
    assert_int_equal(asked(it, 0), 4);
    scene_unmake(it);
}

static void test_no_second_opinion(void **state)
{
    scene *it = scene_make_known(1);
    (void)state;
    assert_int_equal(ask_elsewhere(it), DSTACK_P2P_ERR_STATE);
    scene_unmake(it);
    it = scene_make(2);
    it->config.chain_id = FAKE_CHAIN_ID;
    set_chain(it, 1, 1);
    assert_int_equal(ask(it), 0);
    assert_int_equal(ask_elsewhere(it), DSTACK_P2P_ERR_WRONG_CHAIN);
    assert_int_equal(ask_elsewhere(it), DSTACK_P2P_ERR_STATE);
    assert_int_equal(asked(it, 1), 1);
    scene_unmake(it);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_exchange_when_all_is_well),
        cmocka_unit_test(test_websocket_urls_are_no_endpoints),
        cmocka_unit_test(test_failover),
        cmocka_unit_test(test_preference_returns),
        cmocka_unit_test(test_all_fail),
        cmocka_unit_test(test_one_that_hangs_leaves_time_for_others),
        cmocka_unit_test(test_a_call_ends_in_time),
        cmocka_unit_test(test_too_slow_is_too_much),
        cmocka_unit_test(test_connecting_ends_in_time),
        cmocka_unit_test(test_second_opinion),
        cmocka_unit_test(test_no_second_opinion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
