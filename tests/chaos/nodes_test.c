/* SPDX-License-Identifier: MIT */

/* Nodes that lag behind, lose their memory, or do not answer: the list stays, and the status says so. */

#include "chaos/expect.h"

#include <stdlib.h>
#include <unistd.h>

enum { CHANGES = 200, RETRY_MS = 1000, MINUTES_MS = 600000, DAY_MS = 86400000 };
enum { ALICE, BOB, CAROL };

static void start(stage *it, const stage_options *options)
{
    stage_open(it, options);
    stage_register(it, ALICE, 1);
    stage_register(it, BOB, 1);
    stage_pass(it, STAGE_POLL_MS);
    expect_told(it, 2);
}

/* The list of Alice and Bob stays for as long as anybody likes, and gets no younger. */
static void expect_kept(stage *it, int code, const char *part)
{
    stage_pass(it, STAGE_SAFETY_MS + RETRY_MS);
    for (uint64_t age_ms = STAGE_POLL_MS; age_ms < MINUTES_MS; age_ms += MINUTES_MS / 10) {
        expect_status(it, code, part);
        assert_true(stage_status(it).age_ms >= age_ms);
        assert_int_equal(stage_status(it).peers, 2);
        stage_pass(it, MINUTES_MS / 10);
    }
    dstack_p2p_peers *list = dstack_p2p_monitor_peers(it->sdk);
    assert_int_equal(dstack_p2p_peers_count(list), 2);
    dstack_p2p_peers_free(list);
    assert_int_equal(stage_told(it), 2);
}

static void expect_recovery(stage *it)
{
    stage_set_faults(it, 0, (network_faults){.lag = 0});
    stage_pass(it, 40000); /* what limits the rate rests for 30 s */
    expect_status(it, 0, "");
    expect_told(it, 2);
    stage_register(it, CAROL, 1);
    stage_pass(it, STAGE_POLL_MS);
    expect_told(it, 3);
}

static void test_lag(void **state)
{
    for (int no_sockets = 0; no_sockets < 2; no_sockets++) {
        stage *it = *state;
        start(it, &(stage_options){.salt = 1, .no_sockets = no_sockets});
        stage_set_faults(it, 0, (network_faults){.lag = 1, .no_sockets = no_sockets});
        expect_kept(it, DSTACK_P2P_ERR_RPC_ANSWER, "behind");
        expect_recovery(it);
        stage_close(it);
    }
}

