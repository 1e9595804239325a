/* SPDX-License-Identifier: MIT */
#include "eth/rpc.h"

#include "unit.h"

static void test_first_request_asks_for_the_chain(void **state)
{
    eth_batch batch;
    (void)state;
    eth_rpc_begin(&batch);
    assert_int_equal(batch.count, 1);
    assert_string_equal(batch.requests[0].method, "eth_chainId");
    eth_batch_free(&batch);
}

static void test_nothing_is_known_before_the_first_exchange(void **state)
{
    eth_rpc_config config = {
        .urls = "http://127.0.0.1:1,ws://127.0.0.1:1", .timeout_ms = 100, .chain_id = 5, .cancel_fd = -1};
    (void)state;
    eth_rpc *rpc = eth_rpc_new(&config);
    assert_non_null(rpc);
    assert_int_equal(eth_rpc_chain_id(rpc), 5);
    assert_int_equal(eth_rpc_round_trips(rpc), 0);
    assert_int_equal(eth_rpc_endpoints(rpc), 1);
    eth_rpc_free(rpc);
    eth_rpc_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_request_asks_for_the_chain),
        cmocka_unit_test(test_nothing_is_known_before_the_first_exchange),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
