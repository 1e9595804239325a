/* SPDX-License-Identifier: MIT */
#include "cluster/renewal.h"

#include "base/random.h"
#include "dstack_p2p.h"
#include "unit.h"

enum { LEASE = 3600, BLOCK_S = 12, NODES = 1000, SECOND = 1000, MINUTE = 60 * SECOND };

static const uint64_t start_s = 1700000000, start_ms = 5000000;

/* A generator whose numbers are the same each time. */
static uint32_t roll(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 32);
}

static cluster_standing fresh(uint64_t block_number, uint64_t time, uint64_t lease)
{
    return (cluster_standing){block_number, time, lease ? time + lease : 0, lease, true};
}

static cluster_renewal registered(uint64_t lease, uint32_t dice)
{
    cluster_renewal it = {0};
    cluster_standing standing = fresh(100, start_s, lease);
    cluster_renewal_stands(&it, &standing, start_ms, dice);
    return it;
}

/* A reading some seconds after the registration. */
static cluster_notice reading(const cluster_renewal *it, uint64_t after_s)
{
    return (cluster_notice){.listed = true,
                            .expires_at = it->standing.expires_at,
                            .read_at = 100 + after_s / BLOCK_S,
                            .block_time = start_s + after_s};
}

static void notice(cluster_renewal *it, const cluster_notice *what, uint64_t after_ms, uint32_t dice)
{
    cluster_renewal_notice(it, what, start_ms + after_ms, dice);
}

static void lose(cluster_renewal *it, uint64_t lost, uint64_t after_ms, uint32_t dice)
{
    cluster_notice what = reading(it, after_ms / 1000);
    what.listed = false;
    what.expires_at = 0;
    what.lost = lost;
    notice(it, &what, after_ms, dice);
}

static uint64_t wait_at(const cluster_renewal *it, uint64_t after_ms)
{
    return cluster_renewal_wait(it, start_ms + after_ms);
}

/* ---- The lease ---- */

static void test_renewed_at_half_and_a_bit(void **state)
{
    (void)state;
    for (uint64_t i = 0; i <= 16; i++) {
        cluster_renewal it = registered(LEASE, i < 16 ? (uint32_t)(i << 28) : UINT32_MAX);
        assert_in_range(wait_at(&it, 0), LEASE / 2 * SECOND, LEASE * 65 / 100 * SECOND);
    }
    cluster_renewal first = registered(LEASE, 0), last = registered(LEASE, UINT32_MAX);
    assert_int_equal(wait_at(&first, 0), LEASE / 2 * SECOND);
    assert_in_range(wait_at(&last, 0), (LEASE * 65 / 100 - 1) * SECOND, LEASE * 65 / 100 * SECOND);
}

/* As on a chain for tests: what is waited after a try does not outlast it. */
static void test_lease_of_seconds(void **state)
{
    (void)state;
    for (uint64_t lease = 2; lease <= 20; lease++) {
        cluster_renewal it = registered(lease, UINT32_MAX);
        assert_in_range(wait_at(&it, 0), lease * SECOND / 2, lease * SECOND * 2 / 3);
    }
}

static void test_no_lease_is_never_due(void **state)
{
    cluster_renewal it = registered(0, 1);
    (void)state;
    assert_true(wait_at(&it, 0) == UINT64_MAX);
    cluster_notice what = reading(&it, 1000000);
    notice(&it, &what, 1000000 * (uint64_t)SECOND, 1);
    assert_true(wait_at(&it, 1000000 * (uint64_t)SECOND) == UINT64_MAX);
}

/* The chain's clock decides: it may run ahead of ours. */
static void test_follows_block_time(void **state)
{
    cluster_renewal it = registered(LEASE, 0);
    (void)state;
    cluster_notice what = reading(&it, LEASE / 2 - 1);
    notice(&it, &what, 10 * SECOND, 7);
    assert_int_equal(wait_at(&it, 10 * SECOND), SECOND);
    what = reading(&it, LEASE / 2);
    notice(&it, &what, 11 * SECOND, 7);
    assert_int_equal(wait_at(&it, 11 * SECOND), 0);
}

