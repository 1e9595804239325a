/* SPDX-License-Identifier: MIT */
#include "cli/spend_view.h"

#include "unit.h"

static const cluster_order orders[] = {{.what = "first"}, {.what = "second"}, {.what = "third"}};

static void test_sentence(void **state)
{
    char text[SPEND_SENTENCE];
    cluster_quote quote = {.chain_id = 1, .gas = 21000, .expected = 1, .most = 2, .balance = 3, .ceiling = 4};
    (void)state;
    strcpy(quote.from, "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
    spend_quote_sentence(&quote, 1, text);
    assert_string_equal(
        text, "1 transaction on chain 1 by 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266, which has "
              "0.000000000000000003 ether: about 0.000000000000000001 ether, at most "
              "0.000000000000000002 ether (21000 gas), and if they have to be replaced never more than "
              "0.000000000000000004 ether");
    quote.expected = quote.most = quote.balance = quote.ceiling = ETH_WEI_MAX;
    quote.gas = quote.chain_id = UINT64_MAX;
    spend_quote_sentence(&quote, CLUSTER_ORDERS_MAX, text);
    assert_non_null(strstr(text, "256 transactions on chain 18446744073709551615"));
    assert_non_null(strstr(text, "455 ether")); /* the ceiling, at the end */
}

static void test_outcomes(void **state)
{
    cluster_outcome outcomes[] = {
        {.state = CLUSTER_ORDER_DONE,
         .hash32 = {0xab},
         .block_number = 7,
         .gas_used = 8,
         .cost = ETH_WEI_MAX},
        {.state = CLUSTER_ORDER_UNCONFIRMED, .hash32 = {0xcd}, .replaced = 1, .replaced32 = {{0xef}}},
        {.state = CLUSTER_ORDER_NOT_SENT}};
    json_t *all = spend_outcomes_json(orders, COUNT(orders), outcomes);
    (void)state;
    assert_int_equal(json_array_size(all), 3);
    const json_t *done = json_array_get(all, 0);
    assert_string_equal(unit_text(done, "call"), "first");
    assert_string_equal(unit_text(done, "state"), "done");
    assert_string_equal(unit_text(done, "cost"), "340282366920938463463374607431768211455");
    assert_int_equal(strlen(unit_text(done, "hash")), 66);
    assert_int_equal(unit_number(done, "block"), 7);
    assert_int_equal(unit_number(done, "gas_used"), 8);
    const json_t *unconfirmed = json_array_get(all, 1);
    assert_string_equal(unit_text(unconfirmed, "state"), "unconfirmed");
    assert_memory_equal(unit_text(unconfirmed, "hash"), "0xcd00", 6);
    assert_null(json_object_get(unconfirmed, "gas_used"));
    const json_t *others = json_object_get(unconfirmed, "other_hashes");
    assert_int_equal(json_array_size(others), 1);
    assert_memory_equal(json_string_value(json_array_get(others, 0)), "0xef00", 6);
    const json_t *kept = json_array_get(all, 2);
    assert_string_equal(unit_text(kept, "state"), "not_sent");
    assert_null(json_object_get(kept, "hash"));
    json_decref(all);
}

/* As in the quote, what is paid counts; unless it was refused. */
static void test_costs_include_what_is_paid(void **state)
{
    static const cluster_order payments[] = {{.what = "paid", .value = 1000}, {.what = "no", .value = 1000}};
    cluster_outcome outcomes[] = {{.state = CLUSTER_ORDER_DONE, .cost = 7},
                                  {.state = CLUSTER_ORDER_REFUSED, .cost = 7}};
    json_t *all = spend_outcomes_json(payments, COUNT(payments), outcomes);
    (void)state;
    assert_string_equal(unit_text(json_array_get(all, 0), "cost"), "1007");
    assert_string_equal(unit_text(json_array_get(all, 0), "value"), "1000");
    assert_string_equal(unit_text(json_array_get(all, 1), "cost"), "7");
    assert_string_equal(unit_text(json_array_get(all, 1), "value"), "0");
    json_decref(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sentence), cmocka_unit_test(test_outcomes),
                                       cmocka_unit_test(test_costs_include_what_is_paid)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
