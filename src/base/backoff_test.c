/* SPDX-License-Identifier: MIT */
#include "base/backoff.h"

#include "unit.h"

static uint64_t given(void *context)
{
    return *(uint64_t *)context;
}

/* The bounds, found by the smallest and the largest number that chance can give. */
static void expect_bounds(uint32_t failures, uint64_t low, uint64_t high)
{
    uint64_t number = 0, least = UINT64_MAX, most = 0;
    base_random random = {given, &number};
    for (; number <= 30000; number++) {
        uint64_t ms = base_backoff_ms(failures, 250, 30000, &random);
        least = ms < least ? ms : least;
        most = ms > most ? ms : most;
    }
    assert_int_equal(least, low);
    assert_int_equal(most, high);
}

static void test_bounds(void **state)
{
    (void)state;
    expect_bounds(0, 250, 500);
    expect_bounds(1, 250, 500);
    expect_bounds(2, 500, 1000);
    expect_bounds(3, 1000, 2000);
    expect_bounds(6, 8000, 16000);
    expect_bounds(7, 15000, 30000);
    expect_bounds(8, 15000, 30000);
    expect_bounds(UINT32_MAX, 15000, 30000);
}

static void test_ceiling_below_the_first(void **state)
{
    uint64_t number = 0;
    base_random random = {given, &number};
    (void)state;
    assert_int_equal(base_backoff_ms(1, 250, 100, &random), 50);
    number = 50;
    assert_int_equal(base_backoff_ms(9, 250, 100, &random), 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bounds),
                                       cmocka_unit_test(test_ceiling_below_the_first)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
