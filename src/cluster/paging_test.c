/* SPDX-License-Identifier: MIT */
#include "cluster/paging.h"

#include "unit.h"

static void went_well(cluster_paging *paging, int times)
{
    for (int i = 0; i < times; i++)
        cluster_paging_went_well(paging);
}

static void test_starts_large_and_stays_so(void **state)
{
    cluster_paging paging = {0};
    (void)state;
    assert_int_equal(cluster_paging_size(&paging), CLUSTER_PAGE_MAX);
    went_well(&paging, 100);
    assert_int_equal(cluster_paging_size(&paging), CLUSTER_PAGE_MAX);
}

static void test_halves_down_to_one(void **state)
{
    cluster_paging paging = {0};
    uint32_t size = CLUSTER_PAGE_MAX;
    (void)state;
    while (size > 1) {
        assert_true(cluster_paging_shrink(&paging));
        assert_int_equal(cluster_paging_size(&paging), size /= 2);
    }
    assert_false(cluster_paging_shrink(&paging));
    assert_int_equal(cluster_paging_size(&paging), 1);
}

/* After sixteen readings that went well, and sixteen more. */
static void test_grows_again(void **state)
{
    cluster_paging paging = {.size = 600};
    (void)state;
    went_well(&paging, 15);
    assert_int_equal(cluster_paging_size(&paging), 600);
    went_well(&paging, 1);
    assert_int_equal(cluster_paging_size(&paging), 1200);
    went_well(&paging, 16);
    assert_int_equal(cluster_paging_size(&paging), CLUSTER_PAGE_MAX);
}

/* Refused again, it is back where it was, and the count begins anew. */
static void test_a_limit_is_met_once_in_a_while(void **state)
{
    cluster_paging paging = {.size = 250};
    (void)state;
    for (int i = 0; i < 3; i++) {
        went_well(&paging, 16);
        assert_int_equal(cluster_paging_size(&paging), 500);
        assert_true(cluster_paging_shrink(&paging));
        assert_int_equal(cluster_paging_size(&paging), 250);
        went_well(&paging, 15);
        assert_int_equal(cluster_paging_size(&paging), 250);
        assert_true(cluster_paging_shrink(&paging));
        went_well(&paging, 16);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_starts_large_and_stays_so),
        cmocka_unit_test(test_halves_down_to_one),
        cmocka_unit_test(test_grows_again),
        cmocka_unit_test(test_a_limit_is_met_once_in_a_while),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
