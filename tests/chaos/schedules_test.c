/* SPDX-License-Identifier: MIT */

/* Schedules of faults: those of a few seeds, and one that nobody has seen before. */

#include "chaos/schedule.h"
#include "unit.h"

#include <stdio.h>
#include <sys/random.h>

static void run(schedule_options options)
{
    schedule_counts counts;
    printf("seed %llu: chaos --seed %llu --changes %llu --nodes %zu%s\n", (unsigned long long)options.seed,
           (unsigned long long)options.seed, (unsigned long long)options.changes, options.nodes,
           options.reorganises ? " --reorganise" : "");
    fflush(stdout);
    assert_true(schedule_run(&options, &counts));
    assert_true(counts.changes >= options.changes);
}

static void test_one_node(void **state)
{
    (void)state;
    run((schedule_options){.seed = 1, .changes = 600, .nodes = 1});
    run((schedule_options){.seed = 101, .changes = 1000, .nodes = 1, .reorganises = true});
}

static void test_two_nodes(void **state)
{
    (void)state;
    run((schedule_options){.seed = 2, .changes = 600, .nodes = 2});
    run((schedule_options){.seed = 209, .changes = 1400, .nodes = 2, .reorganises = true});
}

static void test_other_blocks(void **state)
{
    (void)state;
    run((schedule_options){
        .seed = 3, .changes = 300, .nodes = 1, .reorganises = true, .block = DSTACK_P2P_BLOCK_SAFE});
    run((schedule_options){
        .seed = 4, .changes = 300, .nodes = 1, .reorganises = true, .block = DSTACK_P2P_BLOCK_FINALIZED});
}

static void test_random_seed(void **state)
{
    uint32_t seed;
    (void)state;
    assert_int_equal(getrandom(&seed, sizeof seed, 0), sizeof seed);
    run((schedule_options){.seed = seed, .changes = 800, .nodes = 1 + seed % 2, .reorganises = true});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_node),
        cmocka_unit_test(test_two_nodes),
        cmocka_unit_test(test_other_blocks),
        cmocka_unit_test(test_random_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
