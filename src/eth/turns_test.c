/* SPDX-License-Identifier: MIT */
#include "eth/turns.h"

#include "unit.h"

enum { NOW = 1000000, A = 1, B = 2, C = 4 };

static void expect_next(const eth_turns *turns, int expected)
{
    size_t index = 99;
    bool found = eth_turns_next(turns, NOW, &index);
    assert_int_equal(found ? (int)index : -1, expected);
    assert_int_equal(found, eth_turns_left(turns, NOW) > 0);
}

static void test_in_order(void **state)
{
    eth_health health[3] = {0};
    eth_turns turns = {.health = health, .count = 3};
    (void)state;
    expect_next(&turns, 0);
    assert_int_equal(eth_turns_left(&turns, NOW), 3);
    turns.had = A;
    expect_next(&turns, 1);
    turns.out = B;
    expect_next(&turns, 2);
    assert_int_equal(eth_turns_left(&turns, NOW), 1);
    turns.had |= C;
    expect_next(&turns, -1);
}

static void test_who_rests_goes_last(void **state)
{
    eth_health health[3] = {{.rests_until = NOW + 20}, {.rests_until = NOW + 10}, {.rests_until = NOW}};
    eth_turns turns = {.health = health, .count = 3};
    (void)state;
    expect_next(&turns, 2);
    turns.had = C;
    expect_next(&turns, 1);
    turns.had |= B;
    expect_next(&turns, 0); /* better than nobody */
    health[0].rests_until = NOW;
    turns.had = 0;
    expect_next(&turns, 0); /* the preference comes back */
}

static void test_who_is_barred_or_refused_is_not_asked(void **state)
{
    eth_health health[2] = {{.barred_until = NOW + 1}, {.refused = true}};
    eth_turns turns = {.health = health, .count = 2};
    (void)state;
    expect_next(&turns, -1);
    health[0].barred_until = NOW;
    expect_next(&turns, 0);
}

static void test_when_again(void **state)
{
    static const struct {
        eth_health health[2];
        uint32_t out;
        uint64_t start, again;
    } cases[] = {
        {{{.was_reached = true}, {.was_reached = true}}, 0, NOW, NOW + 500},
        {{{.barred_until = NOW + 100}, {.was_reached = true}}, 0, NOW, NOW + 100},
        {{{.barred_until = NOW + 7000}, {.was_reached = true}}, 0, NOW, NOW + 500},
        {{{.barred_until = NOW + 7000}, {.was_reached = true}}, B, NOW, NOW + 7000},
        {{{.barred_until = NOW + 7000}, {.refused = true}}, 0, NOW, NOW + 7000},
        {{{.refused = true}, {.refused = true}}, 0, NOW, UINT64_MAX},
        {{{.was_reached = true}, {.was_reached = true}}, A | B, NOW, UINT64_MAX},
        /* Those that were never reached are given up early. */
        {{{.refused = false}, {.refused = true}}, 0, NOW - 1500, NOW + 500},
        {{{.refused = false}, {.refused = true}}, 0, NOW - 1501, UINT64_MAX},
        {{{.was_reached = true}, {.refused = true}}, 0, NOW - 9000, NOW + 500},
        {{{.barred_until = NOW + 7000}, {.refused = false}}, 0, NOW - 9000, NOW + 7000},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        eth_turns turns = {
            .health = cases[i].health, .count = 2, .start_ms = cases[i].start, .out = cases[i].out};
        uint64_t again = eth_turns_again(&turns, NOW, 500);
        if (again != cases[i].again) fail_msg("case %zu: %llu", i, (unsigned long long)again);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_order),
        cmocka_unit_test(test_who_rests_goes_last),
        cmocka_unit_test(test_who_is_barred_or_refused_is_not_asked),
        cmocka_unit_test(test_when_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