/* Readings of older blocks, or none at all, do not let a lease run out. */
static void test_goes_on_without_readings(void **state)
{
    cluster_renewal it = registered(LEASE, 0);
    (void)state;
    cluster_notice what = reading(&it, 60);
    notice(&it, &what, 1000 * SECOND, 7);
    assert_int_equal(wait_at(&it, 1000 * SECOND), (LEASE / 2 - 1000) * SECOND);
    assert_int_equal(wait_at(&it, LEASE / 2 * SECOND), 0);
}

/* The chain stands still: what is due by our clock is not by the chain's, and is not asked for all the time.
 */
static void test_chain_stands_still(void **state)
{
    cluster_renewal it = registered(LEASE, 0);
    uint64_t now = LEASE / 2 * SECOND;
    cluster_standing same = fresh(100, start_s, LEASE);
    (void)state;
    same.block_time = same.expires_at - LEASE / 2 - 1; /* a second before it is due */
    same.block_number = 200;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(wait_at(&it, now), 0);
        cluster_renewal_stands(&it, &same, start_ms + now, 0);
        cluster_notice what = {.listed = true,
                               .expires_at = same.expires_at,
                               .read_at = same.block_number,
                               .block_time = same.block_time};
        notice(&it, &what, now + 2 * SECOND, 0);
        assert_in_range(wait_at(&it, now + 2 * SECOND), SECOND, 10 * SECOND);
        now += 2 * SECOND + wait_at(&it, now + 2 * SECOND);
    }
}

/* Two years, a block every 12 s, the monitor reads each: never expired, never renewed too early. */
static void test_two_years(void **state)
{
    uint64_t seed = 42, renewals = 0;
    cluster_renewal it = registered(LEASE, roll(&seed));
    const uint64_t years_s = UINT64_C(2) * 365 * 24 * 3600;
    (void)state;
    for (uint64_t s = BLOCK_S; s < years_s; s += BLOCK_S) {
        uint64_t now = start_ms + s * SECOND, left = it.standing.expires_at - (start_s + s);
        assert_true(left <= LEASE); /* not wrapped: it has not run out */
        cluster_notice what = reading(&it, s);
        cluster_renewal_notice(&it, &what, now, roll(&seed));
        if (cluster_renewal_wait(&it, now)) continue;
        assert_in_range(left, LEASE * 35 / 100 - 2 * BLOCK_S, LEASE / 2);
        cluster_standing standing = fresh(what.read_at, what.block_time, LEASE);
        cluster_renewal_stands(&it, &standing, now, roll(&seed));
        renewals++;
    }
    assert_in_range(renewals, years_s / LEASE * 100 / 66, years_s / LEASE * 2);
}

/* A thousand that came in the same second are spread after a while, and no block has to take many of them. */
static void test_leases_of_many_spread(void **state)
{
    static cluster_renewal nodes[NODES];
    static unsigned in_second[LEASE];
    uint64_t seed = 7;
    (void)state;
    memset(in_second, 0, sizeof in_second);
    for (size_t i = 0; i < NODES; i++) {
        nodes[i] = registered(LEASE, roll(&seed));
        in_second[wait_at(&nodes[i], 0) / SECOND]++;
    }
    for (size_t s = 0; s < LEASE; s++)
        assert_true(in_second[s] <= 12); /* 1.9 on average within 540 s */
}

/* The owner changes the lease: the next registration, whoever sends it, tells. */
static void test_lease_comes_and_goes(void **state)
{
    cluster_renewal it = registered(0, 0);
    (void)state;
    cluster_notice what = reading(&it, 60);
    what.expires_at = what.block_time + LEASE;
    notice(&it, &what, 60 * SECOND, 0);
    assert_int_equal(wait_at(&it, 60 * SECOND), LEASE / 2 * SECOND);
    what = reading(&it, 72);
    what.expires_at = 0;
    notice(&it, &what, 72 * SECOND, 0);
    assert_true(wait_at(&it, 72 * SECOND) == UINT64_MAX);
}

