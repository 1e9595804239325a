/* SPDX-License-Identifier: MIT */
#include "base/random.h"

#include "unit.h"

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

/* Sixteen draws that are all in one quarter would be one in a billion. */
static void test_spreads(void **state)
{
    unsigned quarters = 0;
    (void)state;
    for (int i = 0; i < 16; i++)
        quarters |= 1u << base_share(4, base_random());
    assert_true(quarters & (quarters - 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_share), cmocka_unit_test(test_spreads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
