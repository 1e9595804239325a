/* SPDX-License-Identifier: MIT */
#include "cluster/fees.h"

#include "unit.h"

#define GWEI  ((eth_wei)1000000000)
#define ETHER (GWEI * GWEI)

static const cluster_config defaults = {
    .max_fee_per_gas = 500 * GWEI, .max_priority_fee = 50 * GWEI, .max_fee_per_day = ETHER / 20};

static cluster_fees chosen(const cluster_config *config, eth_wei base_fee, eth_wei tip, uint64_t gas)
{
    base_error error = {0};
    cluster_fees fees;
    cluster_block block = {.has_base_fee = true, .base_fee = base_fee};
    cluster_choose_fees(config, &block, tip, gas, &fees, &error);
    expect_ok(&error);
    return fees;
}

static void test_twice_the_base_fee_and_the_tip(void **state)
{
    (void)state;
    cluster_fees fees = chosen(&defaults, 10 * GWEI, 2 * GWEI, 200000);
    assert_true(fees.max_fee == 22 * GWEI);
    assert_true(fees.max_priority_fee == 2 * GWEI);
    assert_true(fees.gas_limit == 200000);
    assert_true(fees.most == 22 * GWEI * 200000);
    fees = chosen(&defaults, 0, 0, 1);
    assert_true(fees.max_fee == 0 && fees.most == 0);
}

static void test_ceiling_of_the_fee(void **state)
{
    (void)state;
    cluster_fees fees = chosen(&defaults, 300 * GWEI, 10 * GWEI, 1);
    assert_true(fees.max_fee == 500 * GWEI); /* instead of 610 */
    fees = chosen(&defaults, 490 * GWEI, 10 * GWEI, 1);
    assert_true(fees.max_fee == 500 * GWEI);
    assert_true(fees.max_priority_fee <= fees.max_fee);
}

static void test_above_the_ceiling(void **state)
{
    static const eth_wei base_fees[] = {490 * GWEI + 1, 500 * GWEI, ETHER, ETH_WEI_MAX};
    (void)state;
    for (size_t i = 0; i < COUNT(base_fees); i++) {
        base_error error = {0};
        cluster_fees fees;
        cluster_block block = {.has_base_fee = true, .base_fee = base_fees[i]};
        cluster_choose_fees(&defaults, &block, 10 * GWEI, 21000, &fees, &error);
        expect_error(&error, DSTACK_P2P_ERR_FEE_CEILING, "500 gwei");
    }
}

/* A node that suggests a huge tip is not followed, and does not lock the node out either. */
static void test_ceiling_of_the_tip(void **state)
{
    (void)state;
    cluster_fees fees = chosen(&defaults, GWEI, 50 * GWEI, 1);
    assert_true(fees.max_priority_fee == 50 * GWEI);
    fees = chosen(&defaults, GWEI, 50 * GWEI + 1, 1);
    assert_true(fees.max_priority_fee == 50 * GWEI);
    fees = chosen(&defaults, GWEI, ETH_WEI_MAX, 1);
    assert_true(fees.max_priority_fee == 50 * GWEI && fees.max_fee == 52 * GWEI);
}

static void test_saturation(void **state)
{
    (void)state;
    cluster_config endless = {.max_fee_per_gas = ETH_WEI_MAX, .max_priority_fee = ETH_WEI_MAX};
    cluster_fees fees = chosen(&endless, ETH_WEI_MAX, ETH_WEI_MAX, UINT64_MAX);
    assert_true(fees.max_fee == ETH_WEI_MAX && fees.most == ETH_WEI_MAX);
    fees = chosen(&endless, (eth_wei)1 << 64, 0, UINT64_MAX);
    assert_true(fees.most == ETH_WEI_MAX);
}

static void test_chain_without_base_fee(void **state)
{
    base_error error = {0};
    cluster_fees fees;
    cluster_block block = {.number = 1};
    (void)state;
    cluster_choose_fees(&defaults, &block, GWEI, 21000, &fees, &error);
    expect_error(&error, DSTACK_P2P_ERR_RPC_ANSWER, "EIP-1559");
}