/* A renewal changes no version: the monitor may go on with the list that it has, and the old lease in it. */
static void test_lease_in_an_older_list(void **state)
{
    cluster_renewal it = registered(LEASE, 0);
    cluster_notice old = reading(&it, 0);
    cluster_standing renewed = fresh(300, start_s + LEASE / 2, LEASE);
    (void)state;
    cluster_renewal_stands(&it, &renewed, start_ms + LEASE / 2 * SECOND, 0);
    old.read_at = 299;
    notice(&it, &old, LEASE / 2 * SECOND, 0);
    assert_int_equal(it.standing.expires_at, renewed.expires_at);
    assert_int_equal(wait_at(&it, LEASE / 2 * SECOND), LEASE / 2 * SECOND);
}

static void test_largest_numbers(void **state)
{
    static const uint64_t numbers[] = {0, 1, 99, UINT64_MAX / 2, UINT64_MAX - 1, UINT64_MAX};
    (void)state;
    for (size_t i = 0; i < COUNT(numbers); i++)
        for (size_t k = 0; k < COUNT(numbers); k++)
            for (size_t m = 0; m < COUNT(numbers); m++) {
                cluster_renewal it = {0};
                cluster_standing standing = {numbers[i], numbers[k], numbers[m], numbers[i], false};
                cluster_renewal_stands(&it, &standing, start_ms, UINT32_MAX);
                cluster_notice what = {true, numbers[m], numbers[k], numbers[i], numbers[k], false};
                cluster_renewal_notice(&it, &what, start_ms, 5);
                what.listed = false;
                cluster_renewal_notice(&it, &what, start_ms + 1, 5);
                (void)cluster_renewal_wait(&it, start_ms + 2);
            }
}

/* ---- A loss ---- */

/* Two processes with one instance do not overtake each other without end; nor does the other one's URL count
 * as ours, so that what is pending is seen to. */
static void test_another_url_is_no_hurry(void **state)
{
    (void)state;
    cluster_renewal it = registered(0, 0);
    cluster_notice what = reading(&it, 60);
    what.listed = false;
    what.moved = true;
    notice(&it, &what, 60 * SECOND, UINT32_MAX);
    assert_false(it.lost);
    assert_in_range(wait_at(&it, 60 * SECOND), 5 * MINUTE, 10 * MINUTE);
    cluster_renewal pending = {0};
    cluster_renewal_failed(&pending, DSTACK_P2P_ERR_UNCONFIRMED, start_ms, 0);
    uint64_t due = pending.due_ms;
    notice(&pending, &what, SECOND, 0);
    assert_true(pending.lost);
    assert_int_equal(pending.code, DSTACK_P2P_ERR_UNCONFIRMED);
    assert_int_equal(pending.due_ms, due);
}

static void test_single_loss_is_repaired_within_a_second(void **state)
{
    (void)state;
    for (uint64_t lost = 0; lost < 30; lost++) {
        cluster_renewal it = registered(0, 0);
        lose(&it, lost, 60 * SECOND, UINT32_MAX);
        assert_in_range(wait_at(&it, 60 * SECOND), 0, SECOND);
    }
}

/* A tightening hits all at once: they come back spread over half a minute. */
static void test_loss_of_many_spreads(void **state)
{
    unsigned in_second[31] = {0};
    uint64_t seed = 3;
    (void)state;
    for (size_t i = 0; i < NODES; i++) {
        cluster_renewal it = registered(0, 0);
        lose(&it, NODES, 60 * SECOND, roll(&seed));
        uint64_t wait = wait_at(&it, 60 * SECOND);
        assert_in_range(wait, 0, 30 * SECOND);
        in_second[wait / SECOND]++;
    }
    for (size_t s = 0; s < 30; s++)
        assert_in_range(in_second[s], 10, 70); /* 33 on average */
}

/* That it is still lost is no news: the time of the repair stays. */
static void test_loss_is_noticed_once(void **state)
{
    cluster_renewal it = registered(0, 0);
    (void)state;
    lose(&it, 1000, 60 * SECOND, UINT32_MAX);
    uint64_t wait = wait_at(&it, 60 * SECOND);
    lose(&it, 0, 61 * SECOND, 0);
    assert_int_equal(wait_at(&it, 61 * SECOND), wait - SECOND);
}

