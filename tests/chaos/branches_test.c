/* SPDX-License-Identifier: MIT */

/* The list follows the chain from branch to branch, at the block that the handle reads, by its time. */

#include "chaos/expect.h"

enum { DEPTHS = 64, HEADS_MS = 1000, HOUR_MS = 3600000 };
enum { ALICE, BOB, CAROL };

static void mine(stage *it, uint64_t blocks)
{
    fake_chain *chain = stage_begin(it);
    while (--blocks)
        fake_chain_mine(chain);
    stage_mine(it);
}

/* Another branch, which is so many blocks longer or shorter, with as many changes in its first block. */
static void replace(stage *it, uint64_t depth, uint64_t length, unsigned registers)
{
    fake_chain *chain = stage_begin(it);
    fake_chain_rewind(chain, depth);
    fake_chain_register(chain, registers, (uint32_t)depth, 1, 0);
    while (--length)
        fake_chain_mine(chain);
    stage_mine(it);
}

static void withdraw(stage *it, unsigned instance, uint64_t pause_ms)
{
    stage_remove(it, instance);
    stage_pass(it, pause_ms);
}

/* Alice registers, and a branch of the same height replaces it on which Bob does, at the same version. */
static void reorganise_all_depths(stage *it, uint64_t pause_ms, uint64_t more)
{
    size_t told = 0;
    mine(it, 1);
    for (uint64_t depth = 1; depth <= DEPTHS; depth++) {
        stage_register(it, ALICE, (uint32_t)depth);
        if (depth > 1) mine(it, depth - 1);
        stage_pass(it, pause_ms);
        expect_told(it, ++told);
        replace(it, depth, depth + more, BOB);
        stage_pass(it, pause_ms);
        expect_told(it, told += 2);
        withdraw(it, BOB, pause_ms);
        expect_told(it, ++told);
    }
    expect_status(it, 0, "");
}

static void test_by_subscription(void **state)
{
    for (int keeps_removed = 0; keeps_removed < 2; keeps_removed++) {
        stage *it = *state;
        stage_open(it, &(stage_options){.salt = 1});
        stage_set_faults(it, 0, (network_faults){.keeps_removed = keeps_removed});
        reorganise_all_depths(it, 0, 0);
        expect_transport(it, "subscription");
        stage_close(it);
    }
}

static void test_by_polling(void **state)
{
    for (uint64_t more = 0; more < 3; more++) {
        stage *it = *state;
        stage_open(it, &(stage_options){.salt = 2, .no_sockets = true});
        reorganise_all_depths(it, STAGE_POLL_MS, more);
        stage_close(it);
    }
}

/* Nothing was announced: the next look finds it. */
static void test_unannounced(void **state)
{
    stage *it = *state;
    stage_open(it, &(stage_options){.salt = 3});
    stage_register(it, ALICE, 1);
    stage_pass(it, 0);
    stage_set_faults(it, 0, (network_faults){.mute = true});
    replace(it, 1, 1, BOB);
    stage_pass(it, STAGE_SAFETY_MS);
    expect_told(it, 3);
    stage_close(it);
}

/* A branch that is lower is followed as far as blocks are known that are on neither. */
static void test_lower_branch(void **state)
{
    stage *it = *state;
    stage_open(it, &(stage_options){.salt = 4, .no_sockets = true});
    for (uint64_t i = 0; i < 10; i++) {
        stage_register(it, ALICE, (uint32_t)i);
        stage_pass(it, STAGE_POLL_MS);
    }
    replace(it, 8, 3, BOB);
    stage_pass(it, STAGE_POLL_MS);
    expect_told(it, 10 + 2);
    expect_status(it, 0, "");
    stage_close(it);
}

/* Where none is known it cannot be told from a node that lags behind: the list stays until it has caught up.
 */
