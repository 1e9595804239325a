/* SPDX-License-Identifier: MIT */
#include "cli/owner/orders.h"

#include "cli/owner/settings.h"
#include "unit.h"

static const cli_command command = {.name = "test", .arguments = ""};
static const cli_run run = {.command = &command};

static void expect_enumeration(size_t count, size_t size, const char *expected)
{
    char a[] = "a", b[] = "bb", c[] = "c", d[] = "d", e[] = "e", f[] = "f";
    char *texts[] = {a, b, c, d, e, f}, out[64];
    owner_enumerate(texts, count, out, size);
    assert_string_equal(out, expected);
}

static void test_enumerations(void **state)
{
    (void)state;
    expect_enumeration(0, 64, "");
    expect_enumeration(1, 64, "a");
    expect_enumeration(4, 64, "a, bb, c, d");
    expect_enumeration(5, 64, "a, bb, c and 2 more");
    expect_enumeration(6, 8, "a, bb, ");
}

static void test_calls(void **state)
{
    static const uint8_t contract20[20] = {7};
    const eth_abi_arg on = {.value = 1};
    owner_orders *it = owner_orders_new(&run);
    (void)state;
    cluster_order *order = owner_orders_call(it, contract20, "setDevMode", "on", 0x7c897da2u, &on, 1);
    assert_string_equal(order->what, "setDevMode(on)");
    assert_hex(order->data->data, order->data->len,
               "7c897da20000000000000000000000000000000000000000000000000000000000000001");
    assert_memory_equal(order->to20, contract20, 20);
    assert_int_equal(order->gas, 0);
    owner_orders_free(it);
}

/* They are more than can be sent at once: none is. */
static void test_too_many(void **state)
{
    static const uint8_t to20[20] = {7};
    bool sent = true;
    owner_orders *it = owner_orders_new(&run);
    (void)state;
    for (int i = 0; i < CLUSTER_ORDERS_MAX; i++)
        assert_non_null(owner_orders_add(it, to20, "payment %d", i));
    assert_null(owner_orders_add(it, to20, "one more"));
    assert_int_equal(owner_orders_spend(&run, NULL, "pay", it, &sent), CLI_USAGE);
    assert_false(sent);
    owner_orders_free(it);
}

static void test_wei_words(void **state)
{
    uint8_t word[32];
    (void)state;
    owner_wei_word(((eth_wei)1 << 100) + 5, word);
    assert_hex(word, 32, "0000000000000000000000000000000000000010000000000000000000000005");
    assert_true(owner_wei(word) == ((eth_wei)1 << 100) + 5);
    owner_wei_word(ETH_WEI_MAX, word);
    assert_true(owner_wei(word) == ETH_WEI_MAX);
    word[15] = 1;
    assert_true(owner_wei(word) == ETH_WEI_MAX);
    owner_wei_word(0, word);
    assert_true(owner_wei(word) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_enumerations), cmocka_unit_test(test_calls),
                                       cmocka_unit_test(test_too_many), cmocka_unit_test(test_wei_words)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