/* A reading from before the registration says nothing; it may be another chain, though, and is looked at. */
static void test_older_block_is_no_loss(void **state)
{
    cluster_renewal it = registered(0, 0);
    cluster_notice what = {.read_at = 99, .block_time = start_s - 1};
    (void)state;
    notice(&it, &what, SECOND, 0);
    assert_false(it.lost);
    assert_in_range(wait_at(&it, SECOND), 5 * MINUTE, 10 * MINUTE);
    notice(&it, &what, MINUTE, UINT32_MAX);
    assert_int_equal(wait_at(&it, MINUTE), 4 * MINUTE + SECOND);
    what.listed = true;
    what.expires_at = 5;
    notice(&it, &what, MINUTE, 0);
    assert_int_equal(it.standing.expires_at, 0);
}

/* The contract lists it and the readings do not, as when its evidence cannot be had: no asking all the time.
 */
static void test_disputed_loss_is_looked_at_less_and_less(void **state)
{
    cluster_renewal it = registered(0, 0);
    cluster_standing nothing_to_do = fresh(100, start_s, 0);
    uint64_t before = 0;
    (void)state;
    nothing_to_do.sent = false;
    for (int i = 0; i < 12; i++) {
        lose(&it, 1, MINUTE, UINT32_MAX);
        assert_true(it.lost && wait_at(&it, MINUTE) >= before);
        before = wait_at(&it, MINUTE);
        cluster_renewal_stands(&it, &nothing_to_do, start_ms + MINUTE, 0);
    }
    assert_in_range(before, 5 * MINUTE - 2, 5 * MINUTE);
    cluster_notice what = reading(&it, 60);
    notice(&it, &what, MINUTE, 0);
    lose(&it, 1, MINUTE, UINT32_MAX);
    assert_in_range(wait_at(&it, MINUTE), 0, SECOND);
}

/* Somebody registered it: nothing is to be repaired any more. */
static void test_listed_again(void **state)
{
    cluster_renewal it = registered(LEASE, 0);
    (void)state;
    lose(&it, 1, 60 * SECOND, 0);
    cluster_renewal_failed(&it, DSTACK_P2P_ERR_RPC_TIMEOUT, start_ms + 60 * SECOND, 0);
    cluster_notice what = reading(&it, 72);
    what.expires_at = what.block_time + LEASE;
    notice(&it, &what, 72 * SECOND, 0);
    assert_false(it.lost);
    assert_int_equal(it.code, 0);
    assert_int_equal(wait_at(&it, 72 * SECOND), LEASE / 2 * SECOND);
}

/* ---- Failures ---- */

static void test_backoff(void **state)
{
    static const uint64_t pauses_s[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300};
    (void)state;
    for (int high = 0; high < 2; high++) {
        cluster_renewal it = registered(LEASE, 0);
        for (size_t i = 0; i < 40; i++) {
            uint64_t most = pauses_s[i < COUNT(pauses_s) ? i : COUNT(pauses_s) - 1] * SECOND;
            cluster_renewal_failed(&it, DSTACK_P2P_ERR_RPC_UNREACHABLE, start_ms, high ? UINT32_MAX : 0);
            assert_in_range(wait_at(&it, 0), high ? most - 2 : most / 2, high ? most : most / 2);
            assert_int_equal(it.code, DSTACK_P2P_ERR_RPC_UNREACHABLE);
        }
        cluster_standing standing = fresh(200, start_s + 60, LEASE);
        cluster_renewal_stands(&it, &standing, start_ms, 0);
        assert_int_equal(it.code, 0);
        cluster_renewal_failed(&it, DSTACK_P2P_ERR_RPC_UNREACHABLE, start_ms, 0);
        assert_int_equal(wait_at(&it, 0), SECOND / 2);
    }
}

