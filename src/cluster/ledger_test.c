/* SPDX-License-Identifier: MIT */
#include "cluster/ledger.h"

#include "unit.h"

enum { HOUR_MS = 3600 * 1000 };

/* Books a version that is made up from its number. */
static void book_url(cluster_ledger *ledger, uint64_t nonce, eth_wei most, const char *url, uint64_t anchor)
{
    static uint8_t number;
    char bytes[] = "a signed transaction with a call in it";
    base_buf raw = {.data = bytes, .len = sizeof bytes - 1}, data = {.data = bytes + 26, .len = 6};
    cluster_version version = {.nonce = nonce, .anchor = anchor, .url = url, .raw = &raw, .data = &data};
    version.fees =
        (cluster_fees){.gas_limit = 1, .max_fee = most, .max_priority_fee = most / 2, .most = most};
    version.hash32[0] = ++number;
    cluster_ledger_book(ledger, &version);
    assert_memory_equal(cluster_ledger_hash(ledger), version.hash32, 32);
    assert_memory_equal(ledger->raw + ledger->data_at, "a call", ledger->data_len);
    assert_int_equal(ledger->data_len, 6);
}

static void book(cluster_ledger *ledger, uint64_t nonce, eth_wei most)
{
    book_url(ledger, nonce, most, "http://a", 100);
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
        cluster_fees_raise(&raised, &ledger.fees);
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
    cluster_fees_raise(&fees, &ledger.fees);
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

/* ---- What is due ---- */

static cluster_step step_at(const cluster_ledger *ledger, uint64_t block_number)
{
    return cluster_ledger_step(ledger, "http://a", 90, block_number);
}

static void test_replaced_after_three_blocks(void **state)
{
    cluster_ledger ledger = {0};
    (void)state;
    assert_int_equal(step_at(&ledger, 100), CLUSTER_SEND);
    book(&ledger, 5, 1000);
    assert_int_equal(step_at(&ledger, 100), CLUSTER_RESUME);
    assert_int_equal(step_at(&ledger, 102), CLUSTER_RESUME);
    assert_int_equal(step_at(&ledger, 103), CLUSTER_REPLACE);
    ledger.raise = true;
    assert_int_equal(step_at(&ledger, 100), CLUSTER_REPLACE);
    cluster_ledger_forget(&ledger);
    assert_int_equal(step_at(&ledger, 103), CLUSTER_SEND);
}

static void test_replaced_five_times_at_most(void **state)
{
    cluster_ledger ledger = {0};
    (void)state;
    for (size_t i = 0; i < CLUSTER_VERSIONS_MAX; i++) {
        assert_int_equal(step_at(&ledger, 103), i ? CLUSTER_REPLACE : CLUSTER_SEND);
        book(&ledger, 5, 1000 + i);
        assert_int_equal(ledger.versions, i + 1);
    }
    assert_int_equal(step_at(&ledger, 103), CLUSTER_RESUME);
    assert_int_equal(step_at(&ledger, 340), CLUSTER_RESUME);
    assert_int_equal(step_at(&ledger, 341), CLUSTER_REPLACE); /* its statement is nearly worthless */
    uint8_t second[32], last[32];
    memcpy(second, ledger.hashes32[1], 32);
    book_url(&ledger, 5, 2000, "http://a", 341);
    assert_int_equal(ledger.versions, CLUSTER_VERSIONS_MAX);
    assert_memory_equal(ledger.hashes32[0], second, 32);
    memcpy(last, cluster_ledger_hash(&ledger), 32);
    assert_memory_equal(ledger.hashes32[CLUSTER_VERSIONS_MAX - 1], last, 32);
}

static void test_what_does_not_serve_is_replaced_at_once(void **state)
{
    cluster_ledger ledger = {0};
    (void)state;
    book(&ledger, 5, 1000);
    assert_int_equal(cluster_ledger_step(&ledger, "", 90, 100), CLUSTER_REPLACE);
    assert_int_equal(cluster_ledger_step(&ledger, "http://b", 90, 100), CLUSTER_REPLACE);
    assert_int_equal(cluster_ledger_step(&ledger, "http://a", 100, 101), CLUSTER_REPLACE); /* stale */
    assert_int_equal(ledger.open_anchor, 100);
    book_url(&ledger, 5, 1000, "", 101);
    assert_int_equal(ledger.open_anchor, 100); /* a withdrawal opens nothing */
    assert_int_equal(ledger.versions, 2);
    book(&ledger, 6, 1000);
    assert_int_equal(ledger.versions, 1);
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
        cmocka_unit_test(test_replaced_after_three_blocks),
        cmocka_unit_test(test_replaced_five_times_at_most),
        cmocka_unit_test(test_what_does_not_serve_is_replaced_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
