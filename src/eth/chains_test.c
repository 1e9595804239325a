/* SPDX-License-Identifier: MIT */
#include "eth/chains.h"

#include "unit.h"

static void test_chains_like_ethereum(void **state)
{
    static const uint64_t chains[] = {0, 1, 10, 137, 8453, 84532, 11155111, 31337, UINT64_MAX};
    (void)state;
    for (size_t i = 0; i < COUNT(chains); i++) {
        assert_true(eth_chain_has_block_hashes(chains[i]));
        assert_false(eth_chain_gas_includes_data(chains[i]));
    }
}

static void test_chains_without_block_hashes(void **state)
{
    static const uint64_t arbitrum[] = {42161, 42170, 421614};
    (void)state;
    for (size_t i = 0; i < COUNT(arbitrum); i++)
        assert_false(eth_chain_has_block_hashes(arbitrum[i]));
}

static void test_chains_whose_gas_includes_data(void **state)
{
    static const uint64_t chains[] = {324, 300, 5000, 5003};
    (void)state;
    for (size_t i = 0; i < COUNT(chains); i++) {
        assert_true(eth_chain_gas_includes_data(chains[i]));
        assert_true(eth_chain_has_block_hashes(chains[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chains_like_ethereum),
        cmocka_unit_test(test_chains_without_block_hashes),
        cmocka_unit_test(test_chains_whose_gas_includes_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