static void test_what_others_must_repair_is_not_insisted_on(void **state)
{
    static const int codes[] = {DSTACK_P2P_ERR_BANNED,          DSTACK_P2P_ERR_NO_NFT,
                                DSTACK_P2P_ERR_APP_NOT_ALLOWED, DSTACK_P2P_ERR_WRONG_KMS_ROOT,
                                DSTACK_P2P_ERR_URL_REFUSED,     DSTACK_P2P_ERR_PAUSED,
                                DSTACK_P2P_ERR_REVERTED,        DSTACK_P2P_ERR_SPEND_CEILING};
    (void)state;
    for (size_t i = 0; i < COUNT(codes); i++) {
        cluster_renewal it = registered(LEASE, 0);
        lose(&it, 1, 60 * SECOND, 0);
        for (int tries = 0; tries < 20; tries++) {
            cluster_renewal_failed(&it, codes[i], start_ms + MINUTE, tries % 2 ? UINT32_MAX : 0);
            assert_in_range(wait_at(&it, MINUTE), 5 * MINUTE - 1, 10 * MINUTE);
            lose(&it, 0, 62 * SECOND, 0); /* readings go on saying so */
            assert_in_range(wait_at(&it, MINUTE), 5 * MINUTE - 1, 10 * MINUTE);
        }
    }
}

/* Paused while it is listed: the lease runs, and each reading says the same. */
static void test_failure_stays_while_nothing_changes(void **state)
{
    cluster_renewal it = registered(LEASE, 0);
    (void)state;
    cluster_renewal_failed(&it, DSTACK_P2P_ERR_PAUSED, start_ms + 1900 * SECOND, 0);
    cluster_notice what = reading(&it, 1902);
    notice(&it, &what, 1902 * SECOND, 0);
    assert_int_equal(it.code, DSTACK_P2P_ERR_PAUSED);
    assert_int_equal(wait_at(&it, 1902 * SECOND), 5 * MINUTE - 2 * SECOND);
}

/* ---- What is wanted ---- */

static void test_wanted(void **state)
{
    cluster_renewal it;
    (void)state;
    cluster_renewal_end(&it);
    lose(&it, 1, 0, 0);
    cluster_renewal_failed(&it, DSTACK_P2P_ERR_NO_NFT, start_ms, 0);
    assert_false(it.wanted);
    assert_true(wait_at(&it, 0) == UINT64_MAX);
    cluster_renewal_failed(&it, DSTACK_P2P_ERR_UNCONFIRMED, start_ms, 0); /* it may be on its way */
    assert_true(it.wanted);
    assert_in_range(wait_at(&it, 0), 1, SECOND);
    uint64_t due = it.due_ms;
    cluster_renewal_failed(&it, DSTACK_P2P_ERR_CANCELLED, start_ms, 0);
    assert_true(it.code == DSTACK_P2P_ERR_UNCONFIRMED && it.due_ms == due);
    cluster_renewal_end(&it);
    assert_true(wait_at(&it, 0) == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_renewed_at_half_and_a_bit),
        cmocka_unit_test(test_lease_of_seconds),
        cmocka_unit_test(test_no_lease_is_never_due),
        cmocka_unit_test(test_follows_block_time),
        cmocka_unit_test(test_goes_on_without_readings),
        cmocka_unit_test(test_chain_stands_still),
        cmocka_unit_test(test_two_years),
        cmocka_unit_test(test_leases_of_many_spread),
        cmocka_unit_test(test_lease_comes_and_goes),
        cmocka_unit_test(test_lease_in_an_older_list),
        cmocka_unit_test(test_largest_numbers),
        cmocka_unit_test(test_another_url_is_no_hurry),
        cmocka_unit_test(test_single_loss_is_repaired_within_a_second),
        cmocka_unit_test(test_loss_of_many_spreads),
        cmocka_unit_test(test_loss_is_noticed_once),
        cmocka_unit_test(test_older_block_is_no_loss),
        cmocka_unit_test(test_disputed_loss_is_looked_at_less_and_less),
        cmocka_unit_test(test_listed_again),
        cmocka_unit_test(test_backoff),
        cmocka_unit_test(test_what_others_must_repair_is_not_insisted_on),
        cmocka_unit_test(test_failure_stays_while_nothing_changes),
        cmocka_unit_test(test_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
