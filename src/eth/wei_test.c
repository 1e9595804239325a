/* SPDX-License-Identifier: MIT */
#include "eth/wei.h"

#include "unit.h"

#define ETHER ((eth_wei)1000000000 * 1000000000)

static void expect_text(eth_wei wei, const char *expected)
{
    char text[ETH_WEI_TEXT];
    eth_wei_format(wei, text);
    assert_string_equal(text, expected);
}

static void test_format(void **state)
{
    (void)state;
    expect_text(0, "0 ether");
    expect_text(1, "0.000000000000000001 ether");
    expect_text(10, "0.00000000000000001 ether");
    expect_text(1000000000, "0.000000001 ether");
    expect_text(ETHER - 1, "0.999999999999999999 ether");
    expect_text(ETHER, "1 ether");
    expect_text(ETHER + 1, "1.000000000000000001 ether");
    expect_text(ETHER / 10, "0.1 ether");
    expect_text(3 * ETHER / 2, "1.5 ether");
    expect_text(10 * ETHER, "10 ether");
    expect_text(1000 * ETHER, "1000 ether");
    expect_text(100 * ETHER + ETHER / 100, "100.01 ether");
    expect_text(ETH_WEI_MAX, "340282366920938463463.374607431768211455 ether");
}

static void expect_gwei(eth_wei wei, const char *expected)
{
    char text[ETH_WEI_TEXT];
    eth_wei_format_gwei(wei, text);
    assert_string_equal(text, expected);
}

static void test_format_gwei(void **state)
{
    (void)state;
    expect_gwei(0, "0 gwei");
    expect_gwei(1, "0.000000001 gwei");
    expect_gwei(999999999, "0.999999999 gwei");
    expect_gwei(1000000000, "1 gwei");
    expect_gwei(1500000000, "1.5 gwei");
    expect_gwei(10 * (eth_wei)1000000000, "10 gwei");
    expect_gwei(ETHER, "1000000000 gwei");
    expect_gwei(ETH_WEI_MAX, "340282366920938463463374607431.768211455 gwei");
}

static void test_add_saturates(void **state)
{
    (void)state;
    assert_true(eth_wei_add(0, 0) == 0);
    assert_true(eth_wei_add(1, 2) == 3);
    assert_true(eth_wei_add(UINT64_MAX, 1) == (eth_wei)1 << 64);
    assert_true(eth_wei_add(ETH_WEI_MAX - 1, 1) == ETH_WEI_MAX);
    assert_true(eth_wei_add(ETH_WEI_MAX, 1) == ETH_WEI_MAX);
    assert_true(eth_wei_add(1, ETH_WEI_MAX) == ETH_WEI_MAX);
    assert_true(eth_wei_add(ETH_WEI_MAX, ETH_WEI_MAX) == ETH_WEI_MAX);
    assert_true(eth_wei_add(ETH_WEI_MAX, 0) == ETH_WEI_MAX);
}

static void test_mul_saturates(void **state)
{
    eth_wei root = (eth_wei)1 << 64;
    (void)state;
    assert_true(eth_wei_mul(0, ETH_WEI_MAX) == 0);
    assert_true(eth_wei_mul(ETH_WEI_MAX, 0) == 0);
    assert_true(eth_wei_mul(3, 7) == 21);
    assert_true(eth_wei_mul(UINT64_MAX, UINT64_MAX) == (eth_wei)UINT64_MAX * UINT64_MAX);
    assert_true(eth_wei_mul(root, root - 1) == root * (root - 1));
    assert_true(eth_wei_mul(root, root) == ETH_WEI_MAX);
    assert_true(eth_wei_mul(ETH_WEI_MAX, 1) == ETH_WEI_MAX);
    assert_true(eth_wei_mul(ETH_WEI_MAX / 2 + 1, 2) == ETH_WEI_MAX);
    assert_true(eth_wei_mul(ETH_WEI_MAX / 2, 2) == ETH_WEI_MAX - 1);
    assert_true(eth_wei_mul(ETH_WEI_MAX, ETH_WEI_MAX) == ETH_WEI_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_format_gwei),
        cmocka_unit_test(test_add_saturates),
        cmocka_unit_test(test_mul_saturates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
