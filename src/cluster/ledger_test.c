/* SPDX-License-Identifier: MIT */
#include "cluster/ledger.h"

#include "unit.h"

enum { HOUR_MS = 3600 * 1000 };

static void book(cluster_ledger *ledger, uint64_t nonce, eth_wei most)
{
    static uint8_t hash[32];
    cluster_fees fees = {.gas_limit = 1, .max_fee = most, .max_priority_fee = most / 2, .most = most};
    hash[0]++;
    cluster_ledger_book(ledger, nonce, &fees, hash);
    assert_memory_equal(ledger->hash32, hash, 32);
}

static void expect_spent(cluster_ledger *ledger, uint64_t now_ms, eth_wei expected)
{
    assert_true(cluster_ledger_spent(ledger, now_ms) == expected);
}

static void test_booked_then_settled(void **state)
{
    cluster_ledger ledger = {0};
    (void)state;
    expect_spent(&ledger, 0, 0);
    book(&ledger, 5, 1000);
    assert_true(ledger.live && ledger.nonce == 5);
    expect_spent(&ledger, 0, 1000);
    cluster_ledger_settle(&ledger, 300);
    assert_false(ledger.live);
    expect_spent(&ledger, 0, 300);
    book(&ledger, 6, 1000);
    expect_spent(&ledger, 0, 1300);
    cluster_ledger_settle(&ledger, 1000);
    expect_spent(&ledger, 0, 1300);
}

/* Two transactions of one nonce: only one of them can be mined, so only the dearer one counts. */
static void test_replacement_counts_once(void **state)
{
    cluster_ledger ledger = {0};
    (void)state;
    expect_spent(&ledger, 0, 0);
    book(&ledger, 5, 1000);
    assert_true(cluster_ledger_added(&ledger, 5, 1125) == 125);
    assert_true(cluster_ledger_added(&ledger, 5, 900) == 0);
    assert_true(cluster_ledger_added(&ledger, 6, 900) == 900);
    book(&ledger, 5, 1125);
    expect_spent(&ledger, 0, 1125);
    book(&ledger, 5, 900); /* the older and dearer one may still be the one that is mined */
    expect_spent(&ledger, 0, 1125);
    assert_true(ledger.fees.most == 1125);
    cluster_ledger_settle(&ledger, 1125);
    expect_spent(&ledger, 0, 1125);
}

/* What is not known to be mined stays booked when the next nonce comes. */
static void test_lost_transaction_stays_booked(void **state)
{
    cluster_ledger ledger = {0};
    (void)state;
    expect_spent(&ledger, 0, 0);
    book(&ledger, 5, 1000);
    ledger.live = false; /* another one took its nonce */
    assert_true(cluster_ledger_added(&ledger, 5, 700) == 700);
    book(&ledger, 6, 700);
    expect_spent(&ledger, 0, 1700);
    cluster_ledger_settle(&ledger, 100);
    expect_spent(&ledger, 0, 1100);
}

static void test_a_day(void **state)
{
    cluster_ledger ledger = {0};
    uint64_t start = 77 * HOUR_MS;
    (void)state;
    expect_spent(&ledger, start, 0);
    book(&ledger, 1, 1000);
    cluster_ledger_settle(&ledger, 400);
    expect_spent(&ledger, start + 24 * (uint64_t)HOUR_MS - 1, 400);
    expect_spent(&ledger, start + 24 * (uint64_t)HOUR_MS, 0);
    book(&ledger, 2, 1000);
    expect_spent(&ledger, start + 30 * (uint64_t)HOUR_MS, 1000);
    expect_spent(&ledger, start + 48 * (uint64_t)HOUR_MS, 1000); /* still live: it may cost that today */
    cluster_ledger_settle(&ledger, 400);
    expect_spent(&ledger, start + 48 * (uint64_t)HOUR_MS, 400);
    expect_spent(&ledger, start + 480 * (uint64_t)HOUR_MS, 0);
}

static void test_never_below_zero_nor_around(void **state)
{
    cluster_ledger ledger = {0};
    (void)state;
    expect_spent(&ledger, 0, 0);
    book(&ledger, 1, ETH_WEI_MAX);
    book(&ledger, 2, ETH_WEI_MAX);
    expect_spent(&ledger, 0, ETH_WEI_MAX);
    cluster_ledger_settle(&ledger, 5);
    expect_spent(&ledger, 0, 5);
    ledger.fees.most = 1000; /* booked in a period that is over */
    cluster_ledger_settle(&ledger, 7);
    expect_spent(&ledger, 0, 7);
    cluster_ledger_settle(&ledger, ETH_WEI_MAX);
    expect_spent(&ledger, 0, ETH_WEI_MAX);
}

/* Nodes ask for 10 % more on both fees; 12.5 % and one wei are that for every number. */
static void test_raised_fees(void **state)
{
    static const eth_wei fees[] = {0, 1, 7, 8, 9, 10, 99, 1000000007, (eth_wei)500 * 1000000000};
    (void)state;
    for (size_t i = 0; i < COUNT(fees); i++) {
        cluster_ledger ledger = {.fees = {.max_fee = fees[i], .max_priority_fee = fees[i] / 2}};
        cluster_fees raised = {.gas_limit = 3};
        cluster_ledger_raise(&ledger, &raised);
        assert_true(10 * raised.max_fee >= 11 * fees[i] && raised.max_fee > fees[i]);
        assert_true(10 * raised.max_priority_fee >= 11 * (fees[i] / 2) &&
                    raised.max_priority_fee > fees[i] / 2);
        assert_true(raised.most == 3 * raised.max_fee);
        assert_true(raised.max_priority_fee <= raised.max_fee);
    }
}

static void test_fees_that_are_high_enough_stay(void **state)
{
    cluster_ledger ledger = {.fees = {.max_fee = 100, .max_priority_fee = 10}};
    cluster_fees fees = {.gas_limit = 2, .max_fee = 1000, .max_priority_fee = 500};
    (void)state;
    cluster_ledger_raise(&ledger, &fees);
    assert_true(fees.max_fee == 1000 && fees.max_priority_fee == 500 && fees.most == 2000);
}

static void test_booking_takes_the_wish_for_more_back(void **state)
{
    cluster_ledger ledger = {.raise = true};
    (void)state;
    book(&ledger, 1, 10);
    assert_false(ledger.raise);
    ledger.raise = true;
    cluster_ledger_settle(&ledger, 1);
    assert_false(ledger.raise);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_booked_then_settled),
        cmocka_unit_test(test_replacement_counts_once),
        cmocka_unit_test(test_lost_transaction_stays_booked),
        cmocka_unit_test(test_a_day),
        cmocka_unit_test(test_never_below_zero_nor_around),
        cmocka_unit_test(test_raised_fees),
        cmocka_unit_test(test_fees_that_are_high_enough_stay),
        cmocka_unit_test(test_booking_takes_the_wish_for_more_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
