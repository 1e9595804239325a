/* SPDX-License-Identifier: MIT */
#include "base/random.h"

#include "unit.h"

static uint64_t given(void *context)
{
    return *(uint64_t *)context;
}

static void test_bounds(void **state)
{
    static const struct {
        uint64_t number, low, high, expected;
    } cases[] = {{0, 5, 9, 5},
                 {4, 5, 9, 9},
                 {5, 5, 9, 5},
                 {UINT64_MAX, 7, 7, 7},
                 {UINT64_MAX, 0, UINT64_MAX, UINT64_MAX},
                 {UINT64_MAX, 1, UINT64_MAX, 1},
                 {3, UINT64_MAX - 1, UINT64_MAX, UINT64_MAX}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t number = cases[i].number;
        base_random random = {given, &number};
        assert_true(base_random_between(&random, cases[i].low, cases[i].high) == cases[i].expected);
    }
}

static void test_share(void **state)
{
    (void)state;
    assert_int_equal(base_share(1000, 0), 0);
    assert_int_equal(base_share(1000, UINT32_C(1) << 31), 500);
    assert_int_equal(base_share(1000, UINT32_MAX), 999);
    assert_int_equal(base_share(0, UINT32_MAX), 0);
    assert_int_equal(base_share(UINT64_C(6) << 40, UINT32_C(1) << 31), UINT64_C(3) << 40);
    assert_true(base_share(UINT64_MAX, UINT32_MAX) < UINT64_MAX);
}

/* Sixteen numbers of 64 bits: no two are the same twice in the age of the universe. */
static void test_system(void **state)
{
    uint64_t seen[16];
    (void)state;
    for (size_t i = 0; i < COUNT(seen); i++) {
        seen[i] = base_random_between(base_random_system(), 0, UINT64_MAX);
        for (size_t j = 0; j < i; j++)
            assert_true(seen[i] != seen[j]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bounds), cmocka_unit_test(test_share),
                                       cmocka_unit_test(test_system)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