static int check(eth_wei most, eth_wei spent, eth_wei added, eth_wei balance, base_error *error)
{
    cluster_fees fees = {.gas_limit = 1, .max_fee = GWEI, .most = most};
    return cluster_check_funds(&defaults, &fees, spent, added, balance, "0xPayer", error);
}

static void test_funds(void **state)
{
    base_error error = {0};
    (void)state;
    assert_int_equal(check(GWEI, 0, GWEI, GWEI, &error), 0);
    check(GWEI, 0, GWEI, GWEI - 1, &error);
    expect_error(&error, DSTACK_P2P_ERR_NO_FUNDS, "0xPayer has 0.000000000999999999 ether");
    check(GWEI, 0, GWEI, 0, &error);
    expect_error(&error, DSTACK_P2P_ERR_NO_FUNDS, "needs up to 0.000000001 ether");
}

static void test_ceiling_of_the_day(void **state)
{
    base_error error = {0};
    (void)state;
    assert_int_equal(check(ETHER / 20, 0, ETHER / 20, ETHER, &error), 0);
    assert_int_equal(check(ETHER / 40, ETHER / 40, ETHER / 40, ETHER, &error), 0);
    check(ETHER / 40, ETHER / 40 + 1, ETHER / 40, ETHER, &error);
    expect_error(&error, DSTACK_P2P_ERR_SPEND_CEILING, "0.05 ether");
    check(ETHER / 20, ETHER / 20, 1, ETHER, &error);
    expect_error(&error, DSTACK_P2P_ERR_SPEND_CEILING, "max_fee_per_day");
    assert_int_equal(check(ETHER / 20, ETHER / 20, 0, ETHER, &error), 0); /* a replacement adds nothing */
    check(ETH_WEI_MAX, ETH_WEI_MAX, ETH_WEI_MAX, ETH_WEI_MAX, &error);
    expect_error(&error, DSTACK_P2P_ERR_SPEND_CEILING, "nothing was sent");
}

/* A replacement raises the fees after they were chosen: the ceiling holds all the same. */
static void test_raised_fees_are_checked(void **state)
{
    base_error error = {0};
    cluster_fees fees = {.gas_limit = 1, .max_fee = 500 * GWEI + 1, .most = 1};
    (void)state;
    cluster_check_funds(&defaults, &fees, 0, 0, ETHER, "0xPayer", &error);
    expect_error(&error, DSTACK_P2P_ERR_FEE_CEILING, "500.000000001 gwei");
}

static void test_gas_grows_with_the_url(void **state)
{
    (void)state;
    for (size_t len = 2; len <= 256; len++) {
        assert_true(cluster_gas_limit(len, false) >= cluster_gas_limit(len - 1, false));
        assert_true(cluster_gas_limit(len, false) < 1000000);
        assert_true(cluster_gas_limit(len, true) == cluster_gas_limit(1, true));
    }
    assert_true(cluster_gas_limit(256, false) > cluster_gas_limit(1, false));
    assert_true(cluster_gas_limit(81, true) < cluster_gas_limit(81, false));
    assert_true(cluster_gas_limit(0, false) < cluster_gas_limit(1, true));
    assert_true(cluster_gas_limit(0, false) == cluster_gas_limit(0, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_twice_the_base_fee_and_the_tip),
        cmocka_unit_test(test_ceiling_of_the_fee),
        cmocka_unit_test(test_above_the_ceiling),
        cmocka_unit_test(test_ceiling_of_the_tip),
        cmocka_unit_test(test_saturation),
        cmocka_unit_test(test_chain_without_base_fee),
        cmocka_unit_test(test_funds),
        cmocka_unit_test(test_ceiling_of_the_day),
        cmocka_unit_test(test_raised_fees_are_checked),
        cmocka_unit_test(test_gas_grows_with_the_url),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
