/* SPDX-License-Identifier: MIT */
#include "eth/health.h"

#include "unit.h"

enum { NOW = 1000000 };

static uint64_t given(void *context)
{
    return *(uint64_t *)context;
}

static uint64_t chance;
static const base_random random_number = {given, &chance};

/* How long it rests after so many failures in a row that took no time. */
static uint64_t rest_after(uint32_t failures)
{
    eth_health health = {0};
    while (failures--)
        eth_health_failed(&health, NOW, 0, &random_number);
    assert_int_equal(health.barred_until, 0);
    return health.rests_until - NOW;
}

static void test_rests_double(void **state)
{
    (void)state;
    chance = 0;
    assert_int_equal(rest_after(1), 250);
    assert_int_equal(rest_after(2), 500);
    assert_int_equal(rest_after(7), 15000);
    assert_int_equal(rest_after(100), 15000);
    chance = 250;
    assert_int_equal(rest_after(1), 500);
    chance = 15000;
    assert_int_equal(rest_after(100), 30000);
}

static void test_slow_failures_cost_more(void **state)
{
    static const struct {
        uint64_t spent, rest;
    } cases[] = {{0, 250},      {25, 250},     {100, 1000},        {2999, 29990},
                 {3000, 30000}, {5000, 30000}, {UINT64_MAX, 30000}};
    (void)state;
    chance = 0;
    for (size_t i = 0; i < COUNT(cases); i++) {
        eth_health health = {0};
        eth_health_failed(&health, NOW, cases[i].spent, &random_number);
        assert_int_equal(health.rests_until - NOW, cases[i].rest);
    }
}

static void test_limits(void **state)
{
    static const struct {
        uint64_t retry_after, chance, bar;
    } cases[] = {{0, 0, 250},        {0, 250, 500},      {7000, 0, 7000},
                 {7000, 1750, 8750}, {7000, 1751, 7000}, {300000, 75000, 375000}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        eth_health health = {0};
        chance = cases[i].chance;
        eth_health_limited(&health, NOW, cases[i].retry_after, &random_number);
        assert_int_equal(health.barred_until - NOW, cases[i].bar);
        assert_int_equal(health.rests_until, 0);
    }
}

static void test_limits_double(void **state)
{
    eth_health health = {0};
    (void)state;
    chance = 0;
    for (uint64_t bar = 250; bar < 15000; bar *= 2) {
        eth_health_limited(&health, NOW, 0, &random_number);
        assert_int_equal(health.barred_until - NOW, bar);
    }
}

static void test_an_answer_makes_well(void **state)
{
    eth_health health = {
        .failures = 9, .rests_until = NOW, .barred_until = NOW, .was_reached = true, .refused = true};
    (void)state;
    eth_health_went_well(&health);
    assert_int_equal(health.failures, 0);
    assert_int_equal(health.rests_until, 0);
    assert_int_equal(health.barred_until, 0);
    assert_true(health.was_reached);
    assert_true(health.refused);
}

static void test_failures_do_not_wrap(void **state)
{
    eth_health health = {.failures = UINT32_MAX};
    (void)state;
    chance = 0;
    eth_health_failed(&health, NOW, 0, &random_number);
    assert_int_equal(health.rests_until - NOW, 15000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rests_double),
        cmocka_unit_test(test_slow_failures_cost_more),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_limits_double),
        cmocka_unit_test(test_an_answer_makes_well),
        cmocka_unit_test(test_failures_do_not_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