static void test_lower_branch_unseen(void **state)
{
    stage *it = *state;
    stage_open(it, &(stage_options){.salt = 5, .no_sockets = true});
    mine(it, 1);
    stage_pass(it, STAGE_POLL_MS);
    stage_register(it, ALICE, 1);
    mine(it, 20);
    stage_pass(it, STAGE_POLL_MS);
    replace(it, 15, 5, BOB);
    stage_pass(it, STAGE_POLL_MS);
    expect_status(it, DSTACK_P2P_ERR_RPC_ANSWER, "behind");
    assert_int_equal(stage_told(it), 1);
    mine(it, 10);
    stage_pass(it, STAGE_POLL_MS);
    expect_told(it, 2);
    expect_status(it, 0, "");
    stage_close(it);
}

/* ---- In the middle of a reading ---- */

enum { POSITIONS = 20 };

static void a_block_comes(void *context)
{
    const stage *it = context;
    fake_chain *chain = fake_network_chain(it->network);
    fake_chain_register(chain, 10 + (unsigned)(chain->head % 10), 1, 1, 0);
    fake_chain_mine(chain);
    fake_network_announce(it->network);
}

/* With as many changes as the block that it replaces, one of which is the same. */
static void a_branch_comes(void *context)
{
    const stage *it = context;
    fake_chain *chain = fake_network_chain(it->network);
    fake_chain_rewind(chain, 1);
    fake_chain_register(chain, ALICE, 1, 1, 0);
    fake_chain_register(chain, BOB, 1, 1, 0);
    fake_chain_mine(chain);
    fake_network_announce(it->network);
}

/* Two blocks, the second of which is replaced. */
static void both_come(void *context)
{
    a_block_comes(context);
    a_block_comes(context);
    a_branch_comes(context);
}

/* A block comes, and soon another one in its place. */
static void a_branch_follows(void *context)
{
    const stage *it = context;
    a_block_comes(context);
    fake_network_lay(it->network, 3, a_branch_comes, context);
}

/* Whichever request of a reading is the first one after it: every list that is told was one, and the last one
 * is right before the whole list is due to be read again. */
static void ambush_everywhere(stage *it, fake_ambush ambush, bool no_sockets)
{
    for (unsigned position = 1; position <= POSITIONS; position++) {
        stage_open(it, &(stage_options){.salt = position, .no_sockets = no_sockets});
        mine(it, 5);
        stage_pass(it, STAGE_POLL_MS);
        fake_chain *chain = stage_begin(it);
        fake_chain_register(chain, ALICE, 1, 1, 0);
        fake_chain_register(chain, CAROL, 1, 1, 0);
        fake_network_lay(it->network, position, ambush, it);
        stage_mine(it);
        for (int i = 0; i < 5; i++)
            stage_pass(it, STAGE_POLL_MS);
        stage_pass(it, STAGE_SAFETY_MS);
        expect_told(it, stage_told(it));
        expect_status(it, 0, "");
        stage_close(it);
    }
}

static void test_in_the_middle(void **state)
{
    static const fake_ambush ambushes[] = {a_block_comes, a_branch_comes, both_come, a_branch_follows};
    for (size_t i = 0; i < COUNT(ambushes); i++)
        for (int no_sockets = 0; no_sockets < 2; no_sockets++)
            ambush_everywhere(*state, ambushes[i], no_sockets);
}

/* ---- Time ---- */

static void wait_and_mine(stage *it, uint64_t seconds)
{
    fake_chain_wait(stage_begin(it), seconds);
    stage_mine(it);
}

/* A lease ends by the time of blocks, whatever other clocks say. */
static void expire(stage *it, uint64_t pause_ms)
{
    fake_chain_register(stage_begin(it), ALICE, 1, 1, 3600);
    stage_mine(it);
    stage_pass(it, pause_ms);
    stage_pass(it, HOUR_MS); /* without a block */
    expect_told(it, 1);
    wait_and_mine(it, 3600 - 2 * CHAIN_BLOCK_S);
    stage_pass(it, pause_ms);
    expect_told(it, 1);
    wait_and_mine(it, 0);
    stage_pass(it, pause_ms);
    expect_told(it, 2);
    assert_int_equal(it->recorder.left, 1);
}