static void test_troubles(void **state)
{
    static const struct {
        network_trouble trouble;
        int code;
        const char *part;
    } cases[] = {{NETWORK_CUT, DSTACK_P2P_ERR_RPC_ANSWER, "not whole"},
                 {NETWORK_CLOSES, DSTACK_P2P_ERR_RPC_ANSWER, "not whole"},
                 {NETWORK_429, DSTACK_P2P_ERR_RPC_LIMITED, "429"},
                 {NETWORK_LIMITED, DSTACK_P2P_ERR_RPC_LIMITED, "limit exceeded"},
                 {NETWORK_500, DSTACK_P2P_ERR_RPC_ANSWER, "500"},
                 {NETWORK_GARBAGE, DSTACK_P2P_ERR_RPC_ANSWER, "not JSON"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        stage *it = *state;
        start(it, &(stage_options){.salt = 2 + i});
        stage_set_faults(it, 0, (network_faults){.trouble = cases[i].trouble});
        expect_kept(it, cases[i].code, cases[i].part);
        expect_recovery(it);
        stage_close(it);
    }
}

/* A load balancer one of whose members lags behind: what it says last is not what is newest. */
static void test_lagging_member(void **state)
{
    for (int no_sockets = 0; no_sockets < 2; no_sockets++) {
        stage *it = *state;
        stage_open(it, &(stage_options){.salt = 20, .no_sockets = no_sockets});
        stage_set_faults(it, 0, (network_faults){.other_lag = 2, .no_sockets = no_sockets});
        for (unsigned i = 0; i < CHANGES; i++) {
            stage_register(it, i % 20, i);
            stage_pass(it, 2 * STAGE_POLL_MS + RETRY_MS);
            expect_told(it, i + 1);
        }
        stage_close(it);
    }
}

static void mine(stage *it, unsigned blocks)
{
    for (stage_begin(it); blocks > 1; blocks--)
        fake_chain_mine(fake_network_chain(it->network));
    stage_mine(it);
}

/* A node that was started anew, at a lower block or beyond the one that was known, is not believed. */
static void forget(stage *it, unsigned blocks, bool no_sockets)
{
    start(it, &(stage_options){.salt = 30, .no_sockets = no_sockets});
    mine(it, 20);
    stage_pass(it, STAGE_POLL_MS);
    fake_network_lock(it->network);
    fake_network_forget(it->network, 31);
    fake_network_drop(it->network, 0);
    fake_network_unlock(it->network);
    mine(it, blocks);
    expect_kept(it, DSTACK_P2P_ERR_WRONG_CHAIN, "another history");
    stage_register(it, CAROL, 1);
    stage_pass(it, STAGE_SAFETY_MS);
    expect_status(it, DSTACK_P2P_ERR_WRONG_CHAIN, "started anew without its state");
    assert_int_equal(stage_told(it), 2);
    stage_close(it);
}

static void test_another_history(void **state)
{
    stage *it = *state;
    static const unsigned blocks[] = {1, 5, 22, 23, 24, 200};
    for (size_t i = 0; i < COUNT(blocks); i++)
        for (int no_sockets = 0; no_sockets < 2; no_sockets++)
            forget(it, blocks[i], no_sockets);
}

/* The machine sleeps for a day: nothing is told that did not happen, and everything that did at once. */
static void test_clock_jumps(void **state)
{
    for (int no_sockets = 0; no_sockets < 2; no_sockets++) {
        stage *it = *state;
        start(it, &(stage_options){.salt = 40, .no_sockets = no_sockets});
        stepped_clock_oversleep(&it->clock, DAY_MS);
        stage_pass(it, STAGE_SAFETY_MS);
        expect_status(it, 0, "");
        expect_told(it, 2);
        assert_true(stage_status(it).age_ms <= STAGE_SAFETY_MS);
        stepped_clock_oversleep(&it->clock, DAY_MS);
        stage_register(it, CAROL, 1);
        stage_pass(it, STAGE_POLL_MS);
        expect_told(it, 3);
        stage_pass(it, MINUTES_MS);
        expect_told(it, 3);
        expect_transport(it, no_sockets ? "poll" : "subscription");
        stage_close(it);
    }
}

/* With a second node that is well, nothing is amiss. */
static void test_one_of_two(void **state)
{
    for (int trouble = NETWORK_CUT; trouble < NETWORK_TROUBLES; trouble++) {
        stage *it = *state;
        stage_open(it, &(stage_options){.salt = 50, .nodes = 2});
        stage_set_faults(it, 0, (network_faults){.trouble = (network_trouble)trouble, .no_sockets = true});
        for (unsigned i = 0; i < 20; i++) {
            stage_register(it, i, i);
            stage_pass(it, STAGE_POLL_MS);
            expect_told(it, i + 1);
            expect_status(it, 0, "");
        }
        stage_close(it);
    }
}

/* A machine that has just started, with a list of before: what is in it is read all the same. */
static void test_recalled(void **state)
{
    stage *it = *state;
    char path[] = "/tmp/dstack-p2p-stage-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && !close(fd) && !unlink(path));
    start(it, &(stage_options){.salt = 41, .no_sockets = true, .cache_file = path});
    fake_network_lock(it->network);
    uint64_t saved_at = fake_network_chain(it->network)->head;
    fake_network_unlock(it->network);
    dstack_p2p_monitor_stop(it->sdk);
    mine(it, 1); /* that changes nothing */
    stepped_clock_restart(&it->clock, MINUTES_MS / 100);
    assert_int_equal(dstack_p2p_monitor_start(it->sdk, NULL, NULL), DSTACK_P2P_OK);
    stage_pass(it, 0);
    dstack_p2p_peers *list = dstack_p2p_monitor_peers(it->sdk);
    assert_int_equal(dstack_p2p_peers_count(list), 2);
    assert_int_equal(dstack_p2p_peers_block_number(list), saved_at + 1);
    dstack_p2p_peers_free(list);
    stage_close(it);
    unlink(path);
}

static void mine_one_by_one(stage *it, unsigned blocks)
{
    for (; blocks; blocks--) {
        mine(it, 1);
        stage_pass(it, STAGE_POLL_MS);
    }
}

static void start_hiding(stage *it, uint64_t salt)
{
    start(it, &(stage_options){.salt = salt, .nodes = 2, .no_sockets = true});
    stage_set_faults(it, 0, (network_faults){.hidden = 1 << ALICE, .no_sockets = true});
    stage_register(it, CAROL, 1); /* so that the list is read */
    stage_pass(it, STAGE_POLL_MS);
}

/* A node that hides a peer now and then, and that another one contradicts, is not believed. */
static void test_hidden(void **state)
{
    stage *it = *state;
    start_hiding(it, 70);
    for (unsigned round = 0; round < 5; round++) {
        stage_set_faults(it, 0, (network_faults){.hidden = 1 << ALICE, .no_sockets = true});
        mine_one_by_one(it, 2);
        stage_set_faults(it, 0, (network_faults){.no_sockets = true});
        mine_one_by_one(it, 1);
    }
    expect_told(it, 3);
    expect_status(it, 0, "");
    stage_remove(it, ALICE); /* both agree */
    stage_pass(it, STAGE_POLL_MS);
    expect_told(it, 4);
    assert_int_equal(it->recorder.left, 1);
    stage_close(it);
}

/* If no other one answers, a peer that stays away for three blocks has left. */
static void test_hidden_by_the_only_one(void **state)
{
    stage *it = *state;
    start(it, &(stage_options){.salt = 71, .nodes = 2, .no_sockets = true});
    it->recorder.keeps = true;
    stage_set_faults(it, 1, (network_faults){.trouble = NETWORK_CLOSES, .no_sockets = true});
    stage_remove(it, ALICE);
    stage_pass(it, STAGE_POLL_MS);
    assert_int_equal(stage_told(it), 2);
    mine_one_by_one(it, 2);
    assert_int_equal(stage_told(it), 2);
    mine_one_by_one(it, 1);
    expect_told(it, 3);
    stage_close(it);
}

/* A page that is too much for the node is asked for in halves, and a batch that it refuses one by one. */
static void test_limits(void **state)
{
    static const network_faults cases[] = {{.page_max = 1}, {.page_max = 7}, {.refuses_batches = true}};
    for (size_t c = 0; c < COUNT(cases); c++) {
        stage *it = *state;
        stage_open(it, &(stage_options){.salt = 60 + c});
        stage_set_faults(it, 0, cases[c]);
        for (unsigned i = 0; i < 20; i++) {
            stage_register(it, i, i);
            stage_pass(it, STAGE_POLL_MS);
            expect_told(it, i + 1);
        }
        stage_pass(it, MINUTES_MS);
        expect_told(it, 20);
        expect_status(it, 0, "");
        stage_close(it);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        stage_test(test_lag),
        stage_test(test_troubles),
        stage_test(test_lagging_member),
        stage_test(test_another_history),
        stage_test(test_clock_jumps),
        stage_test(test_one_of_two),
        stage_test(test_recalled),
        stage_test(test_limits),
        stage_test(test_hidden),
        stage_test(test_hidden_by_the_only_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
