/* SPDX-License-Identifier: MIT */
#include "eth/meter.h"

#include "unit.h"

#include <pthread.h>

static const uint64_t bounds_ms[] = DSTACK_P2P_RPC_BOUNDS_MS;

static void test_bounds(void **state)
{
    (void)state;
    assert_int_equal(COUNT(bounds_ms), DSTACK_P2P_RPC_BOUNDS);
    for (size_t at = 0; at < COUNT(bounds_ms); at++) {
        eth_meter meter = {0};
        dstack_p2p_status status;
        eth_meter_count(&meter, bounds_ms[at] * 1000, false);
        eth_meter_count(&meter, bounds_ms[at] * 1000 + 1, true);
        eth_meter_read(&meter, &status);
        assert_int_equal(status.rpc_requests, 2);
        assert_int_equal(status.rpc_failures, 1);
        assert_int_equal(status.rpc_time_us, bounds_ms[at] * 2000 + 1);
        for (size_t i = 0; i < COUNT(bounds_ms); i++)
            assert_int_equal(status.rpc_within[i], (i >= at) + (i > at));
    }
}

static void test_nobody_counts(void **state)
{
    (void)state;
    eth_meter_count(NULL, 1, true);
}

enum { THREADS = 4, EACH = 20000 };

static void *count_many(void *meter)
{
    for (uint64_t i = 0; i < EACH; i++)
        eth_meter_count(meter, i, i % 2);
    return NULL;
}

/* Never more of a part than of the whole, also while others count; and none is lost. */
static void test_several_threads(void **state)
{
    (void)state;
    eth_meter meter = {0};
    dstack_p2p_status status = {0};
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_many, &meter), 0);
    while (status.rpc_requests < THREADS * EACH) {
        eth_meter_read(&meter, &status);
        assert_true(status.rpc_failures <= status.rpc_requests);
        for (size_t i = 0; i < DSTACK_P2P_RPC_BOUNDS; i++)
            assert_true(status.rpc_within[i] <=
                        (i + 1 < DSTACK_P2P_RPC_BOUNDS ? status.rpc_within[i + 1] : status.rpc_requests));
    }
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    eth_meter_read(&meter, &status);
    assert_int_equal(status.rpc_requests, THREADS * EACH);
    assert_int_equal(status.rpc_failures, THREADS * EACH / 2);
    assert_int_equal(status.rpc_within[DSTACK_P2P_RPC_BOUNDS - 1], THREADS * EACH);
    assert_int_equal(status.rpc_within[0], THREADS * 5001);
    assert_int_equal(status.rpc_time_us, (uint64_t)THREADS * EACH * (EACH - 1) / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bounds), cmocka_unit_test(test_nobody_counts),
                                       cmocka_unit_test(test_several_threads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