static void test_expiry(void **state)
{
    stage *it = *state;
    stage_open(it, &(stage_options){.salt = 6});
    expire(it, 0);
    stage_close(it);
    stage_open(it, &(stage_options){.salt = 7, .no_sockets = true});
    expire(it, STAGE_POLL_MS);
    stage_close(it);
}

/* A renewal is no change, and moves the end. */
static void renew(stage *it, uint64_t pause_ms)
{
    fake_chain_register(stage_begin(it), ALICE, 1, 1, 100);
    stage_mine(it);
    stage_pass(it, pause_ms);
    for (int i = 0; i < 10; i++) {
        wait_and_mine(it, 60);
        fake_chain_register(stage_begin(it), ALICE, 1, 1, 100);
        stage_mine(it);
        stage_pass(it, pause_ms);
        expect_told(it, 1);
    }
    wait_and_mine(it, 100);
    stage_pass(it, pause_ms);
    expect_told(it, 2);
}

static void test_renewals(void **state)
{
    stage *it = *state;
    stage_open(it, &(stage_options){.salt = 8});
    renew(it, 0);
    stage_close(it);
    stage_open(it, &(stage_options){.salt = 9, .no_sockets = true});
    renew(it, STAGE_POLL_MS);
    stage_close(it);
}

/* The whole list goes at once, and comes back one by one. */
static void test_tightened(void **state)
{
    stage *it = *state;
    stage_open(it, &(stage_options){.salt = 10});
    for (unsigned i = 0; i < 5; i++)
        stage_register(it, i, 1);
    stage_pass(it, 0);
    fake_chain_tighten(stage_begin(it));
    stage_mine(it);
    stage_pass(it, 0);
    expect_told(it, 10);
    assert_int_equal(it->recorder.left, 5);
    stage_register(it, 3, 1);
    stage_pass(it, 0);
    expect_told(it, 11);
    stage_close(it);
}

/* ---- The block that is read ---- */

/* What is heard of the latest block is not believed before it is the one that is read. */
static void read_older(stage *it, dstack_p2p_block block, uint64_t behind, bool no_sockets)
{
    uint64_t pause_ms = no_sockets ? STAGE_POLL_MS : HEADS_MS;
    stage_open(it, &(stage_options){.salt = 11, .block = block, .no_sockets = no_sockets});
    mine(it, 20);
    stage_register(it, ALICE, 1);
    for (uint64_t i = 0; i < behind; i++) {
        stage_pass(it, pause_ms);
        expect_told(it, 0);
        mine(it, 1);
    }
    stage_pass(it, pause_ms);
    expect_told(it, 1);
    for (uint64_t depth = 1; depth <= behind; depth++) { /* never reaches it */
        replace(it, depth, depth, BOB);
        stage_pass(it, pause_ms);
        expect_told(it, 1);
    }
    mine(it, behind);
    stage_pass(it, pause_ms);
    expect_told(it, 2);
    expect_status(it, 0, "");
    stage_close(it);
}

static void test_safe(void **state)
{
    read_older(*state, DSTACK_P2P_BLOCK_SAFE, CHAIN_SAFE, false);
    read_older(*state, DSTACK_P2P_BLOCK_SAFE, CHAIN_SAFE, true);
}

static void test_finalized(void **state)
{
    read_older(*state, DSTACK_P2P_BLOCK_FINALIZED, CHAIN_FINALIZED, false);
    read_older(*state, DSTACK_P2P_BLOCK_FINALIZED, CHAIN_FINALIZED, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        stage_test(test_by_subscription), stage_test(test_by_polling),          stage_test(test_unannounced),
        stage_test(test_lower_branch),    stage_test(test_lower_branch_unseen), stage_test(test_expiry),
        stage_test(test_renewals),        stage_test(test_tightened),           stage_test(test_safe),
        stage_test(test_finalized),       stage_test(test_in_the_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
