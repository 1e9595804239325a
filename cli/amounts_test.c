/* SPDX-License-Identifier: MIT */
#include "cli/amounts.h"

#include "unit.h"

#include <string.h>

static void expect_amount(const char *text, const char *wei)
{
    eth_wei value;
    char written[CLI_WEI_TEXT];
    assert_true(cli_amount_parse(text, &value));
    cli_wei_text(value, written);
    assert_string_equal(written, wei);
}

static void test_amounts_with_units(void **state)
{
    (void)state;
    expect_amount("0", "0");
    expect_amount("1", "1000000000000000000");
    expect_amount("0.05ether", "50000000000000000");
    expect_amount("0.05 ether", "50000000000000000");
    expect_amount("30gwei", "30000000000");
    expect_amount("1.5gwei", "1500000000");
    expect_amount("1wei", "1");
    expect_amount("0.000000000000000001", "1");
    expect_amount("340282366920938463463374607431768211455wei", "340282366920938463463374607431768211455");
}

static void test_what_is_no_amount(void **state)
{
    static const char *const bad[] = {"",
                                      "-1",
                                      "+1",
                                      "1e18",
                                      " 1",
                                      "1 ",
                                      "1.",
                                      ".5",
                                      "1.5wei",
                                      "0x10",
                                      "1,5",
                                      "1 eth er",
                                      "1finney",
                                      "0.0000000000000000001",
                                      "1.0000000001gwei",
                                      "340282366920938463463374607431768211456wei",
                                      "999999999999999999999"};
    eth_wei value;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (cli_amount_parse(bad[i], &value)) fail_msg("'%s' was taken", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_amounts_with_units),
                                       cmocka_unit_test(test_what_is_no_amount)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
