/* SPDX-License-Identifier: MIT */

/* Whatever a WebSocket does, each change is told once, in time, and none that was not. */

#include "chaos/expect.h"

enum { CHANGES = 500, SOME = 20, HEADS_MS = 1000, REOPENED_MS = 250 };

/* Instances come and go in turn. */
static void change(stage *it, unsigned i)
{
    if (i % 2)
        stage_remove(it, i / 2 % CHAIN_INSTANCES);
    else
        stage_register(it, i / 2 % CHAIN_INSTANCES, i);
}

static void drop(stage *it)
{
    fake_network_lock(it->network);
    size_t dropped = fake_network_drop(it->network, 0);
    fake_network_unlock(it->network);
    assert_int_equal(dropped, 1);
}

static void test_dropped_every_two_seconds(void **state)
{
    stage *it = *state;
    stage_open(it, &(stage_options){.salt = 1});
    for (unsigned i = 0; i < CHANGES; i++) {
        if (i % 3 == 1) drop(it);
        change(it, i);
        if (i % 3 == 2) drop(it);
        stage_pass(it, 1000);
        expect_told(it, i + 1);
        if (i % 3 == 0) drop(it);
        stage_pass(it, 1000);
    }
    expect_transport(it, "subscription");
    stage_pass(it, 130000);
    expect_told(it, CHANGES);
    stage_close(it);
}

/* It is told at the moment it happens: no virtual time passes. */
static void test_at_once(void **state)
{
    stage *it = *state;
    stage_open(it, &(stage_options){.salt = 2});
    expect_transport(it, "subscription");
    for (unsigned i = 0; i < SOME; i++) {
        change(it, i);
        stage_arrive(it, i + 1);
        expect_told(it, i + 1);
    }
    stage_close(it);
}

/* Where there is none, within a poll interval. */
static void test_refused(void **state)
{
    stage *it = *state;
    stage_open(it, &(stage_options){.salt = 3, .no_sockets = true});
    for (unsigned i = 0; i < SOME; i++) {
        change(it, i);
        stage_pass(it, STAGE_POLL_MS);
        expect_transport(it, "poll");
        expect_told(it, i + 1);
    }
    stage_close(it);
}

/* What is read at an older block is of a version that was heard of long before. */
static void test_kept_at_older_blocks(void **state)
{
    static const dstack_p2p_block blocks[] = {DSTACK_P2P_BLOCK_SAFE, DSTACK_P2P_BLOCK_FINALIZED};
    for (size_t b = 0; b < COUNT(blocks); b++) {
        stage *it = *state;
        stage_open(it, &(stage_options){.salt = 4 + b, .block = blocks[b]});
        for (unsigned i = 0; i < SOME; i++) {
            change(it, i);
            stage_pass(it, STAGE_SAFETY_MS);
            expect_transport(it, "subscription");
        }
        assert_true(stage_told(it) > 0);
        assert_int_equal(it->given_up, 0);
        stage_close(it);
    }
}

static size_t sockets(stage *it)
{
    fake_network_lock(it->network);
    size_t count = fake_network_sockets(it->network);
    fake_network_unlock(it->network);
    return count;
}

/* One that is open and says nothing is found out by the look that is made all the same, and replaced. */
static void test_mute(void **state)
{
    stage *it = *state;
    stage_open(it, &(stage_options){.salt = 4});
    stage_set_faults(it, 0, (network_faults){.mute = true});
    change(it, 0);
    stage_pass(it, STAGE_SAFETY_MS);
    expect_told(it, 1);
    assert_int_equal(sockets(it), 1);
    stage_set_faults(it, 0, (network_faults){.mute = false});
    stage_pass(it, STAGE_SAFETY_MS + REOPENED_MS);
    assert_int_equal(sockets(it), 2);
    change(it, 1);
    stage_pass(it, 0);
    expect_told(it, 2);
    stage_close(it);
}

/* While it says nothing every change is told within the time of such a look. */
static void test_mute_for_long(void **state)
{
    stage *it = *state;
    stage_open(it, &(stage_options){.salt = 5});
    stage_set_faults(it, 0, (network_faults){.mute = true});
    for (unsigned i = 0; i < SOME; i++) {
        change(it, i);
        stage_pass(it, STAGE_SAFETY_MS);
        expect_told(it, i + 1);
    }
    stage_close(it);
}

static const struct {
    network_faults faults;
    uint64_t within_ms;
} cases[] = {
    {{.skips_logs = true}, HEADS_MS},
    {{.skips_heads = true}, 0},
    {{.repeats = true}, 0},
    {{.shuffles = true}, 0},
    {{.repeats = true, .shuffles = true}, 0},
    {{.keeps_removed = true}, 0},
    {{.babbles = true}, REOPENED_MS},
    {{.skips_logs = true, .skips_heads = true}, STAGE_SAFETY_MS},
};

static void test_says_other_things(void **state)
{
    for (size_t c = 0; c < COUNT(cases); c++) {
        stage *it = *state;
        stage_open(it, &(stage_options){.salt = 10 + c});
        stage_set_faults(it, 0, cases[c].faults);
        for (unsigned i = 0; i < SOME; i++) {
            stage_pass(it, HEADS_MS);
            change(it, i);
            stage_pass(it, cases[c].within_ms);
            expect_told(it, i + 1);
        }
        stage_close(it);
    }
}

/* Several blocks and entries come at once: nothing of what is heard is lost, whatever the order. */
static void test_many_at_once(void **state)
{
    stage *it = *state;
    unsigned changes = 0;
    stage_open(it, &(stage_options){.salt = 6});
    stage_set_faults(it, 0, (network_faults){.shuffles = true, .repeats = true});
    for (unsigned round = 0; round < SOME; round++) {
        fake_chain *chain = stage_begin(it);
        for (unsigned i = 0; i < 30; i++, changes++) {
            if (i % 6 == 5) fake_chain_mine(chain);
            fake_chain_register(chain, i, round + 1, 1, 0);
        }
        stage_mine(it);
        stage_arrive(it, changes);
        expect_told(it, changes);
    }
    stage_close(it);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        stage_test(test_dropped_every_two_seconds),
        stage_test(test_at_once),
        stage_test(test_kept_at_older_blocks),
        stage_test(test_refused),
        stage_test(test_mute),
        stage_test(test_mute_for_long),
        stage_test(test_says_other_things),
        stage_test(test_many_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
